"""The snippets of the usage document on connecting, and on what goes wrong then, with their sync twins."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

import voicelive
import voicelive.aio
from tests.mission.snippets import snippet
from voicelive.local import LocalService

from .running import Runner, leaves_credential_open, speech

pytestmark = pytest.mark.timeout(300)


@leaves_credential_open
async def test_token_credential(runner: Runner, identity: list[str]) -> None:
    """A token credential is asked for the scope given, and its token opens the connection."""
    await runner.run(snippet("01_token_credential"))
    assert runner.session.credential == "bearer"
    assert ["cognitiveservices" in path for path in identity] == [True]


async def test_key_credential(runner: Runner) -> None:
    """A key opens the connection."""
    await runner.run(snippet("02_key_credential"))
    assert runner.session.credential == "api-key"
    assert runner.session.model == "gpt-4o-realtime-preview"


@leaves_credential_open
async def test_quick_start(runner: Runner, identity: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The quick start configures, hears somebody speak, prints the answer's transcript and ends with it."""
    module = voicelive if runner.kind == "sync" else voicelive.aio
    monkeypatch.setattr(module, "connect", somebody_speaks(module.connect, runner.kind), raising=False)
    if runner.kind == "async":
        # It calls asyncio.run(), which needs a thread without a loop.
        await asyncio.to_thread(run_sync_text, snippet("03_quick_start"), runner.names())
    else:
        await runner.run(snippet("03_quick_start"))
    assert "Event: session.updated" in runner.printed
    assert any(line.startswith("Transcript: ") and "Caspian" in line for line in runner.printed)
    assert runner.printed[-1] == "Event: response.done"
    assert runner.session.credential == "bearer"


def run_sync_text(source: str, names: dict[str, Any]) -> None:
    """Run a snippet as it stands, in a module of its own."""
    exec(compile(source, "<snippet>", "exec"), names)


def somebody_speaks(connect: Callable[..., Any], kind: str) -> Callable[..., Any]:
    """`connect`, beside a microphone that is spoken into once the session is configured."""

    def wrapped(**arguments: Any) -> Any:
        connection = connect(**arguments)
        update = connection.session.update
        audio = speech("What is the largest lake in the world?")

        def update_then_speak(**fields: Any) -> None:
            update(**fields)
            connection.input_audio_buffer.append(audio=audio)

        async def update_then_speak_async(**fields: Any) -> None:
            await update(**fields)
            await connection.input_audio_buffer.append(audio=audio)

        connection.session.update = update_then_speak if kind == "sync" else update_then_speak_async
        return connection

    return wrapped


ERROR_SNIPPET = snippet("12_error_handling").replace("connect(...)", "connect(**arguments)")


async def test_errors_and_a_close_by_the_service(runner: Runner) -> None:
    """The error example prints the service's errors, then the code and reason it closes with."""
    module = voicelive if runner.kind == "sync" else voicelive.aio
    with LocalService.in_thread(require_session_update=True) as strict:
        runner.arguments["endpoint"] = strict.endpoint
        await runner.run(ERROR_SNIPPET, connect=starts_wrongly(module.connect, runner.kind))
    assert runner.printed[0].startswith("API Error: invalid_session_update_message - ")
    assert runner.printed[-1].startswith("Connection closed: 1008 - ")


def starts_wrongly(connect: Callable[..., Any], kind: str) -> Callable[..., Any]:
    """`connect`, by an application that sends something else than session.update first, five times."""

    def wrapped(**arguments: Any) -> Any:
        connection = connect(**arguments)
        open_ = connection.open

        def open_and_err() -> Any:
            open_()
            for _ in range(5):
                connection.response.create()
            return connection

        async def open_and_err_async() -> Any:
            await open_()
            for _ in range(5):
                await connection.response.create()
            return connection

        connection.open = open_and_err if kind == "sync" else open_and_err_async
        return connection

    return wrapped


async def test_connection_errors(runner: Runner) -> None:
    """The error example prints why a connection could not be opened."""
    runner.service.stop()
    module = voicelive if runner.kind == "sync" else voicelive.aio
    await runner.run(ERROR_SNIPPET, connect=module.connect)
    assert len(runner.printed) == 1
    assert runner.printed[0].startswith("Connection error: ")
    assert "127.0.0.1" in runner.printed[0]

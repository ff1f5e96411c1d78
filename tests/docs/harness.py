"""Runs the Python blocks of the documentation against the local service."""

from __future__ import annotations

import ast
import asyncio
import contextlib
import inspect
import io
import json
import re
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import voicelive
import voicelive.aio
from tests.docs.blocks import Block
from tests.mission.running import Watched, nth, speech
from voicelive.local import ThreadedLocalService
from voicelive.recording import RecordingHeader, RecordingWriter

__all__ = ["GIVEN", "run_block"]

DEADLINE = 200.0
OPTIONS = {"receive_timeout": DEADLINE}
CHUNK_BYTES = 2400
"""50 ms of PCM16 at 24 kHz."""


class Player:
    """A loudspeaker that plays nothing, and remembers what it was given."""

    def __init__(self) -> None:
        self.queued = bytearray()
        self.played_ms = 40
        self.on_played: Callable[[int], Any] = lambda size: None
        """Told how many bytes were played: 40 ms in all."""
        self._is_playing = False

    def play(self, audio: bytes) -> None:
        """Queue audio."""
        self.queued += audio
        if not self._is_playing:
            self._is_playing = True
            self.on_played(self.played_ms * 48)

    def stop(self) -> int:
        """Drop what is queued; return how many milliseconds have been played."""
        self.queued.clear()
        return self.played_ms


class Microphone:
    """A microphone that somebody asks a question into, for both kinds of loops."""

    def __iter__(self) -> Iterator[bytes]:
        audio = speech("What is seven times eight?")
        yield from (audio[start : start + CHUNK_BYTES] for start in range(0, len(audio), CHUNK_BYTES))

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self:
            yield chunk


def get_weather(location: str) -> dict[str, Any]:
    """The weather, which is always the same."""
    return {"location": location, "weather": "sunny", "temperature": 21}


def recorded_call() -> str:
    """A folder with the recording of a call, in the folder where blocks run."""
    folder = "calls/one"
    writer = RecordingWriter(folder, RecordingHeader(model="gpt-4o"))
    writer.event("received", b'{"type":"session.created","session":{}}', 0.1)
    writer.close(0.2)
    return folder


GIVEN: dict[str, Callable[[], Any]] = {
    "player": Player,
    "microphone": Microphone,
    "get_weather": lambda: get_weather,
    "recording": lambda: speech("What is seven times eight?"),
    "json": lambda: json,
    "call": recorded_call,
}
"""Names that a block may take for granted, beside `conn`, `previous` and `identity`."""


def run_block(block: Block, service: ThreadedLocalService, previous: dict[str, Any]) -> dict[str, Any]:
    """Run a block; return the names it leaves.

    Raises:
        AssertionError: if it does not do what its directive says, or the service sends an error that it does not name.
    """
    directive = block.directive
    names: dict[str, Any] = {"__name__": "__main__"}
    if "previous" in directive.given:
        names.update(previous)
    for name in directive.given:
        if name in GIVEN:
            names[name] = GIVEN[name]()
        elif name not in ("conn", "previous", "identity"):
            raise ValueError(f"{block.id}: nothing called {name!r} can be given")
    # Empty lines above, so that a traceback names the line of the page.
    source = "\n" * block.line + block.text
    code = compile(source, block.page, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    printed = io.StringIO()
    before = len(service.sessions)
    with contextlib.redirect_stdout(printed):
        if "conn" not in directive.given:
            _run(code, names)
        elif code.co_flags & inspect.CO_COROUTINE:
            asyncio.run(_run_on_async_connection(block, code, names))
        else:
            _run_on_connection(block, code, names)
    for text in directive.prints:
        assert text in printed.getvalue(), printed.getvalue()
    sent = [event for session in service.sessions[before:] for event in session.sent if event.type == "error"]
    assert {event.error.code for event in sent} == ({directive.errors} if directive.errors else set()), sent
    return names


def _run(code: Any, names: dict[str, Any]) -> None:
    if not code.co_flags & inspect.CO_COROUTINE:
        exec(code, names)
        return

    async def run() -> None:
        await eval(code, names)

    asyncio.run(run())


def _run_on_connection(block: Block, code: Any, names: dict[str, Any]) -> None:
    with voicelive.connect(model="gpt-4o", connection_options=OPTIONS, **_options(block)) as connection:
        for event in _before(block):
            connection.send(event)
        enough = _enough(block)
        if block.directive.when:
            enough = _speaking(block, connection, enough)
        names["conn"] = Watched(connection, enough)
        exec(code, names)
        if block.directive.then:
            connection.wait_for(block.directive.then, timeout=DEADLINE)
        if connection.close_info is None:
            # Its answer says that everything before it has been looked at.
            connection.input_audio_buffer.clear()
            connection.wait_for("input_audio_buffer.cleared", timeout=DEADLINE)


async def _run_on_async_connection(block: Block, code: Any, names: dict[str, Any]) -> None:
    async with voicelive.aio.connect(model="gpt-4o", connection_options=OPTIONS, **_options(block)) as connection:
        for event in _before(block):
            await connection.send(event)
        names["conn"] = Watched(connection, _enough(block))
        await eval(code, names)
        if block.directive.then:
            await connection.wait_for(block.directive.then, timeout=DEADLINE)
        if connection.close_info is None:
            await connection.input_audio_buffer.clear()
            await connection.wait_for("input_audio_buffer.cleared", timeout=DEADLINE)


def _options(block: Block) -> dict[str, Any]:
    options: dict[str, Any] = eval(f"dict({block.directive.options})")
    return options


def _enough(block: Block) -> Callable[[Any], bool]:
    """The condition that ends a loop: an event's type, with `x2` after it for the second of its kind."""
    found = re.fullmatch(r"(\S+)(?: x(\d+))?", block.directive.until)
    assert found is not None, block.id
    return nth(found[1], int(found[2] or 1))


def _speaking(block: Block, connection: Any, enough: Callable[[Any], bool]) -> Callable[[Any], bool]:
    """`enough`, beside somebody who begins to speak at an event."""
    begins = nth(block.directive.when or "")
    spoken = [False]

    def speak(event: Any) -> bool:
        if not spoken[0] and begins(event):
            spoken[0] = True
            connection.input_audio_buffer.append(audio=speech(block.directive.spoken or ""))
        return enough(event)

    return speak


def _before(block: Block) -> Iterator[dict[str, Any]]:
    """The events that go before the block."""
    directive = block.directive
    if directive.asked:
        content = [{"type": "input_text", "text": directive.asked}]
        yield {"type": "conversation.item.create", "item": {"type": "message", "role": "user", "content": content}}
        yield {"type": "response.create"}
    if directive.spoken and not directive.when:
        yield {"type": "input_audio_buffer.append", "audio": speech(directive.spoken)}

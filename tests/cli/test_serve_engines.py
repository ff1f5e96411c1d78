"""`voicelive serve` with engines by name: those of installed packages, and a chat endpoint."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from tests.local.chat_endpoint import ChatEndpoint, streams, text
from tests.local.plugins import install

from .conftest import Command, lines_of
from .test_serve import serving


def test_an_installed_responder_answers(tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package's responder is picked by its name, by a service of a process of its own."""
    install(tmp_path, "louder", voicelive__responders={"shout": "Shout"})
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    with serving("--port", 0, "--responder", "shout") as (_, environment):
        result = command("talk", "--text", "hello", "--endpoint", environment["AZURE_VOICELIVE_ENDPOINT"])
    assert lines_of(result.stdout, "answer") == ["HELLO!"]


async def test_a_chat_endpoint_answers(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """Address, model and key's variable are options; the model's answer is spoken."""
    monkeypatch.setenv("CHAT_KEY", "s3cret")
    async with ChatEndpoint(streams(text("The Caspian", " Sea."))).serving() as endpoint:
        options = ("--responder", "openai", "--base-url", endpoint.base_url, "--model", "llama")

        def talk() -> str:
            with serving("--port", 0, *options, "--api-key-env", "CHAT_KEY") as (_, environment):
                address = environment["AZURE_VOICELIVE_ENDPOINT"]
                return command("talk", "--text", "the largest lake?", "--endpoint", address).stdout

        assert lines_of(await asyncio.to_thread(talk), "answer") == ["The Caspian Sea."]
    assert endpoint.bodies[0]["model"] == "llama"
    assert endpoint.headers[0]["authorization"] == "Bearer s3cret"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--responder", "gpt"), "no responder is called 'gpt'; there are: assistant, openai"),
        (("--transcriber", "x"), "no transcriber is called 'x'; there are: sphinx, tones"),
        (("--vad", "x"), "no voice activity detector is called 'x'; there are: energy, silero"),
        (("--synthesizer", "x"), "no synthesizer is called 'x'; there are: espeak, tones"),
        (("--responder", "openai", "--model", "m"), "the responder 'openai' needs --base-url"),
        (("--responder", "assistant", "--model", "m"), "the responder 'assistant' does not take --model"),
        (("--base-url", "http://127.0.0.1/v1"), "--base-url: works only with a named responder"),
        (("--responder", "openai", "--base-url", "x", "--model", "m"), "base_url 'x' is not an address"),
    ],
)
def test_what_cannot_be_is_one_line(options: tuple[str, ...], message: str, command: Command) -> None:
    """A name or an option that does not fit ends the command with exit code 2, before anything listens."""
    result = command("serve", "--engines", "basic", "--port", 0, *options)
    assert result.exit_code == 2
    assert result.stderr.startswith(f"voicelive: error: {message}")
    assert len(result.stderr.splitlines()) == 1

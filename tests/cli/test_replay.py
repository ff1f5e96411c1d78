"""`voicelive replay`: a recorded call for any client, and a recorded user for a service."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import pytest

import voicelive
from voicelive.local import LocalService
from voicelive.recording import Recording

from .conftest import Command, start

pytestmark = pytest.mark.timeout(300)

DEADLINE = 60


def ask(endpoint: str, text: str = "What is seven times eight?") -> str:
    """Ask in writing; returns what was said."""
    with voicelive.connect(endpoint=endpoint, model="gpt-4o") as conn:
        conn.session.update(session={"instructions": "Be brief."})
        item: Any = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}
        conn.conversation.item.create(item=item)
        conn.response.create()
        done: Any = conn.wait_for("response.done", timeout=20)
        return str(done.response.output[0].content[0].transcript)


@pytest.fixture
def call(tmp_path: Path) -> Path:
    """A call recorded from a service that is gone."""
    with LocalService.in_thread(record=tmp_path / "calls") as service:
        assert ask(service.endpoint)
    (found,) = (tmp_path / "calls").iterdir()
    return found


def test_a_recorded_call_is_served_to_a_client(call: Path) -> None:
    """The printed address answers as was recorded; Ctrl-C ends it."""
    process = start("replay", call, "--port", 0, "--pacing", "fast", "--match", "strict")
    try:
        assert process.stdout is not None
        endpoint = process.stdout.readline().split(" at ")[1].split(",")[0]
        assert "fifty six" in ask(endpoint)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=DEADLINE)
        assert (process.returncode, errors) == (0, "")
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=DEADLINE)


def test_a_service_that_answers_the_same_passes(call: Path, command: Command) -> None:
    """Against the same service nothing differs, whatever the ids."""
    with LocalService.in_thread() as service:
        result = command("replay", call, "--against", service.endpoint, "--pacing", "fast")
        assert result.exit_code == 0, result.output
        assert f"{service.endpoint} answers as recorded" in result.stdout
        sent = [event.type for session in service.sessions for event in session.received]
    recording = Recording.open(call)
    assert sent == [event.type for event in recording.events if event.direction == "sent"]


def test_a_service_that_answers_differently_is_shown(call: Path, command: Command) -> None:
    """What differs is shown as a difference, with exit code 1."""
    text = (call / "call.jsonl").read_text()
    (call / "call.jsonl").write_text(text.replace("fifty six", "fifty seven"))
    with LocalService.in_thread() as service:
        result = command("replay", call, "--against", service.endpoint, "--pacing", "fast")
    assert result.exit_code == 1
    assert "-response.audio_transcript.done" in result.stdout
    assert "answers differently" in result.stderr


def test_what_cannot_be_replayed_is_named(tmp_path: Path, command: Command) -> None:
    """Something that is not a recording is an error of one line."""
    result = command("replay", tmp_path)
    assert result.exit_code == 2
    assert "is not a recording" in result.stderr

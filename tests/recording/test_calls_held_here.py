"""Two calls with a tool and a barge-in, held with the local service: replayed, they are the same calls again."""

from __future__ import annotations

import asyncio
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

import voicelive
import voicelive.aio
from voicelive.errors import ConnectionClosed
from voicelive.local import LocalService, Replay
from voicelive.recording import Recording, compare

CALLS = sorted((Path(__file__).parent / "cassettes").glob("*.zip"))

pytestmark = pytest.mark.timeout(300)


def sides(recording: Recording) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """What the client sent, and what it received."""
    events = [(event.direction, recording.wire(event)) for event in recording.events]
    return [wire for side, wire in events if side == "sent"], [wire for side, wire in events if side == "received"]


async def run_again(endpoint: str, sent: list[dict[str, Any]], count: int, flavour: str) -> list[dict[str, Any]]:
    """Send what was sent, through a real client; returns so many events that it received."""
    if flavour == "sync":
        return await asyncio.to_thread(_run_again, endpoint, sent, count)
    received: list[dict[str, Any]] = []
    async with voicelive.aio.connect(endpoint=endpoint, model="any") as connection:
        for event in sent:
            await connection.send(event)
        while len(received) < count:
            received.append(json.loads((await connection.recv(timeout=20)).to_json()))
    return received


def _run_again(endpoint: str, sent: list[dict[str, Any]], count: int) -> list[dict[str, Any]]:
    with voicelive.connect(endpoint=endpoint, model="any") as connection:
        for event in sent:
            connection.send(event)
        return [json.loads(connection.recv(timeout=20).to_json()) for _ in range(count)]


@pytest.mark.parametrize("flavour", ["sync", "async"])
@pytest.mark.parametrize("path", CALLS, ids=lambda path: path.stem)
async def test_a_call_held_here_is_the_same_call_again(path: Path, flavour: str) -> None:
    """Every event of either call comes again through either client, to the byte of its sound, and ids apart."""
    recording = Recording.open(path)
    sent, expected = sides(recording)
    assert recording.check() == []
    replay = Replay(recording, match="strict", timeout=20)
    async with LocalService(replay=replay) as service:
        received = await run_again(service.endpoint, sent, len(expected), flavour)
    assert compare(expected, received) == []
    assert [event.get("delta") for event in received] == [event.get("delta") for event in expected]
    assert replay.problems == []
    types = [event["type"] for event in received]
    assert "response.function_call_arguments.done" in types
    assert "conversation.item.truncate" in [event["type"] for event in sent]


@pytest.mark.parametrize("path", CALLS, ids=lambda path: path.stem)
async def test_one_altered_byte_of_a_call_is_found(path: Path, tmp_path: Path) -> None:
    """A single letter of the answer, or of what the client sends, that is another one fails the comparison."""
    recording = Recording.open(path)
    sent, expected = sides(recording)
    altered = tmp_path / "altered.zip"
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(altered, "w") as target:
        for name in source.namelist():
            data = source.read(name)
            target.writestr(name, data.replace(b'"transcript":"yes"', b'"transcript":"yas"'))
    async with LocalService(replay=Replay(altered, match="strict", timeout=20)) as service:
        received = await run_again(service.endpoint, sent, len(expected), "async")
    assert any("-" in told and "+" in told and "yas" in told for told in compare(expected, received))
    output = next(event for event in sent if event["type"] == "conversation.item.create")
    output["item"]["output"] = "3"
    replay = Replay(recording, match="strict", timeout=20)
    async with LocalService(replay=replay) as service:
        with pytest.raises(ConnectionClosed):
            await run_again(service.endpoint, sent, len(expected), "async")
    assert '+    "output": "3"' in replay.problems[0]

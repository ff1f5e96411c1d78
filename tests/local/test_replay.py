"""Recorded calls, served again: a client that does the same gets the same, and one that does not is told where."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect as raw_connect

from voicelive.aio import connect
from voicelive.errors import ConfigurationError, ConnectionClosed
from voicelive.local import LocalService, Replay, Upstream
from voicelive.recording import Recording, compare
from voicelive.testing import ScriptedService
from voicelive.tools import Tools, tool

pytestmark = pytest.mark.timeout(300)

MODELS = ["gpt-4o", "gpt-realtime"]


@tool
def add(a: int) -> int:
    """Add one."""
    return a + 1


async def talk(endpoint: str, model: str, speech: bytes, *, instructions: str = "Be brief.") -> list[dict[str, Any]]:
    """A spoken turn with a tool, and one in writing; returns what was received."""
    async with connect(endpoint=endpoint, model=model, tools=[add]) as connection:
        session: Any = {"instructions": instructions, "tools": Tools([add]).definitions}
        await connection.session.update(session=session)
        await connection.wait_for("session.updated", timeout=20)
        for start in range(0, len(speech), 9600):
            await connection.input_audio_buffer.append(audio=speech[start : start + 9600])
        received: list[dict[str, Any]] = []
        async for event in connection:
            if not event.type.startswith("voicelive."):
                received.append(json.loads(event.to_json()))
            done = [one for one in received if one["type"] == "response.done"]
            if event.type == "response.done" and len(done) == 2:
                await connection.respond("And in writing?")
            if event.type == "response.done" and len(done) == 3:
                break
    return received


@pytest.fixture(params=MODELS)
async def recorded(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, bytes, Path]:
    """A call that was recorded by the service: its model, what the user said, and where it is."""
    with ScriptedService(strict=False, timeout=60, record=tmp_path / "calls") as service:
        service.call_tools(("add", '{"a": 1}'))
        service.say("two")
        service.say("in writing")
        speech = service.speech("one")
        await talk(service.endpoint, request.param, speech)
    (path,) = await asyncio.to_thread(lambda: list((tmp_path / "calls").iterdir()))
    return request.param, speech, path


def received(path: Path) -> list[dict[str, Any]]:
    recording = Recording.open(path)
    return [recording.wire(event) for event in recording.events if event.direction == "received"]


@pytest.mark.parametrize("match", ["strict", "order", "loose"])
async def test_the_same_client_gets_the_same_events(recorded: tuple[str, bytes, Path], match: Any) -> None:
    """A replayed call is, through a real client, the call that was recorded: every event, in both dialects."""
    model, speech, path = recorded
    replay = Replay(path, match=match, timeout=20)
    async with LocalService(replay=replay) as service:
        seen = await talk(service.endpoint, model, speech)
    assert replay.problems == []
    # The client waited for `session.updated` by itself.
    expected = [event for event in await asyncio.to_thread(received, path) if event["type"] != "session.updated"]
    assert compare(expected, seen) == []
    assert [event.get("delta") for event in expected] == [event.get("delta") for event in seen]


async def test_one_altered_byte_of_content_is_seen(recorded: tuple[str, bytes, Path]) -> None:
    """A letter that is another in what the user or the service said is a difference."""
    model, speech, path = recorded
    replay = Replay(path, match="strict", timeout=20)
    async with LocalService(replay=replay) as service:
        with pytest.raises(ConnectionClosed):
            await talk(service.endpoint, model, speech, instructions="Be bruef.")
    (problem,) = replay.problems
    assert '-    "instructions": "Be brief."' in problem
    assert '+    "instructions": "Be bruef."' in problem
    events = await asyncio.to_thread(received, path)
    text = json.dumps(events)
    assert len(compare(events, json.loads(text.replace('"in writing"', '"in wrixing"')))) > 0


async def test_a_client_that_does_something_else_is_told(recorded: tuple[str, bytes, Path]) -> None:
    """An event that was not recorded ends the connection with an error that says what was expected."""
    _, _, path = recorded
    replay = Replay(path, match="strict")
    async with LocalService(replay=replay) as service, connect(endpoint=service.endpoint, model="any") as connection:
        await connection.response.create()
        error = (await connection.wait_for("error", timeout=20)).error
        with pytest.raises(ConnectionClosed) as caught:
            await connection.wait_for("response.done", timeout=20)
    assert error.code == "recording_mismatch"
    assert '-  "type": "session.update"' in error.message
    assert '+  "type": "response.create"' in error.message
    assert caught.value.code == 1008
    assert replay.problems == [error.message]


async def test_a_client_that_does_nothing_is_not_waited_for(recorded: tuple[str, bytes, Path]) -> None:
    """A client that waits for what nobody will send does not hang: it is told what it was to do."""
    _, _, path = recorded
    replay = Replay(path, match="strict", timeout=0.2)
    async with LocalService(replay=replay) as service, connect(endpoint=service.endpoint, model="any") as connection:
        with pytest.raises(ConnectionClosed):
            async for _ in connection:
                pass
    (problem,) = replay.problems
    assert problem.startswith("the client was expected to send 'session.update' (line ")
    assert problem.endswith("and has done nothing for 0.2 s")


async def test_a_client_that_ends_early_is_named(recorded: tuple[str, bytes, Path]) -> None:
    """What a client has not done when it goes is a problem, unless anything goes."""
    _, _, path = recorded
    for match, count in (("strict", 1), ("order", 1), ("loose", 0)):
        replay = Replay(path, match=match)  # type: ignore[arg-type]
        async with (
            LocalService(replay=replay) as service,
            connect(endpoint=service.endpoint, model="any") as connection,
        ):
            await connection.recv()
            await connection.close()
        assert len(replay.problems) == count, replay.problems
        assert all("the client ended without having sent" in problem for problem in replay.problems)


async def test_ids_of_the_client_replace_the_recorded_ones(tmp_path: Path) -> None:
    """An event that names an id which the client gave names the one that this client gives."""

    async def ask(endpoint: str, item_id: str) -> str:
        async with connect(endpoint=endpoint, model="gpt-4o") as connection:
            text = {"type": "input_text", "text": "Hello."}
            item: Any = {"id": item_id, "type": "message", "role": "user", "content": [text]}
            await connection.conversation.item.create(item=item)
            created: Any = await connection.wait_for("conversation.item.created", timeout=20)
            return str(created.item.id)

    async with LocalService(record=tmp_path) as service:
        assert await ask(service.endpoint, "mine") == "mine"
    (path,) = await asyncio.to_thread(lambda: list(tmp_path.iterdir()))
    async with LocalService(replay=Replay(path, match="strict", timeout=20)) as service:
        assert await ask(service.endpoint, "another") == "another"


async def test_one_connection_more_than_was_recorded_is_refused(recorded: tuple[str, bytes, Path]) -> None:
    """Where recordings are not to begin again, a connection without one is told so."""
    _, _, path = recorded
    replay = Replay([path], repeat=False)
    async with LocalService(replay=replay) as service:
        first: list[str] = []
        for _ in range(2):
            async with connect(endpoint=service.endpoint, model="any") as connection:
                first.append((await connection.recv()).type)
    assert first == ["session.created", "error"]
    assert replay.problems == ["there are recordings of 1 connection(s), and the client has opened one more"]


async def test_the_time_that_it_took_can_be_kept(recorded: tuple[str, bytes, Path]) -> None:
    """At the recorded pace no event comes earlier than it did, counted from what the client did before it."""
    _, _, path = recorded
    text = path / "call.jsonl"
    lines = [json.loads(line) for line in (await asyncio.to_thread(text.read_text)).splitlines()]
    for line in lines:
        if line.get("event", {}).get("type") == "session.created":
            line["t"] = 0.5
    await asyncio.to_thread(text.write_text, "\n".join(map(json.dumps, lines)) + "\n")
    loop = asyncio.get_running_loop()
    async with LocalService(replay=Replay(path, pacing="recorded")) as service:
        address = service.endpoint.replace("http", "ws") + "/voice-live/realtime?api-version=2026-04-10&model=gpt-4o"
        begun = loop.time()
        async with raw_connect(address) as client:
            await client.recv()
        assert loop.time() - begun >= 0.5


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"match": "exactly"}, "it takes 'strict', 'order' or 'loose'"),
        ({"pacing": "slow"}, "it takes 'fast' or 'recorded'"),
        ({"recordings": []}, "there is nothing to replay"),
    ],
)
async def test_what_cannot_be_replayed_is_refused(
    recorded: tuple[str, bytes, Path], given: dict[str, Any], message: str
) -> None:
    """Arguments that cannot work are named when they are given."""
    make: Any = Replay
    with pytest.raises(ConfigurationError, match=message):
        make(**{"recordings": recorded[2], **given})


async def test_a_service_that_replays_passes_nothing_on(recorded: tuple[str, bytes, Path]) -> None:
    """A service cannot both replay and be a relay."""
    with pytest.raises(ConfigurationError, match="give replay or upstream"):
        LocalService(replay=Replay(recorded[2]), upstream=Upstream("http://127.0.0.1:9"))

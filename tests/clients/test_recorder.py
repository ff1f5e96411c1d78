"""Recording a call: everything that went over it is there, the call is held up by nothing, and survives a full disk."""

from __future__ import annotations

import asyncio
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from azure.core.credentials import AzureKeyCredential

from voicelive import ConfigurationError, ReconnectPolicy
from voicelive._recording import recorder as recorder_module
from voicelive._recording.writing import RecordingWriter
from voicelive.recording import Recorder, Recording
from voicelive.testing import ScriptedService
from voicelive.tools import tool

from ..secrets import KEY, MARK
from .conversing import DEADLINE, calling, eventually
from .harness import Client

pytestmark = pytest.mark.timeout(300)

QUICK = ReconnectPolicy(initial_delay=0.01)
MODELS = ["gpt-4o", "gpt-realtime"]


@pytest.fixture
def service() -> Iterator[ScriptedService]:
    with ScriptedService(strict=False, timeout=60) as running:
        yield running


@tool
def add(a: int) -> int:
    """Add one."""
    return a + 1


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def closed(recorder: Recorder) -> Recording:
    assert await asyncio.to_thread(recorder.close, DEADLINE)
    return recorder.recording


@pytest.mark.parametrize("model", MODELS)
async def test_everything_that_goes_over_a_call_is_recorded(
    client: Client, service: ScriptedService, tmp_path: Path, model: str
) -> None:
    """Both directions, local events and what was heard, of a call with a tool: as the service and the caller saw it."""
    service.call_tools(("add", '{"a": 1}'))
    service.say("two")
    recorder = Recorder(tmp_path / "one")
    async with calling(client, service, model=model, tools=[add], recorder=recorder) as caller:
        await caller.speak(service.speech("one"))
        await caller.until("response.done", lambda event: event.response.output[0].type == "message")
        await caller.played(100)
        received = list(caller.events)
    recording = await closed(recorder)
    assert recording.check() == []
    assert recorder.dropped == 0
    events = list(recording.events)
    seen = [recording.wire(event) for event in events if event.direction == "received"]
    mine = [json.loads(event.to_json()) for event in received if not event.type.startswith("voicelive.")]
    assert seen[: len(mine)] == mine
    sent = [recording.wire(event) for event in events if event.direction == "sent"]
    assert sent == [event.to_dict() for event in service.session.record.received]
    local = [event.type for event in events if event.direction == "local"]
    assert {"voicelive.state", "voicelive.tool_started", "voicelive.tool_done"} <= set(local)
    assert [event.time for event in events] == sorted(event.time for event in events)
    assert [one.to_ms for one in recording.stretches if one.side == "assistant"] == [100]
    header = recording.header
    assert (header.model, header.host) == (model, service.endpoint.removeprefix("http://"))
    assert recording.ending is not None
    assert recording.ending["code"] == 1000


async def test_no_credential_is_recorded(client: Client, tmp_path: Path) -> None:
    """The connection's key is in no file, also where the service repeats it, nor are those of tools."""
    with ScriptedService(strict=False, timeout=60, api_key=KEY) as service:
        recorder = Recorder(tmp_path / "one")
        credential = AzureKeyCredential(KEY)
        async with calling(client, service, credential=credential, recorder=recorder) as caller:
            server = {"type": "mcp", "server_label": "x", "server_url": "https://x", "authorization": KEY}
            await caller.script.call("session.update", session={"tools": [server], "instructions": f"Never say {KEY}"})
            await caller.until("session.updated")
        recording = await closed(recorder)
    for path in recording.path.iterdir():
        assert MARK.encode() not in path.read_bytes()


async def test_a_recorder_can_be_attached_later(client: Client, service: ScriptedService, tmp_path: Path) -> None:
    """A recorder that is attached to an open connection records from then on."""
    recorder = Recorder(tmp_path / "one")
    async with calling(client, service, metrics=True) as caller:
        recorder.attach(caller.script.connection)
        await eventually(lambda: (tmp_path / "one" / "call.jsonl").exists())
        await caller.respond("Hello.")
        await caller.until("response.done")
    types = [event.type for event in (await closed(recorder)).events]
    assert types[0] == "conversation.item.create"
    assert "response.done" in types


async def test_attaching_needs_a_conversation(client: Client, service: ScriptedService, tmp_path: Path) -> None:
    """Without anything that keeps a conversation there is nothing to attach to, and the message says what to do."""
    async with client.connect(service.endpoint) as script:
        with pytest.raises(ConfigurationError, match="recorder="):
            Recorder(tmp_path / "one").attach(script.connection)


async def test_one_recorder_records_one_call(client: Client, service: ScriptedService, tmp_path: Path) -> None:
    """A recorder is for one call; a name that exists is refused before anything is opened."""
    recorder = Recorder(tmp_path / "one")
    async with calling(client, service, recorder=recorder):
        pass
    await closed(recorder)
    with pytest.raises(ConfigurationError, match="already"):
        Recorder(tmp_path / "one")
    async with calling(client, service, metrics=True) as caller:
        with pytest.raises(ConfigurationError, match="make a Recorder for each"):
            recorder.attach(caller.script.connection)
    with pytest.raises(ConfigurationError, match="make a Recorder for each"):
        await client.connect(service.endpoint, recorder=recorder).open()
    await eventually(lambda: all(session.record.closed for session in service.sessions))


def test_what_is_not_a_recorder_is_refused(client: Client) -> None:
    """``connect`` says what `recorder` takes."""
    with pytest.raises(ConfigurationError, match=r"takes a voicelive\.recording\.Recorder, not str"):
        client.connect("http://127.0.0.1:1", recorder="calls/one")


async def test_a_zip_file_is_packed_at_the_end(client: Client, service: ScriptedService, tmp_path: Path) -> None:
    """A path that ends in .zip is one file in the end; until then, and after a crash, it is read from its folder."""
    recorder = Recorder(tmp_path / "one.zip")
    async with calling(client, service, recorder=recorder) as caller:
        await caller.respond("Hello.")
        await caller.until("response.done")
        await eventually(lambda: (tmp_path / "one.zip.writing" / "call.jsonl").exists())
        assert "never packed" in Recording.open(tmp_path / "one.zip").problems[0]
    recording = await closed(recorder)
    assert zipfile.is_zipfile(tmp_path / "one.zip")
    assert names_in(tmp_path) == ["one.zip"]
    assert "response.done" in [event.type for event in recording.events]
    assert recording.check() == []


async def test_content_can_be_left_out(client: Client, service: ScriptedService, tmp_path: Path) -> None:
    """Without content nothing that was said or written is in the recording, in either direction."""
    service.call_tools(("add", '{"a": 41999}'), say="marigold")
    recorder = Recorder(tmp_path / "one", content=False)
    async with calling(client, service, tools=[add], recorder=recorder) as caller:
        await caller.script.call("session.update", session={"instructions": "hyacinth"})
        await caller.respond("edelweiss")
        await caller.until("voicelive.tool_done")
        await caller.have("response.done")
    recording = await closed(recorder)
    assert names_in(recording.path) == ["call.jsonl"]
    text = (recording.path / "call.jsonl").read_text().lower()
    assert not [word for word in ("marigold", "hyacinth", "edelweiss", "41999", "42000") if word in text]
    deltas = [event for event in recording.events if event.type == "response.audio.delta"]
    assert sum(sound.ms for event in deltas for sound in event.sounds) > 100


async def test_a_full_disk_ends_the_recording_and_not_the_call(
    client: Client, service: ScriptedService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a disk that is full the call goes on; an event says why it is not recorded any more."""
    (tmp_path / "one").mkdir()
    # A device that is always full, in the place of the sound that is received.
    (tmp_path / "one" / "received.wav").symlink_to("/dev/full")
    recorder = Recorder(tmp_path / "one")
    async with calling(client, service, recorder=recorder) as caller:
        await caller.respond("Hello.")
        stopped = await caller.have("voicelive.recording_stopped")
        assert (stopped.path, stopped.reason) == (str(tmp_path / "one"), "No space left on device")
        await caller.respond("Are you still there?")
        while len(caller.of("response.done")) < 2:
            await caller.until("response.done")
    assert await asyncio.to_thread(recorder.close, DEADLINE)
    assert recorder.problem == "No space left on device"
    (tmp_path / "one" / "received.wav").unlink()
    assert "session.created" in [event.type for event in recorder.recording.events]


async def test_a_slow_disk_costs_events_and_never_memory(
    client: Client, service: ScriptedService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What waits for a disk that stands still is bounded; what was not recorded is counted, and said in the lines."""
    monkeypatch.setattr(recorder_module, "_MOST_WAITING", 20_000)
    gate = asyncio.Event()
    loop = asyncio.get_running_loop()
    write = RecordingWriter.event

    def slow(writer: RecordingWriter, *arguments: Any) -> None:
        asyncio.run_coroutine_threadsafe(gate.wait(), loop).result(DEADLINE)
        write(writer, *arguments)

    monkeypatch.setattr(RecordingWriter, "event", slow)
    recorder = Recorder(tmp_path / "one")
    async with calling(client, service, recorder=recorder) as caller:
        await caller.respond("Hello.")
        await caller.until("response.done")
        assert recorder.dropped > 0
        gate.set()
        await eventually(lambda: recorder._put == recorder._taken)
        await caller.respond("Hello.")
        await caller.until("response.done")
    recording = await closed(recorder)
    assert sum(line["count"] for line in recording.lines if line["kind"] == "lost") == recorder.dropped


async def test_a_reconnected_call_is_one_recording(client: Client, service: ScriptedService, tmp_path: Path) -> None:
    """A broken connection that is made again goes on in the same recording, and its restoring is in it."""
    recorder = Recorder(tmp_path / "one")
    async with calling(client, service, reconnect=QUICK, recorder=recorder) as caller:
        await caller.respond("One.")
        await caller.until("response.done")
        service.faults.add("close:1011")
        await caller.until("voicelive.restored")
        await caller.respond("Two.")
        await caller.until("response.done")
    recording = await closed(recorder)
    types = [(event.direction, event.type) for event in recording.events]
    assert ("local", "voicelive.restored") in types
    assert types.count(("received", "response.done")) == 2
    assert recording.check() == []


async def test_a_second_of_a_call_can_be_read_while_it_goes_on(
    client: Client, service: ScriptedService, tmp_path: Path
) -> None:
    """What happened is on the disk soon, without anybody closing anything."""
    recorder = Recorder(tmp_path / "one")
    async with calling(client, service, recorder=recorder) as caller:
        await caller.respond("Hello.")
        await caller.until("response.done")
        await eventually(lambda: _has(tmp_path / "one", "response.done"))
        assert Recording.open(tmp_path / "one").ending is None
    await closed(recorder)


def _has(folder: Path, event_type: str) -> bool:
    if not (folder / "call.jsonl").exists():
        return False
    return event_type in [event.type for event in Recording.open(folder).events]


async def test_playing_ahead_of_the_clock_is_cut_at_an_interruption(
    client: Client, service: ScriptedService, tmp_path: Path
) -> None:
    """What the device had taken, but nobody had heard yet, is not in ``call.wav``."""
    recorder = Recorder(tmp_path / "one")
    async with calling(client, service, barge_in=True, recorder=recorder) as caller:
        await caller.script.do(lambda connection: setattr(connection.playback, "latency_ms", 400))
        await caller.respond("Hello.")
        await caller.until("response.done")
        # A tenth of a second can only have been heard after that time.
        await asyncio.sleep(0.2)
        await caller.played(500)
        interruption = await caller.interrupt()
    recording = await closed(recorder)
    last = [one for one in recording.stretches if one.side == "assistant"][-1]
    assert interruption.heard_ms == 100
    assert last.to_ms == pytest.approx(100, abs=60)

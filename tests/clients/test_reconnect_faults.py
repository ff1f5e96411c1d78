"""Whatever fails behind a policy ends the connection with an error that says so; odd events do not make it fail."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection

from voicelive import ConnectionClosed, InternalError, ReconnectPolicy
from voicelive._core.reconnect.machine import ReconnectMachine
from voicelive._transport.websocket import WebSocketTransport
from voicelive.local import LocalService

from .harness import Client, Script, assert_nothing_left
from .relay import Relay
from .servers import WebSocketServer, event

pytestmark = pytest.mark.timeout(300)

QUICK = ReconnectPolicy(initial_delay=0.02, max_delay=0.2, deadline=30, max_connections_per_minute=100_000)

DELTA = '{"type":"response.audio.delta","item_id":"%s","delta":"' + "AAAA" * 100 + '"}'
ODD = [
    DELTA.replace("%s", "A").encode().replace(b"A", b"\xff", 1),
    DELTA.replace("%s", "\\ud83d").encode(),
    b'{"type":"session.updated","session":{"expires_at":%b}}' % (b"9" * 400),
    b'{"type":"session.updated","session":{"expires_at":%b}}' % (b"9" * 5000),
    b'{"type":"conversation.item.truncated","item_id":"x","audio_end_ms":%b}' % (b"9" * 400),
    b'{"type":"conversation.item.truncated","item_id":"x","audio_end_ms":NaN}',
    b'{"type":"conversation.item.created","item":{"id":"\\udc00","type":"message","role":"user","content":[{"type":[]}]}}',
    b'{"type":"response.output_item.done","item":{"id":"y","role":"assistant","type":"message","content":"\xff"}}',
]


async def test_odd_events_end_nothing(client: Client) -> None:
    """Events that are hardly readable are received like any other, and the connection is restored after them."""

    async def behaviour(connection: ServerConnection) -> None:
        await connection.send(event("session.created", session={"id": f"s{len(server.requests)}"}))
        if len(server.requests) > 1:
            async for _ in connection:
                # Confirms nothing that it does not know; there is nothing to restore but odd items.
                pass
            return
        item = {"id": "x", "type": "message", "role": "assistant", "content": [{"type": "audio", "transcript": "a b"}]}
        await connection.send(event("response.output_item.done", item=item))
        for message in ODD:
            await connection.send(message, text=True)
        await connection.send(event("last"))
        await connection.recv()
        connection.transport.abort()

    with WebSocketServer(behaviour) as server:
        async with client.connect(server.endpoint, reconnect=QUICK) as connection:
            received = [await connection.recv_bytes() for _ in range(len(ODD) + 3)]
            assert received[2:-1] == ODD
            await connection.call("input_audio_buffer.clear")
            assert (await connection.wait_for("voicelive.reconnecting")).code == 1006
            assert connection.close_info is None


async def test_audio_that_the_service_does_not_take_is_counted(client: Client) -> None:
    """A send of audio that waits when the connection breaks ends without an error, and the next ones go out again."""

    async def behaviour(connection: ServerConnection) -> None:
        await connection.send(event("session.created", session={"id": f"s{len(server.requests)}"}))
        if len(server.requests) == 1:
            await connection.recv()
            # So its pings are not answered either, and the client gives it up.
            connection.transport.pause_reading()
            await has_moved.wait()
            connection.transport.abort()
            return
        has_moved.set()
        async for message in connection:
            if "input_audio_buffer.commit" in str(message[:100]):
                await connection.send(event("input_audio_buffer.committed", item_id="x"))

    async def send_on() -> None:
        while not is_enough.is_set():
            await connection.call("input_audio_buffer.append", audio=bytes(1_000_000))
            await asyncio.sleep(0)

    is_enough, has_moved = asyncio.Event(), asyncio.Event()
    options = {"ping_interval": 0.2, "ping_timeout": 1, "close_timeout": 0.5}
    with WebSocketServer(behaviour) as server:
        async with client.connect(server.endpoint, reconnect=QUICK, connection_options=options) as connection:
            sending = asyncio.ensure_future(send_on())
            try:
                restored = await connection.wait_for("voicelive.restored", timeout=60)
                assert restored.lost_audio_bytes >= 1_000_000
                assert not sending.done()
            finally:
                is_enough.set()
                await asyncio.wait_for(sending, 60)
            await connection.call("input_audio_buffer.commit")
            await connection.wait_for("input_audio_buffer.committed", timeout=60)
        await assert_nothing_left(server.port)


class Fault(Exception):
    """What is injected."""


def cut(relay: Relay) -> None:
    relay.cut()


def refuse(relay: Relay) -> None:
    relay.refuses = True
    relay.cut()


def nothing(relay: Relay) -> None:
    """Let the connection live."""


DECISIONS: list[tuple[str, Callable[[Relay], None]]] = [
    ("sending", nothing),
    ("received", nothing),
    ("tick", nothing),
    ("due", nothing),
    ("ended", cut),
    ("sent", cut),
    ("opened", cut),
    ("next_to_send", cut),
    ("is_restoring", cut),
    ("failed", refuse),
]
"""Each method of the state machine, and what makes its caller call it; sending makes them call the first four."""


@pytest.mark.parametrize(("name", "happens"), DECISIONS, ids=[name for name, _ in DECISIONS])
async def test_a_decision_that_fails_ends_the_connection(
    client: Client, name: str, happens: Callable[[Relay], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An exception in any decision reaches everybody who waits or sends, as the cause of an InternalError."""
    fault = Fault(name)

    def fails(self: ReconnectMachine, *arguments: Any) -> Any:
        raise fault

    with LocalService.in_thread() as service, Relay(lambda: service.port) as relay:
        async with client.connect(relay.endpoint, reconnect=QUICK) as connection:
            await connection.wait_for("session.created")
            waiting = [
                asyncio.ensure_future(connection.wait_for("never", timeout=60)),
                asyncio.ensure_future(connection.wait_for("never too", timeout=60)),
                asyncio.ensure_future(everything(connection)),
            ]
            await asyncio.sleep(0.05)
            monkeypatch.setattr(ReconnectMachine, name, fails)
            happens(relay)
            waiting.append(asyncio.ensure_future(send_until_it_fails(connection)))
            await asyncio.wait(waiting, timeout=60)
            for task in waiting:
                assert_caused_by(task.exception(), fault)
            with pytest.raises(InternalError) as caught:
                await connection.recv()
            assert_caused_by(caught.value, fault)
            assert connection.close_info.cause == "internal"
            assert connection.close_info.recoverable
            started = time.monotonic()
        assert time.monotonic() - started < 20
        await assert_nothing_left(relay.port)


async def everything(connection: Script) -> None:
    while True:
        await connection.recv(60)


async def send_until_it_fails(connection: Script) -> None:
    while True:
        await connection.call("session.update", session={"instructions": "x"})
        await asyncio.sleep(0.01)


def assert_caused_by(error: BaseException | None, fault: BaseException) -> None:
    assert isinstance(error, InternalError)
    assert error.__cause__ is fault
    assert (error.code, error.initiator) == (1006, "local")
    assert "Fault while keeping the connection up" in str(error)


async def test_a_send_that_fails_while_its_decision_does(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sender that is blocked when the connection breaks learns of a failure of the decision about its event."""
    fault = Fault("unsent")

    def fails(self: ReconnectMachine, *arguments: Any) -> Any:
        raise fault

    async def reads_nothing(connection: ServerConnection) -> None:
        await connection.send(event("session.created", session={"id": "s1"}))
        connection.transport.pause_reading()
        await release.wait()
        connection.transport.abort()

    release, begun = asyncio.Event(), threading.Event()
    begin = ReconnectMachine.begun

    def begins(self: ReconnectMachine, *arguments: Any) -> None:
        begin(self, *arguments)
        begun.set()

    with WebSocketServer(reads_nothing) as server:
        async with client.connect(server.endpoint, reconnect=QUICK) as connection:
            await connection.wait_for("session.created")
            monkeypatch.setattr(ReconnectMachine, "unsent", fails)
            monkeypatch.setattr(ReconnectMachine, "begun", begins)
            content = [{"type": "input_text", "text": "x" * 30_000_000}]
            item = {"type": "message", "role": "user", "content": content}
            sending = asyncio.ensure_future(connection.call("conversation.item.create", item=item))
            assert await asyncio.to_thread(begun.wait, 60)
            assert not sending.done()
            server.run(set_event(release)).result(30)
            with pytest.raises(InternalError) as caught:
                await asyncio.wait_for(sending, 60)
            assert_caused_by(caught.value, fault)
    await assert_nothing_left(server.port)


async def set_event(flag: asyncio.Event) -> None:
    flag.set()


async def test_a_worker_that_fails_ends_the_connection(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """An exception of the WebSocket's own in the task that makes a connection ends the whole too."""
    fault = Fault("deliver_to")

    def fails(self: Any, *arguments: Any) -> Any:
        raise fault

    with LocalService.in_thread() as service, Relay(lambda: service.port) as relay:
        async with client.connect(relay.endpoint, reconnect=QUICK) as connection:
            await connection.wait_for("session.created")
            # The next connection meets it.
            monkeypatch.setattr(WebSocketTransport, "deliver_to", fails)
            relay.cut()
            with pytest.raises(InternalError) as caught:
                await connection.wait_for("never", timeout=60)
            assert_caused_by(caught.value, fault)


async def test_a_worker_that_is_cancelled_ends_the_connection() -> None:
    """Somebody who cancels every task of the loop ends the connection, and whoever waits learns of it."""
    patient = replace(QUICK, initial_delay=20, max_delay=20)
    with LocalService.in_thread() as service, Relay(lambda: service.port) as relay:
        async with Client("async").connect(relay.endpoint, reconnect=patient) as connection:
            await connection.wait_for("session.created")
            assert workers() == []
            relay.cut()
            await connection.wait_for("voicelive.reconnecting", timeout=60)
            (worker,) = workers()
            worker.cancel()
            with pytest.raises(InternalError) as caught:
                await connection.wait_for("never", timeout=60)
            assert isinstance(caught.value.__cause__, asyncio.CancelledError)


def workers() -> list[asyncio.Task[Any]]:
    return [task for task in asyncio.all_tasks() if task.get_name().startswith("voicelive-open")]


async def test_events_that_came_before_are_received(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """A failure takes nothing away that had arrived: it is received first, then the error is raised."""
    with LocalService.in_thread() as service:
        async with client.connect(service.endpoint, reconnect=QUICK) as connection:
            await connection.call("session.update", session={"instructions": "x"})
            await asyncio.sleep(0.3)

            def fails(self: ReconnectMachine, *arguments: Any) -> Any:
                raise Fault

            monkeypatch.setattr(ReconnectMachine, "tick", fails)
            with pytest.raises(ConnectionClosed):
                await send_until_it_fails(connection)
            assert [(await connection.recv()).type for _ in range(2)] == ["session.created", "session.updated"]
            with pytest.raises(InternalError):
                await everything(connection)


@pytest.mark.parametrize("policy", [None, QUICK], ids=["once", "reconnecting"])
@pytest.mark.parametrize("name", ["recv", "begin"])
async def test_what_fails_on_the_way_to_the_threads_ends_the_connection(
    policy: ReconnectPolicy | None, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tasks that hand messages over between the loop and the blocking client's threads do not fail in silence."""
    fault = Fault(name)

    def fails(*arguments: Any) -> Any:
        raise fault

    with LocalService.in_thread() as service:
        async with Client("sync").connect(service.endpoint, reconnect=policy) as connection:
            await connection.wait_for("session.created")
            waiting = asyncio.ensure_future(connection.wait_for("never", timeout=60))
            await asyncio.sleep(0.05)
            monkeypatch.setattr(connection.connection._bridge._transport, name, fails)
            with pytest.raises(InternalError) as caught:
                await send_until_it_fails(connection)
            assert_caused_by(caught.value, fault)
            await asyncio.wait([waiting], timeout=60)
            assert_caused_by(waiting.exception(), fault)

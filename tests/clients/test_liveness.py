"""Connections that nobody reads, that never begin, and that stall: held, or ended with an error that says so."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection

from voicelive import (
    ConnectionClosed,
    ReadyTimeoutError,
    ReceiveOverflowError,
    ReceiveTimeoutError,
    ResponseStalledError,
)

from .harness import Client, Script, assert_nothing_left
from .servers import WebSocketServer, closes, event, sends, stays_silent

pytestmark = pytest.mark.timeout(300)

CREATED = event("session.created")
BEGUN, OVER = event("response.created", response={"id": "r1"}), event("response.done", response={"id": "r1"})
FAST_KEEPALIVE = {"ping_interval": 0.1, "ping_timeout": 1.2, "close_timeout": 2}
"""Fast, but not so fast that a busy machine looks like a broken network."""


async def test_no_session_ends_in_a_timeout_error(client: Client) -> None:
    """A service that never says session.created ends every way of receiving with ReadyTimeoutError, in time."""
    options = {"ready_timeout": 0.4, "close_timeout": 2}
    for receive in ("recv", "recv_bytes", "collect", "wait_for"):
        with WebSocketServer(sends(event("error", error={"code": "busy"}))) as server:
            async with client.connect(server.endpoint, connection_options=options) as connection:
                started = time.monotonic()
                assert (await connection.recv()).type == "error"
                arguments: list[Any] = ["session.created", None] if receive == "wait_for" else [None]
                with pytest.raises(ReadyTimeoutError, match="ready_timeout") as caught:
                    await getattr(connection, receive)(*arguments[: 0 if receive == "collect" else None])
                assert 0.2 < time.monotonic() - started < 20
                error = caught.value
                assert isinstance(error, TimeoutError)
                assert (error.code, error.initiator, error.recoverable) == (4000, "timeout", True)
                assert connection.close_info == error.info
                with pytest.raises(ReadyTimeoutError) as unsent:
                    await connection.call("response.create", event_id="mine")
                assert unsent.value.unsent is not None
                assert (unsent.value.unsent.type, unsent.value.unsent.event_id) == ("response.create", "mine")
        await assert_nothing_left(server.port)


async def test_a_session_in_time_is_the_first_event(client: Client) -> None:
    """session.created that comes is received as the first event, also when it is asked for after ready_timeout."""

    async def a_little_later(connection: ServerConnection) -> None:
        await asyncio.sleep(0.2)
        await connection.send(CREATED)
        await connection.wait_closed()

    with WebSocketServer(a_little_later) as server:
        for before, after in ((0, 1.2), (1.2, 0.1)):
            async with client.connect(server.endpoint, connection_options={"ready_timeout": 1}) as connection:
                await asyncio.sleep(before)
                assert (await connection.recv()).type == "session.created"
                with pytest.raises(ReceiveTimeoutError):
                    await connection.recv(after)
                assert connection.close_info is None


async def test_an_own_limit_comes_first(client: Client) -> None:
    """Before session.created is due, recv(timeout) ends by its own time; short waits still notice the end."""
    with WebSocketServer() as server:
        async with client.connect(server.endpoint, connection_options={"ready_timeout": 1}) as connection:
            ends = [await poll(connection)]
            while ends[-1] is ReceiveTimeoutError:
                ends.append(await poll(connection))
            assert await poll(connection) is ReadyTimeoutError
    assert len(ends) > 1
    assert ends[-1] is ReadyTimeoutError


async def poll(connection: Script) -> type[Exception]:
    """Receive for a moment, and tell how it ended."""
    with pytest.raises((ReceiveTimeoutError, ConnectionClosed)) as caught:
        await connection.recv(0.02)
    return type(caught.value)


async def test_several_receivers_learn_of_it(client: Client) -> None:
    """Everyone who waits when the time runs out gets the error."""
    with WebSocketServer() as server:
        async with client.connect(server.endpoint, connection_options={"ready_timeout": 0.4}) as connection:
            waiting = [connection.recv(None), connection.wait_for("session.created", None), connection.recv_bytes(None)]
            results = await asyncio.wait_for(asyncio.gather(*waiting, return_exceptions=True), 60)
    assert [type(result) for result in results] == [ReadyTimeoutError] * 3


async def test_a_response_that_stalls(client: Client) -> None:
    """After response.created and a silence of stall_timeout, what arrived is received, then ResponseStalledError."""
    delta = event("response.text.delta", delta="x")
    with WebSocketServer(sends(CREATED, BEGUN, delta)) as server:
        async with client.connect(server.endpoint, connection_options={"stall_timeout": 0.4}) as connection:
            # Long ago already when it is received: still nothing is lost.
            await asyncio.sleep(0.8)
            kinds = [(await connection.recv()).type for _ in range(3)]
            assert kinds == ["session.created", "response.created", "response.text.delta"]
            started = time.monotonic()
            with pytest.raises(ResponseStalledError, match="stall_timeout") as caught:
                await connection.collect()
            assert time.monotonic() - started < 20
            assert (caught.value.code, caught.value.initiator, caught.value.recoverable) == (4001, "timeout", True)
        await assert_nothing_left(server.port)
    assert [code for code, _ in server.closed] == [4001]


async def test_silence_between_responses_is_no_stall(client: Client) -> None:
    """Between responses nothing needs to arrive, and a response that goes on slowly does not stall."""

    async def slowly(connection: ServerConnection) -> None:
        await connection.send(CREATED)
        await connection.send(BEGUN)
        for _ in range(6):
            await asyncio.sleep(0.25)
            await connection.send(event("response.text.delta", delta="x"))
        await connection.send(OVER)
        await connection.wait_closed()

    with WebSocketServer(slowly) as server:
        async with client.connect(server.endpoint, connection_options={"stall_timeout": 1.2}) as connection:
            assert (await connection.wait_for("response.done")).type == "response.done"
            with pytest.raises(ReceiveTimeoutError):
                await connection.wait_for("response.done", 1.3)
            assert connection.close_info is None


async def test_a_program_that_stood_still_is_no_stall(client: Client) -> None:
    """When the program itself does nothing for longer than stall_timeout, what came meanwhile counts."""

    async def in_two_parts(connection: ServerConnection) -> None:
        await sends(CREATED, BEGUN, then=_return)(connection)
        await asyncio.sleep(0.3)
        await connection.send(OVER)
        await connection.wait_closed()

    with WebSocketServer(in_two_parts) as server:
        async with client.connect(server.endpoint, connection_options={"stall_timeout": 0.5}) as connection:
            assert (await connection.wait_for("response.created")).type == "response.created"
            # The loop, and with it the asyncio client, stands still; the server has a thread of its own.
            time.sleep(1)  # noqa: ASYNC251 - as said
            assert (await connection.wait_for("response.done")).type == "response.done"


async def _return(connection: ServerConnection) -> None:
    """Do nothing more."""


async def test_nobody_reads_and_nothing_is_lost(client: Client) -> None:
    """An application that pauses for many keepalives, while events keep coming, finds them all, in order."""
    total, answered = 300, threading.Event()

    async def keeps_talking(connection: ServerConnection) -> None:
        for number in range(total):
            await connection.send(event("response.audio.delta", number, delta="A" * 400))
            if number % 15 == 0:
                await (await connection.ping())
        answered.set()
        await connection.close(1000)

    with WebSocketServer(keeps_talking, ping_interval=None) as server:
        options = {**FAST_KEEPALIVE, "ping_timeout": 60}
        async with client.connect(server.endpoint, connection_options=options) as connection:
            assert await asyncio.to_thread(answered.wait, 60)
            events = await connection.collect()
    assert [item.event_id for item in events] == [f"event_{number}" for number in range(total)]


@pytest.mark.parametrize("bound", [{"max_queue": 50}, {"max_buffer": 50 * (512 + 2000), "max_queue": None}])
async def test_past_the_bound_the_error_says_so(client: Client, bound: dict[str, Any]) -> None:
    """Past the bound the connection ends with ReceiveOverflowError, after all that was held; memory stays bounded."""
    filling = "A" * 2000
    messages = [event("response.audio.delta", number, delta=filling) for number in range(20_000)]
    # Reading may stand still for half of ping_timeout; the other half is for a busy machine.
    options = {**FAST_KEEPALIVE, "ping_timeout": 2, **bound}
    with WebSocketServer(sends(*messages)) as server:
        async with client.connect(server.endpoint, connection_options=options) as connection:
            assert await asyncio.to_thread(server.has_closed.wait, 60)
            got: list[str | None] = []
            with pytest.raises(ReceiveOverflowError, match="max_queue and max_buffer") as caught:
                await receive_into(got, connection)
            assert got == [f"event_{number}" for number in range(len(got))]
            # Reading stops at the bound, but for what one read of the socket brings: at most 256 KiB.
            assert 40 <= len(got) <= 50 + 256 * 1024 // 2000
            assert (caught.value.code, caught.value.initiator, caught.value.recoverable) == (4002, "local", False)
            with pytest.raises(ReceiveOverflowError):
                await connection.send({"type": "response.create"})
        await assert_nothing_left(server.port)


async def receive_into(got: list[str | None], connection: Script) -> None:
    while True:
        got.append((await connection.recv()).event_id)


async def test_a_burst_beyond_the_bound_is_no_overflow(client: Client) -> None:
    """Who receives all the time gets any number of events, however far they are ahead of it."""
    total = 20_000
    messages = [event("x", number) for number in range(total)]
    # Reading may stand still for a second; no ping is sent that would have to wait behind the events.
    options = {"ping_interval": 60, "ping_timeout": 2, "max_queue": 32}
    with WebSocketServer(sends(*messages, then=closes(1000))) as server:
        async with client.connect(server.endpoint, connection_options=options) as connection:
            assert len(await connection.collect()) == total


async def test_closing_while_reading_stands_still(client: Client) -> None:
    """close() is quick, polite and final also when reading was stopped at the bound."""
    messages = [event("x", number) for number in range(20_000)]
    options = {"max_queue": 10, "close_timeout": 60}
    with WebSocketServer(sends(*messages, then=stays_silent)) as server:
        connection = client.connect(server.endpoint, connection_options=options)
        await connection.open()
        await asyncio.sleep(0.3)
        started = time.monotonic()
        await connection.close()
        assert time.monotonic() - started < 30
        with pytest.raises(ConnectionClosed):
            await connection.recv()
        await assert_nothing_left(server.port)
    assert [code for code, _ in server.closed] == [1000]

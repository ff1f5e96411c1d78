"""What arrives and is not received has one bound, wherever it waits; and receiving holds nothing else up."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection

from voicelive import ReceiveOverflowError, ReceiveTimeoutError, ReconnectPolicy

from .harness import Client, Script
from .servers import Behaviour, WebSocketServer, event, reads_everything, sends

pytestmark = pytest.mark.timeout(300)

MIB = 1024 * 1024
SIZE = 8 * 1024
POLICY = ReconnectPolicy(initial_delay=0.01, max_delay=0.01)


async def floods(connection: ServerConnection) -> None:
    """Send numbered events without end."""
    number = 0
    while True:
        await connection.send(event("response.audio.delta", number, delta="A" * SIZE))
        number += 1


async def receive_all(connection: Script) -> tuple[list[int], ReceiveOverflowError]:
    numbers: list[int] = []
    while True:
        try:
            received = await connection.recv(60)
        except ReceiveOverflowError as error:
            return numbers, error
        assert received.event_id is not None
        numbers.append(int(received.event_id.split("_")[1]))


@pytest.mark.parametrize("policy", [None, POLICY], ids=["plain", "policy"])
@pytest.mark.parametrize(
    ("limits", "most"),
    [({"max_buffer": 2 * MIB}, 2 * MIB // SIZE), ({"max_queue": 200}, 200)],
    ids=["bytes", "messages"],
)
async def test_what_wait_for_keeps_is_bounded(
    client: Client, policy: ReconnectPolicy | None, limits: dict[str, int], most: int
) -> None:
    """A wait_for that passes over more than the bound ends with ReceiveOverflowError; what it kept is all there."""
    options = {**limits, "ping_interval": 0.5, "ping_timeout": 1.0, "ready_timeout": None, "close_timeout": 1}
    with WebSocketServer(floods) as server:
        async with client.connect(server.endpoint, connection_options=options, reconnect=policy) as connection:
            with pytest.raises(ReceiveOverflowError, match="keep=False"):
                await connection.wait_for("response.done", 30)
            numbers, error = await receive_all(connection)
            assert numbers == list(range(len(numbers)))
            # Beyond the bound there is only what a few reads of the socket bring.
            assert most * 0.8 < len(numbers) <= most + 3 * 256 * 1024 // SIZE
            assert (error.code, error.recoverable) == (4002, False)


async def test_a_wait_for_that_keeps_nothing_outlasts_a_flood(client: Client) -> None:
    """With keep=False far more than the bound passes by, and the connection goes on."""
    kinds = ["session.created", *["response.audio.delta"] * 3000, "response.done", "response.created"]
    messages = [event(kind, number, delta="A" * 1000) for number, kind in enumerate(kinds)]
    options = {"max_queue": 100, "max_buffer": MIB, "ready_timeout": None}
    with WebSocketServer(sends(*messages)) as server:
        async with client.connect(server.endpoint, connection_options=options) as connection:
            done = await connection.do(lambda one: one.wait_for("response.done", 30, keep=False))
            assert done.event_id == "event_3001"
            assert (await connection.recv()).event_id == "event_3002"


async def test_errors_are_kept_by_a_wait_for_that_keeps_nothing_else(client: Client) -> None:
    """keep=False drops what it passes over, also what was kept before, but no error event."""
    kinds = ["session.created", "error", "session.updated", "response.created", "error", "response.done", "x.y"]
    messages = [event(kind, number) for number, kind in enumerate(kinds)]
    with WebSocketServer(sends(*messages)) as server:
        async with client.connect(server.endpoint) as connection:
            assert (await connection.wait_for("session.updated")).event_id == "event_2"
            done = await connection.do(lambda one: one.wait_for("response.done", 60, keep=False))
            assert done.event_id == "event_5"
            assert [(await connection.recv()).event_id for _ in range(3)] == ["event_1", "event_4", "event_6"]
            with pytest.raises(ReceiveTimeoutError, match="nothing arrived"):
                await connection.do(lambda one: one.wait_for("response.done", 0.1, keep=False))


async def test_a_receiver_beside_it_gets_what_it_passes_over(client: Client) -> None:
    """While somebody else receives, keep=False takes nothing away from them."""
    kinds = ["session.created", "session.updated", "response.created", "response.done", "response.created"]

    async def behaviour(connection: ServerConnection) -> None:
        await connection.recv()
        for number, kind in enumerate(kinds):
            await connection.send(event(kind, number))
            await asyncio.sleep(0.02)
        await connection.close()

    with WebSocketServer(behaviour) as server:
        async with client.connect(server.endpoint) as connection:
            iterating = asyncio.ensure_future(connection.collect())
            await connection.until_waiting(1)
            waiting = asyncio.ensure_future(connection.do(lambda one: one.wait_for("response.done", 60, keep=False)))
            await connection.until_waiting(2)
            await connection.call("response.create")
            assert (await waiting).event_id == "event_3"
            assert [each.event_id for each in await iterating] == ["event_0", "event_1", "event_2", "event_4"]


def talks(events_per_turn: int) -> Behaviour:
    """Answer each response.create with so many events and response.done."""
    deltas = [event("response.audio.delta", number, delta="A" * 100) for number in range(events_per_turn)]

    async def behaviour(connection: ServerConnection) -> None:
        await connection.send(event("session.created"))
        async for message in connection:
            kind = json.loads(message)["type"]
            if kind == "session.update":
                await connection.send(event("session.updated"))
            else:
                for delta in deltas:
                    await connection.send(delta)
                await connection.send(event("response.done"))

    return behaviour


async def test_an_agent_of_many_turns_keeps_nothing(client: Client) -> None:
    """The guides' loop of response.create() and wait_for(..., keep=False) runs for a day's turns within the bounds
    of one turn."""
    turns, per_turn = 400, 50
    options = {"max_queue": 2 * per_turn, "ready_timeout": None}

    def blocking(connection: Any) -> None:
        connection.session.update(session={"modalities": ["text"]})
        connection.wait_for("session.updated", timeout=60, keep=False)
        for _ in range(turns):
            connection.response.create()
            connection.wait_for("response.done", timeout=60, keep=False)

    async def awaiting(connection: Any) -> None:
        await connection.session.update(session={"modalities": ["text"]})
        await connection.wait_for("session.updated", timeout=60, keep=False)
        for _ in range(turns):
            await connection.response.create()
            await connection.wait_for("response.done", timeout=60, keep=False)

    with WebSocketServer(talks(per_turn)) as server:
        async with client.connect(server.endpoint, connection_options=options) as connection:
            await connection.do(blocking if connection.blocking else awaiting)
            with pytest.raises(ReceiveTimeoutError):
                await connection.recv(0)


@pytest.mark.parametrize("way", ["iteration", "recv", "wait_for"])
async def test_a_backlog_does_not_hold_up_the_loop(way: str) -> None:
    """While an asyncio application works through a long backlog, the other tasks of its loop get their turns."""
    total, work = 800, 0.0005
    messages = [event("response.audio.delta", number) for number in range(total)]
    turns = worked = 0

    async def ticks() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    def works(received: Any) -> bool:
        nonlocal worked
        worked += 1
        until = time.monotonic() + work
        while time.monotonic() < until:
            pass
        return bool(received.type == "response.done")

    with WebSocketServer(sends(*messages, event("response.done"), then=reads_everything)) as server:
        async with Client("async").package.connect(endpoint=server.endpoint, model="m") as connection:
            await asyncio.sleep(0.3)
            ticking = asyncio.ensure_future(ticks())
            await asyncio.sleep(0)
            turns = 0
            if way == "wait_for":
                await connection.wait_for(works, timeout=30)
            elif way == "recv":
                for _ in range(total):
                    works(await connection.recv())
            else:
                async for received in connection:
                    works(received)
                    if received.type == "response.done":
                        break
            assert worked >= total
            # A turn at least every 10 ms, of 0.4 s or more.
            assert turns > 20
            ticking.cancel()


@pytest.mark.parametrize("busy", [False, True], ids=["quiet", "busy"])
async def test_a_loop_that_stood_still_reads_the_pong_first(client: Client, busy: bool) -> None:
    """A pong that lies in the socket counts, although the loop was blocked until long after the ping's time."""

    async def behaviour(connection: ServerConnection) -> None:
        while busy:
            await connection.send(event("response.audio.delta", delta="A" * 60_000))
            # More than the sockets hold while the loop stands still, less than what may wait in all.
            await asyncio.sleep(0.01)
        await connection.wait_closed()

    stands_still = 1.5

    def block(connection: Any) -> None:
        if client.flavour == "sync":
            connection._engine.post(time.sleep, stands_still)
        else:
            time.sleep(stands_still)

    options = {"ping_interval": 0.1, "ping_timeout": 1, "ready_timeout": None, "close_timeout": 1}
    with WebSocketServer(behaviour) as server:
        async with client.connect(server.endpoint, connection_options=options) as connection:
            for pause in (0.1, 0.12, 0.15, 0.2):
                await asyncio.sleep(pause)
                block(connection.connection)
                if busy:
                    assert (await connection.recv(60)).type == "response.audio.delta"
                await asyncio.sleep(0.3)
                assert connection.close_info is None

"""Many threads and tasks on one connection, and many connections one after the other.

Short here; `nox -s stress` runs the long version, by the environment variable `VOICELIVE_STRESS`.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import random
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed as TransportClosed

from voicelive import ConnectionClosed, VoiceLiveConnection, aio, connect

from .fault_table import TEXT, close_frame, frame, writes
from .harness import Client, assert_nothing_left
from .servers import RawServer, WebSocketServer, closes, event, sends

LONG = bool(os.environ.get("VOICELIVE_STRESS"))
ROUNDS = 500 if LONG else 12
CYCLES = 2000 if LONG else 60
SENDERS, RECEIVERS = 16, 2
EVENTS_EACH = 300
"""What one sender sends at most: without a limit, all of them keep the server from ever sending on a busy machine."""
ROUND_SECONDS = 60.0

# The plugin dumps the stacks of all threads when the time is up.
pytestmark = pytest.mark.timeout(3600 if LONG else 300)

OPTIONS = {"open_timeout": 20, "close_timeout": 5}


@dataclass
class Session:
    """What the server saw of one connection."""

    received: list[str] = field(default_factory=list)
    sent: int = 0
    ended: threading.Event = field(default_factory=threading.Event)


class TalkingServer(WebSocketServer):
    """Sends numbered events and notes the ids of those it gets; ends after `limit` events, if there is a limit."""

    def __init__(self) -> None:
        super().__init__(self._talk)
        self.sessions: list[Session] = []
        self.limit: int | None = None

    async def _talk(self, connection: ServerConnection) -> None:
        session = Session()
        self.sessions.append(session)
        limit = self.limit
        listening = asyncio.ensure_future(self._listen(connection, session))
        try:
            while limit is None or session.sent < limit:
                await connection.send(event("session.updated", session.sent))
                session.sent += 1
                # Sending seldom waits, and nothing would be read meanwhile.
                await asyncio.sleep(0)
            await connection.close(1000)
        except TransportClosed:
            pass
        finally:
            await listening
            session.ended.set()

    @staticmethod
    async def _listen(connection: ServerConnection, session: Session) -> None:
        with suppress(TransportClosed):
            async for message in connection:
                session.received.append(json.loads(message)["event_id"])


@dataclass
class Round:
    """What the application saw of one connection."""

    sent: list[list[int]] = field(default_factory=lambda: [[] for _ in range(SENDERS)])
    got: list[list[int]] = field(default_factory=lambda: [[] for _ in range(RECEIVERS)])
    errors: list[BaseException] = field(default_factory=list)

    def check(self, session: Session, *, whole: bool) -> None:
        """Compare with what the server saw: nothing doubled, nothing lost in the middle, everyone's order kept."""
        assert self.errors == []
        got = sorted(number for share in self.got for number in share)
        # After close() what is still under way is dropped; before the service's own end nothing may be.
        assert got == list(range(session.sent if whole else len(got)))
        assert all(share == sorted(share) for share in self.got)
        assert len(session.received) == len(set(session.received))
        for sender, sent in enumerate(self.sent):
            arrived = [int(name.split("-")[1]) for name in session.received if name.startswith(f"{sender}-")]
            # A send that was under way when the connection ended may have arrived, although it raised.
            assert arrived == list(range(len(arrived)))
            assert len(arrived) <= len(sent) + 1


def number_of(item: Any) -> int:
    return int(str(item.event_id).split("_")[1])


def test_threads_that_send_receive_and_close() -> None:
    """16 threads send, 2 receive, one closes at any moment, or the service: no deadlock, nothing lost or doubled."""
    dice = random.Random(4)

    def send(connection: VoiceLiveConnection, sender: int, seen: Round) -> None:
        for number in range(EVENTS_EACH):
            try:
                connection.response.create(event_id=f"{sender}-{number}")
            except ConnectionClosed:
                return
            seen.sent[sender].append(number)

    def receive(connection: VoiceLiveConnection, receiver: int, seen: Round) -> None:
        seen.got[receiver].extend(number_of(item) for item in connection)

    def guarded(seen: Round, work: Callable[..., None], *arguments: Any) -> threading.Thread:
        def run() -> None:
            try:
                work(*arguments)
            except BaseException as error:  # noqa: BLE001 - told by the round's check
                seen.errors.append(error)

        thread = threading.Thread(target=run, name="stress", daemon=True)
        thread.start()
        return thread

    with TalkingServer() as server:
        for number in range(ROUNDS):
            server.limit = dice.randrange(1, 3000) if number % 2 else None
            seen = Round()
            connection = connect(endpoint=server.endpoint, model="m", connection_options=OPTIONS).open()
            threads = [guarded(seen, send, connection, sender, seen) for sender in range(SENDERS)]
            threads += [guarded(seen, receive, connection, receiver, seen) for receiver in range(RECEIVERS)]
            if server.limit is None:
                time.sleep(dice.random() * 0.1)
                threads.append(guarded(seen, connection.close))
            deadline = time.monotonic() + ROUND_SECONDS
            for thread in threads:
                thread.join(max(0.0, deadline - time.monotonic()))
            assert not any(thread.is_alive() for thread in threads), "deadlock"
            connection.close()
            assert server.sessions[-1].ended.wait(ROUND_SECONDS)
            seen.check(server.sessions[-1], whole=server.limit is not None)


async def test_tasks_that_send_receive_and_close() -> None:
    """The same with tasks."""
    dice = random.Random(5)

    async def send(connection: aio.VoiceLiveConnection, sender: int, seen: Round) -> None:
        for number in range(EVENTS_EACH):
            try:
                await connection.response.create(event_id=f"{sender}-{number}")
            except ConnectionClosed:
                return
            seen.sent[sender].append(number)
            await asyncio.sleep(0)

    async def receive(connection: aio.VoiceLiveConnection, receiver: int, seen: Round) -> None:
        async for item in connection:
            seen.got[receiver].append(number_of(item))

    with TalkingServer() as server:
        for number in range(ROUNDS):
            server.limit = dice.randrange(1, 3000) if number % 2 else None
            seen = Round()
            connection = await aio.connect(endpoint=server.endpoint, model="m", connection_options=OPTIONS).open()
            tasks = [asyncio.ensure_future(send(connection, sender, seen)) for sender in range(SENDERS)]
            tasks += [asyncio.ensure_future(receive(connection, receiver, seen)) for receiver in range(RECEIVERS)]
            if server.limit is None:
                await asyncio.sleep(dice.random() * 0.1)
                tasks.append(asyncio.ensure_future(connection.close()))
            await asyncio.wait_for(asyncio.gather(*tasks), ROUND_SECONDS)
            await connection.close()
            assert await asyncio.to_thread(server.sessions[-1].ended.wait, ROUND_SECONDS)
            seen.check(server.sessions[-1], whole=server.limit is not None)
    await assert_nothing_left(server.port)


def open_files() -> int:
    """Count this process's descriptors; 0 where the system does not tell."""
    folder = Path("/proc/self/fd")
    return len(list(folder.iterdir())) if folder.is_dir() else 0


def memory_kib() -> int:
    """Tell how much memory this process uses; 0 where the system does not tell."""
    status = Path("/proc/self/status")
    lines = status.read_text(encoding="ascii").splitlines() if status.is_file() else []
    return next((int(line.split()[1]) for line in lines if line.startswith("VmRSS")), 0)


@pytest.mark.parametrize("then", [None, closes(1000)], ids=["closed here", "closed there"])
async def test_connections_come_and_go(client: Client, then: Any) -> None:
    """Opening and closing over and over leaves descriptors, threads, tasks and memory as they were."""
    behaviour = sends(event("session.created"), then=then) if then else sends(event("session.created"))

    async def cycle() -> None:
        async with client.connect(server.endpoint) as connection:
            assert (await connection.recv()).type == "session.created"
            if then is not None:
                assert await connection.collect() == []

    with WebSocketServer(behaviour) as server:
        for _ in range(10):
            await cycle()
        await assert_nothing_left(server.port)
        gc.collect()
        files, threads, memory = open_files(), threading.active_count(), memory_kib()
        for _ in range(CYCLES):
            await cycle()
        await assert_nothing_left(server.port)
        gc.collect()
        assert len(asyncio.all_tasks()) == 1
        # The server may still be closing its side of the last one; asyncio keeps threads for the blocking client.
        assert open_files() <= files + 3
        assert threading.active_count() <= threads + 4
        assert memory_kib() <= memory + 16 * 1024


# The million takes ten seconds on an idle machine, a minute on a very busy one.
@pytest.mark.timeout(300)
async def test_a_million_tiny_events(client: Client) -> None:
    """Any number of events of a few bytes arrive, every one, in no more memory than max_buffer allows."""
    total, max_buffer = (1_000_000, 64 * 2**20) if LONG else (100_000, 6 * 2**20)
    tiny = frame(TEXT, b'{"type":"x"}') * 1000
    with RawServer(writes(*[tiny] * (total // 1000), close_frame(1000))) as server:
        memory = memory_kib()
        # The server reads nothing: with a ping unread, its end would be a reset that overtakes the events.
        options = {"ping_interval": None, "max_buffer": max_buffer}
        async with client.connect(server.endpoint, connection_options=options) as connection:
            count = await connection.do(_count if connection.blocking else _count_async)
        assert count == total
        assert memory_kib() <= memory + 3 * max_buffer // 1024
    await assert_nothing_left(server.port)


def _count(connection: Any) -> int:
    return sum(1 for _ in connection)


async def _count_async(connection: Any) -> int:
    count = 0
    async for _ in connection:
        count += 1
    return count

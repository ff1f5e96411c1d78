"""A service that sends without end and reads nothing: sending and closing still end, and memory stays bounded."""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from contextlib import suppress

import pytest

from voicelive import ConnectionClosed, KeepaliveTimeoutError

from .fault_table import PING, TEXT, frame
from .harness import Client, Script, assert_nothing_left
from .servers import RawBehaviour, RawServer, event
from .test_closing import accept_upgrade

pytestmark = pytest.mark.timeout(300)

BATCH = 200
BIG = {"type": "session.update", "session": {"instructions": "x" * 500_000}}
"""So large that a few fill whatever the system buffers."""


class DeafServer(RawServer):
    """A server whose system takes little of what it does not read."""

    async def start(self) -> None:
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
        sock.bind(("127.0.0.1", 0))
        self._server = server = await asyncio.start_server(self._handle, sock=sock)
        self.port = server.sockets[0].getsockname()[1]


def numbered_pings(start: int) -> bytes:
    return b"".join(frame(PING, struct.pack("!I", number) + bytes(121)) for number in range(start, start + BATCH))


async def floods(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Ping as fast as the client takes it, and read nothing."""
    await accept_upgrade(reader, writer)
    sent = 0
    while True:
        writer.write(numbered_pings(sent))
        await writer.drain()
        sent += BATCH
        await asyncio.sleep(0)


async def send_until_it_fails(connection: Script) -> ConnectionClosed:
    try:
        while True:
            await connection.send(BIG)
    except ConnectionClosed as error:
        return error


async def test_the_keepalive_ends_what_nobody_reads(client: Client) -> None:
    """While pings flood in and nothing is read, a send that waits ends when the keepalive runs out."""
    options = {"ping_interval": 0.2, "ping_timeout": 0.4, "close_timeout": 0.5, "ready_timeout": None}
    with DeafServer(floods) as server:
        async with client.connect(server.endpoint, connection_options=options, contract_check="ignore") as connection:
            error = await asyncio.wait_for(send_until_it_fails(connection), 60)
            assert type(error) is KeepaliveTimeoutError
            assert error.unsent is not None
            with pytest.raises(KeepaliveTimeoutError):
                await connection.recv()
        await assert_nothing_left(server.port)


@pytest.mark.parametrize("sending", [True, False], ids=["while sending", "idle"])
async def test_close_is_bounded_in_a_flood(client: Client, sending: bool) -> None:
    """close() takes no longer than close_timeout, and a send that waits ends by it."""
    options = {"ping_interval": None, "close_timeout": 0.5}
    with DeafServer(floods) as server:
        connection = client.connect(server.endpoint, connection_options=options, contract_check="ignore")
        await connection.open()
        blocked = asyncio.ensure_future(send_until_it_fails(connection)) if sending else None
        await asyncio.sleep(0.5)
        started = time.monotonic()
        await connection.close()
        assert time.monotonic() - started < 20
        if blocked is not None:
            assert (await asyncio.wait_for(blocked, 60)).code == 1000
        await assert_nothing_left(server.port)


def floods_then_listens(total: int, answered: list[int], received: asyncio.Event) -> RawBehaviour:
    """Send `total` pings and an event, and read the pongs when the client has that event."""

    async def behaviour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await accept_upgrade(reader, writer)
        for start in range(0, total, BATCH):
            writer.write(numbered_pings(start))
            await writer.drain()
        writer.write(frame(TEXT, event("session.created").encode()))
        await received.wait()
        with suppress(asyncio.IncompleteReadError):
            while not answered or answered[-1] != total - 1:
                head = await reader.readexactly(6)
                masked = await reader.readexactly(head[1] & 0x7F)
                answered.append(
                    struct.unpack("!I", bytes(a ^ b for a, b in zip(masked, head[2:] * 2, strict=False))[:4])[0]
                )
        writer.write(frame(0x8, struct.pack("!H", 1000)))
        await reader.read(1000)

    return behaviour


async def test_only_the_last_of_many_pings_need_be_answered(client: Client) -> None:
    """Receiving goes on while pongs cannot go out; of those that wait only the last is kept, and is sent in the end."""
    total, answered = 40_000, list[int]()
    received = asyncio.Event()

    async def tell() -> None:
        received.set()

    with DeafServer(floods_then_listens(total, answered, received)) as server:
        options = {"ping_interval": None, "close_timeout": 2}
        async with client.connect(server.endpoint, connection_options=options) as connection:
            assert (await connection.recv(30)).type == "session.created"
            server.run(tell())
            assert await connection.collect() == []
            assert connection.close_info.code == 1000
        assert answered == sorted(answered)
        assert answered[-1] == total - 1
        # A system buffers some megabytes; the rest was never kept.
        assert len(answered) < total
        await assert_nothing_left(server.port)

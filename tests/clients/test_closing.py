"""How connections end: close codes, who is told, and what is left behind."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Any, NamedTuple

import pytest

from voicelive import (
    CloseInfo,
    ConfigurationError,
    ConnectionClosed,
    ConnectionStateError,
    KeepaliveTimeoutError,
)
from voicelive._transport.buffered_connection import StreamConnection
from voicelive.errors import ConnectionError as VoiceLiveConnectionError

from .harness import Client, assert_nothing_left
from .servers import Behaviour, RawServer, WebSocketServer, breaks, closes, event, sends

pytestmark = pytest.mark.timeout(300)


class Ending(NamedTuple):
    """A way the server ends the connection, and what the client makes of it."""

    name: str
    behaviour: Behaviour
    info: CloseInfo
    quiet: bool


ENDINGS = [
    Ending("normal", closes(1000, "bye"), CloseInfo(1000, "bye", "server"), quiet=True),
    Ending("going away", closes(1001, "restart"), CloseInfo(1001, "restart", "server"), quiet=False),
    Ending("no code", closes(None), CloseInfo(1005, "", "server"), quiet=False),
    Ending("broken", breaks, CloseInfo(1006, "", "network"), quiet=False),
    Ending("policy", closes(1008, "no"), CloseInfo(1008, "no", "server"), quiet=False),
    Ending("too big", closes(1009), CloseInfo(1009, "", "server"), quiet=False),
    Ending("internal", closes(1011, "oops"), CloseInfo(1011, "oops", "server"), quiet=False),
    Ending("own code", closes(3000, "custom"), CloseInfo(3000, "custom", "server"), quiet=False),
]
each_ending = pytest.mark.parametrize("ending", ENDINGS, ids=[ending.name for ending in ENDINGS])


@each_ending
async def test_iteration_ends_as_the_code_says(client: Client, ending: Ending) -> None:
    """Iteration gives what came before the end, then ends quietly for 1000 and raises for any other code."""
    behaviour = sends(event("session.created"), event("session.updated"), then=ending.behaviour)
    with WebSocketServer(behaviour) as server:
        async with client.connect(server.endpoint) as connection:
            assert (await connection.recv()).type == "session.created"
            if ending.quiet:
                assert [item.type for item in await connection.collect()] == ["session.updated"]
            else:
                assert (await connection.recv()).type == "session.updated"
                with pytest.raises(ConnectionClosed) as caught:
                    await connection.collect()
                assert (caught.value.code, caught.value.reason) == (ending.info.code, ending.info.reason)
            assert connection.close_info == ending.info
        assert connection.close_info == ending.info
        await assert_nothing_left(server.port)


@each_ending
async def test_recv_wait_for_and_send_raise_after_the_end(client: Client, ending: Ending) -> None:
    """After any end, 1000 too, every method raises ConnectionClosed with the code, the reason and who ended it."""
    with WebSocketServer(ending.behaviour) as server:
        async with client.connect(server.endpoint) as connection:
            for use in (
                lambda: connection.recv(),
                lambda: connection.recv_bytes(),
                lambda: connection.wait_for("session.created"),
                lambda: connection.send({"type": "response.create"}),
                lambda: connection.call("response.create"),
            ):
                with pytest.raises(ConnectionClosed) as caught:
                    await use()
                assert caught.value.info == ending.info
                assert caught.value.code == ending.info.code
                assert f"127.0.0.1:{server.port}" in str(caught.value)


async def test_close_sends_code_and_reason(client: Client) -> None:
    """close(code, reason) goes to the server as given, and close_info calls it local."""
    with WebSocketServer() as server:
        connection = client.connect(server.endpoint)
        await connection.open()
        assert connection.close_info is None
        await connection.close(3001, "done here")
        assert connection.close_info == CloseInfo(3001, "done here", "local")
        await assert_nothing_left(server.port)
    assert server.closed == [(3001, "done here")]


async def test_after_close_iteration_is_quiet_and_the_rest_raises(client: Client) -> None:
    """After close() what had arrived is dropped: iteration ends, recv, wait_for and send raise."""
    with WebSocketServer(sends(event("session.created"), event("session.updated"))) as server:
        connection = client.connect(server.endpoint)
        await connection.open()
        await connection.wait_for("session.updated")
        await connection.close()
        assert await connection.collect() == []
        for use in (
            lambda: connection.recv(),
            lambda: connection.wait_for("session.created"),
            lambda: connection.send({"type": "response.create"}),
        ):
            with pytest.raises(ConnectionClosed) as caught:
                await use()
            assert caught.value.code == 1000


async def test_close_is_idempotent(client: Client) -> None:
    """Closing again, also from several sides at once, changes nothing."""
    with WebSocketServer() as server:
        connection = client.connect(server.endpoint)
        await connection.open()
        await asyncio.gather(*(connection.close(1000, "first") for _ in range(5)))
        await connection.close(3000, "late")
        assert connection.close_info == CloseInfo(1000, "first", "local")
    assert server.closed == [(1000, "first")]


async def test_close_wakes_everyone_who_waits(client: Client) -> None:
    """close() ends a pending recv, wait_for and iteration of other tasks and threads."""
    with WebSocketServer() as server:
        connection = client.connect(server.endpoint)
        await connection.open()
        waiting: list[asyncio.Future[Any]] = [
            asyncio.ensure_future(connection.collect()),
            asyncio.ensure_future(connection.recv(None)),
            asyncio.ensure_future(connection.recv_bytes(None)),
            asyncio.ensure_future(connection.wait_for("session.created", None)),
        ]
        await asyncio.sleep(0.2)
        await connection.close()
        results = await asyncio.wait_for(asyncio.gather(*waiting, return_exceptions=True), 60)
        assert results[0] == []
        assert [type(result) for result in results[1:]] == [ConnectionClosed] * 3


async def test_close_is_bounded_when_the_server_does_not_answer(client: Client) -> None:
    """close() gives up after close_timeout when no close frame comes back."""

    async def ignores_close(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await accept_upgrade(reader, writer)
        await asyncio.sleep(60)

    with RawServer(ignores_close) as server:
        connection = client.connect(server.endpoint, connection_options={"close_timeout": 0.5})
        await connection.open()
        started = time.monotonic()
        await connection.close()
        assert 0.3 < time.monotonic() - started < 20
        assert connection.close_info == CloseInfo(1000, "", "local")
        await assert_nothing_left(server.port)


async def test_close_frees_a_send_that_blocks(client: Client) -> None:
    """When the server stops reading, a blocked send ends with ConnectionClosed and close() is still bounded."""

    async def never_reads(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await accept_upgrade(reader, writer)
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        await asyncio.sleep(60)

    async def send_for_ever() -> None:
        while True:
            await connection.call("input_audio_buffer.append", audio=bytes(1_000_000))

    with RawServer(never_reads) as server:
        connection = client.connect(server.endpoint, connection_options={"close_timeout": 0.5})
        await connection.open()
        sending = asyncio.ensure_future(send_for_ever())
        await asyncio.sleep(0.5)
        assert not sending.done()
        started = time.monotonic()
        await connection.close()
        assert time.monotonic() - started < 20
        with pytest.raises(ConnectionClosed):
            await asyncio.wait_for(sending, 60)
        await assert_nothing_left(server.port)


async def test_an_error_in_the_body_closes_too(client: Client) -> None:
    """An exception inside the with block passes through, and the connection is closed."""
    with WebSocketServer() as server:
        with pytest.raises(ZeroDivisionError):
            async with client.connect(server.endpoint):
                _ = 1 / 0
        await assert_nothing_left(server.port)
    assert [code for code, _ in server.closed] == [1000]


async def test_open_only_once(client: Client) -> None:
    """A second open(), while open or after close(), says to call connect() again."""
    with WebSocketServer() as server:
        connection = client.connect(server.endpoint)
        assert await connection.open() is connection.connection
        with pytest.raises(ConnectionStateError, match=r"call connect\(\)"):
            await connection.open()
        await connection.close()
        with pytest.raises(ConnectionStateError, match=r"call connect\(\)"):
            await connection.open()


async def test_use_before_open_is_an_error(client: Client) -> None:
    """Receiving and sending on an unopened connection say how to open it."""
    connection = client.connect("http://127.0.0.1:1")
    for use in (
        lambda: connection.recv(),
        lambda: connection.wait_for("session.created"),
        lambda: connection.send({"type": "response.create"}),
        lambda: connection.collect(),
    ):
        with pytest.raises(ConnectionStateError, match=r"open\(\)"):
            await use()
    assert connection.close_info is None


async def test_close_before_open(client: Client) -> None:
    """Closing an unopened connection is allowed, and final."""
    connection = client.connect("http://127.0.0.1:1")
    await connection.close()
    with pytest.raises(ConnectionStateError):
        await connection.open()
    with pytest.raises(ConnectionClosed):
        await connection.recv()


async def test_close_while_opening(client: Client) -> None:
    """close() from elsewhere while the connection opens leaves nothing open."""

    connected, closed = threading.Event(), asyncio.Event()

    async def answers_late(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connected.set()
        await closed.wait()
        await accept_upgrade(reader, writer)
        await reader.read()

    async def tell() -> None:
        closed.set()

    with RawServer(answers_late) as server:
        connection = client.connect(server.endpoint, connection_options={"close_timeout": 1})
        opening = asyncio.ensure_future(connection.open())
        assert await asyncio.to_thread(connected.wait, 60)
        await connection.close()
        server.run(tell())
        with pytest.raises(ConnectionStateError, match="while the connection was opening"):
            await asyncio.wait_for(opening, 60)
        await assert_nothing_left(server.port)


@pytest.mark.parametrize(
    ("code", "reason", "says"),
    [
        *((code, "", f"close code {code} cannot be sent") for code in (999, 1005, 1006, 2999, 5000)),
        ("1000", "", "close code '1000'"),
        (1000.0, "", "close code 1000.0"),
        (True, "", "close code True"),
        (1000, "x" * 124, "has 124 bytes"),
        (1000, None, "reason is None"),
        (1000, b"bye", "reason is b'bye'"),
        (1000, "\ud800", "surrogate"),
    ],
)
async def test_bad_close_arguments(client: Client, code: Any, reason: Any, says: str) -> None:
    """A code that no application may send, or a reason that does not fit, is refused and nothing is closed."""
    with WebSocketServer() as server:
        async with client.connect(server.endpoint) as connection:
            with pytest.raises(ConfigurationError, match=says):
                await connection.close(code, reason)
            assert connection.close_info is None


async def test_an_unanswered_keepalive_ends_the_connection(client: Client) -> None:
    """When pings go unanswered the connection counts as broken, and says so."""

    async def falls_silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await accept_upgrade(reader, writer)
        await asyncio.sleep(60)

    options = {"ping_interval": 0.2, "ping_timeout": 0.2, "close_timeout": 0.3}
    with RawServer(falls_silent) as server:
        async with client.connect(server.endpoint, connection_options=options) as connection:
            with pytest.raises(KeepaliveTimeoutError, match="check the network") as caught:
                await connection.collect()
            assert (caught.value.code, caught.value.initiator, caught.value.recoverable) == (1011, "timeout", True)


async def test_a_message_over_the_limit_ends_the_connection(client: Client) -> None:
    """A message larger than max_size closes with 1009, and the error names the option."""
    with WebSocketServer(sends("x" * 5000)) as server:
        async with client.connect(server.endpoint, connection_options={"max_size": 4096}) as connection:
            with pytest.raises(ConnectionClosed, match="max_size") as caught:
                await connection.recv()
            assert caught.value.code == 1009
            with pytest.raises(ConnectionClosed):
                await connection.collect()


async def test_the_mission_error_snippet(client: Client) -> None:
    """`except ConnectionClosed` sees code and reason; `except ConnectionError` sees a refused connection."""
    from azure.core.exceptions import AzureError

    with WebSocketServer(closes(1008, "policy")) as server, pytest.raises(client.package.ConnectionClosed) as closed:
        async with client.connect(server.endpoint) as connection:
            await connection.collect()
    assert (closed.value.code, closed.value.reason) == (1008, "policy")
    assert isinstance(closed.value, client.package.ConnectionError)
    assert isinstance(closed.value, AzureError)
    with pytest.raises(VoiceLiveConnectionError) as refused:
        await client.connect(server.endpoint).open()
    assert isinstance(refused.value, ConnectionError)


async def test_a_connection_lost_with_its_handshake_leaves_no_task(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A service that hangs up right after the handshake may do so before keepalive begins: none begins then."""
    made: list[StreamConnection] = []
    handshake = StreamConnection.handshake

    async def and_lost(self: StreamConnection, *arguments: Any, **more: Any) -> None:
        await handshake(self, *arguments, **more)
        made.append(self)
        await asyncio.wait({self.connection_lost_waiter}, timeout=60)

    async def hangs_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await accept_upgrade(reader, writer)

    monkeypatch.setattr(StreamConnection, "handshake", and_lost)
    with RawServer(hangs_up) as server:
        with pytest.raises(ConnectionClosed):
            async with client.connect(server.endpoint) as connection:
                await connection.recv()
        assert [link.keepalive_task for link in made] == [None]
        await assert_nothing_left(server.port)


async def accept_upgrade(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer a WebSocket handshake by hand."""
    from websockets.utils import accept_key

    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    key = next(line.split(": ", 1)[1] for line in head.splitlines() if line.lower().startswith("sec-websocket-key"))
    writer.write(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Accept: {accept_key(key)}\r\n\r\n".encode()
    )
    await writer.drain()

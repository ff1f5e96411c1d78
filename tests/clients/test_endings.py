"""What decides how a connection ended: the service's last words, and its close frame even if TCP stays open."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, NamedTuple

import pytest

from voicelive import (
    CloseInfo,
    ConfigurationRejectedError,
    ConnectionClosed,
    ReconnectPolicy,
    SessionExpiredError,
)

from .fault_table import CLOSE, CONT, CREATED, PING, TEXT, close_frame, frame
from .harness import Client, Script, assert_nothing_left
from .servers import RawBehaviour, RawServer, event
from .test_closing import accept_upgrade

pytestmark = pytest.mark.timeout(300)

EXPIRED = event("error", error={"code": "session_expired", "message": "The session's time is up."}).encode()
REJECTED = event("error", error={"code": "max_config_attempts_exceeded", "message": "Failed 5 times."}).encode()
OTHER = event("error", error={"code": "invalid_value", "message": "Not a voice."}).encode()
DELTA = event("response.audio.delta", delta="AAAA").encode()
QUICK = {"close_timeout": 0.1, "ping_interval": None, "ready_timeout": None}
FAST_PINGS = {"close_timeout": 0.1, "ping_interval": 0.1, "ping_timeout": 0.2, "ready_timeout": None}
POLICY = ReconnectPolicy(initial_delay=0.01, max_delay=0.01)


def then(*pieces: bytes, end: str, after: RawBehaviour | None = None) -> RawBehaviour:
    """Upgrade, write `pieces`, and end: "eof", "reset", or "open", which leaves TCP as it is.

    From the second connection on do as `after` says, if given.
    """
    connections = 0

    async def behaviour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        if connections > 1 and after is not None:
            await after(reader, writer)
            return
        await accept_upgrade(reader, writer)
        for piece in pieces:
            writer.write(piece)
        await writer.drain()
        if end == "reset":
            # What was written must have been read before.
            await asyncio.sleep(0.1)
            writer.transport.abort()
        elif end == "eof":
            writer.write_eof()
        with suppress(OSError):
            await reader.read(-1)

    return behaviour


async def restores(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Upgrade, and be a session that has nothing to say."""
    await accept_upgrade(reader, writer)
    created = {"type": "session.created", "event_id": "e", "session": {"id": "sess_2"}}
    writer.write(frame(TEXT, json.dumps(created).encode()))
    with suppress(OSError):
        await reader.read(-1)


# How receivers learn of it: each way is to raise the same.

Way = Callable[[Script], Awaitable[Any]]
WAYS: dict[str, Way] = {
    "recv": lambda script: script.recv(None),
    "recv with a timeout": lambda script: script.recv(60),
    "recv_bytes": lambda script: script.recv_bytes(None),
    "iteration": lambda script: script.collect(),
    "wait_for": lambda script: script.wait_for("response.done", None),
    "wait_for that keeps nothing": lambda script: script.do(lambda one: one.wait_for("response.done", 60, keep=False)),
}


class Ending(NamedTuple):
    """The bytes that end a connection, while TCP stays open."""

    name: str
    data: bytes
    info: CloseInfo


ENDINGS = [
    Ending("close 1001", close_frame(1001, b"going away"), CloseInfo(1001, "going away", "server")),
    Ending("close 1011", close_frame(1011), CloseInfo(1011, "", "server")),
    Ending("close without a code", frame(CLOSE), CloseInfo(1005, "", "server")),
    Ending("a masked frame", frame(TEXT, b"{}", mask=True), CloseInfo(1002, "", "local")),
    Ending("a reserved opcode", frame(11), CloseInfo(1002, "", "local")),
    Ending("a continuation of nothing", frame(CONT), CloseInfo(1002, "", "local")),
    Ending("a close code that nobody may send", close_frame(1006), CloseInfo(1002, "", "local")),
]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("ending", ENDINGS, ids=[ending.name for ending in ENDINGS])
async def test_the_last_frame_ends_it_while_tcp_stays_open(client: Client, ending: Ending, way: str) -> None:
    """A close frame, or one that breaks the protocol, is told within close_timeout, on every way of receiving."""
    with RawServer(then(ending.data, end="open")) as server:
        async with client.connect(server.endpoint, connection_options=QUICK) as connection:
            started = time.monotonic()
            with pytest.raises(ConnectionClosed) as caught:
                await WAYS[way](connection)
            assert time.monotonic() - started < 20
            assert caught.value.info == connection.close_info
            assert (caught.value.code, caught.value.initiator) == (ending.info.code, ending.info.initiator)
            # What breaks the protocol is described in the words of `websockets`.
            assert caught.value.reason == ending.info.reason or ending.info.code == 1002
            with pytest.raises(ConnectionClosed):
                await connection.call("response.create")
        await assert_nothing_left(server.port)


async def test_what_came_before_the_last_frame_is_received(client: Client) -> None:
    """What arrived before the close frame is there, all of it, although the end is known already."""
    messages = [frame(TEXT, event("session.updated", number).encode()) for number in range(200)]
    with RawServer(then(*messages, close_frame(1001), end="open")) as server:
        async with client.connect(server.endpoint, connection_options=QUICK) as connection:
            for number in range(200):
                assert (await connection.recv()).event_id == f"event_{number}"
            with pytest.raises(ConnectionClosed, match="1001"):
                await connection.recv()


async def test_1000_is_quiet_while_tcp_stays_open(client: Client) -> None:
    """An iteration ends quietly with the service's 1000, without waiting for TCP."""
    with RawServer(then(frame(TEXT, CREATED), close_frame(1000), end="open")) as server:
        async with client.connect(server.endpoint, connection_options={**QUICK, "close_timeout": 60}) as connection:
            started = time.monotonic()
            assert [each.type for each in await connection.collect()] == ["session.created"]
            assert time.monotonic() - started < 30
            # The close of the block would wait for the service to end TCP.
            server.drop()


async def test_half_closed_tcp_ends_it_although_nothing_can_be_sent(client: Client) -> None:
    """The end of what the service sends is told, also where what this side sent is never read."""

    async def half_closes(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await accept_upgrade(reader, writer)
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        await asyncio.sleep(0.5)
        writer.write_eof()
        await asyncio.sleep(30)

    async def send_for_ever() -> None:
        while True:
            await connection.call("input_audio_buffer.append", audio=bytes(1_000_000))

    with RawServer(half_closes) as server:
        connection = client.connect(server.endpoint, connection_options=QUICK)
        await connection.open()
        sending = asyncio.ensure_future(send_for_ever())
        started = time.monotonic()
        with pytest.raises(ConnectionClosed, match="1006"):
            await connection.recv(None)
        with pytest.raises(ConnectionClosed):
            await asyncio.wait_for(sending, 60)
        assert time.monotonic() - started < 20
        await connection.close()
        await assert_nothing_left(server.port)


@pytest.mark.parametrize("ending", ENDINGS[:5:2], ids=[ending.name for ending in ENDINGS[:5:2]])
async def test_a_policy_reconnects_at_once_while_tcp_stays_open(client: Client, ending: Ending) -> None:
    """With a policy the new connection is made within close_timeout from the close frame on."""
    with RawServer(then(ending.data, end="open", after=restores)) as server:
        options = {**QUICK, "close_timeout": 15}
        async with client.connect(server.endpoint, connection_options=options, reconnect=POLICY) as connection:
            started = time.monotonic()
            if ending.info.initiator == "local":
                with pytest.raises(ConnectionClosed, match="1002"):
                    await connection.wait_for("voicelive.restored")
            else:
                assert (await connection.wait_for("voicelive.restored")).type == "voicelive.restored"
            assert time.monotonic() - started < 15
            # Both TCP connections would stay open for as long.
            closing = asyncio.ensure_future(connection.close())
            while not closing.done():
                server.drop()
                await asyncio.sleep(0.01)


async def test_close_info_is_there_after_a_cancelled_close() -> None:
    """A close() that is cancelled while the service does not answer has ended the connection; close_info says so."""
    client = Client("async")
    with RawServer(then(end="open")) as server:
        for steps in (0, 1, 2, 10):
            connection = client.connect(server.endpoint, connection_options={"close_timeout": 30})
            await connection.open()
            closing = asyncio.ensure_future(connection.close(3001, "enough"))
            for _ in range(steps):
                await asyncio.sleep(0)
            closing.cancel()
            with pytest.raises(asyncio.CancelledError):
                await closing
            if steps:
                assert connection.close_info == CloseInfo(3001, "enough", "local")
            else:
                # It had not begun.
                assert connection.close_info is None
                connection.connection._transport.abort()


END_EVIDENCE = {
    "expired": ([EXPIRED], SessionExpiredError),
    "expired, then more": ([EXPIRED, *[DELTA] * 8, event("response.done").encode()], SessionExpiredError),
    "rejected": ([REJECTED], ConfigurationRejectedError),
    "rejected, then more": ([REJECTED, *[DELTA] * 8], ConfigurationRejectedError),
}
LAST_ENDS: dict[str, tuple[list[bytes], str, dict[str, Any]]] = {
    "end of TCP": ([], "eof", QUICK),
    "reset": ([], "reset", QUICK),
    **{f"close {code}": ([close_frame(code)], "eof", QUICK) for code in (1000, 1001, 1008, 1011, 4999)},
    "close without a code": ([frame(CLOSE)], "eof", QUICK),
    "close 1000, TCP open": ([close_frame(1000)], "open", QUICK),
    "a frame that breaks the protocol": ([frame(11)], "open", QUICK),
    "half a frame": ([b"\x81\x7e"], "eof", QUICK),
    "silence": ([], "open", FAST_PINGS),
}


@pytest.mark.parametrize("words", END_EVIDENCE)
@pytest.mark.parametrize("end", LAST_ENDS)
async def test_the_last_events_decide_however_it_ends(client: Client, words: str, end: str) -> None:
    """What the service last said is the error, whatever way the connection then ends."""
    said, kind = END_EVIDENCE[words]
    last, how, options = LAST_ENDS[end]
    with RawServer(then(*(frame(TEXT, each) for each in said), *last, end=how)) as server:
        async with client.connect(server.endpoint, connection_options=options) as connection:
            for receive in (connection.collect, connection.recv):
                with pytest.raises(ConnectionClosed) as caught:
                    await receive()
                assert type(caught.value) is kind
            assert caught.value.recoverable is (kind is SessionExpiredError)
            assert connection.close_info.recoverable is (kind is SessionExpiredError)


@pytest.mark.parametrize("end", LAST_ENDS)
async def test_a_policy_replaces_a_session_that_expired(client: Client, end: str) -> None:
    """With a policy an expired session is replaced, whatever way its connection ends."""
    last, how, options = LAST_ENDS[end]
    # The new connection is pinged like the old one, and answers nothing.
    options = {**options, "ping_timeout": 0.5}
    with RawServer(then(frame(TEXT, EXPIRED), *last, end=how, after=restores)) as server:
        async with client.connect(server.endpoint, connection_options=options, reconnect=POLICY) as connection:
            assert (await connection.wait_for("voicelive.restored")).type == "voicelive.restored"


@pytest.mark.parametrize("end", LAST_ENDS)
async def test_a_policy_gives_up_on_a_rejected_configuration(client: Client, end: str) -> None:
    """With a policy a rejected configuration is final: connecting again would only be rejected again."""
    last, how, options = LAST_ENDS[end]
    with RawServer(then(frame(TEXT, REJECTED), *last, end=how, after=restores)) as server:
        async with client.connect(server.endpoint, connection_options=options, reconnect=POLICY) as connection:
            with pytest.raises(ConfigurationRejectedError):
                await connection.wait_for("voicelive.restored")
        assert server.connections == 1


class Watching:
    """An observer, so that each event is looked at as it arrives."""

    def on_receive(self, event: Any, now: float) -> None:
        """Take an event."""


LISTENERS: dict[str, dict[str, Any]] = {
    "plain": {},
    "with a conversation": {"barge_in": True},
    "with metrics and an observer": {"metrics": True, "observers": [Watching()]},
}


def in_frames(message: bytes, size: int, between: bytes = b"") -> bytes:
    """A text message in frames of `size` bytes, with `between` after each but the last."""
    parts = [message[start : start + size] for start in range(0, len(message), size)]
    last = len(parts) - 1
    frames = [frame(CONT if number else TEXT, part, fin=number == last) for number, part in enumerate(parts)]
    return between.join(frames)


@pytest.mark.parametrize("between", [b"", frame(PING, b"!")], ids=["", "pings between"])
@pytest.mark.parametrize("size", [1, 7, 100])
@pytest.mark.parametrize("listener", LISTENERS)
async def test_an_error_in_several_frames_counts_whole(
    client: Client, listener: str, size: int, between: bytes
) -> None:
    """An error event is received whole, and decides how the connection ended, in however many frames it comes."""
    started = frame(TEXT, CREATED) + in_frames(OTHER, size, between) + in_frames(EXPIRED, size, between)
    with RawServer(then(started, close_frame(1000), end="eof")) as server:
        options = {"connection_options": QUICK, **LISTENERS[listener]}
        async with client.connect(server.endpoint, **options) as connection:
            received = [await connection.recv() for _ in range(3)]
            with pytest.raises(SessionExpiredError):
                await connection.recv()
    assert [one.to_dict() for one in received[1:]] == [json.loads(OTHER), json.loads(EXPIRED)]


@pytest.mark.parametrize("size", [1, 7, 100])
async def test_a_policy_knows_errors_in_several_frames(client: Client, size: int) -> None:
    """With a policy an expired session is replaced and a rejected configuration is final, however they are framed."""
    outcomes = []
    for words in (EXPIRED, REJECTED):
        with RawServer(then(in_frames(words, size), close_frame(1000), end="eof", after=restores)) as server:
            async with client.connect(server.endpoint, connection_options=QUICK, reconnect=POLICY) as connection:
                try:
                    outcomes.append((await connection.wait_for("voicelive.restored")).type)
                except ConnectionClosed as closed:
                    outcomes.append(type(closed))
    assert outcomes == ["voicelive.restored", ConfigurationRejectedError]


@pytest.mark.parametrize("size", [1000, 5000])
async def test_a_long_error_in_several_frames_is_received(client: Client, size: int) -> None:
    """An error event far longer than any the service sends arrives whole, and the call goes on."""
    long = event("error", error={"code": "invalid_value", "message": "x" * 100_000}).encode()
    with RawServer(then(in_frames(long, size), frame(TEXT, DELTA), close_frame(1000), end="eof")) as server:
        async with client.connect(server.endpoint, connection_options=QUICK) as connection:
            assert (await connection.recv()).to_dict()["error"]["message"] == "x" * 100_000
            assert [one.type for one in await connection.collect()] == ["response.audio.delta"]

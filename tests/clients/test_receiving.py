"""Receiving and sending: order, timeouts, several receivers at once, and what wait_for keeps."""

from __future__ import annotations

import asyncio
import gc
import json
import re
import ssl
from contextlib import suppress
from functools import partial
from typing import Any

import pytest
import trustme
from azure.core.credentials import AzureKeyCredential
from websockets.asyncio.server import ServerConnection

from voicelive import ConfigurationError, ConnectionClosed, InvalidEventError, ReceiveTimeoutError
from voicelive.models import (
    AnyServerEvent,
    ClientEventResponseCreate,
    MalformedServerEvent,
    ServerEventResponseDone,
    ServerEventSessionUpdated,
    UnknownServerEvent,
)

from .harness import Client, assert_nothing_left
from .servers import WebSocketServer, closes, event, reads_everything, sends

pytestmark = pytest.mark.timeout(300)

ERROR = event("error", error={"type": "invalid_request_error", "code": "bad", "message": "that was wrong"})


def is_number_4(item: AnyServerEvent) -> bool:
    return item.event_id == "event_4"


async def echoes(connection: ServerConnection) -> None:
    """Answer each client event with a server event that carries its event_id."""
    async for message in connection:
        await connection.send(event("session.updated", name=json.loads(message).get("event_id")))


async def test_recv_bytes_is_the_exact_message(client: Client) -> None:
    """recv_bytes gives each message byte for byte: odd spacing, unknown keys, binary frames, no JSON at all."""
    messages: list[str | bytes] = ['{ "type" : "x.y","é":1 }', b'{"type":"error"}', "no json", b"\xff\x00", ""]
    with WebSocketServer(sends(*messages)) as server:
        async with client.connect(server.endpoint) as connection:
            for message in messages:
                expected = message if isinstance(message, bytes) else message.encode()
                assert await connection.recv_bytes() == expected


async def test_odd_messages_never_end_the_loop(client: Client) -> None:
    """Unknown types and messages that are no event arrive as classes of their own, and iteration goes on."""
    messages: list[str | bytes] = [
        '{"type": "brand.new", "x": 1}',
        "no json",
        b"\xff",
        "[1]",
        event("response.done", response={"id": "r"}),
    ]
    with WebSocketServer(sends(*messages, then=closes(1000))) as server:
        async with client.connect(server.endpoint) as connection:
            events = await connection.collect()
    kinds = [
        UnknownServerEvent,
        MalformedServerEvent,
        MalformedServerEvent,
        MalformedServerEvent,
        ServerEventResponseDone,
    ]
    assert [type(item) for item in events] == kinds


async def test_recv_timeout_loses_nothing(client: Client) -> None:
    """recv(timeout) raises in time with the time in its message; what comes later is received by the next call."""
    go = asyncio.Event()

    async def behaviour(connection: ServerConnection) -> None:
        await go.wait()
        await sends(event("session.created"), event("session.updated"))(connection)

    with WebSocketServer(behaviour) as server:
        async with client.connect(server.endpoint) as connection:
            for timeout in (0, 0.05):
                with pytest.raises(ReceiveTimeoutError, match=rf"no event within {timeout} s") as caught:
                    await connection.recv(timeout)
                assert isinstance(caught.value, TimeoutError)
                assert caught.value.timeout == timeout
            server.run(_set(go)).result(30)
            assert [(await connection.recv()).type for _ in range(2)] == ["session.created", "session.updated"]


async def test_timeouts_race_with_arrivals(client: Client) -> None:
    """Receiving with timeouts that keep expiring around the moments of arrival gives every message once, in order."""
    total = 150

    async def trickle(connection: ServerConnection) -> None:
        for number in range(total):
            await connection.send(event("session.updated", number))
            await asyncio.sleep(0.002)

    with WebSocketServer(trickle) as server:
        async with client.connect(server.endpoint) as connection:
            got: list[str] = []
            while len(got) < total:
                with suppress(ReceiveTimeoutError):
                    got.append(str((await connection.recv(0.002)).event_id))
            assert got == [f"event_{number}" for number in range(total)]


async def test_receive_timeout_option(client: Client) -> None:
    """The option receive_timeout bounds recv and iteration that were given no time; a time given wins."""
    with WebSocketServer() as server:
        async with client.connect(server.endpoint, connection_options={"receive_timeout": 0.1}) as connection:
            with pytest.raises(ReceiveTimeoutError, match=r"0\.1 s"):
                await connection.recv(None)
            with pytest.raises(ReceiveTimeoutError, match=r"0\.1 s"):
                await connection.collect()
            with pytest.raises(ReceiveTimeoutError, match=r"0\.2 s"):
                await connection.recv(0.2)


async def test_wait_for_keeps_what_it_passes_over(client: Client) -> None:
    """wait_for takes the event it waits for, by type, class or function; the rest stays in order, to the byte."""
    kinds = ["session.created", "error", "session.updated", "response.created", "response.done"]
    messages = [event(kind, number) for number, kind in enumerate(kinds)]
    with WebSocketServer(sends(*messages, then=closes(1000))) as server:
        async with client.connect(server.endpoint) as connection:
            updated = await connection.wait_for(ServerEventSessionUpdated)
            assert (type(updated), updated.event_id) == (ServerEventSessionUpdated, "event_2")
            done = await connection.wait_for(is_number_4)
            assert done.type == "response.done"
            assert (await connection.wait_for("error")).event_id == "event_1"
            assert await connection.recv_bytes() == messages[0].encode()
            assert [item.event_id for item in await connection.collect()] == ["event_3"]


async def test_wait_for_says_what_came_instead(client: Client) -> None:
    """A wait_for that times out names what it waited for, what arrived, and the last error event; all of it is kept."""
    messages = [event("response.created"), event("response.audio.delta"), event("response.audio.delta"), ERROR]
    with WebSocketServer(sends(*messages)) as server:
        async with client.connect(server.endpoint) as connection:
            with pytest.raises(ReceiveTimeoutError) as caught:
                await connection.wait_for("session.updated", 0.5)
            text = str(caught.value)
            for part in ("'session.updated'", "0.5 s", "2 x response.audio.delta", "1 x error", "bad: that was wrong"):
                assert part in text
            assert caught.value.arrived == {"response.created": 1, "response.audio.delta": 2, "error": 1}
            with pytest.raises(ReceiveTimeoutError, match=r"no ServerEventSessionUpdated .* nothing arrived"):
                await connection.wait_for(ServerEventSessionUpdated, 0.05)
            assert [(await connection.recv()).type for _ in range(4)] == [json.loads(item)["type"] for item in messages]


async def test_wait_for_and_the_end(client: Client) -> None:
    """If the connection ends first, wait_for raises ConnectionClosed, and what it passed over can still be received."""
    with WebSocketServer(sends(event("session.created"), ERROR, then=closes(1008, "enough"))) as server:
        async with client.connect(server.endpoint) as connection:
            with pytest.raises(ConnectionClosed, match="1008"):
                await connection.wait_for("session.updated")
            assert (await connection.recv()).type == "session.created"
            assert (await connection.wait_for("error")).type == "error"
            with pytest.raises(ConnectionClosed, match="1008"):
                await connection.recv()


async def test_wait_for_beside_an_iteration(client: Client) -> None:
    """While others iterate and wait, each event goes to exactly one: the wait_for it fits, else the iteration."""
    kinds = ["session.created", "session.updated", "response.created", "response.done", "session.updated"]

    async def behaviour(connection: ServerConnection) -> None:
        await connection.recv()
        await sends(*(event(kind, number) for number, kind in enumerate(kinds)), then=closes(1000))(connection)

    with WebSocketServer(behaviour) as server:
        async with client.connect(server.endpoint) as connection:
            iterating = asyncio.ensure_future(connection.collect())
            waits = [
                asyncio.ensure_future(connection.wait_for(condition))
                for condition in ("response.done", ServerEventSessionUpdated)
            ]
            await connection.until_waiting(3)
            await connection.send({"type": "response.create"})
            done, updated = await asyncio.wait_for(asyncio.gather(*waits), 60)
            assert (done.event_id, updated.event_id) == ("event_3", "event_1")
            rest = await asyncio.wait_for(iterating, 60)
            assert [item.event_id for item in rest] == ["event_0", "event_2", "event_4"]


async def test_an_iteration_gets_what_wait_for_passes_over_at_once(client: Client) -> None:
    """A receiver does not wait for another's wait_for to finish: events that do not fit reach it immediately."""

    async def behaviour(connection: ServerConnection) -> None:
        await connection.recv()
        await sends(event("session.created"), then=reads_everything)(connection)

    with WebSocketServer(behaviour) as server:
        async with client.connect(server.endpoint) as connection:
            waiting = asyncio.ensure_future(connection.wait_for("response.done", None))
            await connection.until_waiting(1)
            receiving = asyncio.ensure_future(connection.recv())
            await connection.until_waiting(2)
            await connection.send({"type": "response.create"})
            assert (await asyncio.wait_for(receiving, 30)).type == "session.created"
            assert not waiting.done()
            await connection.close()
            with pytest.raises(ConnectionClosed):
                await waiting


async def test_a_condition_that_raises(client: Client) -> None:
    """An exception of the condition comes out of its own wait_for; the event is not lost."""

    def broken(item: Any) -> bool:
        raise LookupError(item.type)

    with WebSocketServer(sends(event("session.created"))) as server:
        async with client.connect(server.endpoint) as connection:
            for _ in range(2):
                with pytest.raises(LookupError, match=r"session\.created"):
                    await connection.wait_for(broken)
            assert (await connection.recv()).type == "session.created"


async def test_a_condition_of_the_wrong_kind(client: Client) -> None:
    """wait_for refuses what is neither a type, nor an event class, nor a function."""
    with WebSocketServer() as server:
        async with client.connect(server.endpoint) as connection:
            for wrong in (None, 7, dict, ["session.created"]):
                with pytest.raises(ConfigurationError, match="wait_for takes"):
                    await connection.wait_for(wrong)


@pytest.mark.parametrize("timeout", ["5", -1, -0.001, float("nan"), float("inf"), 1e12, True, [1]], ids=repr)
async def test_timeouts_that_are_none(client: Client, timeout: Any) -> None:
    """What is no number of seconds is refused by its value, before anything is waited for or taken."""
    with WebSocketServer(sends(event("session.created"))) as server:
        async with client.connect(server.endpoint) as connection:
            for receive in (connection.recv, connection.recv_bytes, partial(connection.wait_for, "session.created")):
                with pytest.raises(ConfigurationError, match=re.escape(f"timeout is {timeout!r}; it takes seconds")):
                    await receive(timeout=timeout)
            assert (await connection.wait_for("session.created")).type == "session.created"


async def test_many_receivers_at_once(client: Client) -> None:
    """Several tasks or threads that receive at once get every message exactly once between them."""
    total = 200
    messages = [event("session.updated", number) for number in range(total)]
    with WebSocketServer(sends(*messages, then=closes(1000))) as server:
        async with client.connect(server.endpoint) as connection:
            shares = await asyncio.wait_for(asyncio.gather(*(connection.collect() for _ in range(4))), 60)
    got = sorted(str(item.event_id) for share in shares for item in share)
    assert got == sorted(f"event_{number}" for number in range(total))
    for share in shares:
        numbers = [int(str(item.event_id).split("_")[1]) for item in share]
        assert numbers == sorted(numbers)


async def test_many_senders_at_once(client: Client) -> None:
    """Several tasks or threads that send at once, small and large events, produce whole messages only."""
    with WebSocketServer() as server:
        server.behaviour = server.recording()

        async def send_some(connection: Any, sender: int) -> None:
            for number in range(20):
                audio = bytes([sender]) * (2 if number % 2 else 200_000)
                await connection.call("input_audio_buffer.append", audio=audio, event_id=f"{sender}-{number}")

        async with client.connect(server.endpoint) as connection:
            await asyncio.gather(*(send_some(connection, sender) for sender in range(4)))
    sent = [json.loads(message)["event_id"] for message in server.received]
    for sender in range(4):
        assert [one for one in sent if one.startswith(f"{sender}-")] == [f"{sender}-{n}" for n in range(20)]


async def talks_without_listening(connection: ServerConnection) -> None:
    """Stop reading, and go on sending."""
    await connection.recv()
    connection.transport.pause_reading()
    for number in range(1000):
        await connection.send(event("session.updated", number))
        await asyncio.sleep(0.01)


def tls_contexts() -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Make TLS settings for a server on this machine, and for a client that trusts it."""
    authority = trustme.CA()
    serving, trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("127.0.0.1").configure_cert(serving)
    authority.configure_trust(trusting)
    return serving, trusting


async def check_receiving_beside_a_blocked_send(client: Client, endpoint: str, **arguments: Any) -> None:
    async def send_for_ever() -> None:
        while True:
            await connection.call("input_audio_buffer.append", audio=bytes(1_000_000))

    connection = client.connect(endpoint, **arguments)
    await connection.open()
    sending = asyncio.ensure_future(send_for_ever())
    try:
        await connection.recv()
        await asyncio.sleep(0.5)
        numbers = [int(str((await connection.recv(60)).event_id).split("_")[1]) for _ in range(100)]
        assert numbers == list(range(1, 101))
        assert not sending.done()
    finally:
        await connection.close()
        with pytest.raises(ConnectionClosed):
            await asyncio.wait_for(sending, 30)


async def test_receiving_goes_on_while_a_send_blocks(client: Client) -> None:
    """While the service does not take what is sent, what it sends still arrives."""
    with WebSocketServer(talks_without_listening) as server:
        options = {"close_timeout": 0.5, "ping_interval": 0.2}
        await check_receiving_beside_a_blocked_send(client, server.endpoint, connection_options=options)
        await assert_nothing_left(server.port)


async def test_receiving_goes_on_while_a_send_blocks_over_tls(client: Client) -> None:
    """The same over TLS."""
    serving, trusting = tls_contexts()
    with WebSocketServer(talks_without_listening, tls=serving) as server:
        options = {"close_timeout": 0.5, "ssl": trusting}
        credential = AzureKeyCredential("key")
        await check_receiving_beside_a_blocked_send(
            client, server.endpoint, credential=credential, connection_options=options
        )
        await assert_nothing_left(server.port)
    gc.collect()


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
async def test_both_sides_send_more_than_buffers_hold(client: Client, tls: bool) -> None:
    """An echo of messages far larger than any buffer does not stand still: each side takes while it gives."""

    async def echo(connection: ServerConnection) -> None:
        async for message in connection:
            await connection.send(message)

    async def send_all() -> None:
        for _ in range(10):
            await connection.call("input_audio_buffer.append", audio=bytes(3_000_000))

    serving, trusting = tls_contexts() if tls else (None, None)
    arguments = {"credential": AzureKeyCredential("key"), "connection_options": {"ssl": trusting}}
    with WebSocketServer(echo, tls=serving) as server:
        async with client.connect(server.endpoint, **arguments) as connection:
            sending = asyncio.ensure_future(send_all())
            sizes = [len(await connection.recv_bytes(30)) for _ in range(10)]
            await sending
    assert min(sizes) > 4_000_000
    gc.collect()


async def test_everything_sent_is_a_text_frame(client: Client) -> None:
    """send takes models and mappings, resources send too, and all of it goes as JSON text."""
    with WebSocketServer() as server:
        server.behaviour = server.recording()
        async with client.connect(server.endpoint) as connection:
            await connection.send(
                {"type": "session.update", "session": {"turn_detection": None, "metadata": {"é": "ü"}}}
            )
            await connection.send(ClientEventResponseCreate(event_id="mine"))
            await connection.call("conversation.item.delete", item_id="item_1")
    assert all(isinstance(message, str) for message in server.received)
    assert [json.loads(message) for message in server.received] == [
        {"type": "session.update", "session": {"turn_detection": None, "metadata": {"é": "ü"}}},
        {"type": "response.create", "event_id": "mine"},
        {"type": "conversation.item.delete", "item_id": "item_1"},
    ]


async def test_what_the_contract_refuses_is_not_sent(client: Client) -> None:
    """An invalid event raises InvalidEventError and no byte of it goes out; the connection stays usable."""
    with WebSocketServer() as server:
        server.behaviour = server.recording()
        async with client.connect(server.endpoint) as connection:
            with pytest.raises(InvalidEventError):
                await connection.send({"type": "session.update", "session": {"temperature": "hot"}})
            with pytest.raises(InvalidEventError):
                await connection.call("input_audio_buffer.append", audio="no base64!")
            with pytest.raises(InvalidEventError):
                await connection.call("conversation.item.truncate", item_id="i", content_index=0, audio_end_ms="x")
            await connection.send({"type": "response.create"})
    assert [json.loads(message)["type"] for message in server.received] == ["response.create"]


async def test_a_pause_does_not_break_the_connection(client: Client) -> None:
    """An application that pauses while hundreds of messages arrive loses neither them nor the connection."""
    total = 2000
    messages = [event("response.audio.delta", number, delta="A" * 400) for number in range(total)]
    with WebSocketServer(sends(*messages, then=closes(1000))) as server:
        async with client.connect(server.endpoint) as connection:
            # The service's close frame, the last of it all, has been answered by then.
            assert await asyncio.to_thread(server.has_closed.wait, 60)
            assert len(await connection.collect()) == total
    assert server.closed == [(1000, "")]


async def test_answers_find_their_way_back(client: Client) -> None:
    """A request and its answer, over and over, on one connection."""
    with WebSocketServer(echoes) as server:
        async with client.connect(server.endpoint) as connection:
            for number in range(50):
                await connection.call("session.update", session={}, event_id=f"mine-{number}")
                answer = await connection.wait_for("session.updated")
                assert answer.to_dict()["name"] == f"mine-{number}"


async def _set(flag: asyncio.Event) -> None:
    flag.set()

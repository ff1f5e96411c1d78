"""Connections that break and are made again: what is kept, what is told, and where it ends."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from azure.core.credentials import AccessToken
from websockets.asyncio.server import ServerConnection

from voicelive import (
    ConfigurationError,
    ConnectionClosed,
    ReceiveTimeoutError,
    ReconnectFailedError,
    ReconnectPolicy,
    SendQueueFullError,
)
from voicelive.local import LocalService, ThreadedLocalService
from voicelive.models import ConnectionReconnecting, ConnectionRestored

from .harness import Client, Script, assert_nothing_left
from .relay import Relay
from .servers import WebSocketServer, event
from .short_sessions import ShortSessions

pytestmark = pytest.mark.timeout(300)

AFTER_THE_HANDSHAKE = 300
"""So many bytes hold the service's answer to the handshake, and not all of its first event."""

QUICK = ReconnectPolicy(initial_delay=0.02, max_delay=0.2, deadline=30, max_connections_per_minute=100_000)
"""No waiting: the limits that a real service needs have tests of their own."""


@pytest.fixture
def service() -> Iterator[ThreadedLocalService]:
    with LocalService.in_thread() as running:
        yield running


@pytest.fixture
def relay(service: ThreadedLocalService) -> Iterator[Relay]:
    with Relay(lambda: service.port) as running:
        yield running


async def say(connection: Script, text: str) -> None:
    content = [{"type": "input_text", "text": text}]
    await connection.call("conversation.item.create", item={"type": "message", "role": "user", "content": content})


async def ask(connection: Script, text: str) -> None:
    """Hold one written turn."""
    await say(connection, text)
    await connection.call("response.create")
    await connection.wait_for("response.done")


async def nothing_more(connection: Script) -> list[str]:
    """Take what is there; returns the types."""
    kinds: list[str] = []
    with suppress(ReceiveTimeoutError):
        while True:
            kinds.append((await connection.recv(0.3)).type)
    return kinds


def conversation(service: ThreadedLocalService) -> list[tuple[str, str]]:
    """What the newest session's conversation says, in order."""
    said: list[tuple[str, str]] = []
    for item in service.sessions[-1].items:
        payload = item.to_dict()
        parts = payload.get("content") or [{}]
        text = parts[0].get("text") or parts[0].get("transcript") or payload.get("output") or payload.get("name") or ""
        said.append((str(payload.get("role") or payload["type"]), text))
    return said


async def test_a_broken_connection_continues(client: Client, service: ThreadedLocalService, relay: Relay) -> None:
    """After a break, the application sees reconnecting and restored; the new session has settings and conversation."""
    async with client.connect(relay.endpoint, reconnect=QUICK) as connection:
        first = await connection.wait_for("session.created")
        await connection.call("session.update", session={"instructions": "Be brief.", "modalities": ["text"]})
        await connection.call("session.update", session={"temperature": 0.7})
        await ask(connection, "What is 2 plus 3?")
        before = conversation(service)
        ids = [item.id for item in service.sessions[-1].items]
        await nothing_more(connection)
        relay.cut()
        events = [await connection.recv(), await connection.recv()]
        assert [type(each) for each in events] == [ConnectionReconnecting, ConnectionRestored]
        reconnecting, restored = events
        assert isinstance(reconnecting, ConnectionReconnecting)
        assert isinstance(restored, ConnectionRestored)
        assert (reconnecting.attempt, reconnecting.code, reconnecting.session_id) == (1, 1006, first.session.id)
        assert restored.session_id == service.sessions[-1].id != first.session.id
        assert restored.previous_session_id == first.session.id
        assert (restored.planned, restored.replayed_items, restored.not_carried_over) == (False, 2, [])
        assert conversation(service) == before
        assert [item.id for item in service.sessions[-1].items] == ids
        await ask(connection, "What is 4 plus 4?")
        assert conversation(service)[-1] == ("assistant", "Four plus four is eight.")
        await connection.call("session.update", session={})
        await connection.wait_for("session.updated")
        echoed = (await last_of(connection, service, "session.updated")).session
        assert (echoed.instructions, echoed.modalities, echoed.temperature) == ("Be brief.", ["text"], 0.7)
        assert connection.close_info is None
    assert len(service.sessions) == 2


async def last_of(connection: Script, service: ThreadedLocalService, kind: str) -> Any:
    return [each for each in service.sessions[-1].sent if each.type == kind][-1]


async def test_iteration_and_waiting_go_on(client: Client, service: ThreadedLocalService, relay: Relay) -> None:
    """A wait_for that began before the break is met after it; raw messages of the connection's own are JSON too."""
    async with client.connect(relay.endpoint, reconnect=QUICK) as connection:
        await connection.wait_for("session.created")
        waiting = asyncio.ensure_future(connection.wait_for("voicelive.restored"))
        await asyncio.sleep(0.1)
        relay.cut()
        restored = await waiting
        assert restored.session_id == service.sessions[-1].id
        relay.cut()
        told = [json.loads(await connection.recv_bytes())["type"] for _ in range(3)]
        assert told == ["voicelive.reconnecting"] * 2 + ["voicelive.restored"]


async def test_each_connection_has_its_own_token(client: Client) -> None:
    """Every connection asks for a token and an id of its own; the token of the first is not used again."""

    class Tokens:
        asked = 0

        def get_token(self, *scopes: str, **options: Any) -> AccessToken:
            self.asked += 1
            return AccessToken(f"token-{self.asked}", int(time.time()) + 3600)

    async def breaks(connection: ServerConnection) -> None:
        await connection.send(event("session.created", session={"id": f"s{len(server.requests)}"}))
        if len(server.requests) < 3:
            await asyncio.sleep(0.05)
            connection.transport.abort()

    with WebSocketServer(breaks) as server:
        async with client.connect(server.endpoint, reconnect=QUICK, credential=Tokens()) as connection:
            ids = {connection.connection.request_id}
            for _ in range(2):
                await connection.wait_for("voicelive.restored")
                ids.add(connection.connection.request_id)
        assert [request.headers["Authorization"] for request in server.requests] == [
            "Bearer token-1",
            "Bearer token-2",
            "Bearer token-3",
        ]
        assert len(ids) == 3
        assert all(
            request_id in request.path for request_id, request in zip(sorted(ids), sorted_by_id(server), strict=True)
        )


def sorted_by_id(server: WebSocketServer) -> list[Any]:
    return sorted(server.requests, key=lambda request: request.path.partition("x-ms-client-request-id=")[2])


async def test_what_is_sent_meanwhile_follows_once(client: Client, service: ThreadedLocalService, relay: Relay) -> None:
    """During the break, events wait and follow in order, each once; audio is dropped and counted."""
    async with client.connect(relay.endpoint, reconnect=QUICK) as connection:
        await connection.wait_for("session.created")
        await ask(connection, "What is 1 plus 1?")
        relay.refuses = True
        relay.cut()
        await connection.wait_for("voicelive.reconnecting")
        for number in range(20):
            await connection.call("input_audio_buffer.append", audio=bytes(4800))
            await say(connection, f"note {number}")
        await connection.call("response.create")
        relay.refuses = False
        restored = await connection.wait_for("voicelive.restored")
        assert restored.queued_events == 21
        assert restored.dropped_audio_bytes == 20 * 4800
        assert restored.attempts >= 1
        done = await connection.wait_for("response.done")
        assert done.response.status == "completed"
        record = service.sessions[-1]
        # Of a session that has ended, the service keeps no more than the latest items.
        said = [text for role, text in conversation(service) if role == "user"]
    assert said == ["What is 1 plus 1?", *(f"note {number}" for number in range(20))]
    kinds = Counter(record.received_types())
    assert kinds["response.create"] == 1
    assert kinds["input_audio_buffer.append"] == 0
    assert kinds["conversation.item.create"] == 22


async def test_waiting_events_are_bounded(client: Client, relay: Relay) -> None:
    """Past max_queued_bytes, sending says that the event was not kept; what was kept still follows."""
    policy = ReconnectPolicy(initial_delay=0.02, max_delay=0.1, deadline=20, max_queued_bytes=400)
    async with client.connect(relay.endpoint, reconnect=policy) as connection:
        await connection.wait_for("session.created")
        relay.refuses = True
        relay.cut()
        await connection.wait_for("voicelive.reconnecting")
        await say(connection, "kept")
        with pytest.raises(SendQueueFullError, match="max_queued_bytes") as caught:
            await say(connection, "x" * 300)
        assert caught.value.unsent.type == "conversation.item.create"
        assert caught.value.recoverable
        relay.refuses = False
        assert (await connection.wait_for("voicelive.restored")).queued_events == 1
        created = await connection.wait_for("conversation.item.created")
        assert created.item.content[0].text == "kept"


async def nothing_but_events(connection: Script) -> None:
    """Receive what was passed over; the end itself comes after."""
    with suppress(ConnectionClosed):
        while True:
            await connection.recv()


async def test_it_gives_up_at_the_deadline(client: Client, relay: Relay) -> None:
    """Past the deadline: a last event, then the error that says why, in every call that receives or sends."""
    policy = ReconnectPolicy(initial_delay=0.02, max_delay=0.1, deadline=0.5, max_connections_per_minute=1000)
    async with client.connect(relay.endpoint, reconnect=policy) as connection:
        await connection.wait_for("session.created")
        relay.refuses = True
        relay.cut()
        await connection.wait_for("voicelive.reconnecting")
        await connection.call("response.create")
        gave_up = await connection.wait_for("voicelive.gave_up")
        assert gave_up.attempts > 1
        assert "deadline" in gave_up.reason
        assert gave_up.unsent_events == 1
        await nothing_but_events(connection)
        with pytest.raises(ReconnectFailedError, match="deadline") as caught:
            await connection.recv()
        assert (caught.value.code, caught.value.initiator, caught.value.recoverable) == (1006, "network", True)
        assert connection.close_info == caught.value.info
        with pytest.raises(ReconnectFailedError) as unsent:
            await connection.call("response.create")
        assert unsent.value.unsent is not None
        with pytest.raises(ReconnectFailedError):
            await connection.collect()


async def test_a_refusal_for_good_ends_it_at_once(client: Client) -> None:
    """A credential that is refused is not tried again: the error names the refusal."""

    def refuses(connection: ServerConnection, request: Any) -> Any:
        return connection.respond(401, "no\n") if len(server.requests) > 1 else None

    async def breaks(connection: ServerConnection) -> None:
        await connection.send(event("session.created", session={"id": "s1"}))
        connection.transport.abort()

    with WebSocketServer(breaks, answer=refuses) as server:
        async with client.connect(server.endpoint, reconnect=QUICK) as connection:
            gave_up = await connection.wait_for("voicelive.gave_up")
            assert gave_up.attempts == 1
            assert "401" in gave_up.reason
            await nothing_but_events(connection)
            with pytest.raises(ReconnectFailedError, match="401"):
                await connection.recv()
        assert len(server.requests) == 2


@pytest.mark.parametrize("code", [1000, 1008, 4000])
async def test_some_ends_are_ends(client: Client, code: int) -> None:
    """A service that closes, or refuses, is not asked again: it ends as without a policy."""

    async def closes(connection: ServerConnection) -> None:
        await connection.send(event("session.created", session={"id": "s1"}))
        await connection.close(code, "enough")

    with WebSocketServer(closes) as server:
        async with client.connect(server.endpoint, reconnect=QUICK) as connection:
            if code == 1000:
                assert [each.type for each in await connection.collect()] == ["session.created"]
            else:
                await connection.recv()
                with pytest.raises(ConnectionClosed) as caught:
                    await connection.recv()
                assert (caught.value.code, caught.value.reason) == (code, "enough")
        assert len(server.requests) == 1


@pytest.mark.parametrize("moment", ["while it is up", "between two attempts", "while it opens", "while it restores"])
async def test_close_ends_it_at_any_moment(client: Client, relay: Relay, moment: str) -> None:
    """close() is quick whatever the connection is doing, wakes who waits, and leaves nothing behind."""
    # Before a second attempt within a minute it has to wait, however long the wait that is drawn.
    policy = replace(QUICK, max_connections_per_minute=1) if moment == "between two attempts" else QUICK

    async with client.connect(relay.endpoint, reconnect=policy) as connection:
        await connection.wait_for("session.created")
        if moment == "between two attempts":
            relay.refuses = True
            relay.cut()
            told: Any = [await connection.recv(), await connection.recv()]
            assert [each.attempt for each in told] == [1, 2]
            assert told[1].delay_ms > 30_000
        elif moment != "while it is up":
            relay.stalls_after = {"while it opens": 0, "while it restores": AFTER_THE_HANDSHAKE}[moment]
            relay.cut()
            await connection.wait_for("voicelive.reconnecting")
            assert await asyncio.to_thread(relay.stalled.wait, 60)
        waiting = asyncio.ensure_future(connection.recv(60))
        await asyncio.sleep(0.05)
        started = time.monotonic()
        await connection.close()
        assert time.monotonic() - started < 20
        with pytest.raises(ConnectionClosed) as caught:
            await waiting
        assert caught.value.initiator == "local"
    await assert_nothing_left(relay.port)


async def test_a_session_whose_time_is_up_is_replaced(client: Client) -> None:
    """Before expires_at the conversation moves to a fresh session, between two turns, with no interruption told."""
    with LocalService.in_thread() as service, ShortSessions(service) as short:
        async with client.connect(short.endpoint, reconnect=ReconnectPolicy()) as connection:
            first = await connection.wait_for("session.created")
            await connection.call("session.update", session={"modalities": ["text"], "instructions": "Be brief."})
            await ask(connection, "What is 2 plus 3?")
            await nothing_more(connection)
            short.shorten()
            await connection.call("session.update", session={"temperature": 0.7})
            assert (await connection.recv()).type == "session.updated"
            restored: Any = await connection.recv()
            assert restored.type == "voicelive.restored"
            assert restored.planned
            assert (restored.previous_session_id, restored.downtime_ms) == (first.session.id, 0)
            assert restored.replayed_items == 2
            await ask(connection, "What is 4 plus 4?")
            assert conversation(service) == [
                ("user", "What is 2 plus 3?"),
                ("assistant", "Two plus three is five."),
                ("user", "What is 4 plus 4?"),
                ("assistant", "Four plus four is eight."),
            ]
    assert [code for code, _ in short.closed] == [1000, 1000]


async def test_without_rollover_an_expired_session_is_made_again(client: Client) -> None:
    """With rollover off, the end of a session's time is an interruption like any other."""
    policy = ReconnectPolicy(initial_delay=0.02, max_delay=0.2, deadline=30, rollover_before=None)
    with LocalService.in_thread(session_lifetime_s=1) as service:
        async with client.connect(service.endpoint, reconnect=policy) as connection:
            assert (await connection.wait_for("voicelive.reconnecting")).code is not None
            assert not (await connection.wait_for("voicelive.restored")).planned
        assert len(service.sessions) == 2


async def test_a_response_that_stalls_is_abandoned(client: Client) -> None:
    """With stall_timeout, a response that stands still breaks the connection, and restored names the response."""

    async def stalls_once(connection: ServerConnection) -> None:
        await connection.send(event("session.created", session={"id": f"s{len(server.requests)}"}))
        if len(server.requests) == 1:
            await connection.send(event("response.created", response={"id": "r1"}))
        await connection.wait_closed()

    options = {"stall_timeout": 0.3, "close_timeout": 2}
    with WebSocketServer(stalls_once) as server:
        async with client.connect(server.endpoint, reconnect=QUICK, connection_options=options) as connection:
            restored = await connection.wait_for("voicelive.restored")
            assert restored.interrupted_responses == ["r1"]


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"initial_delay": 0}, "initial_delay is 0"),
        ({"initial_delay": -1}, "initial_delay is -1"),
        ({"max_delay": float("nan")}, "max_delay is nan"),
        ({"deadline": float("inf")}, "deadline is inf"),
        ({"deadline": "1"}, "deadline is '1'"),
        ({"restore_timeout": True}, "restore_timeout is True"),
        ({"max_connections_per_minute": 0}, "max_connections_per_minute is 0"),
        ({"max_queued_bytes": -1}, "max_queued_bytes is -1"),
        ({"max_queued_bytes": 1.5}, "max_queued_bytes is 1.5"),
        ({"rollover_before": 0}, "rollover_before is 0"),
        ({"rollover_overlap_ms": -1}, "rollover_overlap_ms is -1"),
        ({"initial_delay": 5, "max_delay": 1}, "initial_delay .5 s. is above max_delay .1 s."),
        ({"max_delay": 200}, "max_delay .200 s. is above deadline"),
    ],
)
def test_impossible_policies_are_refused(values: dict[str, Any], named: str) -> None:
    """A policy that cannot work is refused when it is built, naming the value."""
    with pytest.raises(ConfigurationError, match=named):
        ReconnectPolicy(**values)


async def test_what_is_no_policy_is_refused(client: Client) -> None:
    """connect(reconnect=True) says what it takes."""
    with pytest.raises(ConfigurationError, match=r"ReconnectPolicy\(\)"):
        client.connect("http://127.0.0.1:1", reconnect=True)

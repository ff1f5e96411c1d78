"""What only tasks can do: being cancelled, and being blocked by others."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from azure.core.credentials import AccessToken
from websockets.asyncio.server import ServerConnection

from voicelive import CloseInfo, ConnectionClosed, ReconnectPolicy
from voicelive.aio import VoiceLiveConnection, connect
from voicelive.models import AnyServerEvent

from .harness import assert_nothing_left
from .servers import RawBehaviour, RawServer, WebSocketServer, closes, event, sends
from .test_closing import accept_upgrade
from .test_opening import answers_half_a_header, never_answers

pytestmark = pytest.mark.timeout(300)


@pytest_asyncio.fixture(autouse=True)
async def nothing_left() -> AsyncIterator[None]:
    """Check after each test that no task is left."""
    yield
    await assert_nothing_left()


@pytest.mark.parametrize("reconnect", [None, ReconnectPolicy()])
async def test_an_event_that_cancelling_gives_back_wakes_who_waits(reconnect: ReconnectPolicy | None) -> None:
    """The event found for a wait_for that is cancelled goes to another task that waits in recv(), at once."""

    async def answers(peer: ServerConnection) -> None:
        await peer.send(event("session.created"))
        await peer.recv()
        await peer.send(event("session.updated"))
        await peer.wait_closed()

    with WebSocketServer(answers) as server:
        async with connect(endpoint=server.endpoint, model="m", reconnect=reconnect) as connection:
            await connection.wait_for("session.created")
            # Whoever comes first reads; it has the event in hand when the task that it is for is cancelled.
            waiting = asyncio.ensure_future(connection.recv(30))
            await asyncio.sleep(0.05)

            def is_it(item: AnyServerEvent) -> bool:
                if item.type == "session.updated":
                    wanting.cancel()
                return item.type == "session.updated"

            wanting = asyncio.ensure_future(connection.wait_for(is_it))
            await connection.session.update(session={})
            with pytest.raises(asyncio.CancelledError):
                await wanting
            assert (await waiting).type == "session.updated"


@pytest.mark.parametrize("behaviour", [never_answers, answers_half_a_header])
async def test_a_cancelled_open_leaves_nothing(behaviour: RawBehaviour) -> None:
    """Cancelling open() at any moment leaves no socket and no task."""
    with RawServer(behaviour) as server:
        for delay in (0, 0.001, 0.01, 0.1):
            opening = asyncio.ensure_future(connect(endpoint=server.endpoint, model="m").open())
            await asyncio.sleep(delay)
            opening.cancel()
            with pytest.raises(asyncio.CancelledError):
                await opening
            await assert_nothing_left(server.port)


async def test_a_cancelled_recv_loses_nothing() -> None:
    """Receives that are cancelled around the moments of arrival give every message once, in order."""
    total = 150

    async def trickle(connection: ServerConnection) -> None:
        for number in range(total):
            await sends(event("session.updated", number), then=_return)(connection)
            await asyncio.sleep(0.002)

    with WebSocketServer(trickle) as server:
        async with connect(endpoint=server.endpoint, model="m") as connection:
            got: list[str | None] = []
            cancelled = 0
            while len(got) < total:
                receiving = asyncio.ensure_future(connection.recv())
                await asyncio.sleep(0.0004)
                receiving.cancel()
                try:
                    got.append((await receiving).event_id)
                except asyncio.CancelledError:
                    cancelled += 1
            assert got == [f"event_{number}" for number in range(total)]
            assert cancelled


async def test_a_cancelled_wait_for_gives_its_event_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wait_for cancelled after its event arrived puts the event back in its place."""
    # Or a slow machine lets the other task run in between.
    for module in ("async_connection", "async_receiving"):
        monkeypatch.setattr(f"voicelive._clients.{module}.LONGEST_STEP_S", 60.0)
    kinds = ["session.created", "session.updated", "response.created", "response.done"]

    async def behaviour(connection: ServerConnection) -> None:
        await connection.recv()
        # In one piece, so that the client finds them all there at once.
        for kind in kinds:
            connection.protocol.send_text(event(kind).encode())
        connection.transport.write(b"".join(connection.protocol.data_to_send()))
        await connection.wait_closed()

    def last_and_cancel(item: AnyServerEvent) -> bool:
        if item.type != "response.done":
            return False
        # The other wait_for has got its event by now, but its task had no chance to run since.
        cancelled.append(waiting.cancel())
        return True

    cancelled: list[bool] = []
    with WebSocketServer(behaviour) as server:
        async with connect(endpoint=server.endpoint, model="m") as connection:
            reading = asyncio.ensure_future(connection.wait_for(last_and_cancel))
            await asyncio.sleep(0.05)
            waiting = asyncio.ensure_future(connection.wait_for("session.updated"))
            await asyncio.sleep(0.05)
            await connection.response.create()
            assert (await reading).type == "response.done"
            with pytest.raises(asyncio.CancelledError):
                await waiting
            assert cancelled == [True]
            assert [(await connection.recv(30)).type for _ in range(3)] == kinds[:3]


async def test_a_cancelled_reader_hands_over() -> None:
    """When the task that reads is cancelled, the next one waiting takes over."""
    flag = asyncio.Event()

    async def behaviour(connection: ServerConnection) -> None:
        await flag.wait()
        await sends(event("session.created"))(connection)

    with WebSocketServer(behaviour) as server:
        async with connect(endpoint=server.endpoint, model="m") as connection:
            first = asyncio.ensure_future(connection.recv())
            await asyncio.sleep(0.05)
            second = asyncio.ensure_future(connection.recv())
            await asyncio.sleep(0.05)
            first.cancel()
            with pytest.raises(asyncio.CancelledError):
                await first
            server.run(_set(flag)).result(30)
            assert (await asyncio.wait_for(second, 30)).type == "session.created"


async def test_a_cancelled_close_drops_the_connection() -> None:
    """Cancelling close() while the server does not answer leaves no socket and no task."""

    async def ignores_close(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await accept_upgrade(reader, writer)
        await asyncio.sleep(60)

    with RawServer(ignores_close) as server:
        connection = await connect(endpoint=server.endpoint, model="m").open()
        closing = asyncio.ensure_future(connection.close())
        await asyncio.sleep(0.1)
        closing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await closing
        await assert_nothing_left(server.port)
        assert connection.close_info == CloseInfo(1000, "", "local")


async def test_a_cancelled_body_closes() -> None:
    """Cancelling a task inside `async with` closes the connection properly."""

    begun = asyncio.Event()

    async def talk() -> None:
        async with connect(endpoint=server.endpoint, model="m") as connection:
            async for _ in connection:
                begun.set()

    with WebSocketServer(sends(event("session.created"))) as server:
        talking = asyncio.ensure_future(talk())
        await asyncio.wait_for(begun.wait(), 60)
        talking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await talking
        await assert_nothing_left(server.port)
    assert [code for code, _ in server.closed] == [1000]


async def test_a_blocking_credential_does_not_block_the_loop() -> None:
    """While a synchronous credential takes its time, other tasks of the loop go on."""

    loop, went_on = asyncio.get_running_loop(), threading.Event()

    class Slow:
        def get_token(self, *scopes: str, **options: object) -> AccessToken:
            loop.call_soon_threadsafe(went_on.set)
            assert went_on.wait(60)
            return AccessToken("slow-token", 0)

    with WebSocketServer() as server:
        async with connect(endpoint=server.endpoint, model="m", credential=Slow()):
            pass
    assert server.requests[0].headers["authorization"] == "Bearer slow-token"


async def test_several_connections_in_one_loop() -> None:
    """Connections of one loop do not disturb each other, whatever happens to some."""

    async def one(number: int) -> int:
        async with connect(endpoint=server.endpoint, model="m") as connection:
            if number % 5 == 0:
                await connection.close()
            return len([item async for item in connection])

    with WebSocketServer(sends(event("session.created"), then=closes(1000))) as server:
        counts = await asyncio.wait_for(asyncio.gather(*(one(number) for number in range(1, 20))), 60)
        await assert_nothing_left(server.port)
    assert counts == [0 if number % 5 == 0 else 1 for number in range(1, 20)]


async def test_send_on_a_broken_connection() -> None:
    """Sending over a connection that the server dropped raises ConnectionClosed instead of vanishing."""

    async def send_for_ever(connection: VoiceLiveConnection) -> None:
        while True:
            await connection.response.create()
            await asyncio.sleep(0.001)

    async def drops(connection: ServerConnection) -> None:
        connection.transport.abort()

    with WebSocketServer(drops) as server:
        async with connect(endpoint=server.endpoint, model="m") as connection:
            with pytest.raises(ConnectionClosed) as caught:
                await send_for_ever(connection)
            assert caught.value.code == 1006


async def _set(flag: asyncio.Event) -> None:
    flag.set()


async def _return(connection: ServerConnection) -> None:
    """Do nothing more."""

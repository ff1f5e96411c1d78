"""close() while the connection opens ends the opening at once, whatever it waits for."""

from __future__ import annotations

import asyncio
import socket
import threading
from typing import Any

import pytest
from azure.core.credentials import AccessToken
from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request

from tests.clients.harness import Client, Script, assert_nothing_left
from tests.clients.servers import RawServer, WebSocketServer, event
from voicelive import ConnectionStateError, ReconnectPolicy

from .test_addresses import dead_address

pytestmark = pytest.mark.timeout(300)

# Longer than the test may take.
LIMIT = 600


async def assert_closing_ends_it(script: Script, reached: threading.Event) -> None:
    """Open; when `reached` says that it has come to the point, close; both end soon."""
    opening = asyncio.ensure_future(script.open())
    assert await asyncio.to_thread(reached.wait, 60)
    await script.close()
    with pytest.raises(ConnectionStateError, match=r"close\(\) was called while"):
        await asyncio.wait_for(opening, 60)
    assert script.close_info.initiator == "local"
    with pytest.raises(ConnectionStateError, match="is closed"):
        await script.open()


@pytest.mark.parametrize("reconnect", [None, ReconnectPolicy()], ids=["once", "reconnecting"])
@pytest.mark.parametrize("stage", ["TLS", "upgrade", "proxy"])
async def test_a_server_that_never_answers(client: Client, stage: str, reconnect: ReconnectPolicy | None) -> None:
    """While TLS, the upgrade or a proxy's answer is waited for."""
    reached = threading.Event()

    async def listens(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        reached.set()
        await reader.read()

    with RawServer(listens) as server:
        endpoint = server.endpoint if stage != "TLS" else f"https://127.0.0.1:{server.port}"
        options: dict[str, Any] = {"open_timeout": LIMIT}
        if stage == "proxy":
            endpoint, options["proxy"] = "https://service.example", server.endpoint
        script = client.connect(endpoint, headers={"api-key": "k"}, connection_options=options, reconnect=reconnect)
        await assert_closing_ends_it(script, reached)
        await assert_nothing_left(server.port)


async def test_an_address_that_never_answers(client: Client) -> None:
    """While TCP connects."""
    with RawServer(lambda reader, writer: asyncio.sleep(0)) as server:
        port = server.port
    reached = threading.Event()
    with dead_address("127.0.0.2", port):
        script = client.connect(f"http://127.0.0.2:{port}", connection_options={"open_timeout": LIMIT})
        # Nothing tells that it waits by now; at any moment before, closing must end it too.
        asyncio.get_running_loop().call_later(0.1, reached.set)
        await assert_closing_ends_it(script, reached)
        await assert_nothing_left()


async def test_a_name_server_that_never_answers(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the name is looked up; the look-up itself, which nothing can end, goes on for itself."""
    reached, released = threading.Event(), threading.Event()

    def never_answers(*arguments: Any, **named: Any) -> Any:
        reached.set()
        released.wait(30)
        raise socket.gaierror(socket.EAI_AGAIN, "no answer")

    monkeypatch.setattr(socket, "getaddrinfo", never_answers)
    script = client.connect(
        "https://service.example", headers={"api-key": "k"}, connection_options={"open_timeout": LIMIT, "proxy": None}
    )
    try:
        await assert_closing_ends_it(script, reached)
    finally:
        released.set()


async def test_a_name_server_that_is_too_slow(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """The time to open holds for the look-up of the name too."""
    released = threading.Event()

    def never_answers(*arguments: Any, **named: Any) -> Any:
        released.wait(30)
        raise socket.gaierror(socket.EAI_AGAIN, "no answer")

    monkeypatch.setattr(socket, "getaddrinfo", never_answers)
    options = {"open_timeout": 0.3, "proxy": None}
    script = client.connect("https://service.example", headers={"api-key": "k"}, connection_options=options)
    try:
        with pytest.raises(client.package.ConnectTimeoutError, match=r"open_timeout=0\.3"):
            await asyncio.wait_for(script.open(), 60)
    finally:
        released.set()


async def test_an_asynchronous_credential_that_never_answers() -> None:
    """While the asyncio client waits for a token. The blocking one cannot end somebody else's code."""
    client = Client("async")
    reached, cancelled = threading.Event(), threading.Event()

    class Slow:
        async def get_token(self, *scopes: str, **options: object) -> AccessToken:
            reached.set()
            try:
                await asyncio.sleep(LIMIT)
            finally:
                cancelled.set()
            raise AssertionError

    await assert_closing_ends_it(client.connect("http://127.0.0.1:1", credential=Slow()), reached)
    assert cancelled.is_set()
    await assert_nothing_left()


async def test_cancelling_and_closing_at_once() -> None:
    """Whoever cancels the opening of the asyncio client gets his cancellation, also if it is closed meanwhile."""
    reached = threading.Event()

    async def listens(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        reached.set()
        await reader.read()

    with RawServer(listens) as server:
        script = Client("async").connect(server.endpoint, connection_options={"open_timeout": LIMIT})
        opening = asyncio.ensure_future(script.open())
        assert await asyncio.to_thread(reached.wait, 60)
        opening.cancel()
        await script.close()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(asyncio.shield(opening), 60)
        await assert_nothing_left(server.port)


async def test_while_a_connection_comes_back(client: Client) -> None:
    """While a reconnecting connection is made again: closing does not wait for the attempt, and leaves none behind."""
    reached = threading.Event()

    async def ends_once(connection: ServerConnection) -> None:
        await connection.send(event("session.created"))
        await connection.close(1012, "restarting")

    with WebSocketServer(ends_once) as server:

        def never_again(connection: ServerConnection, request: Request) -> None:
            if len(server.requests) > 1:
                reached.set()
                # Holds up the answer, and with it the server's only thread.
                released.wait(30)

        released = threading.Event()
        server.answer = never_again
        script = client.connect(
            server.endpoint,
            reconnect=ReconnectPolicy(initial_delay=0.01, max_delay=0.01),
            connection_options={"open_timeout": LIMIT, "close_timeout": LIMIT},
        )
        try:
            await script.open()
            await script.wait_for("voicelive.reconnecting")
            assert await asyncio.to_thread(reached.wait, 60)
            await asyncio.wait_for(script.close(), 60)
            assert not [thread for thread in threading.enumerate() if thread.name.startswith("voicelive-make")]
        finally:
            released.set()

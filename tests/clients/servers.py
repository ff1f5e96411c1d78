"""Real servers in a thread of their own, so that the blocking and the asyncio client use the very same one."""

from __future__ import annotations

import asyncio
import json
import logging
import ssl
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from voicelive._local.arrivals import Arrivals, stop_accepting

Behaviour = Callable[[ServerConnection], Awaitable[None]]
Answer = Callable[[ServerConnection, Request], "Response | None"]
RawBehaviour = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

# The server's own log would show the very secrets that the client must not log.
_quiet = logging.getLogger("tests.server")
_quiet.setLevel(logging.CRITICAL)
_quiet.propagate = False


def event(kind: str, number: int = 0, **fields: Any) -> str:
    """Write a server event as the service does."""
    return json.dumps({"event_id": f"event_{number}", "type": kind, **fields})


class ThreadedServer:
    """Runs a server's event loop in a thread for as long as the ``with`` block lasts."""

    scheme = "http"

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="test-server")
        self._server: asyncio.Server | Server | None = None
        self.port = 0

    async def start(self) -> None:
        """Listen: set `_server` and `port`."""
        raise NotImplementedError

    async def stop(self) -> None:
        """End what a server of this kind has beside its connections; nothing is accepted any more."""

    @property
    def endpoint(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        self.run(self.start()).result(60)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.run(self.shut_down()).result(60)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(60)
        self._loop.close()

    def run(self, work: Any) -> Future[Any]:
        """Run a coroutine on the server's loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    async def shut_down(self) -> None:
        """End all connections, those too that come meanwhile. Idempotent."""
        assert self._server is not None
        await stop_accepting(self._server)
        self._server.close()
        await self.stop()
        # What is cancelled may start something that ends it.
        while left := asyncio.all_tasks() - {asyncio.current_task()}:
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)
        # Transports that were closed close their sockets in the next turn of the loop.
        await asyncio.sleep(0)


class WebSocketServer(ThreadedServer):
    """A WebSocket server that does what `behaviour` says on each connection, and records the requests."""

    def __init__(
        self,
        behaviour: Behaviour | None = None,
        *,
        answer: Answer | None = None,
        tls: ssl.SSLContext | None = None,
        host: str = "127.0.0.1",
        **options: Any,
    ) -> None:
        super().__init__()
        self.behaviour = behaviour or stays_silent
        self.answer = answer
        self.requests: list[Request] = []
        self.received: list[str | bytes] = []
        self.closed: list[tuple[int | None, str | None]] = []
        self.has_closed = threading.Event()
        """Set once a connection has ended."""
        self._tls = tls
        self._host = host
        self.peers: list[Any] = []
        self._options: dict[str, Any] = {"max_size": None, **options}
        self._arrivals = Arrivals()
        if tls is not None:
            self.scheme = "https"

    async def start(self) -> None:
        self._server = server = await serve(
            self._handle,
            self._host,
            0,
            process_request=self._process_request,
            ssl=self._tls,
            logger=_quiet,
            # Less would end what a busy client has not read yet with a reset.
            close_timeout=30,
            create_connection=self._arrivals.make,  # type: ignore[arg-type]
            **self._options,
        )
        self.port = next(iter(server.sockets)).getsockname()[1]

    async def stop(self) -> None:
        assert self._server is not None
        # It would wait for the request of each.
        self._arrivals.cut(silent=True)
        await self._server.wait_closed()

    @property
    def endpoint(self) -> str:
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"{self.scheme}://{host}:{self.port}"

    def _process_request(self, connection: ServerConnection, request: Request) -> Response | None:
        self.requests.append(request)
        self.peers.append(connection.remote_address)
        return self.answer(connection, request) if self.answer else None

    async def _handle(self, connection: ServerConnection) -> None:
        with suppress(ConnectionClosed):
            await self.behaviour(connection)
        await connection.wait_closed()
        self.closed.append((connection.close_code, connection.close_reason))
        self.has_closed.set()

    def recording(self) -> Behaviour:
        """Make a behaviour that records each message it gets."""

        async def behaviour(connection: ServerConnection) -> None:
            async for message in connection:
                self.received.append(message)

        return behaviour


class RawServer(ThreadedServer):
    """A TCP server for what no WebSocket server would do."""

    def __init__(self, behaviour: RawBehaviour) -> None:
        super().__init__()
        self._behaviour = behaviour
        self._handling: set[asyncio.Task[None]] = set()
        self.connections = 0
        self.accepted = threading.Event()
        """Set once there was a connection."""

    async def start(self) -> None:
        self._server = server = await asyncio.start_server(self._handle, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]

    def drop(self) -> None:
        """End the TCP connections that there are."""
        self._loop.call_soon_threadsafe(self._drop)

    def _drop(self) -> None:
        for task in self._handling:
            task.cancel()

    async def _handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.accepted.set()
        task = asyncio.current_task()
        assert task is not None
        self._handling.add(task)
        try:
            # Stopping cancels; asyncio would report that as an error of the callback.
            with suppress(OSError, asyncio.CancelledError):
                await self._behaviour(reader, writer)
        finally:
            self._handling.discard(task)
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()


async def stays_silent(connection: ServerConnection) -> None:
    """Open, say nothing, wait for the client's close frame."""
    await connection.wait_closed()


async def reads_everything(connection: ServerConnection) -> None:
    """Take whatever comes and answer nothing."""
    async for _ in connection:
        pass


def sends(*messages: str | bytes, then: Behaviour = stays_silent) -> Behaviour:
    """Send `messages` at once, then do as `then` says."""

    async def behaviour(connection: ServerConnection) -> None:
        for message in messages:
            await connection.send(message)
        await then(connection)

    return behaviour


def closes(code: int | None, reason: str = "") -> Behaviour:
    """Send a close frame with `code`; None sends it without any code."""

    async def behaviour(connection: ServerConnection) -> None:
        if code is None:
            async with connection.send_context():
                connection.protocol.send_close()
        else:
            await connection.close(code, reason)

    return behaviour


async def breaks(connection: ServerConnection) -> None:
    """Drop the TCP connection without a close frame."""
    connection.transport.abort()


def refuses(status: int, body: str = "", **headers: str) -> Answer:
    """Answer the handshake with an HTTP status."""

    def answer(connection: ServerConnection, request: Request) -> Response:
        response = connection.respond(status if status < 600 else 500, body)
        response.status_code = status
        for name, value in headers.items():
            response.headers[name.replace("_", "-")] = value
        return response

    return answer

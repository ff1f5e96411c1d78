"""One script, two clients: an asynchronous face over either client, so that every case runs against both."""

from __future__ import annotations

import asyncio
import inspect
import os
import socket
import stat
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from operator import attrgetter
from types import TracebackType
from typing import Any, Literal, Self

import voicelive
import voicelive.aio
from voicelive.models import AnyServerEvent

Flavour = Literal["sync", "async"]

DEADLINE = 60.0
"""Seconds that anything may take, however busy the machine; far more than it does."""


class Client:
    """`voicelive` or `voicelive.aio`, called the same way."""

    def __init__(self, flavour: Flavour) -> None:
        self.flavour: Flavour = flavour
        self.package: Any = voicelive if flavour == "sync" else voicelive.aio

    def connect(self, endpoint: str | None = None, **arguments: Any) -> Script:
        """Prepare a connection, with a model unless told otherwise."""
        arguments.setdefault("model", "gpt-4o")
        arguments.setdefault("connection_options", {"open_timeout": DEADLINE, "close_timeout": 5})
        return Script(self.package.connect(endpoint=endpoint, **arguments), self.flavour)


class Script:
    """A connection whose every method is awaited: those of the blocking client run in threads."""

    def __init__(self, connection: Any, flavour: Flavour) -> None:
        self.connection = connection
        self.blocking = flavour == "sync"

    async def do(self, work: Callable[[Any], Any]) -> Any:
        """Call `work` with the connection; in a thread for the blocking client."""
        if self.blocking:
            return await asyncio.to_thread(work, self.connection)
        result = work(self.connection)
        return await result if inspect.isawaitable(result) else result

    async def call(self, method: str, **fields: Any) -> None:
        """Call a method of a resource, such as ``response.create``."""
        await self.do(lambda connection: attrgetter(method)(connection)(**fields))

    async def open(self) -> Any:
        return await self.do(lambda connection: connection.open())

    async def close(self, *arguments: Any) -> None:
        await self.do(lambda connection: connection.close(*arguments))

    async def recv(self, timeout: float | None = DEADLINE) -> AnyServerEvent:
        event: AnyServerEvent = await self.do(lambda connection: connection.recv(timeout))
        return event

    async def recv_bytes(self, timeout: float | None = DEADLINE) -> bytes:
        data: bytes = await self.do(lambda connection: connection.recv_bytes(timeout))
        return data

    async def send(self, event: Any) -> None:
        await self.do(lambda connection: connection.send(event))

    async def wait_for(self, condition: Any, timeout: float | None = DEADLINE) -> Any:
        return await self.do(lambda connection: connection.wait_for(condition, timeout=timeout))

    async def collect(self) -> list[AnyServerEvent]:
        """Iterate to the end."""

        def blocking(connection: Any) -> list[AnyServerEvent]:
            return list(connection)

        async def awaiting(connection: Any) -> list[AnyServerEvent]:
            return [event async for event in connection]

        events: list[AnyServerEvent] = await self.do(blocking if self.blocking else awaiting)
        return events

    async def until_waiting(self, count: int) -> None:
        """Wait until so many calls wait for something to arrive."""
        inbox, deadline = self.connection._inbox, time.monotonic() + DEADLINE
        while len(inbox.waiters) + len(inbox._receivers) < count:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.001)

    @property
    def close_info(self) -> Any:
        return self.connection.close_info

    async def __aenter__(self) -> Self:
        await self.do(lambda connection: connection.__enter__() if self.blocking else connection.__aenter__())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        name = "__exit__" if self.blocking else "__aexit__"
        await self.do(lambda connection: getattr(connection, name)(kind, error, trace))


def open_sockets(port: int) -> list[str]:
    """Describe the sockets of this process that are connected to `port` of this machine."""
    found: list[str] = []
    for descriptor in map(int, os.listdir("/dev/fd")):
        # Others open and close theirs meanwhile, and what is not connected has no peer.
        with suppress(OSError):
            if stat.S_ISSOCK(os.fstat(descriptor).st_mode):
                with socket.socket(fileno=os.dup(descriptor)) as twin:
                    peer = twin.getpeername()
                    if isinstance(peer, tuple) and peer[1] == port:
                        found.append(f"descriptor {descriptor}, as {twin}")
    return found


def connection_threads() -> list[str]:
    """Name the threads that belong to connections of the blocking client: nothing else here makes nameless threads."""
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("Thread-")]


async def assert_nothing_left(*ports: int) -> None:
    """Check that no socket, thread or task of a connection is left."""
    # What was aborted closes in the loop's next steps.
    for _ in range(3):
        await asyncio.sleep(0)
    assert connection_threads() == []
    assert [task for task in asyncio.all_tasks() if task is not asyncio.current_task()] == []
    for port in ports:
        assert open_sockets(port) == []

"""The WebSocket of a line, whichever framework has accepted it."""

from __future__ import annotations

import asyncio
from typing import Any, Protocol

from ..errors import ConfigurationError

__all__ = ["LineStream", "StreamEnded", "line_stream"]


class StreamEnded(Exception):  # noqa: N818 - not an error: it is how every call ends
    """The line's WebSocket is closed, or broken."""


class LineStream(Protocol):
    """A WebSocket that is open."""

    async def receive(self) -> str | bytes:
        """Return the next message; raise StreamEnded when there will be none."""
        ...

    async def send(self, message: str | bytes) -> None:
        """Send a message; raise StreamEnded where that is not possible any more."""
        ...

    async def close(self) -> None:
        """Close it; never raises for one that is closed already."""
        ...


class _Stream:
    """What the frameworks' WebSockets have in common. Whatever they raise is the end of the stream."""

    def __init__(self, socket: Any) -> None:
        self._socket = socket

    async def receive(self) -> str | bytes:
        try:
            return await self._receive()
        except (StreamEnded, ConfigurationError):
            raise
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            # Quart cancels whoever waits when the peer goes.
            raise StreamEnded("the line closed its WebSocket") from None
        except Exception as error:
            raise StreamEnded(_told(error)) from error

    async def send(self, message: str | bytes) -> None:
        try:
            await self._send(message)
        except StreamEnded:
            raise
        except Exception as error:
            raise StreamEnded(_told(error)) from error

    async def close(self) -> None:
        try:
            await self._close()
        except Exception:  # noqa: BLE001 - it is closed, or nothing can close it
            return

    async def _receive(self) -> str | bytes:
        return await _awaited(self._socket, self._socket.receive())

    async def _send(self, message: str | bytes) -> None:
        await self._socket.send(message)

    async def _close(self) -> None:
        close: Any = getattr(self._socket, "close", None)
        if close is not None:
            await close()


class _Websockets(_Stream):
    """`websockets`: ``recv()``."""

    async def _receive(self) -> str | bytes:
        return await _awaited(self._socket, self._socket.recv())


class _Starlette(_Stream):
    """Starlette and FastAPI: messages of ASGI."""

    async def _receive(self) -> str | bytes:
        while True:
            message = await self._socket.receive()
            if message.get("type") != "websocket.receive":
                raise StreamEnded(f"the line closed its WebSocket with {message.get('code', 1005)}")
            found: str | bytes | None = message.get("text")
            if found is None:
                found = message.get("bytes")
            if found is not None:
                return found

    async def _send(self, message: str | bytes) -> None:
        await (self._socket.send_text(message) if isinstance(message, str) else self._socket.send_bytes(message))


class _Aiohttp(_Stream):
    """aiohttp: messages that know their kind."""

    async def _receive(self) -> str | bytes:
        message = await self._socket.receive()
        if message.type.name not in ("TEXT", "BINARY"):
            raise StreamEnded(f"the line closed its WebSocket with {self._socket.close_code}")
        found: str | bytes = message.data
        return found

    async def _send(self, message: str | bytes) -> None:
        await (self._socket.send_str(message) if isinstance(message, str) else self._socket.send_bytes(message))


async def _awaited(socket: Any, received: Any) -> str | bytes:
    if not hasattr(received, "__await__"):
        raise ConfigurationError(
            f"{type(socket).__name__} is a WebSocket that blocks: use answer_sync() or bridge_sync() with it"
        )
    found: str | bytes = await received
    return found


def line_stream(socket: Any) -> LineStream:
    """Return a WebSocket of Starlette, FastAPI, aiohttp, Quart or `websockets`, or anything that sends and receives.

    Raises:
        ConfigurationError: if it does neither.
    """
    if not callable(getattr(socket, "send", None)) and not callable(getattr(socket, "send_str", None)):
        raise ConfigurationError(f"{type(socket).__name__} is not a WebSocket: it has no method to send")
    if callable(getattr(socket, "recv", None)):
        return _Websockets(socket)
    if not callable(getattr(socket, "receive", None)):
        raise ConfigurationError(f"{type(socket).__name__} is not a WebSocket: it has no method to receive")
    if callable(getattr(socket, "send_str", None)):
        return _Aiohttp(socket)
    return _Starlette(socket) if callable(getattr(socket, "send_text", None)) else _Stream(socket)


def _told(error: Exception) -> str:
    return f"the line's WebSocket ended: {type(error).__name__}"

"""A synchronous connection as the bridge needs it, which runs on that connection's own loop and may not block there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._core.codec import audio_frame
from .._core.conversation.user_message import user_message
from ..errors import ConnectionStateError, VoiceLiveError

if TYPE_CHECKING:
    from .._clients.sync_connection import VoiceLiveConnection
    from .._core.closing import CloseInfo

__all__ = ["ConnectionOnLoop"]


class ConnectionOnLoop:
    """What the bridge uses of an asynchronous connection, for one of ``voicelive.connect()``.

    Closing is left to whoever has a thread to wait in: see :mod:`.answering_sync`.
    """

    def __init__(self, connection: VoiceLiveConnection) -> None:
        self._connection = connection
        self.playback = connection.playback
        layer: Any = self.playback
        self._layer = layer.layer

    @property
    def input_audio_buffer(self) -> ConnectionOnLoop:
        """What :meth:`append` belongs to."""
        return self

    @property
    def close_info(self) -> CloseInfo | None:
        """How the connection ended; None while it is open."""
        return self._connection.close_info

    async def append(self, *, audio: bytes) -> None:
        """Send sound; waits while the service reads more slowly than this side sends."""
        event = audio_frame("input_audio_buffer.append", {"audio": audio})
        assert event is not None
        await self._send(event)

    async def interrupt(self) -> None:
        """Interrupt the answer."""
        self._open_transport().interrupt()

    async def respond(self, text: str) -> None:
        """Add what the user said as text, and ask for a response."""
        item = user_message(text, ())
        await self._send(self._layer.encode({"type": "conversation.item.create", "item": item}))
        self._open_transport().request(None)

    async def close(self) -> None:
        """Leave it open: closing blocks."""

    async def _send(self, event: Any) -> None:
        try:
            if (rest := self._open_transport().begin(event)) is not None:
                await rest
        except VoiceLiveError:
            raise
        except Exception as error:
            if self.close_info is None:
                raise
            raise ConnectionStateError("this connection is closed") from error

    def _open_transport(self) -> Any:
        transport = self._layer.transport
        if transport is None or self._connection.close_info is not None:
            raise ConnectionStateError("this connection is closed")
        return transport

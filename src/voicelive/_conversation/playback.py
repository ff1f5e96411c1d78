"""What a player tells the connection, and what the connection tells it; the same for both clients."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .._core.numbers import is_whole
from .._public import public_in
from ..errors import ConfigurationError

if TYPE_CHECKING:
    from .._core.handshake import Handshake
    from .layer import ConversationLayer

__all__ = ["ConnectionPlayback", "Playback"]


@public_in("voicelive.conversation")
class Playback:
    """The connection's side of a player: report what was played, and be told when to drop the rest.

    All methods may be called from any thread, also from an audio callback: they only count, and wait for nothing.
    """

    def __init__(self, layer: Any) -> None:
        self._layer: ConversationLayer = layer

    def played(self, size: int, *, item_id: str | None = None) -> None:
        """Count `size` bytes of the answer's audio that were played, in the session's output format.

        More than was received does not count: silence that a player inserts is not part of an answer. For an item that
        is unknown, was interrupted or has been played to its end nothing is counted. ``played(0)`` at the beginning
        says that there is a player, so that the state ``speaking`` follows it.

        Args:
            size: the bytes, in the order of arrival.
            item_id: the item they belong to, where a player plays items apart from their order.

        Raises:
            ConfigurationError: if `size` is negative or not an integer.
        """
        self._layer.played(size, item_id)

    def underrun(self) -> None:
        """Count that the player had nothing to play in the midst of an answer."""
        self._layer.underrun()

    @property
    def unheard_ms(self) -> int:
        """How much audio was received and not played yet, in ms."""
        return self._layer.conversation.ledger.unheard_ms

    @property
    def latency_ms(self) -> int:
        """How long a sample takes from :meth:`played` to the ear, in ms; a player sets it."""
        return self._layer.conversation.latency_ms

    @latency_ms.setter
    def latency_ms(self, value: int) -> None:
        if not is_whole(value, 0):
            raise ConfigurationError(f"latency_ms is {value!r}; it takes whole milliseconds, 0 or more")
        self._layer.conversation.latency_ms = value

    def on_flush(self, callback: Callable[[], Any]) -> None:
        """Have `callback` called without arguments whenever the player is to drop what it holds.

        With asyncio it is called on the connection's loop; in the synchronous client, on a thread of the connection's,
        or by whoever receives, before the next event is handed out, if that comes first. Where audio had been handed
        out just before, it is called once more before the next event is, by whoever receives: that audio may have
        reached the player after the first call. Keep it short.
        """
        self._layer.on_flush(callback)


class ConnectionPlayback(Playback):
    """The same with what this package's own players need beside it."""

    def __init__(self, layer: ConversationLayer, handshake: Handshake) -> None:
        super().__init__(layer)
        self.layer = layer
        self.handshake = handshake

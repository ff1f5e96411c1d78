"""Who records a call: told of every message as it is on the wire, on the connection's loop, with the time of each."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable

from .._base import Model
from .._core.closing import CloseInfo
from .._core.conversation.ledger import Heard
from .._core.handshake import Handshake
from ..errors import ConfigurationError

__all__ = ["Tap", "Taps", "check_tap"]

_logger = logging.getLogger("voicelive.conversation")


@runtime_checkable
class Tap(Protocol):
    """Takes down what goes over a connection. Every method returns at once; times are of the monotonic clock."""

    def begin(
        self, handshake: Handshake, now: float, hide: Callable[[str], str], tell: Callable[[Model], None]
    ) -> None:
        """Take that a connection is open.

        Args:
            handshake: what it was opened with.
            now: the time.
            hide: takes the connection's credential out of a text, in any thread.
            tell: hands the application an event, from any thread.
        """

    def sent(self, data: bytes, now: float) -> None:
        """Take a message that was sent."""

    def received(self, data: bytes, now: float) -> None:
        """Take a message that arrived."""

    def told(self, data: bytes, now: float) -> None:
        """Take an event of the connection's own."""

    def heard(self, heard: list[Heard], now: float) -> None:
        """Take how far items have been heard."""

    def ended(self, info: CloseInfo | None, now: float) -> None:
        """Take the end of the connection."""


def check_tap(recorder: object) -> Tap:
    """Return it.

    Raises:
        ConfigurationError: if it is something else.
    """
    if not isinstance(recorder, Tap):
        raise ConfigurationError(f"recorder takes a voicelive.recording.Recorder, not {type(recorder).__name__}")
    return recorder


class Taps:
    """The taps of one connection. One that fails is removed, and costs the call nothing."""

    def __init__(self) -> None:
        self._taps: list[Tap] = []

    def add(self, tap: Tap) -> None:
        """Have a tap told from now on."""
        self._taps = [*self._taps, tap]

    def __bool__(self) -> bool:
        return bool(self._taps)

    def call(self, method: Callable[..., None], *arguments: Any) -> None:
        """Call a method, given as of :class:`Tap`, of all."""
        for tap in self._taps:
            try:
                getattr(tap, method.__name__)(*arguments)
            except Exception:
                _logger.exception("a recorder failed and was removed")
                self._taps = [one for one in self._taps if one is not tap]

"""Players that belong to this package: told of everything on the connection's loop, where they hold nothing up."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Protocol

__all__ = ["Player", "Players"]

_logger = logging.getLogger("voicelive.conversation")


class Player(Protocol):
    """Plays what the service says. Every method is called on the connection's loop, and only counts and keeps."""

    def take(self, event: Any) -> bool:
        """Take an event; return whether the application is to see it."""
        ...

    def take_played(self) -> int:
        """Return how many bytes of the session's output were played since the last call."""
        ...

    def flush(self) -> None:
        """Drop what waits."""
        ...

    def ended(self) -> None:
        """Take that the connection has ended."""
        ...


class Players:
    """The players of one connection. One that fails costs the call nothing else."""

    def __init__(self) -> None:
        self._players: list[Player] = []

    def __bool__(self) -> bool:
        return bool(self._players)

    def add(self, player: Player) -> None:
        """Have a player told from now on."""
        self._players = [*self._players, player]

    def remove(self, player: Player) -> None:
        """Leave a player alone from now on."""
        self._players = [one for one in self._players if one is not player]

    def take(self, event: Any) -> bool:
        """Hand an event to all; return whether the application is to see it."""
        shown = [self._call(player.take, True, event) for player in self._players]
        return all(shown)

    def take_played(self) -> int:
        """Return how many bytes were played since the last call, by all."""
        return sum(self._call(player.take_played, 0) for player in self._players)

    def flush(self) -> None:
        """Have all drop what waits."""
        for player in self._players:
            self._call(player.flush, None)

    def ended(self) -> None:
        """Tell all that the connection has ended."""
        for player in self._players:
            self._call(player.ended, None)

    def _call(self, method: Callable[..., Any], otherwise: Any, *arguments: Any) -> Any:
        try:
            return method(*arguments)
        except Exception:
            _logger.exception("a player failed")
            return otherwise

"""A responder that says what it is told: for tests of whoever talks to it."""

from __future__ import annotations

import re
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

from ..._public import public_in
from .protocols import Responder, ResponderError, ResponderOutput, ResponderRequest, TextChunk

__all__ = ["Script", "ScriptedResponder", "ScriptedTurn"]

ScriptedTurn: TypeAlias = str | ResponderOutput | ResponderError | Sequence[str | ResponderOutput | ResponderError]
"""One turn of the assistant: a text, a function call, an early end, an error, or several of them in their order.

A ``str`` goes out word by word, a ``TextChunk`` as the piece that it is.
"""

Script: TypeAlias = ScriptedTurn | Callable[[ResponderRequest], ScriptedTurn]
"""A turn, or a function that makes one of the conversation so far."""

_PIECE = re.compile(r"\s*\S+\s*")


@public_in("voicelive.local.engines")
class ScriptedResponder:
    """Answers request after request with the turns that it is given, in their order.

    One script serves all sessions of a service: whoever asks first gets the first turn. Where the turns are used up,
    the response fails and says so, or `otherwise` makes the answer.

    Args:
        turns: the first turns; :meth:`add` adds more at any time, from any thread.
        otherwise: makes a turn of a conversation where none is left.
    """

    def __init__(self, *turns: Script, otherwise: Callable[[ResponderRequest], ScriptedTurn] | None = None) -> None:
        self._turns: deque[Script] = deque(turns)
        self._otherwise = otherwise
        self._lock = threading.Lock()
        self._used = 0
        self._requests: list[ResponderRequest] = []
        self._unexpected: list[ResponderRequest] = []

    @property
    def requests(self) -> list[ResponderRequest]:
        """What was asked so far, oldest first."""
        with self._lock:
            return list(self._requests)

    @property
    def unexpected(self) -> list[ResponderRequest]:
        """The requests for which no turn was left and nothing else made one."""
        with self._lock:
            return list(self._unexpected)

    @property
    def unused(self) -> list[Script]:
        """The turns that nobody has asked for yet."""
        with self._lock:
            return list(self._turns)

    def add(self, *turns: Script) -> None:
        """Add turns at the end of the script."""
        with self._lock:
            self._turns.extend(turns)

    def respond(self, request: ResponderRequest) -> Iterator[ResponderOutput]:
        """Yield the next turn.

        Raises:
            ResponderError: the turn's own, or with code ``script_exhausted`` where no turn is left.
        """
        turn = self._next(request)
        if callable(turn):
            turn = turn(request)
        parts = [turn] if isinstance(turn, str) or not isinstance(turn, Sequence) else turn
        for part in parts:
            if isinstance(part, ResponderError):
                # A new one each time: a script's function may give the same again, and tracebacks pile up in it.
                raise ResponderError(part.message, code=part.code, type=part.type)
            if isinstance(part, str):
                yield from (TextChunk(piece) for piece in _PIECE.findall(part))
            else:
                yield part

    def _next(self, request: ResponderRequest) -> Script:
        with self._lock:
            self._requests.append(request)
            if self._turns:
                self._used += 1
                return self._turns.popleft()
            if self._otherwise is not None:
                return self._otherwise
            self._unexpected.append(request)
            count = len(self._unexpected)
        given = f"the script is at its end after {self._used} turn(s)" if self._used else "the script is empty"
        return ResponderError(
            f"{given}, and this is request {self._used + count}: give the script one more turn",
            code="script_exhausted",
        )


_: type[Responder] = ScriptedResponder

"""Events that went out and leave no trace in the history: which of them nobody knows to have arrived."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["CONFIRMATIONS", "LostEvent", "Unconfirmed"]

_CONFIRMED_BY = {
    "conversation.item.retrieve": "conversation.item.retrieved",
    "input_audio_buffer.clear": "input_audio_buffer.cleared",
    "input_audio_buffer.commit": "input_audio_buffer.committed",
    "output_audio_buffer.clear": "output_audio_buffer.cleared",
    "response.cancel": "response.done",
}
"""What the service answers, to those that it answers at all."""

CONFIRMATIONS = tuple(_CONFIRMED_BY.values())

_CONFIRMS = {answer: kind for kind, answer in _CONFIRMED_BY.items()}

_REFUSALS = (
    ("response_cancel_", "response.cancel"),
    ("input_audio_buffer_commit_", "input_audio_buffer.commit"),
    ("item_retrieve_", "conversation.item.retrieve"),
)
"""How the codes of errors begin that answer an event without naming it."""

_MOST = 256


@dataclass(frozen=True)
class LostEvent:
    """An event that may not have arrived."""

    type: str
    event_id: str | None
    earlier: int = 0
    """How many more there were before it, too many to name."""


class Unconfirmed:
    """Keeps what was sent, in order, until the service answers it or something that was sent after it."""

    __slots__ = ("_earlier", "_overdue", "_sent")

    def __init__(self) -> None:
        self._sent: dict[int, LostEvent] = {}
        self._earlier = 0
        self._overdue = 0

    def sent(self, number: int, event: Mapping[str, Any]) -> None:
        """Note an event that is on its way, with its place in the order."""
        event_id = event.get("event_id")
        kind = str(event.get("type", ""))
        self._sent[number] = LostEvent(kind, event_id if isinstance(event_id, str) else None)
        if len(self._sent) > _MOST:
            del self._sent[next(iter(self._sent))]
            self._earlier += 1

    def retract(self, number: int) -> None:
        """Take back an event that could not be sent."""
        self._sent.pop(number, None)

    def received(self, kind: str) -> None:
        """Learn from an event of the service."""
        asked = _CONFIRMS.get(kind)
        if asked is not None and self._sent:
            self._answered(asked)

    def refused(self, event_id: str | None, code: str) -> None:
        """Note that the service refused an event: it arrived."""
        if event_id is not None:
            named = (number for number, event in self._sent.items() if event.event_id == event_id)
            self._taken(next(named, None))
            return
        for beginning, kind in _REFUSALS:
            if code.startswith(beginning):
                self._answered(kind)

    def taken(self, before: int) -> None:
        """Note that the service has come as far as an event: it takes them in order."""
        self._earlier = 0
        for number in [number for number in self._sent if number < before]:
            del self._sent[number]

    def _answered(self, kind: str) -> None:
        self._taken(next((number for number, event in self._sent.items() if event.type == kind), None))

    def _taken(self, number: int | None) -> None:
        if number is not None:
            self.taken(number + 1)

    @property
    def is_waiting(self) -> bool:
        """Whether an answer is still to come to one of them."""
        return any(number > self._overdue and event.type in _CONFIRMED_BY for number, event in self._sent.items())

    def forget(self) -> None:
        """Stop waiting for the answers to what was sent so far."""
        self._overdue = max(self._sent, default=self._overdue)

    def take(self) -> list[LostEvent]:
        """Hand out what may not have arrived, in order."""
        lost = list(self._sent.values())
        if lost and self._earlier:
            lost[0] = LostEvent(lost[0].type, lost[0].event_id, self._earlier)
        self._sent.clear()
        self._earlier = 0
        return lost

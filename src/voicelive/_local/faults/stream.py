"""Faults in the stream of events: what leaves in place of what was to leave."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Any

from ..._core.codec import encode_server_event
from ..._generated.models import ServerEvent
from ..ids import new_id
from .base import StreamFault
from .kinds import Delay, Drop, Duplicate, Malformed, Oversize, Reorder, UnknownEvent
from .order import may_overtake
from .schedule import Opportunities, PlannedFault

__all__ = ["Message", "Stream", "message_of"]


@dataclass(frozen=True)
class Message:
    """One WebSocket message on its way out."""

    data: bytes
    type: str
    """The type of the event that it is, or was before it was broken."""
    event: ServerEvent | None = None
    """The event; None where the message is no longer what the event says."""
    binary: bool = False
    """Whether it goes in a binary frame."""
    delay: float = 0.0
    """Seconds to wait before it is sent."""
    lost: bool = False
    """Whether it is not sent at all."""
    fault: str | None = None
    """The fault that changed it."""


def message_of(event: ServerEvent) -> Message:
    """Return the message that an event is sent as."""
    return Message(encode_server_event(event), str(event.type), event)


class Stream:
    """Applies the faults to the events of one session, in the order in which they were added."""

    def __init__(self, opportunities: Opportunities) -> None:
        self._opportunities = opportunities
        self._held: tuple[Message, PlannedFault[Reorder]] | None = None

    @property
    def holding(self) -> bool:
        """Whether an event is held back, for the next to overtake it."""
        return self._held is not None

    def put(self, message: Message) -> list[Message]:
        """Return what is to leave now that `message` comes."""
        messages = [message]
        for planned in self._opportunities.waiting(StreamFault):
            if not isinstance(planned.fault, Reorder):
                messages = [result for one in messages for result in self._apply(planned, one)]
        return [result for one in messages for result in self._reordered(one)]

    def release(self) -> list[Message]:
        """Return the event that is held back, if there is one: nothing came to overtake it."""
        if self._held is None:
            return []
        (message, planned), self._held = self._held, None
        self._opportunities.take_back(planned)
        return [replace(message, fault=None)]

    def _apply(self, planned: PlannedFault[StreamFault], message: Message) -> list[Message]:
        fault = planned.fault
        if message.lost or not fnmatchcase(message.type, fault.event) or not self._opportunities.take(planned):
            return [message]
        note = str(fault)
        if isinstance(fault, Drop):
            return [replace(message, lost=True, fault=note)]
        if isinstance(fault, Delay):
            return [replace(message, delay=message.delay + fault.seconds, fault=note)]
        if isinstance(fault, Duplicate):
            return [message, replace(message, delay=0.0, fault=note)]
        if isinstance(fault, Oversize):
            return [replace(message, data=_padded(message.data, fault.size), event=None, fault=note)]
        if isinstance(fault, UnknownEvent):
            unknown = json.dumps({"event_id": new_id("event"), "type": fault.type}).encode()
            return [Message(unknown, fault.type, fault=note), message]
        if isinstance(fault, Malformed):
            data = _broken(message.data, fault.form, self._opportunities.random(planned))
            return [replace(message, data=data, event=None, binary=fault.form == "binary", fault=note)]
        return [message]

    def _reordered(self, message: Message) -> list[Message]:
        if self._held is not None:
            held, _ = self._held
            if message.lost:
                return [message]
            if may_overtake(_payload(message), _payload(held)):
                self._held = None
                return [message, held]
            return [*self.release(), message]
        if message.lost or message.event is None:
            return [message]
        for planned in self._opportunities.waiting(Reorder):
            if fnmatchcase(message.type, planned.fault.event) and self._opportunities.take(planned):
                self._held = replace(message, fault=str(planned.fault)), planned
                return []
        return [message]


def _payload(message: Message) -> dict[str, Any]:
    return message.event.to_dict() if message.event is not None else {"type": message.type}


def _padded(data: bytes, size: int) -> bytes:
    missing = size - len(data) - len(b',"padding":""')
    if missing <= 0:
        return data
    return data[:-1] + b',"padding":"' + b"x" * missing + b'"}'


def _broken(data: bytes, form: str, chance: random.Random) -> bytes:
    if form == "truncated":
        return data[: chance.randrange(1, len(data) - 1)]
    if form == "text":
        return b"<html><body>502 Bad Gateway</body></html>"
    if form == "binary":
        return chance.randbytes(64)
    event: dict[str, Any] = json.loads(data)
    if form == "array":
        return json.dumps([event]).encode()
    if form == "no_type":
        return json.dumps({key: value for key, value in event.items() if key != "type"}).encode()
    if form == "nulls":
        return json.dumps({key: value if key == "type" else None for key, value in event.items()}).encode()
    return json.dumps({key: value if key == "type" else _other_type(value) for key, value in event.items()}).encode()


def _other_type(value: object) -> object:
    """Return a value of another JSON type, with as much of the first in it as goes."""
    if isinstance(value, bool) or value is None:
        return "maybe"
    if isinstance(value, (int, float)):
        return [value]
    if isinstance(value, str):
        return len(value)
    return "object" if isinstance(value, dict) else {"list": value}

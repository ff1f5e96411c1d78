"""The figures of a call from a list of its events, such as a recording's."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any, Literal

from ..._base import Model
from ..._public import public_in
from ..codec import decode_server_event
from .barge_in import BargeIn
from .conversation import Conversation
from .fields import base64_size
from .metrics import CallMetrics

__all__ = ["Observed", "measure"]


@public_in("voicelive.conversation")
@dataclass(frozen=True)
class Observed:
    """One event of a call: when, which way, and what."""

    time: float
    """Seconds of any one clock."""
    direction: Literal["in", "out"]
    """``in`` from the service, ``out`` to it."""
    event: Model | Mapping[str, Any]
    """The event, as an object or in its wire form."""


@public_in("voicelive.conversation")
def measure(
    events: Iterable[Observed],
    *,
    played: Iterable[tuple[float, str | None, int]] = (),
    barge_in: bool | BargeIn = False,
) -> CallMetrics:
    """Return the figures of a call, as ``connection.metrics`` would have had them, with all turns.

    Args:
        events: the call's events in the order of their times.
        played: what a player reported, if one did: time, item (or None) and bytes, in the order of their times.
        barge_in: what ``connect()`` was given, so that the same interrupts. Interruptions of the application's own
            count if ``voicelive.interrupted`` is among the events.
    """
    numbers = count(1)
    interrupting = BargeIn() if barge_in is True else barge_in or None
    # The events are all there already, so that their figures may be too.
    conversation = Conversation(barge_in=interrupting, max_turns=None, new_id=lambda: f"measured_{next(numbers)}")
    reports = iter(played)
    report = next(reports, None)
    for observed in events:
        while report is not None and report[0] <= observed.time:
            conversation.played(report[2], report[0], item_id=report[1])
            report = next(reports, None)
        if observed.direction == "in":
            conversation.tick(observed.time)
            conversation.received(_server_event(observed.event), observed.time)
        else:
            event = observed.event.to_dict() if isinstance(observed.event, Model) else observed.event
            item = event.get("item")
            conversation.sent(
                str(event.get("type")),
                observed.time,
                audio_size=base64_size(event.get("audio")),
                item=item if isinstance(item, Mapping) else None,
            )
        conversation.actions.clear()
    while report is not None:
        conversation.played(report[2], report[0], item_id=report[1])
        report = next(reports, None)
    conversation.ended()
    return conversation.meter.call


def _server_event(event: Model | Mapping[str, Any]) -> Model:
    return event if isinstance(event, Model) else decode_server_event(json.dumps(event))

"""Thousands of broken events reach the state machine of reconnecting: nothing raises, and each is handed on."""

from __future__ import annotations

import copy
import json
import random

from tests.core.test_mutations import mutate
from tests.samples import SERVER_TYPES, sample_event
from voicelive._core.envelope import Incoming

from .scripted import DROPPED, Scripted


def test_broken_events_never_stop_it() -> None:
    """Whatever arrives over the current connection or over the one being restored, the application gets it."""
    chance = random.Random(20260715)
    samples = {event_type: sample_event(name, full=True) for event_type, name in SERVER_TYPES.items()}

    def broken() -> bytes:
        event_type = chance.choice(list(samples))
        payload = copy.deepcopy(samples[event_type])
        for _ in range(chance.randrange(4)):
            if payload:
                mutate(payload, chance)
        if chance.random() < 0.9:
            payload["type"] = event_type
        return json.dumps(payload).encode()

    for _ in range(150):
        story = Scripted()
        sent = [broken() for _ in range(40)]
        for number, data in enumerate(sent):
            story.line.received(1, Incoming(data), number / 10)
        taken = [story.buffer.take() for _ in sent]
        assert [message and message.data for message in taken] == sent
        story.line.ended(1, DROPPED, 5)
        story.line.opened(2, 6)
        while (outgoing := story.line.next_to_send(2, 6)) is not None:
            story.line.sent(outgoing, 6)
        for _ in range(20):
            story.line.received(2, Incoming(broken()), 7)
        story.at(60)

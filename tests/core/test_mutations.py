"""Many broken events, quickly: nothing raises, nothing is lost, the class is kept.

`VOICELIVE_MUTATIONS=1000000 pytest tests/core/test_mutations.py` runs as many as one likes; every run is repeatable.
"""

from __future__ import annotations

import copy
import json
import os
import random
from typing import Any

import pytest

from tests.samples import SERVER_TYPES, sample_event
from voicelive._core.codec import decode_server_event

COUNT = int(os.environ.get("VOICELIVE_MUTATIONS", "20000"))
ODD_VALUES: list[Any] = [
    None, True, 0, -1, 2**70, 0.5, 1e308, "", "text", "5", "true", "\u0000\ud7ff\U0001f600", [], {}, [[]], {"type": 5},
    {"type": "no such kind"}, {"type": "message", "role": "nobody"}, ["text", None, 3], {"a": {"b": [{}]}},
]  # fmt: skip


def places(node: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) below `node`."""
    found: list[tuple[Any, Any]] = []
    entries: list[Any] = list(node) if isinstance(node, dict) else list(range(len(node)))
    for key in entries:
        found.append((node, key))
        if isinstance(node[key], (dict, list)):
            found.extend(places(node[key]))
    return found


def mutate(payload: dict[str, Any], chance: random.Random) -> None:
    """Break one place: delete, null, retype, nest, duplicate, rename or add."""
    container, key = chance.choice(places(payload))
    action = chance.randrange(7)
    if action == 0:
        del container[key]
    elif action == 1:
        container[key] = None
    elif action == 2:
        container[key] = copy.deepcopy(chance.choice(ODD_VALUES))
    elif action == 3:
        container[key] = {"nested": container[key]}
    elif action == 4:
        container[key] = [container[key], copy.deepcopy(container[key])]
    elif isinstance(container, dict):
        name = f"{key}{chance.randrange(3)}"
        container[name] = container.pop(key) if action == 5 else copy.deepcopy(chance.choice(ODD_VALUES))


@pytest.mark.timeout(max(300, COUNT // 500))
def test_broken_events_lose_nothing() -> None:
    """Tens of thousands of events with one to three broken places decode to their own class, every value kept."""
    chance = random.Random(20260715)
    samples = {event_type: sample_event(name, full=True) for event_type, name in SERVER_TYPES.items()}
    types = list(SERVER_TYPES)
    with_issues = 0
    for _ in range(COUNT):
        event_type = chance.choice(types)
        payload = copy.deepcopy(samples[event_type])
        for _ in range(chance.randint(1, 3)):
            if payload:
                mutate(payload, chance)
        payload["type"] = event_type
        event = decode_server_event(json.dumps(payload))
        assert type(event).__name__ == SERVER_TYPES[event_type], payload
        assert event.to_dict() == payload
        with_issues += bool(event.issues)
    # Not all mutations break the contract: a deleted optional field is fine. But most do.
    assert with_issues > COUNT // 4

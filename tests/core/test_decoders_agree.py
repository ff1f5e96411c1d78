"""The two ways of reading an event, at once and field by field, make the same classes of the same fields."""

from __future__ import annotations

import copy
import json
import random
from pathlib import Path
from typing import Any, get_args, get_origin

import pytest

from tests.core.test_mutations import mutate
from tests.samples import SERVER_TYPES, sample_event
from voicelive._base import Model, alias_value
from voicelive._core.codec import decode_server_event
from voicelive._core.lenient import read_model
from voicelive._core.warmup import all_models
from voicelive._generated.registry import SERVER_EVENTS

DATA = Path(__file__).resolve().parent.parent / "data"
LINES = [json.loads(line) for line in (DATA / "real-payloads.jsonl").read_text(encoding="utf-8").splitlines()]
RECORDED: list[dict[str, Any]] = [
    line["payload"] for line in LINES if line["direction"] == "server" and line["payload"]["type"] in SERVER_EVENTS
]
SAMPLES: list[dict[str, Any]] = [
    sample_event(name, full=full) for name in SERVER_TYPES.values() for full in (True, False)
]
MUTATIONS = 4000

# A family of failed responses and calls, which the samples show with one kind of error only.
ERRORS: list[Any] = [
    {"type": "invalid_request_error", "code": "x", "message": "m"},
    {"type": "protocol_error", "code": 1, "message": "m"},
    {"type": "tool_execution_error", "message": "m"},
    {"type": "http_error", "code": 503, "message": "m"},
    {"message": "m"},
    {},
]
FAILED: list[dict[str, Any]] = [
    event
    for error in ERRORS
    for event in (
        {
            "type": "response.done",
            "event_id": "e",
            "response": {
                "id": "r",
                "status": "failed",
                "status_details": {"type": "failed", "error": error},
                "output": [],
            },
        },
        {
            "type": "response.output_item.done",
            "event_id": "e",
            "response_id": "r",
            "output_index": 0,
            "item": {
                "type": "mcp_call",
                "id": "i",
                "arguments": "{}",
                "server_label": "s",
                "name": "n",
                "error": error,
            },
        },
    )
]

Path_ = tuple[Any, ...]


def kinds(value: Any, path: Path_ = ()) -> dict[Path_, type]:
    """The type of everything in an event, by its place."""
    found: dict[Path_, type] = {path: _kind(value)}
    entries: list[tuple[Any, Any]] = []
    if isinstance(value, Model):
        given = value.model_fields_set
        entries = [(name, entry) for name, entry in value if name in given or name in (value.model_extra or {})]
    elif isinstance(value, dict):
        entries = list(value.items())
    elif isinstance(value, list):
        entries = list(enumerate(value))
    for key, entry in entries:
        found |= kinds(entry, (*path, key))
    return found


def _kind(value: Any) -> type:
    # A number that arrived as a text remembers the text; it is a number all the same.
    for plain in (bool, int, float):
        if isinstance(value, plain):
            return plain
    return type(value)


def received(payload: dict[str, Any]) -> Any:
    """One payload as it is received once its validator is built; before that it is read field by field."""
    SERVER_EVENTS[payload["type"]].model_rebuild()
    return decode_server_event(json.dumps(payload))


def both(payload: dict[str, Any]) -> tuple[Any, Any]:
    """One payload as it is received, and as the field by field reading has it."""
    return received(payload), read_model(SERVER_EVENTS[payload["type"]], copy.deepcopy(payload))


@pytest.mark.parametrize("payload", [*RECORDED, *SAMPLES, *FAILED], ids=lambda payload: str(payload["type"]))
def test_both_readings_make_the_same_classes(payload: dict[str, Any]) -> None:
    """Every recorded payload, every sample and every kind of error is read alike both ways."""
    at_once, by_field = both(payload)
    assert kinds(at_once) == kinds(by_field)
    assert at_once.to_dict() == by_field.to_dict() == payload
    assert at_once.to_json() == by_field.to_json()
    assert at_once.issues == by_field.issues


def test_a_misfit_changes_nothing_beside_it() -> None:
    """A broken place leaves the class of everything that is not at or in it, or in the object it tells the kind of."""
    chance = random.Random(20260801)
    originals: list[dict[str, Any]] = [*RECORDED, *SAMPLES, *FAILED]
    compared = 0
    for _ in range(MUTATIONS):
        original = chance.choice(originals)
        payload = copy.deepcopy(original)
        mutate(payload, chance)
        payload["type"] = original["type"]
        read, reference = kinds(received(payload)), kinds(both(original)[1])
        broken = _broken(original, payload)
        for place, kind in read.items():
            if place in reference and not any(place[: len(start)] == start for start in broken):
                compared += 1
                assert kind is reference[place], (place, payload)
    assert compared > MUTATIONS * 8


def _broken(old: Any, new: Any, path: Path_ = ()) -> list[Path_]:
    """The places whose values differ; all of an object where one of the constants that tell its kind does."""
    if isinstance(old, dict) and isinstance(new, dict):
        if path and any(old.get(tag) != new.get(tag) for tag in ("type", "role")):
            return [path]
        keys = list(old.keys() | new.keys())
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        keys = list(range(len(old)))
    else:
        return [] if old == new and type(old) is type(new) else [path]
    return [
        place
        for key in keys
        for place in (
            _broken(old[key], new[key], (*path, key)) if _has(old, key) and _has(new, key) else [(*path, key)]
        )
    ]


def _has(node: Any, key: Any) -> bool:
    return isinstance(node, list) or key in node


def test_no_class_stands_beside_anything() -> None:
    """No field is declared as a model or anything: anything would win where the event fits, the model where not."""
    beside: list[str] = []
    for model in all_models():
        for name, field in model.model_fields.items():
            members = list(_members(field.annotation))
            if Any in members and any(isinstance(member, type) and issubclass(member, Model) for member in members):
                beside.append(f"{model.__name__}.{name}")
    assert beside == []


def _members(annotation: Any) -> list[Any]:
    if (value := alias_value(annotation)) is not None:
        return _members(value)
    if get_origin(annotation) is not None and get_origin(annotation) not in (list, dict):
        return [member for entry in get_args(annotation) for member in _members(entry)]
    return [annotation]

"""The JSON schemas of the models: what tools such as OpenAPI generators and validators are told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from voicelive._base import Model
from voicelive._generated.registry import CLIENT_EVENTS, SERVER_EVENTS
from voicelive.models import ClientEvent, ServerEvent

DATA = Path(__file__).resolve().parent.parent / "data" / "real-payloads.jsonl"
LINES = [json.loads(line) for line in DATA.read_text(encoding="utf-8").splitlines()]
SIDES: dict[str, Any] = {"server": SERVER_EVENTS, "client": CLIENT_EVENTS}
RECORDED: dict[tuple[str, str], list[dict[str, Any]]] = {}
for line in LINES:
    if line["payload"].get("type") in SIDES[line["direction"]]:
        RECORDED.setdefault((line["direction"], line["payload"]["type"]), []).append(line["payload"])


def parts_of(value: Any) -> Iterator[Model]:
    """A model and every model in it."""
    if isinstance(value, Model):
        yield value
        for inner in value.__dict__.values():
            yield from parts_of(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from parts_of(inner)


@cache
def validator(cls: type[Model]) -> Draft202012Validator:
    return Draft202012Validator(cls.model_json_schema())


def findings(cls: type[Model], payload: Any) -> list[str]:
    return [f"{cls.__name__} {error.json_path}: {error.message}" for error in validator(cls).iter_errors(payload)]


@pytest.mark.parametrize(("side", "event_type"), RECORDED)
def test_a_schema_accepts_what_its_model_accepts(side: str, event_type: str) -> None:
    """Each recorded payload that a model validates, or a part of it that does, fits the schema of that model."""
    for payload in RECORDED[side, event_type]:
        try:
            SIDES[side][event_type].model_validate(payload)
        except ValueError:
            # What breaks the contract is read all the same, and much of what it holds is sound.
            pass
        else:
            assert findings(SIDES[side][event_type], payload) == []
        read = (ServerEvent if side == "server" else ClientEvent).from_dict(payload)
        for part in parts_of(read):
            wire = part.to_dict()
            try:
                type(part).model_validate(wire)
            except ValueError:
                continue
            assert findings(type(part), wire) == []

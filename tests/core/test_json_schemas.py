"""The JSON schemas of the models: what tools such as OpenAPI generators and validators are told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from voicelive._generated.registry import SERVER_EVENTS

DATA = Path(__file__).resolve().parent.parent / "data" / "real-payloads.jsonl"
LINES = [json.loads(line) for line in DATA.read_text(encoding="utf-8").splitlines()]
RECORDED: dict[str, list[dict[str, Any]]] = {}
for line in LINES:
    if line["direction"] == "server" and line["payload"].get("type") in SERVER_EVENTS:
        RECORDED.setdefault(line["payload"]["type"], []).append(line["payload"])


@pytest.mark.parametrize("event_type", RECORDED)
def test_a_schema_accepts_what_its_model_accepts(event_type: str) -> None:
    """Each recorded payload that the model validates fits the schema that the model gives of itself."""
    cls = SERVER_EVENTS[event_type]
    validator = Draft202012Validator(cls.model_json_schema())
    for payload in RECORDED[event_type]:
        try:
            cls.model_validate(payload)
        except ValueError:
            continue
        assert [f"{error.json_path}: {error.message}" for error in validator.iter_errors(payload)] == []

"""Mappings in place of models when a program runs: any of them is taken, whatever type checkers say of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, get_type_hints

import pytest
from pydantic import TypeAdapter
from typing_extensions import is_typeddict

import voicelive.types
from voicelive._core.contract import WireContract
from voicelive._generated import resources_sync
from voicelive.models import RequestSession

TEXT = (Path(__file__).resolve().parent.parent / "data" / "typing" / "mappings.txt").read_text(encoding="utf-8")
CONTRACT = WireContract("v1", check="ignore")


class Encoding(resources_sync.ConnectionResources):
    """In place of a connection: what is sent is encoded, and kept."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []

    def _send_call(self, event_type: str, fields: dict[str, Any]) -> None:
        self.sent.append(json.loads(CONTRACT.encode_call(event_type, fields).data))


@pytest.mark.parametrize("name", ["models", "sessions", "items", "responses", "named"])
def test_what_type_checkers_take_is_sent(name: str) -> None:
    """Every mapping that type checkers must take is one that the contract takes."""
    program: dict[str, Any] = {}
    exec(TEXT, program)
    connection = Encoding()
    program[name](connection)
    assert len(connection.sent) >= 2


@pytest.mark.parametrize("kind", [dict, MappingProxyType])
def test_any_mapping_is_taken(kind: Any) -> None:
    """Mappings of every class and with every key go to the service, at any depth."""
    connection = Encoding()
    connection.session.update(session=kind({"from_the_future": [1], "turn_detection": kind({"type": "server_vad"})}))
    session = connection.sent[0]["session"]
    assert session == {"from_the_future": [1], "turn_detection": {"type": "server_vad"}} or "audio" in session


def test_the_types_can_be_read_when_a_program_runs() -> None:
    """Each name of `voicelive.types` is a type with resolved keys, named after that module, or a union of such."""
    count = 0
    for name in voicelive.types.__all__:
        found: Any = getattr(voicelive.types, name)
        if is_typeddict(found):
            assert (found.__name__, found.__module__) == (name, "voicelive.types")
            assert not [key for key, hint in get_type_hints(found).items() if isinstance(hint, str)]
            count += 1
    assert count > 60
    with pytest.raises(AttributeError, match="no attribute 'SesionParam'"):
        _ = voicelive.types.SesionParam  # type: ignore[attr-defined] # pyright: ignore


def test_keys_are_required_where_the_service_needs_them() -> None:
    """A constant that tells the kind, and a field that every version requires, are required keys; no others are."""
    assert voicelive.types.FunctionToolParam.__required_keys__ == {"type", "name"}
    assert voicelive.types.RequestSessionParam.__required_keys__ == frozenset()


def test_pydantic_reads_the_types() -> None:
    """A type of a mapping is a field's type for pydantic, as for a web framework that takes settings."""
    adapter: TypeAdapter[Any] = TypeAdapter(voicelive.types.RequestSessionParam)
    settings = {"instructions": "x", "turn_detection": {"type": "server_vad"}, "tools": [{"any": "thing"}]}
    read = adapter.validate_python(settings)
    assert isinstance(read, Mapping)
    assert RequestSession.model_validate({**read, "tools": []}).instructions == "x"

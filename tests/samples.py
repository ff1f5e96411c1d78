"""Sample payloads made from the schema, so that a new event is tested without anybody writing a test for it."""

from __future__ import annotations

from typing import Any

from codegen.document import Contract, Schema, constant_of, ref_name, variants
from codegen.output import documents, superset

CONTRACT, _ = superset(documents())

CLIENT_TYPES = CONTRACT.events("ClientEvent")
SERVER_TYPES = CONTRACT.events("ServerEvent")


PATTERNED = {"^[a-zA-Z0-9_-]{1,64}$": "a_name", "^tunnel_[a-z0-9]{32}$": f"tunnel_{'0' * 32}"}
"""A text for each pattern of the schema."""


def sample_event(name: str, *, full: bool) -> dict[str, Any]:
    """A payload of the event class `name`: with every field, or with the required ones only."""
    return _model(CONTRACT, name, full=full, depth=0)


def _model(contract: Contract, name: str, *, full: bool, depth: int) -> dict[str, Any]:
    if contract.models[name].children:
        name = contract.leaves(name)[0]
    return {
        prop.name: _value(contract, prop.name, prop.schema, full=full, depth=depth)
        for prop in contract.fields(name).values()
        if prop.required or (full and depth < 8)
    }


def _value(contract: Contract, field: str, schema: Schema, *, full: bool, depth: int) -> Any:
    if (name := ref_name(schema)) is not None:
        if name in contract.enums:
            return contract.enums[name][-1][0]
        if name in contract.unions:
            return _value(contract, field, contract.unions[name], full=full, depth=depth)
        return _model(contract, name, full=full, depth=depth + 1)
    if (constant := constant_of(schema)) is not None:
        return constant
    if members := [m for m in variants(schema) if m.get("type") != "null"]:
        return _value(contract, field, members[-1], full=full, depth=depth)
    if "enum" in schema:
        return schema["enum"][0]
    if schema.get("contentEncoding") == "base64":
        return "AAECAwQF+/8="
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next(entry for entry in kind if entry != "null")
    if kind == "array":
        return [_value(contract, field, schema["items"], full=full, depth=depth) for _ in range(2)]
    if kind == "object":
        values = schema.get("additionalProperties", schema.get("unevaluatedProperties", {}))
        inner = values if isinstance(values, dict) else {}
        return {"key": _value(contract, field, inner, full=full, depth=depth)}
    if "pattern" in schema:
        return PATTERNED[schema["pattern"]]
    samples: dict[Any, Any] = {"string": f"a {field}", "integer": 1, "number": 0.5, "boolean": True}
    return samples.get(kind, {"any": ["thing", 1, None]})

"""Writes the types of parameters: what a caller may pass, which is wider than what a field holds."""

from __future__ import annotations

import json

from .document import Contract, Schema, SchemaError, constant_of, ref_name, variants

__all__ = ["AUDIO", "PARAM", "UNCHECKED", "input_type", "joined_literals", "or_none"]

AUDIO = ("bytes", "bytearray", "memoryview", "str")
"""What a field of base64 text is given."""

PARAM = "Param"
"""What the type of a mapping is called after the name of the model in whose place it stands."""

UNCHECKED = "Unchecked"
"""The type of the values of mappings of which nothing is known; see :class:`voicelive._base.Unchecked`."""


def input_type(contract: Contract, schema: Schema) -> str:
    """Return the annotation for a value of `schema` as an application may give it."""
    kinds = list(dict.fromkeys(_members(contract, schema)))
    if any(kind in contract.models for kind in kinds):
        # "Anything" beside a class says nothing to a type checker; the field takes the class only.
        kinds = [kind for kind in kinds if kind != "Any"]
    return " | ".join(joined_literals(kinds))


def or_none(kind: str) -> str:
    """Return an annotation that allows None as well, which it may do already."""
    return kind if kind == "None" or kind.endswith(" | None") else f"{kind} | None"


def joined_literals(kinds: list[str]) -> list[str]:
    """One ``Literal`` in place of several, and None at the end."""
    values = [kind.removeprefix("Literal[").removesuffix("]") for kind in kinds if kind.startswith("Literal[")]
    found: list[str] = []
    for kind in kinds:
        if not kind.startswith("Literal["):
            found.append(kind)
        elif values:
            found.append(f"Literal[{', '.join(values)}]")
            values = []
    return sorted(found, key=lambda kind: kind == "None")


_SIMPLE = {
    None: "Any",
    "string": "str",
    "integer": "int",
    "number": "float",
    "boolean": "bool",
    "null": "None",
}


def _members(contract: Contract, schema: Schema) -> list[str]:
    name = ref_name(schema)
    if name is not None:
        return _named(contract, name)
    constant = constant_of(schema)
    if constant is not None:
        return [f"Literal[{json.dumps(constant)}]"]
    if schema.get("contentEncoding") == "base64":
        return list(AUDIO)
    if schema.get("format") in ("unixtime", "unix-timestamp"):
        return ["datetime", "int"]
    if members := variants(schema):
        return [kind for member in members for kind in _members(contract, member)]
    if isinstance(schema.get("type"), list):
        return [k for kind in schema["type"] for k in _members(contract, {**schema, "type": kind})]
    if "enum" in schema:
        return [f"Literal[{', '.join(json.dumps(value) for value in schema['enum'])}]"]
    return [_plain(contract, schema)]


def _named(contract: Contract, name: str) -> list[str]:
    if name in contract.enums:
        return [name, "str"]
    if name in contract.unions:
        return _members(contract, contract.unions[name])
    if name not in contract.sent:
        # What the service alone sends is made by tests of an application only, from whatever they have.
        return [name, "Mapping[str, Any]"]
    return [name, f"{name}{PARAM}", f"Mapping[str, {UNCHECKED}]"]


def _plain(contract: Contract, schema: Schema) -> str:
    kind = schema.get("type")
    if kind == "array":
        return f"Sequence[{input_type(contract, schema['items'])}]"
    if kind == "object":
        values = schema.get("additionalProperties", schema.get("unevaluatedProperties", {}))
        inner = input_type(contract, values) if isinstance(values, dict) and values else "Any"
        return f"Mapping[str, {inner}]"
    if kind in _SIMPLE:
        return _SIMPLE[kind]
    raise SchemaError(f"no rule for the type of {json.dumps(schema)[:200]}")

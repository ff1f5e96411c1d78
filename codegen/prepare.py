"""Rewrites an OpenAPI document so that datamodel-code-generator makes the classes that this project wants.

Each rewrite states what it expects to find and stops with a :class:`SchemaError` where it finds something else.
"""

from __future__ import annotations

import json

from .document import (
    REF_PREFIX,
    Contract,
    Property,
    Schema,
    SchemaError,
    constant_of,
    is_event,
    reachable,
    ref_name,
    variants,
)
from .texts import field_text

__all__ = ["ALIAS_PREFIX", "prepare"]

ALIAS_PREFIX = "Any"


def prepare(contract: Contract) -> Schema:
    """Return a document with one schema a class, ready for the generator."""
    from_client = reachable(contract, "ClientEvent")
    schemas: dict[str, Schema] = {}
    for name, values in contract.enums.items():
        schemas[name] = {
            "type": "string",
            "enum": [value for value, _ in values],
            "description": contract.enum_docs[name],
        }
    for name, model in contract.models.items():
        properties = {prop.name: _property(contract, name, prop, name in from_client) for prop in model.own.values()}
        schema: Schema = {
            "type": "object",
            "description": model.description,
            "properties": properties,
            "required": [prop.name for prop in model.own.values() if prop.required],
        }
        if model.base is not None:
            schema["allOf"] = [{"$ref": REF_PREFIX + model.base}]
        schemas[name] = schema
        if model.children and not is_event(name):
            schemas[ALIAS_PREFIX + name] = {"oneOf": [{"$ref": REF_PREFIX + n} for n in contract.leaves(name)]}
    for name, schema in contract.unions.items():
        refs = [ref for member in variants(schema) if (ref := ref_name(member)) is not None]
        if not refs:
            raise SchemaError(f"the union {name} names no model or enum")
        schemas[name] = {"oneOf": [{"$ref": REF_PREFIX + ref} for ref in _concrete(contract, refs)]}
    return {
        "openapi": "3.1.0",
        "info": {"title": "models", "version": contract.api_version},
        "paths": {},
        "components": {"schemas": schemas},
    }


def _concrete(contract: Contract, names: list[str]) -> list[str]:
    found: list[str] = []
    for name in names:
        is_base = name in contract.models and contract.models[name].children
        found.extend(contract.leaves(name) if is_base else [name])
    return found


def _property(contract: Contract, owner: str, prop: Property, sent: bool) -> Schema:
    name, schema, where = prop.name, prop.schema, f"{owner}.{prop.name}"
    constant = constant_of(schema)
    if constant is not None and name not in contract.tags(owner):
        # A constant gets itself as default, and so would read as given where it never arrived.
        result: Schema = {"type": "string", "x-python-type": f"Literal[{json.dumps(constant)}]"}
    else:
        result = _type(contract, where, schema, sent)
    description = field_text(prop)
    if description:
        result = {**result, "description": description}
    return result


_RANGE = ("minimum", "maximum")


def _type(contract: Contract, where: str, schema: Schema, sent: bool) -> Schema:
    if (ref := ref_name(schema)) is not None:
        return _reference(contract, where, ref)
    if (constant := constant_of(schema)) is not None:
        return {"type": "string", "const": constant}
    if schema.get("contentEncoding") == "base64":
        return {"type": "string", "x-python-type": "Base64"} if sent else {"type": "string"}
    if schema.get("format") in ("unixtime", "unix-timestamp"):
        return {"type": "integer", "x-python-type": "UnixTime"}
    if members := variants(schema):
        return _union(contract, where, members, sent)
    if isinstance(schema.get("type"), list):
        kinds = [{**schema, "type": kind} for kind in schema["type"]]
        return _union(contract, where, kinds, sent)
    if "enum" in schema:
        return {"anyOf": [{"type": "string", "const": value} for value in schema["enum"]]}
    kind = schema.get("type")
    if kind == "array":
        return {"type": "array", "items": _type(contract, f"{where}[]", schema["items"], sent)}
    if kind == "object":
        values = schema.get("additionalProperties", schema.get("unevaluatedProperties", {}))
        inner = _type(contract, f"{where}{{}}", values, sent) if isinstance(values, dict) and values else {}
        return {"type": "object", "additionalProperties": inner or True}
    if kind in ("string", "integer", "number", "boolean", "null"):
        limits = {"integer": _RANGE, "number": _RANGE, "string": ("pattern",)}.get(kind, ())
        kept: Schema = {key: schema[key] for key in limits if key in schema}
        return {"type": kind, **kept}
    if kind is None and not set(schema) - {"description", "default"}:
        return {}
    raise SchemaError(f"{where}: no rule for the schema {json.dumps(schema)[:200]}")


def _reference(contract: Contract, where: str, name: str) -> Schema:
    if name in contract.enums:
        return {"anyOf": [{"$ref": REF_PREFIX + name}, {"type": "string"}]}
    if name in contract.models and contract.models[name].children:
        return {"$ref": REF_PREFIX + ALIAS_PREFIX + name}
    if name in contract.models or name in contract.unions:
        return {"$ref": REF_PREFIX + name}
    raise SchemaError(f"{where}: the reference to {name} leads nowhere")


def _union(contract: Contract, where: str, members: list[Schema], sent: bool) -> Schema:
    flat: list[Schema] = []
    for member in members:
        if set(member) >= {"type", "enum"} and member["type"] == "string":
            flat.extend({"type": "string", "const": value} for value in member["enum"])
        else:
            part = _type(contract, where, member, sent)
            flat.extend(_bounded(entry) for entry in part.get("anyOf", [part]))
    # Constants first, the open string after them, null last: the order a reader expects.
    rank = {True: 0, False: 1}
    flat.sort(key=lambda m: (m.get("type") == "null", m == {"type": "string"}, rank["const" in m]))
    unique = [m for index, m in enumerate(flat) if m not in flat[:index]]
    if any("$ref" in m for m in unique):
        # A version that does not say what the others describe: "anything" would win over every class.
        unique = [m for m in unique if m]
    constants = [m["const"] for m in unique if "const" in m]
    if constants and {"type": "string"} in unique and not any("$ref" in m for m in unique):
        # One Literal reads better than a union of many, and the generator would make an enum of them.
        literal = ", ".join(json.dumps(value) for value in constants)
        others = [m for m in unique if "const" not in m and m != {"type": "string"}]
        if not [m for m in others if m.get("type") != "null"]:
            typed: Schema = {"type": "string", "x-python-type": f"Literal[{literal}] | str"}
            return {"anyOf": [typed, {"type": "null"}]} if others else typed
    return unique[0] if len(unique) == 1 else {"anyOf": unique}


def _bounded(schema: Schema) -> Schema:
    """Write the range of a number within a union into its type: the generator would make a class of it.

    It takes no calls in a type, so the range stands there as a constant; see :func:`codegen.models._ranges`.
    """
    limits = [f"{word}={schema[key]}" for key, word in (("minimum", "ge"), ("maximum", "le")) if key in schema]
    if not limits:
        return schema
    kind = "int" if schema["type"] == "integer" else "float"
    return {"type": schema["type"], "x-python-type": f"Annotated[{kind}, Literal['{', '.join(limits)}']]"}

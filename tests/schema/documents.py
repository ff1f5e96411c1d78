"""Reads an OpenAPI document that the schema was compiled to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from .contract import Contract, Field, Model, Type
from .facts import LIMITS

FOLDER = Path(__file__).resolve().parent.parent.parent / "schema" / "openapi"
SIMPLE = {"number": "float", "boolean": "bool", "null": "None"}
PREVIEW = "x-preview"

Schema = dict[str, Any]


def load(version: str) -> Schema:
    """Return the document of an API version as it was emitted."""
    document: Schema = json.loads((FOLDER / f"{version}.json").read_text(encoding="utf-8"))
    return document


def read_document(version: str) -> Contract:
    """Read the document of an API version."""
    schemas: dict[str, Schema] = load(version)["components"]["schemas"]
    enums = {name: values for name, schema in schemas.items() if (values := enum_values(schema))}
    unions = {name: _type(schema) for name, schema in schemas.items() if "anyOf" in schema and name not in enums}
    models = {name: _model(schema, schemas) for name, schema in schemas.items() if name not in enums | unions.keys()}
    return Contract(models, enums, unions)


def enum_values(schema: Schema) -> list[str]:
    """Return the known values of an open enum, in order; nothing for any other schema."""
    members: list[Schema] = schema.get("anyOf", [])
    values = [member["const"] for member in members if "const" in member]
    return values if len(values) == len(members) - 1 and {"type": "string"} in members else []


def _model(schema: Schema, schemas: dict[str, Schema]) -> Model:
    base = _name(schema["allOf"][0]) if "allOf" in schema else None
    tags = _discriminators(base, schemas)
    own = {schema["discriminator"]["propertyName"]} if "discriminator" in schema else set[str]()
    required = schema.get("required", [])
    properties: dict[str, Schema] = schema.get("properties", {})
    return Model(
        fields={
            name: Field(
                type=_type(entry),
                required=name in required,
                discriminator=name in tags | own,
                preview=entry.get(PREVIEW, False),
                limits=_limits(entry),
            )
            for name, entry in properties.items()
        },
        base=base,
        tag=_tag(schema, base, schemas),
        preview=schema.get(PREVIEW, False),
    )


def _tag(schema: Schema, base: str | None, schemas: dict[str, Schema]) -> str | None:
    """Return the value by which the base's discriminator names this model."""
    if base is None or "discriminator" not in schemas[base]:
        return None
    discriminator = schemas[base]["discriminator"]
    own = schema["properties"][discriminator["propertyName"]]["enum"]
    assert len(own) == 1
    assert schemas[_name({"$ref": discriminator["mapping"][own[0]]})] is schema, f"{base} does not name {own[0]}"
    tag: str = own[0]
    return tag


def _discriminators(name: str | None, schemas: dict[str, Schema]) -> set[str]:
    found: set[str] = set()
    while name is not None:
        if "discriminator" in schemas[name]:
            found.add(schemas[name]["discriminator"]["propertyName"])
        name = _name(schemas[name]["allOf"][0]) if "allOf" in schemas[name] else None
    return found


def _limits(schema: Schema) -> dict[str, Any]:
    found = {key: schema[key] for key in LIMITS if key in schema}
    if schema.get("format") == "uri":
        found["format"] = "uri"
    return found


def _name(reference: Schema) -> str:
    target: str = reference["$ref"]
    return target.rpartition("/")[2]


def _type(schema: Schema) -> Type:
    if "$ref" in schema:
        return Type.of([_name(schema)])
    if "anyOf" in schema:
        return Type.union(_type(member) for member in schema["anyOf"])
    if "const" in schema:
        return Type.of([json.dumps(schema["const"])])
    if "enum" in schema:
        return Type.of(map(json.dumps, schema["enum"]))
    kind = schema.get("type")
    if isinstance(kind, list):
        return Type.union(_type({**schema, "type": one}) for one in kind)
    return Type.of([_simple(kind, schema)])


def _simple(kind: str | None, schema: Schema) -> str:
    match kind:
        case None:
            return "Any"
        case "string":
            return "bytes" if schema.get("contentEncoding") == "base64" else "str"
        case "integer":
            return "datetime" if schema.get("format") == "unixtime" else "int"
        case "array":
            return f"list[{_type(schema['items'])}]"
        case "object":
            values: Schema = schema.get("unevaluatedProperties", {})
            return f"dict[str, {_type(values)}]"
        case _:
            return SIMPLE[kind]

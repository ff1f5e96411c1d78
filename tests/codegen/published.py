"""Writes a fact table as an OpenAPI document: what the service published, without what this project adds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from codegen.importing.fact_table import TABLES, read_table
from codegen.importing.kinds import Array, Constant, Kind, Mapping, Reference, Scalar, Union
from codegen.importing.neutral import Field, Model

from .dialects import PREFIX, Schema

SCALARS: dict[str, Schema] = {
    "string": {"type": "string"},
    "integer": {"type": "integer", "format": "int32"},
    "numeric": {"type": "number", "format": "float"},
    "boolean": {"type": "boolean"},
    "bytes": {"type": "string", "contentEncoding": "base64"},
    "unixTimestamp": {"type": "integer", "format": "unixtime"},
    "url": {"type": "string", "format": "uri"},
    "null": {"type": "null"},
    "unknown": {},
}


def published(version: str, name: str = "") -> Schema:
    """Return the document of a version, under another version's name if one is given."""
    table = read_table(TABLES / f"{version}.json")
    schemas: Schema = {}
    for entry in table.named.values():
        schemas[entry.name] = _model(entry) if isinstance(entry, Model) else _schema(entry.kind)
    for key in table.models:
        tag = table.tag(key)
        if tag is not None:
            base = next(part for part in list(table.lineage(key))[1:] if part.discriminator is not None)
            schemas[base.name]["discriminator"]["mapping"][tag[1]] = PREFIX + key
    return {
        "openapi": "3.1.0",
        "info": {"title": "The service", "version": name or version},
        "components": {"schemas": schemas},
    }


def write_published(path: Path, document: Schema) -> Path:
    """Write a document."""
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def _model(model: Model) -> Schema:
    found: Schema = {"type": "object", "properties": {key: _field(entry) for key, entry in model.fields.items()}}
    found["required"] = [key for key, entry in model.fields.items() if entry.required]
    if model.base is not None:
        found["allOf"] = [{"$ref": PREFIX + model.base}]
    if model.discriminator is not None:
        found["discriminator"] = {"propertyName": model.discriminator, "mapping": {}}
    return found


def _field(entry: Field) -> Schema:
    schema = _schema(entry.kind)
    if entry.nullable:
        schema = {"anyOf": [schema, {"type": "null"}]}
    more: dict[str, Any] = {"default": entry.default} if entry.has_default else {}
    if "const" in schema:
        # The tag of a model, as compilers write it.
        schema = {"type": "string", "enum": [schema["const"]]}
    return {**schema, **entry.limits, **more}


def _schema(kind: Kind) -> Schema:
    if isinstance(kind, Scalar):
        return dict(SCALARS[kind.name])
    if isinstance(kind, Constant):
        return {"const": kind.value}
    if isinstance(kind, Reference):
        return {"$ref": PREFIX + kind.name}
    if isinstance(kind, Array):
        return {"type": "array", "items": _schema(kind.items)}
    if isinstance(kind, Mapping):
        return {"type": "object", "unevaluatedProperties": _schema(kind.values)}
    assert isinstance(kind, Union)
    return {"anyOf": [_schema(member) for member in kind.members]}

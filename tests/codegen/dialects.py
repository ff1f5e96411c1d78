"""Writes the schema's OpenAPI 3.1 document in the other dialects, as other programs would."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

DOCUMENT = Path(__file__).resolve().parent.parent.parent / "schema" / "openapi" / "2026-07-15.json"
PREFIX = "#/components/schemas/"
Schema = dict[str, Any]
Edit = Callable[[dict[str, Any]], None]


def document() -> Schema:
    """The schema's document as it was emitted: OpenAPI 3.1."""
    found: Schema = json.loads(DOCUMENT.read_text(encoding="utf-8"))
    return found


def as_31(content: Schema) -> Schema:
    """The document itself."""
    return content


def as_30(content: Schema) -> Schema:
    """The document in OpenAPI 3.0: `nullable`, one-value enums, wrapped references, flags for exclusive limits."""
    content = {**copy.deepcopy(content), "openapi": "3.0.3"}
    schemas = content["components"]["schemas"]
    content["components"]["schemas"] = {name: _schema_30(schema) for name, schema in schemas.items()}
    return content


def as_20(content: Schema) -> Schema:
    """The document in Swagger 2.0, with the usual extensions."""
    content = as_30(content)
    schemas = content["components"]["schemas"]
    tags = {name: tag for name in schemas if (tag := _tag(schemas, name))}
    definitions = {name: _schema_20(schema, tags.get(name), schemas) for name, schema in schemas.items()}
    text = json.dumps({"swagger": "2.0", "info": content["info"], "paths": {}, "definitions": definitions})
    moved: Schema = json.loads(text.replace(PREFIX, "#/definitions/"))
    return moved


DIALECTS = {"OpenAPI 3.1": as_31, "OpenAPI 3.0": as_30, "Swagger 2.0": as_20}


def write(folder: Path, dialect: str, edit: Edit | None = None, form: str = "json") -> Path:
    """Write the document in a dialect, its schemas changed by `edit` before, as JSON or YAML."""
    content = document()
    if edit is not None:
        edit(content["components"]["schemas"])
    content = DIALECTS[dialect](content)
    path = folder / f"service.{form}"
    text = json.dumps(content) if form == "json" else yaml.safe_dump(content, sort_keys=False, allow_unicode=True)
    path.write_text(text, encoding="utf-8")
    return path


def _schema_30(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_schema_30(entry) for entry in schema]
    if not isinstance(schema, dict):
        return schema
    result = {key: _schema_30(value) if key != "default" else value for key, value in schema.items()}
    if "const" in result:
        result["enum"] = [result.pop("const")]
        result["type"] = "string"
    if result.get("contentEncoding") == "base64":
        del result["contentEncoding"]
        result["format"] = "byte"
    if "unevaluatedProperties" in result:
        result["additionalProperties"] = result.pop("unevaluatedProperties")
    for limit, flag in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if flag in result and not isinstance(result[flag], dict):
            result[limit], result[flag] = result[flag], True
    if "anyOf" in result:
        _union_30(result)
    if "$ref" in result and len(result) > 1:
        result["allOf"] = [{"$ref": result.pop("$ref")}]
    return result


def _union_30(result: Schema) -> None:
    """Join the constants of a union into one enum, and null into a flag."""
    members: list[Schema] = result.pop("anyOf")
    kept = [member for member in members if member.get("type") != "null"]
    constants = [member for member in kept if "enum" in member]
    others = [member for member in kept if "enum" not in member]
    if constants:
        others.append({"type": "string", "enum": [value for member in constants for value in member["enum"]]})
    if len(kept) < len(members):
        result["nullable"] = True
    if len(others) > 1:
        result["anyOf"] = others
    elif "$ref" in others[0]:
        result["allOf"] = others
    else:
        result.update(others[0])


def _tag(schemas: Schema, name: str) -> tuple[str, str] | None:
    """The field and the value by which a base tells a model."""
    for base, schema in schemas.items():
        discriminator = schema.get("discriminator", {})
        for value, target in discriminator.get("mapping", {}).items():
            if target == PREFIX + name and base != name:
                return discriminator["propertyName"], value
    return None


def _schema_20(schema: Any, tag: tuple[str, str] | None, schemas: Schema) -> Any:
    if isinstance(schema, list):
        return [_schema_20(entry, None, schemas) for entry in schema]
    if not isinstance(schema, dict):
        return schema
    result = {key: _schema_20(value, None, schemas) if key != "default" else value for key, value in schema.items()}
    if isinstance(result.get("discriminator"), dict):
        result["discriminator"] = result["discriminator"]["propertyName"]
    if result.get("nullable") is True:
        result["x-nullable"] = result.pop("nullable")
    if "anyOf" in result:
        _union_20(result)
    if tag is not None:
        field, value = tag
        result["x-ms-discriminator-value"] = value
        result["properties"].pop(field, None)
        result["required"] = [name for name in result.get("required", []) if name != field]
        if not result["required"]:
            del result["required"]
    return result


def _union_20(result: Schema) -> None:
    members: list[Schema] = result.pop("anyOf")
    values = [member["enum"] for member in members if "enum" in member]
    if len(members) == 2 and {"type": "string"} in members and values:
        result.update({"type": "string", "enum": values[0], "x-ms-enum": {"modelAsString": True}})
    else:
        result["x-anyOf"] = members

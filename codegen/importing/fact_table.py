"""Fact tables: what a version was published with, as names and types. `tests/schema` compares the schema with it.

A table is read as a specification of its own dialect, so that a new version is compared with what its predecessor was
published with, not with what this project adds to it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from .kinds import NULL, STRING, UNKNOWN, Array, Constant, Kind, Mapping, Reference, Scalar, union, without_null
from .neutral import Enum, Field, Model, Named, NamedType, Specification, SpecificationError

__all__ = ["FACTS", "TABLES", "field_entry", "model_entry", "read_table", "write_table"]

FACTS = "fact table"
TABLES = Path(__file__).resolve().parent.parent.parent / "tests" / "data" / "contract"
LIMITS = ("default", "minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "pattern")
TOKEN = re.compile(r'\s*("(?:[^"\\]|\\.)*"|list\[|dict\[str, |\]|\||[\w.#]+)(?: \(open\))?')
SCALARS = {
    "str": STRING,
    "int": Scalar("integer"),
    "float": Scalar("numeric"),
    "bool": Scalar("boolean"),
    "bytes": Scalar("bytes"),
    "datetime": Scalar("unixTimestamp"),
    "datetime.datetime": Scalar("unixTimestamp"),
    "Any": UNKNOWN,
    "None": NULL,
}
NAMES = {"string": "str", "boolean": "bool", "bytes": "bytes", "unixTimestamp": "datetime", "null": "None"}
NUMBERS = {"numeric": "float", "float32": "float", "float64": "float", "decimal": "float"}


def read_table(path: Path) -> Specification:
    """Read the table of an API version; raises :class:`SpecificationError` if it is not one."""
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
        found = Specification("", str(table["api_version"]), FACTS, str(path), draft=False)
        named: list[Named] = [
            Enum(name, tuple(enum["values"]), enum.get("open", True), _enum(enum["values"]))
            for name, enum in table["enums"].items()
        ]
        named += [NamedType(name, _kind(text)) for name, text in table["unions"].items()]
        named += [_model(name, entry) for name, entry in table["models"].items()]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SpecificationError(f"{path}: is not a fact table: {error!r}") from None
    found.named.update((entry.name, entry) for entry in named)
    return found


def write_table(specification: Specification, rename: Callable[[str], str]) -> str:
    """Return the table of a specification as JSON text, a line a field; `rename` gives the schema's names."""
    enums = {
        rename(enum.name): {"values": list(enum.values)} for enum in specification.enums.values() if _is_text(enum)
    }
    unions = {
        rename(entry.name): _text(entry.kind, rename)
        for entry in specification.named.values()
        if isinstance(entry, NamedType)
    }
    lines = ["{", f'  "api_version": {json.dumps(specification.version)},']
    lines += ['  "enums": {', *_entries(enums), "  },", '  "unions": {', *_entries(unions), "  },", '  "models": {']
    models = sorted(specification.models, key=rename)
    for index, name in enumerate(models):
        lines += _model_lines(specification, name, rename, last=index == len(models) - 1)
    return "\n".join([*lines, "  }", "}"]) + "\n"


def model_entry(specification: Specification, name: str) -> dict[str, Any]:
    """The entry of a model in a table: its base, its tag and its own fields."""
    model, tag = specification.model(name), specification.tag(name)
    found: dict[str, Any] = {} if model.base is None else {"extends": model.base}
    if tag is not None:
        found["discriminator_value"] = tag[1]
    found["fields"] = {key: field_entry(specification, name, key) for key in model.fields}
    return found


def field_entry(specification: Specification, model: str, name: str) -> dict[str, Any]:
    """The entry of a field in a table."""
    told_by = {part.discriminator for part in specification.lineage(model)}
    return _field(specification.fields(model)[name], str, name in told_by)


def _is_text(enum: Enum) -> bool:
    return all(isinstance(value, str) for value in enum.values)


def _entries(entries: dict[str, Any]) -> Iterator[str]:
    for index, (name, value) in enumerate(sorted(entries.items())):
        comma = "," if index < len(entries) - 1 else ""
        yield f"    {json.dumps(name)}: {json.dumps(value, ensure_ascii=False)}{comma}"


def _model_lines(specification: Specification, name: str, rename: Callable[[str], str], *, last: bool) -> Iterator[str]:
    model, tag = specification.model(name), specification.tag(name)
    yield f"    {json.dumps(rename(name))}: {{"
    if model.base is not None:
        yield f'      "extends": {json.dumps(rename(model.base))},'
    if tag is not None:
        yield f'      "discriminator_value": {json.dumps(tag[1])},'
    if model.preview:
        yield '      "preview": true,'
    told_by = {part.discriminator for part in specification.lineage(name)} - {None}
    fields = {key: _field(entry, rename, key in told_by) for key, entry in model.fields.items()}
    if not fields:
        yield '      "fields": {}'
    else:
        yield '      "fields": {'
        for index, (key, value) in enumerate(fields.items()):
            comma = "," if index < len(fields) - 1 else ""
            yield f"        {json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}{comma}"
        yield "      }"
    yield "    }" if last else "    },"


def _field(entry: Field, rename: Callable[[str], str], discriminator: bool) -> dict[str, Any]:
    kind = union([entry.kind, NULL]) if entry.nullable else entry.kind
    found: dict[str, Any] = {"type": _text(kind, rename), "required": entry.required}
    if discriminator:
        found["discriminator"] = True
    if entry.preview:
        found["preview"] = True
    if entry.has_default:
        found["default"] = entry.default
    found |= {key: entry.limits[key] for key in LIMITS if key in entry.limits}
    if isinstance(entry.kind, Scalar):
        if entry.kind.name == "url":
            found["format"] = "uri"
        elif entry.kind.format:
            found["format"] = entry.kind.format
    return found


def _text(kind: Kind, rename: Callable[[str], str]) -> str:
    if isinstance(kind, Scalar):
        if kind.name in NAMES or kind.name in NUMBERS:
            return NAMES.get(kind.name) or NUMBERS[kind.name]
        return "int" if "int" in kind.name else "Any" if kind == UNKNOWN else "str"
    if isinstance(kind, Constant):
        return json.dumps(kind.value, ensure_ascii=False)
    if isinstance(kind, Reference):
        return rename(kind.name)
    if isinstance(kind, Array):
        return f"list[{_text(kind.items, rename)}]"
    if isinstance(kind, Mapping):
        return f"dict[str, {_text(kind.values, rename)}]"
    return " | ".join(_text(member, rename) for member in kind.members)


def _enum(values: list[str]) -> Kind:
    return union([*(Constant(value) for value in values), STRING])


def _model(name: str, table: dict[str, Any]) -> Model:
    fields = {key: _read_field(key, entry) for key, entry in table["fields"].items()}
    told_by = [key for key, entry in table["fields"].items() if entry.get("discriminator")]
    # A base tells its models by a field that is any text; in each of them it is one text.
    bases = [key for key in told_by if fields[key].constant is None]
    return Model(
        name,
        fields,
        base=table.get("extends"),
        discriminator=bases[0] if bases else None,
        preview=table.get("preview", False),
    )


def _read_field(name: str, entry: dict[str, Any]) -> Field:
    kind, nullable = without_null(_kind(entry["type"]))
    if entry.get("format") == "uri" and kind == STRING:
        kind = Scalar("url")
    limits = {key: entry[key] for key in LIMITS if key in entry and key != "default"}
    return Field(
        name,
        kind,
        required=entry["required"],
        nullable=nullable,
        default=entry.get("default"),
        has_default="default" in entry,
        limits=limits,
        preview=entry.get("preview", False),
    )


def _kind(text: str) -> Kind:
    tokens = TOKEN.findall(text)
    found = _alternatives(tokens)
    if tokens:
        raise ValueError(f"cannot read the type {text!r}: stopped before {tokens}")
    return found


def _alternatives(tokens: list[str]) -> Kind:
    found: list[Kind] = []
    while tokens:
        token = tokens.pop(0)
        if token in ("list[", "dict[str, "):
            inner = _alternatives(tokens)
            if tokens.pop(0) != "]":
                raise ValueError("a bracket is not closed")
            found.append(Array(inner) if token == "list[" else Mapping(inner))
        elif token.startswith('"'):
            found.append(Constant(json.loads(token)))
        else:
            found.append(SCALARS.get(token) or Reference(token))
        if tokens[:1] != ["|"]:
            break
        tokens.pop(0)
    return union(found)

"""Reads a fact table: the names and types of one API version, in `tests/data/contract`."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from .contract import Contract, Field, Model, Type

FOLDER = Path(__file__).resolve().parent.parent / "data" / "contract"
TOKEN = re.compile(r'\s*("[^"]*"|list\[|dict\[str, |\]|\||[\w.#]+)(?: \(open\))?')
NAMES = {"datetime.datetime": "datetime"}
LIMITS = ("default", "minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "pattern")
# Formats that say what a type already says.
IMPLIED = {"base64", "unix-timestamp"}


def read_facts(version: str) -> Contract:
    """Read the fact table of an API version."""
    table = json.loads((FOLDER / f"{version}.json").read_text(encoding="utf-8"))
    return Contract(
        models={name: _model(model) for name, model in table["models"].items()},
        enums={name: enum["values"] for name, enum in table["enums"].items()},
        unions={name: parse_type(text) for name, text in table["unions"].items()},
    )


def parse_type(text: str) -> Type:
    """Read a type such as ``list[Modality (open)] | None`` or ``"auto" | str``."""
    tokens = TOKEN.findall(text)
    found = _alternatives(tokens)
    if tokens:
        raise ValueError(f"cannot read the type {text!r}: stopped before {tokens}")
    return found


def _alternatives(tokens: list[str]) -> Type:
    found: list[str] = []
    while tokens:
        token = tokens.pop(0)
        if token in ("list[", "dict[str, "):
            inner = _alternatives(tokens)
            assert tokens.pop(0) == "]"
            found.append(f"{token}{inner}]")
        else:
            found.append(NAMES.get(token, token))
        if tokens[:1] != ["|"]:
            break
        tokens.pop(0)
    return Type.of(found)


def _model(table: dict[str, Any]) -> Model:
    return Model(
        fields={name: _field(entry) for name, entry in table["fields"].items()},
        base=table.get("extends"),
        tag=table.get("discriminator_value"),
        preview=table.get("preview", False),
    )


def _field(entry: dict[str, Any]) -> Field:
    limits = {key: entry[key] for key in LIMITS if key in entry}
    formats = {entry.get("format"), entry.get("items_format")} - {None} - IMPLIED
    if formats:
        limits["format"] = formats.pop()
    return Field(
        type=parse_type(entry["type"]),
        required=entry["required"],
        discriminator=entry.get("discriminator", False),
        preview=entry.get("preview", False),
        limits=limits,
    )

"""Reads a fact table: the names and types of one API version, in `tests/data/contract`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from .contract import Contract, Field, Model, parse_type

FOLDER = Path(__file__).resolve().parent.parent / "data" / "contract"
LIMITS = ("default", "minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "pattern")
# Formats that say what a type already says.
IMPLIED = {"base64", "unix-timestamp"}


def read_facts(version: str) -> Contract:
    """Read the fact table of an API version."""
    table = json.loads((FOLDER / f"{version}.json").read_text(encoding="utf-8"))
    return Contract(
        models={name: read_model(model) for name, model in table["models"].items()},
        enums={name: enum["values"] for name, enum in table["enums"].items()},
        unions={name: parse_type(text) for name, text in table["unions"].items()},
    )


def read_model(table: dict[str, Any]) -> Model:
    """Read one model of a table."""
    return Model(
        fields={name: read_field(entry) for name, entry in table["fields"].items()},
        base=table.get("extends"),
        tag=table.get("discriminator_value"),
        preview=table.get("preview", False),
    )


def read_field(entry: dict[str, Any]) -> Field:
    """Read one field of a model."""
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

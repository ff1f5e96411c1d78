"""Writes a fault as text, and knows the order of its fields. Knows no kind of fault, so that each can use it."""

from __future__ import annotations

import json
from dataclasses import Field, fields
from typing import Any, ClassVar, Protocol

__all__ = ["IN_SECONDS", "HasFields", "field_names", "format_fault", "main_field"]

IN_SECONDS = {"seconds", "age", "retry_after"}
_COMMON = ("session", "times", "chance")
_WHEN = ("events", "age", "event")


class HasFields(Protocol):
    """A dataclass with a name: what is needed of a fault here."""

    name: ClassVar[str]
    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]


def format_fault(fault: HasFields) -> str:
    """Return the text that ``parse_fault`` reads as the same fault; fields at their defaults are left out."""
    main = main_field(type(fault))
    head, parts = fault.name, list[str]()
    for field in _own_fields(type(fault)):
        value = getattr(fault, field.name)
        if field.name == main:
            if value is not None and value != "":
                head += f":{_written(field.name, value)}"
        elif value != field.default:
            parts.append(f"{field.name}={_written(field.name, value)}")
    return f"{head}@{','.join(parts)}" if parts else head


def main_field(kind: type[HasFields]) -> str | None:
    """Return the field whose value follows the colon, if there is one."""
    return next((field.name for field in fields(kind) if not field.kw_only), None)


def field_names(kind: type[HasFields]) -> tuple[str, ...]:
    """Return all fields of a kind: its own, then when it happens, then what all have."""
    return tuple(field.name for field in _own_fields(kind))


def _own_fields(kind: type[HasFields]) -> list[Field[Any]]:
    def place(field: Field[Any]) -> int:
        return 2 if field.name in _COMMON else 1 if field.name in _WHEN else 0

    return sorted(fields(kind), key=place)


def _written(name: str, value: object) -> str:
    if value is None:
        return "*"
    if name in IN_SECONDS:
        return f"{value:g}s"
    text = str(value)
    plain = text and text == text.strip() and not set(text) & set(',@"')
    return text if plain else json.dumps(text, ensure_ascii=False)

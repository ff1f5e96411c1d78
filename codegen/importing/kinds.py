"""The types of the neutral form. Their names are TypeSpec's: they read the same in reports and in the schema."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

__all__ = [
    "Array",
    "Constant",
    "Kind",
    "Mapping",
    "Reference",
    "Scalar",
    "Union",
    "canonical",
    "constants",
    "is_open",
    "references",
    "shown",
    "union",
    "unlimited",
    "without_null",
]

Limits = tuple[tuple[str, Any], ...]


@dataclass(frozen=True)
class Scalar:
    """A single value: ``string``, ``int32``, ``bytes``, ``null``, ``unknown`` …, with limits such as a minimum."""

    name: str
    format: str = ""
    limits: Limits = ()


@dataclass(frozen=True)
class Constant:
    """Exactly one value: a string, a number or a boolean."""

    value: str | int | float | bool


@dataclass(frozen=True)
class Reference:
    """A type with a name of its own."""

    name: str


@dataclass(frozen=True)
class Array:
    """A list of values of one type."""

    items: Kind
    limits: Limits = ()


@dataclass(frozen=True)
class Mapping:
    """An object with any names and values of one type."""

    values: Kind


@dataclass(frozen=True)
class Union:
    """One of several types."""

    members: tuple[Kind, ...]


Kind = Scalar | Constant | Reference | Array | Mapping | Union

NULL = Scalar("null")
STRING = Scalar("string")
UNKNOWN = Scalar("unknown")
# Some documents leave the usual width of a number out.
SAME_SCALARS = {"int32": "integer", "float32": "numeric", "float64": "numeric"}


def union(members: Iterator[Kind] | list[Kind]) -> Kind:
    """Join types: nested unions become flat, a single member stands alone, what occurs twice stays once."""
    flat: list[Kind] = []
    for member in members:
        for kind in member.members if isinstance(member, Union) else (member,):
            if kind not in flat:
                flat.append(kind)
    return flat[0] if len(flat) == 1 else Union(tuple(flat))


def without_null(kind: Kind) -> tuple[Kind, bool]:
    """Split a type into what it is apart from null, and whether it may be null."""
    if not isinstance(kind, Union) or NULL not in kind.members:
        return kind, False
    return union([member for member in kind.members if member != NULL]), True


def unlimited(kind: Kind) -> tuple[Kind, Limits]:
    """Split a type into the bare type and its own limits (those of inner types stay where they are)."""
    if isinstance(kind, (Scalar, Array)):
        return replace(kind, limits=()), kind.limits
    return kind, ()


def constants(kind: Kind) -> list[str | int | float | bool] | None:
    """Return the values of an enum, open or closed, in order; None for any other type."""
    members = kind.members if isinstance(kind, Union) else (kind,)
    values = [member.value for member in members if isinstance(member, Constant)]
    others = [member for member in members if not isinstance(member, Constant)]
    return values if values and others in ([], [STRING]) else None


def is_open(kind: Kind) -> bool:
    """Whether an enum takes other strings as well."""
    return isinstance(kind, Union) and STRING in kind.members


def references(kind: Kind) -> Iterator[str]:
    """The names that a type refers to, as they come."""
    if isinstance(kind, Reference):
        yield kind.name
    elif isinstance(kind, Array):
        yield from references(kind.items)
    elif isinstance(kind, Mapping):
        yield from references(kind.values)
    elif isinstance(kind, Union):
        for member in kind.members:
            yield from references(member)


def shown(kind: Kind, rename: Callable[[str], str] = str) -> str:
    """Return a type as TypeSpec text, with formats and limits in brackets."""
    if isinstance(kind, Scalar):
        inside = [kind.format] if kind.format else []
        inside += [f"{name} {literal(value)}" for name, value in kind.limits]
        return f"{kind.name}({', '.join(inside)})" if inside else kind.name
    if isinstance(kind, Constant):
        return literal(kind.value)
    if isinstance(kind, Reference):
        return rename(kind.name)
    if isinstance(kind, Array):
        inner = shown(kind.items, rename)
        text = f"({inner})[]" if isinstance(kind.items, Union) else f"{inner}[]"
        limits = ", ".join(f"{name} {literal(value)}" for name, value in kind.limits)
        return f"{text}({limits})" if limits else text
    if isinstance(kind, Mapping):
        return f"Record<{shown(kind.values, rename)}>"
    return " | ".join(shown(member, rename) for member in kind.members)


def canonical(kind: Kind, resolve: Callable[[str], Kind | str] = str) -> str:
    """Return a text that is equal for equal types, whatever the order of a union's members.

    `resolve` gives the name to use for a reference, or the type that it stands for.
    """
    if isinstance(kind, Reference):
        target = resolve(kind.name)
        return target if isinstance(target, str) else canonical(target, resolve)
    if isinstance(kind, Array):
        return f"[{canonical(kind.items, resolve)}]{sorted(kind.limits)!r}"
    if isinstance(kind, Mapping):
        return f"{{{canonical(kind.values, resolve)}}}"
    if isinstance(kind, Union):
        return "|".join(sorted(set(_members(kind, resolve))))
    if isinstance(kind, Scalar):
        return f"{SAME_SCALARS.get(kind.name, kind.name)}:{kind.format}{sorted(kind.limits)!r}"
    return literal(kind.value)


def _members(kind: Union, resolve: Callable[[str], Kind | str]) -> Iterator[str]:
    # A named union inside another is the same as its members written out.
    for member in kind.members:
        target = resolve(member.name) if isinstance(member, Reference) else member
        if isinstance(target, Union):
            yield from _members(target, resolve)
        else:
            yield target if isinstance(target, str) else canonical(target, resolve)


def literal(value: Any) -> str:
    """Return a JSON value as text; whole numbers look the same however they were written."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    return json.dumps(value, ensure_ascii=False, sort_keys=True)

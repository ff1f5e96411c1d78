"""The contract, in the shape both sources are read into: fact tables, and the documents the schema compiles to."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

Limits = dict[str, Any]

TOKEN = re.compile(r'\s*("[^"]*"|list\[|dict\[str, |\]|\||[\w.#]+)(?: \(open\))?')
NAMES = {"datetime.datetime": "datetime"}


@dataclass(frozen=True)
class Type:
    """A type as a set of alternatives, so that the order in which a union was written does not count.

    An alternative is a name, a JSON constant such as ``"text"``, ``list[…]`` or ``dict[str, …]``.
    """

    alternatives: frozenset[str]

    def __str__(self) -> str:
        return " | ".join(sorted(self.alternatives, key=lambda name: (name == "None", name)))

    @classmethod
    def of(cls, alternatives: Iterable[str]) -> Type:
        """Build a type. Beside constants ``str`` only says that there may be more of them, and is left out."""
        found = set(alternatives)
        if any(name.startswith('"') for name in found):
            found.discard("str")
        return cls(frozenset(found))

    @classmethod
    def union(cls, types: Iterable[Type]) -> Type:
        """Return the type that allows what any of the given types allows."""
        return cls.of(name for one in types for name in one.alternatives)


@dataclass(frozen=True)
class Field:
    """One field of a model; `limits` holds its default and constraints by their JSON Schema names."""

    type: Type
    required: bool
    discriminator: bool = False
    preview: bool = False
    limits: Limits = field(default_factory=dict[str, Any])


@dataclass(frozen=True)
class Model:
    """One model with its own fields; `tag` is the value that tells it from the other models of its base."""

    fields: Mapping[str, Field]
    base: str | None = None
    tag: str | None = None
    preview: bool = False


@dataclass(frozen=True)
class Contract:
    """All of one API version."""

    models: Mapping[str, Model]
    enums: Mapping[str, list[str]]
    unions: Mapping[str, Type]

    def flat(self, name: str) -> Model:
        """Return the model with the fields it inherits."""
        model = self.models[name]
        if model.base is None:
            return model
        return replace(model, fields={**self.flat(model.base).fields, **model.fields})

    def leaves(self, name: str) -> list[str]:
        """Return the models that a base stands for: those a discriminator tells apart; a model without is its own."""
        found = [leaf for key, model in self.models.items() if model.base == name for leaf in self.leaves(key)]
        return found or [name]

    def expanded(self, one: Type) -> Type:
        """Return the type with enums as their values, and with unions and bases as the models they stand for."""
        return Type.union(self._expanded(name) for name in one.alternatives)

    def _expanded(self, name: str) -> Type:
        if name in self.enums:
            return Type.of(map(json.dumps, self.enums[name]))
        if name in self.unions:
            return self.expanded(self.unions[name])
        if name.endswith("]"):
            opening = "list[" if name.startswith("list[") else "dict[str, "
            return Type.of([f"{opening}{self.expanded(parse_type(name[len(opening) : -1]))}]"])
        return Type.of(self.leaves(name))


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

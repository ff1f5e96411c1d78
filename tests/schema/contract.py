"""The contract, in the shape both sources are read into: fact tables, and the documents the schema compiles to."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

Limits = dict[str, Any]


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

    def expanded(self, one: Type) -> Type:
        """Return the type with enums replaced by their values."""
        return Type.of(
            value
            for name in one.alternatives
            for value in (map(json.dumps, self.enums[name]) if name in self.enums else (name,))
        )

"""The neutral form of a specification: what the three dialects say, in one vocabulary."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ..document import SchemaError
from .kinds import Constant, Kind, Reference, Union, references

__all__ = ["Enum", "Field", "Model", "Named", "NamedType", "Specification", "SpecificationError"]

EVENT_BASE = re.compile(r"(?:^|\.)(?:Realtime)?(Client|Server)Event(?:Base)?$")
EVENT_NAME = re.compile(r"(?:^|\.)(?:Realtime)?(Client|Server)Event[A-Z]")


class SpecificationError(SchemaError):
    """A file is not a specification that can be read; the message names the file, the place and what is wrong there."""


@dataclass(frozen=True)
class Field:
    """One field of a model. ``limits`` holds ranges and lengths by their JSON Schema names."""

    name: str
    kind: Kind
    required: bool = False
    nullable: bool = False
    default: Any = None
    has_default: bool = False
    limits: dict[str, Any] = field(default_factory=dict)
    description: str = ""
    deprecated: bool = False
    preview: bool = False

    @property
    def constant(self) -> str | None:
        """The only text the field may hold, if it may hold just one."""
        return self.kind.value if isinstance(self.kind, Constant) and isinstance(self.kind.value, str) else None


@dataclass(frozen=True)
class Model:
    """An object: its own fields in document order, its base, and the field that tells its descendants apart."""

    name: str
    fields: dict[str, Field]
    base: str | None = None
    discriminator: str | None = None
    description: str = ""
    direction: str = ""
    deprecated: bool = False
    preview: bool = False


@dataclass(frozen=True)
class Enum:
    """A list of values, open where other strings may come too."""

    name: str
    values: tuple[str | int | float | bool, ...]
    open: bool
    kind: Kind
    description: str = ""
    preview: bool = False


@dataclass(frozen=True)
class NamedType:
    """Any other type with a name, most often a union of models."""

    name: str
    kind: Kind
    description: str = ""
    preview: bool = False


Named = Model | Enum | NamedType


@dataclass
class Specification:
    """One document in the neutral form.

    ``says_unions`` is False for a document that cannot say that a value is one of several types, or does not.
    """

    title: str
    version: str
    dialect: str
    source: str
    draft: bool
    says_unions: bool = True
    named: dict[str, Named] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def models(self) -> dict[str, Model]:
        """The models by name, in document order."""
        return {name: entry for name, entry in self.named.items() if isinstance(entry, Model)}

    @property
    def enums(self) -> dict[str, Enum]:
        """The enums by name, in document order."""
        return {name: entry for name, entry in self.named.items() if isinstance(entry, Enum)}

    def lineage(self, name: str) -> Iterator[Model]:
        """A model and its bases, the model first. A base that is not a model ends it."""
        current: str | None = name
        while current is not None and isinstance(model := self.named.get(current), Model):
            yield model
            current = model.base

    def fields(self, name: str) -> dict[str, Field]:
        """All fields of a model, the inherited ones first."""
        merged: dict[str, Field] = {}
        for model in reversed(list(self.lineage(name))):
            merged.update(model.fields)
        return merged

    def inherited(self, name: str) -> dict[str, Field]:
        """The fields a model has from its bases."""
        base = self.model(name).base
        return self.fields(base) if base is not None else {}

    def tag(self, name: str) -> tuple[str, str] | None:
        """The field and the value by which the nearest polymorphic base distinguishes a model, or None."""
        for base in list(self.lineage(name))[1:]:
            if base.discriminator is not None:
                own = self.model(name).fields.get(base.discriminator)
                return (own.name, own.constant) if own is not None and own.constant is not None else None
        return None

    def direction(self, name: str) -> str:
        """``client`` or ``server`` for an event and for the base of events, else nothing."""
        lineage = list(self.lineage(name))
        for model in lineage:
            if model.direction:
                return model.direction
            if found := EVENT_BASE.search(model.name):
                return found[1].lower()
        # A document may list its events without a base, told by their names and a constant type.
        found = EVENT_NAME.search(name)
        return found[1].lower() if found and lineage and self._constant_type(name) else ""

    def event_type(self, name: str) -> str | None:
        """The ``type`` of a model that is an event, or None if it is not one."""
        is_model = isinstance(self.named.get(name), Model)
        return self._constant_type(name) if is_model and self.direction(name) else None

    def events(self) -> dict[str, str]:
        """Class name to event type, for all events."""
        return {name: kind for name in self.models if (kind := self.event_type(name)) is not None}

    def reached(self) -> set[str]:
        """The names of all that events consist of; of a document without events, all names."""
        waiting = list(self.events())
        if not waiting:
            return set(self.named)
        children: dict[str, list[str]] = {}
        for name, model in self.models.items():
            if model.base is not None:
                children.setdefault(model.base, []).append(name)
        found: set[str] = set()
        while waiting:
            name = waiting.pop()
            if name in found or name not in self.named:
                continue
            found.add(name)
            entry = self.named[name]
            if isinstance(entry, Model):
                waiting += [entry.base] if entry.base is not None else []
                waiting += children.get(name, []) if entry.discriminator is not None else []
                waiting += [target for own in entry.fields.values() for target in references(own.kind)]
            else:
                waiting += references(entry.kind)
        return found

    def is_inherited(self, model: Model, entry: Field) -> bool:
        """Whether a model only repeats a field that it has from its base, or that every event has."""
        if model.base is None and entry.name == "event_id" and self.event_type(model.name) is not None:
            # A document that lists events without a base repeats what the schema's base has.
            return True
        inherited = self.inherited(model.name).get(entry.name)
        return inherited is not None and inherited.kind == entry.kind and inherited.required == entry.required

    def alternatives(self, entry: Enum | NamedType) -> tuple[Kind, ...]:
        """The types that a union consists of; any other type by itself."""
        return entry.kind.members if isinstance(entry.kind, Union) else (entry.kind,)

    def stands_for(self, name: str) -> Kind:
        """What a reference means: the content of an enum or union; a model, or a type within itself, stays as it is."""
        entry = self.named.get(name)
        if isinstance(entry, (Enum, NamedType)) and not self._contains_itself(name):
            return entry.kind
        return Reference(name)

    def _contains_itself(self, name: str) -> bool:
        seen: set[str] = set()
        waiting = [name]
        while waiting:
            entry = self.named.get(waiting.pop())
            for target in references(entry.kind) if isinstance(entry, NamedType) else ():
                if target == name:
                    return True
                if target not in seen:
                    seen.add(target)
                    waiting.append(target)
        return False

    def _constant_type(self, name: str) -> str | None:
        own = self.model(name).fields.get("type")
        return own.constant if own is not None else None

    def model(self, name: str) -> Model:
        """Return the model of a name that is known to be one."""
        # `models` makes a new dict each time: too slow for what is asked of every pair of names.
        entry = self.named[name]
        assert isinstance(entry, Model), name
        return entry

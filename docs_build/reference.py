"""What the reference pages know of the contract: its superset, which version has what, and where each thing stands."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from codegen.document import EVENT_BASES, REF_PREFIX, Contract, Schema
from codegen.output import documents, superset
from codegen.superset import Availability

from .families import FAMILIES, OTHER, Family, family_of

__all__ = ["EVENT_PARTS", "NO_SUBJECT", "Reference", "read_reference", "subjects"]

SCHEMA = Path(__file__).resolve().parent.parent / "schema"
_DECLARATION = re.compile(r"^(?:model|union|enum)\s+`?(\w+)", re.MULTILINE)

EVENT_PARTS = "events"
"""The page of what is declared beside the events: their bases, their types, and models that only one of them has."""

NO_SUBJECT = "other"
"""The page of models that no `.tsp` file declares under this name, such as those renamed since."""


@dataclass(frozen=True)
class Reference:
    """The contract of all versions, and in which `.tsp` file each model, enum and union is declared."""

    contract: Contract
    availability: Availability
    subjects: dict[str, str] = field(default_factory=dict)

    @cached_property
    def events(self) -> dict[str, str]:
        """Class name to event type, client events first."""
        return {name: kind for base in EVENT_BASES for kind, name in self.contract.events(base).items()}

    @cached_property
    def classes(self) -> dict[str, list[str]]:
        """Event type to the classes of that type; the client's before the service's where both have it."""
        found: dict[str, list[str]] = defaultdict(list)
        for name, event_type in self.events.items():
            found[event_type].append(name)
        return dict(found)

    @cached_property
    def families(self) -> dict[str, Family]:
        """Event type to its family."""
        return {event_type: family_of(event_type) for event_type in self.classes}

    @cached_property
    def used_by(self) -> dict[str, list[str]]:
        """Model, enum or union to the models, events and unions whose fields hold it."""
        found: dict[str, dict[str, None]] = defaultdict(dict)
        for name, model in self.contract.models.items():
            for prop in model.own.values():
                for used in _references(prop.schema):
                    found[used][name] = None
        for name, schema in self.contract.unions.items():
            for used in _references(schema):
                found[used][name] = None
        return {used: list(users) for used, users in found.items()}

    @cached_property
    def aliases(self) -> dict[str, str]:
        """Event class to the event class that it is under another name."""
        models = self.contract.models
        return {
            name: original
            for name in self.events
            if (original := models[name].schema.get("x-voicelive-alias-of")) in models
        }

    def named_families(self) -> list[Family]:
        """The families that have events, in the order of the navigation."""
        present = set(self.families.values())
        return [family for family in (*FAMILIES, OTHER) if family in present]

    def models_of(self, subject: str) -> list[str]:
        """The models, unions and enums of a subject, in this order, without events."""
        everything = (*self.contract.models, *self.contract.unions, *self.contract.enums)
        return [name for name in everything if name not in self.events and self.subject(name) == subject]

    def subject_names(self) -> list[str]:
        """The subjects that have models, by name; the remainder last."""
        everything = (*self.contract.models, *self.contract.unions, *self.contract.enums)
        names = {self.subject(name) for name in everything if name not in self.events}
        return sorted(names, key=lambda name: (name == NO_SUBJECT, name))

    def knows(self, name: str) -> bool:
        """Whether the contract has a model, union or enum of this name."""
        return any(name in names for names in (self.contract.models, self.contract.unions, self.contract.enums))

    def subject(self, name: str) -> str:
        """The subject of a model, enum or union."""
        return self.subjects.get(name, NO_SUBJECT)

    def page(self, name: str) -> str:
        """The page where a model, enum, union or event class stands, relative to `docs/reference/`."""
        if name in self.events:
            return f"events/{self.families[self.events[name]].slug}.md"
        return f"models/{self.subject(name)}.md"

    def anchor(self, name: str) -> str:
        """The anchor of a model, enum, union or event class on its page."""
        return name

    def having(self, name: str) -> tuple[str, ...]:
        """The API versions that have a model or event class."""
        return self.availability.models.get(name, self.availability.versions)

    def versions(self, having: tuple[str, ...], among: tuple[str, ...] | None = None) -> str:
        """Say in words which versions those are, given that only those `among` come into question."""
        among = among or self.availability.versions
        if having == among:
            return "all"
        proposed = self.availability.drafts
        dated = [version for version in among if version not in proposed]
        mine = [version for version in dated if version in having]
        drafts = _drafts([version for version in among if version in proposed and version in having])
        missing = _drafts([version for version in among if version in proposed and version not in having])
        if not mine:
            return drafts
        if mine == dated[-len(mine) :]:
            # Drafts come after all others, so "since" includes them.
            start = "all" if mine == dated else f"since {mine[0]}"
            return f"{start} but {missing}" if missing else start
        span = f"up to {mine[-1]}" if mine == dated[: len(mine)] and len(mine) > 1 else ", ".join(mine)
        return f"{span} and {drafts}" if drafts else span


def _drafts(versions: list[str]) -> str:
    if not versions:
        return ""
    return f"the draft{'s' if len(versions) > 1 else ''} {' and '.join(versions)}"


def read_reference() -> Reference:
    """Read the schema's documents and its `.tsp` files."""
    contract, availability = superset(documents())
    return Reference(contract, availability, subjects())


def subjects() -> dict[str, str]:
    """Model, enum or union to its subject: the name of the `.tsp` file that declares it, or :data:`EVENT_PARTS`."""
    return {
        name: EVENT_PARTS if path.stem.startswith(("client_events", "server_events")) else path.stem
        for path in sorted(SCHEMA.glob("*.tsp"))
        for name in _DECLARATION.findall(path.read_text(encoding="utf-8"))
    }


def _references(node: object) -> list[str]:
    if isinstance(node, list):
        return [name for entry in node for name in _references(entry)]
    if not isinstance(node, dict):
        return []
    schema: Schema = node
    found = [name for key, value in schema.items() if key != "$ref" for name in _references(value)]
    if isinstance(ref := schema.get("$ref"), str):
        found.append(ref.removeprefix(REF_PREFIX))
    return found

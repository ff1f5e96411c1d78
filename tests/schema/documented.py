"""Reads the second source of facts: what is documented or inferred, and not specified, with grade and evidence."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from .contract import Contract, Model
from .facts import FOLDER, read_field, read_model

__all__ = ["Documented", "documented", "with_documented"]

TABLE: dict[str, Any] = json.loads((FOLDER / "documented.json").read_text(encoding="utf-8"))
GRADES: dict[str, str] = TABLE["grades"]


@dataclass(frozen=True)
class Documented:
    """One fact: a model, a field or an enum value that no specification has, or has in another way.

    Attributes:
        owner: the model or enum.
        part: the field or value; empty for a whole model.
        group: ``model``, ``field`` or ``value``.
        entry: the entry in the table.
        instead: whether the specification has the field, and is contradicted.
    """

    owner: str
    part: str
    group: str
    entry: dict[str, Any]
    instead: bool = False

    @property
    def path(self) -> str:
        """Where it is, in a word."""
        return f"{self.owner}.{self.part}" if self.part else self.owner

    def holds_in(self, version: str) -> bool:
        """Whether it is a fact of a dated version."""
        return bool(version >= self.entry["since"])


def documented() -> Iterator[Documented]:
    """All facts of the table."""
    for name, enum in TABLE["enums"].items():
        yield from (Documented(name, value, "value", entry) for value, entry in enum["values"].items())
    for name, model in TABLE["models"].items():
        if "since" in model:
            yield Documented(name, "", "model", model)
        else:
            for key, entry in model["fields"].items():
                yield Documented(name, key, "field", entry, entry.get("instead", False))


def with_documented(facts: Contract, version: str) -> Contract:
    """Return what is specified together with what is only documented."""
    models: dict[str, Model] = dict(facts.models)
    enums = dict(facts.enums)
    for fact in documented():
        if not fact.holds_in(version):
            continue
        if fact.group == "model":
            fields = fact.entry["fields"]
            had = {key: entry for key, entry in fields.items() if version >= entry.get("since", version)}
            models[fact.owner] = read_model({**fact.entry, "fields": had})
        elif fact.group == "field":
            own = {**models[fact.owner].fields, fact.part: read_field(fact.entry)}
            models[fact.owner] = replace(models[fact.owner], fields=own)
        else:
            enums[fact.owner] = [*enums.get(fact.owner, ()), fact.part]
    return replace(facts, models=models, enums=enums)

"""The page that says what each API version has that the one before did not, and the other way round."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from codegen.superset import DRAFTS

from .reference import Reference
from .types import Linker

__all__ = ["versions_page"]


def versions_page(reference: Reference) -> str:
    """The page of differences between versions."""
    availability = reference.availability
    linker = Linker(reference, "versions.md")
    parts = [
        "# What each version has",
        "Made from the schema: the names that each version adds to the one before it, and those that it no longer has. "
        "How to choose a version, and what happens with what yours lacks: [API versions](../versions.md).",
    ]
    for older, newer in zip(availability.versions, availability.versions[1:], strict=False):
        draft = " (a draft)" if newer in DRAFTS else ""
        parts.append(f"## {newer}{draft}")
        parts.append(f"Compared with {older}.")
        added = _changes(linker, having=newer, lacking=older)
        removed = _changes(linker, having=older, lacking=newer)
        if not (added or removed):
            parts.append("No name was added or removed.")
        parts += _section("Added", added) + _section("No longer there", removed)
    return "\n\n".join(parts) + "\n"


def _section(title: str, rows: dict[str, list[str]]) -> list[str]:
    if not rows:
        return []
    lines = ["| | |", "| --- | --- |", *(f"| {what} | {', '.join(names)} |" for what, names in rows.items())]
    return [f"**{title}**", "\n".join(lines)]


def _changes(linker: Linker, *, having: str, lacking: str) -> dict[str, list[str]]:
    """What one version has and another lacks, by kind."""
    reference = linker.reference
    availability, contract = reference.availability, reference.contract

    def differs(versions: Iterable[str]) -> bool:
        found = tuple(versions)
        return having in found and lacking not in found

    models = [name for name in contract.models if differs(reference.having(name))]
    found: dict[str, list[str]] = defaultdict(list, {"Events": [], "Models": []})
    for name in models:
        if name in reference.events:
            found["Events"].append(linker.to_event(reference.events[name]))
        else:
            found["Models"].append(linker.to(name))
    for (model, name), versions in availability.fields.items():
        # A field that a model inherits is named at the model that declares it.
        if differs(versions) and name in contract.models[model].own:
            found[f"Fields of {linker.to(model)}"].append(f"`{name}`")
    for (enum, value), versions in availability.enum_values.items():
        # The event types are the events, once more.
        if differs(versions) and not enum.endswith("EventType"):
            found[f"Values of {linker.to(enum)}"].append(f"`{value}`")
    return {what: names for what, names in found.items() if names}

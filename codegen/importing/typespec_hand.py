"""Says what follows from a comparison but cannot be written as new TypeSpec: what to change in the sources by hand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .changes import ABSENT, Change, Comparison
from .kinds import literal
from .typespec_names import version_member
from .typespec_writing import Writer, one_line, quoted

__all__ = ["by_hand"]


def by_hand(comparison: Comparison, writer: Writer, doubled: Mapping[str, str]) -> Iterator[str]:
    """One line for each change of what the schema has already, with the decorator to use.

    `doubled` holds the events that changed their type, new name to old name: the schema holds both.
    """
    version = f"Versions.{version_member(writer.version)}" if writer.version else "Versions.…"
    for change in comparison.changes:
        if change.action != "added":
            file = writer.sources.files.get(change.owner or change.name)
            where = f"{change.group} {change.path}{f' ({file})' if file else ''}"
            if text := _text(change, version, writer, doubled):
                yield one_line(f"{where} {text}")


def _text(change: Change, version: str, writer: Writer, doubled: Mapping[str, str]) -> str:
    if change.action == "removed":
        return f"is gone: @removed({version})"
    if change.action == "renamed":
        return _renamed(change, version, writer, doubled)
    if change.action == "retyped":
        return f"is {change.after} now: @typeChangedFrom({version}, {change.before})"
    if change.what == "required":
        return "is required now" if change.after else f"is optional now: @madeOptional({version})"
    if change.what == "event type" and change.owner in doubled.values():
        return ""
    return f"has the {change.what} {_value(change.after)} now, was {_value(change.before)}"


def _renamed(change: Change, version: str, writer: Writer, doubled: Mapping[str, str]) -> str:
    new = str(change.after)
    if change.group == "field":
        return f"is probably {new} now: @renamedFrom({version}, {quoted(change.before)})"
    if change.group == "value":
        return f"is probably {new} now: @removed({version}), beside the new one"
    if new in doubled:
        return f"is probably {writer.name(new)} now, another event to the schema: @removed({version})"
    return f"is called {new} in the document; the schema keeps its name"


def _value(value: Any) -> str:
    return "none" if value is ABSENT else literal(value)

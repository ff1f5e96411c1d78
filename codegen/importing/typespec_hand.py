"""Says what follows from a comparison but cannot be written as new TypeSpec: what to change in the sources by hand."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping

from .changes import ABSENT, Change, Comparison
from .kinds import literal
from .typespec_names import version_member
from .typespec_writing import Writer, one_line, quoted

__all__ = ["by_hand"]

# What is said where a flag is off, and where it is on.
FLAGS = {
    "required": ("is optional now", "is required now"),
    "nullable": ("may no longer be null", "may be null now"),
    "deprecated": ("is no longer deprecated", "is deprecated now"),
    "open": ("is closed in the document; the schema keeps every enum open", "is open now"),
}


def by_hand(
    comparison: Comparison, writer: Writer, doubled: Mapping[str, str], skipped: Container[Change] = ()
) -> Iterator[str]:
    """One line for each change of what the schema has already, with the decorator to use.

    `doubled` holds the models that changed what distinguishes them, new name to old name: the schema holds both.
    `skipped` holds what has been done already.
    """
    version = f"Versions.{version_member(writer.version)}" if writer.version else "Versions.…"
    for change in comparison.changes:
        if change in skipped:
            continue
        if change.action != "added" and change.owner not in doubled.values():
            file = writer.sources.files.get(change.owner or change.name)
            where = f"{change.group} {change.path}{f' ({file})' if file else ''}"
            yield one_line(f"{where} {_text(change, version, writer, doubled)}")


def _text(change: Change, version: str, writer: Writer, doubled: Mapping[str, str]) -> str:
    if change.action == "removed":
        return f"is gone: @removed({version})"
    if change.action == "renamed":
        return _renamed(change, version, writer, doubled)
    if change.action == "retyped":
        return f"is {change.after} now: @typeChangedFrom({version}, {change.before})"
    if change.what == "required" and not change.after:
        return f"{FLAGS[change.what][0]}: @madeOptional({version})"
    if change.what in FLAGS:
        return FLAGS[change.what][bool(change.after)]
    if change.after is ABSENT:
        return f"no longer has the {change.what} {literal(change.before)}"
    was = "" if change.before is ABSENT else f", was {literal(change.before)}"
    return f"has the {change.what} {literal(change.after)} now{was}"


def _renamed(change: Change, version: str, writer: Writer, doubled: Mapping[str, str]) -> str:
    new = str(change.after)
    if change.group == "field":
        return f"is probably {new} now: @renamedFrom({version}, {quoted(change.before)})"
    if change.group == "value":
        return f"is probably {new} now: @removed({version}), beside the new one"
    if new in doubled:
        name = writer.names.get(new, new)
        return f"is probably {name} now, another {change.group} to the schema: @removed({version})"
    return f"is called {new} in the document; the schema keeps its name"

"""Renders the documentation page of API versions: what each version brought, dropped and renamed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from .changes import Change, Comparison
from .comparing import compare
from .markdown import PLURALS, code
from .neutral import Specification

__all__ = ["render_page", "status"]

INTRODUCTION = """\
# API versions

Which events, models, fields and values each version of the service's interface has. Every version is compared with the
one before it. The models of this package hold all of them; names and types only: see the reference for what they mean.
"""
NONE = "none"
SECTIONS = (("added", "New"), ("removed", "Gone"), ("renamed", "Probably renamed"))


def render_page(specifications: Sequence[Specification], default: str = "") -> str:
    """Return the page for any number of versions, oldest first; `default` is the version used unless told otherwise."""
    before = [None, *specifications[:-1]]
    comparisons = [compare(old, new) if old else None for old, new in zip(before, specifications, strict=False)]
    lines = [INTRODUCTION, *_table(specifications, comparisons, default), ""]
    for specification, comparison in zip(specifications, comparisons, strict=True):
        lines += [f"## {specification.version}", "", *_version(specification, comparison)]
    return "\n".join(lines).rstrip() + "\n"


def status(specification: Specification) -> str:
    """Whether a version is stable, a preview or a draft."""
    if specification.draft:
        return "draft"
    if "preview" in specification.version:
        return "preview"
    # A version without a date has not been published.
    return "stable" if re.match(r"\d{4}-\d{2}-\d{2}", specification.version) else "draft"


def _table(
    specifications: Sequence[Specification], comparisons: Sequence[Comparison | None], default: str
) -> Iterator[str]:
    yield "| version | status | client events | server events | models | enums | new | gone | renamed | changed |"
    yield "| --- | --- | --: | --: | --: | --: | --- | --- | --- | --- |"
    for specification, comparison in zip(specifications, comparisons, strict=True):
        directions = [specification.direction(name) for name in specification.events()]
        cells = [
            specification.version,
            status(specification) + (", default" if specification.version == default else ""),
            str(directions.count("client")),
            str(directions.count("server")),
            str(len(specification.models) - len(directions)),
            str(len(specification.enums)),
            *(_summary(comparison, *actions) for actions in (("added",), ("removed",), ("renamed",))),
            _summary(comparison, "retyped", "changed"),
        ]
        yield f"| {' | '.join(cells)} |"


def _summary(comparison: Comparison | None, *actions: str) -> str:
    if comparison is None:
        return NONE
    counts = {group: sum(row[action] for action in actions) for group, row in comparison.counts().items()}
    words = [f"{count} {_short(group) if count > 1 else group}" for group, count in counts.items() if count]
    return ", ".join(words) or NONE


def _version(specification: Specification, comparison: Comparison | None) -> Iterator[str]:
    if specification.draft:
        yield "A draft: it may change, and need not be served."
        yield ""
    if comparison is None:
        yield "The first version."
        yield ""
        return
    if not comparison.changes:
        yield f"No difference from {comparison.before.version}."
        yield ""
        return
    yield f"Compared with {comparison.before.version}:"
    yield ""
    for action, title in SECTIONS:
        yield from _section(title, comparison.of(action))
    yield from _section("Changed", [*comparison.of("retyped"), *comparison.of("changed")])


def _section(title: str, changes: list[Change]) -> Iterator[str]:
    if not changes:
        return
    yield f"**{title}**"
    yield ""
    for group, plural in PLURALS.items():
        chosen = [change for change in changes if change.group == group]
        for owner in sorted({change.owner for change in chosen}):
            names = ", ".join(dict.fromkeys(_entry(change) for change in chosen if change.owner == owner))
            subject = f"{_short(group)} of {code(owner)}" if owner else plural
            yield f"- {subject}: {names}"
    yield ""


def _short(group: str) -> str:
    return PLURALS[group].partition(" ")[0]


def _entry(change: Change) -> str:
    if change.action == "renamed":
        return f"{code(str(change.before))} → {code(str(change.after))}"
    if "event_type" in change.details:
        preview = " (preview)" if change.details.get("preview") else ""
        return f"{code(change.details['event_type'])}{preview}"
    if change.action == "changed":
        if change.what == "required":
            return f"{code(change.name)} ({'now required' if change.after else 'now optional'})"
        if change.what == "event type":
            return f"{code(str(change.before))} → {code(str(change.after))}"
        if change.what in ("nullable", "deprecated", "open"):
            return f"{code(change.name)} ({'now' if change.after else 'no longer'} {change.what})"
        return f"{code(change.name)} ({change.what})"
    if change.action == "retyped":
        return f"{code(change.name)} ({code(str(change.before))} → {code(str(change.after))})"
    return code(change.name)

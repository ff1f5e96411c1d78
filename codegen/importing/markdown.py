"""Renders a comparison as Markdown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .changes import ABSENT, ACTIONS, Change, Comparison
from .kinds import literal
from .neutral import Specification
from .type_reader import LIMITS

__all__ = ["PLURALS", "code", "field_text", "render"]

PLURALS = {
    "event": "events",
    "model": "models",
    "union": "unions",
    "enum": "enums",
    "field": "fields",
    "member": "members of unions",
    "value": "values of enums",
}
WHOLE = ("event", "model", "union", "enum")
PARTS = ("field", "member", "value")


def render(comparison: Comparison) -> str:
    """Return the comparison as a Markdown document."""
    return "\n".join(_lines(comparison)).rstrip() + "\n"


def _lines(comparison: Comparison) -> Iterator[str]:
    before, after = comparison.before, comparison.after
    yield f"# From {_name(before)} to {_name(after)}"
    yield ""
    yield f"- before: {_side(before)}"
    yield f"- after: {_side(after)}"
    yield ""
    if comparison.changes:
        yield from _counts(comparison)
        yield from _whole("New", comparison.of("added", *WHOLE))
        yield from _whole("Gone", comparison.of("removed", *WHOLE))
        yield from _renamed(comparison.of("renamed"))
        yield from _inside(comparison)
    else:
        yield "There is no difference."
        yield ""
    if comparison.notes:
        yield "## Notes"
        yield ""
        yield from (f"- {note}" for note in comparison.notes)


def _name(specification: Specification) -> str:
    return specification.version or specification.source


def _side(specification: Specification) -> str:
    title = " ".join(part for part in (specification.title, specification.version) if part) or "without a title"
    draft = ", a draft" if specification.draft else ""
    return f"{title}{draft} ({specification.dialect}, {code(specification.source)})"


def _counts(comparison: Comparison) -> Iterator[str]:
    yield f"| | {' | '.join(ACTIONS)} |"
    yield f"| --- |{' --: |' * len(ACTIONS)}"
    for group, row in comparison.counts().items():
        yield f"| {PLURALS[group]} | {' | '.join(str(row[action]) for action in ACTIONS)} |"
    yield ""


def _whole(title: str, changes: list[Change]) -> Iterator[str]:
    if not changes:
        return
    yield f"## {title}"
    yield ""
    for group in WHOLE:
        chosen = [change for change in changes if change.group == group]
        if not chosen:
            continue
        yield f"### {title} {PLURALS[group]}"
        yield ""
        for change in chosen:
            yield f"- {_heading(change)}"
            yield from (
                f"    - {code(entry['name'])}: {field_text(entry)}" for entry in change.details.get("fields", [])
            )
        yield ""


def _heading(change: Change) -> str:
    details = change.details
    text = code(change.name)
    if "event_type" in details:
        text += f": {code(details['event_type'])}, sent by the {details['direction']}"
    elif "base" in details:
        text += f" extends {code(details['base'])}"
    if "discriminator" in details:
        text += f", told apart by {code(details['discriminator'])}"
    if "values" in details:
        values = ", ".join(code(str(value)) for value in details["values"])
        text += f": {'open' if details['open'] else 'closed'}: {values}"
    elif "type" in details:
        text += f": {code(details['type'])}"
    return text + "".join(f", {word}" for word in ("deprecated", "preview") if details.get(word))


def _renamed(changes: list[Change]) -> Iterator[str]:
    if not changes:
        return
    yield "## Probably renamed"
    yield ""
    for change in changes:
        inside = f" of {code(change.owner)}" if change.owner else ""
        yield f"- {change.group}{inside}: {code(str(change.before))} is now {code(str(change.after))} ({change.why})"
    yield ""


def _inside(comparison: Comparison) -> Iterator[str]:
    groups: dict[str, list[Change]] = {}
    for change in comparison.changes:
        if change.group in PARTS and change.action != "renamed":
            groups.setdefault(change.owner, []).append(change)
        elif change.action in ("retyped", "changed"):
            groups.setdefault(change.name, []).append(change)
    if not groups:
        return
    yield "## Changed"
    yield ""
    for owner in sorted(groups):
        yield f"### {code(owner)}"
        yield ""
        yield from (f"- {_part(change)}" for change in groups[owner])
        yield ""


def _part(change: Change) -> str:
    name = code(change.name)
    if change.action in ("added", "removed"):
        text = f"{'new' if change.action == 'added' else 'gone'} {change.group} {name}"
        return f"{text}: {field_text(change.details)}" if change.group == "field" else text
    subject = f"{change.group} {name}: " if change.owner else ""
    if change.what == "required":
        return f"{subject}now {'required' if change.after else 'optional'}"
    if change.what in ("nullable", "deprecated", "open"):
        return f"{subject}{'now' if change.after else 'no longer'} {change.what}"
    if change.before is ABSENT:
        return f"{subject}new {change.what} {_value(change, change.after)}"
    if change.after is ABSENT:
        return f"{subject}no longer has the {change.what} {_value(change, change.before)}"
    return f"{subject}{change.what} {_value(change, change.before)} is now {_value(change, change.after)}"


def field_text(details: dict[str, Any]) -> str:
    """Return a field's type and what is known about it, from the JSON form of a field."""
    words = [code(details["type"]), "required" if details["required"] else "optional"]
    words += [word for word in ("nullable", "deprecated", "preview") if details.get(word)]
    words += [f"{key} {code(literal(details[key]))}" for key in ("default", *LIMITS) if key in details]
    return ", ".join(words)


def _value(change: Change, value: Any) -> str:
    # Types and names are written as they are; defaults and limits as JSON.
    plain = change.what in ("type", "kind", "base", "discriminator", "event type", "discriminator value")
    return code(str(value) if plain else literal(value))


def code(text: str) -> str:
    """Return text as a code span, whatever is in it."""
    text = text.replace("\r", "\\r").replace("\n", "\\n")
    if "`" not in text:
        return f"`{text}`" if text else "(empty)"
    fence = "`" * (max(len(run) for run in text.split() or [""]) + 1) if "``" in text else "``"
    return f"{fence} {text} {fence}"

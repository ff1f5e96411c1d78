"""What a comparison finds: a list of changes, countable and ready for JSON."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .kinds import Kind, shown
from .neutral import Specification
from .renames import Pairing

__all__ = ["ABSENT", "ACTIONS", "GROUPS", "Change", "Comparison"]

ACTIONS = ("added", "removed", "renamed", "retyped", "changed")
# Things with a name of their own, then parts of them.
GROUPS = ("event", "model", "union", "enum", "field", "member", "value")


class _Absent:
    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Any = _Absent()


@dataclass(frozen=True, eq=False)
class Change:
    """One difference.

    Attributes:
        action: one of :data:`ACTIONS`.
        group: what it is about, one of :data:`GROUPS`.
        owner: for parts, the model, enum or union, by its older name; else empty.
        name: the name of the thing; of what was renamed, the older one.
        what: for ``retyped`` and ``changed``, what differs: ``type``, ``required``, ``default``, ``minimum`` …
        before: its value in the older document, or ABSENT.
        after: its value in the newer document.
        why: for ``renamed``, what speaks for it. A rename is never certain.
        details: for ``added`` and ``removed``, the thing in full.
    """

    action: str
    group: str
    owner: str
    name: str
    what: str = ""
    before: Any = ABSENT
    after: Any = ABSENT
    why: str = ""
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def path(self) -> str:
        """Where it is, in a word: ``RequestSession.voice``."""
        return f"{self.owner}.{self.name}" if self.owner else self.name

    def as_json(self) -> dict[str, Any]:
        """The change as a JSON object without empty parts."""
        found: dict[str, Any] = {"action": self.action, "kind": self.group}
        if self.owner:
            found["in"] = self.owner
        found["name"] = self.name
        if self.what:
            found["what"] = self.what
        values = {"before": self.before, "after": self.after}
        found |= {key: value for key, value in values.items() if value is not ABSENT}
        if self.why:
            found["probably"] = self.why
        return {**found, **self.details}

    def order(self) -> tuple[Any, ...]:
        """What the changes are sorted by: the same documents give the same list whatever their order."""
        return (GROUPS.index(self.group), self.owner, ACTIONS.index(self.action), self.name, self.what)


@dataclass
class Comparison:
    """All differences between two specifications, with how their names were paired."""

    before: Specification
    after: Specification
    pairing: Pairing
    changes: list[Change]
    notes: list[str]

    def counts(self) -> dict[str, dict[str, int]]:
        """How many changes there are, by group and by action; groups without any are left out."""
        table = {
            group: {
                action: sum(change.group == group and change.action == action for change in self.changes)
                for action in ACTIONS
            }
            for group in GROUPS
        }
        return {group: row for group, row in table.items() if any(row.values())}

    def of(self, action: str, *groups: str) -> list[Change]:
        """The changes of one kind, of some groups or of all."""
        return [change for change in self.changes if change.action == action and (not groups or change.group in groups)]

    def shown(self, kind: Kind) -> str:
        """A type of the newer document as text, in the older names."""
        return shown(kind, self.pairing.old_name)

    def as_json(self) -> dict[str, Any]:
        """The whole comparison as a JSON object."""
        return {
            "before": _side(self.before),
            "after": _side(self.after),
            "identical": not self.changes,
            "counts": self.counts(),
            "changes": [change.as_json() for change in self.changes],
            "notes": self.notes,
        }


def _side(specification: Specification) -> dict[str, Any]:
    return {
        "title": specification.title,
        "version": specification.version,
        "dialect": specification.dialect,
        "source": specification.source,
        "draft": specification.draft,
    }

"""Puts what a document brings into the schema's sources, and writes the fact table of the new version."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .changes import ABSENT, Change
from .fact_table import write_table
from .kinds import literal, references
from .neutral import Enum, Field, Model, Specification
from .shared_fields import SharedFields
from .sources import Sources
from .typespec import Emitted, has
from .typespec_blocks import Block
from .typespec_hand import by_hand
from .typespec_writing import Writer

__all__ = ["Applied", "apply"]

CHANGING = ("renamed", "retyped", "changed")
"""What can happen to a field that stays."""


@dataclass
class Applied:
    """What was done, and what is left to be done by hand."""

    files: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def apply(
    writer: Writer,
    emitted: Emitted,
    around: tuple[Specification | None, Specification | None],
    tables: Path,
    sources: Sources,
) -> Applied:
    """Change the sources so that they have the newer document as a version of their own.

    Args:
        writer: what wrote `emitted`; it compares what the version before was published with and the newer document.
        emitted: the TypeSpec for what is new.
        around: the schema's versions before and after it.
        tables: the folder of the fact tables.
        sources: the sources, which are written.
    """
    comparison = writer.comparison
    applying = _Applying(writer, emitted, around, sources)
    sources.add_version(writer.since, writer.version)
    left = applying.run()
    doubled = {
        str(change.after): str(change.before)
        for change in comparison.of("renamed", "event", "model")
        if str(change.after) in emitted.names
    }
    notes = [*by_hand(comparison, writer, doubled, skipped=applying.done), *left, *emitted.lost]
    table = tables / f"{writer.version}.json"
    table.write_text(write_table(comparison.after, writer.name), encoding="utf-8", newline="\n")
    return Applied([*sources.write(), table.name], notes)


class _Applying:
    def __init__(
        self,
        writer: Writer,
        emitted: Emitted,
        around: tuple[Specification | None, Specification | None],
        sources: Sources,
    ) -> None:
        self.comparison, self.writer, self.emitted = writer.comparison, writer, emitted
        self.boundary, self.around, self.sources = writer.since, around, sources
        self.new = writer.comparison.after
        self.original = {name: original for original, name in emitted.names.items()}
        self.done: set[Change] = set()
        self.shared = SharedFields(sources, writer.since)

    def run(self) -> list[str]:
        left = [note for block in self.emitted.blocks if (note := self._put(block))]
        left += [
            f"{again.group} {again.path} is in the schema for {', '.join(again.versions)}; say so with @added"
            for again in self.emitted.again
            if not self._place(again.owner, again.part, here=True)
        ]
        for again in self.emitted.again:
            if not again.part:
                self._have_earlier(again.owner)
        for change in [*self.comparison.of("removed"), *self.comparison.of("renamed", "value")]:
            owner, part = (change.owner, change.name) if change.owner else (change.name, "")
            if self._place(owner, part, here=False):
                self.done.add(change)
        left += self.shared.settle(self._matters)
        left += [
            f"{path} is offered only with a preview feature; say so with x-preview"
            for path in self._previews()
            if not self._offer_as_preview(*path.partition(".")[::2])
        ]
        self.done |= {change for change in self.comparison.changes if change.group == "field" and self._changes(change)}
        # Versions cannot differ in these; the schema may have today's already.
        self.done |= {change for change in self.comparison.of("changed", "field") if self._says(change)}
        return left

    def _have_earlier(self, name: str) -> None:
        """Let a model that the new version has have its fields with it too, where they came with the following one."""
        following = f"  @added(Versions.{self.boundary.following})"
        model = self.new.named.get(name)
        for key in self.new.fields(name) if isinstance(model, Model) else ():
            if following in self.sources.decorators(name, key):
                self.sources.place(name, key, self.boundary, before=False, here=True, after=True)
            else:
                self.shared.have_earlier(name, key)

    def _changes(self, change: Change) -> bool:
        """Say in the sources that a field has another name, type or presence; return whether that was possible."""
        following = self.around[1]
        name = str(change.after) if change.action == "renamed" else change.name
        if following is None or not has(following, change.owner, name) or change.action not in CHANGING:
            return False
        if change.action == "changed" and change.what != "required":
            return False
        entry, later = self._fields_of(change, name), following.fields(change.owner)[name]
        if entry is None:
            return False
        as_later = entry.required == later.required if change.action == "changed" else self._same_type(entry, later)
        if as_later:
            return self.sources.change_earlier(change.owner, name, self.boundary)
        is_back = change.action == "changed" and later.required == change.before
        return is_back and self.sources.require_here(change.owner, name, self.boundary, entry.required)

    def _fields_of(self, change: Change, name: str) -> Field | None:
        model = self.new.named.get(self.original.get(change.owner, change.owner))
        return self.new.fields(model.name).get(name) if isinstance(model, Model) else None

    def _same_type(self, entry: Field, later: Field) -> bool:
        return self.comparison.shown(entry.kind) == self.comparison.shown(later.kind)

    def _says(self, change: Change) -> bool:
        """Whether the schema's version before says what has changed in a field, or nothing is said any more."""
        if change.after is ABSENT and change.what not in ("required", "nullable"):
            return True
        preceding = self.around[0]
        if preceding is None or not isinstance(preceding.named.get(change.owner), Model):
            return False
        entry = preceding.fields(change.owner).get(change.name)
        if entry is None:
            return False
        said = {"required": entry.required, "nullable": entry.nullable, **entry.limits}
        if entry.has_default:
            said["default"] = entry.default
        return literal(said.get(change.what)) == literal(None if change.after is ABSENT else change.after)

    def _put(self, block: Block) -> str:
        if not block.inside:
            self.sources.append(self._file(block.name, set()), block.lines)
            return ""
        if self.sources.insert(block.name, block.lines):
            return ""
        return f"members for the {block.group} {block.name}, which no source declares: {' '.join(block.lines)}"

    def _place(self, owner: str, part: str, *, here: bool) -> bool:
        before, after = (version is not None and has(version, owner, part) for version in self.around)
        if before == here == after:
            return True
        if self.sources.place(owner, part, self.boundary, before=before, here=here, after=after):
            return True
        return self.shared.ask(owner, part, (before, here, after))

    def _previews(self) -> Iterator[str]:
        """What the document has only with a preview feature, by the schema's names."""
        for name, entry in self.new.named.items():
            if entry.preview:
                yield self.writer.name(name)
            for key, own in entry.fields.items() if isinstance(entry, Model) else ():
                if own.preview:
                    yield f"{self.writer.name(name)}.{key}"

    def _offer_as_preview(self, owner: str, part: str) -> bool:
        offer, version = self.sources.offer_as_preview, self.writer.version
        return offer(owner, part, version) or offer(self.shared.alias_of(owner, part), part, version)

    def _matters(self, model: str) -> bool:
        """Whether the version before or the new one has a model."""
        preceding = self.around[0]
        names = {self.writer.name(name) for name in self.new.named}
        return model in names or (preceding is not None and model in preceding.named)

    def _file(self, name: str, seen: set[str]) -> str:
        """The file of the events most like it, of its base, or of what refers to it."""
        declared = self.writer.sources.files.get(name)
        if declared is not None:
            return declared
        seen.add(name)
        original = self.original.get(name, name)
        event_type = self.new.event_type(original)
        if event_type is not None:
            return self.sources.file_of_event(event_type, self.new.direction(original))
        entry = self.new.named.get(original)
        if isinstance(entry, Model) and entry.base is not None and self.writer.name(entry.base) not in seen:
            return self._file(self.writer.name(entry.base), seen)
        for user in self._users(original):
            if self.writer.name(user) not in seen:
                return self._file(self.writer.name(user), seen)
        return "session.tsp"

    def _users(self, name: str) -> Sequence[str]:
        found: list[str] = []
        for other, entry in self.new.named.items():
            if isinstance(entry, Model):
                used = [target for own in entry.fields.values() for target in references(own.kind)]
            else:
                used = [] if isinstance(entry, Enum) else list(references(entry.kind))
            if name in used:
                found.append(other)
        return found

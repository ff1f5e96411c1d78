"""Writes the TypeSpec for what a document has and the schema has not, in the style of the schema's sources."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .changes import Change, Comparison
from .comparing import group_of
from .kinds import Union
from .neutral import Enum, Field, Model, NamedType, Specification
from .typespec_hand import by_hand
from .typespec_names import Declared, identifier, model_name, version_member
from .typespec_writing import CODE_WIDTH, Writer, doc, one_line, quoted, spoken

__all__ = ["MARK", "Emitted", "emit"]

MARK = "// Written by `python -m codegen import --emit`"
PLACEHOLDERS = (
    "the doc comments are placeholders made from names and types, the prose of the document is not copied; "
    "write your own, with units and ranges"
)
BASES = {"client": "ClientEvent", "server": "ServerEvent"}
TYPE_ENUMS = {"client": "ClientEventType", "server": "ServerEventType"}


@dataclass
class Emitted:
    """The TypeSpec text, empty if nothing is new, and what is left to be done by hand."""

    text: str
    notes: list[str] = field(default_factory=list)


def emit(comparison: Comparison, sources: Declared, version: str = "", others: Sequence[Specification] = ()) -> Emitted:
    """Return the TypeSpec for everything that the newer document adds.

    Args:
        comparison: the schema's document against the newer one.
        sources: what the schema's sources declare, for the names of files and of enum members.
        version: the API version that brings it, for ``@added``; none if empty.
        others: the schema's other versions. What one of them has is in the sources already, and is not written again.
    """
    return _Emitter(comparison, sources, version, others).run()


class _Emitter:
    def __init__(
        self, comparison: Comparison, sources: Declared, version: str, others: Sequence[Specification]
    ) -> None:
        self.comparison, self.sources, self.others = comparison, sources, others
        self.new, self.old = comparison.after, comparison.before
        self.writer = Writer(comparison, sources, version)
        self.again: list[str] = []
        # An event under another type is another event, and so with all kinds: the schema holds both.
        self.doubled = {
            str(change.after): str(change.before)
            for change in comparison.of("renamed", "event", "model")
            if _told_by(self.new, str(change.after)) != _told_by(self.old, str(change.before))
        }
        self.fresh: list[str] = []
        added = [change.name for change in comparison.of("added", "event", "model", "union", "enum")]
        for name in sorted([*added, *self.doubled]):
            if versions := self._versions_with(name):
                self._note_again(group_of(self.new, name), name, versions)
                continue
            taken = {*self.old.named, *self.writer.names.values(), *sources.files}
            chosen = self.writer.names[name] = model_name(name, taken)
            self.fresh.append(name)
            if chosen[-1].isdigit():
                self.writer.notes.append(f"{chosen} ends in a digit, which the generator refuses: rename it")

    def run(self) -> Emitted:
        blocks = [*self._wholes(), *self._fields(), *self._values(), *self._members()]
        notes = [*by_hand(self.comparison, self.writer, self.doubled), *self.again, *self.writer.notes]
        if not blocks:
            return Emitted("", notes)
        version = self.writer.version
        lines = [
            f"{MARK}: what {one_line(Path(self.new.source).name)}",
            f"// adds to the schema's {self.old.version}.",
            "//",
        ]
        lines += ["// The doc comments are placeholders made from names and types: the prose of the document is not"]
        lines += ["// copied. Write your own, with units and ranges."]
        if version:
            lines += ["//", f"// In versions.tsp it needs the member {version_member(version)}: {quoted(version)}."]
        if notes:
            lines += ["//", "// Left to be done by hand:", *(f"// - {note}" for note in notes)]
        head = "\n".join(lines) + "\n\n"
        if version:
            head += 'import "@typespec/versioning";\n\nusing Versioning;\n\n'
        return Emitted(f"{head}namespace VoiceLive;\n\n" + "\n".join(blocks), notes)

    def _wholes(self) -> Iterator[str]:
        order = {"client": 0, "server": 1, "": 2}
        names = sorted(self.fresh, key=self.writer.name)
        models = [self.new.models[name] for name in names if name in self.new.models]
        for model in sorted(models, key=lambda model: order[self._direction(model.name)]):
            yield self._model(model)
        for name in names:
            entry = self.new.named[name]
            if isinstance(entry, Enum):
                yield self._enum(entry)
            elif isinstance(entry, NamedType):
                yield self._named_type(entry)

    def _model(self, model: Model) -> str:
        name, base = self.writer.name(model.name), self.writer.name(model.base) if model.base else ""
        direction, event_type = self._direction(model.name), self.new.event_type(model.name)
        tag = self.new.tag(model.name)
        if event_type is not None:
            base = BASES[direction]
            lines = doc(
                f"Event `{spoken(event_type)}`, sent by the {'application' if direction == 'client' else 'service'}."
            )
        elif tag is not None:
            lines = doc(f"The {base} whose {spoken(tag[0])} is `{spoken(tag[1])}`.")
        else:
            lines = doc(f"Model {name}.")
        if model.discriminator is not None:
            lines.append(f"@discriminator({quoted(model.discriminator)})")
        lines += self.writer.added()
        lines += _opening(identifier(name), identifier(base) if base else "")
        own = [entry for entry in model.fields.values() if not self._is_inherited(model, entry)]
        if not own:
            return "\n".join([*lines[:-1], f"{lines[-1]}}}"]) + "\n"
        for index, entry in enumerate(own):
            lines += ([""] if index else []) + self.writer.field(name, entry, added=False)
        return "\n".join([*lines, "}"]) + "\n"

    def _is_inherited(self, model: Model, entry: Field) -> bool:
        if model.base is None and self._direction(model.name) and entry.name == "event_id":
            # A document that lists events without a base repeats what the schema's base has.
            return True
        inherited = self.new.inherited(model.name).get(entry.name)
        return inherited is not None and inherited.kind == entry.kind and inherited.required == entry.required

    def _enum(self, entry: Enum) -> str:
        name = self.writer.name(entry.name)
        texts = all(isinstance(value, str) for value in entry.values)
        lines = [*doc(f"Values of {name}."), *self.writer.added(), f"union {identifier(name)} {{"]
        if texts:
            lines += ["  string,", ""]
            if not entry.open:
                self.writer.notes.append(f"enum {name} is closed in the document; the schema keeps every enum open")
        for index, (value, member) in enumerate(self.writer.members(name, list(entry.values)).items()):
            lines += ([""] if index else []) + self.writer.value(name, value, member, added=False)
        return "\n".join([*lines, "}"]) + "\n"

    def _named_type(self, entry: NamedType) -> str:
        name = self.writer.name(entry.name)
        if not isinstance(entry.kind, Union):
            return f"alias {identifier(name)} = {self.writer.kind(entry.kind)};\n"
        lines = [*doc(f"Union {name}."), *self.writer.added(), f"union {identifier(name)} {{"]
        lines += [f"  {self.writer.variant(member)}" for member in entry.kind.members]
        return "\n".join([*lines, "}"]) + "\n"

    def _fields(self) -> Iterator[str]:
        for owner, changes in self._grouped("field").items():
            entries = self.new.fields(self._current(owner))
            lines = [f"// To paste into the model {owner}{self._file(owner)}.", f"alias AddedTo{owner} = {{"]
            for index, change in enumerate(changes):
                lines += ([""] if index else []) + self.writer.field(owner, entries[change.name], added=True)
            yield "\n".join([*lines, "};"]) + "\n"

    def _values(self) -> Iterator[str]:
        groups = {owner: [change.name for change in changes] for owner, changes in self._grouped("value").items()}
        for change in self.comparison.of("renamed", "value"):
            if versions := self._versions_with(change.owner, str(change.after)):
                self._note_again("value", f"{change.owner}.{change.after}", versions)
            else:
                groups.setdefault(change.owner, []).append(str(change.after))
        # The type of a new event belongs in the list of types, whether the document has such a list or not.
        for name in self.fresh:
            event_type = self.new.event_type(name)
            if event_type is not None:
                values = groups.setdefault(TYPE_ENUMS[self._direction(name)], [])
                values += [event_type] if event_type not in values else []
        for owner in sorted(groups):
            entry = self.new.enums.get(self._current(owner))
            known = {str(value): value for value in entry.values} if entry else {}
            wanted: list[Any] = [known.get(value, value) for value in sorted(groups[owner])]
            # A template that is never used: it is checked, but stays out of the emitted documents.
            lines = [f"// To paste into the enum {owner}{self._file(owner)}.", f"union AddedTo{owner}<Unused> {{"]
            for index, (value, member) in enumerate(self.writer.members(owner, wanted).items()):
                lines += ([""] if index else []) + self.writer.value(owner, value, member, added=True)
            yield "\n".join([*lines, "}"]) + "\n"

    def _members(self) -> Iterator[str]:
        for owner, changes in self._grouped("member").items():
            entry = self.new.named[self._current(owner)]
            members = entry.kind.members if isinstance(entry, NamedType) and isinstance(entry.kind, Union) else ()
            wanted = {change.name for change in changes}
            lines = [f"// To paste into the union {owner}{self._file(owner)}.", f"union AddedTo{owner}<Unused> {{"]
            chosen = [member for member in members if self.comparison.shown(member) in wanted]
            for index, member in enumerate(chosen):
                lines += [""] if index and self.writer.version else []
                lines += [*self.writer.added("  "), f"  {self.writer.variant(member)}"]
            yield "\n".join([*lines, "}"]) + "\n"

    def _grouped(self, group: str) -> dict[str, list[Change]]:
        """What is new in things that the schema has, by owner; what another version has already is left out."""
        groups: dict[str, list[Change]] = {}
        for change in self.comparison.of("added", group):
            if change.owner in self.doubled.values():
                continue
            if group != "member" and (versions := self._versions_with(change.owner, change.name)):
                self._note_again(group, change.path, versions)
            else:
                groups.setdefault(change.owner, []).append(change)
        return groups

    def _versions_with(self, owner: str, part: str = "") -> list[str]:
        return [other.version for other in self.others if _has(other, owner, part)]

    def _note_again(self, group: str, path: str, versions: list[str]) -> None:
        where = self._file(path.partition(".")[0])
        self.again.append(f"{group} {path}{where} is in the schema already, for {', '.join(versions)}: see its @added")

    def _current(self, owner: str) -> str:
        """The document's name for something in the schema."""
        return next((rename.new for rename in self.comparison.pairing.renamed.values() if rename.old == owner), owner)

    def _direction(self, name: str) -> str:
        return self.new.direction(name) if self.new.event_type(name) is not None else ""

    def _file(self, name: str) -> str:
        file = self.sources.files.get(name)
        return f" ({file})" if file else ""


def _told_by(specification: Specification, name: str) -> str | tuple[str, str] | None:
    return specification.event_type(name) or specification.tag(name)


def _opening(name: str, base: str) -> list[str]:
    line = f"model {name} extends {base} {{" if base else f"model {name} {{"
    return [line] if len(line) <= CODE_WIDTH or not base else [f"model {name}", f"  extends {base} {{"]


def _has(specification: Specification, owner: str, part: str) -> bool:
    entry = specification.named.get(owner)
    if not part or entry is None:
        return entry is not None
    if isinstance(entry, Model):
        return part in specification.fields(owner)
    return isinstance(entry, Enum) and part in map(str, entry.values)

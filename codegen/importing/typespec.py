"""Writes the TypeSpec for what a document has and the schema has not, in the style of the schema's sources."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..output import PLACEHOLDER
from .carried import check_carried
from .changes import Change
from .comparing import group_of
from .kinds import Union
from .neutral import Enum, Model, NamedType, Specification
from .typespec_blocks import Block
from .typespec_hand import by_hand
from .typespec_names import identifier, model_name, version_member
from .typespec_writing import CODE_WIDTH, Writer, doc, one_line, quoted, spoken

__all__ = ["MARK", "Again", "Emitted", "emit", "has"]

MARK = "// Written by `python -m codegen import --emit`"
PLACEHOLDERS = (
    "the doc comments are placeholders made from names and types, the prose of the document is not copied; "
    "write your own, with units and ranges"
)
BASES = {"client": "ClientEvent", "server": "ServerEvent"}
TYPE_ENUMS = {"client": "ClientEventType", "server": "ServerEventType"}


@dataclass(frozen=True)
class Again:
    """Something that the newer document brings and another version of the schema has already."""

    group: str
    owner: str
    part: str
    versions: tuple[str, ...]

    @property
    def path(self) -> str:
        """Where it is, in a word."""
        return f"{self.owner}.{self.part}" if self.part else self.owner


@dataclass
class Emitted:
    """The TypeSpec text, empty if nothing is new, and what is left to be done by hand.

    ``blocks`` are the parts of the text, ``again`` what needs no text, ``names`` the schema's names for what is new.
    """

    text: str
    notes: list[str] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)
    again: list[Again] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)


def emit(writer: Writer, others: Sequence[Specification] = ()) -> Emitted:
    """Return the TypeSpec for everything that the newer document adds.

    Args:
        writer: knows the comparison, what the sources declare, and the version that brings it.
        others: the schema's other versions. What one of them has is in the sources already, and is not written again.

    Raises:
        SpecificationError: if what is written would contain itself, or lacks something of the document.
    """
    return _Emitter(writer, others).run()


class _Emitter:
    def __init__(self, writer: Writer, others: Sequence[Specification]) -> None:
        self.comparison = comparison = writer.comparison
        self.writer, self.others = writer, others
        self.sources = sources = writer.sources
        self.new, self.old = comparison.after, comparison.before
        self.again: list[Again] = []
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
                self.again.append(Again(group_of(self.new, name), name, "", versions))
                continue
            taken = {*self.old.named, *self.writer.names.values(), *sources.files}
            chosen = self.writer.names[name] = model_name(name, taken)
            self.fresh.append(name)
            if chosen[-1].isdigit():
                self.writer.notes.append(f"{chosen} ends in a digit, which the generator refuses: rename it")

    def run(self) -> Emitted:
        blocks = [*self._wholes(), *self._fields(), *self._values(), *self._members()]
        check_carried(self.new, self.writer, self.fresh, blocks)
        hand = by_hand(self.comparison, self.writer, self.doubled)
        notes = [*hand, *map(self._said_again, self.again), *self.writer.notes]
        text = self._whole_text(blocks, notes) if blocks else ""
        return Emitted(text, notes, blocks, self.again, self.writer.names, self.writer.notes)

    def _whole_text(self, blocks: Sequence[Block], notes: Sequence[str]) -> str:
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
        return f"{head}namespace VoiceLive;\n\n" + "\n".join(block.text(self._file(block.name)) for block in blocks)

    def _wholes(self) -> Iterator[Block]:
        order = {"client": 0, "server": 1, "": 2}
        names = sorted(self.fresh, key=self.writer.name)
        models = [entry for name in names if isinstance(entry := self.new.named.get(name), Model)]
        for model in sorted(models, key=lambda model: order[self._direction(model.name)]):
            yield Block("model", self.writer.name(model.name), self._model(model))
        for name in names:
            entry = self.new.named[name]
            if isinstance(entry, Enum):
                yield Block("enum", self.writer.name(name), self._enum(entry))
            elif isinstance(entry, NamedType):
                yield Block("union", self.writer.name(name), self._named_type(entry))

    def _model(self, model: Model) -> list[str]:
        name, base = self.writer.name(model.name), self.writer.name(model.base) if model.base else ""
        direction, event_type = self._direction(model.name), self.new.event_type(model.name)
        tag = self.new.tag(model.name)
        if event_type is not None:
            base = BASES[direction]
            lines = doc(
                f"Event `{spoken(event_type)}`, sent by the {'application' if direction == 'client' else 'service'} "
                f"{PLACEHOLDER}."
            )
        elif tag is not None:
            lines = doc(f"The {base} whose {spoken(tag[0])} is `{spoken(tag[1])}` {PLACEHOLDER}.")
        else:
            lines = doc(f"Model {name} {PLACEHOLDER}.")
        if model.discriminator is not None:
            lines.append(f"@discriminator({quoted(model.discriminator)})")
        lines += self.writer.added()
        lines += _opening(identifier(name), identifier(base) if base else "")
        own = [entry for entry in model.fields.values() if not self.new.is_inherited(model, entry)]
        if not own:
            return [*lines[:-1], f"{lines[-1]}}}"]
        for index, entry in enumerate(own):
            lines += ([""] if index else []) + self.writer.field(name, entry, added=False)
        return [*lines, "}"]

    def _enum(self, entry: Enum) -> list[str]:
        name = self.writer.name(entry.name)
        texts = all(isinstance(value, str) for value in entry.values)
        lines = [*doc(f"Values of {name} {PLACEHOLDER}."), *self.writer.added(), f"union {identifier(name)} {{"]
        if texts:
            lines += ["  string,", ""]
            if not entry.open:
                self.writer.notes.append(f"enum {name} is closed in the document; the schema keeps every enum open")
        for index, (value, member) in enumerate(self.writer.members(name, list(entry.values)).items()):
            lines += ([""] if index else []) + self.writer.value(name, value, member, added=False)
        return [*lines, "}"]

    def _named_type(self, entry: NamedType) -> list[str]:
        name = self.writer.name(entry.name)
        if not isinstance(entry.kind, Union):
            return [f"alias {identifier(name)} = {self.writer.kind(entry.kind)};"]
        lines = [*doc(f"Union {name} {PLACEHOLDER}."), *self.writer.added(), f"union {identifier(name)} {{"]
        lines += [f"  {self.writer.variant(member)}" for member in entry.kind.members]
        return [*lines, "}"]

    def _fields(self) -> Iterator[Block]:
        for owner, changes in self._grouped("field").items():
            entries = self.new.fields(self._current(owner))
            lines: list[str] = []
            for index, change in enumerate(changes):
                lines += ([""] if index else []) + self.writer.field(owner, entries[change.name], added=True)
            yield Block("model", owner, lines, inside=True)

    def _values(self) -> Iterator[Block]:
        groups = {owner: [change.name for change in changes] for owner, changes in self._grouped("value").items()}
        for change in self.comparison.of("renamed", "value"):
            if versions := self._versions_with(change.owner, str(change.after)):
                self.again.append(Again("value", change.owner, str(change.after), versions))
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
            lines: list[str] = []
            for index, (value, member) in enumerate(self.writer.members(owner, wanted).items()):
                lines += ([""] if index else []) + self.writer.value(owner, value, member, added=True)
            yield Block("enum", owner, lines, inside=True)

    def _members(self) -> Iterator[Block]:
        for owner, changes in self._grouped("member").items():
            entry = self.new.named[self._current(owner)]
            members = entry.kind.members if isinstance(entry, NamedType) and isinstance(entry.kind, Union) else ()
            wanted = {change.name for change in changes}
            lines: list[str] = []
            chosen = [member for member in members if self.comparison.shown(member) in wanted]
            for index, member in enumerate(chosen):
                lines += [""] if index and self.writer.version else []
                lines += [*self.writer.added("  "), f"  {self.writer.variant(member)}"]
            yield Block("union", owner, lines, inside=True)

    def _grouped(self, group: str) -> dict[str, list[Change]]:
        """What is new in things that the schema has, by owner; what another version has already is left out."""
        groups: dict[str, list[Change]] = {}
        for change in self.comparison.of("added", group):
            if change.owner in self.doubled.values():
                continue
            if group != "member" and (versions := self._versions_with(change.owner, change.name)):
                self.again.append(Again(group, change.owner, change.name, versions))
            else:
                groups.setdefault(change.owner, []).append(change)
        return groups

    def _versions_with(self, owner: str, part: str = "") -> tuple[str, ...]:
        return tuple(other.version for other in self.others if has(other, owner, part))

    def _said_again(self, again: Again) -> str:
        where, versions = self._file(again.owner), ", ".join(again.versions)
        return f"{again.group} {again.path}{where} is in the schema already, for {versions}: see its @added"

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


def has(specification: Specification, owner: str, part: str) -> bool:
    """Whether a specification has a thing, or a part of it."""
    entry = specification.named.get(owner)
    if not part or entry is None:
        return entry is not None
    if isinstance(entry, Model):
        return part in specification.fields(owner)
    return isinstance(entry, Enum) and part in map(str, entry.values)

"""Writes single declarations in TypeSpec: fields, types, defaults, members of enums, placeholder comments."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Any

from .changes import Comparison
from .kinds import Array, Constant, Kind, Mapping, Reference, Scalar, Union, literal
from .neutral import Enum, Field
from .sources import Boundary
from .typespec_names import PLACEHOLDER, Declared, identifier, member_name, version_member

__all__ = ["CODE_WIDTH", "Writer", "doc", "one_line", "quoted", "spoken"]

DOC_WIDTH = 96
CODE_WIDTH = 80
DECORATORS = {
    "minimum": "minValue",
    "maximum": "maxValue",
    "exclusiveMinimum": "minValueExclusive",
    "exclusiveMaximum": "maxValueExclusive",
    "minLength": "minLength",
    "maxLength": "maxLength",
    "pattern": "pattern",
    "minItems": "minItems",
    "maxItems": "maxItems",
}
# Their literals are not plain text, and no field of the service has had such a default yet.
WITHOUT_DEFAULT = ("bytes", "unixTimestamp", "utcDateTime", "plainDate", "plainTime", "duration", "decimal")
WORDS = {
    "bytes": "base64",
    "float32": "number",
    "float64": "number",
    "int32": "integer",
    "int64": "integer",
    "numeric": "number",
    "unixTimestamp": "timestamp",
}


class Writer:
    """Writes what the newer document of a comparison has, under the schema's names.

    ``notes`` collects what TypeSpec cannot say.

    Args:
        comparison: the schema's document against the newer one.
        sources: what the schema's sources declare, for the names of files and of enum members.
        version: the API version that brings what is new, for ``@added``; none if empty.
        since: where that version stands among the others, so that nothing leaks into those after it.
    """

    def __init__(self, comparison: Comparison, sources: Declared, version: str, since: Boundary | None = None) -> None:
        self.comparison = comparison
        self.new = comparison.after
        self.pairing = comparison.pairing
        self.sources = sources
        self.version = version
        self.since = since or Boundary(version_member(version))
        self.names: dict[str, str] = {}
        self.notes: list[str] = []

    def name(self, name: str) -> str:
        """The schema's name for something in the document."""
        return self.names.get(name) or self.pairing.old_name(name)

    def added(self, indent: str = "") -> list[str]:
        """The decorator that says since when."""
        lines = self.since.decorators(before=False, here=True, after=False) if self.version else []
        return [f"{indent}{line}" for line in lines]

    def field(self, owner: str, entry: Field, *, added: bool) -> list[str]:
        """The lines of a field."""
        if entry.constant is not None and entry.required:
            lines = doc(f"Always `{spoken(entry.constant)}`.", "  ")
        else:
            lines = doc(f"Field {spoken(entry.name)} of {owner}: {self._in_words(entry.kind)} {PLACEHOLDER}.", "  ")
        lines += [*self._decorators(owner, entry), *(self.added("  ") if added else [])]
        start = f"  {identifier(entry.name)}{'' if entry.required else '?'}:"
        kind = self.kind(entry.kind) + (" | null" if entry.nullable else "")
        default = self._default(owner, entry)
        line = f"{start} {kind}{default};"
        alternatives = entry.kind.members if isinstance(entry.kind, Union) else (entry.kind,)
        members = [self.kind(member) for member in alternatives] + ["null"] * entry.nullable
        if len(line) <= CODE_WIDTH or len(members) == 1:
            return [*lines, line]
        lines += [start, *(f"    | {member}" for member in members)]
        lines[-1] += f"{default};"
        return lines

    def kind(self, kind: Kind) -> str:
        """A type."""
        if isinstance(kind, Scalar):
            return "utcDateTime" if kind.name == "unixTimestamp" else kind.name
        if isinstance(kind, Constant):
            return quoted(kind.value)
        if isinstance(kind, Reference):
            return identifier(self.name(kind.name))
        if isinstance(kind, Array):
            inner = self.kind(kind.items)
            return f"({inner})[]" if isinstance(kind.items, Union) else f"{inner}[]"
        if isinstance(kind, Mapping):
            return f"Record<{self.kind(kind.values)}>"
        return " | ".join(self.kind(member) for member in kind.members)

    def variant(self, kind: Kind) -> str:
        """A member of a named union that is not an enum."""
        if isinstance(kind, Constant):
            return f"{identifier(member_name(str(kind.value)))}: {quoted(kind.value)},"
        return f"{self.kind(kind)},"

    def members(self, enum: str, values: list[Any]) -> dict[Any, str]:
        """The member names for values of an enum, different from one another and from those in the sources."""
        known = dict(self.sources.members.get(enum, {}))
        for value in values:
            if value not in known:
                known[value] = member_name(str(value), set(known.values()))
        return {value: known[value] for value in values}

    def value(self, enum: str, value: Any, member: str, *, added: bool) -> list[str]:
        """The lines of a member of an enum."""
        lines = doc(f"Value `{spoken(str(value))}` of {enum} {PLACEHOLDER}.", "  ")
        return [*lines, *(self.added("  ") if added else []), f"  {identifier(member)}: {quoted(value)},"]

    def _decorators(self, owner: str, entry: Field) -> Iterator[str]:
        for limit, value in sorted(
            entry.limits.items(),
            key=lambda item: list(DECORATORS).index(item[0]) if item[0] in DECORATORS else len(DECORATORS),
        ):
            if limit in DECORATORS:
                yield f"  @{DECORATORS[limit]}({quoted(value)})"
            else:
                self.notes.append(f"field {owner}.{entry.name}: {limit} {literal(value)} has no decorator")
        if not isinstance(entry.kind, Scalar):
            return
        if entry.kind.name == "bytes":
            yield '  @encode("base64")'
        elif entry.kind.name == "unixTimestamp":
            yield '  @encode("unixTimestamp", int32)'
        elif entry.kind.format and entry.kind.name == "string":
            yield f"  @format({quoted(entry.kind.format)})"
        elif entry.kind.format:
            self.notes.append(f"field {owner}.{entry.name}: the format {entry.kind.format} is left out")

    def _default(self, owner: str, entry: Field) -> str:
        if not entry.has_default or (entry.default is None and not entry.nullable):
            return ""
        dated = isinstance(entry.kind, Scalar) and entry.kind.name in WITHOUT_DEFAULT
        if dated or isinstance(entry.default, dict):
            self.notes.append(f"field {owner}.{entry.name}: the default {literal(entry.default)} is left out")
            return ""
        return f" = {self._default_value(entry.default, entry.kind)}"

    def _default_value(self, value: Any, kind: Kind) -> str:
        if isinstance(value, list):
            items = kind.items if isinstance(kind, Array) else kind
            return f"#[{', '.join(self._default_value(item, items) for item in value)}]"
        entry = self.new.named.get(kind.name) if isinstance(kind, Reference) else None
        if isinstance(entry, Enum) and value in entry.values:
            enum = self.name(entry.name)
            return f"{identifier(enum)}.{identifier(self.members(enum, list(entry.values))[value])}"
        return quoted(value)

    def _in_words(self, kind: Kind) -> str:
        if isinstance(kind, Scalar):
            return WORDS.get(kind.name, kind.name)
        if isinstance(kind, Array):
            return f"list of {self._in_words(kind.items)}"
        if isinstance(kind, Mapping):
            return f"map of {self._in_words(kind.values)}"
        if isinstance(kind, Union):
            return " or ".join(self._in_words(member) for member in kind.members)
        return f"`{self.name(kind.name)}`" if isinstance(kind, Reference) else f"`{spoken(str(kind.value))}`"


def doc(text: str, indent: str = "") -> list[str]:
    """The lines of a doc comment, wrapped."""
    # A sign of TypeSpec's inside a name from outside must not end the comment or begin a tag.
    text = one_line(text).replace("*/", "* /").replace("@", " at ")
    if len(indent) + len(text) + 7 <= DOC_WIDTH:
        return [f"{indent}/** {text} */"]
    wrapped = textwrap.wrap(text, DOC_WIDTH - len(indent), break_long_words=False, break_on_hyphens=False)
    return [f"{indent}/**", *(f"{indent} * {line}" for line in wrapped), f"{indent} */"]


def spoken(text: str) -> str:
    """A name or value as it can stand in a doc comment, where backquotes come in pairs."""
    return one_line(text).replace("`", "'")


def quoted(value: Any) -> str:
    """A literal in TypeSpec."""
    if not isinstance(value, str):
        return literal(value)
    for sign, escaped in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t"), ("${", "\\${")):
        value = value.replace(sign, escaped)
    return f'"{value}"'


def one_line(text: str) -> str:
    """Text without line breaks."""
    return " ".join(text.split())

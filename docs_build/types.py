"""Writes the type of a field in words, with links to the models in it."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterable

from codegen.document import Property, Schema, constant_of, ref_name, variants

from .reference import Reference

__all__ = ["Linker", "field_notes", "one_line"]

_QUOTED = re.compile(r"`([^`\n]+)`")
_SIMPLE = {"string": "`str`", "integer": "`int`", "number": "`float`", "boolean": "`bool`", "null": "null"}


class Linker:
    """Writes names and types as Markdown for one page."""

    def __init__(self, reference: Reference, page: str) -> None:
        self.reference = reference
        self.page = page
        """The page the links stand on, relative to `docs/reference/`."""

    def path(self, target: str) -> str:
        """The way from this page to another one, both relative to `docs/reference/`."""
        return posixpath.relpath(target, posixpath.dirname(self.page))

    def to(self, name: str) -> str:
        """A link to a model, enum, union or event class."""
        return self._link(f"`{name}`", name)

    def to_event(self, event_type: str) -> str:
        """A link to an event by its type."""
        classes = self.reference.classes.get(event_type)
        return self._link(f"`{event_type}`", classes[-1]) if classes else f"`{event_type}`"

    def _link(self, text: str, name: str) -> str:
        target = self.reference.page(name)
        where = "" if target == self.page else self.path(target)
        return f"[{text}]({where}#{self.reference.anchor(name)})"

    def prose(self, text: str, *, events: bool = True) -> str:
        """`text` with links to the models, enums and, if `events`, the events that it names."""

        def linked(quoted: re.Match[str]) -> str:
            name = quoted[1]
            if events and name in self.reference.classes:
                return self.to_event(name)
            return self.to(name) if self.reference.knows(name) else quoted[0]

        return _QUOTED.sub(linked, text)

    def type_of(self, schema: Schema) -> str:
        """The type of a value, such as ``list of [`Tool`](…)``."""
        return " or ".join(dict.fromkeys(self._members(schema)))

    def _members(self, schema: Schema) -> Iterable[str]:
        if (name := ref_name(schema)) is not None:
            return [self.to(name)]
        if (constant := constant_of(schema)) is not None:
            return [f"`{json.dumps(constant)}`"]
        if schema.get("contentEncoding") == "base64":
            return ["base64 `str`"]
        if schema.get("format") in ("unixtime", "unix-timestamp"):
            return ["`datetime`"]
        if members := variants(schema):
            return [text for member in members for text in self._members(member)]
        if "enum" in schema:
            return [f"`{json.dumps(value)}`" for value in schema["enum"]]
        kind = schema.get("type")
        if isinstance(kind, list):
            return [text for entry in kind for text in self._members({**schema, "type": entry})]
        if kind == "array":
            return [f"list of {self._inner(schema['items'])}"]
        if kind == "object":
            values = schema.get("additionalProperties", schema.get("unevaluatedProperties"))
            return [f"mapping of `str` to {self._inner(values)}" if isinstance(values, dict) and values else "mapping"]
        return [_SIMPLE.get(str(kind), "anything")]

    def _inner(self, schema: Schema) -> str:
        text = self.type_of(schema)
        return f"({text})" if " or " in text else text


def field_notes(prop: Property) -> list[str]:
    """What the schema says of a field beside its description: default, range."""
    notes: list[str] = []
    if "default" in prop.schema:
        notes.append(f"Default of the service: `{json.dumps(prop.schema['default'])}`.")
    low, high = prop.schema.get("minimum"), prop.schema.get("maximum")
    if low is not None and high is not None:
        notes.append(f"From {low:g} to {high:g}.")
    elif low is not None:
        notes.append(f"At least {low:g}.")
    elif high is not None:
        notes.append(f"At most {high:g}.")
    return notes


def one_line(text: str) -> str:
    """`text` as one line that can stand in a table."""
    return " ".join(text.split()).replace("|", "\\|")

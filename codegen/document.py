"""Reads the emitted OpenAPI documents into a plain description of the contract.

Everything the other steps need to know of the schema is asked here, so that they never look into JSON themselves.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

Schema = dict[str, Any]
REF_PREFIX = "#/components/schemas/"
EVENT_BASES = ("ClientEvent", "ServerEvent")


class SchemaError(Exception):
    """The schema cannot be turned into code; the message names the place and what is wrong there."""


@dataclass(frozen=True)
class Property:
    """One field of a model."""

    name: str
    schema: Schema
    required: bool
    description: str
    drafts: tuple[str, ...] = ()
    """The proposed API versions that alone have the field, where others have its model."""

    @property
    def constant(self) -> str | None:
        """The only value the field may have, if it has just one."""
        return constant_of(self.schema)

    @property
    def is_base64(self) -> bool:
        """Whether the field carries binary data as base64 text."""
        return self.schema.get("contentEncoding") == "base64"


@dataclass
class ModelSchema:
    """One object schema: its own fields, its base, and the constants that tell it from its siblings."""

    name: str
    description: str
    base: str | None
    discriminator: str | None
    own: dict[str, Property]
    schema: Schema
    children: list[str] = field(default_factory=list)


@dataclass
class Contract:
    """The models, enums and unions of one OpenAPI document."""

    api_version: str
    models: dict[str, ModelSchema]
    enums: dict[str, list[tuple[str, str]]]
    enum_docs: dict[str, str]
    unions: dict[str, Schema]
    draft: bool = False
    """Whether the version is a proposal, not known to be served."""

    def lineage(self, name: str) -> list[ModelSchema]:
        """The model and its bases, the root first."""
        chain: list[ModelSchema] = []
        current: str | None = name
        while current is not None:
            model = self.models[current]
            chain.insert(0, model)
            current = model.base
        return chain

    def fields(self, name: str) -> dict[str, Property]:
        """All fields of a model: inherited ones first, redeclared ones in their first place, those of drafts last."""
        merged: dict[str, Property] = {}
        for model in self.lineage(name):
            merged.update(model.own)
        return drafts_last(merged)

    @cached_property
    def sent(self) -> frozenset[str]:
        """The models that an application can send: what a client event holds, without the events themselves."""
        events = {name for base in EVENT_BASES if base in self.models for name in (base, *self.leaves(base))}
        return frozenset((reachable(self, "ClientEvent") & self.models.keys()) - events)

    def tags(self, name: str) -> dict[str, str]:
        """The constants that say what kind of object a model is: field name to value.

        Of an event, its type alone: other constants in it are data.
        """
        lineage = self.lineage(name)
        discriminators = {m.discriminator for m in lineage if m.discriminator}
        return {
            prop.name: prop.constant
            for prop in self.fields(name).values()
            if prop.constant is not None
            and (prop.name in discriminators or (prop.required and not is_event(lineage[0].name)))
        }

    def leaves(self, name: str) -> list[str]:
        """The concrete models below a polymorphic base, in document order."""
        found: list[str] = []
        for child in self.models[name].children:
            found.extend(self.leaves(child) if self.models[child].children else [child])
        return found

    def events(self, base: str) -> dict[str, str]:
        """Event type to class name, for all events that extend `base`."""
        found: dict[str, str] = {}
        for name in self.leaves(base):
            event_type = self.tags(name).get("type")
            if event_type is None:
                raise SchemaError(f"{name} extends {base} but has no constant `type`")
            if event_type in found:
                raise SchemaError(f"the event type {event_type!r} is declared twice: {found[event_type]} and {name}")
            found[event_type] = name
        return found


def reachable(contract: Contract, root: str) -> set[str]:
    """The names of all models that a value of `root` or of a model derived from it can hold."""
    seen: set[str] = set()
    todo = [root]
    while todo:
        name = todo.pop()
        if name in seen or (name not in contract.models and name not in contract.unions):
            continue
        seen.add(name)
        if name in contract.unions:
            todo.extend(_refs_in(contract.unions[name]))
            continue
        model = contract.models[name]
        todo.extend(model.children)
        for prop in contract.fields(name).values():
            todo.extend(_refs_in(prop.schema))
    return seen


def _refs_in(node: Any) -> list[str]:
    if isinstance(node, dict):
        found = [str(node["$ref"])[len(REF_PREFIX) :]] if "$ref" in node else []
        for value in node.values():
            found.extend(_refs_in(value))
        return found
    if isinstance(node, list):
        return [ref for value in node for ref in _refs_in(value)]
    return []


def drafts_last(fields: dict[str, Property]) -> dict[str, Property]:
    """Return `fields` in their order, but what only drafts have after the others: most programs do not want it."""
    return dict(sorted(fields.items(), key=lambda entry: bool(entry[1].drafts)))


def is_event(name: str) -> bool:
    """Whether `name` is one of the two bases of all events."""
    return name in EVENT_BASES


def constant_of(schema: Schema) -> str | None:
    """The single value a string schema allows, or None."""
    if "const" in schema:
        return str(schema["const"])
    values = schema.get("enum")
    if isinstance(values, list) and len(values) == 1 and not schema.get("x-open"):
        return str(values[0])
    return None


def ref_name(schema: Schema) -> str | None:
    """The component a schema points to, also through a one-member ``allOf`` that only adds a description."""
    ref = schema.get("$ref")
    if ref is None and len(schema.get("allOf", [])) == 1 and not schema.get("properties"):
        ref = schema["allOf"][0].get("$ref")
    if ref is None:
        return None
    if not str(ref).startswith(REF_PREFIX):
        raise SchemaError(f"a reference points outside the components: {ref}")
    return str(ref)[len(REF_PREFIX) :]


def variants(schema: Schema) -> list[Schema]:
    """The members of an ``anyOf``/``oneOf``, or an empty list; a range beside it is given to the numbers among them."""
    members: list[Schema] = list(schema.get("anyOf") or schema.get("oneOf") or [])
    limits: Schema = {key: schema[key] for key in ("minimum", "maximum") if key in schema}
    return [{**limits, **member} if member.get("type") in ("integer", "number") else member for member in members]


def load(path: Path) -> tuple[Schema, Contract]:
    """Read one document; return it as it stands and as a :class:`Contract`.

    Raises:
        SchemaError: if a reference leads nowhere, an event type occurs twice, or a name cannot be a class name.
    """
    try:
        document: Schema = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SchemaError(f"cannot read {path}: {error}") from None
    return document, read(document)


def read(document: Schema) -> Contract:
    """Turn a loaded document into a :class:`Contract`; raises :class:`SchemaError` as :func:`load` does."""
    try:
        schemas: dict[str, Schema] = document["components"]["schemas"]
        version = str(document["info"]["version"])
    except (KeyError, TypeError):
        raise SchemaError("this is not an OpenAPI document with an info.version and components.schemas") from None
    _check_references(document, schemas)
    contract = Contract(version, {}, {}, {}, {}, draft=document["info"].get("x-draft") is True)
    for name, schema in schemas.items():
        if name[-1].isdigit() and not schema.get("enum"):
            raise SchemaError(f"the name {name} ends in a digit: such names mark generated duplicates")
        if schema.get("type") == "object" or "properties" in schema:
            contract.models[name] = _model(name, schema)
        elif (members := enum_values(schema)) is not None:
            contract.enums[name] = members
            contract.enum_docs[name] = str(schema.get("description", ""))
        else:
            contract.unions[name] = schema
    for name, model in contract.models.items():
        if model.base is not None:
            if model.base not in contract.models:
                raise SchemaError(f"{name} extends {model.base}, which is not a model")
            contract.models[model.base].children.append(name)
    for base in EVENT_BASES:
        if base in contract.models:
            contract.events(base)
    return contract


def enum_values(schema: Schema) -> list[tuple[str, str]] | None:
    """The (value, description) pairs of an enum schema, closed or open; None if it is not an enum."""
    values = schema.get("enum")
    docs: dict[str, str] = schema.get("x-enum-descriptions", {})
    if values is None:
        members = variants(schema)
        strings = [m for m in members if m.get("type") == "string" and "enum" not in m and "const" not in m]
        rest = [m for m in members if m not in strings]
        if len(strings) != 1 or not rest or any("enum" not in m and "const" not in m for m in rest):
            return None
        values = [value for m in rest for value in m.get("enum", [m.get("const")])]
        for m in rest:
            if m.get("description") and len(m.get("enum", [1])) == 1:
                docs = {**docs, m.get("enum", [m.get("const")])[0]: m["description"]}
    return [(str(value), docs.get(str(value), "")) for value in values]


def _model(name: str, schema: Schema) -> ModelSchema:
    bases = [entry["$ref"][len(REF_PREFIX) :] for entry in schema.get("allOf", []) if "$ref" in entry]
    if len(bases) > 1:
        raise SchemaError(f"{name} extends more than one model: {', '.join(bases)}")
    required = set(schema.get("required", []))
    own = {
        key: Property(key, value, key in required, str(value.get("description", "")))
        for key, value in schema.get("properties", {}).items()
    }
    discriminator = schema.get("discriminator", {}).get("propertyName")
    return ModelSchema(
        name,
        str(schema.get("description", "")),
        bases[0] if bases else None,
        discriminator,
        own,
        schema,
    )


def _check_references(document: Schema, schemas: dict[str, Schema]) -> None:
    for where, ref in _references(document, ""):
        if not ref.startswith(REF_PREFIX) or ref[len(REF_PREFIX) :] not in schemas:
            raise SchemaError(f"{where}: the reference {ref} leads nowhere")


def _references(node: Any, where: str) -> Iterator[tuple[str, str]]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "$ref" and isinstance(value, str):
                yield where, value
            else:
                yield from _references(value, f"{where}/{key}")
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from _references(value, f"{where}/{index}")

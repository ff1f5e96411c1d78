"""Turns a document, in whichever dialect, into the neutral form."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from .kinds import Constant, canonical, constants, is_open, without_null
from .neutral import Enum, Field, Model, NamedType, Specification
from .pointers import schema_name
from .reading import SWAGGER_20, Document, read_document
from .type_reader import Schema, TypeReader, is_object, lift_limits

__all__ = ["load", "normalise"]

TAG_EXTENSION = "x-ms-discriminator-value"
MOST_PARTS = 20
# Below these come values, in which nothing is a reference.
DATA = ("example", "examples", "default", "enum", "const", "x-ms-examples")


def load(path: Path) -> Specification:
    """Read a file into the neutral form; raises :class:`SpecificationError` if it is not a valid specification."""
    return normalise(read_document(path))


def normalise(document: Document) -> Specification:
    """Return a document in the neutral form.

    Raises:
        SpecificationError: if a reference leads nowhere or a schema is not in order; the message names the place.
    """
    return _Normaliser(document).run()


class _Normaliser:
    def __init__(self, document: Document) -> None:
        self.document = document
        self.reader = TypeReader(document)
        info = document.content.get("info")
        info = info if isinstance(info, dict) else {}
        self.specification = Specification(
            title=str(info.get("title", "")),
            version=str(info.get("version", "")),
            dialect=document.dialect,
            source=document.source,
            draft=info.get("x-draft") is True,
        )
        self.named = self.specification.named
        self.mixed_in: dict[str, list[str]] = {}
        self.required: dict[str, set[str]] = {}

    def run(self) -> Specification:
        for where, reference in _all_references(self.document.content, "#"):
            schema_name(self.document, reference, where)
        for name, schema in self.document.schemas.items():
            self._add(str(name), schema, self.document.prefix + _escaped(str(name)))
        self._add_found()
        self._check_bases()
        for name in self.specification.models:
            self._mix_in(name, set())
        for name in self.specification.models:
            self._require_inherited(name)
        self._tag_models()
        self.specification.says_unions = self.document.dialect != SWAGGER_20 or self.reader.met_union
        return self.specification

    def _add(self, name: str, schema: Any, where: str) -> None:
        if isinstance(schema, dict) and self._is_model(schema, where):
            self.named[name] = self._model(name, schema, where)
            return
        kind = self.reader.read(schema, where, name)
        description, preview = _text(schema), isinstance(schema, dict) and schema.get("x-preview") is True
        values = constants(kind)
        if values is None:
            self.named[name] = NamedType(name, kind, description, preview)
        else:
            self.named[name] = Enum(name, tuple(values), is_open(kind), kind, description, preview)

    def _add_found(self) -> None:
        """Add the enums and objects that stand inside other schemas, and those inside them."""
        while self.reader.objects:
            name, (schema, where) = self.reader.objects.popitem()
            if name not in self.named:
                self.named[name] = self._model(name, schema, where)
        for name, kind in self.reader.enums.items():
            known = self.named.get(name)
            if known is None:
                self.named[name] = Enum(name, tuple(constants(kind) or ()), is_open(kind), kind)
            elif not isinstance(known, Enum) or canonical(known.kind) != canonical(kind):
                raise self.document.fail(self.document.prefix + _escaped(name), "x-ms-enum says something else")

    def _is_model(self, schema: Schema, where: str, depth: int = 0) -> bool:
        if depth > MOST_PARTS:
            raise self.document.fail(where, "the schema is composed of itself")
        if any(key in schema for key in ("enum", "const", "$ref")):
            return False
        if is_object(schema) or ("discriminator" in schema and schema.get("type") == "object"):
            return True
        parts = schema.get("allOf")
        if isinstance(parts, list) and parts:
            return any(self._part_is_model(part, f"{where}/allOf/{index}", depth) for index, part in enumerate(parts))
        if self.reader.unions(schema) is not None or schema.get("type") != "object":
            return False
        values = [schema[key] for key in ("additionalProperties", "unevaluatedProperties") if key in schema]
        return values in ([], [False])

    def _part_is_model(self, part: Any, where: str, depth: int) -> bool:
        if not isinstance(part, dict):
            return False
        if "$ref" in part:
            name = schema_name(self.document, part["$ref"], where)
            target = self.document.schemas.get(name) if name is not None else None
            return isinstance(target, dict) and self._is_model(target, where, depth + 1)
        return self._is_model(part, where, depth + 1)

    def _model(self, name: str, schema: Schema, where: str) -> Model:
        bases: list[str] = []
        fields: dict[str, Field] = {}
        required: set[str] = set()
        self._collect(name, schema, where, bases, fields, required)
        self.required[name] = required
        self.mixed_in[name] = bases
        return Model(
            name=name,
            fields={key: replace(entry, required=key in required) for key, entry in fields.items()},
            discriminator=_discriminator(schema),
            description=_text(schema),
            direction=str(schema.get("x-voicelive-direction", "")),
            deprecated=schema.get("deprecated") is True,
            preview=schema.get("x-preview") is True,
        )

    def _collect(
        self, name: str, schema: Schema, where: str, bases: list[str], fields: dict[str, Field], required: set[str]
    ) -> None:
        parts = schema.get("allOf", [])
        if not isinstance(parts, list):
            raise self.document.fail(f"{where}/allOf", "must be a list of schemas")
        for index, part in enumerate(parts):
            inner = f"{where}/allOf/{index}"
            if not isinstance(part, dict):
                raise self.document.fail(inner, f"a schema must be an object, this one is {part!r}")
            target = schema_name(self.document, part["$ref"], inner) if "$ref" in part else None
            if target is not None:
                bases.append(target)
            else:
                self._collect(name, part, inner, bases, fields, required)
        needed = schema.get("required", [])
        # In Swagger 2.0's early days a flag stood on the field itself.
        if not isinstance(needed, (list, bool)) or (isinstance(needed, list) and not _all_text(needed)):
            raise self.document.fail(f"{where}/required", "must be a list of names")
        required.update(needed if isinstance(needed, list) else [])
        properties = schema.get("properties", {})
        if not isinstance(properties, dict):
            raise self.document.fail(f"{where}/properties", "must be an object")
        for key, value in properties.items():
            fields[key] = self._field(name, str(key), value, f"{where}/properties/{_escaped(str(key))}")

    def _field(self, model: str, name: str, schema: Any, where: str) -> Field:
        kind, nullable = without_null(self.reader.read(schema, where, f"{model}.{name}"))
        kind, limits = lift_limits(kind, schema if isinstance(schema, dict) else {})
        schema = _annotations(schema)
        return Field(
            name=name,
            kind=kind,
            nullable=nullable,
            default=schema.get("default"),
            has_default="default" in schema,
            limits=dict(limits),
            description=_text(schema),
            deprecated=schema.get("deprecated") is True,
            preview=schema.get("x-preview") is True,
        )

    def _check_bases(self) -> None:
        """Choose the base of each model: the polymorphic one where it has several."""
        for name, bases in self.mixed_in.items():
            models = [base for base in bases if isinstance(self.named.get(base), Model)]
            chosen = next((base for base in models if self._is_polymorphic(base)), models[0] if models else None)
            model = self.named[name]
            assert isinstance(model, Model)
            self.named[name] = replace(model, base=chosen)
            self.mixed_in[name] = [base for base in models if base != chosen]
        for name in self.mixed_in:
            seen = {name}
            current = self.specification.model(name).base
            while current is not None:
                if current in seen:
                    where = self.document.prefix + _escaped(name)
                    raise self.document.fail(where, f"the model extends itself through {current}")
                seen.add(current)
                current = self.specification.model(current).base

    def _is_polymorphic(self, name: str) -> bool:
        seen: set[str] = set()
        waiting = [name]
        while waiting:
            current = waiting.pop()
            model = self.named.get(current)
            if current in seen or not isinstance(model, Model):
                continue
            if model.discriminator is not None:
                return True
            seen.add(current)
            waiting += self.mixed_in.get(current, [])
        return False

    def _mix_in(self, name: str, seen: set[str]) -> None:
        """Copy the fields of what a model is composed of beside its base."""
        seen.add(name)
        copied: dict[str, Field] = {}
        for other in self.mixed_in[name]:
            for part in [part.name for part in self.specification.lineage(other)]:
                if part not in seen:
                    self._mix_in(part, seen)
            copied.update(self.specification.fields(other))
        model = self.specification.model(name)
        own = {key: entry for key, entry in copied.items() if key not in model.fields}
        if own:
            self.named[name] = replace(model, fields={**own, **model.fields})

    def _require_inherited(self, name: str) -> None:
        """A model may make a field of its base required without declaring it again."""
        model, inherited = self.specification.model(name), self.specification.inherited(name)
        again: dict[str, Field] = {}
        for key in sorted(self.required[name] - model.fields.keys()):
            if key not in inherited:
                self.specification.notes.append(f"{name} requires {key}, which it does not have")
            elif not inherited[key].required:
                again[key] = replace(inherited[key], required=True)
        if again:
            self.named[name] = replace(model, fields={**again, **model.fields})

    def _tag_models(self) -> None:
        """Give each descendant of a polymorphic model the constant that marks it, however the dialect says it."""
        explicit = any(isinstance(s, dict) and TAG_EXTENSION in s for s in self.document.schemas.values())
        for name, model in self.specification.models.items():
            base = next((b for b in list(self.specification.lineage(name))[1:] if b.discriminator), None)
            if base is None or base.discriminator is None:
                continue
            own = model.fields.get(base.discriminator)
            if own is not None and own.constant is not None:
                value = own.constant
            else:
                found = self._tag(name, base.name, explicit)
                if found is None:
                    continue
                value = found
            inherited = base.fields.get(base.discriminator)
            entry = own or inherited or Field(base.discriminator, Constant(value))
            entry = replace(entry, kind=Constant(value), required=True, nullable=False, limits={})
            self.named[name] = replace(model, fields={base.discriminator: entry, **model.fields, entry.name: entry})

    def _tag(self, name: str, base: str, explicit: bool) -> str | None:
        schema = self.document.schemas.get(name)
        if isinstance(schema, dict) and TAG_EXTENSION in schema:
            return str(schema[TAG_EXTENSION])
        mapping = self._mapping(base)
        for value, target in mapping.items():
            if target == name:
                return value
        has_children = any(isinstance(entry, Model) and entry.base == name for entry in self.named.values())
        # Unless told otherwise, the standards take the model's name.
        return None if explicit or mapping or has_children else name

    def _mapping(self, base: str) -> dict[str, str]:
        discriminator = self.document.schemas.get(base, {}).get("discriminator")
        where = f"{self.document.prefix}{_escaped(base)}/discriminator/mapping"
        mapping = discriminator.get("mapping", {}) if isinstance(discriminator, dict) else {}
        if not isinstance(mapping, dict):
            raise self.document.fail(where, "must be an object")
        found: dict[str, str] = {}
        for value, target in mapping.items():
            name = target if target in self.document.schemas else schema_name(self.document, target, where)
            if name is None:
                raise self.document.fail(where, f"{value} leads to {target}, which is not a schema with a name")
            found[str(value)] = name
        return found


def _discriminator(schema: Schema) -> str | None:
    found = schema.get("discriminator")
    if isinstance(found, dict):
        found = found.get("propertyName")
    return found if isinstance(found, str) else None


def _annotations(schema: Any) -> Schema:
    """A field's default and description, also where they stand beside a reference inside an ``allOf``."""
    if not isinstance(schema, dict):
        return {}
    parts = schema.get("allOf", []) if not is_object(schema) else []
    merged: Schema = {}
    for part in parts if isinstance(parts, list) else []:
        merged.update(
            {k: v for k, v in part.items() if k in ("default", "deprecated")} if isinstance(part, dict) else {}
        )
    return {**merged, **schema}


def _all_references(node: Any, where: str) -> Iterator[tuple[str, Any]]:
    if isinstance(node, dict):
        for key, value in node.items():
            inner = f"{where}/{_escaped(str(key))}"
            # A field may have any name, `$ref` or `default` too.
            is_field = where.endswith("/properties")
            if key == "$ref" and not is_field:
                yield where, value
            elif is_field or key not in DATA:
                yield from _all_references(value, inner)
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from _all_references(value, f"{where}/{index}")


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def _text(schema: Any) -> str:
    return str(schema.get("description") or "") if isinstance(schema, dict) else ""


def _all_text(values: list[Any]) -> bool:
    return all(isinstance(value, str) for value in values)

"""Reads the type of a schema, in any of the dialects, into the neutral form."""

from __future__ import annotations

from itertools import chain
from string import ascii_uppercase
from typing import Any

from .kinds import (
    NULL,
    STRING,
    UNKNOWN,
    Array,
    Constant,
    Kind,
    Limits,
    Mapping,
    Reference,
    Scalar,
    Union,
    canonical,
    constants,
    union,
    unlimited,
)
from .pointers import follow, schema_name
from .reading import SWAGGER_20, Document

__all__ = ["TypeReader", "is_object", "lift_limits"]

Schema = dict[str, Any]
STRING_FORMATS = {
    "byte": "bytes",
    "base64": "bytes",
    "binary": "bytes",
    "base64url": "bytes",
    "date-time": "utcDateTime",
    "date": "plainDate",
    "time": "plainTime",
    "duration": "duration",
    "uri": "url",
    "url": "url",
}
INTEGER_FORMATS = {
    **{name: name for name in ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")},
    "unixtime": "unixTimestamp",
    "unix-timestamp": "unixTimestamp",
}
NUMBER_FORMATS = {"float": "float32", "double": "float64", "decimal": "decimal"}
LIMITS = (
    *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    *("minLength", "maxLength", "pattern", "minItems", "maxItems", "uniqueItems"),
)
UNIONS = ("anyOf", "oneOf")
# Swagger 2.0 has no unions; converters keep them under these names.
SWAGGER_UNIONS = ("x-anyOf", "x-oneOf", "x-any-of", "x-one-of")


class TypeReader:
    """Reads types of one document. ``found`` holds the schemas met on the way that deserve a name of their own."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.enums: dict[str, Kind] = {}
        self.objects: dict[str, tuple[Schema, str]] = {}
        self._places: dict[str, str] = {}
        self.met_union = False
        self._following = 0

    def read(self, schema: Any, where: str, name: str) -> Kind:
        """Return the type of a schema; `name` is what an object without a name would be called.

        Raises:
            SpecificationError: if the schema cannot be read; the message names the place.
        """
        if schema is True:
            return UNKNOWN
        if schema is False:
            return Scalar("never")
        if not isinstance(schema, dict):
            raise self.document.fail(where, f"a schema must be an object, this one is {schema!r}")
        kind = self._read(schema, where, name)
        if self._nullable(schema) and kind != UNKNOWN:
            kind = union([kind, NULL])
        return kind

    def unions(self, schema: Schema) -> tuple[str, list[Any]] | None:
        """Return the keyword and the members of a schema's union."""
        for keyword in (*UNIONS, *(SWAGGER_UNIONS if self.document.dialect == SWAGGER_20 else ())):
            if keyword in schema:
                return keyword, schema[keyword]
        return None

    def _read(self, schema: Schema, where: str, name: str) -> Kind:
        if "const" in schema:
            return self._constant(schema["const"], f"{where}/const")
        if "enum" in schema:
            return self._enum(schema, where)
        if "$ref" in schema:
            return self._reference(schema["$ref"], where, name)
        if is_object(schema):
            return self._named(schema, where, name)
        if (found := self.unions(schema)) is not None:
            return self._union(*found, where, name)
        if "allOf" in schema:
            return self._all(schema, where, name)
        kinds = schema.get("type")
        if isinstance(kinds, list):
            if not kinds:
                raise self.document.fail(f"{where}/type", "there is no type in the list")
            return union([self._simple({**schema, "type": kind}, where, name) for kind in kinds])
        return self._simple(schema, where, name)

    def _constant(self, value: Any, where: str) -> Kind:
        if value is None:
            return NULL
        if not isinstance(value, (str, int, float, bool)):
            raise self.document.fail(where, f"a constant must be text, a number or a boolean, this one is {value!r}")
        return Constant(value)

    def _enum(self, schema: Schema, where: str) -> Kind:
        values = schema["enum"]
        if not isinstance(values, list) or not values:
            raise self.document.fail(f"{where}/enum", "an enum must be a list of values")
        members = [self._constant(value, f"{where}/enum") for value in values]
        extension = schema.get("x-ms-enum")
        extension = extension if isinstance(extension, dict) else {}
        if extension.get("modelAsString") or schema.get("x-extensible-enum") or schema.get("x-open"):
            members.append(STRING)
        kind = union(members)
        name = extension.get("name")
        # Beside a property this names the enum; on a named schema it repeats the name, perhaps in other letters.
        if not isinstance(name, str) or where.count("/") <= self.document.prefix.count("/"):
            return kind
        if NULL in members:
            return union([self._named_enum(name, union([m for m in members if m != NULL]), where), NULL])
        return self._named_enum(name, kind, where)

    def _named_enum(self, name: str, kind: Kind, where: str) -> Kind:
        known = self.enums.setdefault(name, kind)
        if canonical(known) != canonical(kind):
            raise self.document.fail(where, f"the enum {name} is declared a second time with other values")
        return Reference(name)

    def _reference(self, reference: Any, where: str, name: str) -> Kind:
        target = schema_name(self.document, reference, where)
        if target is not None:
            return Reference(target)
        if self._following > 10:
            raise self.document.fail(where, f"the reference {reference} leads back to itself")
        self._following += 1
        try:
            return self.read(follow(self.document, reference, where), str(reference), name)
        finally:
            self._following -= 1

    def _union(self, keyword: str, members: Any, where: str, name: str) -> Kind:
        if not isinstance(members, list) or not members:
            raise self.document.fail(f"{where}/{keyword}", "must be a list of schemas")
        self.met_union = True
        several = sum(isinstance(member, dict) and is_object(member) for member in members) > 1
        return union(
            [
                self.read(member, f"{where}/{keyword}/{index}", f"{name}.{_label(member)}" if several else name)
                for index, member in enumerate(members)
            ]
        )

    def _all(self, schema: Schema, where: str, name: str) -> Kind:
        parts = schema["allOf"]
        if not isinstance(parts, list):
            raise self.document.fail(f"{where}/allOf", "must be a list of schemas")
        # Beside a reference, descriptions and the like are only wrapped.
        typed = [(index, part) for index, part in enumerate(parts) if not isinstance(part, dict) or _says_type(part)]
        if len(typed) == 1:
            index, part = typed[0]
            return self.read(part, f"{where}/allOf/{index}", name)
        if not typed:
            return self._simple(schema, where, name)
        return self._named(schema, where, name)

    def _named(self, schema: Schema, where: str, name: str) -> Kind:
        # An object in the middle of another one becomes a model with a name made from its place. That name may be
        # taken: by the schema that the object stands in, which would then contain itself, or by another object.
        label = f"{name}.{_label(schema)}"
        names = chain([name, label], (f"{label}.{letter}" for letter in ascii_uppercase))
        free = (one for one in names if one not in self.document.schemas and self._places.get(one, where) == where)
        chosen = next(free, None)
        if chosen is None:
            raise self.document.fail(where, f"there are too many objects without a name that would be {label}")
        self._places[chosen] = where
        self.objects[chosen] = (schema, where)
        return Reference(chosen)

    def _simple(self, schema: Schema, where: str, name: str) -> Kind:
        kind, text = schema.get("type"), schema.get("format", "")
        if not isinstance(text, str):
            raise self.document.fail(f"{where}/format", f"a format must be text, this one is {text!r}")
        if kind is None:
            kind = "string" if "contentEncoding" in schema else "array" if "items" in schema else None
        if kind == "array":
            items = self.read(schema.get("items", {}), f"{where}/items", f"{name}.item")
            return Array(items, _limits(schema))
        if kind == "object" or (kind is None and _values(schema) is not None):
            values = _values(schema)
            if values in (None, True, False, {}):
                return Mapping(UNKNOWN)
            return Mapping(self.read(values, f"{where}/additionalProperties", f"{name}.value"))
        if kind == "string":
            if schema.get("contentEncoding") in ("base64", "base64url"):
                return Scalar("bytes", limits=_limits(schema))
            return _scalar(text, STRING_FORMATS, "string", schema)
        if kind == "integer":
            return _scalar(text, INTEGER_FORMATS, "integer", schema)
        if kind == "number":
            return _scalar(text, NUMBER_FORMATS, "numeric", schema)
        if kind in ("boolean", "null"):
            return Scalar(kind)
        if kind is None:
            return UNKNOWN
        raise self.document.fail(f"{where}/type", f"there is no type {kind!r}")

    def _nullable(self, schema: Schema) -> bool:
        return schema.get("nullable") is True or schema.get("x-nullable") is True


def is_object(schema: Schema) -> bool:
    """Whether a schema declares fields of its own."""
    return isinstance(schema.get("properties"), dict) and bool(schema["properties"])


def _label(schema: Any) -> str:
    """A word for an object without a name: the one value of its first constant field, its title, or what it is."""
    if not isinstance(schema, dict):
        return "object"
    properties = schema.get("properties")
    for own in properties.values() if isinstance(properties, dict) else ():
        values = own.get("enum", [own.get("const")]) if isinstance(own, dict) else []
        if isinstance(values, list) and len(values) == 1 and isinstance(values[0], str) and values[0][-1:].isalpha():
            return values[0].replace(".", "_")
    title = schema.get("title")
    return title.replace(".", "_") if isinstance(title, str) and title[-1:].isalpha() else "object"


def lift_limits(kind: Kind, schema: Schema) -> tuple[Kind, Limits]:
    """Split off the limits of a field's type, also those that stand beside a reference or a union."""
    bare, limits = unlimited(kind)
    if isinstance(bare, Union) and constants(bare) is None:
        split = [unlimited(member) for member in bare.members]
        limited = [own for _, own in split if own]
        if len(limited) == 1:
            bare, limits = union([member for member, _ in split]), limited[0]
    return bare, limits or _limits(schema)


def _says_type(schema: Schema) -> bool:
    return any(key in schema for key in ("$ref", "type", "enum", "const", "allOf", "properties", *UNIONS))


def _values(schema: Schema) -> Any:
    for keyword in ("additionalProperties", "unevaluatedProperties"):
        if keyword in schema:
            return schema[keyword]
    return None


def _scalar(text: str, formats: dict[str, str], name: str, schema: Schema) -> Scalar:
    if text in formats:
        return Scalar(formats[text], limits=_limits(schema))
    return Scalar(name, text, _limits(schema))


def _limits(schema: Schema) -> Limits:
    found = {name: schema[name] for name in LIMITS if name in schema and schema[name] is not False}
    # Up to 3.0 the exclusive limits are flags beside the limits; from 3.1 on they are limits.
    for limit, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if found.get(exclusive) is True:
            del found[exclusive]
            if limit in found:
                found[exclusive] = found.pop(limit)
    return tuple(sorted(found.items()))

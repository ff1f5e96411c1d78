"""Merges the documents of all API versions into one contract, and notes which version has what.

Where versions differ, the default version speaks first: its texts, its order, its types. What only other versions have
comes after it. A field is required only where every dated version that has the model requires it, so that one class
fits them all.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from .document import Contract, ModelSchema, Property, Schema, drafts_last, ref_name, variants

__all__ = ["Availability", "merge"]

Versions = tuple[str, ...]

_TAKEN = "x-voicelive-taken-by"


@dataclass
class Availability:
    """Which versions have what; an entry is there only where it is not the same as for the thing it belongs to."""

    versions: Versions
    default: str
    drafts: Versions = ()
    """Versions that are proposals: they add to the superset, and loosen nothing in it."""
    models: dict[str, Versions] = field(default_factory=dict)
    fields: dict[tuple[str, str], Versions] = field(default_factory=dict)
    enum_values: dict[tuple[str, str], Versions] = field(default_factory=dict)
    taken_models: dict[str, Versions] = field(default_factory=dict)
    """What these versions were recorded taking, although their documents lack it."""
    preview_models: dict[str, Versions] = field(default_factory=dict)
    preview_fields: dict[tuple[str, str], Versions] = field(default_factory=dict)
    """What these versions offer only to connections that ask for a preview feature."""


def merge(contracts: Sequence[Contract], default: str) -> tuple[Contract, Availability]:
    """Return the superset of `contracts` (oldest first) and which version has which part of it."""
    ordered = sorted(contracts, key=lambda contract: contract.api_version != default)
    # After the default version, the newer a document the better it is described.
    preferred = [ordered[0], *reversed(ordered[1:])]
    merged = Contract(default, {}, {}, {}, {})
    for name in _names(contract.models for contract in preferred):
        merged.models[name] = _model(name, [c for c in preferred if name in c.models])
    for name, model in merged.models.items():
        _drop_inherited(merged, model)
        if model.base is not None:
            merged.models[model.base].children.append(name)
    for name in _names(contract.enums for contract in preferred):
        holders = [c for c in preferred if name in c.enums]
        values: dict[str, str] = {}
        for holder in holders:
            for value, doc in holder.enums[name]:
                values.setdefault(value, doc)
        merged.enums[name] = list(values.items())
        merged.enum_docs[name] = holders[0].enum_docs[name]
    for name in _names(contract.unions for contract in preferred):
        holders = [c for c in preferred if name in c.unions]
        merged.unions[name] = _union([c.unions[name] for c in holders], holders[0].unions[name])
    return merged, _availability(merged, contracts, default)


def _names(groups: Iterable[Iterable[str]]) -> list[str]:
    return list(dict.fromkeys(name for group in groups for name in group))


def _model(name: str, holders: list[Contract]) -> ModelSchema:
    first = holders[0].models[name]
    own: dict[str, Property] = {}
    for field_name in _names(holder.models[name].own for holder in holders):
        found = [holder.models[name].own[field_name] for holder in holders if field_name in holder.models[name].own]
        dated = [holder for holder in holders if not holder.draft] or holders
        present = [holder.fields(name).get(field_name) for holder in dated]
        required = all(prop is not None and prop.required for prop in present)
        schema = _union([prop.schema for prop in found], found[0].schema)
        own[field_name] = Property(
            field_name, schema, required, found[0].description, _drafts(name, field_name, holders)
        )
    own = drafts_last(own)
    return ModelSchema(name, first.description, first.base, first.discriminator, own, first.schema)


def _drafts(name: str, field_name: str, holders: list[Contract]) -> tuple[str, ...]:
    """The versions with a field, if all of them are drafts although others have its model."""
    having = [holder for holder in holders if field_name in holder.fields(name)]
    if all(holder.draft for holder in holders) or not all(holder.draft for holder in having):
        return ()
    return tuple(sorted(holder.api_version for holder in having))


def _drop_inherited(merged: Contract, model: ModelSchema) -> None:
    """Leave out what a base declares already in the same way, as versions with another hierarchy would repeat it."""
    if model.base is None:
        return
    inherited = merged.fields(model.base)
    for name in [name for name in model.own if name in inherited]:
        if _core(model.own[name].schema) == _core(inherited[name].schema):
            del model.own[name]


def _core(schema: Schema) -> Schema:
    """The type alone: without texts, defaults and ranges, which do not make another type."""
    ignored = ("description", "default", "minimum", "maximum", "title", "deprecated", "format")
    kept = {key: value for key, value in schema.items() if key not in ignored and not key.startswith("x-")}
    for key in ("anyOf", "oneOf"):
        if key in kept:
            kept[key] = [_core(member) for member in kept[key]]
    if isinstance(kept.get("items"), dict):
        kept["items"] = _core(kept["items"])
    return kept


def _union(schemas: list[Schema], first: Schema) -> Schema:
    """One schema that admits what any of `schemas` admits; `first` itself where they agree."""
    if all(_core(schema) == _core(first) for schema in schemas):
        return first
    members: list[Schema] = []
    for schema in schemas:
        for member in variants(schema) if ref_name(schema) is None and variants(schema) else [schema]:
            if not any(_core(member) == _core(known) for known in members):
                members.append(member)
    outside: Schema = {key: first[key] for key in ("description", "default") if key in first}
    return {"anyOf": [{k: v for k, v in member.items() if k not in outside} for member in members], **outside}


def _availability(merged: Contract, contracts: Sequence[Contract], default: str) -> Availability:
    versions = tuple(contract.api_version for contract in contracts)
    found = Availability(versions, default, tuple(contract.api_version for contract in contracts if contract.draft))
    for name in merged.models:
        having = [contract for contract in contracts if name in contract.models]
        found.models[name] = tuple(contract.api_version for contract in having)
        taken = [version for contract in having for version in contract.models[name].schema.get(_TAKEN, ())]
        if taken:
            found.taken_models[name] = tuple(version for version in versions if version in taken)
        for field_name in merged.fields(name):
            in_field = tuple(c.api_version for c in having if field_name in c.fields(name))
            if in_field != found.models[name]:
                found.fields[name, field_name] = in_field
            in_preview = tuple(c.api_version for c in having if _is_preview(c.fields(name).get(field_name)))
            if in_preview:
                found.preview_fields[name, field_name] = in_preview
        in_preview = tuple(c.api_version for c in having if _is_preview(c.models[name]))
        if in_preview:
            found.preview_models[name] = in_preview
    for name, values in merged.enums.items():
        holders = [contract for contract in contracts if name in contract.enums]
        for value, _ in values:
            in_value = tuple(c.api_version for c in holders if value in dict(c.enums[name]))
            if len(in_value) != len(holders):
                found.enum_values[name, value] = in_value
    found.models = {name: having for name, having in found.models.items() if having != versions}
    return found


def _is_preview(part: ModelSchema | Property | None) -> bool:
    return part is not None and bool(part.schema.get("x-preview"))

"""Compares two specifications in the neutral form."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from .changes import ABSENT, Change, Comparison
from .kinds import (
    STRING,
    UNKNOWN,
    Array,
    Constant,
    Kind,
    Mapping,
    Reference,
    Union,
    canonical,
    constants,
    literal,
    shown,
)
from .neutral import Enum, Field, Model, Named, NamedType, Specification
from .reading import SWAGGER_20
from .renames import Pairing, pair, pair_fields, pair_values

__all__ = ["compare"]


def compare(old: Specification, new: Specification) -> Comparison:
    """Return everything that `new` adds, removes, renames, retypes and otherwise changes against `old`.

    A service has more than its events, such as an HTTP interface. What only one side has is compared if one of its
    events reaches it.
    """
    return _Comparer(_of_events(old, new), _of_events(new, old)).run()


def _of_events(one: Specification, other: Specification) -> Specification:
    reached = one.reached() | other.named.keys()
    left_out = sorted(one.named.keys() - reached)
    if not left_out:
        return one
    note = f"not compared, as no event reaches them: {', '.join(left_out)}"
    kept = {name: entry for name, entry in one.named.items() if name in reached}
    return replace(one, named=kept, notes=[*one.notes, note])


class _Comparer:
    def __init__(self, old: Specification, new: Specification) -> None:
        self.old, self.new = old, new
        self.pairing: Pairing = pair(old, new)
        self.notes = [f"{side.source}: {note}" for side in (old, new) for note in side.notes]

    def run(self) -> Comparison:
        changes = [*self._named()]
        changes.sort(key=Change.order)
        return Comparison(self.old, self.new, self.pairing, changes, sorted(set(self.notes)))

    def _named(self) -> Iterator[Change]:
        paired = {self.pairing.old_name(name): name for name in self.new.named}
        for name, entry in self.old.named.items():
            if name in paired:
                yield from self._pair(entry, self.new.named[paired[name]])
            elif self._cannot_say_union(self.new, entry):
                self.notes.append(f"the union {name} is not compared: {SWAGGER_20} has no unions")
            else:
                yield Change("removed", group_of(self.old, name), "", name, details=described(self.old, name))
        for name, entry in self.new.named.items():
            if self.pairing.old_name(name) in self.old.named:
                continue
            if self._cannot_say_union(self.old, entry):
                self.notes.append(f"the union {name} is not compared: {SWAGGER_20} has no unions")
            else:
                details = described(self.new, name, self.pairing)
                yield Change("added", group_of(self.new, name), "", name, details=details)

    def _cannot_say_union(self, other: Specification, entry: Named) -> bool:
        return not other.says_unions and isinstance(entry, NamedType) and isinstance(entry.kind, Union)

    def _pair(self, before: Named, after: Named) -> Iterator[Change]:
        name, group = before.name, group_of(self.old, before.name)
        if before.name != after.name:
            why = self.pairing.renamed[after.name].why
            yield Change("renamed", group, "", name, before=before.name, after=after.name, why=why)
        if isinstance(before, Model) and isinstance(after, Model):
            yield from self._models(before, after, group)
        elif isinstance(before, Enum) and isinstance(after, Enum):
            yield from self._enums(before, after)
        elif isinstance(before, NamedType) and isinstance(after, NamedType):
            yield from self._types(name, before.kind, after.kind)
        elif isinstance(before, NamedType) and self._unsayable(before.kind, _kind(after)):
            self.notes.append(f"the union {name} is not compared: {SWAGGER_20} has no unions")
        else:
            kinds = group, group_of(self.new, after.name)
            yield Change("retyped", group, "", name, "kind", before=kinds[0], after=kinds[1])

    def _models(self, before: Model, after: Model, group: str) -> Iterator[Change]:
        base = self.pairing.old_name(after.base) if after.base is not None else None
        for what, old, new in (
            ("base", before.base, base),
            ("discriminator", before.discriminator, after.discriminator),
            ("deprecated", before.deprecated, after.deprecated),
        ):
            if old != new:
                yield Change("changed", group, "", before.name, what, _or_absent(old), _or_absent(new))
        old_all, new_all = self.old.fields(before.name), self.new.fields(after.name)
        # A field that only moved to a base, or was repeated in a descendant, is still there.
        gone = {key: entry for key, entry in before.fields.items() if key not in new_all}
        fresh = {key: entry for key, entry in after.fields.items() if key not in old_all}
        both = [key for key in before.fields if key in new_all]
        both += [key for key in after.fields if key in old_all and key not in before.fields]
        single = len(gone) == len(fresh) == 1 and _place(before, gone) == _place(after, fresh)
        renamed = pair_fields(self.pairing, gone, fresh, single)
        for rename in renamed:
            yield Change(
                "renamed", "field", before.name, rename.old, before=rename.old, after=rename.new, why=rename.why
            )
            yield from self._fields(before, gone.pop(rename.old), fresh.pop(rename.new))
        for key, entry in gone.items():
            yield Change("removed", "field", before.name, key, details=described_field(entry))
        for key, entry in fresh.items():
            yield Change("added", "field", before.name, key, details=described_field(entry, self.pairing))
        for key in both:
            yield from self._fields(before, old_all[key], new_all[key])

    def _fields(self, model: Model, before: Field, after: Field) -> Iterator[Change]:
        if self._unsayable(before.kind, after.kind):
            self.notes.append(f"the type of {model.name}.{before.name} is not compared: {SWAGGER_20} has no unions")
        else:
            yield from self._field_types(model, before, after)
        if before.required != after.required:
            yield self._changed(model, before, "required", before.required, after.required)
        old = before.default if before.has_default else ABSENT
        new = after.default if after.has_default else ABSENT
        if _differ(old, new):
            yield self._changed(model, before, "default", old, new)
        for limit in sorted(before.limits.keys() | after.limits.keys()):
            old, new = before.limits.get(limit, ABSENT), after.limits.get(limit, ABSENT)
            if _differ(old, new):
                yield self._changed(model, before, limit, old, new)
        if before.deprecated != after.deprecated:
            yield self._changed(model, before, "deprecated", before.deprecated, after.deprecated)

    def _field_types(self, model: Model, before: Field, after: Field) -> Iterator[Change]:
        if before.nullable != after.nullable:
            yield self._changed(model, before, "nullable", before.nullable, after.nullable)
        if self.pairing.same(before.kind, after.kind) or self._both_discriminate(model, before, after):
            return
        tag = self.old.tag(model.name)
        if before.constant is not None and after.constant is not None and tag is not None and tag[0] == before.name:
            is_event = self.old.event_type(model.name) is not None
            what = "event type" if is_event else "discriminator value"
            yield self._changed(model, before, what, before.constant, after.constant)
            return
        old, new = shown(before.kind), shown(after.kind, self.pairing.old_name)
        yield Change("retyped", "field", model.name, before.name, "type", old, new)

    def _both_discriminate(self, model: Model, before: Field, after: Field) -> bool:
        """Whether a polymorphic base only says in other words that its discriminator is text: an enum, or any text."""
        if model.discriminator != before.name or before.name != after.name:
            return False
        return _is_text(self.old, before.kind) and _is_text(self.new, after.kind)

    def _changed(self, model: Model, entry: Field, what: str, old: Any, new: Any) -> Change:
        return Change("changed", "field", model.name, entry.name, what, old, new)

    def _enums(self, before: Enum, after: Enum) -> Iterator[Change]:
        gone = {literal(value): value for value in before.values if not _among(value, after.values)}
        fresh = {literal(value): value for value in after.values if not _among(value, before.values)}
        texts = [str(value) for value in gone.values() if isinstance(value, str)]
        for rename in pair_values(texts, [str(value) for value in fresh.values() if isinstance(value, str)]):
            yield Change(
                "renamed", "value", before.name, rename.old, before=rename.old, after=rename.new, why=rename.why
            )
            del gone[literal(rename.old)], fresh[literal(rename.new)]
        yield from (Change("removed", "value", before.name, str(value)) for value in gone.values())
        yield from (Change("added", "value", before.name, str(value)) for value in fresh.values())
        if before.open != after.open:
            yield Change("changed", "enum", "", before.name, "open", before.open, after.open)

    def _types(self, name: str, before: Kind, after: Kind) -> Iterator[Change]:
        if self.pairing.same(before, after):
            return
        if self._unsayable(before, after):
            self.notes.append(f"the union {name} is not compared: {SWAGGER_20} has no unions")
        elif isinstance(before, Union) and isinstance(after, Union):
            old = {canonical(member): shown(member) for member in before.members}
            rename = self.pairing.old_name
            new = {canonical(member, rename): shown(member, rename) for member in after.members}
            yield from (Change("removed", "member", name, old[key]) for key in old if key not in new)
            yield from (Change("added", "member", name, new[key]) for key in new if key not in old)
        else:
            old_text, new_text = shown(before), shown(after, self.pairing.old_name)
            yield Change("retyped", "union", "", name, "type", old_text, new_text)

    def _unsayable(self, before: Kind, after: Kind | None) -> bool:
        """Whether one side says nothing where the other one has a union, because its dialect has none."""
        if after is None:
            return False
        if isinstance(before, Array) and isinstance(after, Array):
            return self._unsayable(before.items, after.items)
        if isinstance(before, Mapping) and isinstance(after, Mapping) and UNKNOWN not in (before.values, after.values):
            return self._unsayable(before.values, after.values)
        return _silent(self.new, after, self.old, before) or _silent(self.old, before, self.new, after)


def group_of(specification: Specification, name: str) -> str:
    """Whether a name is that of an event, a model, an enum or a union."""
    entry = specification.named[name]
    if isinstance(entry, Model):
        return "event" if specification.event_type(name) is not None else "model"
    return "enum" if isinstance(entry, Enum) else "union"


def described(specification: Specification, name: str, pairing: Pairing | None = None) -> dict[str, Any]:
    """Everything about a thing with a name, for JSON."""
    entry = specification.named[name]
    if isinstance(entry, Enum):
        return {"values": list(entry.values), "open": entry.open}
    rename = pairing.old_name if pairing else str
    if isinstance(entry, NamedType):
        return {"type": shown(entry.kind, rename)}
    found: dict[str, Any] = {}
    if (event_type := specification.event_type(name)) is not None:
        found |= {"direction": specification.direction(name), "event_type": event_type}
    if entry.base is not None:
        found["base"] = rename(entry.base)
    if entry.discriminator is not None:
        found["discriminator"] = entry.discriminator
    if entry.deprecated:
        found["deprecated"] = True
    if entry.preview:
        found["preview"] = True
    fields = [{"name": key, **described_field(own, pairing)} for key, own in entry.fields.items()]
    return {**found, "fields": fields}


def described_field(entry: Field, pairing: Pairing | None = None) -> dict[str, Any]:
    """Everything about a field but its name, for JSON."""
    kind = shown(entry.kind, pairing.old_name if pairing else str)
    found: dict[str, Any] = {"type": kind, "required": entry.required}
    if entry.nullable:
        found["nullable"] = True
    if entry.has_default:
        found["default"] = entry.default
    if entry.deprecated:
        found["deprecated"] = True
    if entry.preview:
        found["preview"] = True
    return {**found, **entry.limits}


def _silent(specification: Specification, kind: Kind, other: Specification, union: Kind) -> bool:
    if specification.says_unions or kind not in (UNKNOWN, Mapping(UNKNOWN)):
        return False
    meant = union
    while isinstance(meant, Reference) and (target := other.stands_for(meant.name)) != meant:
        meant = target
    return isinstance(meant, Union) and constants(meant) is None


def _is_text(specification: Specification, kind: Kind) -> bool:
    meant = specification.stands_for(kind.name) if isinstance(kind, Reference) else kind
    return meant == STRING or (constants(meant) is not None and not isinstance(meant, Constant))


def _kind(entry: Named) -> Kind | None:
    if isinstance(entry, Model):
        # An empty model is how a dialect without unions may say "any object".
        return Mapping(UNKNOWN) if not entry.fields and entry.base is None else None
    return entry.kind


def _place(model: Model, part: dict[str, Field]) -> int:
    return list(model.fields).index(next(iter(part)))


def _among(value: Any, values: tuple[Any, ...]) -> bool:
    return any(not _differ(value, other) for other in values)


def _differ(first: Any, second: Any) -> bool:
    if first is ABSENT or second is ABSENT:
        return first is not second
    # As text, true is not 1 but 1.0 is.
    return literal(first) != literal(second)


def _or_absent(value: Any) -> Any:
    return ABSENT if value is None else value

"""Finds what has probably only changed its name: models, enums, unions, fields and enum values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from .kinds import Constant, Kind, Union, canonical, references, shown
from .neutral import Enum, Field, Model, Named, NamedType, Specification
from .similarity import names_alike, overlap, words

__all__ = ["Pairing", "Rename", "pair", "pair_fields", "pair_values"]

SIMPLE = ("string", "boolean", "integer", "numeric", "int32", "int64", "float32", "float64", "unknown")


@dataclass(frozen=True)
class Rename:
    """One name that became another, and what speaks for it."""

    old: str
    new: str
    why: str


class Pairing:
    """Which name of the new specification is which of the old one; names in both are themselves."""

    def __init__(self, old: Specification, new: Specification) -> None:
        self.old, self.new = old, new
        self.renamed: dict[str, Rename] = {}

    def old_name(self, name: str) -> str:
        """The old name of something in the new specification; what is new keeps its own."""
        return self.renamed[name].old if name in self.renamed else name

    def same(self, before: Kind, after: Kind) -> bool:
        """Whether two types are equal: as they are written, or with named enums and unions written out."""
        if canonical(before) == canonical(after, self.old_name):
            return True
        return canonical(before, _written_out(self.old, str)) == canonical(after, _written_out(self.new, self.old_name))

    def key(self, after: Kind) -> str:
        """A text that is equal for equal types of the new specification, in old names."""
        return canonical(after, _written_out(self.new, self.old_name))


def pair(old: Specification, new: Specification) -> Pairing:
    """Pair the names of two specifications."""
    pairing = Pairing(old, new)
    while True:
        # Each name found makes the shapes of what refers to it more alike, so look again until nothing is found.
        gone = [n for n in old.named if n not in new.named and n not in {r.old for r in pairing.renamed.values()}]
        fresh = [n for n in new.named if n not in old.named and n not in pairing.renamed]
        evidence = _Evidence(pairing)
        found = [
            (score, Rename(before, after, why))
            for before in gone
            for after in fresh
            for score, why in evidence.weigh(old.named[before], new.named[after])
        ]
        if not found:
            return pairing
        for rename in _best(found):
            pairing.renamed[rename.new] = rename


def pair_fields(pairing: Pairing, gone: dict[str, Field], fresh: dict[str, Field], only: bool) -> list[Rename]:
    """Pair fields that are gone from a model with fields that are new in it.

    Args:
        pairing: the names of the two specifications.
        gone: the fields that are gone, by name.
        fresh: the new fields, by name.
        only: whether the model's other fields are in the same order, so that places can be compared.
    """
    found: list[tuple[float, Rename]] = []
    single = only and len(gone) == len(fresh) == 1
    for before in gone.values():
        for after in fresh.values():
            if not pairing.same(before.kind, after.kind):
                continue
            alike = names_alike(before.name, after.name)
            same_text = bool(before.description) and before.description == after.description
            if alike >= 0.6:
                found.append((1 + alike, Rename(before.name, after.name, "equal type, similar name")))
            elif same_text:
                found.append((1, Rename(before.name, after.name, "equal type, same description")))
            elif single and shown(before.kind) not in SIMPLE and not isinstance(before.kind, Constant):
                found.append((alike, Rename(before.name, after.name, "equal type, same place")))
    return _best(found)


def pair_values(gone: Iterable[str], fresh: Iterable[str]) -> list[Rename]:
    """Pair values that are gone from an enum with similar ones that are new in it."""
    news = list(fresh)
    found = [
        (alike, Rename(before, after, "similar value"))
        for before in gone
        for after in news
        if (alike := _values_alike(before, after)) >= 0.7
    ]
    return _best(found)


class _Evidence:
    """Weighs whether two names are one thing, with what is known of other names so far."""

    def __init__(self, pairing: Pairing) -> None:
        self.pairing = pairing
        self.old, self.new = pairing.old, pairing.new
        self.old_places = _places(self.old, str)
        self.new_places = _places(self.new, pairing.old_name)
        self.old_shapes = {name: _shape(self.old, name, _written_out(self.old, str)) for name in self.old.models}
        resolve = _written_out(self.new, pairing.old_name)
        self.new_shapes = {name: _shape(self.new, name, resolve) for name in self.new.models}

    def weigh(self, before: Named, after: Named) -> Iterator[tuple[float, str]]:
        """Give the weight of a pair and the reason for it, or nothing."""
        place = bool(self.old_places.get(before.name, set()) & self.new_places.get(after.name, set()))
        alike = names_alike(_local(before.name), _local(after.name))
        if isinstance(before, Model) and isinstance(after, Model):
            if self.old.event_type(before.name) is not None or self.new.event_type(after.name) is not None:
                yield from self._events(before.name, after.name, alike)
            else:
                yield from self._models(before, after, alike, place)
        elif isinstance(before, Enum) and isinstance(after, Enum):
            yield from _contents(alike, place, overlap(before.values, after.values), len(before.values), "values")
        elif isinstance(before, NamedType) and isinstance(after, NamedType):
            old_members = [canonical(kind) for kind in _members(before.kind)]
            new_members = [canonical(kind, self.pairing.old_name) for kind in _members(after.kind)]
            yield from _contents(alike, place, overlap(old_members, new_members), len(old_members), "members")

    def _events(self, before: str, after: str, alike: float) -> Iterator[tuple[float, str]]:
        old_type, new_type = self.old.event_type(before), self.new.event_type(after)
        if old_type is None or new_type is None or self.old.direction(before) != self.new.direction(after):
            return
        shape = overlap(self.old_shapes[before], self.new_shapes[after])
        if old_type == new_type:
            yield 10 + alike, "same event type"
        elif _values_alike(old_type, new_type) >= 0.7 and alike >= 0.6 and shape >= 0.7:
            yield shape + _values_alike(old_type, new_type), "similar event type and fields"

    def _models(self, before: Model, after: Model, alike: float, place: bool) -> Iterator[tuple[float, str]]:
        old_tag, new_tag = self.old.tag(before.name), self.new.tag(after.name)
        old_shape, new_shape = self.old_shapes[before.name], self.new_shapes[after.name]
        shape = overlap(old_shape, new_shape)
        same_base = before.base == (self.pairing.old_name(after.base) if after.base else None)
        if old_tag is not None and old_tag == new_tag and same_base:
            yield 5 + alike, f"same {old_tag[0]} of the same base"
        elif (old_tag is None) != (new_tag is None):
            return
        elif old_tag != new_tag:
            if shape >= 0.7 and alike >= 0.5 and same_base:
                yield shape + alike, "similar name and fields"
        elif before.discriminator is not None and before.discriminator == after.discriminator:
            if alike >= 0.5 or place:
                yield 2 + alike, "same discriminator, similar name or use"
        elif len(old_shape) < 2 or len(new_shape) < 2:
            if (alike >= 0.75 or place) and shape >= 0.5:
                yield shape + alike, "similar name or use, equal fields"
        elif shape == 1 and (alike >= 0.3 or place or len(old_shape) >= 4):
            yield 2 + alike + place, "equal fields"
        elif shape >= 0.5 and (alike >= 0.6 or place):
            yield shape + alike + place, "similar name or use, most fields equal"
        elif place and alike >= 0.8:
            yield alike, "used in the same place, similar name"


def _contents(alike: float, place: bool, shared: float, count: int, what: str) -> Iterator[tuple[float, str]]:
    if shared == 1 and (count >= 2 or alike >= 0.6) and (alike >= 0.3 or place or count >= 3):
        yield 2 + alike + place, f"equal {what}"
    elif shared >= 0.5 and (alike >= 0.6 or place):
        yield shared + alike + place, f"similar name or use, most {what} equal"
    elif place and alike >= 0.8 and shared > 0:
        yield alike, "used in the same place, similar name"


def _best(found: list[tuple[float, Rename]]) -> list[Rename]:
    """Choose the heaviest pairs, each name once."""
    chosen: list[Rename] = []
    olds: set[str] = set()
    news: set[str] = set()
    for _, rename in sorted(found, key=lambda entry: (-entry[0], entry[1].old, entry[1].new)):
        if rename.old not in olds and rename.new not in news:
            chosen.append(rename)
            olds.add(rename.old)
            news.add(rename.new)
    return chosen


def _shape(specification: Specification, name: str, resolve: Callable[[str], Kind | str]) -> set[tuple[str, str]]:
    tag = specification.tag(name)
    return {
        (key, canonical(entry.kind, resolve))
        for key, entry in specification.model(name).fields.items()
        if tag is None or key != tag[0]
    }


def _places(specification: Specification, rename: Callable[[str], str]) -> dict[str, set[tuple[str, str]]]:
    """Where each name is used: the model, in old names, and the field."""
    places: dict[str, set[tuple[str, str]]] = {}
    for name, entry in specification.named.items():
        if isinstance(entry, Model):
            for key, own in entry.fields.items():
                for target in references(own.kind):
                    places.setdefault(target, set()).add((rename(name), key))
    return places


def _written_out(specification: Specification, rename: Callable[[str], str]) -> Callable[[str], Kind | str]:
    known: dict[str, Kind | str] = {}

    def resolve(name: str) -> Kind | str:
        if name not in known:
            kind = specification.stands_for(name)
            known[name] = kind if list(references(kind)) != [name] else rename(name)
        return known[name]

    return resolve


def _members(kind: Kind) -> tuple[Kind, ...]:
    return kind.members if isinstance(kind, Union) else (kind,)


def _local(name: str) -> str:
    return name.rpartition(".")[2]


def _values_alike(first: str, second: str) -> float:
    one, two = words(first), words(second)
    if one == two:
        return 1.0
    return overlap(one, two) if one and two else 0.0

"""Tells in lines of text where a document says something else than the fact table of its API version."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from .contract import Contract, Field, Model, Type

ABSENT = "nothing"


def differences(facts: Contract, document: Contract) -> list[str]:
    """Return one line a difference: what it is about, what the facts say, what the document says."""
    return [*_enums(facts, document), *_unions(facts, document), *_models(facts, document)]


def field_differences(facts: Contract, document: Contract) -> list[str]:
    """Return the lines for the fields of those models that the facts have."""
    return [
        line for name in facts.models for line in _fields(name, facts, facts.flat(name), document, document.flat(name))
    ]


def _enums(facts: Contract, document: Contract) -> Iterator[str]:
    yield from _names("enum", facts.enums.keys(), document.enums.keys())
    for name in sorted(facts.enums.keys() & document.enums.keys()):
        wanted, found = facts.enums[name], document.enums[name]
        yield from (f"{name}: value {value!r} is missing" for value in wanted if value not in found)
        yield from (f"{name}: value {value!r} is not in the facts" for value in found if value not in wanted)


def _unions(facts: Contract, document: Contract) -> Iterator[str]:
    yield from _names("union", facts.unions.keys(), document.unions.keys())
    for name in sorted(facts.unions.keys() & document.unions.keys()):
        yield from _types(name, facts, facts.unions[name], document, document.unions[name])


def _models(facts: Contract, document: Contract) -> Iterator[str]:
    yield from _names("model", facts.models.keys(), document.models.keys())
    for name in sorted(facts.models.keys() & document.models.keys()):
        wanted, found = facts.flat(name), document.flat(name)
        yield from _said(name, "extends", wanted.base, found.base)
        yield from _said(name, "is told by", wanted.tag, found.tag)
        yield from _said(name, "preview", wanted.preview, found.preview)
        yield from _fields(name, facts, wanted, document, found)


def _fields(name: str, facts: Contract, wanted: Model, document: Contract, found: Model) -> Iterator[str]:
    for key in [*wanted.fields, *(key for key in found.fields if key not in wanted.fields)]:
        path = f"{name}.{key}"
        if key not in found.fields:
            yield f"{path}: is missing"
        elif key not in wanted.fields:
            yield f"{path}: is not in the facts"
        else:
            first, second = wanted.fields[key], found.fields[key]
            yield from _types(path, facts, first.type, document, second.type)
            yield from _field(path, first, second)


def _field(path: str, wanted: Field, found: Field) -> Iterator[str]:
    yield from _said(path, "required", wanted.required, found.required)
    yield from _said(path, "tells the model", wanted.discriminator, found.discriminator)
    yield from _said(path, "preview", wanted.preview, found.preview)
    for key in sorted(wanted.limits.keys() | found.limits.keys()):
        yield from _said(path, key, wanted.limits.get(key), found.limits.get(key))


def _types(path: str, facts: Contract, wanted: Type, document: Contract, found: Type) -> Iterator[str]:
    """An enum with a name in one and its bare values in the other are the same."""
    if wanted != found and facts.expanded(wanted) != document.expanded(found):
        yield f"{path}: type {wanted}, here {found}"


def _names(kind: str, wanted: Any, found: Any) -> Iterator[str]:
    yield from (f"{kind} {name} is missing" for name in sorted(wanted - found))
    yield from (f"{kind} {name} is not in the facts" for name in sorted(found - wanted))


def _said(path: str, what: str, wanted: Any, found: Any) -> Iterator[str]:
    if wanted != found:
        yield f"{path}: {what} {_shown(wanted)}, here {_shown(found)}"


def _shown(value: Any) -> str:
    return ABSENT if value is None else json.dumps(value) if not isinstance(value, str) else value

"""Finds what an event uses that the connection's API version does not have, or that no version knows."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

from .._base import Model, OpenEnum
from .._generated.versions import (
    API_VERSIONS,
    DRAFTS,
    ENUM_VALUES,
    FIELDS,
    MODELS,
    PREVIEW_FIELDS,
    PREVIEW_MODELS,
    TAKEN_MODELS,
)

__all__ = ["Finding", "findings", "unknown_version_message"]

_NEEDS_PREVIEW = "in API version {} only with a preview feature: name it in preview_features of connect()"


class Finding(NamedTuple):
    """Something an event holds that the service may ignore."""

    path: str
    """Where it is, e.g. ``session.interim_response``."""
    message: str
    """What is unusual about it."""
    is_unknown: bool = False
    """Whether it is a name that no version has: most often a misspelt one."""

    def __str__(self) -> str:
        return f"{self.path}: {self.message}"


def findings(event: Model, event_type: str, api_version: str, *, previews: bool) -> Iterator[Finding]:
    """Yield what of `event` is not in `api_version`, and the names in it that nobody knows.

    Nothing is found against a version that is not one of the contract's: what it has is not known.

    Args:
        event: the event.
        event_type: its type.
        api_version: the connection's API version.
        previews: whether the connection asks for preview features; which of them offers what, nobody knows.
    """
    known_version = api_version in API_VERSIONS
    if known_version and api_version not in (having := MODELS.get(type(event).__name__, API_VERSIONS)):
        yield Finding(event_type, _only_in(api_version, having))
        return
    if not previews:
        if api_version in PREVIEW_MODELS.get(type(event).__name__, ()):
            yield Finding(event_type, _NEEDS_PREVIEW.format(api_version))
        yield from _previews(event, "", api_version)
    yield from _walk(event, "", api_version if known_version else None)


def _previews(model: Model, path: str, version: str) -> Iterator[Finding]:
    """Yield what within `model` only a preview feature offers."""
    limited = PREVIEW_FIELDS.get(type(model).__name__, {})
    for name in model.__pydantic_fields_set__:
        place = f"{path}.{name}" if path else name
        value = model.__dict__.get(name)
        if version in limited.get(name, ()):
            yield Finding(place, _NEEDS_PREVIEW.format(version))
        for entry in value if isinstance(value, list) else [value]:
            if isinstance(entry, Model):
                if version in PREVIEW_MODELS.get(type(entry).__name__, ()):
                    yield Finding(place, _NEEDS_PREVIEW.format(version))
                else:
                    yield from _previews(entry, place, version)


def _walk(model: Model, path: str, version: str | None) -> Iterator[Finding]:
    limited = FIELDS.get(type(model).__name__, {})
    given = model.__pydantic_fields_set__
    for name, value in model.__dict__.items():
        if name not in given:
            continue
        place = f"{path}.{name}" if path else name
        if version is not None and name in limited and version not in limited[name]:
            yield Finding(place, _only_in(version, limited[name]))
        else:
            yield from _value(value, place, version)
    for name in model.__pydantic_extra__ or ():
        yield Finding(f"{path}.{name}" if path else name, _unknown(name, type(model)), is_unknown=True)


def _value(value: Any, path: str, version: str | None) -> Iterator[Finding]:
    if isinstance(value, Model):
        having = MODELS.get(type(value).__name__, API_VERSIONS)
        taken = TAKEN_MODELS.get(type(value).__name__, ())
        if version is not None and version not in having and version not in taken:
            yield Finding(path, _only_in(version, having))
        else:
            yield from _walk(value, path, version)
    elif isinstance(value, OpenEnum) and version is not None:
        having = ENUM_VALUES.get(type(value).__name__, {}).get(value.value, API_VERSIONS)
        if version not in having:
            yield Finding(path, f"{value.value!r} is {_only_in(version, having)}")
    elif isinstance(value, list):
        for index, entry in enumerate(value):
            yield from _value(entry, f"{path}[{index}]", version)


def _only_in(version: str, having: tuple[str, ...]) -> str:
    return f"not in API version {version}; it is in {', '.join(map(_titled, having)) or 'none'}"


def _titled(version: str) -> str:
    return f"{version} (draft)" if version in DRAFTS else version


def _unknown(name: str, cls: type[Model]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, _names(cls), n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    return f"not a field of {cls.__name__} in any API version{hint}"


@cache
def _names(cls: type[Model]) -> tuple[str, ...]:
    return tuple(cls.__pydantic_fields__)


def unknown_version_message(api_version: str) -> str | None:
    """Say that `api_version` is not one of the contract's; None if it is."""
    if api_version in API_VERSIONS:
        return None
    known = ", ".join(map(_titled, API_VERSIONS))
    return f"API version {api_version!r} is unknown here, so nothing can be checked against it; known: {known}"

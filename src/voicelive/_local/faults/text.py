"""Faults as text, for the command line and the control endpoint: ``close:1011@events=20,times=3``.

``NAME[:VALUE][@FIELD=VALUE[,FIELD=VALUE…]]``. The value after the colon is that of the fault's first field. Seconds may
have a unit (``250ms``, ``1.5s``, ``2m``), sizes too (``64KiB``, ``8MiB``), ``times=*`` means always, and a value with a
comma in it goes in double quotes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

from ..._public import public_in
from ..errors import InvalidFaultError
from .base import Fault
from .formatting import IN_SECONDS, field_names, format_fault, main_field
from .kinds import KINDS, ModelNotFound, Refuse

__all__ = ["describe_kind", "field_names", "format_fault", "main_field", "parse_fault"]

_HEAD = re.compile(r"([a-zA-Z_-]+)\s*")
_VALUE = re.compile(r'"(?:[^"\\]|\\.)*"|[^,@"]*')
_FIELD = re.compile(r"\s*([a-zA-Z_-]+)\s*=\s*")
_QUANTITY = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([a-zA-Z]*)")

_SECONDS = {"": 1.0, "ms": 0.001, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}
_BYTES = {"": 1, "B": 1, "KB": 1000, "KiB": 1024, "MB": 1000**2, "MiB": 1024**2}
_WHOLE = {"status", "code", "events", "after_tokens"}


@public_in("voicelive.local.faults")
def parse_fault(text: str) -> Fault:
    """Read one fault.

    Raises:
        InvalidFaultError: with what cannot be read, and what could stand there.
    """
    text = text.strip()
    head = _HEAD.match(text)
    if head is None:
        raise InvalidFaultError(f"{text!r} does not begin with the name of a fault: use one of {', '.join(KINDS)}")
    kind = KINDS.get(head[1].lower().replace("-", "_"))
    if kind is None:
        raise InvalidFaultError(f"there is no fault {head[1]!r}: use one of {', '.join(KINDS)}")
    values: dict[str, Any] = {}
    rest = text[head.end() :]
    if rest.startswith(":"):
        main = main_field(kind)
        if main is None:
            raise InvalidFaultError(f"{text!r}: {kind.name} takes no value after a colon")
        raw, rest = _value(text, rest[1:])
        values[main] = _read(kind, main, raw)
    if rest.startswith("@"):
        rest = rest[1:]
        while True:
            found = _FIELD.match(rest)
            if found is None:
                raise InvalidFaultError(f"{text!r}: {rest!r} should be FIELD=VALUE, with one of {_fields_text(kind)}")
            name = found[1].lower().replace("-", "_")
            if name not in field_names(kind):
                raise InvalidFaultError(f"{text!r}: {kind.name} has no {name!r}: use one of {_fields_text(kind)}")
            if name in values:
                raise InvalidFaultError(f"{text!r}: {name} is given twice")
            raw, rest = _value(text, rest[found.end() :])
            values[name] = _read(kind, name, raw)
            if not rest.startswith(","):
                break
            rest = rest[1:]
    if rest:
        raise InvalidFaultError(f"{text!r}: cannot read {rest!r}; the form is NAME:VALUE@FIELD=VALUE,FIELD=VALUE")
    return kind(**values)


def _fields_text(kind: type[Fault]) -> str:
    return ", ".join(field_names(kind))


def _value(text: str, rest: str) -> tuple[str, str]:
    found = _VALUE.match(rest)
    assert found is not None  # it matches nothing too
    raw = found[0]
    if raw.startswith('"'):
        try:
            return str(json.loads(raw)), rest[found.end() :].lstrip()
        except ValueError:
            raise InvalidFaultError(f"{text!r}: {raw} is not a text in double quotes") from None
    return raw.strip(), rest[found.end() :]


def _read(kind: type[Fault], name: str, raw: str) -> Any:
    if name in IN_SECONDS:
        return _quantity(kind, name, raw, _SECONDS, "seconds such as 250ms, 1.5s or 2m")
    if name == "size":
        return int(_quantity(kind, name, raw, _BYTES, "bytes such as 65536, 64KiB or 8MiB"))
    if name == "times" and raw in ("*", "always"):
        return None
    if name == "chance":
        return _number(kind, name, raw, float, "a number from 0 to 1")
    if name == "times" or (name in _WHOLE and not isinstance(_default(kind, name), str)):
        return _number(kind, name, raw, int, "a whole number")
    return raw


def _default(kind: type[Fault], name: str) -> object:
    return next(field.default for field in fields(kind) if field.name == name)


def _number(kind: type[Fault], name: str, raw: str, convert: Callable[[str], float], wanted: str) -> float:
    try:
        return convert(raw)
    except ValueError:
        raise InvalidFaultError(f"{kind.name}: {name} cannot be {raw!r}: give {wanted}") from None


def _quantity(kind: type[Fault], name: str, raw: str, units: Mapping[str, float], wanted: str) -> float:
    found = _QUANTITY.fullmatch(raw)
    if found is None or found[2] not in units:
        raise InvalidFaultError(f"{kind.name}: {name} cannot be {raw!r}: give {wanted}")
    return round(float(found[1]) * units[found[2]], 6)


def describe_kind(kind: type[Fault]) -> dict[str, Any]:
    """Return what a form for a kind needs: its name, its meaning in a line, its main field, and all fields."""
    hidden = {"session"} if issubclass(kind, (Refuse, ModelNotFound)) else set[str]()
    return {
        "name": kind.name,
        "about": (kind.__doc__ or "").strip().splitlines()[0],
        "main": main_field(kind),
        "fields": [name for name in field_names(kind) if name not in hidden],
    }

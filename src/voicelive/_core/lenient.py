"""Reading a payload that does not fit the contract, field by field, losing nothing.

The fast path validates a whole event in one go. Where that fails, this module walks the payload beside the model's
declared types: what fits is read as declared, what does not is kept as it arrived and reported as a
:class:`~voicelive._base.FieldIssue`. Nothing here raises on any JSON value.
"""

from __future__ import annotations

import math
import types
from collections.abc import Callable
from datetime import UTC, datetime
from enum import Enum
from functools import cache
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

from annotated_types import Ge, Le
from pydantic.fields import FieldInfo

from .._base import BaseEvent, FieldIssue, Model, OrInstanceOf, ReadFloat, ReadInt, TaggedUnion, alias_value
from .numbers import is_whole

__all__ = ["prepare_reading", "prepare_union", "read_model"]

Issues = list[FieldIssue]
Path = tuple["str | int", ...]
Reader = Callable[[Any, Path, Issues], Any]
M = TypeVar("M", bound=Model)
N = TypeVar("N", int, float)


def read_model(cls: type[M], payload: dict[str, Any]) -> M:
    """Build a `cls` from any JSON object; :attr:`Model.issues` of the result says what did not fit."""
    issues: Issues = []
    event: M = _build(cls, payload, (), issues)
    if issues:
        object.__setattr__(event, "_issues", tuple(issues))
    return event


def prepare_reading(cls: type[Model]) -> None:
    """Build what reads a `cls` now rather than when the first misfit arrives."""
    _field_readers(cls)


def prepare_union(union: TaggedUnion) -> None:
    """Build what reads an object that is of no kind of `union`."""
    _reader(union.__value__)


def _build(cls: type[M], payload: dict[str, Any], path: Path, issues: Issues) -> M:
    readers = _field_readers(cls)
    values: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    for key, value in payload.items():
        known = readers.get(key)
        if known is None:
            extra[key] = value
        else:
            values[key] = known[0](value, (*path, key), issues)
    given = set(values)
    for name, (_, required) in readers.items():
        if required and name not in given:
            issues.append(FieldIssue(_text((*path, name)), "a required field is missing"))
    # In the order of the declarations, as a validator has them.
    values = {name: values.get(name) for name in readers}
    model = cls.__new__(cls)
    object.__setattr__(model, "__dict__", values)
    object.__setattr__(model, "__pydantic_fields_set__", given)
    object.__setattr__(model, "__pydantic_extra__", extra)
    object.__setattr__(model, "__pydantic_private__", None)
    return model


@cache
def _field_readers(cls: type[Model]) -> dict[str, tuple[Reader, bool]]:
    return {
        field.alias or name: (_reader_of_field(field), _is_required(cls, name, field))
        for name, field in cls.__pydantic_fields__.items()
    }


def _is_required(cls: type[Model], name: str, field: FieldInfo) -> bool:
    # A constant has a default for those who build the model; on the wire it is required anyway.
    return field.is_required() or name in cls.__tags__


def _reader_of_field(field: FieldInfo) -> Reader:
    annotation: Any = field.annotation
    reader = _reader(annotation)
    bounds = [limit for limit in field.metadata if isinstance(limit, (Ge, Le))]
    return _bounded(reader, bounds) if bounds else reader


@cache
def _reader(annotation: Any) -> Reader:
    if isinstance(annotation, TaggedUnion):
        return _kinds_reader(annotation)
    if (value := alias_value(annotation)) is not None:
        return _reader(value)
    origin = get_origin(annotation)
    if origin is Annotated:
        inner, *metadata = get_args(annotation)
        if any(isinstance(entry, OrInstanceOf) for entry in metadata):
            return _union_reader((annotation,))
        bounds = [limit for limit in _limits(metadata) if isinstance(limit, (Ge, Le))]
        return _bounded(_reader(inner), bounds) if bounds else _reader(inner)
    if origin is Union or origin is types.UnionType:
        return _union_reader(get_args(annotation))
    if origin is Literal:
        return _literal_reader(get_args(annotation))
    if origin is list:
        return _list_reader(_reader(get_args(annotation)[0]))
    if origin is dict:
        return _dict_reader(_reader(get_args(annotation)[1]))
    if isinstance(annotation, type):
        if issubclass(annotation, Model):
            any_of = annotation.__dict__.get("__any_of__")
            return _model_reader(annotation) if any_of is None else _any_event_reader(any_of)
        if issubclass(annotation, Enum):
            return _enum_reader(annotation)
    return _SCALARS.get(annotation, _read_any)


def _limits(metadata: list[Any]) -> list[Any]:
    found: list[Any] = []
    for item in metadata:
        found.extend(item.metadata if isinstance(item, FieldInfo) else [item])
    return found


def _bounded(reader: Reader, bounds: list[Any]) -> Reader:
    def read(value: Any, path: Path, issues: Issues) -> Any:
        result = reader(value, path, issues)
        if isinstance(result, (int, float)) and not isinstance(result, bool):
            for limit in bounds:
                if isinstance(limit, Ge) and not result >= limit.ge:  # type: ignore[operator]
                    issues.append(FieldIssue(_text(path), f"below the minimum {limit.ge}", value))
                elif isinstance(limit, Le) and not result <= limit.le:  # type: ignore[operator]
                    issues.append(FieldIssue(_text(path), f"above the maximum {limit.le}", value))
        return result

    return read


def _read_any(value: Any, path: Path, issues: Issues) -> Any:
    return value


def _text(path: Path) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")


_GIVEN = {str: "a string", bool: "a boolean", int: "an integer", float: "a number", list: "an array", dict: "an object"}


def _misfit(wanted: str, value: Any, path: Path, issues: Issues, read: Any = None) -> Any:
    """Note that `value` is not what was `wanted`; `read` is what is made of it, if anything else."""
    given = _GIVEN.get(type(value), "null")
    issues.append(FieldIssue(_text(path), f"expected {wanted}, received {given}", value))
    return value if read is None else read


def _read_str(value: Any, path: Path, issues: Issues) -> Any:
    return value if isinstance(value, str) else _misfit("a string", value, path, issues)


def _read_bool(value: Any, path: Path, issues: Issues) -> Any:
    return value if isinstance(value, bool) else _misfit("true or false", value, path, issues)


def _read_int(value: Any, path: Path, issues: Issues) -> Any:
    if is_whole(value):
        return value
    read: int | None = None
    if isinstance(value, float) and value.is_integer():
        read = ReadInt(int(value), value)
    elif isinstance(value, str):
        # Only a reading that gives the same text back is one.
        number = _number(int, value)
        read = ReadInt(number, value) if number is not None and str(number) == value else None
    return _misfit("an integer", value, path, issues, read)


def _read_float(value: Any, path: Path, issues: Issues) -> Any:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        read = _finite(value)
        return read if read is not None else _misfit("a finite number", value, path, issues)
    number = _number(float, value) if isinstance(value, str) else None
    read = ReadFloat(number, value) if number is not None and math.isfinite(number) else None
    return _misfit("a number", value, path, issues, read)


def _finite(value: int | float) -> float | None:
    """Return `value` as a float that is given back as it came; None if it has no finite one."""
    try:
        number = float(value)
    except OverflowError:
        return None
    if not math.isfinite(number):
        return None
    return number if number == value else ReadFloat(number, value)


def _number(kind: Callable[[str], N], text: str) -> N | None:
    try:
        return kind(text)
    except ValueError:
        return None


def _read_time(value: Any, path: Path, issues: Issues) -> Any:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        try:
            return datetime.fromtimestamp(value, tz=UTC)
        except (ValueError, OverflowError, OSError):
            pass
    return _misfit("a Unix time in seconds", value, path, issues)


_SCALARS: dict[Any, Reader] = {
    str: _read_str,
    int: _read_int,
    float: _read_float,
    bool: _read_bool,
    datetime: _read_time,
}


def _literal_reader(choices: tuple[Any, ...]) -> Reader:
    wanted = " or ".join(repr(choice) for choice in choices)

    def read(value: Any, path: Path, issues: Issues) -> Any:
        if isinstance(value, str) and value in choices:
            return value
        return _misfit(wanted, value, path, issues)

    return read


def _enum_reader(enum: type[Enum]) -> Reader:
    def read(value: Any, path: Path, issues: Issues) -> Any:
        if isinstance(value, str):
            try:
                return enum(value)
            except ValueError:
                return value
        return _misfit("a string", value, path, issues)

    return read


def _list_reader(item: Reader) -> Reader:
    def read(value: Any, path: Path, issues: Issues) -> Any:
        if isinstance(value, list):
            return [item(entry, (*path, index), issues) for index, entry in enumerate(value)]
        return _misfit("an array", value, path, issues)

    return read


def _dict_reader(item: Reader) -> Reader:
    def read(value: Any, path: Path, issues: Issues) -> Any:
        if isinstance(value, dict):
            return {key: item(entry, (*path, key), issues) for key, entry in value.items()}
        return _misfit("an object", value, path, issues)

    return read


def _model_reader(cls: type[Model]) -> Reader:
    def read(value: Any, path: Path, issues: Issues) -> Any:
        if isinstance(value, dict):
            return _build(cls, value, path, issues)
        return _misfit("an object", value, path, issues)

    return read


def _any_event_reader(base: type[BaseEvent]) -> Reader:
    def read(value: Any, path: Path, issues: Issues) -> Any:
        # What does not fit in such an event is reported by the event itself.
        return base.from_dict(value) if isinstance(value, dict) else _misfit("an object", value, path, issues)

    return read


def _kinds_reader(union: TaggedUnion) -> Reader:
    def read(value: Any, path: Path, issues: Issues) -> Any:
        if isinstance(value, dict):
            kind = union.kind_of(value)
            if kind is not None and all(value.get(tag) == _constant(kind, tag) for tag in kind.__tags__):
                return _build(kind, value, path, issues)
        elif isinstance(value, str) and union.texts is not None:
            return _enum_reader(union.texts)(value, path, issues)
        # The other classes of the union are met only now.
        return _reader(union.__value__)(value, path, issues)

    return read


def _nullable(reader: Reader) -> Reader:
    def read(value: Any, path: Path, issues: Issues) -> Any:
        return None if value is None else reader(value, path, issues)

    return read


def _union_reader(members: tuple[Any, ...]) -> Reader:
    others = [member for member in members if member is not type(None)]
    if len(others) == 1 and len(members) == 2 and isinstance(others[0], TaggedUnion):
        return _nullable(_reader(others[0]))
    flat = [member for entry in members for member in _flatten(entry)]
    models = [m for m in flat if isinstance(m, type) and issubclass(m, Model)]
    nullable = type(None) in flat
    scalars = [(_fits(member), _reader(member)) for member in flat if member not in models and member is not type(None)]
    read_object = _tagged_reader(models) if models else None

    def read(value: Any, path: Path, issues: Issues) -> Any:
        if value is None and nullable:
            return None
        if read_object is not None and isinstance(value, dict):
            return read_object(value, path, issues)
        for fits, reader in scalars:
            if fits(value):
                return reader(value, path, issues)
        if len(scalars) == 1:
            return scalars[0][1](value, path, issues)
        return _misfit("another type", value, path, issues)

    return read


def _flatten(annotation: Any) -> list[Any]:
    if (value := alias_value(annotation)) is not None:
        return _flatten(value)
    origin = get_origin(annotation)
    if origin is Annotated:
        inner, *metadata = get_args(annotation)
        flat = _flatten(inner)
        bases = [entry.base for entry in metadata if isinstance(entry, OrInstanceOf)]
        if bases or len(flat) > 1:
            return [*flat, *bases]
        bounded = any(isinstance(entry, (Ge, Le)) for entry in _limits(metadata))
        return [inner] if isinstance(inner, type) and not bounded else [annotation]
    if origin is Union or origin is types.UnionType:
        return [member for entry in get_args(annotation) for member in _flatten(entry)]
    return [annotation]


def _fits(annotation: Any) -> Callable[[Any], bool]:
    origin = get_origin(annotation)
    if origin is Annotated:
        return _fits(get_args(annotation)[0])
    if origin is Literal:
        choices = get_args(annotation)
        return lambda value: isinstance(value, str) and value in choices
    if origin in (list, dict):
        return lambda value: isinstance(value, origin)
    if annotation in (float, datetime):
        # Also what is not finite: its reader says more.
        return lambda value: isinstance(value, (int, float)) and not isinstance(value, bool)
    if annotation is int:
        return is_whole
    if annotation is bool:
        return lambda value: isinstance(value, bool)
    if isinstance(annotation, type) and issubclass(annotation, str):
        return lambda value: isinstance(value, str)
    return lambda value: True


def _tagged_reader(models: list[type[Model]]) -> Reader:
    """Choose among `models` by their constants; an object that matches none is read as their common base."""
    bases = [m for m in models if any(m is not other and issubclass(other, m) for other in models)]
    concrete = [m for m in models if m not in bases]
    fallback = bases[0] if bases else None

    def read(value: Any, path: Path, issues: Issues) -> Any:
        best: type[Model] | None = None
        for model in concrete:
            if all(value.get(tag) == _constant(model, tag) for tag in model.__tags__):
                best = model
                break
        if best is None:
            best = _nearest_base(bases, value) or fallback
            if best is None:
                best = concrete[0] if len(concrete) == 1 else None
            if best is None:
                issues.append(FieldIssue(_text(path), "an object of an unknown kind", value))
                return value
        return _build(best, value, path, issues)

    return read


def _nearest_base(bases: list[type[Model]], value: dict[str, Any]) -> type[Model] | None:
    matching = [
        base for base in bases if base.__tags__ and all(value.get(tag) == _constant(base, tag) for tag in base.__tags__)
    ]
    return max(matching, key=lambda base: len(base.__mro__), default=None)


def _constant(model: type[Model], tag: str) -> Any:
    return model.__pydantic_fields__[tag].default

"""What pydantic is told about a field that takes any event: how it is read, written and described."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from pydantic import SerializationInfo
from pydantic_core import CoreSchema, core_schema

from .._base import BaseEvent, Model

__all__ = ["any_event_schema", "described"]

_Classes = Mapping[str, type[BaseEvent]]


def any_event_schema(base: type[BaseEvent], known: _Classes, *, other: _Classes) -> CoreSchema:
    """Return the schema of a field that takes any event of the side that `base` stands for.

    An event that only the `other` side sends is refused, so that a union of both sides reads each as what it is.
    """

    def read(value: Any) -> BaseEvent:
        if isinstance(value, base):
            return value
        if not isinstance(value, Mapping):
            raise ValueError(f"an event is a {base.__name__} or a mapping, not {type(value).__name__}")
        event_type = value.get("type")
        if event_type in other and event_type not in known:
            raise ValueError(f"{event_type!r} is not a {base.__name__}")
        return base.from_dict(value)

    return core_schema.no_info_plain_validator_function(
        read,
        serialization=core_schema.plain_serializer_function_ser_schema(_write, info_arg=True),
    )


def _write(event: Any, info: SerializationInfo) -> Any:
    # Any: the decorated method is one, to type checkers.
    return cast("Any", event)._serialized(info) if isinstance(event, Model) else event


def described(base: type[BaseEvent], known: _Classes) -> CoreSchema:
    """Return a schema that says, for a JSON schema, what the events look like: each known kind, or any other type."""
    choices = {event_type: _built(cls) for event_type, cls in known.items()}
    return core_schema.union_schema([core_schema.tagged_union_schema(choices, discriminator="type"), _built(base)])


def _built(cls: type[Model]) -> CoreSchema:
    cls.model_rebuild()
    return cls.__pydantic_core_schema__

"""Events that were stored: read as leniently as those that arrive."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from .._base import BaseEvent, FieldIssue, Model, decode_base64, plain_value
from .._generated.models import ClientEvent, ServerEvent
from .._generated.registry import CLIENT_EVENTS, SERVER_EVENTS
from ..errors import InvalidEventError
from .codec import Message, parsed
from .events import MalformedServerEvent, UnknownServerEvent
from .lenient import read_model
from .reconnect.connection_events import ConnectionGaveUp, ConnectionReconnecting, ConnectionRestored

__all__ = ["read_stored"]

_OWN: dict[str, type[ServerEvent]] = {
    str(cls.__pydantic_fields__["type"].default): cls
    for cls in (ConnectionGaveUp, ConnectionReconnecting, ConnectionRestored, MalformedServerEvent)
}
_SIDES: tuple[Mapping[str, type[BaseEvent]], ...] = (_OWN, SERVER_EVENTS, CLIENT_EVENTS)


def _known(event_type: str) -> type[BaseEvent] | None:
    return next((classes[event_type] for classes in _SIDES if event_type in classes), None)


def read_stored(cls: type[BaseEvent], stored: Message | Mapping[str, Any]) -> BaseEvent:
    """Read an event of the class `cls`, or of one derived from it, from JSON text or a mapping.

    Raises:
        InvalidEventError: if it is not an event of that class.
    """
    event = _read(cls, stored)
    # The class for any event is not the base of each.
    if not isinstance(event, cls):
        event_type = event.get("type")
        raise InvalidEventError(
            f"the stored event is not a {cls.__name__}: its type is {event_type!r}",
            event_type=event_type if isinstance(event_type, str) else None,
            issues=(FieldIssue("type", f"not the type of a {cls.__name__}", event_type),),
        )
    return event


def _read(cls: type[BaseEvent], stored: Message | Mapping[str, Any]) -> BaseEvent:
    payload: Any
    if isinstance(stored, Mapping):
        payload = plain_value(stored)
    else:
        data = stored.encode("utf-8", "surrogatepass") if isinstance(stored, str) else bytes(stored)
        payload, problem = parsed(data)
        if problem is not None:
            if issubclass(cls, ClientEvent):
                raise InvalidEventError(f"the stored event is {problem}", event_type=None)
            return MalformedServerEvent(data=data, reason=problem)
    return _event(cls, payload)


def _event(cls: type[BaseEvent], payload: dict[str, Any]) -> BaseEvent:
    event_type = payload.get("type")
    fitting = _own_type(cls) == event_type if isinstance(event_type, str) else False
    known = cls if fitting else _known(event_type) if isinstance(event_type, str) else None
    if known is MalformedServerEvent:
        return _malformed(payload)
    if known is not None:
        return read_model(known, payload)
    return read_model(cls if issubclass(cls, ClientEvent) else UnknownServerEvent, payload)


def _own_type(cls: type[Model]) -> str | None:
    """The constant type of an event class, such as one of the application's own; None if it has none."""
    constants = get_args(cls.__pydantic_fields__["type"].annotation)
    return constants[0] if len(constants) == 1 else None


def _malformed(payload: dict[str, Any]) -> BaseEvent:
    try:
        data = decode_base64(payload["data"])
    except (KeyError, TypeError, ValueError):
        return UnknownServerEvent.from_payload(payload)
    return MalformedServerEvent(data=data, reason=str(payload.get("reason", "")))


BaseEvent.__read__ = read_stored

"""Server events that no schema declares: unknown types, and messages that are no event at all."""

# Each kind narrows the `type` of its base to a constant, on purpose.
# pyright: reportIncompatibleVariableOverride=false

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Self

from .._generated.models import ServerEvent
from .._generated.registry import KnownServerEvent

__all__ = ["AnyServerEvent", "MalformedServerEvent", "UnknownServerEvent"]


class UnknownServerEvent(ServerEvent):
    """An event of a type that the contract does not have: a newer service, or a private extension.

    `type` is the wire's text; every other field is readable as an attribute, and :attr:`raw` is the whole payload.
    """

    __slots__ = ("_raw",)

    if TYPE_CHECKING:
        # A text no event has, so that comparing `event.type` rules this class out for type checkers.
        type: Literal["(unknown)"]

    @classmethod
    def from_payload(cls, payload: dict[str, Any]) -> Self:
        """Build the event from a decoded JSON object, whatever it holds."""
        event = cls.model_construct()
        values = {"type": payload.get("type"), "event_id": payload.get("event_id")}
        object.__setattr__(event, "__dict__", values)
        object.__setattr__(event, "__pydantic_fields_set__", values.keys() & payload.keys())
        extra = {key: value for key, value in payload.items() if key not in values}
        object.__setattr__(event, "__pydantic_extra__", extra)
        object.__setattr__(event, "_raw", payload)
        return event

    @property
    def raw(self) -> dict[str, Any]:
        """The payload as it arrived."""
        try:
            payload: dict[str, Any] = object.__getattribute__(self, "_raw")
        except AttributeError:
            return super().to_dict()
        return payload

    def to_dict(self) -> dict[str, Any]:
        """Return the payload as it arrived."""
        return self.raw


class MalformedServerEvent(ServerEvent):
    """A message that is not a JSON object: nothing the service should send, and no reason to end the call.

    :attr:`data` is the message as it arrived, :attr:`reason` says why it could not be read.
    """

    type: Literal["voicelive.malformed"] = "voicelive.malformed"
    data: bytes = b""
    """The message, byte for byte."""
    reason: str = ""
    """What is wrong with it."""


if TYPE_CHECKING:
    from typing import TypeAlias

    from .reconnect.local_events import ConnectionGaveUp, ConnectionReconnecting, ConnectionRestored

    LocalEvent: TypeAlias = ConnectionReconnecting | ConnectionRestored | ConnectionGaveUp
    AnyServerEvent: TypeAlias = KnownServerEvent | LocalEvent | UnknownServerEvent | MalformedServerEvent
    """Whatever the connection can hand out; comparing ``type`` or matching a class narrows it."""
else:
    AnyServerEvent = ServerEvent

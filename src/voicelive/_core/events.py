"""Server events that no schema declares: unknown types, and messages that are not events at all."""

# Each kind narrows the `type` of its base to a constant, on purpose.
# pyright: reportIncompatibleVariableOverride=false

from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic_core import CoreSchema

from .._generated.models import ClientEvent, ServerEvent
from .._generated.registry import CLIENT_EVENTS, SERVER_EVENTS
from .._public import public_in
from .any_event import any_event_schema, described

__all__ = ["AnyClientEvent", "AnyServerEvent", "MalformedServerEvent", "UnknownServerEvent"]


@public_in("voicelive.models")
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


@public_in("voicelive.models")
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

    from .._generated.registry import KnownClientEvent, KnownServerEvent
    from .conversation.conversation_events import (
        ApprovalAnswered,
        AudioDeviceChanged,
        BudgetUsed,
        ConversationInterrupted,
        ConversationState,
        InterruptionResumed,
        KeyPressed,
        LineChanged,
        ObserverFailed,
        RecordingStopped,
        ToolFinished,
        ToolStarted,
        TurnFinished,
        UserAway,
    )
    from .reconnect.connection_events import ConnectionGaveUp, ConnectionReconnecting, ConnectionRestored

    ConnectionEvent: TypeAlias = ConnectionReconnecting | ConnectionRestored | ConnectionGaveUp
    ConversationEvent: TypeAlias = (
        ConversationState
        | ConversationInterrupted
        | InterruptionResumed
        | ToolStarted
        | ToolFinished
        | ApprovalAnswered
        | UserAway
        | BudgetUsed
        | TurnFinished
        | AudioDeviceChanged
        | LineChanged
        | KeyPressed
        | ObserverFailed
        | RecordingStopped
    )
    LocalEvent: TypeAlias = ConnectionEvent | ConversationEvent
    AnyServerEvent: TypeAlias = KnownServerEvent | LocalEvent | UnknownServerEvent | MalformedServerEvent
    """Whatever the connection can hand out; comparing ``type`` or matching a class narrows it."""
    AnyClientEvent: TypeAlias = KnownClientEvent
    """Every event that an application can send."""
else:
    # What type checkers see as a union is one class at run time: `isinstance` holds for every event, and as the type of
    # a field or of an endpoint it reads each event as its own class and writes it whole.

    class _OneForAll(type(ServerEvent)):
        def __instancecheck__(cls, instance: Any) -> bool:
            return isinstance(instance, cls.__any_of__)

    @public_in("voicelive.models")
    class AnyServerEvent(ServerEvent, metaclass=_OneForAll):
        """Any event of the service, or of the connection itself; an unknown or unreadable one too."""

        __any_of__ = ServerEvent

        @classmethod
        def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> CoreSchema:
            return any_event_schema(ServerEvent, SERVER_EVENTS, other=CLIENT_EVENTS)

        @classmethod
        def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: Any) -> Any:
            return handler(described(ServerEvent, SERVER_EVENTS))

    @public_in("voicelive.models")
    class AnyClientEvent(ClientEvent, metaclass=_OneForAll):
        """Any event of an application; one of an unknown type too."""

        __any_of__ = ClientEvent

        @classmethod
        def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> CoreSchema:
            return any_event_schema(ClientEvent, CLIENT_EVENTS, other=SERVER_EVENTS)

        @classmethod
        def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: Any) -> Any:
            return handler(described(ClientEvent, CLIENT_EVENTS))

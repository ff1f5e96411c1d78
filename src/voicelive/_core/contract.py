"""What one connection speaks: its API version, the application's own events, and how strict it is."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from .._base import Model
from .._generated.models import ClientEvent, ServerEvent
from .._generated.registry import CLIENT_EVENTS
from ..errors import ConfigurationError, ContractWarning, InvalidEventError
from .codec import (
    Message,
    audio_frame,
    decoder_of,
    json_of_unknown,
    plain_call,
    plain_event,
    validated,
    written,
)
from .envelope import Incoming, Outgoing
from .events import AnyServerEvent, MalformedServerEvent, UnknownServerEvent
from .unpublished_models import unpublished_model_message
from .version_check import findings, unknown_version_message
from .version_names import VOICE_AGENTS, is_nested

__all__ = ["ContractCheck", "WireContract"]

ContractCheck = Literal["warn", "error", "ignore"]
"""What to do about a field that the API version, or every version, lacks: warn and send, refuse, or just send."""

Decode = Callable[..., AnyServerEvent]

_PACKAGE = str(Path(__file__).resolve().parent.parent)


class WireContract:
    """Decodes and encodes the messages of one connection.

    Args:
        api_version: the version the connection asks for; what is sent is checked against it.
        events: the application's own event classes, each derived from ``ServerEvent`` or ``ClientEvent``, with a
            constant `type`. They may replace a class of the contract.
        local_events: event classes of the connection's own, which the service never sends.
        strict: raise :class:`InvalidEventError` for a received message that does not fit, instead of reading it
            leniently. For tests.
        check: what to do about fields that the API version or every version lacks.
        previews: whether the connection asks for preview features.
        model: the model that is asked for.

    Raises:
        ConfigurationError: if a class among `events` cannot be used, or `check` is not one of the three; where it is
            `error`, for a version that is unknown and for a model whose protocol is not published.
    """

    def __init__(
        self,
        api_version: str,
        *,
        events: Iterable[type[Model]] = (),
        local_events: Iterable[type[Model]] = (),
        strict: bool = False,
        check: ContractCheck = "warn",
        previews: bool = False,
        model: str | None = None,
    ) -> None:
        if check not in get_args(ContractCheck):
            raise ConfigurationError(f"contract_check must be 'warn', 'error' or 'ignore', not {check!r}")
        self.version = api_version
        """The version the connection asks for."""
        self._previews = previews
        self.is_nested: bool = is_nested(api_version)
        """Whether the version nests a session's audio settings."""
        self._check: ContractCheck = check
        server: dict[str, type[ServerEvent]] = {}
        client: dict[str, type[ClientEvent]] = {}
        if not isinstance(events, Iterable):
            raise ConfigurationError(f"events must be a list of event classes, not {events!r}")
        for cls in (*local_events, *events):
            _register(cls, server, client)
        self._client = CLIENT_EVENTS.with_others(client) if client else CLIENT_EVENTS
        self._warned: set[str] | None = None
        decode: Decode = decoder_of(tuple(server.items())).decode
        if self.is_nested:
            decode = _also_flat(decode)
        self.decode: Decode = _strictly(decode) if strict else decode
        """Turn a message, and its type where that is known, into an event; never raises unless strict."""
        if check != "ignore":
            for message in (unknown_version_message(api_version), unpublished_model_message(model)):
                if message is not None:
                    self._tell(message)

    def event_of(self, message: Incoming) -> AnyServerEvent:
        """Return the event of a message, as it was made before or made now; never raises unless strict."""
        return message.event or self.decode(message.data, message.kind)

    def encode_call(self, event_type: str, fields: dict[str, Any]) -> Outgoing:
        """Write an event given by its type and fields; None fields are left out.

        Raises:
            InvalidEventError: if it does not fit the contract.
        """
        return audio_frame(event_type, fields) or self._encode(event_type, plain_call(event_type, fields))

    def encode_event(self, event: Model | Mapping[str, Any]) -> Outgoing:
        """Write an event given as a model or a mapping.

        Raises:
            InvalidEventError: if it does not fit the contract.
        """
        event_type, payload = plain_event(event)
        return self._encode(event_type, payload)

    def _encode(self, event_type: str, payload: dict[str, Any]) -> Outgoing:
        if event_type not in self._client:
            if self._check != "ignore":
                self._tell(f"{event_type!r} is not a client event type in any API version", event_type)
            event_id = payload.get("event_id")
            text = json_of_unknown(event_type, payload)
            return Outgoing(event_type, text, event_id if isinstance(event_id, str) else None)
        if self.is_nested:
            try:
                payload = _nested(event_type, payload, for_agent=self.version == VOICE_AGENTS)
            except InvalidEventError as error:
                error.event_type = event_type
                raise
        event = validated(event_type, payload, classes=self._client)
        if self._check != "ignore":
            for finding in findings(event, event_type, self.version, previews=self._previews):
                message = str(finding) if finding.path == event_type else f"{event_type}: {finding}"
                # What a version lacks is said once; a name that nobody knows is a mistake each time it is sent.
                self._tell(message, event_type, again=finding.is_unknown)
        return written(event)

    def _tell(self, message: str, event_type: str | None = None, *, again: bool = False) -> None:
        if self._check == "error":
            if event_type is None:
                raise ConfigurationError(message)
            raise InvalidEventError(f"{message}; nothing was sent", event_type=event_type)
        self._warned = set() if self._warned is None else self._warned
        if again or message not in self._warned:
            self._warned.add(message)
            end = "" if message.endswith("?") else "."
            text = message if event_type is None else f"{message}{end} It is sent anyway."
            _warn(text)


def _nested(event_type: str, payload: dict[str, Any], *, for_agent: bool) -> dict[str, Any]:
    # Loaded for the connections that need it; few do.
    from .agent_form import session_for_agent
    from .nested_form import item_to_nested, response_to_nested, session_to_nested

    def session(given: Mapping[str, Any]) -> dict[str, Any]:
        nested = session_to_nested(given)
        return session_for_agent(nested) if for_agent else nested

    translate: dict[str, tuple[str, Callable[[Mapping[str, Any]], dict[str, Any]]]] = {
        "session.update": ("session", session),
        "response.create": ("response", response_to_nested),
        "conversation.item.create": ("item", item_to_nested),
    }
    if event_type not in translate:
        return payload
    name, function = translate[event_type]
    inner = payload.get(name)
    # Anything else is for the validation to refuse.
    return {**payload, name: function(inner)} if isinstance(inner, Mapping) else payload


def _also_flat(decode: Decode) -> Decode:
    from .nested_form import read_flat

    def decode_and_flatten(data: Message, kind: bytes = b"") -> AnyServerEvent:
        event = decode(data, kind)
        read_flat(event)
        return event

    return decode_and_flatten


def _strictly(decode: Decode) -> Decode:
    def decode_strictly(data: Message, kind: bytes = b"") -> AnyServerEvent:
        event = decode(data, kind)
        if isinstance(event, MalformedServerEvent):
            raise InvalidEventError(f"received {event.reason}", event_type=None)
        if isinstance(event, UnknownServerEvent):
            raise InvalidEventError(f"received an event of the unknown type {event.type!r}", event_type=event.type)
        if event.issues:
            summary = "; ".join(map(str, event.issues))
            raise InvalidEventError(f"received {event.type}: {summary}", event_type=event.type, issues=event.issues)
        return event

    return decode_strictly


def _register(cls: type[Model], server: dict[str, type[ServerEvent]], client: dict[str, type[ClientEvent]]) -> None:
    name = getattr(cls, "__name__", repr(cls))
    if not isinstance(cls, type) or not issubclass(cls, (ServerEvent, ClientEvent)):
        raise ConfigurationError(f"{name} is not an event class: derive it from ServerEvent or ClientEvent")
    annotation: Any = cls.__pydantic_fields__["type"].annotation
    constants = get_args(annotation) if get_origin(annotation) is Literal else ()
    if len(constants) != 1:
        raise ConfigurationError(f"{name} needs a constant type, such as: type: Literal['x.y'] = 'x.y'")
    if issubclass(cls, ServerEvent):
        server[str(constants[0])] = cls
    else:
        client[str(constants[0])] = cls


def _warn(text: str) -> None:
    """Warn at the line of the first caller outside this package."""
    frame = inspect.currentframe()
    while frame is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        frame = frame.f_back
    file, line, module = (
        ("<unknown>", 1, None)
        if frame is None
        else (
            frame.f_code.co_filename,
            frame.f_lineno,
            frame.f_globals.get("__name__"),
        )
    )
    # With no registry of what was shown there: `warnings` would show what a line says only once per process.
    warnings.warn_explicit(text, ContractWarning, file, line, module)

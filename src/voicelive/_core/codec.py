"""Bytes to events and events to bytes.

Inbound is lenient: :func:`decode_server_event` turns any message into an event and never raises. Outbound is strict:
:func:`validated` refuses what the contract does not allow, before a byte is sent.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, cast

from pybase64 import b64encode
from pydantic import ValidationError
from pydantic_core import from_json, to_json

from .._base import RECEIVED, FieldIssue, Model, expect_decoding, plain_model, plain_value, raw_audio, standard_base64
from .._generated.models import ClientEvent, ServerEvent
from .._generated.registry import AUDIO_FIELDS, CLIENT_EVENTS, SERVER_EVENTS
from ..errors import InvalidEventError
from .envelope import AUDIO_DELTAS, Outgoing, base64_size
from .events import AnyClientEvent, AnyServerEvent, MalformedServerEvent, UnknownServerEvent
from .field_issues import field_issues, printable, surrogate_issues
from .lenient import read_model

__all__ = [
    "Decoder",
    "Message",
    "audio_frame",
    "decode_client_event",
    "decode_server_event",
    "decoder_of",
    "encode_server_event",
    "json_of",
    "json_of_unknown",
    "parsed",
    "plain_call",
    "plain_event",
    "validated",
    "written",
]

logger = logging.getLogger("voicelive.events")
# An application that configures no logging is not to find this package's notes on its stderr.
logging.getLogger("voicelive").addHandler(logging.NullHandler())

Message = bytes | bytearray | memoryview | str

# The first "type" is nearly always the event's own. Where it belongs to a nested object instead, the constant in the
# class it leads to does not match, and the slow path finds the right one.
_FIRST_TYPE = re.compile(rb'"type"\s*:\s*"([^"\\]*)"')

_Validate = Callable[..., "AnyServerEvent"]
_ServerClasses = Mapping[str, type[ServerEvent]]
_ClientClasses = Mapping[str, type[ClientEvent]]


_WITHOUT_VALIDATOR = 8
"""How many events of a type are read field by field; building its validator takes as long as reading dozens."""


class Decoder:
    """Turns messages into events of the classes it is given; a validator is built when it pays."""

    __slots__ = ("_classes", "_read", "_validators")

    def __init__(self, classes: _ServerClasses) -> None:
        self._classes = classes
        self._validators: dict[bytes, _Validate] = {}
        self._read: dict[bytes, int] = {}

    def decode(self, data: Message, kind: bytes = b"") -> AnyServerEvent:
        """Turn one message from the service into an event; never raises. See :func:`decode_server_event`.

        Args:
            data: the message.
            kind: its type, if it is known.
        """
        if not isinstance(data, bytes):
            data = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else bytes(data)
        if not kind and (found := _FIRST_TYPE.search(data)) is not None:
            kind = found[1]
        if kind:
            validate = self._validators.get(kind) or self._find_validator(kind)
            if validate is not None:
                try:
                    # Strict, so that nothing is converted silently: "5" for a number is for the slow path to report.
                    event = validate(data, strict=True, context=RECEIVED)
                except ValidationError:
                    pass
                else:
                    if kind in AUDIO_DELTAS:
                        expect_decoding(event)
                    return event
        return self._decode_slowly(data)

    def _find_validator(self, event_type: bytes) -> _Validate | None:
        cls = self._classes.get(event_type.decode("utf-8", "replace"))
        if cls is None:
            return None
        if not cls.__pydantic_complete__:
            read = self._read[event_type] = self._read.get(event_type, 0) + 1
            if read <= _WITHOUT_VALIDATOR:
                return None
            cls.model_rebuild()
        # Any: the validator does not say which class it reads.
        validate: _Validate = cast("Any", cls.__pydantic_validator__).validate_json
        self._validators[event_type] = validate
        return validate

    def _decode_slowly(self, data: bytes) -> AnyServerEvent:
        payload, problem = parsed(data)
        if problem is not None:
            return _malformed(data, problem)
        event_type = payload.get("type")
        cls = self._classes.get(event_type) if isinstance(event_type, str) else None
        if cls is None:
            return cast("AnyServerEvent", UnknownServerEvent.from_payload(payload))
        try:
            event = read_model(cls, payload)
        except RecursionError:
            return _malformed(data, "nested too deeply")
        _report(event)
        return cast("AnyServerEvent", event)


_default = Decoder(SERVER_EVENTS)


@lru_cache(maxsize=32)
def decoder_of(classes: tuple[tuple[str, type[ServerEvent]], ...]) -> Decoder:
    """Return the decoder for the contract's classes and these beside them: one for all connections that have them."""
    return Decoder(SERVER_EVENTS.with_others(dict(classes))) if classes else _default


decode_server_event: Callable[..., AnyServerEvent] = _default.decode
"""Turn one message from the service into an event.

Never raises: an unknown type gives :class:`UnknownServerEvent`, a message that is not a JSON object gives
:class:`MalformedServerEvent`, and a known event with odd fields gives its own class with :attr:`Model.issues`.
"""


def parsed(data: bytes) -> tuple[dict[str, Any], str | None]:
    """Read the JSON object that `data` is; the second value says why it is not one."""
    try:
        payload = _parse(data)
    except (ValueError, RecursionError) as error:
        return {}, f"not valid JSON: {error}"
    if not isinstance(payload, dict):
        kind = "null" if payload is None else type(payload).__name__
        return {}, f"a JSON {kind}, not an object"
    return payload, None


def _parse(data: bytes) -> Any:
    try:
        return from_json(data, cache_strings="keys")
    except ValueError as error:
        if "recursion limit" in str(error):
            # 200 levels. Deeper ones could be read, but not be walked safely afterwards.
            raise
        # The standard library also takes lone surrogates. Neither takes bytes that are not UTF-8.
        return json.loads(data.decode("utf-8"))


def _malformed(data: bytes, reason: str) -> AnyServerEvent:
    _log_once(("voicelive.malformed", reason), "the message is not an event: %s", reason)
    return MalformedServerEvent(data=data, reason=reason)


_reported: set[tuple[str, ...]] = set()
_REPORTED_AT_MOST = 1000


def _report(event: ServerEvent) -> None:
    for issue in event.issues:
        # Not the value: it may be what somebody said.
        path = re.sub(r"\[\d+\]", "[]", issue.path)
        _log_once((str(event.type), path, issue.message), "%s: %s: %s", event.type, path, issue.message)


def _log_once(key: tuple[str, ...], message: str, *values: object) -> None:
    if key in _reported or len(_reported) >= _REPORTED_AT_MOST:
        return
    _reported.add(key)
    logger.warning(message, *values)


def decode_client_event(
    data: Message, check: Callable[[dict[str, Any]], None] = lambda payload: None
) -> AnyClientEvent:
    """Turn one message from a client into an event; what the local service reads with.

    `check` sees the plain payload before the costly part begins, and may raise whatever it likes.

    Raises:
        InvalidEventError: if it is not a JSON object, of an unknown type, or a field does not fit.
    """
    if isinstance(data, memoryview):
        data = bytes(data)
    try:
        payload = from_json(data, cache_strings="keys")
    except ValueError as error:
        raise InvalidEventError(f"not valid JSON: {error}", event_type=None) from None
    if not isinstance(payload, dict):
        raise InvalidEventError("not a JSON object", event_type=None)
    check(payload)
    event_id = payload.get("event_id")
    return cast(
        "AnyClientEvent",
        validated(payload.get("type"), payload, event_id if isinstance(event_id, str) else None),
    )


def plain_event(event: Model | Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return an event's type and its plain payload.

    Raises:
        InvalidEventError: if it is neither a model nor a mapping, or has no type.
    """
    try:
        payload = _plain(event)
    except RecursionError:
        raise _too_deep(None) from None
    event_type = payload.get("type")
    if not isinstance(event_type, str) or not event_type:
        raise InvalidEventError(
            "the event has no `type`: give one of the client event types, e.g. 'response.create'",
            event_type=None,
            issues=(FieldIssue("type", "a non-empty string is required", event_type),),
        )
    return event_type, payload


def plain_call(event_type: str, fields: dict[str, Any]) -> dict[str, Any]:
    """Return the plain payload of an event given by its type and fields."""
    try:
        payload = {name: plain_value(value, keep_bare=True) for name, value in fields.items() if value is not None}
    except RecursionError:
        raise _too_deep(event_type) from None
    payload["type"] = event_type
    return payload


def written(event: ClientEvent) -> Outgoing:
    """Return a validated event as it is sent.

    Raises:
        InvalidEventError: if a free-form field holds what JSON cannot.
    """
    event_type = str(event.type)
    audio = getattr(event, AUDIO_FIELDS[event_type], "") if event_type in AUDIO_FIELDS else None
    return Outgoing(event_type, json_of(event), event.event_id, None if audio is None else base64_size(str(audio)))


def json_of(event: ClientEvent) -> bytes:
    """Return the JSON text of a validated event.

    Raises:
        InvalidEventError: if a free-form field holds what JSON cannot.
    """
    try:
        text = to_json(event.to_dict())
    except ValueError as error:  # a value of a type that JSON does not know, or half of a surrogate pair
        raise _unwritable(str(event.type), event.to_dict(), error) from None
    if b"NaN" in text or b"Infinity" in text:
        # Free-form fields, such as a tool's parameters, may hold numbers that JSON lacks; words in a text are fine.
        return json_of_unknown(event.type, event.to_dict())
    return text


_AUDIO_STARTS = {
    event_type: (field, b'{"type":"%b",' % event_type.encode("ascii"), b'"%b":"' % field.encode("ascii"))
    for event_type, field in AUDIO_FIELDS.items()
}


def audio_frame(event_type: str, fields: dict[str, Any]) -> Outgoing | None:
    """Write an audio event without building a model; None for other events and where a field needs a closer look."""
    known = _AUDIO_STARTS.get(event_type)
    if known is None:
        return None
    field, start, name_of_audio = known
    audio = fields[field]
    if isinstance(audio, str):
        try:
            text = standard_base64(audio).encode("ascii")
        except ValueError:
            return None
    elif (raw := raw_audio(audio)) is not None:
        text = b64encode(raw)
    else:
        return None
    for name, value in fields.items():
        if value is not None and name != field:
            if type(value) is not str or not value.isascii():
                return None
            start += to_json(name) + b":" + to_json(value) + b","
    data = b"".join((start, name_of_audio, text, b'"}'))
    return Outgoing(event_type, data, fields.get("event_id"), base64_size(text))


def encode_server_event(event: ServerEvent) -> bytes:
    """Return the JSON text of a server event, its ``event_id`` first as the service has it."""
    payload = event.to_dict()
    event_id = payload.pop("event_id", None)
    ordered = {"event_id": event_id, **payload} if event_id is not None else payload
    return to_json(ordered)


def validated(
    event_type: Any,
    payload: dict[str, Any],
    event_id: str | None = None,
    classes: _ClientClasses = CLIENT_EVENTS,
) -> ClientEvent:
    """Return the event that a plain payload is.

    Raises:
        InvalidEventError: if the type is unknown, or a field does not fit; names each.
    """
    cls = classes.get(event_type) if isinstance(event_type, str) else None
    if cls is None:
        raise InvalidEventError(
            f"{event_type!r} is not a client event type",
            event_type=event_type if isinstance(event_type, str) else None,
            issues=(FieldIssue("type", "not a client event type", event_type),),
            event_id=event_id,
        )
    try:
        return cls.model_validate(payload)
    except ValidationError as error:
        issues = field_issues(error.errors(include_url=False), payload)
        summary = "; ".join(str(issue) for issue in issues[:5])
        if len(issues) > 5:
            summary += f"; and {len(issues) - 5} more"
        raise InvalidEventError(
            f"{event_type} does not fit the contract: {summary}",
            event_type=event_type,
            issues=issues,
            event_id=event_id,
        ) from None


def _too_deep(event_type: str | None) -> InvalidEventError:
    return InvalidEventError(
        f"{event_type or 'the event'} is nested too deeply, or contains itself", event_type=event_type
    )


def _plain(event: Model | Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(event, ServerEvent):
        raise InvalidEventError(
            f"{type(event).__name__} is an event of the service: only client events can be sent", event_type=event.type
        )
    if isinstance(event, Model):
        return plain_model(event, keep_bare=True)
    if isinstance(event, Mapping):
        return {str(key): plain_value(value, keep_bare=True) for key, value in event.items()}
    raise InvalidEventError(f"an event is a model or a mapping, not {type(event).__name__}", event_type=None)


def json_of_unknown(event_type: str, payload: dict[str, Any]) -> bytes:
    """Return the JSON text of an event that no class describes; raises :class:`InvalidEventError` if it has none."""
    try:
        text = json.dumps(plain_value(payload), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        return text.encode("utf-8")
    except (TypeError, ValueError) as error:
        raise _unwritable(event_type, payload, error) from None


def _unwritable(event_type: str, payload: dict[str, Any], error: Exception) -> InvalidEventError:
    issues = tuple(surrogate_issues(payload))
    reason = "; ".join(map(str, issues[:5])) if issues else str(error)
    return InvalidEventError(
        f"{printable(event_type)} cannot be written as JSON: {reason}", event_type=event_type, issues=issues
    )

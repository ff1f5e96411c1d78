"""What goes over the wire, in the words of the connection's API version.

A session thinks in the flat form of the dated versions. At its edge a :class:`Wire` turns what the client sends into
that form, and what the session says into the version's own. Only this module knows that versions differ.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from ..._base import FieldIssue, Model
from ..._core.lenient import read_model
from ..._core.nested_form import (
    ASSISTANT_PARTS,
    RESPONSE,
    SESSION,
    from_nested,
    item_to_nested,
    response_to_nested,
    session_to_nested,
)
from ..._core.version_names import is_nested
from ..._generated import models
from ..._generated.registry import SERVER_EVENTS
from ..._generated.versions import API_VERSIONS, DEFAULT_API_VERSION, ENUM_VALUES, FIELDS, MODELS
from ...errors import InvalidEventError
from .context import item_model

__all__ = ["FlatWire", "NestedWire", "Wire", "not_in"]

Payload = dict[str, Any]


class Wire(Protocol):
    """One API version's way of saying things."""

    def inbound(self, event: models.ClientEvent) -> models.ClientEvent:
        """Return what the client sent as the session takes it.

        Raises:
            InvalidEventError: if the version has no such event, or a value is not one of its own.
        """
        ...

    def outbound(self, event: models.ServerEvent) -> Sequence[models.ServerEvent]:
        """Return the events to send for one that the session sends: none, it, or several."""
        ...

    def item(self, payload: Payload) -> Payload:
        """Return an item of the conversation as it is reported."""
        ...


class FlatWire:
    """The dated versions: the session's own form, without what the one or the other lacks."""

    def __init__(self, api_version: str = "") -> None:
        """Speak `api_version`; a dated one that is unknown has all that any of them has."""
        self._version = api_version if api_version in API_VERSIONS else None

    def inbound(self, event: models.ClientEvent) -> models.ClientEvent:
        """Return `event` without the settings that the version lacks: they are ignored, and not reported.

        Raises:
            InvalidEventError: if the version has no such event.
        """
        if not self._has(MODELS.get(type(event).__name__)):
            raise not_in(self._version or "", event)
        if isinstance(event, models.ClientEventSessionUpdate):
            payload = event.to_dict()
            session = {
                name: value
                for name, value in payload["session"].items()
                if name not in _NESTED_SETTINGS and self._has(FIELDS["RequestSession"].get(name))
            }
            if len(session) < len(payload["session"]):
                return read_model(type(event), {**payload, "session": session})
        return event

    def _has(self, versions: Sequence[str] | None) -> bool:
        return self._version is None or versions is None or self._version in versions

    def outbound(self, event: models.ServerEvent) -> Sequence[models.ServerEvent]:
        """Return `event`, unless or as far as only the draft has it."""
        if isinstance(event, models.ServerEventConversationCreated):
            return ()
        if isinstance(event, models.ServerEventConversationItemDone):
            # Recorded of what the user says to a realtime model, and of nothing else.
            return (event,) if getattr(event.item, "role", None) == "user" else ()
        return (_without_lacking(event, self._version or DEFAULT_API_VERSION),)

    def item(self, payload: Payload) -> Payload:
        """Return `payload` as it is."""
        return payload


class NestedWire:
    """The draft v1: nested sessions and responses, other names of events and parts, items added and done."""

    version = "v1"
    """The version whose fields are said."""

    def __init__(self) -> None:
        # Items that a response is still writing, each with the id of the item before it.
        self._unfinished: dict[str, str | None] = {}
        self._inbound: Mapping[str, Callable[[Payload], Payload]] = {
            "session.update": _flat_session_update,
            "response.create": _flat_response_create,
            "conversation.item.create": _flat_item_create,
        }

    def inbound(self, event: models.ClientEvent) -> models.ClientEvent:
        """Return `event` in the flat form.

        Settings in the flat form are ignored, as the service ignores whatever a version lacks.

        Raises:
            InvalidEventError: if the version has no such event, or a value is not one of its own.
        """
        if isinstance(event, models.ClientEventTranscriptionSessionUpdate):
            raise not_in("v1", event)
        translate = self._inbound.get(event.type)
        if translate is None:
            return event
        try:
            payload = translate(event.to_dict())
        except InvalidEventError as error:
            raise InvalidEventError(
                str(error), event_type=event.type, issues=error.issues, event_id=event.event_id
            ) from None
        # Leniently: the nested form was checked already, and the session refuses what it cannot use.
        return read_model(type(event), payload)

    def outbound(self, event: models.ServerEvent) -> Sequence[models.ServerEvent]:
        """Return `event` in the nested form, and beside it what only the draft says."""
        event = _without_lacking(event, self.version)
        renamed = _renamed().get(event.type)
        if renamed is not None:
            name, cls = renamed
            return (read_model(cls, {**event.to_dict(), "type": name}),)
        session, response = getattr(event, "session", None), getattr(event, "response", None)
        item, error = getattr(event, "item", None), getattr(event, "error", None)
        if isinstance(session, models.ResponseSession):
            return (_with(event, "session", session_to_nested(session.to_dict())),)
        if isinstance(response, models.Response):
            return (_with(event, "response", self._nested_response(response.to_dict())),)
        if isinstance(item, models.ResponseItem):
            translated = event.model_copy(update={"item": item_model(self.item(item.to_dict()))})
            return (translated, *self._beside(translated))
        if isinstance(error, models.ServerEventErrorDetails):
            return (_with(event, "error", _nested_error(error.to_dict())),)
        return (event,)

    def item(self, payload: Payload) -> Payload:
        """Return an item with the draft's names of an assistant's content parts."""
        return item_to_nested(payload)

    def _beside(self, event: models.ServerEvent) -> Sequence[models.ServerEvent]:
        """Return ``conversation.item.added`` and ``.done`` for what was said of an item."""
        if isinstance(event, models.ServerEventResponseOutputItemAdded) and event.item is not None:
            self._unfinished[str(event.item.id)] = None
        elif isinstance(event, models.ServerEventConversationItemCreated) and event.item is not None:
            previous, item = event.previous_item_id or None, event.item
            added = models.ServerEventConversationItemAdded(previous_item_id=previous, item=item)
            if item.id in self._unfinished:
                self._unfinished[item.id] = previous
                return (added,)
            if isinstance(item, models.ResponseMCPListToolItem):
                return (added,)  # The session says itself when the list is there.
            return added, models.ServerEventConversationItemDone(previous_item_id=previous, item=item)
        elif isinstance(event, models.ServerEventResponseOutputItemDone) and event.item is not None:
            previous = self._unfinished.pop(str(event.item.id), None)
            return (models.ServerEventConversationItemDone(previous_item_id=previous, item=event.item),)
        return ()

    def _nested_response(self, response: Payload) -> Payload:
        voice, audio_format = response.get("voice"), response.get("output_audio_format")
        if isinstance(voice, Mapping):
            # The draft reports the voice of a response by its name alone.
            response["voice"] = voice.get("name") or voice.get("id")
        if isinstance(audio_format, str) and audio_format.startswith("pcm16_"):
            rate = int(audio_format.removeprefix("pcm16_").removesuffix("hz"))
            response["output_audio_format"] = {"type": "audio/pcm", "rate": rate}
        if "output" in response:
            response["output"] = [self.item(item) for item in response["output"] or ()]
        return response_to_nested(response)


@functools.cache
def _renamed() -> Mapping[str, tuple[str, type[models.ServerEvent]]]:
    """Return the events with another name in the draft: by the dated name, the draft's name and class.

    Made when first asked for, and of what only the draft has, as each class takes time to define.
    """
    only_nested = [name for name, versions in ENUM_VALUES["ServerEventType"].items() if all(map(is_nested, versions))]
    classes = {name: SERVER_EVENTS[name] for name in only_nested if name in SERVER_EVENTS}
    return {cls.__alias_of__: (name, cls) for name, cls in classes.items() if cls.__alias_of__ is not None}


_NESTED_SETTINGS = {name for name, versions in FIELDS["RequestSession"].items() if all(map(is_nested, versions))}
"""The settings of a session that only the draft has."""

_FLAT_PARTS = {nested: flat for flat, nested in ASSISTANT_PARTS.items()}


def not_in(version: str, event: models.ClientEvent) -> InvalidEventError:
    return InvalidEventError(
        f"{event.type} is not in API version {version}",
        event_type=event.type,
        issues=(FieldIssue("type", f"not in API version {version}", event.type),),
        event_id=event.event_id,
    )


def _without_lacking(event: models.ServerEvent, version: str) -> models.ServerEvent:
    """Return `event` without those of its own fields that a version lacks."""
    limited = FIELDS.get(type(event).__name__)
    if not limited:
        return event
    lacking = {name for name in event.model_fields_set if version not in limited.get(name, (version,))}
    if not lacking:
        return event
    return read_model(type(event), {name: value for name, value in event.to_dict().items() if name not in lacking})


def _with(event: models.ServerEvent, field: str, payload: Payload) -> models.ServerEvent:
    old: Model = getattr(event, field)
    return event.model_copy(update={field: read_model(type(old), payload)})


# --- what the client sends -------------------------------------------------------------------------------------------


def _flat_session_update(event: Payload) -> Payload:
    flat = _flat(event["session"], SESSION)
    session_to_nested(flat)  # raises: the session is to be told back, so it must have a nested form
    return {**event, "session": flat}


def _flat_response_create(event: Payload) -> Payload:
    if event.get("response") is None:
        return event
    flat = _flat(event["response"], RESPONSE)
    if "input" in flat:
        flat["input_items"] = flat.pop("input")
    for name in ("input_items", "append_input_items"):
        if flat.get(name) is not None:
            flat[name] = [_flat_item(item) for item in flat[name]]
    if flat.get("pre_generated_assistant_message") is not None:
        flat["pre_generated_assistant_message"] = _flat_item(flat["pre_generated_assistant_message"])
    response_to_nested(flat)  # raises
    return {**event, "response": flat}


def _flat_item_create(event: Payload) -> Payload:
    return event if event.get("item") is None else {**event, "item": _flat_item(event["item"])}


def _flat(nested: Payload, rules: Any) -> Payload:
    own = {rule.flat for rule in rules}
    flat = from_nested({name: value for name, value in nested.items() if name not in own}, rules)
    for rule in rules:
        if len(rule.nested) > 1:
            # What is left there is null, or unknown: ignored as at the service.
            flat.pop(rule.nested[0], None)
    return flat


def _flat_item(item: Payload) -> Payload:
    content = item.get("content")
    if item.get("role") != "assistant" or not isinstance(content, list):
        return item
    return {**item, "content": [{**part, "type": _FLAT_PARTS.get(part["type"], part["type"])} for part in content]}


# --- what the session says -------------------------------------------------------------------------------------------


def _nested_error(error: Payload) -> Payload:
    """Name the field of an error, in its text too, as the client knows it."""
    param = error.get("param")
    for where, rules in (("session", SESSION), ("response", RESPONSE)):
        for rule in rules:
            flat, nested = f"{where}.{rule.flat}", ".".join((where, *rule.nested))
            if (isinstance(param, str) and param.startswith((f"{flat}.", f"{flat}["))) or param == flat:
                return {
                    **error,
                    "param": nested + str(param).removeprefix(flat),
                    "message": str(error["message"]).replace(flat, nested),
                }
    return error

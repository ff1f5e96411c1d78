"""Comparing `type` and matching classes narrow an event to its class."""

# pyright: reportUnnecessaryTypeIgnoreComment=true

from __future__ import annotations

import json
from typing import Any, assert_type

from voicelive._core.codec import decode_server_event
from voicelive.models import (
    AnyServerEvent,
    MalformedServerEvent,
    ResponseFunctionCallItem,
    ResponseMessageItem,
    ServerEventConversationItemCreated,
    ServerEventError,
    ServerEventResponseAudioDelta,
    ServerEventResponseDone,
    UnknownServerEvent,
)


def by_type(event: AnyServerEvent) -> str:
    """An `if` chain over `event.type`."""
    if event.type == "response.audio.delta":
        assert_type(event, ServerEventResponseAudioDelta)
        assert_type(event.delta, str)
        assert_type(event.delta_bytes, bytes)
        return "audio"
    if event.type == "response.done":
        assert_type(event, ServerEventResponseDone)
        return str(event.response.status)
    if event.type == "error":
        assert_type(event, ServerEventError)
        return event.error.message
    event.delta  # type: ignore[union-attr] # pyright: ignore # noqa: B018
    return "other"


def by_class(event: AnyServerEvent) -> str:
    """A `match` over classes."""
    match event:
        case ServerEventResponseAudioDelta(delta=delta):
            assert_type(delta, str)
            return "audio"
        case ServerEventResponseDone(response=response):
            return str(response.status)
        case ServerEventError():
            return event.error.message
        case UnknownServerEvent():
            assert_type(event.raw, dict[str, Any])
            return "unknown"
        case MalformedServerEvent(data=data):
            assert_type(data, bytes)
            return "malformed"
        case _:
            return "other"


def nested(event: ServerEventConversationItemCreated) -> str:
    """Items narrow like events."""
    item = event.item
    if item is None:
        return "none"
    if item.type == "message":
        assert_type(item, ResponseMessageItem)
        return str(item.role)
    if item.type == "function_call":
        assert_type(item, ResponseFunctionCallItem)
        return item.name
    return "other"


def decoded(**payload: Any) -> AnyServerEvent:
    return decode_server_event(json.dumps(payload))


def test_narrowing_is_true_at_run_time() -> None:
    """What the type checkers were told is what happens."""
    error = decoded(type="error", error={"type": "t", "message": "m"})
    done = decoded(type="response.done", response={"status": "completed"})
    assert by_type(error) == by_class(error) == "m"
    assert by_type(done) == by_class(done) == "completed"
    assert by_class(decoded(type="x.y")) == "unknown"
    assert by_class(decode_server_event(b"")) == "malformed"
    created = decoded(type="conversation.item.created", item={"type": "function_call", "name": "f"})
    assert isinstance(created, ServerEventConversationItemCreated)
    assert nested(created) == "f"

"""What arrives: lenient about everything, exact about every value."""

from __future__ import annotations

import base64
import copy
import json
import logging
import pickle
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.samples import SERVER_TYPES, sample_event
from voicelive._core.codec import decode_server_event
from voicelive.models import (
    MalformedServerEvent,
    Modality,
    ResponseItem,
    ServerEventConversationItemCreated,
    ServerEventInputAudioBufferSpeechStarted,
    ServerEventResponseAudioDelta,
    ServerEventResponseDone,
    ServerEventSessionCreated,
    UnknownServerEvent,
)

DATA = Path(__file__).resolve().parent.parent / "data"
LINES = [json.loads(line) for line in (DATA / "real-payloads.jsonl").read_text(encoding="utf-8").splitlines()]
PAYLOADS = [line["payload"] for line in LINES if line["direction"] == "server"]


@pytest.mark.parametrize("payload", PAYLOADS, ids=lambda payload: str(payload["type"]))
def test_real_payloads_lose_nothing(payload: dict[str, Any]) -> None:
    """Every recorded or documented payload, however far from the schema, gives back all that it carried."""
    event = decode_server_event(json.dumps(payload).encode())
    assert event.to_dict() == payload
    assert event.type == payload["type"]
    assert type(event).__name__ == SERVER_TYPES.get(payload["type"], "UnknownServerEvent")


def test_audio_stays_text_and_decodes_on_demand() -> None:
    """An audio delta holds the wire's text; its companion gives the decoded bytes, the same object each time."""
    audio = bytes(range(256))
    text = base64.b64encode(audio).decode()
    event = decode_server_event(json.dumps({**sample_event("ServerEventResponseAudioDelta", full=True), "delta": text}))
    assert isinstance(event, ServerEventResponseAudioDelta)
    assert event.delta == text
    assert event.delta_bytes == audio
    assert event.delta_bytes is event.delta_bytes


@pytest.mark.parametrize(
    ("delta", "decoded", "issues"),
    [
        ("YWJj\nZGVm", b"abcdef", 1),
        ("!!", b"", 1),
        (None, b"", 1),
        (17, b"", 2),
    ],
)
def test_bad_base64_is_an_issue_not_an_exception(delta: Any, decoded: bytes, issues: int) -> None:
    """Audio that is no clean base64 gives what can be decoded, and says so on the event."""
    payload = {**sample_event("ServerEventResponseAudioDelta", full=True), "delta": delta}
    event = decode_server_event(json.dumps(payload))
    assert isinstance(event, ServerEventResponseAudioDelta)
    assert event.delta_bytes == decoded
    assert len(event.issues) == issues
    assert event.to_dict() == payload


def test_unknown_type_keeps_payload() -> None:
    """An event of a type nobody declared arrives with its type, its fields and the raw payload."""
    payload = {"type": "response.telepathy.delta", "event_id": "e1", "thought": {"deep": [1, None]}}
    event = decode_server_event(json.dumps(payload))
    assert isinstance(event, UnknownServerEvent)
    assert str(event.type) == "response.telepathy.delta"
    assert event.event_id == "e1"
    assert event.raw == payload
    assert event.model_dump()["thought"] == {"deep": [1, None]}


NESTED = b'{"type": "error", "error": {"x": ' + b'{"a":' * 400 + b"1" + b"}" * 402


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[1]",
        b"null",
        b'"text"',
        b"\xff\xfe",
        b'{"type": "x"',
        "\ud800",
        b"[" * 5000,
        b"\x00\x01\x02",
        NESTED,
    ],
    ids=repr,
)
def test_messages_that_are_no_event(data: bytes | str) -> None:
    """A message that is not JSON object is handed out as such, with its bytes and the reason."""
    event = decode_server_event(data)
    assert isinstance(event, MalformedServerEvent)
    assert event.type == "voicelive.malformed"
    assert event.data == (data if isinstance(data, bytes) else data.encode("utf-8", "surrogatepass"))
    assert event.reason


@pytest.mark.parametrize("message", [bytearray, memoryview, bytes.decode], ids=["bytearray", "view", "str"])
def test_any_kind_of_buffer_decodes(message: Any) -> None:
    """Text, bytes and views of bytes decode alike."""
    data = json.dumps(sample_event("ServerEventResponseDone", full=True)).encode()
    assert isinstance(decode_server_event(message(data)), ServerEventResponseDone)


def test_type_after_nested_types() -> None:
    """The event's own type counts, also where a nested object's type comes first in the text."""
    data = b'{"session": {"turn_detection": {"type": "server_vad"}, "modalities": ["text"]}, "type": "session.created"}'
    event = decode_server_event(data)
    assert isinstance(event, ServerEventSessionCreated)
    assert event.session.turn_detection is not None
    assert event.session.turn_detection.type == "server_vad"
    assert event.issues == ()


def test_unknown_nested_kind_keeps_its_values() -> None:
    """An item of an unknown kind arrives as the base of all items, with all its fields."""
    payload = {"type": "conversation.item.created", "item": {"type": "hologram", "id": "i1", "beams": [1, 2]}}
    event = decode_server_event(json.dumps(payload))
    assert isinstance(event, ServerEventConversationItemCreated)
    assert type(event.item) is ResponseItem
    assert event.item.id == "i1"
    assert event.to_dict() == payload


def test_enum_values_are_members_or_text() -> None:
    """A known enum value comes back as a member, an unknown one as text; both equal their text."""
    data = b'{"type": "session.created", "session": {"modalities": ["text", "smell"]}}'
    event = decode_server_event(data)
    assert isinstance(event, ServerEventSessionCreated)
    known, unknown = event.session.modalities or ["", ""]
    assert known is Modality.TEXT
    assert Modality.TEXT == "text"  # type: ignore[comparison-overlap]
    assert f"{known}" == "text"
    assert type(unknown) is str
    assert unknown == "smell"


def test_wrong_types_are_reported_and_kept() -> None:
    """A number sent as text is read as the number, reported once with its place, and sent back as it came."""
    payload = {"type": "input_audio_buffer.speech_started", "audio_start_ms": "320", "item_id": None}
    event = decode_server_event(json.dumps(payload))
    assert isinstance(event, ServerEventInputAudioBufferSpeechStarted)
    assert event.audio_start_ms == 320
    assert [(issue.path, issue.value) for issue in event.issues] == [("audio_start_ms", "320"), ("item_id", None)]
    assert event.to_dict() == payload
    copy = pickle.loads(pickle.dumps(event))
    assert copy == event
    assert copy.issues == event.issues


def test_edits_of_what_was_read_leniently_hold() -> None:
    """A field that arrived wrongly can be changed or removed afterwards, at any depth, and copies keep what arrived."""
    payload = {"type": "response.done", "response": {"temperature": "0.5", "usage": {"total_tokens": "5"}}}
    event = decode_server_event(json.dumps(payload))
    assert isinstance(event, ServerEventResponseDone)
    for copied in (
        copy.copy(event),
        copy.deepcopy(event),
        event.model_copy(deep=True),
        pickle.loads(pickle.dumps(event)),
    ):
        assert copied.to_dict() == payload
        assert copied.issues == event.issues
    assert event.response.to_dict() == payload["response"]
    event.response.temperature = 0.9
    event.response.usage = None
    assert event.to_dict() == {"type": "response.done", "response": {"temperature": 0.9, "usage": None}}


def test_half_a_surrogate_pair_is_given_back() -> None:
    """A text that only an escape can hold arrives, and is written as it came."""
    payload = {"type": "error", "error": {"type": "t", "message": "\ud800"}}
    event = decode_server_event(json.dumps(payload))
    assert event.to_dict() == payload
    assert json.loads(event.to_json()) == payload


def test_issues_are_logged_once_without_values(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A misfit is logged once a kind, naming the field and never what it holds."""
    monkeypatch.setattr("voicelive._core.codec._reported", set())  # as if no other test had met it in this process
    payload = {"type": "conversation.item.deleted", "item_id": ["secret words"]}
    with caplog.at_level(logging.WARNING, logger="voicelive.events"):
        for _ in range(3):
            decode_server_event(json.dumps(payload))
    assert len(caplog.records) == 1
    assert "conversation.item.deleted: item_id" in caplog.text
    assert "secret words" not in caplog.text


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=600, deadline=None)
@given(st.sampled_from(sorted(SERVER_TYPES)), st.data())
def test_mutated_events_lose_nothing(event_type: str, data: st.DataObject) -> None:
    """Fields deleted, nulled, retyped, nested or added anywhere: the class is kept and every value comes back."""
    payload = sample_event(SERVER_TYPES[event_type], full=True)
    for _ in range(data.draw(st.integers(1, 4))):
        _mutate(payload, data)
    payload["type"] = event_type
    event = decode_server_event(json.dumps(payload))
    assert type(event).__name__ == SERVER_TYPES[event_type]
    assert event.to_dict() == payload


def _mutate(payload: dict[str, Any], data: st.DataObject) -> None:
    node: Any = payload
    while True:
        keys: list[Any] = sorted(node) if isinstance(node, dict) else list(range(len(node)))
        if not keys:
            return
        key = data.draw(st.sampled_from(keys))
        if isinstance(node[key], (dict, list)) and node[key] and data.draw(st.booleans()):
            node = node[key]
            continue
        break
    action = data.draw(st.sampled_from(["delete", "null", "retype", "nest", "add"]))
    if action == "delete":
        del node[key]
    elif action == "null":
        node[key] = None
    elif action == "retype":
        node[key] = data.draw(JSON)
    elif action == "nest":
        node[key] = {"value": node[key]}
    elif isinstance(node, dict):
        node[data.draw(st.text(max_size=8))] = data.draw(JSON)


def test_an_unknown_event_that_was_built_here() -> None:
    """An unknown event that never arrived is what its fields say."""
    event = UnknownServerEvent.model_validate({"type": "x.y", "event_id": "e1", "extra": 1})
    assert event.raw == event.to_dict() == {"type": "x.y", "event_id": "e1", "extra": 1}

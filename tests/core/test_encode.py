"""What is sent: refused where it does not fit, written exactly where it does."""

from __future__ import annotations

import array
import base64
import json
from typing import Any

import pytest

from voicelive._core.codec import decode_client_event
from voicelive._core.contract import WireContract
from voicelive.errors import InvalidEventError
from voicelive.models import (
    AzureStandardVoice,
    ClientEventInputAudioBufferAppend,
    ClientEventSessionUpdate,
    ConversationRequestItem,
    FunctionTool,
    InputAudioContentPart,
    RequestSession,
    ResponseMessageItem,
    ServerEventError,
    ServerVad,
    TurnDetection,
    UserMessageItem,
)

CONTRACT = WireContract("2026-07-15", check="ignore")
encode_call, encode_event = CONTRACT.encode_call, CONTRACT.encode_event
AUDIO = bytes(range(256)) * 4
UNKNOWN: dict[str, Any] = {"depth": 3}
"""What the schema lacks; a keyword that a model lacks is an error for type checkers."""
TEXT = base64.b64encode(AUDIO).decode()


def session_of(data: bytes) -> dict[str, Any]:
    payload: dict[str, Any] = json.loads(data)
    session: dict[str, Any] = payload["session"]
    return session


@pytest.mark.parametrize(
    ("session", "sent"),
    [
        ({}, {}),
        ({"turn_detection": None}, {"turn_detection": None}),
        (RequestSession(turn_detection=None), {"turn_detection": None}),
        (RequestSession(), {}),
        (RequestSession(instructions=None, model="m"), {"instructions": None, "model": "m"}),
        ({"voice": "alloy"}, {"voice": "alloy"}),
        ({"voice": AzureStandardVoice(name="x")}, {"voice": {"type": "azure-standard", "name": "x"}}),
        (RequestSession(voice={"type": "openai", "name": "cedar"}), {"voice": {"type": "openai", "name": "cedar"}}),
        ({"tools": [FunctionTool(name="f")]}, {"tools": [{"type": "function", "name": "f"}]}),
        ({"max_response_output_tokens": "inf"}, {"max_response_output_tokens": "inf"}),
        ({"from_the_future": [1]}, {"from_the_future": [1]}),
        (RequestSession(modalities=("text", "smell")), {"modalities": ["text", "smell"]}),
        (
            {"turn_detection": TurnDetection(type="psychic_vad", **UNKNOWN)},
            {"turn_detection": {"type": "psychic_vad", **UNKNOWN}},
        ),
    ],
)
def test_unset_is_not_null(session: Any, sent: dict[str, Any]) -> None:
    """A field never given is not sent, a field set to None is sent as null; models and mappings alike."""
    assert session_of(encode_call("session.update", {"session": session, "event_id": None}).data) == sent
    assert session_of(encode_event({"type": "session.update", "session": session}).data) == sent
    assert session_of(encode_event(ClientEventSessionUpdate(session=session)).data) == sent


@pytest.mark.parametrize(
    ("session", "path", "says"),
    [
        ({"temperature": "hot"}, "session.temperature", "must be a number"),
        ({"turn_detection": {"type": "sarver_vad"}}, "session.turn_detection", "'server_vad'"),
        ({"turn_detection": {"threshold": 0.5}}, "session.turn_detection", "type"),
        (
            {"turn_detection": {"type": "server_vad", "threshold": 3}},
            "session.turn_detection.threshold",
            "must be at most 1",
        ),
        ({"tools": [{"type": "function"}]}, "session.tools[0].name", "required"),
        ({"modalities": "text"}, "session.modalities", "list"),
        ({"temperature": float("nan")}, "session.temperature", "finite"),
        ({"tools": [{"type": "function", "name": "f", "parameters": {"x": float("inf")}}]}, None, "JSON"),
        ("instructions", "session", "must be an object"),
    ],
)
def test_bad_fields_are_refused_by_name(session: Any, path: str | None, says: str) -> None:
    """A value that does not fit is refused before anything is sent, naming the field as the caller wrote it."""
    with pytest.raises(InvalidEventError, match=says) as caught:
        encode_call("session.update", {"session": session})
    assert [issue.path for issue in caught.value.issues] == ([] if path is None else [path])
    assert caught.value.event_type == "session.update"


@pytest.mark.parametrize(
    ("event_type", "fields", "path"),
    [
        ("session.update", {"session": {"temperature": 9}}, "session.temperature"),
        ("session.update", {"session": {"temperature": -0.1}}, "session.temperature"),
        ("session.update", {"session": {"max_response_output_tokens": -1}}, "session.max_response_output_tokens"),
        ("session.update", {"session": {"max_response_output_tokens": 0}}, "session.max_response_output_tokens"),
        (
            "session.update",
            {"session": {"turn_detection": {"type": "server_vad", "silence_duration_ms": -1}}},
            "session.turn_detection.silence_duration_ms",
        ),
        ("response.create", {"response": {"max_output_tokens": -1}}, "response.max_output_tokens"),
        ("response.create", {"response": {"temperature": 9}}, "response.temperature"),
        (
            "conversation.item.truncate",
            {"item_id": "i", "content_index": 0, "audio_end_ms": -1},
            "audio_end_ms",
        ),
        (
            "conversation.item.truncate",
            {"item_id": "i", "content_index": -1, "audio_end_ms": 0},
            "content_index",
        ),
    ],
)
def test_numbers_that_cannot_be_right_are_refused(event_type: str, fields: dict[str, Any], path: str) -> None:
    """A number outside what it can mean is refused before anything is sent, given as a mapping, a call or an event."""
    for send in (
        lambda: encode_call(event_type, fields).data,
        lambda: encode_event({"type": event_type, **fields}).data,
        lambda: decode_client_event(json.dumps({"type": event_type, **fields})),
    ):
        with pytest.raises(InvalidEventError, match=r"must be ('inf' or )?at (least|most)") as caught:
            send()
        # A union's other members, such as "inf", have their say too.
        assert {issue.path for issue in caught.value.issues} == {path}


@pytest.mark.parametrize(
    "session",
    [
        {"temperature": 0},
        {"temperature": 2},
        {"max_response_output_tokens": 1},
        {"max_response_output_tokens": "inf"},
        {"turn_detection": {"type": "server_vad", "silence_duration_ms": 0, "idle_timeout_ms": None}},
    ],
)
def test_the_ends_of_a_range_are_in_it(session: dict[str, Any]) -> None:
    """The smallest and the largest number that make sense are sent."""
    assert session_of(encode_call("session.update", {"session": session}).data) == session


@pytest.mark.parametrize(
    "audio",
    [
        AUDIO,
        bytearray(AUDIO),
        memoryview(AUDIO),
        memoryview(AUDIO).cast("h"),
        array.array("h", array.array("h", AUDIO)),
        TEXT,
    ],
    ids=["bytes", "bytearray", "memoryview", "int16 view", "array", "base64"],
)
def test_audio_of_any_kind(audio: Any) -> None:
    """Raw audio of any bytes-like kind, and base64 text, give the same message in every way of sending it."""
    expected = {"type": "input_audio_buffer.append", "audio": TEXT}
    assert json.loads(encode_call("input_audio_buffer.append", {"audio": audio, "event_id": None}).data) == expected
    assert json.loads(encode_event({"type": "input_audio_buffer.append", "audio": audio}).data) == expected
    assert json.loads(encode_event(ClientEventInputAudioBufferAppend(audio=audio)).data) == expected


@pytest.mark.parametrize("audio", ["not base64!", 17, None, ["x"], "AA=A", "YWJj\n"], ids=repr)
def test_audio_that_is_neither_bytes_nor_base64(audio: Any) -> None:
    """Anything else than bytes or base64 text is refused, naming the field."""
    with pytest.raises(InvalidEventError, match="audio") as caught:
        encode_call("input_audio_buffer.append", {"audio": audio, "event_id": None})
    assert caught.value.issues[0].path == "audio"


def test_audio_event_with_other_fields() -> None:
    """The fast way to write audio keeps the other fields, escaped where they need it."""
    data = encode_call("input_audio.turn.append", {"turn_id": 'a"\u00e9\n', "audio": AUDIO, "event_id": "e1"}).data
    assert json.loads(data) == {
        "type": "input_audio.turn.append",
        "turn_id": 'a"\u00e9\n',
        "audio": TEXT,
        "event_id": "e1",
    }


def test_audio_in_a_content_part() -> None:
    """A user message takes raw audio in its content, as model and as mapping."""
    part = InputAudioContentPart(audio=AUDIO)
    assert part.audio == TEXT
    assert part.audio_bytes == AUDIO
    as_model = UserMessageItem(content=[part])
    as_mapping = {"type": "message", "role": "user", "content": [{"type": "input_audio", "audio": AUDIO}]}
    for item in (as_model, as_mapping):
        payload = json.loads(encode_call("conversation.item.create", {"item": item}).data)
        assert payload["item"]["content"] == [{"type": "input_audio", "audio": TEXT}]


def test_audio_in_another_order_of_memory() -> None:
    """A view that skips bytes is sent as the bytes that it shows."""
    data = encode_call("input_audio_buffer.append", {"audio": memoryview(b"abcdef")[::2], "event_id": None}).data
    assert base64.b64decode(json.loads(data)["audio"]) == b"ace"


@pytest.mark.parametrize(("given", "sent"), [("-_-_", "+/+/"), ("YQ", "YQ=="), ("YQ==", "YQ==")])
def test_base64_goes_out_in_the_standard_form(given: str, sent: str) -> None:
    """URL-safe or unpadded base64 is rewritten: the service documents the standard alphabet only."""
    for data in (
        encode_call("input_audio_buffer.append", {"audio": given, "event_id": None}).data,
        encode_event({"type": "input_audio_buffer.append", "audio": given}).data,
    ):
        assert json.loads(data)["audio"] == sent


def test_what_cannot_be_written_is_refused() -> None:
    """An object that contains itself, half a surrogate pair, or an event of the service is refused."""
    endless: dict[str, Any] = {"type": "session.update"}
    endless["session"] = endless
    for event in (endless, {"type": "x.private", "self": endless}):
        with pytest.raises(InvalidEventError, match="contains itself"):
            encode_event(event)
    with pytest.raises(InvalidEventError, match="contains itself"):
        encode_call("session.update", {"session": endless})
    for fields in ({"audio": b"x", "event_id": "\ud800"}, {"audio": b"x", "event_id": 5}):
        with pytest.raises(InvalidEventError):
            encode_call("input_audio_buffer.append", fields)
    with pytest.raises(InvalidEventError, match="only client events"):
        encode_event(ServerEventError(error={"type": "t", "message": "m"}))


def test_a_misspelt_kind_is_named() -> None:
    """Where an object's kind is wrong, the error names the kinds there are, not what else the field might be."""
    with pytest.raises(InvalidEventError, match=r"azure-standrd.*'azure-standard'") as caught:
        encode_call("session.update", {"session": {"voice": {"type": "azure-standrd", "name": "x"}}})
    assert [issue.path for issue in caught.value.issues] == ["session.voice"]


def test_unknown_events_are_sent_as_they_are() -> None:
    """A mapping of a type that the contract lacks goes out unchanged."""
    event = {"type": "x.private", "n": None, "audio": b"ab", "nested": {"list": (1, 2)}}
    assert json.loads(encode_event(event).data) == {**event, "audio": "YWI=", "nested": {"list": [1, 2]}}


@pytest.mark.parametrize("event", [{}, {"type": ""}, {"type": 5}, "response.create", None, 7], ids=repr)
def test_what_is_no_event(event: Any) -> None:
    """Something without a type, or no mapping at all, is refused with the reason."""
    with pytest.raises(InvalidEventError, match=r"type|mapping"):
        encode_event(event)


def test_unknown_event_that_is_not_json() -> None:
    """A value that JSON cannot hold is refused, not half-written."""
    with pytest.raises(InvalidEventError, match=r"x\.y cannot be written as JSON"):
        encode_event({"type": "x.y", "value": object()})


def test_items_of_unknown_kinds_can_be_sent() -> None:
    """The base class of items is the way to send a kind that the schema lacks."""
    item = ConversationRequestItem(type="hologram", **UNKNOWN)
    payload = json.loads(encode_call("conversation.item.create", {"item": item}).data)
    assert payload["item"] == {"type": "hologram", **UNKNOWN}


def test_a_received_item_can_be_sent_again() -> None:
    """An item as it was received may be passed back, where its fields fit."""
    received = ResponseMessageItem(role="user", content=[{"type": "input_text", "text": "hi"}], status="completed")
    payload = json.loads(encode_call("conversation.item.create", {"item": received}).data)
    assert payload["item"]["content"] == [{"type": "input_text", "text": "hi"}]


def test_models_validate_where_they_are_built() -> None:
    """A wrong value is refused by the model's constructor and on assignment, with the field's name."""
    with pytest.raises(ValueError, match="threshold"):
        ServerVad(threshold=2)
    vad = ServerVad(threshold=0.5)
    with pytest.raises(ValueError, match="threshold"):
        vad.threshold = 2


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"{", "not valid JSON"),
        (b"[]", "not a JSON object"),
        (b'{"type": "no.such"}', "not a client event type"),
        (b"{}", "not a client event type"),
        (b'{"type": "conversation.item.delete", "event_id": "e7"}', "item_id"),
    ],
)
def test_reading_client_events_is_strict(data: bytes, says: str) -> None:
    """What a client sends wrongly is told apart: no JSON, no object, unknown type, wrong field; its id is kept."""
    with pytest.raises(InvalidEventError, match=says) as caught:
        decode_client_event(data)
    assert caught.value.event_id == ("e7" if b"e7" in data else None)


def test_client_events_are_read_from_any_buffer() -> None:
    """What the local service reads may be text, bytes or a view of them."""
    data = b'{"type": "response.cancel", "event_id": "e1"}'
    for form in (data, bytearray(data), memoryview(data), data.decode()):
        assert decode_client_event(form).event_id == "e1"


def test_many_bad_fields_are_counted() -> None:
    """Beyond five bad fields the message only says how many more there are; the issues hold all."""
    fields = ("model", "instructions", "voice", "temperature", "modalities", "tools", "include")
    with pytest.raises(InvalidEventError, match=r"; and \d+ more$") as caught:
        encode_call("session.update", {"session": {name: object() for name in fields}})
    assert {issue.path for issue in caught.value.issues} == {f"session.{name}" for name in fields}

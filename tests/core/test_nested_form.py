"""One session configuration for every version: the table, field by field, in both directions."""

from __future__ import annotations

import json
from typing import Any

import pytest

from voicelive import models
from voicelive._core.contract import WireContract
from voicelive._core.nested_form import RESPONSE, SESSION, from_nested, response_to_nested, session_to_nested
from voicelive.errors import InvalidEventError

SESSION_CASES: list[tuple[str, Any, dict[str, Any]]] = [
    ("modalities", ["text", "audio"], {"output_modalities": ["text", "audio"]}),
    ("voice", "alloy", {"audio": {"output": {"voice": "alloy"}}}),
    (
        "voice",
        {"type": "azure-standard", "name": "en-US-AvaNeural"},
        {"audio": {"output": {"voice": {"type": "azure-standard", "name": "en-US-AvaNeural"}}}},
    ),
    ("output_audio_format", "pcm16", {"audio": {"output": {"format": "pcm16"}}}),
    ("output_audio_timestamp_types", ["word"], {"audio": {"output": {"timestamp_types": ["word"]}}}),
    ("input_audio_format", "g711_ulaw", {"audio": {"input": {"format": "g711_ulaw"}}}),
    ("input_audio_sampling_rate", 16000, {"audio": {"input": {"sampling_rate": 16000}}}),
    (
        "input_audio_transcription",
        {"model": "azure-speech"},
        {"audio": {"input": {"transcription": {"model": "azure-speech"}}}},
    ),
    (
        "input_audio_noise_reduction",
        {"type": "near_field"},
        {"audio": {"input": {"noise_reduction": {"type": "near_field"}}}},
    ),
    (
        "input_audio_echo_cancellation",
        {"type": "server_echo_cancellation"},
        {"audio": {"input": {"echo_cancellation": {"type": "server_echo_cancellation"}}}},
    ),
    ("turn_detection", {"type": "server_vad"}, {"audio": {"input": {"turn_detection": {"type": "server_vad"}}}}),
    ("turn_detection", None, {"audio": {"input": {"turn_detection": None}}}),
    ("max_response_output_tokens", "inf", {"max_output_tokens": "inf"}),
    ("reasoning_effort", "low", {"reasoning": {"effort": "low"}}),
    ("instructions", "Be brief.", {"instructions": "Be brief."}),
    ("temperature", 0.7, {"temperature": 0.7}),
    ("include", ["item.input_audio_transcription.logprobs"], {"include": ["item.input_audio_transcription.logprobs"]}),
]


@pytest.mark.parametrize(("field", "value", "nested"), SESSION_CASES)
def test_each_session_field_has_its_place(field: str, value: Any, nested: dict[str, Any]) -> None:
    """Each flat field goes to its nested place, null included, and comes back from there."""
    assert session_to_nested({field: value}) == {"type": "realtime", **nested}
    assert from_nested({"type": "realtime", **nested}) == {field: value}


def test_the_session_cases_are_the_whole_table() -> None:
    """No rule of the table is without a case above."""
    assert {rule.flat for rule in SESSION} <= {field for field, _, _ in SESSION_CASES}


RESPONSE_CASES: list[tuple[str, Any, dict[str, Any]]] = [
    ("modalities", ["audio"], {"output_modalities": ["audio"]}),
    ("voice", "alloy", {"audio": {"output": {"voice": "alloy"}}}),
    ("output_audio_format", "pcm16", {"audio": {"output": {"format": {"type": "audio/pcm", "rate": 24000}}}}),
    ("output_audio_format", "g711_ulaw", {"audio": {"output": {"format": {"type": "audio/pcmu"}}}}),
    ("output_audio_format", "g711_alaw", {"audio": {"output": {"format": {"type": "audio/pcma"}}}}),
    ("reasoning_effort", "high", {"reasoning": {"effort": "high"}}),
    ("instructions", "Be brief.", {"instructions": "Be brief."}),
]


@pytest.mark.parametrize(("field", "value", "nested"), RESPONSE_CASES)
def test_each_response_field_has_its_place(field: str, value: Any, nested: dict[str, Any]) -> None:
    """The parameters of a response follow their own table, both ways."""
    assert response_to_nested({field: value}) == nested
    assert from_nested(nested, RESPONSE) == {field: value}


def test_an_openai_voice_of_a_response_is_its_name() -> None:
    """v1 names the voice of a response; the object form of the dated versions gives its name."""
    nested = response_to_nested({"voice": {"type": "openai", "name": "cedar"}})
    assert nested == {"audio": {"output": {"voice": "cedar"}}}


@pytest.mark.parametrize(
    ("translate", "payload", "path", "says"),
    [
        (session_to_nested, {"modalities": ["text", "avatar"]}, "session.modalities", "'avatar' has none"),
        (session_to_nested, {"reasoning_effort": "none"}, "session.reasoning_effort", "'none' has none"),
        (session_to_nested, {"include": ["file_search_call.results"]}, "session.include", "has none"),
        (
            session_to_nested,
            {"voice": "alloy", "audio": {"output": {"voice": "cedar"}}},
            "session.voice",
            "given twice: here and as session.audio.output.voice",
        ),
        (session_to_nested, {"voice": "alloy", "audio": 7}, "session.voice", "given twice"),
        (response_to_nested, {"output_audio_format": "pcm16_8000hz"}, "response.output_audio_format", "has none"),
        (
            response_to_nested,
            {"voice": {"type": "azure-standard", "name": "x"}},
            "response.voice",
            "set it in the session",
        ),
    ],
)
def test_what_has_no_counterpart(translate: Any, payload: dict[str, Any], path: str, says: str) -> None:
    """A value that v1 cannot say, or one given in both forms, is an error with its place."""
    with pytest.raises(InvalidEventError, match=says) as caught:
        translate(payload)
    assert [issue.path for issue in caught.value.issues] == [path]


def test_a_nested_session_stays_as_it_is() -> None:
    """Who writes the nested form already gets it through unchanged, and the caller's object is not touched."""
    nested = {"type": "realtime", "audio": {"input": {"format": "pcm16"}}, "instructions": "x"}
    before = json.loads(json.dumps(nested))
    assert session_to_nested(nested) == nested
    flat = {"voice": "alloy", **nested}
    session_to_nested(flat)
    assert nested == before


def test_a_v1_connection_translates_by_itself() -> None:
    """The same calls, on a connection of v1, send the nested session, the nested response and v1's content parts."""
    contract = WireContract("v1", check="ignore")
    sent = json.loads(
        contract.encode_call("session.update", {"session": {"voice": "alloy", "turn_detection": None}}).data
    )
    assert sent["session"] == {
        "type": "realtime",
        "audio": {"output": {"voice": "alloy"}, "input": {"turn_detection": None}},
    }
    sent = json.loads(contract.encode_call("response.create", {"response": {"modalities": ["text"]}}).data)
    assert sent["response"] == {"output_modalities": ["text"]}
    item = {"type": "message", "role": "assistant", "content": [{"type": "text", "text": "hi"}]}
    sent = json.loads(contract.encode_call("conversation.item.create", {"item": item}).data)
    assert sent["item"]["content"] == [{"type": "output_text", "text": "hi"}]
    greeting = {"pre_generated_assistant_message": item}
    sent = json.loads(contract.encode_call("response.create", {"response": greeting}).data)
    assert sent["response"]["pre_generated_assistant_message"]["content"] == [{"type": "output_text", "text": "hi"}]
    for name in ("input_items", "append_input_items"):
        sent = json.loads(WireContract("v1").encode_call("response.create", {"response": {name: [item]}}).data)
        assert sent["response"][name][0]["content"] == [{"type": "output_text", "text": "hi"}]


def test_what_arrives_nested_reads_flat() -> None:
    """A session and a response of v1 can be read by the flat names, and still give back just what they carried."""
    payload = {
        "type": "session.updated",
        "session": {
            "type": "realtime",
            "output_modalities": ["audio"],
            "audio": {
                "input": {"format": "g711_ulaw", "turn_detection": {"type": "server_vad", "threshold": 0.4}},
                "output": {"voice": {"type": "azure-standard", "name": "en-US-AvaNeural"}},
            },
            "max_output_tokens": 100,
            "reasoning": {"effort": "low"},
        },
    }
    event = WireContract("v1").decode(json.dumps(payload))
    assert isinstance(event, models.ServerEventSessionUpdated)
    session = event.session
    assert session.modalities == ["audio"]
    assert session.input_audio_format == "g711_ulaw"
    assert isinstance(session.turn_detection, models.ServerVad)
    assert session.turn_detection.threshold == 0.4
    assert isinstance(session.voice, models.AzureStandardVoice)
    assert session.max_response_output_tokens == 100
    assert session.reasoning_effort == "low"
    assert event.to_dict() == payload

    done = {
        "type": "response.done",
        "response": {"audio": {"output": {"format": {"type": "audio/pcmu"}, "voice": "alloy"}}},
    }
    event = WireContract("v1").decode(json.dumps(done))
    assert isinstance(event, models.ServerEventResponseDone)
    assert event.response.output_audio_format == "g711_ulaw"
    assert event.response.voice == "alloy"
    assert event.to_dict() == done


@pytest.mark.parametrize("odd", ["x", 5, [], None, {"format": 7}])
def test_odd_values_read_flat_as_nothing_else(odd: Any) -> None:
    """Where the nested part is no object, nothing is made up for the flat fields."""
    payload = {"type": "session.updated", "session": {"audio": {"output": odd}}}
    event = WireContract("v1").decode(json.dumps(payload))
    assert isinstance(event, models.ServerEventSessionUpdated)
    assert not callable(event.session.output_audio_format)
    assert event.session.voice is None
    assert event.to_dict() == payload


def test_dated_versions_are_left_alone() -> None:
    """On a dated version nothing is read into flat fields that did not arrive."""
    data = b'{"type": "session.updated", "session": {"audio": {"output": {"voice": "alloy"}}}}'
    event = WireContract("2026-07-15").decode(data)
    assert isinstance(event, models.ServerEventSessionUpdated)
    assert event.session.voice is None


def test_a_v1_connection_refuses_what_v1_cannot_say() -> None:
    """What has no counterpart is refused with the event's type and the field; nothing is sent."""
    contract = WireContract("v1", check="ignore")
    with pytest.raises(InvalidEventError, match=r"session\.modalities: no counterpart") as caught:
        contract.encode_call("session.update", {"session": {"modalities": ["smell"]}})
    assert caught.value.event_type == "session.update"


def test_a_v1_connection_leaves_other_events_alone() -> None:
    """Events without a nested form, and items that are not the assistant's messages, are sent as they are."""
    contract = WireContract("v1", check="ignore")
    assert json.loads(contract.encode_call("response.cancel", {}).data) == {"type": "response.cancel"}
    item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hi"}]}
    assert json.loads(contract.encode_call("conversation.item.create", {"item": item}).data)["item"] == item


def test_a_format_given_as_an_object() -> None:
    """A response's format may be given in v1's own form; it is kept, and null too."""
    for given in ({"type": "audio/pcm", "rate": 24000}, None):
        nested = response_to_nested({"output_audio_format": given})
        assert nested == {"audio": {"output": {"format": given}}}


def test_what_stands_beside_a_nested_value_stays() -> None:
    """Reading a nested value takes it out, and leaves its neighbours where they are."""
    nested = {"audio": {"output": {"voice": "alloy", "speed": 1.1}, "other": 1}}
    assert from_nested(nested) == {"voice": "alloy", "audio": {"output": {"speed": 1.1}, "other": 1}}

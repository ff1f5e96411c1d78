"""What a refused event is said to have wrong: at which place, in which words, and what to write instead."""

from __future__ import annotations

import re
from typing import Any

import pytest

from voicelive._core.codec import validated
from voicelive._core.field_issues import field_issues
from voicelive.errors import InvalidEventError


def session(**fields: Any) -> dict[str, Any]:
    return {"type": "session.update", "session": fields}


def item(**fields: Any) -> dict[str, Any]:
    return {"type": "conversation.item.create", "item": fields}


def response(**fields: Any) -> dict[str, Any]:
    return {"type": "response.create", "response": fields}


NESTED = {"type": "function", "function": {"name": "search", "parameters": {"type": "object"}}}
BESIDE = 'the fields in "{}" belong next to "type", not in a separate object'
VAD = {"type": "server_vad", "server_vad": {"threshold": 1}, "silence_duration_ms": "x"}

REFUSED: list[tuple[dict[str, Any], dict[str, str]]] = [
    # The shapes of Chat Completions, and others that put the fields into an object named after the kind.
    (session(tools=[NESTED]), {"session.tools[0].name": f"is required: {BESIDE.format('function')}"}),
    (response(tools=[NESTED]), {"response.tools[0].name": f"is required: {BESIDE.format('function')}"}),
    (session(tool_choice=NESTED), {"session.tool_choice.name": f"is required: {BESIDE.format('function')}"}),
    (
        session(tools=[{"type": "mcp", "mcp": {"server_url": "https://x"}}]),
        {
            "session.tools[0].server_label": f"is required: {BESIDE.format('mcp')}",
            "session.tools[0].server_url": f"is required: {BESIDE.format('mcp')}",
        },
    ),
    (
        session(turn_detection={"server_vad": {"threshold": 0.5}}),
        {
            "session.turn_detection": 'needs a `type`: write {"type": "server_vad", ...}, '
            'with the fields in "server_vad" beside "type"'
        },
    ),
    (session(turn_detection=VAD), {"session.turn_detection.silence_duration_ms": "must be a whole number"}),
    # Kinds that are missing or unknown.
    (session(tools=[{"name": "f"}]), {"session.tools[0]": 'needs a `type`: add "type": "function"'}),
    (session(tool_choice={"name": "f"}), {"session.tool_choice": 'needs a `type`: add "type": "function"'}),
    (
        session(turn_detection={"threshold": 0.5}),
        {"session.turn_detection": 'needs a `type`: add "type": "server_vad" or another one'},
    ),
    (
        session(voice={"name": "en-US-AvaNeural"}),
        {
            "session.voice": 'needs a `type`: add "type": "azure-standard" or another one; '
            "an OpenAI voice is given by its name alone"
        },
    ),
    (item(role="user", content=[]), {"item": 'needs a `type`: add "type": "message" or another one'}),
    (item(type="message", content=[]), {"item": 'needs a `role`: add "role": "user" or another one'}),
    (
        item(type="message", role="user", content=[{"text": "hi"}]),
        {"item.content[0]": 'needs a `type`: add "type": "input_text" or another one'},
    ),
    (
        item(type="message", role="robot", content=[]),
        {"item": "has the `role` 'robot', which is not one of 'assistant', 'system', 'user'"},
    ),
    (
        session(tools=[{"type": "x"}]),
        {"session.tools[0]": "has the `type` 'x', which is not one of 'function', 'mcp', 'system', 'toolbox'"},
    ),
    # Short forms.
    (
        session(turn_detection="server_vad"),
        {"session.turn_detection": 'must be an object: write {"type": "server_vad"}'},
    ),
    (session(turn_detection=False), {"session.turn_detection": "must be an object: None turns it off"}),
    (
        session(input_audio_transcription="whisper-1"),
        {"session.input_audio_transcription": 'must be an object: write {"model": "whisper-1"}'},
    ),
    (session(modalities="text"), {"session.modalities": "must be a list: put it in a list"}),
    (session(tools={"type": "function"}), {"session.tools": "must be a list: put it in a list"}),
    (session(tools=["search"]), {"session.tools[0]": "must be an object"}),
    (
        item(type="message", role="user", content="hi"),
        {"item.content": 'must be a list: write [{"type": "input_text", "text": "..."}]'},
    ),
    (
        item(type="message", role="user", content=["hi"]),
        {"item.content[0]": 'must be an object: write {"type": "input_text", "text": "..."}'},
    ),
    (
        item(type="function_call_output", call_id="c", output={"a": 1}),
        {"item.output": "must be a string: give it as JSON text, by json.dumps()"},
    ),
    # Unions say together what they take.
    (session(voice=5), {"session.voice": "must be a string or an object"}),
    (session(tool_choice=5), {"session.tool_choice": "must be a string or an object"}),
    (
        session(max_response_output_tokens="many"),
        {"session.max_response_output_tokens": "must be 'inf' or a whole number"},
    ),
    (session(max_response_output_tokens=-1), {"session.max_response_output_tokens": "must be 'inf' or at least 1"}),
    # Fields that are called like their object's kind.
    (
        item(type="message", role="user", content=[{"type": "text", "text": 5}]),
        {"item.content[0].text": "must be a string"},
    ),
    (
        session(truncation={"type": "retention_ratio", "retention_ratio": "much"}),
        {"session.truncation.retention_ratio": "must be a number"},
    ),
    # Plain values.
    (session(temperature="hot"), {"session.temperature": "must be a number"}),
    (session(temperature=9), {"session.temperature": "must be at most 2"}),
    (session(temperature=float("nan")), {"session.temperature": "must be a finite number"}),
    (session(instructions=["a"]), {"session.instructions": "must be a string"}),
    (
        session(input_audio_echo_cancellation={"type": "x"}),
        {"session.input_audio_echo_cancellation.type": "must be 'server_echo_cancellation'"},
    ),
    ({"type": "session.update"}, {"session": "is required"}),
    ({"type": "input_audio_buffer.append", "audio": 5}, {"audio": "must be raw audio as bytes, or base64 text"}),
]


def refusal(payload: dict[str, Any]) -> InvalidEventError:
    with pytest.raises(InvalidEventError) as caught:
        validated(payload["type"], payload)
    return caught.value


@pytest.mark.parametrize(("payload", "issues"), REFUSED, ids=lambda value: str(value)[:70])
def test_a_refusal_names_places_and_remedies(payload: dict[str, Any], issues: dict[str, str]) -> None:
    """Each field is named as the application wrote it, once, with what it must be and what to write instead."""
    error = refusal(payload)
    assert {issue.path: issue.message for issue in error.issues} == issues
    assert len(error.issues) == len(issues)
    assert not re.search(r"Input should|tag|discriminator|valid dictionary|is-instance|extract", str(error))


@pytest.mark.parametrize("name", ["get weather", "", "a" * 65, "naïve", "a.b", "f\n"])
@pytest.mark.parametrize("wrap", [session, response])
def test_names_that_no_model_takes_are_refused(name: str, wrap: Any) -> None:
    """A tool's name has 1 to 64 letters, digits, underscores and hyphens."""
    error = refusal(wrap(tools=[{"type": "function", "name": name}]))
    assert [issue.message for issue in error.issues] == ["must be 1 to 64 letters, digits, '_' and '-'"]
    assert error.issues[0].path.endswith(".tools[0].name")


@pytest.mark.parametrize("name", ["f", "get_weather-2", "a" * 64])
def test_names_that_models_take_are_sent(name: str) -> None:
    """The longest and the shortest name are sent."""
    assert validated("session.update", session(tools=[{"type": "function", "name": name}]))


def test_an_unknown_kind_of_error_is_told_in_pydantics_words() -> None:
    """What there is no rule for keeps its text, without the jargon."""
    found = field_issues(
        [{"type": "new_rule", "loc": ("a",), "msg": "Input should be a valid thing", "input": 1}], {"a": 1}
    )
    assert [str(issue) for issue in found] == ["a: must be a thing (got 1)"]

"""How an item is created again, as a table of what is known of it."""

from __future__ import annotations

from typing import Any

import pytest

from voicelive._core.reconnect.items import Entry, LeftOut, finished_by_service, recreated


def message(role: str, *parts: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"id": "i", "type": "message", "role": role, "content": list(parts), **more}


def text(said: str) -> dict[str, Any]:
    return {"type": "text", "text": said}


def typed(said: str) -> dict[str, Any]:
    return {"type": "input_text", "text": said}


def spoken(said: str) -> dict[str, Any]:
    return {"type": "audio", "transcript": said}


CALL = {"id": "i", "type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}
OUTPUT = {"id": "i", "type": "function_call_output", "call_id": "c", "output": "42"}

CASES: list[tuple[str, Entry, str | None, dict[str, Any] | str | None]] = [
    ("typed", Entry(message("user", typed("Hi")), True), None, message("user", typed("Hi"))),
    ("system", Entry(message("system", typed("Be brief")), True), None, message("system", typed("Be brief"))),
    (
        "nulls and status are left out",
        Entry(message("user", {**typed("Hi"), "x": None}, status="completed", object="o"), True),
        None,
        message("user", typed("Hi")),
    ),
    (
        "audio of the application is sent again",
        Entry(message("user", {"type": "input_audio", "audio": "AAAA"}), True),
        "not used",
        message("user", {"type": "input_audio", "audio": "AAAA"}),
    ),
    (
        "speech is its transcript",
        Entry(message("user", {"type": "input_audio", "transcript": "Hello"}), True),
        None,
        message("user", typed("Hello")),
    ),
    (
        "what was heard later is better",
        Entry(message("user", {"type": "input_audio", "transcript": None}), True),
        "Hello",
        message("user", typed("Hello")),
    ),
    (
        "speech before its item",
        Entry(message("user", {"type": "input_audio"}), False),
        "Hi",
        message("user", typed("Hi")),
    ),
    (
        "speech without a transcript",
        Entry(message("user", {"type": "input_audio", "transcript": ""}), True),
        None,
        "what was said is not known: it was not transcribed",
    ),
    ("an answer", Entry(message("assistant", spoken("One two")), True), None, message("assistant", text("One two"))),
    (
        "parts of an answer are one",
        Entry(message("assistant", text("One"), spoken("two"), spoken("")), True),
        None,
        message("assistant", text("One two")),
    ),
    ("an answer without words", Entry(message("assistant"), True), None, "the answer has no text"),
    ("an answer without content", Entry(message("assistant", content=None), True), None, "the answer has no text"),
    ("an unfinished answer", Entry(message("assistant", spoken("One")), False), None, "it was not finished"),
    (
        "half heard",
        Entry(message("assistant", spoken("a b c d e f g h i j")), True, audio_ms=1000, heard_ms=550),
        None,
        message("assistant", text("a b c d e")),
    ),
    (
        "all heard",
        Entry(message("assistant", spoken("a b")), True, audio_ms=1000, heard_ms=1000),
        None,
        message("assistant", text("a b")),
    ),
    (
        "cut, but nobody knows how long it was",
        Entry(message("assistant", spoken("a b")), True, heard_ms=10),
        None,
        message("assistant", text("a b")),
    ),
    ("nothing heard", Entry(message("assistant", spoken("a b")), True, audio_ms=1000, heard_ms=0), None, None),
    (
        "less than a word heard",
        Entry(message("assistant", spoken("a b")), True, audio_ms=1000, heard_ms=499),
        None,
        None,
    ),
    ("a call", Entry({**CALL, "status": "completed"}, True), None, CALL),
    ("an unfinished call", Entry({**CALL, "arguments": ""}, False), None, "it was not finished"),
    ("an output", Entry({**OUTPUT, "status": None}, True), None, OUTPUT),
    ("tools of a server", Entry({"id": "i", "type": "mcp_list_tools"}, True), None, None),
    (
        "a call of a server's tool",
        Entry({"id": "i", "type": "mcp_call"}, False),
        None,
        "an item of type mcp_call belongs to the session that made it",
    ),
    (
        "an approval",
        Entry({"id": "i", "type": "mcp_approval_response"}, True),
        None,
        "an item of type mcp_approval_response belongs to the session that made it",
    ),
]


@pytest.mark.parametrize(("entry", "heard", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_items_are_created_again(entry: Entry, heard: str | None, expected: dict[str, Any] | str | None) -> None:
    """Each item comes back as the text that is known of it, is left out with a reason, or is nobody's concern."""
    entry.transcript = heard
    made = recreated(entry, nested=False)
    if isinstance(expected, str):
        assert made == LeftOut("i", str(entry.item["type"]), expected)
    else:
        assert made == expected
    if isinstance(made, dict):
        # A third session gets the same as the second.
        assert recreated(Entry(made, finished=True, transcript=heard), nested=False) == made


def test_nested_sessions_name_the_text_of_answers_otherwise() -> None:
    """A version with nested sessions takes output_text."""
    made = recreated(Entry(message("assistant", {"type": "output_audio", "transcript": "Hi"}), True), nested=True)
    assert made == message("assistant", {"type": "output_text", "text": "Hi"})


@pytest.mark.parametrize(
    ("item", "finished"),
    [
        ({"type": "message", "role": "user"}, True),
        ({"type": "message", "role": "system"}, True),
        ({"type": "message", "role": "assistant"}, False),
        ({"type": "function_call"}, False),
        ({"type": "function_call_output"}, True),
        ({"type": "mcp_list_tools"}, True),
        ({"type": "mcp_call"}, False),
    ],
)
def test_answers_follow_bit_by_bit(item: dict[str, Any], finished: bool) -> None:
    """All but what the service is still making is whole when it is announced."""
    assert finished_by_service(item) is finished


@pytest.mark.parametrize(
    ("item", "audio_ms", "spoken_answer"),
    [
        (message("assistant", spoken("x")), 0, True),
        (message("assistant"), 20, True),
        (message("assistant", text("x")), 0, False),
        (message("user", {"type": "input_audio"}), 0, False),
        ({"type": "message", "role": "assistant", "content": "odd"}, 0, False),
    ],
)
def test_only_sound_can_be_truncated(item: dict[str, Any], audio_ms: float, spoken_answer: bool) -> None:
    """An answer with sound is told from text and from what the user said."""
    assert Entry(item, finished=True, audio_ms=audio_ms).is_spoken_answer is spoken_answer

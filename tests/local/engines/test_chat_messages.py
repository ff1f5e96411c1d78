"""Conversations in the words of the Chat Completions API, and answers out of its chunks."""

from __future__ import annotations

from typing import Any

import pytest

from voicelive._local.engines.chat_messages import ChatAnswer, chat_request, error_of
from voicelive.local.engines import (
    ConversationTurn,
    FunctionCall,
    FunctionCallTurn,
    FunctionOutputTurn,
    Incomplete,
    MessageTurn,
    ResponderError,
    ResponderOutput,
    ResponderRequest,
    TextChunk,
)

CALL_A, CALL_B = FunctionCallTurn("a", "f", "{}"), FunctionCallTurn("b", "g", '{"x": 1}')
TOOLS: list[dict[str, Any]] = [
    {"type": "function", "name": "f", "description": "d", "parameters": {"type": "object"}},
    {"type": "mcp"},
]


def messages(*turns: ConversationTurn) -> list[dict[str, Any]]:
    """Return the messages of a conversation."""
    found: list[dict[str, Any]] = chat_request(ResponderRequest(turns), "m")["messages"]
    return found


def test_instructions_and_messages_keep_their_order() -> None:
    """The instructions come first, as the system's; each message is its role's."""
    turns = [MessageTurn("user", "hello"), MessageTurn("assistant", "hi"), MessageTurn("system", "Be kind.")]
    body = chat_request(ResponderRequest(turns, instructions="Be brief."), "m")
    assert body == {
        "model": "m",
        "stream": True,
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "hello"},
            {"role": "assistant", "content": "hi"},
            {"role": "system", "content": "Be kind."},
        ],
    }


def test_calls_made_at_once_are_one_message_with_their_outputs_behind() -> None:
    """However late an output comes, it follows its call, as the API insists; a call without one gets a stand-in."""
    found = messages(CALL_A, CALL_B, MessageTurn("user", "wait"), FunctionOutputTurn("b", "42"))
    assert [message["role"] for message in found] == ["assistant", "tool", "tool", "user"]
    assert found[0]["tool_calls"] == [
        {"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}},
        {"id": "b", "type": "function", "function": {"name": "g", "arguments": '{"x": 1}'}},
    ]
    assert found[1] == {"role": "tool", "tool_call_id": "a", "content": "(no output was given)"}
    assert found[2] == {"role": "tool", "tool_call_id": "b", "content": "42"}


def test_an_output_without_its_call_is_told_by_the_system() -> None:
    """The API would refuse it as a tool's message."""
    assert messages(FunctionOutputTurn("gone", "42")) == [{"role": "system", "content": "A function answered: 42"}]


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ("auto", "auto"),
        ("required", "required"),
        (None, "auto"),
        ({"type": "function", "name": "f"}, {"type": "function", "function": {"name": "f"}}),
    ],
)
def test_functions_and_the_choice_among_them(choice: Any, expected: Any) -> None:
    """Functions are nested as the API has them, other tools left out, and the choice goes with them."""
    body = chat_request(ResponderRequest([], tools=TOOLS, tool_choice=choice), "m")
    function = {"name": "f", "description": "d", "parameters": {"type": "object"}}
    assert body["tools"] == [{"type": "function", "function": function}]
    assert body["tool_choice"] == expected


def test_without_functions_there_is_no_choice() -> None:
    """`tool_choice` without tools is refused by the API."""
    assert not {"tools", "tool_choice"} & chat_request(ResponderRequest([], tools=TOOLS[1:]), "m").keys()


def chunk(finish: str | None = None, **delta: Any) -> dict[str, Any]:
    """Return a chunk of a stream."""
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}


def fragment(index: int | None, arguments: str | None = None, **fields: Any) -> dict[str, Any]:
    """Return a chunk with a fragment of a call; a `name` begins it."""
    function = {"name": fields.pop("name", None), "arguments": arguments}
    return chunk(tool_calls=[{"index": index, **fields, "function": function}])


def answer(*chunks: dict[str, Any]) -> list[ResponderOutput]:
    """Return everything that an answer of these chunks yields."""
    put_together = ChatAnswer()
    found = [output for each in chunks for output in put_together.feed(each)]
    return [*found, *put_together.end()]


def test_text_comes_as_it_is_cut_and_a_refusal_is_said() -> None:
    """Each piece is a chunk of its own; empty ones and the usage at the end are none."""
    usage: dict[str, Any] = {"choices": [], "usage": {"total_tokens": 3}}
    start = chunk(role="assistant", content="")
    assert answer(start, chunk(content="Hel"), chunk(content="lo"), chunk("stop"), usage) == [
        TextChunk("Hel"),
        TextChunk("lo"),
    ]
    assert answer(chunk(refusal="I cannot."), chunk("stop")) == [TextChunk("I cannot.")]


def test_fragments_of_parallel_calls_are_put_together() -> None:
    """By their index, even where they alternate; no arguments are an empty object."""
    assert answer(
        chunk(content="One moment."),
        fragment(0, "", id="a", name="f"),
        fragment(1, "", id="b", name="g"),
        fragment(0, '{"x"'),
        fragment(1, None),
        fragment(0, ": 1}"),
        chunk("tool_calls"),
    ) == [TextChunk("One moment."), FunctionCall("f", '{"x": 1}'), FunctionCall("g", "{}")]


@pytest.mark.parametrize("index", [0, None])
def test_servers_that_number_their_calls_badly_are_understood(index: int | None) -> None:
    """Whole calls with one index, or none, are calls of their own; a fragment without name belongs to the latest."""
    assert answer(
        fragment(index, '{"x": 1}', id="a", name="f"),
        fragment(index, '{"x": ', id="b", name="f"),
        fragment(index, "2}"),
        chunk("tool_calls"),
    ) == [FunctionCall("f", '{"x": 1}'), FunctionCall("f", '{"x": 2}')]


@pytest.mark.parametrize(("reason", "told"), [("length", "max_output_tokens"), ("content_filter", "content_filter")])
def test_an_answer_cut_short_says_so_and_calls_nothing(reason: str, told: Any) -> None:
    """The pieces so far stand; a call that was being written is dropped."""
    found = answer(chunk(content="It is"), fragment(0, '{"x', id="a", name="f"), chunk(reason))
    assert found == [TextChunk("It is"), Incomplete(told)]


def test_a_stream_without_end_and_an_error_in_it_fail() -> None:
    """Both are errors of the responder, with the endpoint's message where there is one."""
    with pytest.raises(ResponderError, match="ended before") as ended:
        answer(chunk(content="It is"))
    assert ended.value.code == "stream_ended"
    with pytest.raises(ResponderError, match="overloaded") as failed:
        answer({"error": {"message": "overloaded", "type": "too_many", "code": 529}})
    assert (failed.value.type, failed.value.code) == ("too_many", "529")


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        ({"error": {"message": "no such model"}}, "context: no such model"),
        ({"error": "model not found"}, "context: model not found"),
        ({"detail": "?"}, "context"),
        (["odd"], "context"),
    ],
)
def test_errors_come_in_several_shapes(payload: Any, message: str) -> None:
    """What there is of a message is told; the code given stands in for a missing one."""
    error = error_of(payload, "context", code="http_404")
    assert (str(error), error.code) == (message, "http_404")

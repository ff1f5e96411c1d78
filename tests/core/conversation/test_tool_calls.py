"""Function calls: each is run once and answered once, and one response follows those of one response."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicelive._core.conversation.tool_calls import ArgumentsError, Call, ToolCalls, error_output, parse_arguments


def call(number: int, response_id: str | None = "r") -> Call:
    return Call(call_id=f"call_{number}", name="search", arguments="{}", response_id=response_id)


def test_one_response_follows_all_calls_of_a_response() -> None:
    """Only when the last of two calls has its output, and the response that made them is done; and only once."""
    calls = ToolCalls()
    assert calls.called(call(1))
    assert calls.called(call(2))
    assert calls.finished("call_1") == call(1)
    calls.response_done("r")
    assert not calls.take_follow_up()
    assert calls.finished("call_2") == call(2)
    assert calls.take_follow_up()
    assert not calls.take_follow_up()


def test_outputs_before_the_end_of_the_response_wait_for_it() -> None:
    """A call is ready to run before its response is done; the next response is not asked for before."""
    calls = ToolCalls()
    calls.called(call(1))
    calls.finished("call_1")
    assert not calls.take_follow_up()
    calls.response_done("r")
    assert calls.take_follow_up()


def test_a_call_is_taken_and_answered_once() -> None:
    """Events that repeat a call, or an end that is told twice, change nothing."""
    calls = ToolCalls()
    assert calls.called(call(1))
    assert not calls.called(call(1))
    assert list(calls.running) == [call(1)]
    assert calls.finished("call_1") is not None
    assert calls.finished("call_1") is None
    assert not calls.called(call(1))
    assert calls.finished("never made") is None


def test_a_new_turn_of_the_user_takes_the_place_of_the_response() -> None:
    """The user spoke while the tool ran: the service answers that turn by itself, and sees the output."""
    calls = ToolCalls()
    calls.called(call(1))
    calls.response_done("r")
    calls.user_turn()
    assert calls.finished("call_1") is not None
    assert not calls.take_follow_up()
    calls.called(call(2, "r2"))
    calls.finished("call_2")
    calls.response_done("r2")
    assert calls.take_follow_up()


def test_tools_that_want_no_response_get_none() -> None:
    """One of two that wants it is enough."""
    calls = ToolCalls()
    for number, response_id, wants in ((1, "a", False), (2, "b", False), (3, "b", True)):
        calls.called(call(number, response_id))
        calls.finished(f"call_{number}", wants_response=wants)
    calls.response_done("a")
    assert not calls.take_follow_up()
    calls.response_done("b")
    assert calls.take_follow_up()
    calls.response_done("without calls")
    assert not calls.take_follow_up()


def test_a_session_that_is_over_takes_no_outputs() -> None:
    """What was under way is named, and its end is not sent to the next session."""
    calls = ToolCalls()
    calls.called(call(1))
    assert calls.clear() == [call(1)]
    assert calls.finished("call_1") is None
    assert not calls.take_follow_up()


def test_nothing_grows_with_calls() -> None:
    """Ids of answered calls are forgotten after a while."""
    calls = ToolCalls()
    for number in range(1000):
        calls.called(call(number, f"r{number}"))
        calls.finished(f"call_{number}")
        calls.response_done(f"r{number}")
        assert calls.take_follow_up()
    assert len(calls._answered) <= 256
    assert not calls._batches


@pytest.mark.parametrize(
    ("text", "expected"), [("", {}), (None, {}), ("  ", {}), ("{}", {}), ('{"city": "Köln"}', {"city": "Köln"})]
)
def test_arguments_are_a_json_object(text: str | None, expected: dict[str, Any]) -> None:
    """No text means no arguments."""
    assert parse_arguments(text) == expected


@pytest.mark.parametrize(("text", "says"), [("{", "not valid JSON"), ("[1]", "JSON list"), ('"x"', "JSON str")])
def test_arguments_that_are_none_are_told_the_model(text: str, says: str) -> None:
    """Broken JSON is not read as no arguments: a tool is not run on what nobody gave."""
    with pytest.raises(ArgumentsError, match=says):
        parse_arguments(text)
    assert json.loads(error_output("né"))["error"] == "né"


@given(st.lists(st.tuples(st.sampled_from(["call", "end", "done", "turn", "clear"]), st.integers(0, 5)), max_size=60))
def test_every_call_is_answered_at_most_once(steps: list[tuple[str, int]]) -> None:
    """In any order: a call that was taken is answered once, or was named as lost; never both."""
    calls = ToolCalls()
    taken: list[str] = []
    answered: list[str] = []
    lost: list[str] = []
    for step, number in steps:
        match step:
            case "call":
                if calls.called(call(number, f"r{number % 2}")):
                    taken.append(f"call_{number}")
            case "end":
                if (found := calls.finished(f"call_{number}")) is not None:
                    answered.append(found.call_id)
            case "done":
                calls.response_done(f"r{number % 2}")
                calls.take_follow_up()
            case "turn":
                calls.user_turn()
            case _:
                lost += [found.call_id for found in calls.clear()]
    assert sorted(taken) == sorted([*answered, *lost, *(found.call_id for found in calls.running)])

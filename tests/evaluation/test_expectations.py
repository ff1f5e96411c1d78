"""What is judged of a call: words, tools, times, order; by tables of what happened."""

from __future__ import annotations

from typing import Any

import pytest

from voicelive._evaluation.activity import Span
from voicelive._evaluation.caller import Uttered
from voicelive._evaluation.expectations import check_all
from voicelive._evaluation.record import CallRecord, HeardWords, SaidWords, ToolUse
from voicelive._evaluation.scores import samples_of, scores_of
from voicelive._evaluation.turn_taking import TurnTaking
from voicelive._evaluation.words import error_within
from voicelive.evaluation import Scenario, word_error_rate


def said(start: int, end: int, text: str = "words", **options: bool) -> Uttered:
    """Return something that the caller said."""
    return Uttered(text, Span(start, end), options.get("over_answer", False), options.get("unanswered", False))


CALL = CallRecord(
    duration_ms=12_000,
    uttered=(said(300, 2000, "What's the weather in Paris?"), said(4000, 5000, "Stop, thanks", over_answer=True)),
    agent=(Span(2900, 4200), Span(6500, 8000)),
    lines=(
        HeardWords(2100, "What's the weather in Paris."),
        ToolUse(2300, "get_weather", {"location": "Paris", "unit": "c"}, "completed"),
        SaidWords(2900, "The weather is", is_cut=True),
        HeardWords(5100, "stop thanks"),
        SaidWords(6500, "You are welcome"),
    ),
)


@pytest.mark.parametrize(
    ("expectation", "reason"),
    [
        ({"heard": "the weather in paris"}, None),
        ({"heard": "the weather in london"}, "25% of the words"),
        ({"heard": "the weather in london", "max_error": 0.25}, None),
        ({"said": "you're welcome"}, "50% of the words are missing"),
        ({"said": "You are welcome!"}, None),
        ({"said": ["farewell", "welcome"]}, None),
        ({"not_said": "sorry"}, None),
        ({"not_said": "welcome"}, "the agent said: The weather is You are welcome"),
        ({"tool": "get_weather"}, None),
        ({"tool": "get_weather", "arguments": {"location": " paris"}}, None),
        ({"tool": "get_weather", "arguments": {"location": "Rome"}}, "its arguments were"),
        ({"tool": "get_weather", "arguments": {"day": 1}}, "its arguments were"),
        ({"tool": "book"}, "these were called: get_weather"),
        ({"no_tool": True}, "these were called: get_weather"),
        ({"no_tool": "book"}, None),
        ({"within_ms": 1500}, None),
        ({"within_ms": 1499}, "an answer took 1500 ms"),
        ({"yields_within_ms": 200}, None),
        ({"yields_within_ms": 199}, "the agent spoke on for 200 ms"),
        ({"no_talking_over": True}, None),
        ({"ended": False}, None),
        ({"ended": True}, "the call was ended by: caller"),
        ({"in_order": [{"heard": "weather"}, {"tool": "get_weather"}, {"said": "welcome"}]}, None),
        ({"in_order": [{"said": "welcome"}, {"tool": "get_weather"}]}, "tool get_weather did not happen after said"),
        ({"in_order": [{"tool": "book"}]}, "tool book did not happen"),
    ],
    ids=str,
)
def test_expectations(expectation: dict[str, Any], reason: str | None) -> None:
    """Each is met, or says why not, with what was found."""
    scenario = Scenario.model_validate({"name": "x", "caller": [{"say": "x"}], "expect": [expectation]})
    (check,) = check_all(scenario.expect, CALL)
    assert check.passed is (reason is None)
    assert (reason or "") in check.reason


def test_a_question_without_a_judge() -> None:
    """It is neither met nor not met."""
    scenario = Scenario.model_validate({"name": "x", "caller": [{"say": "x"}], "expect": [{"judge": "Polite?"}]})
    (check,) = check_all(scenario.expect, CALL)
    assert check.passed is None
    assert "no judge was asked" in check.reason


@pytest.mark.parametrize(
    ("uttered", "agent", "expected"),
    [
        ([], [], TurnTaking()),
        ([(0, 1000)], [(1800, 3000)], TurnTaking((800,))),
        ([(0, 1000)], [], TurnTaking((), 1)),
        ([(0, 1000), (3000, 4000)], [(4500, 6000)], TurnTaking((500,), 1)),
        ([(0, 1000)], [(500, 3000)], TurnTaking((), 0, (), 500)),
        ([(0, 1000)], [(950, 3000)], TurnTaking()),
        ([(0, 1000)], [(400, 700), (1500, 3000)], TurnTaking((500,), 0, (), 300)),
        ([(1000, 2000)], [(0, 1200), (2600, 3000)], TurnTaking((600,), 0, (200,))),
        ([(1000, 2000)], [(0, 3000)], TurnTaking((), 0, (2000,))),
    ],
    ids=[
        "nothing",
        "one answer",
        "no answer",
        "one of two",
        "talks over and goes on",
        "begins just before the end",
        "talks over and answers",
        "yields",
        "never yields",
    ],
)
def test_turn_taking(uttered: list[tuple[int, int]], agent: list[tuple[int, int]], expected: TurnTaking) -> None:
    """Who spoke when gives the times of answers, of yielding and of talking over."""
    record = CallRecord(5000, tuple(said(*one) for one in uttered), tuple(Span(*one) for one in agent))
    assert record.turn_taking == expected


def test_an_agent_interrupted_in_a_pause() -> None:
    """It has yielded at once if it does not go on."""
    record = CallRecord(5000, (said(1000, 2000, over_answer=True),), (Span(0, 800), Span(2500, 3000)))
    assert record.turn_taking == TurnTaking((500,), 0, (0,))


@pytest.mark.parametrize(
    ("wanted", "found", "rate", "within"),
    [
        ("one two three", "One, two -- three!", 0.0, 0.0),
        ("one two three", "", 1.0, 1.0),
        ("", "one", None, 0.0),
        ("one two", "so one two and", 1.0, 0.0),
        ("it's", "it\u2019s", 0.0, 0.0),
        ("one two three four", "one too three four five", 0.5, 0.25),
        ("ein Stra\u00dfe", "EIN STRASSE", 0.0, 0.0),
    ],
)
def test_words(wanted: str, found: str, rate: float | None, within: float) -> None:
    """Case and punctuation do not count; what is around the words counts in the rate only."""
    assert word_error_rate(wanted, found) == rate
    assert error_within(wanted, found) == within


def test_the_figures_of_a_call() -> None:
    """Figures that are not known are not there, and never 0."""
    scenario = Scenario.model_validate(
        {
            "name": "x",
            "caller": [{"say": "x"}],
            "expect": [
                {"tool": "get_weather"},
                {"tool": "book"},
                {"in_order": [{"said": "welcome"}, {"tool": "get_weather"}, {"tool": "pay"}]},
            ],
        }
    )
    checks = check_all(scenario.expect, CALL)
    scores = scores_of(scenario, CALL, checks)
    assert scores["tool_accuracy"] == 0.5
    assert scores["success"] == 0.0
    assert scores["agent_word_errors"] == 0.0
    assert not {"cost", "tokens", "caller_word_errors", "underruns"} & set(scores)
    assert samples_of(CALL) == {"response_ms": (900.0, 1500.0), "yield_ms": (200.0,)}


def test_how_well_the_agent_was_understood() -> None:
    """It is the share of its words that a recognizer missed; not known where an answer was cut short."""
    scenario = Scenario.model_validate({"name": "x", "caller": [{"say": "x"}]})
    whole = CallRecord(1000, lines=(SaidWords(100, "You are welcome"),), recognized="you are well")
    assert scores_of(scenario, whole, [])["caller_word_errors"] == pytest.approx(1 / 3)
    cut = CallRecord(1000, lines=(SaidWords(100, "You are", is_cut=True),), recognized="you")
    assert "caller_word_errors" not in scores_of(scenario, cut, [])

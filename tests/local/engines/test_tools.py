"""Which function the assistant calls for a question, and how it speaks the result."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from voicelive._local.demo_responder import Assistant
from voicelive.local.engines import (
    ConversationTurn,
    FunctionCall,
    FunctionCallTurn,
    FunctionOutputTurn,
    MessageTurn,
    ResponderRequest,
    TextChunk,
)


def tool(name: str, description: str, needed: str = "", **parameters: object) -> dict[str, Any]:
    return {
        "type": "function",
        "name": name,
        "description": description,
        "parameters": {
            "type": "object",
            "properties": parameters,
            "required": needed.split(),
        },
    }


STRING, INTEGER, BOOLEAN = {"type": "string"}, {"type": "integer"}, {"type": "boolean"}
WEATHER = tool(
    "get_current_weather",
    "Get the current weather in a given location",
    "location",
    location=STRING,
    unit={"type": "string", "enum": ["celsius", "fahrenheit"]},
)
CLOCK = tool("get_time", "Get the current time in a timezone", timezone=STRING)
SIGN = {"type": "string", "enum": ["Aries", "Aquarius"]}
HOROSCOPE = tool("get_horoscope", "Today's horoscope for an astrological sign", "sign", sign=SIGN)
LIGHT = tool(
    "set_light",
    "Turn a light on or off",
    "room on",
    room={"type": "string", "enum": ["kitchen", "bedroom"]},
    on=BOOLEAN,
    brightness=INTEGER,
)
FLIGHTS = tool(
    "searchFlights",
    "Find flights between two cities",
    "origin destination",
    origin=STRING,
    destination=STRING,
    date=STRING,
    passengers=INTEGER,
)
ORDER = tool("get_order_status", "Look up an order", "order_id", order_id=INTEGER)
CALCULATE = tool("calculate", "Evaluate a sum", "expression", expression=STRING)
MAIL = tool("send_email", "Send a mail", "recipient urgent", recipient=STRING, urgent=BOOLEAN)
ODD: dict[str, Any] = {"type": "function", "name": "odd", "parameters": {"properties": [1]}}
REMOTE: dict[str, Any] = {"type": "mcp", "server_label": "weather", "name": "weather"}
ALL = [WEATHER, CLOCK, HOROSCOPE, LIGHT, FLIGHTS, ORDER, CALCULATE, MAIL, ODD, REMOTE]

Call = tuple[str, dict[str, Any]]


def respond(
    *turns: ConversationTurn | str, tool_choice: str | Mapping[str, Any] | None = "auto"
) -> tuple[list[Call], str]:
    """The calls and the text that a conversation gets for an answer."""
    conversation = [MessageTurn("user", t) if isinstance(t, str) else t for t in turns]
    request = ResponderRequest(conversation, tools=ALL, tool_choice=tool_choice)
    outputs = list(Assistant().respond(request))
    calls = [(o.name, json.loads(o.arguments)) for o in outputs if isinstance(o, FunctionCall)]
    return calls, "".join(o.text for o in outputs if isinstance(o, TextChunk))


TABLE: list[tuple[str, list[Call]]] = [
    ("What is the weather in Paris?", [("get_current_weather", {"location": "Paris"})]),
    ("what is the weather in paris", [("get_current_weather", {"location": "Paris"})]),
    (
        "what's the whether like in new york today",
        [("get_current_weather", {"location": "New York"})],
    ),
    (
        "Weather for San Francisco, California in fahrenheit!",
        [
            (
                "get_current_weather",
                {"location": "San Francisco, California", "unit": "fahrenheit"},
            )
        ],
    ),
    (
        "What's the weather in Paris, London and Rome?",
        [
            ("get_current_weather", {"location": "Paris"}),
            ("get_current_weather", {"location": "London"}),
            ("get_current_weather", {"location": "Rome"}),
        ],
    ),
    (
        "What's the weather in Oslo and what time is it in Tokyo?",
        [("get_current_weather", {"location": "Oslo"}), ("get_time", {"timezone": "Tokyo"})],
    ),
    ("what is the weather", [("get_current_weather", {"location": "here"})]),
    ("what time is it", [("get_time", {})]),
    ("What is my horoscope? I am an Aquarius.", [("get_horoscope", {"sign": "Aquarius"})]),
    ("turn on the light in the kitchen", [("set_light", {"room": "kitchen", "on": True})]),
    ("turn off the bedroom lights", [("set_light", {"room": "bedroom", "on": False})]),
    (
        "set the kitchen light to fifty",
        [("set_light", {"room": "kitchen", "on": True, "brightness": 50})],
    ),
    (
        "find a flight from Seattle to Boston tomorrow for two passengers",
        [
            (
                "searchFlights",
                {
                    "origin": "Seattle",
                    "destination": "Boston",
                    "date": "tomorrow",
                    "passengers": 2,
                },
            )
        ],
    ),
    ("what is the status of order 1234", [("get_order_status", {"order_id": 1234})]),
    ("calculate 2 plus 2", [("calculate", {"expression": "calculate 2 plus 2"})]),
    ("send an email to Bob", [("send_email", {"recipient": "Bob", "urgent": True})]),
    ("hello", []),
    ("tell me a joke", []),
    ("what is seven times eight", []),
    ("what is the largest lake in the world", []),
    ("", []),
]


@pytest.mark.parametrize(("question", "calls"), TABLE, ids=[row[0][:40] for row in TABLE])
def test_a_question_calls_the_tool_it_is_about(question: str, calls: list[Call]) -> None:
    """The tool whose name or description matches is called; with no match, text is said."""
    got, text = respond(question)
    assert got == calls
    assert bool(text) is not bool(calls)


@pytest.mark.parametrize(
    ("question", "tool_choice", "names"),
    [
        ("weather in rome", "none", []),
        ("weather in rome", "auto", ["get_current_weather"]),
        ("weather in rome", None, ["get_current_weather"]),
        ("hello", "auto", []),
        ("hello", "required", ["get_current_weather"]),
        ("what time is it", "required", ["get_time"]),
        ("hello in Rome", {"type": "function", "name": "get_time"}, ["get_time"]),
        ("hi", {"type": "function", "function": {"name": "odd"}}, ["odd"]),
        ("hi", {"type": "function", "name": "unknown"}, []),
    ],
)
def test_the_tool_choice_is_obeyed(
    question: str, tool_choice: str | Mapping[str, Any] | None, names: list[str]
) -> None:
    """none, auto, required and a named function each decide what is called."""
    calls, _ = respond(question, tool_choice=tool_choice)
    assert [name for name, _ in calls] == names


CALLED = FunctionCallTurn("call_1", "get_current_weather", '{"location": "Paris"}')

RESULTS = [
    (
        '{"location": "Paris", "temperature": 20, "unit": "celsius"}',
        "The weather in Paris: temperature 20, unit celsius.",
    ),
    ("Sunny, 22 degrees.", "The weather in Paris: Sunny, 22 degrees."),
    ('"sunny"', "The weather in Paris: sunny."),
    ("[1, 2, 3]", "The weather in Paris: 1, 2 and 3."),
    ('{"rainToday": true, "wind_speed": 2.50}', "The weather in Paris: rain today yes, wind speed 2.5."),
    ('{"error": "no such place"}', "Sorry, that did not work: no such place."),
    ("null", "The weather in Paris: unknown."),
    ("{}", "The weather in Paris: done."),
    ("", "The weather in Paris: done."),
    ("{broken", "The weather in Paris: {broken."),
]


@pytest.mark.parametrize(("output", "said"), RESULTS, ids=[row[0][:30] for row in RESULTS])
def test_a_function_output_is_spoken(output: str, said: str) -> None:
    """After the output comes a sentence with the result, and no further call."""
    turns = ("weather in Paris", CALLED, FunctionOutputTurn("call_1", output))
    assert respond(*turns, tool_choice="required") == ([], said)


def test_several_outputs_are_spoken_in_their_order() -> None:
    """Parallel calls get one answer with all results."""
    clock = FunctionCallTurn("call_2", "get_time", "{}")
    outputs = FunctionOutputTurn("call_1", "sunny"), FunctionOutputTurn("call_2", "ten o'clock")
    _, text = respond("weather and time", CALLED, clock, *outputs)
    assert text == "The weather in Paris: sunny. The time: ten o'clock."


def test_an_output_answered_before_is_not_spoken_again() -> None:
    """The next question after a result is answered as a question."""
    output = FunctionOutputTurn("call_1", "sunny")
    said = MessageTurn("assistant", "The weather in Paris: sunny.")
    _, text = respond("weather in Paris", CALLED, output, said, "hello")
    assert text.startswith("Hello!")


def test_a_long_output_is_cut() -> None:
    """A page of output makes a spoken sentence of bounded length."""
    _, text = respond("x", CALLED, FunctionOutputTurn("call_1", "word " * 5000))
    assert len(text) < 700


def test_an_output_before_its_call_is_seen() -> None:
    """Wherever in the conversation an output stands, its call is answered, and not made again."""
    output = FunctionOutputTurn("call_1", "sunny")
    calls, text = respond(output, "weather in Paris", CALLED)
    assert calls == []
    assert text == "The weather in Paris: sunny."
    assert respond(output, "weather in Paris", CALLED, MessageTurn("assistant", "Sunny."), "hello")[0] == []


def test_arguments_are_compact_json() -> None:
    """No blanks between the parts, and text as it is rather than escaped."""
    request = ResponderRequest([MessageTurn("user", "send an email to Zoë")], tools=[MAIL])
    (call,) = Assistant().respond(request)
    assert isinstance(call, FunctionCall)
    assert call.arguments == '{"recipient":"Zoë","urgent":true}'

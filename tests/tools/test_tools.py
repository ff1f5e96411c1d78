"""Tools: the schema that the model sees, the arguments that a function gets, and what is refused early."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field

from voicelive import ConfigurationError
from voicelive.tools import Tool, ToolContext, ToolError, Tools, output_of, tool

CONTEXT = ToolContext(connection=None, call_id="call_1", name="x")


class Unit(str, Enum):
    CELSIUS = "C"
    FAHRENHEIT = "F"


class Place(BaseModel):
    city: str
    country: str = "FR"


def test_a_signature_and_a_docstring_make_the_schema() -> None:
    """Names, types, defaults, enums, models and descriptions; no titles, which the model would pay for."""

    @tool
    def weather(
        place: Place,
        unit: Unit = Unit.CELSIUS,
        days: Annotated[int, Field(ge=1, le=14)] = 1,
        detail: Literal["short", "long"] | None = None,
    ) -> str:
        """Return the weather
        at a place.

        Longer words that are for people.

        Args:
            place: where to look,
                with its country.
            days (int): how many days.

        Returns:
            something.
        """
        return f"{place.city} {unit.value} {days} {detail}"

    assert weather.name == "weather"
    assert weather.description == "Return the weather at a place."
    properties: Any = weather.parameters["properties"]
    assert set(properties) == {"place", "unit", "days", "detail"}
    assert weather.parameters["required"] == ["place"]
    assert properties["place"]["description"] == "where to look, with its country."
    assert properties["days"] == {
        "default": 1, "description": "how many days.", "maximum": 14, "minimum": 1, "type": "integer",
    }  # fmt: skip
    assert '"title"' not in json.dumps(weather.parameters)
    assert weather(Place(city="Rome"), days=2) == "Rome C 2 None"
    assert weather.bind({"place": {"city": "Rome"}, "unit": "F"}, CONTEXT)() == "Rome F 1 None"


def test_names_that_models_use_themselves_are_parameters_like_any_other() -> None:
    """`json`, `copy` and `schema` are methods of pydantic's models, and fine names of parameters."""

    @tool
    def store(json: str, copy: bool, schema: str = "public", model_config: int = 1) -> str:
        """Store something."""
        return f"{json} {copy} {schema} {model_config}"

    assert store.bind({"json": "{}", "copy": True}, CONTEXT)() == "{} True public 1"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({}, "city"),
        ({"city": 5}, "city"),
        ({"city": "Rome", "days": "many"}, "days"),
        ({"city": "Rome", "planet": "Mars"}, "planet"),
    ],
    ids=["missing", "wrong type", "wrong type of a default", "unknown"],
)
def test_arguments_that_do_not_fit_are_told_the_model(arguments: dict[str, Any], says: str) -> None:
    """The error names the argument, for the model to mend it; the function is not run."""

    @tool
    def forecast(city: str, days: int = 1) -> str:
        """Forecast."""
        raise AssertionError("not run")

    with pytest.raises(ToolError, match=says):
        forecast.bind(arguments, CONTEXT)


def test_a_context_is_not_an_argument() -> None:
    """The first parameter annotated with it gets the call's context, and is not in the schema."""

    @tool
    def note(context: ToolContext, text: str) -> str:
        """Note."""
        return f"{context.call_id} {text}"

    assert list(note.parameters["properties"]) == ["text"]
    assert note.bind({"text": "hi"}, CONTEXT)() == "call_1 hi"


def test_a_method_is_called_with_its_object() -> None:
    """A tool of a class belongs to the instance that it is read from."""

    class Shop:
        def __init__(self, name: str) -> None:
            self.name = name

        @tool
        def order(self, item: str) -> str:
            """Order."""
            return f"{self.name}: {item}"

    assert Shop("A").order.bind({"item": "tea"}, CONTEXT)() == "A: tea"
    assert isinstance(Shop.order, Tool)


def _lambda() -> Any:
    return lambda: None


def untyped(city):  # type: ignore[no-untyped-def]
    """No annotation."""


def unknown(city: Nowhere) -> None:  # type: ignore[name-defined]  # noqa: F821
    """An annotation that names nothing."""


def any_number(*cities: str) -> None:
    """Positional arguments."""


def by_place(city: str, /) -> None:
    """Positional only."""


def private(_city: str) -> None:
    """A private parameter."""


def late_context(city: str, context: ToolContext) -> None:
    """The context comes second."""


@dataclass
class Opaque:
    """Something with a field that has no JSON schema."""

    call: object


class NoSchema:
    """Nothing pydantic knows."""


def odd(value: NoSchema) -> None:
    """A parameter without a schema."""


@pytest.mark.parametrize(
    ("function", "says"),
    [
        (_lambda(), "lambda"),
        (untyped, "no annotation"),
        (unknown, "cannot be read"),
        (any_number, "cannot be given"),
        (by_place, "cannot be given"),
        (private, "begins with '_'"),
        (late_context, "first parameter"),
        (odd, "no JSON schema"),
    ],
    ids=lambda value: getattr(value, "__name__", None) if callable(value) else "",
)
def test_a_function_that_cannot_be_a_tool_is_refused_early(function: Any, says: str) -> None:
    """At decoration, naming the tool and the parameter."""
    with pytest.raises(ConfigurationError, match=says):
        tool(function)


@pytest.mark.parametrize(
    "options",
    [{"name": "with spaces"}, {"name": "x" * 65}, {"timeout": 0}, {"timeout": -1}, {"on_interrupt": "explode"}],
)
def test_options_that_cannot_be_are_refused(options: dict[str, Any]) -> None:
    """The error says what the option takes."""

    def good() -> None:
        """Good."""

    with pytest.raises(ConfigurationError):
        tool(**options)(good)


def test_a_tool_of_a_schema_gets_its_arguments_unchecked() -> None:
    """For schemas that come from elsewhere, such as a catalogue."""
    schema = {"type": "object", "properties": {"q": {"type": "string"}}}
    made = Tool.from_schema("search", "Search.", schema, lambda arguments: arguments["q"], timeout=5)
    assert made.definition == {"type": "function", "name": "search", "description": "Search.", "parameters": schema}
    assert made.bind({"q": "tea"}, CONTEXT)() == "tea"
    assert made.timeout == 5
    with pytest.raises(ConfigurationError, match="type 'object'"):
        Tool.from_schema("search", "", {"type": "array"}, print)


def test_two_tools_of_one_name_are_an_error() -> None:
    """Neither is silently the one that is called."""

    def search() -> None:
        """Search."""

    tools = Tools([search])
    assert [one.name for one in tools] == ["search"]
    assert len(tools) == 1
    assert tools.definitions[0]["name"] == "search"
    assert tools.get("search") is not None
    assert tools.get("other") is None
    with pytest.raises(ConfigurationError, match="two tools named 'search'"):
        tools.add(search)


@pytest.mark.parametrize("value", [0, -1, True, 1.5])
def test_a_concurrency_that_cannot_be_is_refused(value: Any) -> None:
    """It is a whole number from 1 on."""
    with pytest.raises(ConfigurationError, match="max_concurrency"):
        Tools(max_concurrency=value)


def test_what_is_not_a_function_is_not_a_tool() -> None:
    """A name, or a definition as a dictionary, says what to give instead."""
    with pytest.raises(ConfigurationError, match="give a function"):
        Tools(["search"])  # type: ignore[list-item]


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        ("as it is", "as it is"),
        (None, "null"),
        ({"a": [1, 2.5, None]}, '{"a":[1,2.5,null]}'),
        (Place(city="Köln"), '{"city":"Köln","country":"FR"}'),
        (float("nan"), "null"),
    ],
)
def test_what_a_tool_returns_becomes_text(result: Any, expected: str) -> None:
    """Text stays text; models, dictionaries and numbers become JSON that any reader takes."""
    assert output_of(result) == expected


@pytest.mark.parametrize("result", [object(), {"f": open}, "x" * 300_000], ids=["object", "function", "huge"])
def test_what_json_cannot_hold_is_an_error_for_the_model(result: Any) -> None:
    """The model is told, rather than given a text that means nothing."""
    with pytest.raises(ToolError):
        output_of(result)

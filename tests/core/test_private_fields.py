"""Events of the application's own whose fields are of kinds that the contract itself does not use."""

# The constant `type` of an event of one's own narrows that of its base, on purpose.
# pyright: reportIncompatibleVariableOverride=false

from __future__ import annotations

import inspect
import json
import sys
from enum import Enum
from typing import Annotated, Any, Literal, NewType

import pytest

from voicelive import models
from voicelive._base import Model
from voicelive._core.contract import WireContract

RoomName = NewType("RoomName", str)


class Colour(str, Enum):
    """An enum that is not open."""

    RED = "red"


class Shelf(Model):
    """A model that holds more of its own kind."""

    boxes: list[Shelf]


class LampChanged(models.ServerEvent):
    """A private server event."""

    type: Literal["x.lamp.changed"] = "x.lamp.changed"
    room: RoomName
    colour: Colour
    levels: Annotated[list[int], "percent"] | str
    shelf: Shelf | None = None
    # What does not fit sends the whole event the lenient way.
    number: int = 0


def read(**fields: Any) -> Any:
    # Any: the events that a connection hands out are typed as those of the contract.
    contract = WireContract("2026-07-15", events=[LampChanged])
    return contract.decode(json.dumps({"type": "x.lamp.changed", **fields}))


@pytest.mark.parametrize("number", [1, "one"], ids=["fits", "does not fit"])
def test_fields_of_any_kind_are_read(number: Any) -> None:
    """Names of types, closed enums and annotated lists are read alike whether all of the event fits or not."""
    event = read(room="hall", colour="red", levels=[1, 2], number=number)
    assert type(event) is LampChanged
    assert (event.room, event.colour, event.levels) == ("hall", Colour.RED, [1, 2])
    assert len(event.issues) == (0 if number == 1 else 1)


def test_values_that_are_none_of_them() -> None:
    """A colour nobody knows stays text; values of another kind are issues, each with its place."""
    assert read(room="hall", colour="mauve", levels="low", number="x").colour == "mauve"
    event = read(room="hall", colour=7, levels=[1, "two"])
    assert sorted(issue.path for issue in event.issues) == ["colour", "levels[1]"]
    assert event.to_dict()["colour"] == 7


def test_nesting_beyond_the_stack_is_no_event() -> None:
    """An event of one's own that nests in itself too deeply to be read arrives as no event, with the reason."""
    shelf: dict[str, Any] = {"boxes": ["no shelf"]}
    for _ in range(80):
        shelf = {"boxes": [shelf]}
    event = {"type": "x.lamp.changed", "room": "hall", "colour": "red", "levels": [], "shelf": shelf}
    data = json.dumps(event).encode()
    # Any: as in `read`.
    decode: Any = WireContract("2026-07-15", events=[LampChanged]).decode
    assert type(decode(data)) is LampChanged
    assert len(decode(data).issues) == 1
    left = sys.getrecursionlimit() - len(inspect.stack(0)) - 150
    deep = _at_depth(left, lambda: decode(data))
    assert isinstance(deep, models.MalformedServerEvent)
    assert deep.reason == "nested too deeply"


def _at_depth(frames: int, work: Any) -> Any:
    return _at_depth(frames - 1, work) if frames else work()

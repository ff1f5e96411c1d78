"""What cannot be: a named error at once, or a documented nothing; never a call that hangs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest

from voicelive import ConfigurationError
from voicelive.testing import ScriptedService
from voicelive.tools import Tool, Tools, tool

from ..local.helpers import tones
from .conversing import DEADLINE, Caller, calling
from .harness import Client

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def service() -> Iterator[ScriptedService]:
    with ScriptedService(strict=False, timeout=60) as running:
        yield running


def no_annotation(city):  # type: ignore[no-untyped-def]
    """Its parameter says nothing of its type."""


def any_number(*cities: str) -> None:
    """A model names each argument."""


def not_json(city: asyncio.AbstractEventLoop) -> None:
    """No schema can be made of its parameter."""


def twice(city: str) -> str:
    """Return a city."""
    return city


def first(city: str) -> str:
    """Return a city."""
    return city


REFUSED: list[tuple[str, Callable[[], Any], str]] = [
    ("no annotation", lambda: [no_annotation], "'no_annotation': parameter 'city' has no annotation"),
    ("any number of arguments", lambda: [any_number], r"'any_number': parameter \*cities cannot be given"),
    ("no schema", lambda: [not_json], "'not_json': no JSON schema can be made of its parameters"),
    ("a lambda", lambda: [lambda: 1], "a lambda has no name"),
    ("two of one name", lambda: [twice, tool(name="twice")(first)], "there are two tools named 'twice'"),
    ("not a function", lambda: ["weather"], "'weather' cannot be a tool"),
    (
        "a schema that is not an object's",
        lambda: [Tool.from_schema("a", "b", {"type": "array"}, print)],
        "type 'object'",
    ),
    ("a name with a space", lambda: [tool(name="two words")(first)], "'two words' cannot be a tool's name"),
    ("a time of 0", lambda: [tool(timeout=0)(first)], "timeout is 0; it takes seconds above 0"),
    ("a time that is not a number", lambda: [tool(timeout="5")(first)], "timeout is '5'"),  # type: ignore[call-overload]
    ("none at a time", lambda: Tools([first], max_concurrency=0), "max_concurrency is 0"),
    ("text for tools", lambda: "weather", "tools takes Tools or a list"),
]


@pytest.mark.parametrize(("tools", "told"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
async def test_tools_that_cannot_be_are_refused(client: Client, tools: Callable[[], Any], told: str) -> None:
    """Before anything is opened, and the error names the tool and what is wrong with it."""
    with pytest.raises(ConfigurationError, match=told):
        client.connect("http://127.0.0.1:9", tools=tools())


async def answered(caller: Caller) -> None:
    """The call goes on."""
    assert (await caller.wait(await caller.respond("Go on."))).status == "completed"
    assert caller.errors == []


@pytest.mark.parametrize("size", [-1, 1.5, True, "480", None])
async def test_what_is_not_a_number_of_bytes_was_not_played(
    client: Client, service: ScriptedService, size: Any
) -> None:
    """The player is told at once, where it reports."""
    service.say("yes")
    async with calling(client, service, barge_in=True) as caller:
        with pytest.raises(ConfigurationError, match=r"played\(\) takes the number of bytes"):
            await caller.script.do(lambda connection: connection.playback.played(size))
        await answered(caller)


async def test_an_unknown_item_was_not_played(client: Client, service: ScriptedService) -> None:
    """Playing what was never received, or more than that, counts as nothing; what was heard stays right."""
    service.say("one two three")
    service.say("yes")
    async with calling(client, service, barge_in=True) as caller:
        await caller.respond("Count.")
        await caller.until("response.done")
        (item_id,) = caller.sound
        await caller.played(500, item_id="item_unknown")
        await caller.played(200, item_id=item_id)
        interruption = await caller.interrupt()
        await caller.played(500, item_id=item_id)
        await answered(caller)
    assert interruption.heard_ms == 200


async def test_barge_in_on_a_session_without_sound(client: Client, service: ScriptedService) -> None:
    """Nothing is played, so nothing is truncated; speech is answered as without it, and interrupt() stops nothing."""
    service.say("one two three")
    service.say("four")
    service.say("five")
    async with calling(client, service, barge_in=True) as caller:
        await caller.script.call("session.update", session={"modalities": ["text"]})
        await caller.until("session.updated")
        await answered(caller)
        assert await caller.interrupt() is None
        await caller.speak(tones("wait"))
        await caller.until("input_audio_buffer.speech_stopped")
        await caller.until("response.done")
        await answered(caller)
    assert "voicelive.interrupted" not in caller.types
    assert service.session.events("conversation.item.truncate") == []
    assert service.session.events("response.cancel") == []


async def test_the_applications_own_cancel_stays_harmless(client: Client, service: ScriptedService) -> None:
    """With barge-in on, response.cancel and clearing the buffer without a response show no error."""
    service.say("yes")
    async with calling(client, service, barge_in=True) as caller:
        await caller.script.call("response.cancel")
        await caller.script.call("input_audio_buffer.clear")
        await caller.until("input_audio_buffer.cleared")
        await answered(caller)


async def test_a_tool_that_swallows_its_end_holds_up_nothing(client: Client, service: ScriptedService) -> None:
    """A coroutine that ignores being cancelled is answered as out of time, and the call goes on."""

    @tool(timeout=0.05)
    async def stubborn() -> str:
        """Go on whatever happens."""
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(DEADLINE)
        return "late"

    service.call_tools(("stubborn", "{}"))
    service.say("done")
    service.say("yes")
    async with calling(client, service, tools=[stubborn]) as caller:
        await caller.respond("Do it.")
        done = await caller.until("voicelive.tool_done")
        await caller.until("response.done", lambda event: event.response.output[0].type == "message")
        await answered(caller)
    assert (done.outcome, "late" in done.output) == ("timed_out", False)

"""Asking for responses: one at a time, each with an outcome; and what a connection says that keeps no conversation."""

from __future__ import annotations

import asyncio
import base64
import inspect
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from voicelive import ConfigurationError, ConnectionClosed, ConnectionStateError, InvalidEventError, ReceiveTimeoutError
from voicelive.local import Engines
from voicelive.local.engines import MessageTurn
from voicelive.testing import ScriptedService

from ..local.helpers import GatedSynthesizer
from .conversing import DEADLINE, calling
from .harness import Client

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def service() -> Iterator[ScriptedService]:
    with ScriptedService(strict=False, timeout=60) as running:
        yield running


@pytest.fixture
def mouth() -> GatedSynthesizer:
    return GatedSynthesizer()


@pytest.fixture
def slow(mouth: GatedSynthesizer) -> Iterator[ScriptedService]:
    """A service whose answers do not end by themselves."""
    with ScriptedService(strict=False, timeout=60, engines=replace(Engines.basic(), synthesizer=mouth)) as running:
        try:
            yield running
        finally:
            mouth.release()


async def test_requests_wait_for_their_turn(client: Client, service: ScriptedService) -> None:
    """Requests made at once are answered one after the other; those without parameters share a response."""
    for text in ("first", "second", "third"):
        service.say(text)
    async with calling(client, service, metrics=True) as caller:
        handles = [
            await caller.respond("Go on."),
            await caller.respond(instructions="Be brief."),
            await caller.respond(),
            await caller.respond(),
        ]
        outcomes = [await caller.wait(handle) for handle in handles]
        await caller.until("response.done", lambda event: event.response.id == handles[3].response_id)
        assert caller.errors == []
    assert [outcome.status for outcome in outcomes] == ["completed"] * 4
    assert len({outcome.response_id for outcome in outcomes}) == 3
    assert outcomes[2].response_id == outcomes[3].response_id
    assert service.session.answers == ["first", "second", "third"]


async def test_a_request_beside_the_applications_own(
    client: Client, slow: ScriptedService, mouth: GatedSynthesizer
) -> None:
    """While a response that the application asked for itself is in progress, respond() waits for its end."""
    async with calling(client, slow, metrics=True) as caller:
        await caller.script.call("response.create")
        handle = await caller.respond()
        await caller.until("response.audio.delta")
        with pytest.raises(ReceiveTimeoutError, match=r"has not ended within 0\.05 s"):
            await caller.wait(handle, 0.05)
        mouth.release()
        assert (await caller.wait(handle)).status == "completed"
        await caller.until("response.done", lambda event: event.response.id == handle.response_id)
        assert caller.errors == []
    assert len(slow.session.events("response.create")) == 2


@pytest.mark.parametrize("how", ["failed", "incomplete"])
async def test_an_outcome_says_why(client: Client, service: ScriptedService, how: str) -> None:
    """A response that fails, or ends early, says so with the service's reason."""
    if how == "failed":
        service.fail("no capacity")
    else:
        service.break_off("It is", "content_filter")
    async with calling(client, service, metrics=True) as caller:
        outcome = await caller.wait(await caller.respond("Go on."))
    assert outcome.status == how
    assert outcome.reason == ("no capacity" if how == "failed" else "content_filter")


async def test_a_request_that_does_not_fit_the_contract(client: Client, service: ScriptedService) -> None:
    """Fields that cannot be sent are an error of respond() itself, and the next request is sent."""
    service.say("yes")
    async with calling(client, service, metrics=True) as caller:
        with pytest.raises(InvalidEventError, match="temperature"):
            await caller.respond(temperature=99.0)
        assert (await caller.wait(await caller.respond(instructions="Go on."))).status == "completed"


async def test_a_refused_request_fails(client: Client, service: ScriptedService) -> None:
    """A request that the service refuses for a parameter ends as failed; the next one is sent."""
    service.say("yes")
    async with calling(client, service, metrics=True) as caller:
        refused = await caller.respond(output_audio_format="nope")
        following = await caller.respond(instructions="Go on.")
        outcome = await caller.wait(refused)
        assert (await caller.wait(following)).status == "completed"
    assert outcome.status == "failed"
    assert "nope" in (outcome.reason or "")


async def test_closing_supersedes_what_waits(client: Client, slow: ScriptedService) -> None:
    """close() ends every wait(): what was asked for is superseded."""
    async with calling(client, slow, metrics=True) as caller:
        handles = [await caller.respond("Go on."), await caller.respond(instructions="And then?")]
        await caller.until("response.audio.delta")
        waiting = [asyncio.ensure_future(caller.wait(handle, None)) for handle in handles]
        await asyncio.sleep(0.05)
        await caller.script.close()
        done, _ = await asyncio.wait(waiting, timeout=DEADLINE)
        assert len(done) == 2
    assert [handle.outcome.status for handle in handles] == ["superseded", "superseded"]
    assert [await task for task in waiting] == [handle.outcome for handle in handles]
    assert (await caller.wait(handles[0])).status == "superseded"


async def test_say_speaks_a_text_as_it_stands(client: Client, service: ScriptedService) -> None:
    """say() is spoken without the model, and is part of the history."""
    async with calling(client, service, metrics=True) as caller:
        handle = await caller.script.do(lambda connection: connection.say("Good morning"))
        assert (await caller.wait(handle)).status == "completed"
        done = await caller.until("response.done")
    assert done.response.output[0].content[0].transcript == "Good morning"
    assert service.understand(b"".join(caller.sound.values())) == "Good morning"
    assert service.requests == []


async def test_text_and_images_are_one_message(client: Client, service: ScriptedService) -> None:
    """What the user writes and shows goes into one message, before the response is asked for."""
    service.say("A dot.")
    address = "https://example.com/dot.png"
    async with calling(client, service, metrics=True, api_version="v1", contract_check="error") as caller:
        handle = await caller.respond("What is this?", images=[PNG, address])
        assert (await caller.wait(handle)).status == "completed"
        assert caller.errors == []
    (created,) = service.session.events("conversation.item.create")
    assert created.to_dict()["item"]["content"] == [
        {"type": "input_text", "text": "What is this?"},
        {"type": "input_image", "image_url": f"data:image/png;base64,{base64.b64encode(PNG).decode()}"},
        {"type": "input_image", "image_url": address},
    ]
    (seen,) = service.requests[0].conversation
    assert isinstance(seen, MessageTurn)
    assert seen.text == "What is this?"


async def test_images_alone_are_a_message(client: Client, service: ScriptedService) -> None:
    """No text is needed with them."""
    service.say("A dot.")
    async with calling(client, service, metrics=True, contract_check="ignore") as caller:
        assert (await caller.wait(await caller.respond(images=[PNG]))).status == "completed"
    (created,) = service.session.events("conversation.item.create")
    assert [part["type"] for part in created.to_dict()["item"]["content"]] == ["input_image"]


async def test_the_figures_of_the_call(client: Client, service: ScriptedService) -> None:
    """Each turn has a record with what was asked, heard and used, and the end of each is told."""
    service.say("one two three")
    service.say("four")
    async with calling(client, service, barge_in=True) as caller:
        await caller.respond("Count.")
        await caller.until("response.done")
        await caller.played(300)
        await caller.interrupt()
        await caller.wait(await caller.respond("Go on."))
        told = await caller.until("voicelive.turn_done")
        turns = await caller.script.do(lambda connection: connection.turns)
        metrics = await caller.script.do(lambda connection: connection.metrics)
    assert told.number == 1
    assert [turn.number for turn in turns] == [1, 2]
    assert (turns[0].interrupted, turns[0].heard_ms) == (True, 300)
    assert turns[0].first_audio_ms is not None
    assert turns[0].generated_ms == sum(len(sound) for sound in caller.sound.values()) // 48
    assert metrics.interruptions == 1
    assert (metrics.tokens.output or 0) > 0


async def test_the_states_of_a_typed_turn(client: Client, service: ScriptedService) -> None:
    """What a user interface shows: thinking, speaking, and listening again when all has been played."""
    service.say("one two three")
    async with calling(client, service, barge_in=True) as caller:
        await caller.played(0)
        await caller.respond("Count.")
        await caller.until("response.done")
        await caller.played(100)
        await caller.played(60_000)
        await caller.until("voicelive.state", lambda event: event.state == "listening")
        assert [event.state for event in caller.of("voicelive.state")] == ["thinking", "speaking", "listening"]


PNG = b"\x89PNG\r\n\x1a\n" + bytes(8)
CALLS: dict[str, Callable[[Any], Any]] = {
    "respond": lambda connection: connection.respond("Hello."),
    "say": lambda connection: connection.say("Hello."),
    "interrupt": lambda connection: connection.interrupt(),
    "playback": lambda connection: connection.playback,
    "metrics": lambda connection: connection.metrics,
    "turns": lambda connection: connection.turns,
}


@pytest.mark.parametrize("name", CALLS)
async def test_a_connection_that_keeps_no_conversation(client: Client, service: ScriptedService, name: str) -> None:
    """Without barge_in, tools, observers and metrics each part says how to get it."""
    async with calling(client, service) as caller:
        with pytest.raises(ConfigurationError, match=r"open it with connect\(barge_in=True\)"):
            await caller.script.do(CALLS[name])


@pytest.mark.parametrize("name", ["respond", "say", "interrupt", "playback"])
async def test_a_connection_that_is_not_open(client: Client, service: ScriptedService, name: str) -> None:
    """Before open() each part says so."""
    script = client.connect(service.endpoint, barge_in=True)
    with pytest.raises(ConnectionStateError, match="is not open"):
        await script.do(CALLS[name])


@pytest.mark.parametrize("name", ["respond", "say", "interrupt"])
async def test_a_connection_that_is_closed(client: Client, service: ScriptedService, name: str) -> None:
    """After close() asking and interrupting are errors; the figures stay, and playing on is nothing."""
    async with calling(client, service, barge_in=True) as caller:
        await caller.script.close()
        with pytest.raises(ConnectionClosed):
            await caller.script.do(CALLS[name])
        await caller.played(100)
        assert (await caller.script.do(lambda connection: connection.metrics)).turns == ()


BAD: list[tuple[str, Callable[[Any], Any], type[Exception], str]] = [
    ("a negative size", lambda c: c.playback.played(-1), ConfigurationError, "0 or more; not -1"),
    ("a float", lambda c: c.playback.played(1.5), ConfigurationError, "0 or more; not 1.5"),
    ("no function", lambda c: c.playback.on_flush(3), ConfigurationError, "on_flush takes a function"),
    ("an empty text", lambda c: c.respond("  "), ConfigurationError, "text that is not blank"),
    ("not an image", lambda c: c.respond(images=[b"%PDF"]), ConfigurationError, "is not PNG, JPEG"),
    ("not a list of images", lambda c: c.respond(images=PNG), ConfigurationError, "takes a list of images"),
    ("not a text", lambda c: c.say(3), ConfigurationError, "text that is not blank"),
]


@pytest.mark.parametrize(("call", "error", "told"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
async def test_bad_input(
    client: Client, service: ScriptedService, call: Any, error: type[Exception], told: str
) -> None:
    """What cannot be is a named error at once, and the call goes on."""
    service.say("yes")
    async with calling(client, service, barge_in=True) as caller:
        with pytest.raises(error, match=told):
            await caller.script.do(call)
        assert (await caller.wait(await caller.respond("Go on."))).status == "completed"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"barge_in": 3}, "barge_in is 3"),
        ({"tools": "weather"}, "tools takes Tools or a list"),
        ({"tools": [3]}, "3 cannot be a tool"),
        ({"observers": [object()]}, "is not an observer"),
        ({"observers": 3}, "observers takes a list"),
    ],
)
def test_bad_options(client_package: Any, arguments: dict[str, Any], told: str) -> None:
    """connect() refuses what cannot be, before it connects."""
    with pytest.raises(ConfigurationError, match=told):
        client_package.connect(endpoint="http://127.0.0.1:1", model="gpt-4o", **arguments)


@pytest.fixture(params=["sync", "async"])
def client_package(request: pytest.FixtureRequest) -> Any:
    return Client(request.param).package


def test_both_faces_take_the_same() -> None:
    """The conversation is offered by both clients under the same names, with the same arguments."""
    sync, awaiting = (Client(flavour).package.VoiceLiveConnection for flavour in ("sync", "async"))
    for name in ("respond", "say", "interrupt"):
        assert (
            inspect.signature(getattr(sync, name)).parameters == inspect.signature(getattr(awaiting, name)).parameters
        )

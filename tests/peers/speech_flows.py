"""Flows around answers: what comes with their sound, what is said before them, and text typed bit by bit."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from voicelive.local.engines import ResponderOutput, ResponderRequest, TextChunk

from ..local.helpers import Scripted
from .peer import DEADLINE, Seen, Setup, soon
from .stage import Flow, Stage, only, types

__all__ = ["FLOWS"]


class Late:
    """A responder that answers once it is let."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()

    async def respond(self, request: ResponderRequest) -> AsyncIterator[ResponderOutput]:
        """Wait, then answer."""
        await asyncio.wait_for(self.gate.wait(), DEADLINE)
        yield TextChunk("Here it is.")


async def marks(stage: Stage) -> None:
    """A spoken answer comes with a timestamp for each of its words, and with visemes, in the order of their times."""
    async with stage.service() as service, stage.connected(service) as peer:
        await stage.configured(peer, Setup(marks=True))
        await peer.say("hello there")
        await stage.receive(peer, "said")
        await peer.ask()
        events = await stage.receive(peer, "spoken answer")

    words = [event for event in events if event.type == "response.audio_timestamp.delta"]
    visemes = [event for event in events if event.type == "response.animation_viseme.delta"]
    assert [event.look("text").strip() for event in words] == ["You", "said", "hello", "there"]
    for found in (words, visemes):
        offsets = [event.look("audio_offset_ms") for event in found]
        assert offsets == sorted(offsets)
    assert all(event.look("audio_duration_ms") > 0 for event in words)
    assert len(visemes) > len(words)
    assert {event.look("viseme_id") for event in visemes} <= set(range(22))
    assert {"response.audio_timestamp.done", "response.animation_viseme.done"} <= set(types(events))


async def greeting(stage: Stage) -> None:
    """The client gives the first words itself: they are answered as they are, and the model is not asked."""
    responder = Scripted()
    async with stage.service(responder=responder) as service, stage.connected(service) as peer:
        await stage.configured(peer, Setup(modalities=("text",)))
        await peer.greet("Welcome!")
        events = await stage.receive(peer, "text answer")

    assert types(events) == stage.order("text answer")
    assert only(events, "text.done").look("text") == "Welcome!"
    assert events[-1].look("response.status") == "completed"
    assert responder.requests == []


async def interim(stage: Stage) -> None:
    """While an answer is late, a response of its own bridges the time; then the answer comes."""
    responder = Late()
    async with stage.service(responder=responder) as service, stage.connected(service) as peer:
        await stage.configured(peer, Setup(interim="Hold on."))
        await peer.say("hello")
        await stage.receive(peer, "said")
        await peer.ask()
        events: list[Seen] = []
        while not (events and events[-1].type == "response.done"):
            events.append(await soon(peer.next()))
        responder.gate.set()
        bridge = events[-1].look("response.id")
        while not (events[-1].type == "response.done" and events[-1].look("response.id") != bridge):
            events.append(await soon(peer.next()))

    assert [f"{event.type} as {event.form}" for event in events if not event.typed] == []
    created = [event.look("response.id") for event in events if event.type == "response.created"]
    assert created == [events[-1].look("response.id"), bridge]
    spoken = [event for event in events if event.type.endswith("audio_transcript.done")]
    said = [(event.look("response_id"), event.look("transcript")) for event in spoken]
    assert said == [(bridge, "Hold on."), (created[0], "Here it is.")]


async def typed_text(stage: Stage) -> None:
    """Text sent as it is typed becomes a message, with the id it was typed under, once it is done; it is answered."""
    async with stage.service() as service, stage.connected(service) as peer:
        await stage.configured(peer, Setup(modalities=("text",)))
        await peer.type("typed_1", "How are", " you?")
        said = await stage.receive(peer, "said")
        await peer.ask()
        answer = await stage.receive(peer, "text answer")

    assert types(said) == stage.order("said")
    assert said[0].look("item.id") == "typed_1"
    assert said[0].look("item.content.0.text") == "How are you?"
    assert only(answer, "text.done").look("text") == "You said How are you?"


FLOWS = (
    Flow("word timestamps and visemes", marks),
    Flow("greeting", greeting),
    Flow("interim response", interim),
    Flow("typed text", typed_text),
)

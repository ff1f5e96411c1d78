"""Hundreds of turns at random, paced as in the cloud: what the player got, what the service was told, what it logged.

Short here; `nox -s stress` holds 500 turns of each kind, by the environment variable `VOICELIVE_STRESS`.
"""

from __future__ import annotations

import asyncio
import base64
import os
import random
import time
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from voicelive._local.pacing import resolve_pacing
from voicelive.local import Engines
from voicelive.local.engines import (
    FunctionCall,
    FunctionOutputTurn,
    MessageTurn,
    ResponderOutput,
    ResponderRequest,
    TextChunk,
)
from voicelive.testing import ObservedSession, ScriptedService
from voicelive.tools import Tools, tool

from ..local.helpers import read_tones, tones
from .conversing import BYTES_PER_MS, DEADLINE, Caller, calling
from .harness import Client

LONG = bool(os.environ.get("VOICELIVE_STRESS"))
TURNS = 500 if LONG else 8
FASTER = 30 if LONG else 60

pytestmark = pytest.mark.timeout(1800 if LONG else 300)

WORDS = ["able", "back", "card", "dark", "east", "fact", "game", "half", "idea", "jump"]
"""Of one length, so that the share of the sound is the share of the words."""
WORDS_OFF = 3
"""How many words what was heard may be off while the answer is still made: how long it will be is an estimate then."""
STEP_MS = 20
"""How much the player takes at a time."""


class Improviser:
    """Calls the tools that the user names after "call", and else says some words."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng

    def respond(self, request: ResponderRequest) -> Iterator[ResponderOutput]:
        last = request.conversation[-1]
        if isinstance(last, MessageTurn) and last.role == "user" and last.text.startswith("call "):
            for name in last.text.split()[1:]:
                yield FunctionCall(name, '{"a": 1}' if name in ("adds", "slow") else "{}")
        elif isinstance(last, FunctionOutputTurn):
            yield TextChunk("done")
        else:
            yield TextChunk(" ".join(self._rng.choices(WORDS, k=self._rng.randint(2, 10))))


@tool
def adds(a: int) -> int:
    """Add one."""
    return a + 1


@tool
async def slow(a: int) -> int:
    """Add one, after a while."""
    await asyncio.sleep(0.05)
    return a + 1


@tool
def fail() -> None:
    """Fail."""
    raise ValueError("no")


def _report(connection: Any, size: int) -> None:
    connection.playback.played(size)


class Player(Caller):
    """Takes what is handed out into a queue, and plays of it step by step while it receives."""

    def prepare(self, rng: random.Random) -> None:
        self.rng = rng
        self.waiting: deque[tuple[str, int]] = deque()
        self.flushes = self.flushes_known = 0
        self.heard: Counter[str] = Counter()
        """Bytes of each item that were played."""
        self.interruptions: dict[str, Any] = {}
        """What was interrupted, by item."""
        self.whole: set[str] = set()
        """The items of which all sound had come."""
        self.estimated: set[str] = set()
        """The items that were interrupted before that: how long they would be was an estimate."""
        self.truncated: dict[str, int] = {}
        """Where the service truncated, by item."""
        self.response_of: dict[str, str] = {}
        self.checked: set[str] = set()
        self.late_bytes = 0
        """What was handed out of an item after its interruption."""
        self.handles: list[Any] = []
        self.spoken = self.calls = 0
        self.seen: Counter[str] = Counter()
        """How many events of each type were received."""
        self.state = "listening"
        self.is_answered = True
        """Whether a response has begun since the last turn of the user's."""

    def flush(self) -> None:
        """Drop what waits to be played."""
        self.flushes += 1
        self.waiting.clear()

    async def hear(self) -> Any:
        """Receive an event."""
        self.flushes_known = self.flushes
        event: Any = await self.script.recv(DEADLINE)
        self.events.append(event)
        self.seen[event.canonical_type] += 1
        match event.canonical_type:
            case "response.audio.delta":
                self.sound[event.item_id] += event.delta_bytes
                self.response_of[event.item_id] = event.response_id
                self.late_bytes += len(event.delta_bytes) if event.item_id in self.interruptions else 0
                self.waiting.append((event.item_id, len(event.delta_bytes)))
            case "response.audio.done":
                self.whole.add(event.item_id)
            case "voicelive.interrupted":
                self.interruptions[event.item_id] = event
                if event.item_id not in self.whole:
                    self.estimated.add(event.item_id)
            case "voicelive.state":
                self.state = event.state
            case "input_audio_buffer.committed":
                self.is_answered = False
            case "response.created":
                self.is_answered = True
            case "conversation.item.truncated":
                self.truncated[event.item_id] = event.audio_end_ms
            case _:
                pass
        return event

    async def play(self, steps: int) -> None:
        """Play in the order of arrival, and report each step, as the callback of a sound card does.

        This player takes no time over it, so it stops once the answer was interrupted: a sound card would have played
        next to nothing more until the flush, or the second flush of what was handed out meanwhile. What it reported
        before the connection decided about an interruption has been counted by then.
        """
        playback = self.script.connection.playback
        for _ in range(steps):
            if self.flushes != self.flushes_known or not playback.unheard_ms:
                return
            try:
                item_id, size = self.waiting.popleft()
            except IndexError:
                return
            step = min(size, STEP_MS * BYTES_PER_MS)
            if size > step:
                self.waiting.appendleft((item_id, size - step))
            self.heard[item_id] += step
            await self.script.do(partial(_report, size=step))

    async def rest(self) -> None:
        """Receive, and play, until everything that was said and asked for has been answered and heard."""
        deadline = time.monotonic() + 3 * DEADLINE
        while not self.is_at_rest:
            assert time.monotonic() < deadline, Counter(self.types[-500:])
            await self.hear()
            # At the end of an answer all of it is played; before, as much as there was time for.
            await self.play(self.rng.randint(0, 8) if self.is_open else 10_000)

    @property
    def is_open(self) -> bool:
        """Whether a response or a tool is under way."""
        seen = self.seen
        return (
            seen["response.created"] != seen["response.done"]
            or seen["voicelive.tool_started"] != seen["voicelive.tool_done"]
        )

    @property
    def is_at_rest(self) -> bool:
        return (
            self.state == "listening"
            and self.is_answered
            and self.seen["input_audio_buffer.committed"] == self.spoken
            and all(handle.outcome is not None for handle in self.handles)
            and not self.is_open
        )

    # What the user does.

    async def ask(self, text: str | None) -> Any:
        self.handles.append(await self.respond(text))
        return self.handles[-1]

    async def say(self, text: str) -> None:
        self.spoken += 1
        await self.speak(tones(text))

    def some_tools(self) -> str:
        names = self.rng.choices(["adds", "slow", "fail", "none"], k=self.rng.randint(1, 3))
        self.calls += len(names)
        return " ".join(["call", *names])


async def typed(caller: Player) -> None:
    """A question, and its answer, heard to its end."""
    await caller.ask("hello")


async def spoken(caller: Player) -> None:
    """The same, said."""
    await caller.say("hello")


async def typed_tools(caller: Player) -> None:
    """The model calls tools, and answers when all have ended."""
    await caller.ask(caller.some_tools())


async def spoken_tools(caller: Player) -> None:
    """The same, said."""
    await caller.say(caller.some_tools())


async def interrupted(caller: Player) -> None:
    """The user speaks over an answer, while it is made or after that."""
    await caller.ask("hello")
    for _ in range(caller.rng.randint(5, 40)):
        event = await caller.hear()
        if event.canonical_type == "response.audio.delta":
            await caller.play(caller.rng.randint(0, 8))
        if event.canonical_type == "response.done":
            break
    await caller.say("hello")


async def tool_interrupted(caller: Player) -> None:
    """The user speaks while a tool runs: that turn takes the place of the response after the tool."""
    caller.calls += 1
    await caller.ask("call slow")
    while (await caller.hear()).type != "voicelive.tool_started":
        pass
    await caller.say("hello")


async def at_once(caller: Player) -> None:
    """Two requests, and a turn of the user's between them: each waits, or is refused and comes again."""
    await caller.ask("hello")
    await caller.say("hello")
    await caller.ask(None)


KINDS = [typed, spoken, typed_tools, spoken_tools, interrupted, interrupted, tool_interrupted, at_once]


@pytest.mark.parametrize(("model", "version"), [("gpt-4o", "2026-07-15"), ("gpt-realtime", "v1")])
async def test_random_turns(client: Client, model: str, version: str) -> None:
    """Each turn has one response, each call one output, each refusal its answer; nothing is played after barge-in."""
    rng = random.Random(f"{client.flavour} {model}")
    engines = replace(Engines.basic(), responder=Improviser(rng))
    pacing = resolve_pacing("real").faster(FASTER)
    with ScriptedService(strict=False, timeout=60, engines=engines, pacing=pacing) as service:
        async with calling(
            client, service, barge_in=True, tools=Tools([adds, slow, fail]), model=model, api_version=version
        ) as plain:
            caller, log = Player(plain.script), ServiceLog()
            caller.prepare(rng)
            caller.script.connection.playback.on_flush(caller.flush)
            await caller.script.do(lambda connection: connection.playback.played(0))
            for number in range(TURNS):
                await KINDS[number % len(KINDS) if number < len(KINDS) else rng.randrange(len(KINDS))](caller)
                await caller.rest()
                await check_the_sound(caller, service)
                log.note(service.sessions[-1])
            assert caller.errors == []
        log.note(service.sessions[-1])
        check_the_player(caller, log)
        check_the_log(caller, log)


class ServiceLog:
    """What the service logged, noted after each turn: of long calls it keeps the latest."""

    def __init__(self) -> None:
        self._events: dict[int, Any] = {}

    def note(self, session: ObservedSession) -> None:
        for event in (*session.record.received, *session.record.sent):
            if event.type in LOGGED:
                # Kept, so that no other has its number.
                self._events[id(event)] = event

    def of(self, event_type: str) -> list[Any]:
        return [event for event in self._events.values() if event.type == event_type]


LOGGED = {
    "conversation.item.create",
    "conversation.item.truncate",
    "error",
    "response.create",
    "response.done",
}


def check_the_player(caller: Player, log: ServiceLog) -> None:
    """Check what was handed out: nothing late, all of what nobody spoke over, and the truncations."""
    assert caller.late_bytes == 0
    wire = [cut.to_dict() for cut in log.of("conversation.item.truncate")]
    cuts: dict[str, int] = {cut["item_id"]: cut["audio_end_ms"] for cut in wire}
    # What had no sound yet when it was interrupted was truncated at 0 after its end.
    assert set(caller.interruptions) <= set(cuts)
    for item_id, event in caller.interruptions.items():
        played_ms = caller.heard[item_id] / BYTES_PER_MS
        assert abs(event.heard_ms - played_ms) <= STEP_MS
        assert cuts[item_id] == event.heard_ms


async def check_the_sound(caller: Player, service: ScriptedService) -> None:
    """Check what the service kept of the turn's answers; of long calls it keeps the latest."""
    complete = {response["id"] for response in service.sessions[-1].responses if response["status"] == "completed"}
    for item_id in [item_id for item_id in caller.sound if item_id not in caller.checked]:
        caller.checked.add(item_id)
        sound, cut_ms = caller.sound[item_id], caller.truncated.get(item_id)
        part = (await caller.item(item_id))["content"][0]
        if cut_ms is None:
            # Also where the user spoke just when all that had come was heard: then nothing is truncated, and of the
            # response, which the service cancelled, the item keeps the whole transcript.
            assert caller.heard[item_id] == len(sound)
            spoken, whole = read_tones(sound).split() if sound else [], part["transcript"].split()
            assert spoken == whole[: len(spoken)]
            assert spoken == whole or caller.response_of[item_id] not in complete
            continue
        kept = base64.b64decode(part.get("audio") or "")
        assert kept == sound[: cut_ms * BYTES_PER_MS]
        event = caller.interruptions[item_id]
        heard, whole = event.heard_text.split(), f"{event.heard_text} {event.unheard_text}".split()
        # What part of the sound was heard, the same part of the words was: all are of one length.
        share = len(whole) * min(1.0, cut_ms * BYTES_PER_MS / len(tones(" ".join(whole)))) if whole else 0
        assert abs(len(heard) - share) <= (WORDS_OFF if item_id in caller.estimated else 1)


def check_the_log(caller: Player, log: ServiceLog) -> None:
    """Check what the service logged: a response for each turn, an output for each call, no request lost."""
    errors = [event.error for event in log.of("error")]
    refused = [error for error in errors if error.code == "conversation_already_has_active_response"]
    assert len(errors) == len(refused)
    responses = [event.to_dict()["response"] for event in log.of("response.done")]
    assert len(responses) == len(log.of("response.create")) - len(refused) + caller.spoken
    assert all(handle.outcome.status in ("completed", "cancelled") for handle in caller.handles)
    assert len({handle.outcome.response_id for handle in caller.handles}) == len(caller.handles)
    given = [event.to_dict()["item"] for event in log.of("conversation.item.create")]
    outputs = [item["call_id"] for item in given if item["type"] == "function_call_output"]
    made = [item["call_id"] for response in responses for item in response["output"] if "call_id" in item]
    assert sorted(outputs) == sorted(made)
    assert len(outputs) == len(set(outputs)) == caller.calls

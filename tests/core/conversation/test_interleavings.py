"""Anything in any order: a service by the rules, events on their way in both directions, a player, tools, breaks."""

from __future__ import annotations

import os
import random
from collections import Counter, deque
from collections.abc import Callable
from itertools import count
from typing import Any

import pytest

from voicelive._base import Model
from voicelive._core.conversation.actions import Flush, RunTool, Send
from voicelive._core.conversation.barge_in import BargeIn
from voicelive._core.conversation.conversation import Conversation
from voicelive._core.conversation.responses import ALREADY_ACTIVE, DOUBT_S, Ticket
from voicelive.models import ConnectionRestored

from .test_conversation import MS, audio, called, created, done, event, refusal, session, speech_started

WALKS = 4_000 if os.environ.get("VOICELIVE_STRESS") else 100
TAKEN = (
    "response.create",
    "response.create refused",
    "response.cancel",
    "conversation.item.truncate",
    "conversation.item.delete",
    "conversation.item.create",
)


class Service:
    """The rules of the real one, as far as the conversation depends on them. Keeps whatever breaks them."""

    def __init__(self, *, creates: bool) -> None:
        self.creates = creates
        self.down: deque[Model] = deque()
        self.active: str | None = None
        self.speaks = False
        self.wrong: list[str] = []
        self.made: dict[str, int] = {}
        """Milliseconds of sound of each item that can be truncated."""
        self.cut: dict[str, int] = {}
        self.texts: set[str] = set()
        """Answers that it knows as text only, since the session moved."""
        self.calls: Counter[str] = Counter()
        """How many outputs each call has."""
        self.taken: Counter[str] = Counter()
        self._numbers = count(1)

    def take(self, sent: dict[str, Any]) -> None:
        """Take an event of the client's."""
        is_refused = sent["type"] == "response.create" and self.active is not None
        self.taken[sent["type"] + " refused" * is_refused] += 1
        match sent:
            case {"type": "response.create", "response": {"metadata": "bad"}}:
                self.down.append(refusal("invalid_value", "no", None))
            case {"type": "response.create"} if self.active is not None:
                self.down.append(refusal(ALREADY_ACTIVE))
            case {"type": "response.create"}:
                self.begin()
            case {"type": "response.cancel"} if self.active is None:
                self.down.append(refusal("response_cancel_not_active"))
            case {"type": "response.cancel"}:
                self.finish("cancelled")
            case {"type": "conversation.item.truncate", "item_id": item_id, "audio_end_ms": ms}:
                if not 0 <= ms <= self.made.get(item_id, -1) or item_id in self.cut:
                    self.wrong.append(f"truncate {item_id} of {self.made.get(item_id)} at {ms}")
                self.cut[item_id] = ms
            case {"type": "conversation.item.delete", "item_id": item_id} if item_id in self.texts:
                self.texts.remove(item_id)
            case {"type": "conversation.item.create", "item": {"call_id": call_id}}:
                self.calls[call_id] += 1
                if self.calls[call_id] != 1:
                    self.wrong.append(f"output {call_id}")
            case _:
                self.wrong.append(str(sent))

    def begin_unasked(self) -> None:
        if self.active is None:
            self.begin()

    def begin(self) -> None:
        self.active = f"r{next(self._numbers)}"
        self.down.append(created(self.active))

    def sound(self, ms: int) -> None:
        if self.active is not None:
            item_id = f"i{self.active}"
            self.made[item_id] = self.made.get(item_id, 0) + ms
            self.down.append(audio(item_id, ms, self.active))

    def call(self) -> None:
        if self.active is not None:
            number = next(self._numbers)
            self.calls[f"call_{number}"] = 0
            self.down.append(called(number, self.active))

    def finish(self, status: str = "completed") -> None:
        ended, self.active = self.active, None
        if ended is not None:
            self.down.append(done(ended, status))

    def speech(self) -> None:
        if not self.speaks:
            self.speaks = True
            self.down.append(speech_started(f"u{next(self._numbers)}"))
            self.finish("cancelled")

    def silence(self) -> None:
        if self.speaks:
            self.speaks = False
            self.down.append(event("input_audio_buffer.speech_stopped", audio_end_ms=1, item_id="u"))
            if self.creates and self.active is None:
                self.begin()

    def breaks(self) -> list[str]:
        """Lose what is on its way down, and what sounds; returns the responses in progress."""
        lost = [] if self.active is None else [self.active]
        self.down.clear()
        self.texts |= {item_id for item_id in self.made if item_id != f"i{self.active}"}
        self.made.clear()
        self.active, self.speaks = None, False
        return lost


class World:
    """The conversation, the service, and what is between them."""

    def __init__(self, options: BargeIn, *, creates: bool) -> None:
        ids = count(1)
        self.service = Service(creates=creates)
        self.conversation = Conversation(barge_in=options, runs_tools=True, new_id=lambda: f"own_{next(ids)}")
        self.up: deque[dict[str, Any]] = deque()
        self.now = 0.0
        self.tickets: list[Ticket] = []
        self.tools: list[str] = []
        self.started: Counter[str] = Counter()
        self.player: dict[str, int] = {}
        """Bytes of each item that wait to be played."""
        self.played: Counter[str] = Counter()
        self.silenced: set[str] = set()
        self.is_broken = False
        turns = {"type": "server_vad", "create_response": creates}
        self.arrive(session(turn_detection=turns))

    def act(self) -> None:
        actions = self.conversation.actions
        while actions:
            match actions.popleft():
                case Send(sent):
                    self.up.append(dict(sent))
                case Flush():
                    self.silenced.update(self.player)
                    self.player.clear()
                case RunTool(call):
                    self.started[call.call_id] += 1
                    self.tools.append(call.call_id)
                case _:
                    pass

    def arrive(self, one: Model) -> None:
        self.conversation.received(one, self.now)
        kind = getattr(one, "type", "")
        if kind == "response.audio.delta" and not self.conversation.is_late(one):
            item_id = str(getattr(one, "item_id", ""))
            assert item_id not in self.silenced, "sound of what was interrupted"
            self.player[item_id] = self.player.get(item_id, 0) + len(getattr(one, "delta_bytes", b""))
        self.act()

    def play(self, size: int) -> None:
        """Play what waits, in order, and then silence."""
        left = size
        for item_id in list(self.player):
            step = min(left, self.player[item_id])
            self.player[item_id] -= step
            self.played[item_id] += step
            left -= step
        self.conversation.played(size, self.now)
        self.act()

    def request(self, **parameters: Any) -> None:
        self.tickets.append(self.conversation.request(parameters or None, self.now))
        self.act()

    def interrupt(self) -> None:
        before = dict(self.played)
        found = self.conversation.interrupt(self.now)
        if found is not None:
            assert found.heard_ms == before.get(found.item_id, 0) // MS
        self.act()

    def end_tool(self) -> None:
        if self.tools:
            self.conversation.tool_finished(self.tools.pop(0), "1", "completed", self.now)
            self.act()

    def send_one(self) -> None:
        if self.up and not self.is_broken:
            self.service.take(self.up.popleft())

    def receive_one(self) -> None:
        if self.service.down and not self.is_broken:
            self.arrive(self.service.down.popleft())

    def break_off(self) -> None:
        """Lose the connection; what is to be done again goes to the next session, as a policy has it."""
        if self.is_broken:
            return
        self.is_broken = True
        self.lost = self.service.breaks()
        self.up = deque(sent for sent in self.up if sent["type"] == "conversation.item.create")
        self.arrive(event("voicelive.reconnecting", attempt=1))

    def restore(self) -> None:
        if self.is_broken:
            self.is_broken = False
            # What was truncated meanwhile was applied to what is replayed.
            self.up = deque(sent for sent in self.up if sent["type"] != "conversation.item.truncate")
            self.arrive(ConnectionRestored.model_validate({"interrupted_responses": self.lost}))

    def settle(self) -> None:
        """Let everything come to its end."""
        self.restore()
        for _ in range(500):
            if self.up:
                self.send_one()
            elif self.service.down:
                self.receive_one()
            elif self.tools:
                self.end_tool()
            elif self.service.active is not None:
                self.service.finish()
            elif (due := self.conversation.due()) is not None:
                self.now = due
                self.conversation.tick(due)
                self.act()
            else:
                return
        raise AssertionError("it never comes to rest")


STEPS = [
    ["down", "up", "arrive"],
    ["begin", "begin", "begin", "sound", "sound", "call", "finish", "speech", "silence", "played", "request"],
    ["interrupt", "tool ends", "bad request", "break", "restore", "time"],
]
"""What may happen, by how often it does."""


def run(world: World, rng: random.Random) -> None:
    service, conversation = world.service, world.conversation
    lengths = rng.choice([(50,), (20, 100, 230)])

    def time_passes() -> None:
        world.now += DOUBT_S
        conversation.tick(world.now)
        world.act()

    def all_arrives() -> None:
        while service.down and not world.is_broken:
            world.receive_one()

    acts: dict[str, Callable[[], object]] = {
        "up": world.send_one,
        "down": world.receive_one,
        "arrive": all_arrives,
        "begin": service.begin_unasked,
        "sound": lambda: service.sound(rng.choice(lengths)),
        "call": service.call,
        "finish": service.finish,
        "speech": service.speech,
        "silence": service.silence,
        "played": lambda: world.play(rng.choice(lengths) * MS),
        "request": lambda: world.request(**({"metadata": str(world.now)} if rng.random() < 0.5 else {})),
        "bad request": lambda: world.request(metadata="bad"),
        "interrupt": world.interrupt,
        "tool ends": world.end_tool,
        "break": world.break_off,
        "restore": world.restore,
        "time": time_passes,
    }
    for _ in range(80):
        world.now += 0.05
        acts[rng.choice(rng.choice([STEPS[0], *STEPS[1:2] * 2, STEPS[2]]))]()


@pytest.mark.parametrize("options", [BargeIn(), BargeIn(resume_false=True)], ids=["at once", "resume_false"])
@pytest.mark.parametrize("creates", [True, False], ids=["create_response", "the application answers"])
def test_any_interleaving_keeps_the_rules(options: BargeIn, creates: bool) -> None:
    """No truncation beyond what was received, each call run and answered once, no request lost, nothing invented."""
    seen: Counter[str] = Counter()
    for seed in range(WALKS):
        world = World(options, creates=creates)
        run(world, random.Random(seed))
        world.settle()
        assert world.service.wrong == [], seed
        assert set(world.started.values()) <= {1}, seed
        assert all(world.service.calls[call_id] == 1 for call_id in world.started), seed
        assert all(ticket.outcome is not None for ticket in world.tickets), seed
        assert world.conversation.queue.is_idle, seed
        assert not world.conversation.calls.running, seed
        seen += world.service.taken
    # What the walks are for has happened.
    assert all(seen[name] for name in TAKEN), seen

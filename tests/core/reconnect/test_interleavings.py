"""Any interleaving of sends, answers, deaths and restorations ends as if no connection had ever died."""

from __future__ import annotations

import json
from collections import Counter, deque
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from voicelive import ReconnectPolicy
from voicelive._core.closing import CloseInfo
from voicelive._core.envelope import Incoming
from voicelive._core.reconnect.machine import Close, Open, SendLater, SendNow

from .scripted import DROPPED, WALL, Scripted, encoded, item, written

POLICY = ReconnectPolicy(deadline=1e6, rollover_before=60)
LIFE_S = 20.0
"""How long a session says that it lasts: after half of it, it is moved."""


class Session:
    """A small service: it takes events in order, and answers each in order."""

    def __init__(self, number: int, now: float) -> None:
        self.number = number
        self.settings = {"a": 0, "b": 0}
        self.items: list[str] = []
        self.seen: list[dict[str, Any]] = []
        self.inbox: deque[dict[str, Any]] = deque()
        self.outgoing: deque[bytes] = deque()
        self._say("session.created", session=self._report(now))

    def _report(self, now: float = 0) -> dict[str, Any]:
        return {"id": f"s{self.number}", **({"expires_at": WALL + now + LIFE_S} if now else {}), **self.settings}

    def _say(self, kind: str, **fields: Any) -> None:
        self.outgoing.append(encoded(kind, **fields))

    def work(self, count: int) -> None:
        """Take so many events."""
        for _ in range(min(count, len(self.inbox))):
            event = self.inbox.popleft()
            self.seen.append(event)
            getattr(self, "_" + event["type"].replace(".", "_"))(event)

    def _session_update(self, event: dict[str, Any]) -> None:
        self.settings.update(event["session"])
        self._say("session.updated", session=self._report())

    def _conversation_item_create(self, event: dict[str, Any]) -> None:
        created, previous = event["item"]["id"], event.get("previous_item_id")
        assert created not in self.items
        place = len(self.items) if previous is None else 0 if previous == "root" else self.items.index(previous) + 1
        self.items.insert(place, created)
        self._say("conversation.item.created", item=event["item"])

    def _conversation_item_delete(self, event: dict[str, Any]) -> None:
        self.items.remove(event["item_id"])
        self._say("conversation.item.deleted", item_id=event["item_id"])

    def _response_create(self, event: dict[str, Any]) -> None:
        name = f"answer_{self.number}_{len(self.seen)}"
        answer = {"id": name, "type": "message", "role": "assistant", "content": []}
        self._say("response.created", response={"id": name})
        self._say("response.output_item.added", item=answer)
        self._say("conversation.item.created", item=answer)
        self.items.append(name)
        self._say("response.output_item.done", item={**answer, "content": [{"type": "text", "text": "Yes"}]})
        self._say("response.done", response={"id": name})

    def _input_text_delta(self, event: dict[str, Any]) -> None:
        """Take what has no answer and no lasting effect."""


class World:
    """An application with one sender, a state machine, and the service's sessions, one a link."""

    def __init__(self) -> None:
        self.story = Scripted(POLICY)
        self.line = self.story.line
        self.sessions: dict[int, Session] = {1: Session(1, 1)}
        self.opening: deque[Open] = deque()
        self.sending: SendNow | None = None
        """What the application is sending: its sender waits for it."""
        self.restoring: SendNow | None = None
        """What the restoration is sending."""
        # What a session that never died would have.
        self.settings = {"a": 0, "b": 0}
        self.items: list[str] = []
        self.count = 0
        self.asked = 0
        self.lost: set[int] = set()
        """Events without an answer that went over a link that died before the service took them."""
        self.typed: set[int] = set()
        self.arrived: Counter[int] = Counter()
        self.told: list[dict[str, Any]] = []

    # What the application does.

    def _send(self, event: dict[str, Any]) -> None:
        decision = self.line.sending(written(event.pop("type"), **event), self.story.now)
        if isinstance(decision, SendNow):
            self.line.begun(decision)
            self.sending = decision
        else:
            assert isinstance(decision, SendLater)

    def app(self, what: str, value: int) -> None:
        if self.sending is not None:
            return
        self.count += 1
        if what == "set":
            change = {"ab"[value % 2]: value % 3}
            self.settings.update(change)
            self._send({"type": "session.update", "session": change})
        elif what == "say":
            name = f"i{self.count}"
            places: list[str | None] = [None, None, "root", *self.items]
            previous = places[value % len(places)]
            index = len(self.items) if previous is None else 0 if previous == "root" else self.items.index(previous) + 1
            self.items.insert(index, name)
            place = {} if previous is None else {"previous_item_id": previous}
            self._send({"type": "conversation.item.create", "item": item(name), **place})
        elif what == "delete" and self.items:
            self._send({"type": "conversation.item.delete", "item_id": self.items.pop(value % len(self.items))})
        elif what == "ask":
            self.asked += 1
            self._send({"type": "response.create"})
        elif what == "type":
            self.typed.add(self.count)
            self._send({"type": "input_text.delta", "id": "t", "text": str(self.count)})

    # What the network and the service do.

    def step(self, what: str, value: int) -> None:
        if what == "sent":
            self._complete()
        elif what == "restore":
            for number in list(self.sessions):
                if self.restoring is None:
                    self.restoring = self.line.next_to_send(number, self.story.now)
        elif what == "work":
            for session in self.sessions.values():
                session.work(value)
        elif what == "hear":
            for number, session in list(self.sessions.items()):
                for _ in range(min(value, len(session.outgoing))):
                    self.line.received(number, Incoming(session.outgoing.popleft()), self.story.now)
        elif what == "wait":
            self.story.at(self.story.now + value * value / 10)
        elif what == "open" and self.opening:
            self._open(self.opening.popleft(), fails=value == 0)
        elif what == "die" and self.sessions:
            self._die(sorted(self.sessions)[value % len(self.sessions)], heard=value % 3, late=bool(value % 2))
        self._act()

    def flow(self, value: int) -> None:
        """Let everything go on a bit."""
        for what in ("sent", "open", "restore", "sent", "work", "hear"):
            self.step(what, value)

    def _complete(self) -> None:
        for outgoing in filter(None, (self.restoring, self.sending)):
            self.sessions[outgoing.link].inbox.append(json.loads(outgoing.event.data))
            self.line.sent(outgoing, self.story.now)
        self.sending = self.restoring = None

    def _open(self, action: Open, *, fails: bool) -> None:
        self.story.at(max(self.story.now, action.at))
        if fails:
            self.line.failed(action.link, "busy", True, None, self.story.now)
        elif self.line.opened(action.link, self.story.now):
            self.sessions[action.link] = Session(action.link, self.story.now)

    def _die(self, number: int, *, heard: int, late: bool) -> None:
        session = self.sessions.pop(number)
        self._count_up(session)
        for _ in range(min(heard, len(session.outgoing))):
            self.line.received(number, Incoming(session.outgoing.popleft()), self.story.now)
        if late:
            self.line.ended(number, DROPPED, self.story.now)
        for outgoing in filter(None, (self.restoring, self.sending)):
            if outgoing.link == number:
                assert self.line.unsent(outgoing, self.story.now)
        self.restoring = None if self.restoring is None or self.restoring.link == number else self.restoring
        self.sending = None if self.sending is None or self.sending.link == number else self.sending
        if not late:
            self.line.ended(number, DROPPED, self.story.now)

    def _count_up(self, session: Session) -> None:
        self.lost.update(int(event["text"]) for event in session.inbox if event["type"] == "input_text.delta")
        self.arrived.update(int(event["text"]) for event in session.seen if event["type"] == "input_text.delta")

    def _act(self) -> None:
        for action in self.story.actions():
            if isinstance(action, Open):
                self.opening.append(action)
            elif isinstance(action, Close) and action.link in self.sessions:
                # What was sent before the close frame arrives before it.
                session = self.sessions.pop(action.link)
                session.work(len(session.inbox))
                self._count_up(session)
        self.told.extend(self.story.told())

    def settle(self) -> Session:
        """Let everything come to rest, with no more deaths; return the session that is left."""
        for _ in range(400):
            self.flow(100)
            idle = not (self.opening or self.sending or self.restoring or len(self.sessions) != 1)
            (link, session) = next(iter(self.sessions.items()), (0, None))
            if idle and session and not session.inbox and not session.outgoing and not self.line.is_restoring(link):
                self._count_up(session)
                return session
            self.step("wait", 1)
        raise AssertionError("it does not come to rest")


APP = ["set", "say", "say", "delete", "ask", "type"]
NET = [*["flow"] * 10, *["die"] * 2, *["wait"] * 3, "sent", "restore", "work", "hear", "open"]
STEPS = st.tuples(st.sampled_from([*APP, *APP, *NET]), st.integers(0, 9))


@settings(
    max_examples=200,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)
@given(st.lists(STEPS, min_size=60, max_size=150))
def test_as_if_no_connection_had_died(steps: list[tuple[str, int]]) -> None:
    """The last session has the settings and the conversation of one that never died; nothing is done twice or lost."""
    world = World()
    for what, value in steps:
        if what in APP:
            world.app(what, value)
            if value % 3:
                world.step("sent", 0)
        elif what == "flow":
            world.flow(value + 1)
        else:
            world.step(what, value)
    session = world.settle()

    assert session.settings == world.settings
    own = [name for name in session.items if not name.startswith("answer")]
    assert own == world.items

    # Answers that were finished are there, each once.
    told = world.told
    finished = [event["item"]["id"] for event in told if event["type"] == "response.output_item.done"]
    assert [name for name in session.items if name in finished] == [name for name in finished if name in session.items]
    assert set(finished) <= set(session.items)

    # What was asked was answered, or is reported.
    begun = [event["response"]["id"] for event in told if event["type"] == "response.created"]
    ended = [event["response"]["id"] for event in told if event["type"] == "response.done"]
    restored = [event for event in told if event["type"] == "voicelive.restored"]
    assert len(begun) + sum(event["unanswered_requests"] for event in restored) == world.asked
    assert sorted(name for event in restored for name in event["interrupted_responses"]) == sorted(
        set(begun) - set(ended)
    )

    # What has no answer arrived once, unless its link died with it on the way; the refusals reached nobody.
    assert set(world.arrived.values()) <= {1}
    assert set(world.arrived) == world.typed - world.lost
    assert not [event for event in told if event["type"] in ("error", "voicelive.gave_up")]


def test_the_world_ends() -> None:
    """A death for good leaves nothing that would still act."""
    world = World()
    world.app("say", 0)
    world.line.ended(1, CloseInfo(1008, "", "server"), 0)
    assert world.line.due(0) is None
    assert world.line.final is not None

"""How one link takes the place of another: attempts, what is learned, the adoption of a new session, giving up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from ..closing import CloseInfo
from ..envelope import AUDIO_DELTAS, Incoming, encoded
from ..receive_buffer import ReceiveBuffer
from ..watchdog import Watch
from .history import LEARNED_FROM, History, Unanswered
from .link_actions import Action, Close, Condense, Link, Open
from .policy import Backoff, ReconnectPolicy
from .replay import Replay, not_carried_over
from .sending import Sending

__all__ = ["SETTLE_S", "Interruption", "LinkChanges", "MachineOptions"]

SETTLE_S = 0.4
"""How long nothing may happen before a session counts as between two turns."""

_TURN_IS_OVER = {f"input_audio_buffer.{what}" for what in ("speech_stopped", "committed", "cleared")}


@dataclass
class Interruption:
    """What is known of the time without a session."""

    since: float
    info: CloseInfo
    lost: Unanswered
    session_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineOptions:
    """What the state machine of a connection is given. It has no clock and no chance of its own."""

    policy: ReconnectPolicy
    """What the application allows."""
    nested: bool
    """Whether the connection speaks a version with nested sessions."""
    ready_timeout: float | None
    """How long the first link may take to say ``session.created``, in seconds."""
    stall_timeout: float | None
    """How long a response may stand still, in seconds."""
    max_messages: int | None
    """How many messages a new session may send before it is current; None for no limit."""
    max_bytes: int | None
    """How many bytes likewise."""
    draw: Callable[[], float]
    """Gives a number from 0 to 1, evenly."""
    reserve: Callable[[float], float]
    """Returns when a link may be opened, given when it should be."""
    wall: Callable[[], float]
    """Gives the seconds since the epoch, for ``expires_at``."""
    new_id: Callable[[], str]
    """Makes an item's id."""


class LinkChanges:
    """The links and what they lead to. :class:`.machine.ReconnectMachine` says what happens to them."""

    __slots__ = (
        "_attempts",
        "_backoff",
        "_count",
        "_current",
        "_interruption",
        "_last_activity",
        "_last_failure",
        "_next",
        "_options",
        "_policy",
        "_rollover_at",
        "_sending",
        "actions",
        "deliver",
        "final",
        "history",
        "holding",
    )

    def __init__(self, options: MachineOptions, buffer: ReceiveBuffer) -> None:
        self._options = options
        self._policy = policy = options.policy
        self.history = History(policy, nested=options.nested)
        self.holding = buffer.holding
        """Counts what waits for the application, wherever it waits."""
        self.deliver: Callable[[Incoming], bool] = buffer.put
        """Takes what is for the application, and says whether that is too much by now."""
        self.actions: list[Action] = []
        """What the caller is to do, in order."""
        self.final: CloseInfo | None = None
        """How it ended for good; None while it lives."""
        self._current: Link | None = None
        self._next: Link | None = None
        self._count = 0
        self._sending = Sending(policy, self.history, options.new_id)
        self._interruption: Interruption | None = None
        self._attempts = 0
        self._backoff = Backoff(policy, options.draw)
        self._last_failure = ""
        self._last_activity = 0.0
        self._rollover_at: float | None = None

    @property
    def is_full(self) -> bool:
        """Whether no more is to be read until the application has received some."""
        # While there is no session, what is read restores it.
        return self._current is not None and self.holding.is_full()

    @property
    def settled(self) -> int | None:
        """The link of which only what :data:`LEARNED_FROM` names, and audio, need be shown; None while all may count.

        The times of the other messages are told by :meth:`heard`.
        """
        link = self._current
        return link.number if link is not None and link.watch.is_ready and self._next is None else None

    def heard(self, at: float) -> None:
        """Note when the latest message of the settled link arrived."""
        if self._current is not None and at > self._current.last_arrival:
            self._current.last_arrival = at
            self._last_activity = max(self._last_activity, at)

    def count(self, message: Incoming) -> None:
        """Note a piece of an answer's audio."""
        if (before := self.history.audio.add(message)) is not None:
            self.history.received_audio(*before)

    @property
    def _links(self) -> tuple[Link | None, Link | None]:
        return self._current, self._next

    @property
    def _lost_id(self) -> str | None:
        return self._interruption.session_id if self._interruption is not None else self.history.session_id

    def _new_link(self, watch: Watch) -> Link:
        self._count += 1
        return Link(self._count, watch)

    def _open(self, at: float) -> float:
        at = self._options.reserve(at)
        self._next = self._new_link(Watch(ready_timeout=None, stall_timeout=self._options.stall_timeout))
        self.actions.append(Open(self._next.number, at))
        return at

    def _attempt(self, now: float, retry_after: float | None, reason: str, code: int | None) -> None:
        self._attempts += 1
        at = self._open(now + self._backoff.delay(retry_after))
        delay = round((at - now) * 1000)
        self._tell(
            "reconnecting",
            attempt=self._attempts,
            delay_ms=delay,
            reason=reason,
            code=code,
            session_id=self._lost_id,
        )

    def _give_up(self, reason: str) -> None:
        interruption = self._interruption
        assert interruption is not None
        self._drop_next()
        self._tell("gave_up", attempts=self._attempts, reason=reason, unsent_events=len(self._sending.queue))
        info = interruption.info
        said = f"{info.reason}; " if info.reason else ""
        self._finish(CloseInfo(info.code, f"{said}{reason}", info.initiator, "reconnect"))

    def _drop_next(self) -> None:
        # One that is being opened is not wanted any more when it is open, and closed then.
        if self._next is not None and self._next.state != "opening":
            self.actions.append(Close(self._next.number))

    def _finish(self, info: CloseInfo) -> None:
        self.final = info
        self._current = self._next = None

    def _accept(self, link: Link, message: Incoming, now: float) -> bool:
        """Take a message of the current link for the application; returns what :meth:`received` does."""
        changes, was_ready = False, link.watch.is_ready
        if message.kind in AUDIO_DELTAS:
            self.count(message)
            if self._next is not None:
                # It may be asked about at any time.
                self.history.count_audio()
        elif message.kind in LEARNED_FROM:
            event = message.payload()
            if link.replay is not None and link.replay.announced and link.replay.is_done(event):
                return False
            changes = self._learn(event, now)
            if link.watch.is_needed:
                link.watch.see(message, event)
                changes = changes or event.get("type") == "response.created"
        if not was_ready:
            # Also where what was learned from has made it so: fewer messages need be shown from now on.
            if not link.watch.is_ready:
                link.watch.see(message)
            changes = True
        return self.deliver(message) or changes

    def _learn(self, event: dict[str, Any], now: float) -> bool:
        """Learn from an event of the current session; returns what :meth:`received` does."""
        kind = str(event.get("type"))
        before = self.history.expires_at
        self.history.received(event)
        if self.history.conversation.to_condense is not None:
            self._ask_to_condense()
        if kind in _TURN_IS_OVER:
            self._sending.forget_overlap()
        if self.history.expires_at != before:
            self._plan_rollover(now)
        return kind.startswith("session.") or bool(self.actions)

    def _plan_rollover(self, now: float) -> None:
        expires, before = self.history.expires_at, self._policy.rollover_before
        if expires is None or before is None:
            return
        left = expires - self._options.wall()
        if left <= 0:
            # One of the two clocks is wrong; moving at once would be moving forever.
            self._rollover_at = None
            return
        # A session shorter than the time before its end is moved at half of its life, not at once and forever.
        self._rollover_at = now + max(left - before, left / 2)

    def _ask_to_condense(self) -> None:
        conversation = self.history.conversation
        if conversation.to_condense is not None:
            self.actions.append(Condense(conversation.to_condense))
            conversation.to_condense = None

    def _advance(self, now: float) -> None:
        """Go on with the next link, as far as it can go now."""
        link = self._next
        if link is None or link.replay is None or not link.replay.is_confirmed:
            return
        if self._current is not None:
            link.state = "ready"
            # While reading pauses, nobody knows whether it is quiet.
            if self.is_full or not self.history.is_quiet or now < self._last_activity + SETTLE_S:
                return
        if self._sending.in_flight:
            # Whether it went out decides who sends it.
            return
        if link.replay.catch_up():
            link.state, link.progress_at = "restoring", now
            return
        self._adopt(link, link.replay, now)

    def _adopt(self, link: Link, replay: Replay, now: float) -> None:
        old, interruption = self._current, self._interruption
        previous_id = self._lost_id
        # In a planned move the latest audio is heard again.
        lost = interruption.lost if interruption is not None else replace(self.history.end(), input_audio_bytes=0)
        if old is not None:
            self.actions.append(Close(old.number))
            link.outgoing = self._sending.take_overlap(link.number)[::-1]
        not_carried = not_carried_over(replay)
        replayed = replay.replayed
        replay.adopt()
        self._ask_to_condense()
        self.history.expires_at = None
        for event in (link.restored_by or {}).values():
            self.history.received(event)
        self._tell(
            "restored",
            session_id=replay.session_id,
            previous_session_id=previous_id,
            planned=old is not None,
            attempts=max(1, self._attempts),
            downtime_ms=round((now - interruption.since) * 1000) if interruption is not None else 0,
            replayed_items=replayed,
            not_carried_over=not_carried,
            dropped_items=self.history.conversation.dropped,
            interrupted_responses=list(lost.responses),
            completed_items=list(lost.complete),
            unanswered_requests=lost.requests,
            applied_truncations=self._sending.truncations,
            queued_events=len(self._sending.queue),
            dropped_audio_bytes=self._sending.queue.dropped_audio,
            lost_audio_bytes=lost.input_audio_bytes,
        )
        self._sending.queue.dropped_audio = self._sending.truncations = self._attempts = 0
        self.history.conversation.dropped = 0
        self._last_failure = ""
        self._interruption = self._next = self._rollover_at = None
        self._current, link.state = link, "flushing"
        self._last_activity = link.current_since = now
        self._plan_rollover(now)
        held, link.held = link.held, None
        while held is not None and (message := held.take()) is not None:
            self._accept(link, message, now)

    def _tell(self, name: str, **fields: Any) -> None:
        self.deliver(Incoming(encoded({"type": f"voicelive.{name}", **fields})))

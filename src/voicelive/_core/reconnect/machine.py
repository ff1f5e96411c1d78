"""The state machine that keeps one session alive over any number of connections.

It is told what happens and when, and answers with what to do: nothing here waits, opens or sends. A *link* is one
WebSocket, known by its number. One link at most is *current*, the one the application talks over; one at most is
*next*, being opened and brought to where the current one is or was.

All times are seconds of one monotonic clock, given by the caller.
"""

from __future__ import annotations

from collections.abc import Callable

from ..closing import CloseInfo, describe_code
from ..envelope import Incoming, Outgoing
from ..holding import Holding
from ..receive_buffer import ReceiveBuffer
from ..watchdog import Watch
from .link_actions import Close, Condense, GiveUp, Link, Open, SendFull, SendLater, SendNow
from .link_changes import SETTLE_S, Interruption, LinkChanges
from .policy import Backoff
from .replay import Replay

__all__ = ["Close", "Condense", "GiveUp", "ReconnectMachine", "Open", "SendFull", "SendLater", "SendNow"]

FORGET_TURN_S = 5.0
"""How long nothing may happen before nobody waits for an answer or a confirmation any more."""

ROLLOVER_RETRY_S = 5.0
"""The wait after a failed attempt to move to a fresh session, while the old one is still there."""


class ReconnectMachine(LinkChanges):
    """Keeps a session alive.

    Args:
        options: what it is given.
        buffer: takes what is for the application.
    """

    __slots__ = ()

    # What happens.

    def start(self, now: float) -> int:
        """Note that the first link is open; returns its number."""
        options = self._options
        link = self._new_link(Watch(ready_timeout=options.ready_timeout, stall_timeout=options.stall_timeout))
        link.watch.open(now)
        link.state = "up"
        link.last_arrival = link.current_since = now
        self._current = link
        self._last_activity = now
        return link.number

    def opened(self, number: int, now: float) -> bool:
        """Note that a link is open; False if it is not wanted any more and is to be closed."""
        link = self._next
        if link is None or link.number != number or self.final is not None:
            return False
        link.progress_at = link.last_arrival = now
        link.state = "restoring"
        self.history.count_audio()
        link.replay = Replay(self.history, prefix=f"restore_{number}_")
        link.replay.catch_up()
        return True

    def failed(self, number: int, reason: str, recoverable: bool, retry_after: float | None, now: float) -> None:
        """Note that a link could not be opened, or ended before it was current."""
        if self._next is None or self._next.number != number:
            return
        self._next = None
        self._last_failure = reason
        if self._interruption is None:
            # The old session is still there: no reason to trouble anybody.
            self._rollover_at = now + max(ROLLOVER_RETRY_S, retry_after or 0) if recoverable else None
        elif not recoverable:
            self._give_up(f"attempt {self._attempts} failed for good: {reason}")
        elif now >= self._interruption.since + self._policy.deadline:
            self._give_up(self._past_deadline())
        else:
            self._attempt(now, retry_after, reason, None)

    def received(self, number: int, message: Incoming, now: float) -> bool:
        """Note a message of a link.

        Returns:
            Whether it may change what is due, what is to be done, or whether more is to be read; most do not.
        """
        link, coming = self._current, self._next
        if link is not None and link.number == number:
            link.last_arrival = self._last_activity = now
            changes = self._accept(link, message, now)
            if coming is None:
                return changes
        elif coming is not None and coming.number == number and coming.replay is not None:
            coming.last_arrival = now
            self._restoring(coming, coming.replay, message, now)
        self._advance(now)
        return True

    def _restoring(self, link: Link, replay: Replay, message: Incoming, now: float) -> None:
        """Take a message of a link that is not current yet."""
        event = message.payload()
        if replay.received(event):
            link.progress_at, link.has_progressed = now, True
            if not event["type"].startswith("conversation."):
                link.restored_by = {**(link.restored_by or {}), event["type"]: event}
            return
        if link.held is None:
            link.held = ReceiveBuffer(Holding(self._options.max_messages, self._options.max_bytes))
        if link.held.put(message):
            # Reading cannot pause: what restores the session comes the same way.
            self._drop_next()
            limit = "more than max_queue and max_buffer allow"
            self.failed(link.number, f"the new session sent {limit} before it was restored", True, None, now)

    def ended(self, number: int, info: CloseInfo, now: float) -> None:
        """Note that a link ended; every message of it came before."""
        if self._next is not None and self._next.number == number:
            text = f"the service ended the new connection: {describe_code(info.code)} {info.reason}".rstrip()
            self.failed(number, text, info.recoverable, None, now)
        if self._current is None or self._current.number != number or self.final is not None:
            return
        reason = describe_code(info.code) + (f": {info.reason}" if info.reason else "")
        self._attempts = 0
        if not info.recoverable:
            self._drop_next()
            if self._sending.queue:
                # They waited for this connection, and nobody who sent them would learn of it.
                self._tell("gave_up", reason=reason, unsent_events=len(self._sending.queue))
            self._finish(info)
            return
        if now - self._current.current_since >= self._policy.max_delay:
            # A connection that breaks again at once continues with the waits of the last interruption.
            self._backoff = Backoff(self._policy, self._options.draw)
        self._current = None
        self._sending.interrupted()
        self._last_failure = ""
        self._interruption = Interruption(now, info, self.history.end(), self.history.session_id)
        if self._next is None:
            self._attempt(now, None, reason, info.code)
        else:
            # A move to a fresh session was under way; it becomes the rescue.
            self._attempts = 1
            self._tell("reconnecting", attempt=1, delay_ms=0, reason=reason, code=info.code, session_id=self._lost_id)
            self._advance(now)

    def close(self, info: CloseInfo) -> None:
        """Note that the application closed the connection."""
        if self.final is None:
            self._finish(info)

    # What the application sends.

    def sending(self, event: Outgoing, now: float) -> SendNow | SendLater | SendFull:
        """Decide about an event of the application. Not to be called once `final` is set.

        What is sent now is noted as sent. Where that takes time, :meth:`begun` is to be called before, and then either
        :meth:`sent` or :meth:`unsent`.
        """
        link = self._current
        if link is None or link.state != "up":
            return self._sending.keep(event, moving=link is not None)
        sending = self._sending.on_its_way(link.number, event)
        if sending.mark is not None:
            self._last_activity = now
        return sending

    @property
    def note_audio(self) -> Callable[[Outgoing, int], None]:
        """Notes a piece of audio, and its size, that goes out at once over :attr:`up`: there is nothing to decide."""
        return self._sending.note_audio

    def begun(self, sending: SendNow) -> None:
        """Note that an event is being sent, and that nobody knows yet whether it goes out."""
        self._sending.in_flight += 1

    @property
    def up(self) -> int | None:
        """The link over which what is sent goes out at once; None while nothing can be sent."""
        link = self._current
        return link.number if link is not None and link.state == "up" else None

    def next_to_send(self, number: int, now: float) -> SendNow | None:
        """Return what is to be sent over a link that is being restored, once what came before is sent; else None.

        Either :meth:`sent` or :meth:`unsent` is to be called for it.
        """
        link = next((link for link in (self._next, self._current) if link is not None and link.number == number), None)
        if link is None or link.state == "up":
            return None
        if link.outgoing:
            self._sending.in_flight += 1
            return link.outgoing.pop()
        if link.state == "restoring" and link.replay is not None:
            message = link.replay.next_message()
            return None if message is None else SendNow(link.number, Outgoing.of(message), own=True)
        if link.state != "flushing":
            return None
        waiting = self._sending.next_waiting(number)
        if waiting is None:
            link.state = "up"
        else:
            self._sending.in_flight += 1
            self._last_activity = now
        return waiting

    def is_restoring(self, number: int) -> bool:
        """Whether :meth:`next_to_send` may still have something for a link."""
        return any(link is not None and link.number == number and link.state != "up" for link in self._links)

    def sent(self, sending: SendNow, now: float) -> None:
        """Note that an event went out."""
        self._sending.sent(sending)
        self._advance(now)

    def condensed(self, items: object, now: float) -> bool:
        """Note what the application made of the oldest items; None if it failed. False if it cannot be used."""
        used = self.history.conversation.condensed(items, self._options.new_id)
        self._advance(now)
        return used

    def unsent(self, sending: SendNow, now: float) -> bool:
        """Note that an event did not go out because the link broke; False if there is no room to keep it."""
        kept = self._sending.unsent(sending)
        self._advance(now)
        return kept

    # The time.

    def tick(self, now: float) -> None:
        """Do what is due."""
        if self.final is not None:
            return
        for link in self._links:
            dead = link.dead_at() if link is not None else None
            if link is not None and dead is not None and now >= dead[0]:
                link.is_given_up = True
                self.actions.append(GiveUp(link.number, dead[1]))
        self._check_restoration(now)
        if self.final is not None:
            return
        if self._current is not None and now >= self._last_activity + FORGET_TURN_S:
            self.history.forget_turn()
        if self._rollover_at is not None and now >= self._rollover_at and self._current is not None:
            self._rollover_at = None
            if self.is_full:
                # Nobody reads: the fresh session could not be restored.
                self._rollover_at = now + ROLLOVER_RETRY_S
            elif self._next is None:
                self._open(now)
        self._advance(now)

    def _check_restoration(self, now: float) -> None:
        link, allowed = self._next, self._policy.restore_timeout
        if link is not None and link.state == "restoring" and now >= link.progress_at + allowed:
            self._drop_next()
            what = "went no further with the restoration" if link.has_progressed else "was not restored"
            self.failed(link.number, f"the new session {what} within {allowed:g} s (restore_timeout)", True, None, now)
        deadline = self._deadline
        if self.final is None and deadline is not None and now >= deadline:
            self._give_up(self._past_deadline())

    @property
    def _deadline(self) -> float | None:
        """When the interruption has lasted for too long; None for never, while a new session is being restored."""
        link = self._next
        if self._interruption is None or (link is not None and link.state == "restoring" and link.has_progressed):
            return None
        return self._interruption.since + self._policy.deadline

    def _past_deadline(self) -> str:
        failure = f"; the last attempt: {self._last_failure}" if self._last_failure else ""
        return f"no session within {self._policy.deadline:g} s (deadline){failure}"

    def due(self, now: float) -> float | None:
        """Return when :meth:`tick` is to be called at the latest; None for never."""
        if self.final is not None:
            return None
        times: list[float] = []
        for link in self._links:
            dead = link.dead_at() if link is not None else None
            if dead is not None:
                times.append(dead[0])
        if self._next is not None and self._next.state == "restoring":
            times.append(self._next.progress_at + self._policy.restore_timeout)
        if (deadline := self._deadline) is not None:
            times.append(deadline)
        if self._current is not None and self._rollover_at is not None:
            times.append(self._rollover_at)
        if self._next is not None and self._next.state == "ready" and self._current is not None:
            at = self._last_activity + (SETTLE_S if self.history.is_quiet else FORGET_TURN_S)
            times.append(at if at > now else now + SETTLE_S)
        return min(times, default=None)

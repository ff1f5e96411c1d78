"""What becomes of the application's events: noted and sent, kept, dropped, or sent again to a fresh session."""

from __future__ import annotations

from collections.abc import Callable

from ..envelope import Outgoing
from .history import History
from .link_actions import SendFull, SendLater, SendNow
from .policy import ReconnectPolicy
from .send_queue import SendQueue

__all__ = ["Sending"]

_APPEND = "input_audio_buffer.append"
_OVERLAP_SLACK = 2
"""How many times its measure the latest audio may be before it is trimmed: not with every piece."""
_CREATE, _TRUNCATE = "conversation.item.create", "conversation.item.truncate"


class Sending:
    """Notes in the history what goes out, and keeps in the queue what cannot.

    Args:
        policy: what the application allows.
        history: where what goes out is noted.
        new_id: makes an item's id.
    """

    __slots__ = (
        "_history",
        "_new_id",
        "_overlap",
        "_overlap_bytes",
        "_overlap_ms",
        "_policy",
        "in_flight",
        "queue",
        "truncations",
    )

    def __init__(self, policy: ReconnectPolicy, history: History, new_id: Callable[[], str]) -> None:
        self._policy = policy
        self._history = history
        self._new_id = new_id
        self.queue = SendQueue(policy.max_queued_bytes)
        self.in_flight = 0
        """How many of the application's events are being sent at this moment."""
        self.truncations = 0
        """How many truncations were applied to what will be replayed, instead of being sent."""
        # Audio of a turn with an id means nothing to a session that did not see the turn begin.
        self._overlap_ms = 0 if policy.rollover_before is None else policy.rollover_overlap_ms
        self._overlap: list[Outgoing] = []
        self._overlap_bytes = 0

    def on_its_way(self, link: int, event: Outgoing, *, waited: bool = False) -> SendNow:
        """Note an event that is sent now."""
        if event.audio_size is not None:
            self.note_audio(event, event.audio_size)
            return SendNow(link, event, None, waited)
        if event.type == _CREATE:
            event = self._with_id(event)
        return SendNow(link, event, self._history.sent(event.payload), waited)

    def note_audio(self, event: Outgoing, size: int) -> None:
        """Note a piece of audio that is sent now: how much there is counts, and the latest is kept for a time."""
        self._history.uncommitted += size
        if self._overlap_ms and event.type == _APPEND:
            self._overlap.append(event)
            self._overlap_bytes += size
            if self._overlap_bytes > _OVERLAP_SLACK * self._overlap_ms * self._history.settings.input_bytes_per_ms:
                self._trim_overlap()

    def _with_id(self, event: Outgoing) -> Outgoing:
        """Give an item an id of its own, with which it can be told apart, and which it keeps on the next connection."""
        item = event.payload.get("item")
        if not isinstance(item, dict) or item.get("id"):
            return event
        made = {"id": self._new_id(), **{name: value for name, value in item.items() if name != "id"}}
        return Outgoing.of({**event.payload, "item": made})

    def keep(self, event: Outgoing, *, moving: bool) -> SendLater | SendFull:
        """Keep an event while it cannot be sent.

        Args:
            event: the event.
            moving: whether a session is there, and only catches up; then audio is not stale yet.
        """
        if not moving and self._applied(event):
            return SendLater()
        return SendLater() if self.queue.put(event, keep_audio=moving) else SendFull()

    def next_waiting(self, link: int) -> SendNow | None:
        """Return the oldest event that was kept, to be sent now."""
        event = self.queue.take()
        return None if event is None else self.on_its_way(link, event, waited=True)

    def sent(self, sending: SendNow) -> None:
        """Note that an event went out."""
        self.in_flight -= not sending.own

    def unsent(self, sending: SendNow) -> bool:
        """Note that an event did not go out; False if it is the application's and there is no room to keep it."""
        if sending.own:
            return True
        self.in_flight -= 1
        event = sending.event
        if event.audio_size is not None:
            return self.queue.put(event, keep_audio=False)
        if sending.mark is not None and not self._history.retract(sending.mark):
            # It is restored together with the session, or reported as unanswered.
            return True
        if self._applied(event):
            return True
        if sending.waited:
            self.queue.put_back(event)
            return True
        return self.queue.put(event, keep_audio=False)

    def interrupted(self) -> None:
        """Note that there is no session any more: audio that was to be heard later is stale now."""
        self.forget_overlap()
        self.queue.drop_audio()

    # The audio that a fresh session hears again.

    def take_overlap(self, link: int) -> list[SendNow]:
        """Hand out the latest input audio, to be sent to a fresh session."""
        self._trim_overlap()
        overlap = [SendNow(link, event) for event in self._overlap]
        self._history.uncommitted += self._overlap_bytes
        self.forget_overlap()
        return overlap

    def forget_overlap(self) -> None:
        """Drop the latest input audio: it belongs to a turn that is over."""
        self._overlap.clear()
        self._overlap_bytes = 0

    def _trim_overlap(self) -> None:
        limit = self._overlap_ms * self._history.settings.input_bytes_per_ms
        stale = 0
        while self._overlap_bytes > limit:
            self._overlap_bytes -= self._overlap[stale].audio_size or 0
            stale += 1
        del self._overlap[:stale]

    def _applied(self, event: Outgoing) -> bool:
        """Apply a truncation to what will be replayed: what is replayed is text, which cannot be truncated."""
        if event.type != _TRUNCATE or not self._history.truncate(event.payload):
            return False
        self.truncations += 1
        return True

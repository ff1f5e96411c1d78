"""What becomes of the application's events: noted and sent, kept, dropped, or sent again to a fresh session."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from ..envelope import audio_size, is_append, is_audio
from .actions import Outgoing, SendFull, SendLater
from .history import History
from .messages import encoded, parsed
from .policy import ReconnectPolicy
from .send_queue import SendQueue

__all__ = ["Sending"]


class Sending:
    """Notes in the ledger what goes out, and keeps in the queue what cannot.

    Args:
        policy: what the application allows.
        ledger: where what goes out is noted.
        new_id: makes an item's id.
    """

    def __init__(self, policy: ReconnectPolicy, ledger: History, new_id: Callable[[], str]) -> None:
        self._policy = policy
        self._ledger = ledger
        self._new_id = new_id
        self.outbox = SendQueue(policy.max_queued_bytes)
        self.in_flight = 0
        """How many of the application's events are being sent at this moment."""
        self.truncations = 0
        """How many truncations were applied to what will be replayed, instead of being sent."""
        self._overlap: deque[tuple[bytes, int]] = deque()
        self._overlap_bytes = 0

    def on_its_way(self, link: int, data: bytes, *, waited: bool = False) -> Outgoing:
        """Note an event that is sent now."""
        self.in_flight += 1
        if is_audio(data):
            size = audio_size(data)
            self._ledger.sent_audio(size)
            self._remember_audio(data, size)
            return Outgoing(link, data, waited=waited)
        event = parsed(data)
        item = event.get("item")
        if event.get("type") == "conversation.item.create" and isinstance(item, dict) and not item.get("id"):
            # With an id of its own an item can be told apart, and keeps it on the next connection.
            event["item"] = {"id": self._new_id(), **{name: value for name, value in item.items() if name != "id"}}
            data = encoded(event)
        return Outgoing(link, data, self._ledger.sent(event), waited=waited)

    def keep(self, data: bytes, *, moving: bool) -> SendLater | SendFull:
        """Keep an event while it cannot be sent.

        Args:
            data: the event.
            moving: whether a session is there, and only catches up; then audio is not stale yet.
        """
        if not moving and self._applied(data):
            return SendLater()
        return SendLater() if self.outbox.put(data, keep_audio=moving) else SendFull()

    def next_waiting(self, link: int) -> Outgoing | None:
        """Return the oldest event that was kept, to be sent now."""
        data = self.outbox.take()
        return None if data is None else self.on_its_way(link, data, waited=True)

    def sent(self, outgoing: Outgoing) -> None:
        """Note that an event went out."""
        self.in_flight -= not outgoing.own

    def unsent(self, outgoing: Outgoing) -> bool:
        """Note that an event did not go out; False if it is the application's and there is no room to keep it."""
        if outgoing.own:
            return True
        self.in_flight -= 1
        if is_audio(outgoing.data):
            return self.outbox.put(outgoing.data, keep_audio=False)
        if outgoing.mark is not None and not self._ledger.retract(outgoing.mark):
            # It is restored together with the session, or reported as unanswered.
            return True
        if self._applied(outgoing.data):
            return True
        if outgoing.waited:
            self.outbox.put_back(outgoing.data)
            return True
        return self.outbox.put(outgoing.data, keep_audio=False)

    def interrupted(self) -> None:
        """Note that there is no session any more: audio that was to be heard later is stale now."""
        self.forget_overlap()
        self.outbox.drop_audio()

    # The audio that a fresh session hears again.

    def take_overlap(self, link: int) -> list[Outgoing]:
        """Hand out the latest input audio, to be sent to a fresh session."""
        overlap = [Outgoing(link, data) for data, _ in self._overlap]
        self._ledger.sent_audio(self._overlap_bytes)
        self.forget_overlap()
        return overlap

    def forget_overlap(self) -> None:
        """Drop the latest input audio: it belongs to a turn that is over."""
        self._overlap.clear()
        self._overlap_bytes = 0

    def _remember_audio(self, data: bytes, size: int) -> None:
        # Audio of a turn with an id means nothing to a session that did not see the turn begin.
        if self._policy.rollover_before is None or not is_append(data):
            return
        self._overlap.append((data, size))
        self._overlap_bytes += size
        limit = self._policy.rollover_overlap_ms * self._ledger.settings.input_bytes_per_ms
        while self._overlap_bytes > limit:
            self._overlap_bytes -= self._overlap.popleft()[1]

    def _applied(self, data: bytes) -> bool:
        """Apply a truncation to what will be replayed: what is replayed is text, which cannot be truncated."""
        if b'"conversation.item.truncate"' not in data:
            return False
        event = parsed(data)
        if event.get("type") != "conversation.item.truncate" or not self._ledger.truncate(event):
            return False
        self.truncations += 1
        return True

"""A state machine to play stories with: a caller that carries out nothing, and keeps the time itself."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from itertools import count
from typing import Any

from voicelive import ReconnectPolicy
from voicelive._core.closing import CloseInfo
from voicelive._core.envelope import AUDIO_DELTAS, Incoming, Outgoing, base64_size
from voicelive._core.holding import Holding
from voicelive._core.receive_buffer import ReceiveBuffer
from voicelive._core.reconnect.history import LEARNED_FROM
from voicelive._core.reconnect.link_actions import Action
from voicelive._core.reconnect.link_changes import MachineOptions
from voicelive._core.reconnect.machine import ReconnectMachine, SendFull, SendLater, SendNow

WALL = 1_000_000.0
DROPPED = CloseInfo(1006, "", "network")
REFUSED = CloseInfo(1008, "no", "server")


def encoded(kind: str, **fields: Any) -> bytes:
    return json.dumps({"type": kind, **fields}, separators=(",", ":")).encode()


def written(kind: str, **fields: Any) -> Outgoing:
    """Return an event of the application."""
    audio_size = base64_size(fields["audio"]) if kind.endswith(".append") else None
    return Outgoing(kind, encoded(kind, **fields), fields.get("event_id"), audio_size)


def sound(ms: int) -> str:
    """Return so many milliseconds of silence, as PCM16 at 24 kHz in base64."""
    return base64.b64encode(bytes(48 * ms)).decode()


def item(item_id: str, text: str | None = None) -> dict[str, Any]:
    content = [{"type": "input_text", "text": text or item_id}]
    return {"id": item_id, "type": "message", "role": "user", "content": content}


class Scripted:
    """A machine whose first link, 1, is open at time 0."""

    def __init__(
        self,
        policy: ReconnectPolicy | None = None,
        *,
        draw: float = 1.0,
        nested: bool = False,
        ready_timeout: float | None = None,
        stall_timeout: float | None = None,
        max_messages: int | None = None,
        max_bytes: int | None = None,
        reserve: Callable[[float], float] | None = None,
    ) -> None:
        self.now = 0.0
        ids = count(1)
        self.buffer = ReceiveBuffer(Holding(max_messages, max_bytes))
        options = MachineOptions(
            policy=policy or ReconnectPolicy(),
            nested=nested,
            ready_timeout=ready_timeout,
            stall_timeout=stall_timeout,
            max_messages=max_messages,
            max_bytes=max_bytes,
            draw=lambda: draw,
            reserve=reserve or (lambda at: at),
            wall=lambda: WALL + self.now,
            new_id=lambda: f"item_{next(ids)}",
        )
        self.line = ReconnectMachine(options, self.buffer)
        assert self.line.start(0) == 1

    # What happens.

    def at(self, now: float) -> None:
        """Let the time pass, ticking whenever the state machine wants it, as its caller does."""
        for _ in range(10_000):
            due = self.line.due(self.now)
            if due is None or due > now:
                break
            self.now = max(self.now, due)
            self.line.tick(self.now)
        else:
            raise AssertionError(f"busy at {self.now}")
        self.now = now
        self.line.tick(now)

    def get(self, link: int, kind: str, **fields: Any) -> None:
        message = Incoming(encoded(kind, **fields))
        if link != self.line.settled or message.kind in LEARNED_FROM:
            self.line.received(link, message, self.now)
            return
        # As the transport does with most of what arrives: the time is told later, when it is asked for.
        if message.kind in AUDIO_DELTAS:
            self.line.count(message)
        self.line.deliver(message)
        self.line.heard(self.now)

    def begin(self, link: int, session_id: str, **fields: Any) -> None:
        self.get(link, "session.created", session={"id": session_id, **fields})

    def end(self, link: int, info: CloseInfo = DROPPED) -> None:
        self.line.ended(link, info, self.now)

    def fail(
        self, link: int, reason: str = "busy", *, recoverable: bool = True, retry_after: float | None = None
    ) -> None:
        self.line.failed(link, reason, recoverable, retry_after, self.now)

    def reply(self, link: int, item_id: str, transcript: str) -> None:
        """Let the service finish an answer's item."""
        content = [{"type": "audio", "transcript": transcript}]
        answer = {"id": item_id, "type": "message", "role": "assistant", "content": content}
        self.get(link, "response.output_item.done", item=answer)

    # What the application does.

    def decide(self, kind: str, **fields: Any) -> SendNow | SendLater | SendFull:
        return self.line.sending(written(kind, **fields), self.now)

    def put(self, kind: str, **fields: Any) -> SendNow:
        """Send an event over the current link; return it while it is on its way."""
        sending = self.decide(kind, **fields)
        assert isinstance(sending, SendNow)
        self.line.begun(sending)
        return sending

    def send(self, kind: str, **fields: Any) -> dict[str, Any]:
        """Send an event over the current link; return what went out."""
        sending = self.put(kind, **fields)
        self.line.sent(sending, self.now)
        event: dict[str, Any] = json.loads(sending.event.data)
        return event

    def later(self, kind: str, **fields: Any) -> None:
        """Send an event while there is nobody to send it to."""
        assert isinstance(self.decide(kind, **fields), SendLater)

    # What comes of it.

    def actions(self) -> list[Action]:
        actions = list(self.line.actions)
        self.line.actions.clear()
        return actions

    def told(self) -> list[dict[str, Any]]:
        """Return what the application receives."""
        events: list[dict[str, Any]] = []
        while (message := self.buffer.take()) is not None:
            events.append(json.loads(message.data))
        return events

    def kinds(self) -> list[str]:
        return [event["type"] for event in self.told()]

    def over(self, link: int) -> list[dict[str, Any]]:
        """Send all that is to be sent over a link; return it."""
        events: list[dict[str, Any]] = []
        while (sending := self.line.next_to_send(link, self.now)) is not None:
            events.append(json.loads(sending.event.data))
            self.line.sent(sending, self.now)
        return events

    def answer(self, link: int, events: list[dict[str, Any]]) -> None:
        """Confirm what was sent over a link, as a session does."""
        for event in events:
            if event["type"] == "session.update":
                self.get(link, "session.updated", session=event["session"])
            elif event["type"] == "conversation.item.create":
                self.get(link, "conversation.item.created", item=event["item"])
            elif event["type"] == "conversation.item.delete":
                self.get(link, "conversation.item.deleted", item_id=event["item_id"])

    def restore(self, link: int, session_id: str = "s2", **session: Any) -> list[dict[str, Any]]:
        """Open a link and restore the session over it; return what was replayed."""
        assert self.line.opened(link, self.now)
        self.begin(link, session_id, **session)
        replayed = self.over(link)
        self.answer(link, replayed)
        return replayed

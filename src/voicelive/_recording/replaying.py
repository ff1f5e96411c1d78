"""Replays the service's side of a recording: which event is due, and whether the client does what was recorded."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal, get_args

from .._core.envelope import base64_size
from .._core.json_values import mapping
from ..errors import ConfigurationError
from .comparing import canonical, difference
from .lines import RecordedEvent, line
from .reading import Recording
from .renaming import Renaming
from .sound_fields import USER_AUDIO

__all__ = ["Match", "Replaying", "check_match"]

Match = Literal["strict", "order", "loose"]
"""``strict``: the client's events are those that were recorded, in order, and no others; ``order``: these, with others
in between; ``loose``: their types, in any order. Its sound counts by its length."""

_SLACK_MS = 100.0
"""How much sound may be missing: clients cut it up in their own way."""


def check_match(match: object) -> Match:
    """Return it.

    Raises:
        ConfigurationError: for a word that does not exist.
    """
    for known in get_args(Match):
        if match == known:
            return known  # type: ignore[no-any-return]
    raise ConfigurationError(f"match is {match!r}; it takes 'strict', 'order' or 'loose'")


class Replaying:
    """One session that is replayed. Pure: who serves it waits and sends."""

    def __init__(self, recording: Recording, match: Match) -> None:
        self._recording = recording
        self._match: Match = match
        self._steps = [event for event in recording.events if event.direction != "local"]
        self._at = 0
        self._needed: dict[int, int] = {}
        self._expected: list[RecordedEvent] = []
        self._met: set[int] = set()
        self._audio = 0
        self._ids = Renaming()
        self.problem: str | None = None
        """Where the client does something else than what was recorded."""
        self.gate: float = 0.0
        """When, in the recording, that was which the next event follows."""
        self.ending: Mapping[str, Any] | None = recording.ending
        """How the recorded call ended; None where that was cut short."""
        self._slack = int(_SLACK_MS * recording.header.input.rate * recording.header.input.width / 1000)
        size = 0
        for number, step in enumerate(self._steps):
            if step.direction != "sent":
                continue
            if step.type in USER_AUDIO:
                size += sum(sound.size for sound in step.sounds)
                self._needed[number] = size
            else:
                self._needed[number] = len(self._expected)
                self._expected.append(step)

    @property
    def is_over(self) -> bool:
        """Whether everything has been sent."""
        return self._at >= len(self._steps)

    def next(self) -> RecordedEvent | None:
        """Return the service's next event; None while the client has to do something first, or all is over."""
        while not self.is_over:
            step = self._steps[self._at]
            if step.direction != "received":
                if not self._is_met(step):
                    return None
                self.gate = step.time
            self._at += 1
            if step.direction == "received":
                return step
        return None

    def wire(self, event: RecordedEvent) -> bytes:
        """Return an event as it is to be sent: with the ids that this client gave in the place of the recorded ones."""
        if event.raw is not None:
            return event.raw.encode("utf-8", "surrogatepass")
        return line(self._ids.rename(self._recording.wire(event))).rstrip()

    def take(self, message: bytes | str) -> None:
        """Take what the client sends."""
        try:
            event = mapping(json.loads(message))
        except (ValueError, RecursionError):
            event = {}
        if event.get("type") in USER_AUDIO:
            text = event.get("audio")
            self._audio += base64_size(text) if isinstance(text, str) else 0
        elif self._match == "loose":
            self._take_any(event)
        else:
            self._take_next(event)

    @property
    def waiting_for(self) -> str:
        """What the client is to do next; nothing if it need do nothing."""
        if self.is_over or self._steps[self._at].direction != "sent":
            return ""
        step = self._steps[self._at]
        where = f"line {step.number} of {self._recording.path.name}"
        if step.type not in USER_AUDIO:
            return f"send {step.type!r} ({where})"
        ms = self._recording.header.input.ms(max(0, self._needed[self._at] - self._audio))
        return f"send {ms:.0f} ms more of sound ({where})"

    def finish(self) -> None:
        """Take that the client has gone: what it has not done is a problem, unless anything goes."""
        if self.problem is None and self._match != "loose" and len(self._met) < len(self._expected):
            missing = [step for number, step in enumerate(self._expected) if number not in self._met]
            names = ", ".join(f"{step.type} (line {step.number})" for step in missing[:5])
            self.problem = f"the client ended without having sent {len(missing)} recorded event(s): {names}"

    def _is_met(self, step: RecordedEvent) -> bool:
        needed = self._needed[self._at]
        if step.type not in USER_AUDIO:
            return needed in self._met
        return self._audio > 0 if self._match == "loose" else self._audio >= needed - self._slack

    def _take_any(self, event: Mapping[str, Any]) -> None:
        for number, step in enumerate(self._expected):
            if number not in self._met and step.type == event.get("type"):
                self._meet(number, event)
                return

    def _take_next(self, event: Mapping[str, Any]) -> None:
        number = len(self._met)
        if number >= len(self._expected):
            if self._match == "strict":
                text = json.dumps(canonical(event), ensure_ascii=False)
                self.problem = self.problem or f"the client sent one event more than was recorded: {text}"
            return
        step = self._expected[number]
        is_same = step.type == event.get("type")
        # Of a recording without content, only the types can be compared.
        told = (
            ""
            if is_same and not self._recording.header.content
            else difference(step.payload, event, names=(f"recorded, line {step.number}", "sent"))
        )
        if is_same and not told:
            self._meet(number, event)
        elif self._match == "strict":
            self.problem = self.problem or f"the client sent something else than was recorded:\n{told}"

    def _meet(self, number: int, event: Mapping[str, Any]) -> None:
        self._met.add(number)
        self._ids.learn(self._expected[number].payload, event)

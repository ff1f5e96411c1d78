"""What the simulated caller does next: sound in, sound out, a block at a time; pure, and so the same in any call."""

from __future__ import annotations

import random
from array import array
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from .activity import BLOCK_MS, GAP_MS, Activity, Span
from .scenario import Line

__all__ = ["BLOCK_BYTES", "RATE", "Act", "Caller", "Pause", "Press", "Utterance", "Uttered", "Wait"]

RATE = 24_000
BLOCK_BYTES = RATE * BLOCK_MS // 1000 * 2
_FIRST_MS = 300
"""Nobody speaks the moment the line is open."""
_YIELDED_MS = 100
"""Silence of an agent that is more than a pause between sounds."""
_GREETING_MS = 1000
"""How long a caller that does not know yet what to say waits for the agent's greeting."""


@dataclass(frozen=True)
class Utterance:
    """Something to be said."""

    text: str | None
    """What is said in it, if that is known."""
    pcm: bytes
    """Its sound: PCM16 at 24 kHz."""
    after: Literal["answer", "now"] = "answer"
    interrupt_after_ms: int | None = None


@dataclass(frozen=True)
class Pause:
    """Silence of so many ms."""

    ms: int


@dataclass(frozen=True)
class Wait:
    """Until the agent begins to speak, or has finished."""

    until: Literal["answer", "answer_end"]
    timeout_ms: int


@dataclass(frozen=True)
class Press:
    """Keys."""

    keys: str


Act: TypeAlias = Utterance | Pause | Wait | Press


@dataclass(frozen=True)
class Uttered:
    """Something that was said, and when, in ms from the start of the call."""

    text: str | None
    span: Span
    over_answer: bool
    """Whether it was meant to interrupt, and the agent was speaking when it began."""
    unanswered: bool
    """Whether the caller had waited in vain for an answer to what was said before."""


@dataclass
class Caller:
    """A caller at the end of a line. Each call of it takes 20 ms of the agent's sound and gives 20 ms of its own.

    Both are PCM16 at 24 kHz. Time is counted in blocks: that of the sound, not that of the machine.
    """

    acts: Iterable[Act] = ()
    pause_ms: int = 900
    patience_ms: int = 10_000
    line: Line = field(default_factory=Line)
    seed: int = 0
    press: Callable[[str], None] = lambda _keys: None
    """Takes the keys that are pressed."""
    changed: Callable[[], None] = lambda: None
    """Called when `is_done` may have changed."""
    agent: Activity = field(default_factory=Activity)
    uttered: list[Uttered] = field(default_factory=list[Uttered])

    def __post_init__(self) -> None:
        # Where the caller waits on, an answer goes on.
        self.agent.gap_ms = self.pause_ms
        self._acts = deque(self.acts)
        self._random = random.Random(self.seed)
        self._gain = 10 ** (self.line.volume_db / 20)
        noise = self.line.noise_db
        # Noise of this loudness as samples of even distribution.
        self._noise = 0 if noise is None else min(32767, round(32768 * 3**0.5 * 10 ** (noise / 20)))
        self._speaking: _Speaking | None = None
        self._since = 0
        """When the last act ended."""
        self._spoke_until: int | None = None
        """When the caller last stopped speaking; None before."""
        self.is_done = False
        """Whether all acts are over, and the answer to the last, too; or waited for in vain."""

    @property
    def now_ms(self) -> int:
        """How long the call has lasted."""
        return self.agent.now_ms

    def add(self, act: Act) -> None:
        """Have the caller do this after the rest."""
        self._acts.append(act)
        self.is_done = False

    def __call__(self, heard: bytes) -> bytes:
        """Take the next 20 ms of the agent's sound; returns the caller's for the same 20 ms, as the line passes it."""
        now = self.now_ms
        self.agent.add(heard)
        if self._speaking is None:
            self._decide(now)
        block = b""
        if (speaking := self._speaking) is not None:
            block = speaking.next_block()
            if speaking.is_over:
                self._stop_speaking(speaking, now + BLOCK_MS)
        return self._through_line(block)

    def _decide(self, now: int) -> None:
        while self._acts and self._may_go_on(self._acts[0], now):
            act = self._acts.popleft()
            if isinstance(act, Utterance):
                # An agent that falls silent now has yielded; what it says next is another answer.
                self.agent.gap_ms, self.agent.silent_from_ms = min(GAP_MS, self.pause_ms), now
                self._speaking = _Speaking(
                    act,
                    now,
                    over_answer=act.interrupt_after_ms is not None and self.agent.started_ms is not None,
                    unanswered=self._spoke_until is not None and not self._answer_began(),
                )
                return
            if isinstance(act, Press):
                self.press(act.keys)
                # Keys are answered as words are.
                self._spoke_until = now
            self._since = now
        if not self._acts and not self.is_done and (self._answer_ended(now) or self._gave_up(now)):
            self.is_done = True
            self.changed()

    def _may_go_on(self, act: Act, now: int) -> bool:
        match act:
            case Pause():
                return now - self._since >= act.ms
            case Wait(until="answer"):
                return self._answer_began() or now - self._since >= act.timeout_ms
            case Wait():
                return self._answer_ended(now) or now - self._since >= act.timeout_ms
            case Press():
                return True
            case Utterance(interrupt_after_ms=int(wanted)):
                started = self.agent.started_ms
                if started is not None and self._is_answer(started):
                    return now - started >= wanted
                return self._gave_up(now)
            case Utterance():
                if act.after == "now" or self._spoke_until is None:
                    return now >= _FIRST_MS
                return self._answer_ended(now) or self._gave_up(now)

    def _stop_speaking(self, speaking: _Speaking, now: int) -> None:
        self.uttered.append(
            Uttered(speaking.act.text, Span(speaking.began, now), speaking.over_answer, speaking.unanswered)
        )
        self._speaking = None
        self.agent.gap_ms = self.pause_ms
        # What it says from now on is an answer to this.
        self.agent.split(silent_ms=_YIELDED_MS)
        self._spoke_until = self._since = now

    # What the agent does.

    def _is_answer(self, started: int) -> bool:
        """Whether sound that began then answers what was said last; before anything was said, it is a greeting."""
        return self._spoke_until is None or started >= self._spoke_until

    def _answer_began(self) -> bool:
        spans = self.agent.spans
        return bool(spans) and (self._is_answer(spans[-1].start_ms) or self._goes_on(spans[-1]))

    def _goes_on(self, span: Span) -> bool:
        """Whether sound that began before the caller had finished lasts well beyond: an answer begun too early."""
        return self._spoke_until is not None and span.end_ms > self._spoke_until + self.pause_ms

    def _answer_ended(self, now: int) -> bool:
        ended = self.agent.ended_ms
        return ended is not None and self._answer_began() and now - ended >= self.pause_ms

    def _gave_up(self, now: int) -> bool:
        """Whether there has been no answer for longer than the caller is patient; at first, no greeting."""
        patience = _GREETING_MS if self._spoke_until is None else self.patience_ms
        return not self._answer_began() and now - max(self._since, self._spoke_until or 0) >= patience

    # What the line does.

    def _through_line(self, block: bytes) -> bytes:
        if self.line.loss_percent and self._random.uniform(0, 100) < self.line.loss_percent:
            return bytes(BLOCK_BYTES)
        block += bytes(BLOCK_BYTES - len(block))
        if self._gain == 1 and not self._noise:
            return block
        draw, noise, gain = self._random.random, self._noise, self._gain
        return array(
            "h",
            [max(-32768, min(32767, round(sample * gain + (2 * draw() - 1) * noise))) for sample in array("h", block)],
        ).tobytes()


class _Speaking:
    """An utterance under way."""

    def __init__(self, act: Utterance, began: int, *, over_answer: bool, unanswered: bool) -> None:
        self.act = act
        self.began = began
        self.over_answer = over_answer
        self.unanswered = unanswered
        self._at = 0

    def next_block(self) -> bytes:
        block = self.act.pcm[self._at : self._at + BLOCK_BYTES]
        self._at += BLOCK_BYTES
        return block

    @property
    def is_over(self) -> bool:
        return self._at >= len(self.act.pcm)

"""What a report shows of a recording: its events, how they are told apart, and the figures of its turns."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .._base import encode_base64
from ..conversation import CallMetrics, Observed, measure
from ..recording import HeardStretch, RecordedEvent, Recording, SoundFormat, SoundReference

__all__ = ["Answered", "Call", "read_call"]

_DIRECTIONS = {"sent": "in", "received": "out", "local": "local"}
"""As the page has them, which looks from the service's side."""
_MOST_EVENTS = 100_000
_MOST_BYTES = 64 << 20
"""What a browser opens well."""
_LONG = 100_000
_BLOCK_MS = 20
_DELTAS = ("response.audio.delta", "response.output_audio.delta")
_APPENDS = ("input_audio_buffer.append", "input_audio.turn.append")


@dataclass
class Answered:
    """A part of an item that was answered in sound: what came of it, and how much was heard."""

    item_id: str
    content_index: int
    sound: SoundFormat
    came_at: float
    """When its first piece arrived, in seconds."""
    pieces: list[SoundReference] = field(default_factory=list[SoundReference])
    heard_ms: float = 0.0
    heard_until: float | None = None
    """Where in the call the last that was heard of it ends, in seconds."""

    @property
    def ms(self) -> float:
        """How much came."""
        return sum(piece.ms for piece in self.pieces)


_Answers = dict[tuple[str, int], Answered]
_Report = tuple[float, str | None, int]
"""When, of which item, and how many bytes were played since the report before."""


@dataclass
class Call:
    """A recording, read."""

    recording: Recording
    entries: list[dict[str, Any]]
    """The events as the page takes them."""
    seconds: float
    """How long the call lasted, as far as it was recorded."""
    stretches: list[HeardStretch]
    answered: list[Answered]
    metrics: CallMetrics
    problems: list[str]
    """What could not be read, and what is left out."""
    errors: int
    """How many ``error`` events there were."""

    @property
    def name(self) -> str:
        """What it is called."""
        path = self.recording.path
        return path.parent.name if path.name == "call.jsonl" else path.stem if path.suffix == ".zip" else path.name

    @property
    def ending(self) -> str:
        """How it ended."""
        ending = self.recording.ending
        if ending is None:
            return "the recording was cut short"
        code, reason = ending.get("code"), ending.get("reason")
        return f"{'closed' if code is None else f'closed with {code}'}{f': {reason}' if reason else ''}"


def read_call(path: str | Path) -> Call:
    """Read a recording as far as it can be read.

    Raises:
        RecordingError: if there is none.
    """
    recording = Recording.open(path)
    events = _Events(recording)
    stretches = sorted(recording.stretches, key=lambda stretch: stretch.at)
    reports = [*_heard(stretches, events.answered), *_played(recording, events.answered)]
    metrics = _measured(recording, events, sorted(reports, key=lambda report: report[0]))
    ends = [events.last, recording.audio.seconds, *(stretch.at + stretch.seconds for stretch in stretches)]
    return Call(
        recording,
        events.entries,
        max(ends),
        stretches,
        list(events.answered.values()),
        metrics,
        [*recording.check(), *events.problems],
        events.errors,
    )


class _Events:
    """Goes through the events once, and collects what the page needs of them."""

    def __init__(self, recording: Recording) -> None:
        self.entries: list[dict[str, Any]] = []
        self.answered: _Answers = {}
        self.problems: list[str] = []
        self.errors = 0
        self.last = 0.0
        self._sound = recording.header.output
        self._left_out = 0
        self._bytes = 0
        formats = _formats(recording)
        upcoming = next(formats, None)
        for event in recording.events:
            while upcoming is not None and upcoming[0] <= event.time:
                self._sound = upcoming[1]
                upcoming = next(formats, None)
            self._take(event)
        if self._left_out:
            self.problems.append(f"the last {self._left_out:,} events are not shown: there are too many for one page")

    def _take(self, event: RecordedEvent) -> None:
        self.last = max(self.last, event.time)
        sounds = event.sounds
        if event.type in _DELTAS and sounds and event.direction == "received":
            self._answer(event, sounds[0])
        if event.type == "error":
            self.errors += 1
        payload: Any = event.payload if event.raw is None else event.raw
        text = json.dumps(payload)
        size = len(text) + sum((sound.size + 2) // 3 * 4 for sound in sounds)
        if len(text) > _LONG:
            payload = f"{text[:_LONG]}… ({len(text):,} characters)"
            text = payload
        if len(self.entries) >= _MOST_EVENTS or self._bytes + len(text) > _MOST_BYTES:
            self._left_out += 1
            return
        self._bytes += len(text)
        entry: dict[str, Any] = {
            "n": event.number,
            "at": round(event.time * 1000, 1),
            "dir": _DIRECTIONS[event.direction],
            "type": event.type or ("(not JSON)" if event.raw is not None else "(no type)"),
            "size": size,
            "payload": payload,
        }
        if event.type in (*_DELTAS, *_APPENDS) and sounds:
            entry["audio"] = {"ms": round(sounds[0].ms, 1)}
        self.entries.append(entry)

    def _answer(self, event: RecordedEvent, sound: SoundReference) -> None:
        item_id, index = str(event.payload.get("item_id")), event.payload.get("content_index")
        key = item_id, index if isinstance(index, int) else 0
        if key not in self.answered:
            self.answered[key] = Answered(*key, self._sound, event.time)
        self.answered[key].pieces.append(sound)


def _formats(recording: Recording) -> Iterator[tuple[float, SoundFormat]]:
    """Yield from when on answers come in which format."""
    for values in recording.lines:
        time = values.get("t")
        if values.get("kind") == "format" and isinstance(time, (int, float)):
            yield float(time), SoundFormat.read(values.get("output"))


def _heard(stretches: list[HeardStretch], answered: _Answers) -> Iterator[_Report]:
    """Yield what a player would have reported, by what lies in ``call.wav``."""
    for stretch in stretches:
        answer = answered.get((stretch.item_id or "", stretch.content_index))
        if stretch.side == "assistant" and answer is not None:
            answer.heard_ms = max(answer.heard_ms, stretch.to_ms)
            answer.heard_until = stretch.at + stretch.seconds
            yield from _blocks(stretch, answer.sound)


def _blocks(stretch: HeardStretch, sound: SoundFormat) -> Iterator[_Report]:
    """Yield a report for each block, as of a player that goes on."""
    size = sound.size(stretch.to_ms - stretch.from_ms)
    block, done = sound.size(_BLOCK_MS), 0
    while done < size:
        played = min(block, size - done)
        done += played
        yield stretch.at + sound.ms(done) / 1000, stretch.item_id, played


def _played(recording: Recording, answered: _Answers) -> Iterator[_Report]:
    """Yield what a player reported, where there is no ``call.wav``."""
    for values in recording.lines:
        item_id, index, to_ms, time = (values.get(name) for name in ("item_id", "content_index", "to_ms", "t"))
        if values.get("kind") != "played" or not isinstance(item_id, str) or not isinstance(to_ms, (int, float)):
            continue
        answer = answered.get((item_id, index if isinstance(index, int) else 0))
        if answer is not None and isinstance(time, (int, float)) and to_ms > answer.heard_ms:
            yield float(time), item_id, answer.sound.size(to_ms - answer.heard_ms)
            answer.heard_ms, answer.heard_until = float(to_ms), float(time)


def _measured(recording: Recording, events: _Events, reports: list[_Report]) -> CallMetrics:
    """Return the figures, by the same rules as in a call that goes on."""
    observed = (_observed(event) for event in recording.events if event.raw is None)
    try:
        return measure(observed, played=reports, barge_in=True)
    except Exception as error:  # noqa: BLE001 - whatever is damaged, the rest is shown
        events.problems.append(f"the figures of the turns could not be made: {error or type(error).__name__}")
        return CallMetrics()


def _observed(event: RecordedEvent) -> Observed:
    payload = event.payload
    if event.type in (*_DELTAS, *_APPENDS):
        name = "delta" if event.type in _DELTAS else "audio"
        size = sum(sound.size for sound in event.sounds)
        # How much there is counts, not what.
        payload = {**payload, name: encode_base64(bytes(size))}
    return Observed(event.time, "out" if event.direction == "sent" else "in", payload)

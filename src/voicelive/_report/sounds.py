"""The sound of a call as a page has it: how loud it is from moment to moment, and what can be played."""

from __future__ import annotations

import bisect
from array import array
from collections.abc import Iterator
from itertools import pairwise
from operator import add
from typing import Any

from .._audio.g711 import encode_ulaw
from .._audio.pcm import AudioFormatError, from_samples, to_samples
from .._audio.wire_formats import WireFormat
from .._base import encode_base64
from ..recording import HeardStretch, SoundFormat
from .reading import Answered, Call

__all__ = ["sound_of"]

_STEP_MS = 20
_STEPS = 50
"""Steps in a piece: one second."""
_PLAYED_RATE = 12_000
"""Speech is understood well at this rate, and a page is half as large."""
_THINNING = 4
_MOST_BYTES = 48 << 20
_ENCODINGS = {"pcm16": "pcm16", "g711_ulaw": "ulaw", "g711_alaw": "alaw"}

Piece = dict[str, Any]


def sound_of(call: Call, *, with_sound: bool = True) -> tuple[dict[str, Any], list[str]]:
    """Return what the page draws and plays, and what is left out of it.

    Args:
        call: the call.
        with_sound: whether the sound itself is in the page.
    """
    audio = call.recording.audio
    every = max(1, round(audio.rate / _PLAYED_RATE))
    made = _Pieces(every, with_sound)
    lanes = {side: _Lane([one for one in call.stretches if one.side == side]) for side in ("user", "assistant")}
    for second, (user, assistant) in enumerate(audio.blocks()):
        for side, pcm in (("user", user), ("assistant", assistant)):
            made.add(side, second * 1000, to_samples(pcm), audio.rate, lanes[side])
    unheard = list(_unheard(call))
    left_out: list[str] = []
    if made.left_out_ms:
        left_out.append(f"{made.left_out_ms / 1000:.0f} s of sound cannot be played: there is too much for one page")
    return {
        "rate": audio.rate / every,
        "user": made.pieces["user"],
        # What was heard lies over what was not.
        "assistant": [*unheard, *made.pieces["assistant"]],
        "played": made.played,
    }, left_out


class _Lane:
    """Whose sound lies where, of one side."""

    def __init__(self, stretches: list[HeardStretch]) -> None:
        self._stretches = stretches
        self._starts = [stretch.at * 1000 for stretch in stretches]

    def at(self, ms: float) -> HeardStretch | None:
        """Return what lies at a moment of the call."""
        place = bisect.bisect_right(self._starts, ms + _STEP_MS / 2) - 1
        if place < 0:
            return None
        stretch = self._stretches[place]
        return stretch if ms < self._starts[place] + stretch.seconds * 1000 else None


class _Pieces:
    """Cuts a call into pieces of a second at most, each all sound or left out."""

    def __init__(self, every: int, with_sound: bool) -> None:
        self.pieces: dict[str, list[Piece]] = {"user": [], "assistant": []}
        self.played: dict[int, str] = {}
        """The sound of each piece by its number, µ-law as base64."""
        self.left_out_ms = 0.0
        self._every = every
        self._with_sound = with_sound
        self._count = 0
        self._bytes = 0

    def add(self, side: str, begin: int, samples: array[int], rate: int, lane: _Lane) -> None:
        """Take a second of one side."""
        edges = [min(len(samples), rate * _STEP_MS * step // 1000) for step in range(_STEPS + 1)]
        peaks = [_peak(samples[start:end]) for start, end in pairwise(edges)]
        owners = [lane.at(begin + step * _STEP_MS) for step in range(_STEPS)]
        start: int | None = None
        for step in range(_STEPS + 1):
            is_there = step < _STEPS and edges[step + 1] > edges[step]
            is_sound = is_there and (peaks[step] > 0 or owners[step] is not None)
            if start is not None and (not is_sound or _changes(owners[start : step + 1])):
                part, owner = samples[edges[start] : edges[step]], _owner(owners[start:step])
                self._keep(side, begin + start * _STEP_MS, part, peaks[start:step], rate, owner)
                start = None
            if is_sound and start is None:
                start = step

    def _keep(
        self, side: str, at: int, samples: array[int], peaks: list[int], rate: int, stretch: HeardStretch | None
    ) -> None:
        number = self._count
        self._count += 1
        ms = len(samples) * 1000 / rate
        piece: Piece = {"n": number, "from": at, "ms": round(ms, 2), "levels": peaks}
        if stretch is not None:
            piece["streamed"] = round(stretch.from_ms + at - stretch.at * 1000, 1)
            piece["item"] = stretch.item_id
        self.pieces[side].append(piece)
        if self._with_sound and max(peaks) > 0:
            coded = encode_base64(encode_ulaw(from_samples(_fewer(samples, self._every))))
            if self._bytes + len(coded) > _MOST_BYTES:
                self.left_out_ms += ms
            else:
                self._bytes += len(coded)
                self.played[number] = coded


def _owner(owners: list[HeardStretch | None]) -> HeardStretch | None:
    return next((owner for owner in owners if owner is not None), None)


def _changes(owners: list[HeardStretch | None]) -> bool:
    """Return whether the last is another one than those before."""
    before = _owner(owners[:-1])
    return before is not None and owners[-1] is not None and owners[-1] != before


def _peak(samples: array[int]) -> int:
    part = samples[::_THINNING]
    if not part:
        return 0
    highest = max(max(part), -min(part))
    return min(100, -(-highest * 100 // 32767)) if highest > 16 else 0


def _fewer(samples: array[int], every: int) -> array[int]:
    """Return every so many samples as their mean."""
    if every == 1:
        return samples
    size = len(samples) // every * every
    sums = samples[0:size:every]
    total: Any = sums
    for offset in range(1, every):
        total = list(map(add, total, samples[offset:size:every]))
    return array("h", [value // every for value in total])


def _unheard(call: Call) -> Iterator[Piece]:
    """Yield what came of answers and was not heard, from where it would have gone on."""
    for answer in call.answered if call.recording.header.content else ():
        if answer.ms - answer.heard_ms > 2 * _STEP_MS:
            begin = answer.came_at if answer.heard_until is None else answer.heard_until
            levels = _levels_after(call, answer)
            yield {
                "n": -1,
                "from": round(begin * 1000),
                "ms": len(levels) * _STEP_MS,
                "levels": levels,
                "heard": 0,
                "item": answer.item_id,
            }


def _levels_after(call: Call, answer: Answered) -> list[int]:
    """Return how loud the rest of an answer is, 20 ms each."""
    place, found = 0.0, list[int]()
    for piece in answer.pieces:
        place += piece.ms
        if place <= answer.heard_ms:
            continue
        samples = _samples(call.recording.sound(piece), answer.sound)
        skipped = max(0.0, answer.heard_ms - (place - piece.ms))
        rest = samples[round(skipped * answer.sound.rate / 1000) :]
        step = answer.sound.rate * _STEP_MS // 1000
        found.extend(_peak(rest[start : start + step]) for start in range(0, len(rest), step))
    return found


def _samples(data: bytes, sound: SoundFormat) -> array[int]:
    encoding: Any = _ENCODINGS[sound.format]
    whole = data[: len(data) // sound.width * sound.width]
    try:
        return to_samples(WireFormat(sound.rate, sound.width, sound.format, encoding).decode(whole))
    except AudioFormatError:
        return array("h")

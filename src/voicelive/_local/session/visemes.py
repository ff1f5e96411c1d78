"""The face that goes with an answer's sound: mouth shapes and expressions, estimated from the spelling of its words.

No engine here knows how a word is articulated. Where its sound is, they know; within it, the letters share the time.
That is right for where the mouth moves and for how long, and close to right for its shape, in English.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass

from ..engines.protocols import Word

__all__ = ["BLENDSHAPES", "FRAMES_PER_S", "Face", "Frames", "Viseme"]

BLENDSHAPES = 55
"""Numbers in one frame: 52 of ARKit's blendshapes, then head roll and the roll of both eyes."""

FRAMES_PER_S = 60
"""Frames in a second of sound."""

_JAW_OPEN, _MOUTH_FUNNEL, _MOUTH_PUCKER = 17, 19, 20
_PAUSE_MS = 40  # a gap between words that closes the mouth

# Letters, longest first, and the number of their mouth shape.
_SHAPES: dict[str, int] = {
    "tch": 16, "igh": 11, "sch": 16, "tion": 16,
    "th": 17, "sh": 16, "ch": 16, "ph": 18, "wh": 7, "ng": 20, "ck": 20, "qu": 20, "er": 5, "ir": 5, "ur": 5,
    "ow": 9, "ou": 9, "oi": 10, "oy": 10, "ie": 11, "ee": 6, "ea": 6, "oo": 7, "ai": 4, "ay": 4, "aw": 3, "au": 3,
    "a": 1, "b": 21, "c": 20, "d": 19, "e": 4, "f": 18, "g": 20, "h": 12, "i": 6, "j": 16, "k": 20, "l": 14, "m": 21,
    "n": 19, "o": 8, "p": 21, "q": 20, "r": 13, "s": 15, "t": 19, "u": 7, "v": 18, "w": 7, "x": 15, "y": 6, "z": 15,
}  # fmt: skip
_LETTERS = re.compile("|".join(sorted(_SHAPES, key=len, reverse=True)))
_OTHER = 1  # a letter of another script, a digit: half open

# How wide the jaw is, how rounded and how pursed the lips are, by mouth shape; the others are half open.
_POSES: dict[int, tuple[float, float, float]] = {
    0: (0.0, 0.0, 0.0), 1: (0.5, 0.0, 0.0), 2: (0.7, 0.0, 0.0), 3: (0.6, 0.4, 0.0), 4: (0.4, 0.0, 0.0),
    7: (0.2, 0.3, 0.8), 8: (0.4, 0.7, 0.3), 9: (0.6, 0.4, 0.2), 10: (0.5, 0.5, 0.2), 11: (0.6, 0.0, 0.0),
    18: (0.1, 0.0, 0.0), 21: (0.0, 0.0, 0.0),
}  # fmt: skip
_USUAL_POSE = (0.25, 0.0, 0.0)


@dataclass(frozen=True)
class Viseme:
    """A mouth shape and when it is due, in milliseconds from the start of the sound."""

    offset_ms: int
    viseme_id: int
    """0 (silence) to 21."""


@dataclass(frozen=True)
class Frames:
    """Expressions for a stretch of the sound, one list of weights, 0 to 1, a frame."""

    first: int
    """Index of the first of these frames, from 0."""
    frames: list[list[float]]


class Face:
    """Follows the words of one answer."""

    def __init__(self) -> None:
        self._offsets: list[int] = []
        self._shapes: list[int] = []
        self._mouth_closes_ms = 0
        self._frame = 0

    def move(self, word: Word) -> list[Viseme]:
        """Return the mouth shapes of the next word, and of the pause before it."""
        visemes: list[Viseme] = []
        if not self._offsets and word.offset_ms > 0:
            visemes.append(Viseme(0, 0))
        elif word.offset_ms - self._mouth_closes_ms > _PAUSE_MS:
            visemes.append(Viseme(self._mouth_closes_ms, 0))
        shapes = [_SHAPES[letters] for letters in _LETTERS.findall(word.text.lower())] or [_OTHER]
        visemes += [
            Viseme(word.offset_ms + word.duration_ms * place // len(shapes), shape)
            for place, shape in enumerate(shapes)
        ]
        self._mouth_closes_ms = word.offset_ms + word.duration_ms
        self._remember(visemes)
        return visemes

    def rest(self) -> list[Viseme]:
        """Return what closes the mouth after the last word; nothing where none was spoken."""
        if not self._offsets:
            return []
        visemes = [Viseme(self._mouth_closes_ms, 0)]
        self._remember(visemes)
        return visemes

    def frames_until(self, end_ms: float) -> Frames | None:
        """Return the expressions up to a moment of the sound, from where the last ones ended; None for none."""
        first, last = self._frame, int(end_ms * FRAMES_PER_S / 1000)
        if last <= first:
            return None
        self._frame = last
        return Frames(first, [self._pose_at(index * 1000 // FRAMES_PER_S) for index in range(first, last)])

    def _remember(self, visemes: list[Viseme]) -> None:
        self._offsets += [viseme.offset_ms for viseme in visemes]
        self._shapes += [viseme.viseme_id for viseme in visemes]

    def _pose_at(self, moment_ms: int) -> list[float]:
        place = bisect_right(self._offsets, moment_ms) - 1
        silent = place < 0 or (place == len(self._offsets) - 1 and moment_ms >= self._mouth_closes_ms)
        jaw, funnel, pucker = _POSES.get(0 if silent else self._shapes[place], _USUAL_POSE)
        frame = [0.0] * BLENDSHAPES
        frame[_JAW_OPEN], frame[_MOUTH_FUNNEL], frame[_MOUTH_PUCKER] = jaw, funnel, pucker
        return frame

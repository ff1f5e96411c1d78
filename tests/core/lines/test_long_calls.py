"""Minutes of a call on each line, by a clock that the test turns: what is kept for it does not grow with it.

An hour of it, through the whole bridge, is ``python -m benchmarks.lines --hour``.
"""

from __future__ import annotations

import base64
import json
import tracemalloc
from collections.abc import Iterator

import pytest

from voicelive._core.lines.hearing import Hearing
from voicelive._core.lines.playout import Playout
from voicelive.telephony import AcsLine, GenesysLine, Line, MarkReturned, TwilioLine

from . import frames

LINES: list[tuple[type[Line], str]] = [
    (TwilioLine, frames.TWILIO_START),
    (AcsLine, frames.acs_metadata()),
    (GenesysLine, frames.genesys_open()),
]


def carried(line: Line, sound: str | bytes) -> Iterator[int]:
    """Carry a call of any length, 20 ms a step; yields the bytes that were heard on both sides."""
    hearing, playout = Hearing(line, 0.0), Playout(line)
    answer = b"\1\1" * (line.audio_format.size(3000) // 2)
    marks: list[tuple[float, str]] = []
    number = total = 0
    played_until = 0.0
    while True:
        now = number * 0.02
        if number % 200 == 0:
            playout.add(answer)
        elif number % 400 == 75:
            playout.flush(now)
            marks, played_until = [(now, name) for _, name in marks], now
        for event in line.receive(sound):
            hearing.add(getattr(event, "audio", b""), now)
        total += len(hearing.take())
        for message in playout.step(now):
            found = json.loads(message) if line.has_marks else {}
            if found.get("event") == "mark":
                marks.append((played_until, found["mark"]["name"]))
            elif found:
                size = len(base64.b64decode(found["media"]["payload"]))
                played_until = max(played_until, now) + line.audio_format.ms(size) / 1000
        while marks and marks[0][0] <= now:
            (event,) = line.receive(frames.twilio("mark", mark={"name": marks.pop(0)[1]}))
            assert isinstance(event, MarkReturned)
            playout.marked(event.name, now)
        total += playout.take_played(now)
        number += 1
        yield total


@pytest.mark.parametrize(("kind", "opening"), LINES, ids=lambda value: getattr(value, "__name__", None))
def test_a_long_call_keeps_no_more_than_a_short_one(kind: type[Line], opening: str) -> None:
    """After a minute, with an interruption in every second answer, nothing grows any more."""
    line = kind()
    line.receive(opening)
    audio = bytes(line.audio_format.size(20))
    sounds: dict[str, str | bytes] = {
        "twilio": frames.twilio("media", media={"payload": base64.b64encode(audio).decode()}),
        "acs": frames.acs_audio(audio),
    }
    steps = carried(line, sounds.get(line.name, audio))
    tracemalloc.start()
    try:
        kept, totals = list[int](), list[int]()
        for _ in range(3):
            totals += [next(steps) for _ in range(1600)][-1:]
            kept.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    assert abs(kept[2] - kept[1]) < 4096
    assert kept[2] < 600_000
    # Thirty-two seconds of the caller's, and in each eight of them one answer whole and half of another.
    each = totals[2] - totals[1]
    assert each == pytest.approx(line.audio_format.size(32_000 + 4 * 4500), rel=0.02)

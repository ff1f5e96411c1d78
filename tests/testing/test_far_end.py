"""The telephone at the far end, by a clock that the tests turn: what it plays, when marks and `clear` take effect."""

from __future__ import annotations

import json

import pytest

from voicelive._audio.formats import AudioFormat
from voicelive._core.lines.playout import Playout
from voicelive._testing.far_end import FarEnd
from voicelive.telephony import AcsLine, GenesysLine, Line, TwilioLine
from voicelive.testing import Caller

from ..core.lines import frames

ULAW = AudioFormat(8000, 1)


def far_end() -> FarEnd:
    return FarEnd(ULAW, b"\xff", 10.0)


def test_sound_is_heard_when_it_plays() -> None:
    """What comes late is heard late: silence stands where nothing was played."""
    ear = far_end()
    ear.add(b"\1" * 80, 10.02)
    ear.advance(10.1)
    assert bytes(ear.heard) == b"\xff" * 160 + b"\1" * 80 + b"\xff" * 560
    assert (ear.sounded, ear.waiting) == (80, 0)


def test_marks_come_back_when_they_are_reached() -> None:
    """A mark is reached when everything before it has been played, to the millisecond."""
    ear = far_end()
    ear.add(bytes(1600), 10.0)
    ear.mark("a", 10.0)
    assert ear.due() == pytest.approx(10.2, abs=0.001)
    ear.advance(10.199)
    assert ear.take_reached() == []
    ear.advance(10.2)
    assert ear.take_reached() == ["a"]
    ear.mark("b", 10.3)
    assert ear.take_reached() == ["b"]
    assert ear.due() is None


def test_clear_drops_what_waits_and_returns_its_marks() -> None:
    """What was not played is never heard; its marks come back at once."""
    ear = far_end()
    ear.add(b"\1" * 1600, 10.0)
    ear.mark("a", 10.0)
    ear.clear(10.05)
    assert ear.take_reached() == ["a"]
    ear.advance(10.5)
    assert (ear.sounded, ear.cleared) == (400, 1200)
    assert bytes(ear.heard) == b"\1" * 400 + b"\xff" * 3600


LINES: list[tuple[type[Line], str]] = [
    (TwilioLine, frames.TWILIO_START),
    (AcsLine, frames.acs_metadata()),
    (GenesysLine, frames.genesys_open()),
]


@pytest.mark.parametrize(("kind", "opening"), LINES, ids=lambda value: getattr(value, "__name__", None))
@pytest.mark.parametrize("latency_ms", [0, 40, 120])
@pytest.mark.parametrize("spoken_ms", [30, 310, 1990, 4000])
def test_what_counts_as_heard_is_what_the_far_end_heard(
    kind: type[Line], opening: str, latency_ms: int, spoken_ms: int
) -> None:
    """An answer of five seconds, interrupted: the far end hears no more than the way there and back takes."""
    line = kind()
    line.receive(opening)
    ms, latency = line.audio_format.ms, latency_ms / 1000
    ear = FarEnd(line.audio_format, line.silence(1)[: line.audio_format.width], 0.0)
    playout = Playout(line)
    playout.add(b"\1\1" * (line.audio_format.size(5000) // 2))
    returning: list[tuple[float, str]] = []
    now = 0.0
    while now * 1000 < spoken_ms:
        for message in playout.step(now):
            _deliver(ear, line, message, now + latency)
        ear.advance(now)
        returning += [(now + latency, name) for name in ear.take_reached()]
        for at, name in [one for one in returning if one[0] <= now]:
            playout.marked(name, now)
            returning.remove((at, name))
        playout.take_played(now)
        now += 0.005
    playout.take_played(now)
    counted_ms = ms(playout.stats.heard)
    playout.flush(now)
    ear.clear(now + latency)
    heard_ms = ms(ear.sounded)
    assert heard_ms == pytest.approx(spoken_ms, abs=6 + latency_ms)
    assert counted_ms == pytest.approx(heard_ms, abs=6 + 2 * latency_ms)


def _deliver(ear: FarEnd, line: Line, message: str | bytes, at: float) -> None:
    if isinstance(message, bytes):
        ear.add(message, at)
        return
    found = json.loads(message)
    if found.get("event") == "mark":
        ear.mark(found["mark"]["name"], at)
        return
    payload = found["media"]["payload"] if "media" in found else found["AudioData"]["Data"]
    ear.add(b"\1" * (len(payload) * 3 // 4 - payload.count("=")), at)


async def test_a_caller_has_to_call_first() -> None:
    """What was heard is known only once it has called; a line that there is not is refused by name."""
    caller = Caller("twilio", "ws://127.0.0.1:1")
    with pytest.raises(RuntimeError, match="async with"):
        _ = caller.heard
    with pytest.raises(ValueError, match="twilio, acs, genesys"):
        Caller("pigeon", "ws://127.0.0.1:1")  # type: ignore[arg-type] # pyright: ignore

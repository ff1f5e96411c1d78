"""When the user said something, and what a long call keeps for it."""

from __future__ import annotations

import tracemalloc

import pytest

from voicelive.conversation import AudioFormat, InputTimeline

ULAW = AudioFormat(8000, 1)
FRAME = 160


def test_a_position_lies_before_the_end_of_its_chunk() -> None:
    """A chunk is sent when its last sample is there; what was not sent has no time."""
    timeline = InputTimeline(ULAW)
    assert timeline.time_of(0) is None
    timeline.sent(FRAME, 10.0)
    timeline.sent(FRAME, 10.5)
    assert timeline.time_of(20) == 10.0
    assert timeline.time_of(15) == pytest.approx(9.995)
    assert timeline.time_of(30) == pytest.approx(10.49)
    assert timeline.time_of(41) is None
    timeline.restart(ULAW)
    assert timeline.time_of(20) is None


def test_an_hour_of_a_telephone_line_takes_no_more_than_its_first_minutes() -> None:
    """What is kept is bounded, in time and in bytes; the last minute is known to the millisecond."""
    timeline = InputTimeline(ULAW)
    tracemalloc.start()
    try:
        for number in range(180_000):
            timeline.sent(FRAME, number * 0.02)
        kept = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert kept < 100_000
    for ms in (3_600_000, 3_599_990, 3_540_000):
        assert timeline.time_of(ms) == pytest.approx(ms / 1000 - 0.02)
    assert timeline.time_of(3_400_000) is None
    assert timeline.sent_ms == 3_600_000


def test_sound_that_is_sent_faster_than_it_was_spoken_is_known_for_longer() -> None:
    """A file that goes out at once: what is kept is bounded by the number of sends, not by what they hold."""
    timeline = InputTimeline(ULAW)
    for number in range(20_000):
        timeline.sent(FRAME, number / 100_000)
    assert timeline.time_of(100_000) == pytest.approx(0.05, abs=0.03)
    assert timeline.time_of(10) is None
    assert len(timeline._ends) <= 16_384 + 1024

"""A telephone line's sound in ``call.wav``: what was said while the session opened does not delay what follows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from voicelive._recording.lanes import Lane
from voicelive._recording.wav_files import Stereo

RATE = 8000


def numbered(begin_ms: int, end_ms: int) -> bytes:
    """Return sound whose samples say at which ms they were said, with 1000 at the recording's beginning."""
    return np.repeat(np.arange(1000 + begin_ms, 1000 + end_ms, dtype="<i2"), RATE // 1000).tobytes()


@pytest.mark.parametrize("backlog", [[(-600, 200)], [(-600, -280), (-280, 40), (40, 200)], [(0, 200)]])
def test_what_waited_when_the_recording_began(tmp_path: Path, backlog: list[tuple[int, int]]) -> None:
    """However it is handed over 200 ms later, each ms of the caller's lies where it was said, and nothing before."""
    lane = Lane("user", Stereo(tmp_path, "call", RATE))
    lane.began_before = True
    for begin, end in backlog:
        lane.put(numbered(begin, end), RATE, 0.2 - (end - begin) / 1000, from_ms=begin + 600)
    for begin in range(200, 1000, 20):
        lane.put(numbered(begin, begin + 20), RATE, begin / 1000, from_ms=begin + 600)
    stretches = lane.finish()
    found = np.array(lane._stereo.get(0, 0, RATE))
    middles = found[RATE // 2000 :: RATE // 1000] - 1000
    assert len(middles) == 1000
    assert np.abs(middles - np.arange(1000)).max() <= 20
    assert stretches[0].at == 0
    assert stretches[0].from_ms == pytest.approx(600, abs=20)
    assert stretches[-1].to_ms == 1600
    lane._stereo.close()


def test_a_file_is_kept_whole(tmp_path: Path) -> None:
    """Sound that is sent faster than it could be said is not a line's: all of it stays, one after the other."""
    lane = Lane("user", Stereo(tmp_path, "call", RATE))
    lane.put(numbered(0, 600), RATE, 0.2 - 0.6, from_ms=0)
    lane.put(numbered(600, 620), RATE, 0.2, from_ms=600)
    (whole,) = lane.finish()
    assert (whole.at, whole.from_ms, whole.to_ms) == (0, 0, 620)
    lane._stereo.close()

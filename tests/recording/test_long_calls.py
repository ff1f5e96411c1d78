"""Long calls: what is written goes to the disk, in files that every program can take, and nothing stays in memory."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest

from voicelive._recording import wav_files
from voicelive.recording import Recording

from .test_format import RATE, append, created, delta, loud, tone, written


def test_memory_stays_flat(tmp_path: Path) -> None:
    """Ten times as long a call takes no more memory to record."""
    writer = written(tmp_path / "one")
    writer.event("received", created(), 0)
    said, heard = tone(440, 0.02), tone(880, 0.02)
    after: list[int] = []
    tracemalloc.start()
    try:
        for begin, end in ((0, 100), (100, 1000)):
            for second in range(begin, end):
                writer.event("sent", append(said), second)
                writer.event("received", delta(heard, f"item_{second}", f"answer_{second}"), second + 0.1)
                writer.heard(f"item_{second}", 0, 20, second + 0.2)
                writer.flush(second + 0.9)
            after.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    writer.close(1000)
    # Up to 256 answers are known at a time.
    assert after[1] - after[0] < 500_000
    assert len(list(Recording.open(tmp_path / "one").stretches)) == 2000


def test_a_day_is_several_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A WAV file holds what its header can count; a longer call goes on in the next, and is read as one."""
    monkeypatch.setattr(wav_files, "_MOST", 4 * RATE)
    writer = written(tmp_path / "one")
    for number in range(30):
        writer.event("sent", append(tone(440, 0.1)), 1.55 + number / 10)
    writer.event("received", delta(tone(880, 0.5)), 2.75)
    writer.flush(5)
    writer.close(6)
    names = sorted(path.name for path in (tmp_path / "one").glob("*.wav"))
    assert names[:6] == ["call.2.wav", "call.3.wav", "call.4.wav", "call.5.wav", "call.6.wav", "call.wav"]
    assert "sent.2.wav" in names
    recording = Recording.open(tmp_path / "one")
    assert recording.audio.seconds == 6
    assert loud(recording.audio.user) == pytest.approx((1.45, 4.45), abs=0.01)
    assert loud(recording.audio.assistant) == pytest.approx((2.75, 3.25), abs=0.01)
    events = list(recording.events)
    assert recording.wire(events[29]) == append(tone(440, 0.1))
    assert recording.check() == []

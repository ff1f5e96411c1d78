"""A recording can be read whenever the process that writes it is killed."""

from __future__ import annotations

import subprocess
import sys
import wave
from pathlib import Path

import pytest

from voicelive.recording import Recording

ROOT = Path(__file__).parents[2]
COUNT = 50

pytestmark = pytest.mark.timeout(300)


def test_a_recording_is_readable_after_a_kill_at_any_moment(tmp_path: Path) -> None:
    """Of 50 processes killed at random moments, every recording gives all its whole lines, and the sound of each."""
    command = [sys.executable, "-m", "tests.recording.killing", str(tmp_path), str(COUNT)]
    subprocess.run(command, check=True, cwd=ROOT, timeout=250)
    begun = [folder for folder in tmp_path.iterdir() if (folder / "call.jsonl").exists()]
    lengths: list[int] = []
    for folder in begun:
        recording = Recording.open(folder)
        events = list(recording.events)
        lengths.append(len(events))
        if events:
            # Nothing but the line that was being written is missing, and no sound.
            cut = "is not a JSON object; the recording was cut short there"
            assert [told for told in recording.check() if not told.endswith(cut)] == []
        for event in events:
            recording.wire(event)
        for path in folder.glob("*.wav"):
            # A header is the first that is written.
            if path.stat().st_size > 44:
                with wave.open(str(path)) as file:
                    assert file.getframerate() == 24_000
    # Processes of a busy machine may be killed before they have begun.
    assert len(begun) > COUNT // 5
    assert max(lengths) > 5

"""Records calls in processes that are killed at random moments, and prints when each was: run as a program."""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from pathlib import Path

from tests.recording.test_format import append, created, delta, tone
from voicelive._recording import recorder as recorder_module
from voicelive.recording import Recorder, RecordingHeader

TOGETHER = 10
LONGEST_S = 0.6


def record(folder: Path) -> None:
    """Record a call that goes on until somebody ends the process."""
    recorder = Recorder(folder)
    recorder.start(RecordingHeader(model="gpt-4o"), time.monotonic())
    recorder.received(json.dumps(created()).encode(), time.monotonic())
    said, heard = (json.dumps(event).encode() for event in (append(tone(440, 0.02)), delta(tone(880, 0.2))))
    while True:
        recorder.sent(said, time.monotonic())
        recorder.received(heard, time.monotonic())
        time.sleep(0.005)


def main(folder: Path, count: int) -> None:
    """Kill `count` processes."""
    # So that there is something to tear apart within so short a call.
    recorder_module._FLUSH_S = recorder_module._LOOK_S = 0.01
    for first in range(0, count, TOGETHER):
        children: list[tuple[float, int]] = []
        for number in range(first, min(first + TOGETHER, count)):
            pid = os.fork()
            if pid == 0:
                record(folder / str(number))
            children.append((time.monotonic() + random.uniform(0, LONGEST_S), pid))
        for moment, pid in sorted(children):
            time.sleep(max(0.0, moment - time.monotonic()))
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))

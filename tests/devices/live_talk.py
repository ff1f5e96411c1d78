"""`nox -s talk`: the README's command on virtual devices, a recorded question into the microphone, an answer out of it.

The command is the one that is installed, with its local service, as a user has it; its answer is understood from what
the loudspeaker played.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import IO

from voicelive.audio import WavSource
from voicelive.local import Engines

from .sound_server import SoundServer

ROOT = Path(__file__).resolve().parents[2]
COMMAND = [str(Path(sys.executable).with_name("voicelive")), "talk"]
DEADLINE = 60.0
TRIES = 3
"""Sound servers drop samples on a busy machine: who is not understood says it again."""


class Shown:
    """What the command shows, as far as it has come."""

    def __init__(self, pipe: IO[str]) -> None:
        self.text = ""
        self._pipe = pipe
        self._reader = threading.Thread(target=self._read, name="talk")
        self._reader.start()

    def _read(self) -> None:
        for line in self._pipe:
            print(line, end="", flush=True)
            self.text += line

    def has(self, text: str, seconds: float = DEADLINE) -> bool:
        """Return whether a text is shown within so many seconds."""
        deadline = time.monotonic() + seconds
        while text not in self.text and time.monotonic() < deadline:
            time.sleep(0.05)
        return text in self.text

    def close(self) -> None:
        """Wait for the end."""
        self._reader.join(DEADLINE)
        self._pipe.close()


def main() -> None:
    """Hold the conversation; ends with an error message where it is not as it should be."""
    question = WavSource(ROOT / "examples/audio/largest_lake.wav").pcm + bytes(48_000)
    with tempfile.TemporaryDirectory() as folder, SoundServer(Path(folder)) as sound:
        listener = sound.listen()
        process = subprocess.Popen(
            COMMAND,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            env={**os.environ, **sound.environment, "PYTHONIOENCODING": "utf-8", "PYTHONUNBUFFERED": "1"},
        )
        assert process.stdout is not None
        shown = Shown(process.stdout)
        try:
            _check(shown.has("echo     client"), "no conversation began")
            for _ in range(TRIES):
                sound.speak(question)
                if shown.has("Caspian", DEADLINE / TRIES):
                    break
            _check("Caspian" in shown.text, "the question was not answered")
            deadline = time.monotonic() + DEADLINE
            while not listener.sounds or time.monotonic() - listener.sounds[-1] < 1.0:
                _check(time.monotonic() < deadline, "the answer did not end")
                time.sleep(0.1)
            process.send_signal(signal.SIGINT)
            _check(process.wait(DEADLINE) == 0, "the command did not end well")
        finally:
            process.kill()
            process.wait(DEADLINE)
            shown.close()
        _check("the turns, in seconds" in shown.text, "there is no table of turns")
        words = _understood(listener.heard)
    print(f"the loudspeaker: {words!r}")
    _check("lake" in words or "caspian" in words, "the answer was not to be heard")


def _understood(pcm: bytes) -> str:
    engines = Engines.speech()
    engines.prepare()
    try:
        return engines.transcriber.transcribe(pcm, 24_000).text
    finally:
        engines.close()


def _check(holds: bool, failure: str) -> None:
    if not holds:
        sys.exit(f"error: {failure}")


if __name__ == "__main__":
    main()

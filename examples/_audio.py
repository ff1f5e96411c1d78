"""Recordings in, recordings out: what a microphone and a loudspeaker would do."""

from __future__ import annotations

import time
import wave
from collections.abc import Iterator
from pathlib import Path

AUDIO = Path(__file__).parent / "audio"


def read_wav(path: Path) -> tuple[bytes, int]:
    """Return the 16-bit mono samples of a WAV file and their rate in Hz."""
    with wave.open(str(path), "rb") as reader:
        return reader.readframes(reader.getnframes()), reader.getframerate()


def write_wav(path: Path, pcm: bytes, rate: int) -> None:
    """Write 16-bit mono samples as a WAV file."""
    with wave.open(str(path), "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(rate)
        writer.writeframes(pcm)


def chunks(audio: bytes, size: int) -> Iterator[bytes]:
    """Cut audio into pieces of `size` bytes."""
    for start in range(0, len(audio), size):
        yield audio[start : start + size]


def read_telephone_wav(path: Path) -> bytes:
    """Return the G.711 samples of a WAV file, one byte each; the standard library reads PCM only."""
    content = path.read_bytes()
    start = content.index(b"data") + 8
    size = int.from_bytes(content[start - 4 : start], "little")
    return content[start : start + size]


class Loudspeaker:
    """Stands for playback: what was received waits here to be played, in real time."""

    def __init__(self) -> None:
        self._waiting = 0
        self._since = time.monotonic()

    def play(self, audio: bytes) -> None:
        """Queue 24 kHz PCM16."""
        if not self._waiting:
            self._since = time.monotonic()
        self._waiting += len(audio)

    def stop(self) -> float:
        """Throw away what was not played yet; return how many seconds that was."""
        unplayed = max(0.0, self._waiting / 48_000 - (time.monotonic() - self._since))
        self._waiting = 0
        return unplayed

"""Recordings in, recordings out: what a microphone and a loudspeaker would do."""

from __future__ import annotations

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

"""Makes the recordings of the standard set anew: `python -m tests.evaluation.recordings`."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import NamedTuple

from voicelive._audio.g711 import encode_ulaw
from voicelive._audio.resampling import resample
from voicelive.local.engines import Engines

FOLDER = Path(__file__).parents[2] / "src" / "voicelive" / "_evaluation" / "standard" / "recordings"
RATE = 16_000
AVA, ANDREW, BRIAN, EMMA = (f"en-US-{name}Neural" for name in ("Ava", "Andrew", "Brian", "Emma"))


class Recording(NamedTuple):
    """What is said, and how."""

    name: str
    text: str
    voice: str = AVA
    rate: float = 1.0


RECORDINGS = [
    Recording("weather_paris", "What is the weather in Paris?"),
    Recording("weather_paris_andrew", "What is the weather in Paris?", ANDREW),
    Recording("weather_paris_brian", "What is the weather in Paris?", BRIAN),
    Recording("weather_paris_emma", "What is the weather in Paris?", EMMA),
    Recording("weather_paris_slow", "What is the weather in Paris?", AVA, 0.8),
    Recording("weather_paris_fast", "What is the weather in Paris?", AVA, 1.25),
    Recording("weather_tokyo", "What is the weather in Tokyo?"),
    Recording("planet", "What is the largest planet?"),
    Recording("planet_andrew", "What is the largest planet?", ANDREW, 0.9),
    Recording("lake", "What is the largest lake?"),
    Recording("time", "What time is it?"),
    Recording("time_brian", "What time is it?", BRIAN),
    Recording("ocean", "What is the largest ocean?"),
    Recording("river", "What is the longest river?"),
    Recording("river_brian", "What is the longest river?", BRIAN),
    Recording("count", "Count to twenty."),
]


def write_wav(path: Path, samples: bytes) -> None:
    """Write G.711 µ-law, mono."""
    form = struct.pack("<HHIIHH", 7, 1, RATE, RATE, 1, 8)
    chunks = b"fmt " + struct.pack("<I", len(form)) + form
    chunks += b"data" + struct.pack("<I", len(samples)) + samples + b"\0" * (len(samples) % 2)
    path.write_bytes(b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks)


def main() -> None:
    """Write every file."""
    synthesizer = Engines.speech().synthesizer
    FOLDER.mkdir(parents=True, exist_ok=True)
    for recording in RECORDINGS:
        pcm = b"".join(synthesizer.synthesize(recording.text, recording.voice, recording.rate))
        write_wav(FOLDER / f"{recording.name}.wav", encode_ulaw(resample(pcm, synthesizer.sample_rate, RATE)))


if __name__ == "__main__":
    main()

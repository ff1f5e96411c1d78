"""Makes the recordings of the standard set: `python -m tests.evaluation.recordings`."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).parents[2] / "src" / "voicelive" / "_evaluation" / "standard" / "recordings"
RATE = 16_000


class Recording(NamedTuple):
    """What is said, and how."""

    name: str
    text: str
    voice: str = "en-US-AvaNeural"
    rate: float = 1.0


RECORDINGS: list[Recording] = []

"""How long the local service lets its clients wait."""

import asyncio
from dataclasses import dataclass
from typing import Literal

from .._public import public_in

__all__ = ["FAST", "REAL", "Pacing", "resolve_pacing"]


@public_in("voicelive.local")
@dataclass(frozen=True)
class Pacing:
    """Artificial delays, in seconds, at the points where the real service takes its time."""

    session_update: float = 0.0
    """From ``session.update`` to ``session.updated``."""
    transcription: float = 0.0
    """From ``input_audio_buffer.committed`` to the finished transcription."""
    first_output: float = 0.0
    """From ``response.created`` to the first output item."""
    between_tokens: float = 0.0
    """Between two transcript or text deltas."""
    first_audio: float = 0.0
    """From the last transcript delta to the first audio delta."""
    audio_speed: float = 0.0
    """Audio deltas leave this many times faster than they play; 0 means at once."""

    def faster(self, times: float) -> "Pacing":
        """Return the same delays, each that many times shorter.

        Raises:
            ValueError: unless `times` is above 0.
        """
        if not times > 0:
            raise ValueError(f"delays cannot be made {times:g} times shorter: give a number above 0")
        return Pacing(
            session_update=self.session_update / times,
            transcription=self.transcription / times,
            first_output=self.first_output / times,
            between_tokens=self.between_tokens / times,
            first_audio=self.first_audio / times,
            audio_speed=self.audio_speed * times,
        )

    async def pause(self, seconds: float) -> None:
        """Wait `seconds`; with 0, return without giving way to other tasks."""
        if seconds > 0:
            await asyncio.sleep(seconds)

    async def pause_for_audio(self, milliseconds: float) -> None:
        """Wait as long as the service would before sending the next `milliseconds` of audio."""
        if self.audio_speed > 0:
            await asyncio.sleep(milliseconds / 1000 / self.audio_speed)


FAST = Pacing()
"""No artificial delays: the engines alone decide."""

REAL = Pacing(
    session_update=0.1,
    transcription=0.25,
    first_output=0.25,
    between_tokens=0.012,
    first_audio=0.27,
    audio_speed=10.0,
)
"""The middle of the delays measured on the real service's cascaded models."""

_NAMED = {"fast": FAST, "real": REAL}


def resolve_pacing(pacing: Literal["fast", "real"] | Pacing) -> Pacing:
    """Return the :class:`Pacing` for a name or a value.

    Raises:
        ValueError: for an unknown name.
    """
    if isinstance(pacing, Pacing):
        return pacing
    try:
        return _NAMED[pacing]
    except KeyError:
        raise ValueError(f"unknown pacing {pacing!r}: use 'fast', 'real' or a Pacing value") from None

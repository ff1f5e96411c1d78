"""The figures of turns whose records are no longer kept, so that the spread of a long call is of all of it."""

from array import array
from collections.abc import Iterable, Mapping, Sequence

__all__ = ["FIGURES", "EarlierFigures"]

FIGURES = (
    "endpointing_ms",
    "transcription_ms",
    "thinking_ms",
    "first_text_ms",
    "first_audio_ms",
    "voice_to_voice_ms",
    "tool_ms",
    "generated_ms",
    "heard_ms",
    "underruns",
)
"""What a turn has a number for, or None."""

_MOST = 10_000
"""How many of each are kept: a day's call of a turn every nine seconds, in 80 kB each."""
_AT_ONCE = 1024
"""How many are forgotten at a time."""


class EarlierFigures:
    """Takes turns in their order; of each figure the latest 10,000 or a few more are kept."""

    __slots__ = ("_kept",)

    def __init__(self) -> None:
        self._kept: dict[str, array[float]] = {}

    def add(self, figures: Iterable[tuple[str, float | None]]) -> None:
        """Keep the figures of a turn, by name; None for one that is not known."""
        for name, value in figures:
            if value is None:
                continue
            kept = self._kept.setdefault(name, array("d"))
            kept.append(value)
            if len(kept) >= _MOST + _AT_ONCE:
                del kept[:_AT_ONCE]

    def copy(self) -> Mapping[str, Sequence[float]]:
        """Return what is kept, by name, as it is now."""
        return {name: kept[:] for name, kept in self._kept.items()}

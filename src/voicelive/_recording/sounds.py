"""The sound of a recording: its formats, and what stands for it in an event."""

from dataclasses import dataclass
from typing import Any

from .._core.json_values import mapping
from .._core.numbers import is_whole
from .._public import public_in

__all__ = ["PCM16_24K", "SoundFormat", "SoundReference"]


@public_in("voicelive.recording")
@dataclass(frozen=True)
class SoundFormat:
    """A format of the wire."""

    format: str = "pcm16"
    """``pcm16``, ``g711_ulaw`` or ``g711_alaw``."""
    rate: int = 24_000
    """Samples per second, in Hz."""
    channels: int = 1
    """2 where the microphone is interleaved with what the loudspeaker plays."""

    @property
    def width(self) -> int:
        """Bytes of a sample of all channels."""
        return (2 if self.format == "pcm16" else 1) * self.channels

    def ms(self, size: int) -> float:
        """Return the length of `size` bytes, in ms."""
        return size * 1000 / (self.rate * self.width)

    def size(self, ms: float) -> int:
        """Return the bytes of `ms` milliseconds, in whole samples."""
        return int(ms * self.rate / 1000) * self.width

    @classmethod
    def read(cls, value: object) -> "SoundFormat":
        """Read it from a header; what is missing or cannot be has its default."""
        given = mapping(value)
        name, rate, channels = given.get("format"), given.get("rate"), given.get("channels")
        return cls(
            name if name in ("pcm16", "g711_ulaw", "g711_alaw") else "pcm16",
            rate if isinstance(rate, int) and 0 < rate <= 384_000 else 24_000,
            2 if channels == 2 else 1,
        )


PCM16_24K = SoundFormat()
"""Both directions' default."""


@public_in("voicelive.recording")
@dataclass(frozen=True)
class SoundReference:
    """Where the sound of an event is: bytes of the wire's format in a WAV file's data."""

    file: str | None
    """The WAV file; None where the recording leaves content out."""
    start: int
    """Where in the file's audio data, in bytes."""
    size: int
    """How much, in bytes."""
    ms: float
    """How long it is, in ms."""

    def write(self) -> dict[str, Any]:
        """Return what stands in the event in the sound's place."""
        where = {} if self.file is None else {"file": self.file, "start": self.start}
        return {**where, "size": self.size, "ms": round(self.ms, 3)}

    @classmethod
    def read(cls, value: object) -> "SoundReference | None":
        """Read what stands in an event in the sound's place; None for anything else."""
        given = mapping(value)
        name, size, start, ms = (
            given.get("file"),
            _count(given.get("size")),
            _count(given.get("start", 0)),
            given.get("ms"),
        )
        if size is None or start is None or not (name is None or isinstance(name, str)):
            return None
        return cls(name, start, size, float(ms) if isinstance(ms, (int, float)) else 0.0)


def _count(value: object) -> int | None:
    return value if is_whole(value, 0) else None

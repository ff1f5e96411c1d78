"""WAV files in the place of a microphone and of a loudspeaker."""

from __future__ import annotations

import os
import wave
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from .._audio.g711 import decode_alaw, decode_ulaw
from .._audio.pcm import AudioFormatError
from .._audio.wav import ALAW, PCM, ULAW, WavError, WavFormat, read_wav
from .._public import public_in
from ..errors import ConfigurationError
from .conversion import AudioConverter

__all__ = ["WavSink", "WavSource"]

_MOST_SECONDS = 3600
_MOST_BYTES = _MOST_SECONDS * 192_000 * 2


@public_in("voicelive.audio")
class WavSource:
    """The sound of a WAV file: 16-bit PCM of any rate and number of channels, or G.711; as mono PCM16 at one rate.

    Args:
        path: the file.
        rate: the rate to give it at, in Hz.

    Raises:
        ConfigurationError: if the file cannot be read or holds other audio.
    """

    def __init__(self, path: str | os.PathLike[str], *, rate: int = 24_000) -> None:
        try:
            with Path(path).open("rb") as file:
                found, data = read_wav(file, _MOST_BYTES)
        except WavError as error:
            raise ConfigurationError(f"{path} {error}") from None
        except OSError as error:
            raise ConfigurationError(f"{path} cannot be read: {error.strerror or error}") from None
        try:
            self.pcm: bytes = _to_pcm(found, data, rate)
        except AudioFormatError as error:
            raise ConfigurationError(f"{path}: {error}") from None
        self.rate: int = rate

    @property
    def duration_ms(self) -> int:
        """How long it is, in ms."""
        return len(self.pcm) * 1000 // (self.rate * 2)

    def chunks(self, ms: int = 20) -> Iterator[bytes]:
        """Yield the sound in pieces of this length, not paced; the last one may be shorter."""
        size = max(2, self.rate * ms // 1000 * 2)
        for start in range(0, len(self.pcm), size):
            yield self.pcm[start : start + size]


def _to_pcm(found: WavFormat, data: bytes, rate: int) -> bytes:
    if found.tag == PCM and found.bits == 16:
        pcm = data
    elif found.tag in (ULAW, ALAW) and found.bits == 8:
        pcm = decode_ulaw(data) if found.tag == ULAW else decode_alaw(data)
    else:
        raise AudioFormatError(f"holds {found}; convert it to 16-bit PCM")
    if rate not in (8000, 16000, 24000):
        raise AudioFormatError(f"a session takes 8000, 16000 or 24000 Hz, not {rate}")
    converter = AudioConverter(found.rate, channels=found.channels, session_rate=rate)
    return converter.feed(pcm) + converter.flush()


@public_in("voicelive.audio")
class WavSink:
    """Writes mono PCM16 into a WAV file, as it comes. A context manager; ``close()`` completes the header.

    Args:
        path: the file; one that exists is replaced.
        rate: samples per second, in Hz.
    """

    def __init__(self, path: str | os.PathLike[str], *, rate: int = 24_000) -> None:
        self._file = wave.open(os.fspath(path), "wb")  # noqa: SIM115 - closed by close()
        self._file.setnchannels(1)
        self._file.setsampwidth(2)
        self._file.setframerate(rate)

    def write(self, pcm: bytes) -> None:
        """Add sound: little-endian PCM16."""
        self._file.writeframes(pcm)

    def close(self) -> None:
        """Complete the file; nothing if that was done."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

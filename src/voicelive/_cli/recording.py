"""WAV files that can be sent as they are: 16-bit mono PCM, and mono G.711."""

from __future__ import annotations

import shlex
import sys
from array import array
from dataclasses import dataclass
from io import BytesIO, UnsupportedOperation
from pathlib import Path
from typing import BinaryIO

from .._audio.pcm import to_samples
from .._audio.wav import ALAW, PCM, ULAW, NotWavError, WavError, WavFormat, read_wav
from .._audio.wire_formats import INPUT_RATES, WireFormat, input_format
from .failures import CommandError

__all__ = ["MAX_SECONDS", "STDIN", "Recording", "RecordingError", "name_of", "read_recording"]

MAX_SECONDS = 3600
"""The service ends a session after an hour, so nothing longer can be sent."""

_G711_RATE = 8000
STDIN = Path("-")
"""The path that stands for standard input."""

_MOST_BYTES = MAX_SECONDS * max(INPUT_RATES) * 2
"""The most audio, in bytes, that a session can take."""

_FRAME_MS = 20
_AUDIBLE = 0.03
"""A frame whose peak is below this share of the recording's peak (-30 dB) counts as silence."""


class RecordingError(CommandError):
    """A file that is not a WAV file, or one whose audio cannot be sent as it is."""


@dataclass(frozen=True)
class Recording:
    """A recording as the service takes it."""

    path: Path
    input_audio_format: str
    """``"pcm16"`` (little-endian), ``"g711_ulaw"`` or ``"g711_alaw"``."""
    rate: int
    """Samples per second, in Hz."""
    data: bytes
    speech_end_ms: int
    """Where the last audible 20 ms end, in milliseconds from the start."""

    @property
    def _format(self) -> WireFormat:
        return input_format(self.input_audio_format, self.rate)

    def size(self, milliseconds: int) -> int:
        """Return the bytes of some milliseconds, in whole samples."""
        return self._format.size(milliseconds)

    def ms(self, size: int) -> int:
        """Return the length of some bytes in milliseconds, rounded up."""
        return -(-size * 1000 // (self._format.rate * self._format.width))

    @property
    def duration_ms(self) -> int:
        """Length in milliseconds, rounded up."""
        return self.ms(len(self.data))

    @property
    def name(self) -> str:
        """Where it came from, in words."""
        return name_of(self.path)

    @property
    def format_name(self) -> str:
        """The format in words, e.g. ``16 kHz PCM16``."""
        names = {"pcm16": "PCM16", "g711_ulaw": "G.711 µ-law", "g711_alaw": "G.711 A-law"}
        return f"{self.rate / 1000:g} kHz {names[self.input_audio_format]}"

    def silence(self, milliseconds: int) -> bytes:
        """Return `milliseconds` of silence in this format."""
        silent = {"pcm16": b"\x00", "g711_ulaw": b"\xff", "g711_alaw": b"\xd5"}
        return silent[self.input_audio_format] * self.size(milliseconds)


def name_of(path: Path) -> str:
    """Return how messages name a recording: by its path, or as standard input."""
    return "standard input" if path == STDIN else str(path)


def read_recording(path: Path) -> Recording:
    """Read a WAV file that can be sent without loss; one that is a pipe is read to its end.

    Raises:
        RecordingError: if the file cannot be read, is not a WAV file, or holds another kind of audio; the message names
            what was found and, for audio, the commands that convert it.
    """
    name = name_of(path)
    try:
        with _opened(path) as file:
            found, data = read_wav(file, _MOST_BYTES)
    except OSError as error:
        raise RecordingError(f"cannot read {name}: {error.strerror or error}") from error
    except NotWavError as error:
        raise RecordingError(f"{name} {error}. Convert it: {_conversions(path)}") from error
    except WavError as error:
        raise RecordingError(f"{name} {error}") from error
    wire_format = _wire_format(found)
    if wire_format is None:
        raise RecordingError(
            f"{name} holds {found}; what can be sent is 16-bit mono PCM at 8000, 16000 or 24000 Hz, "
            f"or mono G.711 at 8000 Hz. Convert it: {_conversions(path)}"
        )
    if wire_format == "pcm16":
        data = data[: len(data) // 2 * 2]
    if not data:
        raise RecordingError(f"{name} holds no audio: its data chunk is empty")
    if len(data) > MAX_SECONDS * found.rate * (found.bits // 8):
        raise RecordingError(f"{name} lasts longer than the {MAX_SECONDS // 60} minutes of a session: cut it")
    return Recording(path, wire_format, found.rate, data, _speech_end(input_format(wire_format, found.rate), data))


def _opened(path: Path) -> BinaryIO:
    if path != STDIN:
        return path.open("rb")
    if sys.stdin is None or sys.stdin.isatty():
        raise RecordingError("there is no recording on standard input: pipe a WAV file into the command")
    try:
        # A reader of its own: a program that ends while a pipe is being waited for need not wait for it too.
        return open(sys.stdin.fileno(), "rb", closefd=False)
    except UnsupportedOperation:
        return BytesIO(sys.stdin.buffer.read())


def _wire_format(found: WavFormat) -> str | None:
    if found.channels != 1:
        return None
    if found.tag == PCM and found.bits == 16 and found.rate in INPUT_RATES:
        return "pcm16"
    if found.rate == _G711_RATE and found.bits == 8:
        return {ULAW: "g711_ulaw", ALAW: "g711_alaw"}.get(found.tag)
    return None


def _conversions(path: Path) -> str:
    if path == STDIN:
        return "ffmpeg -i INPUT -ac 1 -ar 24000 -c:a pcm_s16le -f wav -"
    source, target = shlex.quote(str(path)), shlex.quote(str(path.with_name(f"{path.stem}-24k.wav")))
    return (
        f"ffmpeg -i {source} -ac 1 -ar 24000 -c:a pcm_s16le {target}"
        f"  (or: sox {source} -c 1 -r 24000 -b 16 -e signed-integer {target})"
    )


def _speech_end(audio: WireFormat, data: bytes) -> int:
    """Return where the last audible frame ends, in milliseconds; the whole length where all is silent."""
    samples = to_samples(audio.decode(data))
    step = audio.rate * _FRAME_MS // 1000
    peaks = [_peak(samples[start : start + step]) for start in range(0, len(samples), step)]
    limit = max(peaks) * _AUDIBLE
    last = max((index for index, peak in enumerate(peaks) if peak > limit), default=len(peaks) - 1)
    return min((last + 1) * _FRAME_MS, -(-len(samples) * 1000 // audio.rate))


def _peak(samples: array[int]) -> int:
    return max(max(samples), -min(samples))

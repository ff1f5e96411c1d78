"""WAV files that can be sent as they are: 16-bit mono PCM, and mono G.711.

The standard library's ``wave`` refuses µ-law and A-law, and before Python 3.12 also the extensible header that many
programs write; the few chunks that matter here are read directly instead.
"""

from __future__ import annotations

import shlex
import struct
import sys
from array import array
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from .._local.audio import decode_alaw, decode_ulaw
from .failures import CommandError

__all__ = ["MAX_SECONDS", "Recording", "RecordingError", "read_recording"]

MAX_SECONDS = 3600
"""The service ends a session after an hour, so nothing longer can be sent."""

_PCM, _ALAW, _ULAW, _EXTENSIBLE = 0x0001, 0x0006, 0x0007, 0xFFFE
_CODINGS = {
    _PCM: "PCM",
    0x0002: "MS ADPCM",
    0x0003: "floating-point",
    _ALAW: "A-law",
    _ULAW: "µ-law",
    0x0011: "IMA ADPCM",
    0x0055: "MP3",
}
_PCM_RATES = (8000, 16000, 24000)
_G711_RATE = 8000
_STREAMED_SIZE = 0x7FFFF000
"""Programs that write to a pipe give this size (sox) or 2^32 - 1 (ffmpeg): the audio goes on to the file's end."""

_FRAME_MS = 20
_AUDIBLE = 0.03
"""A frame whose peak is below this share of the recording's peak (-30 dB) counts as silence."""


class RecordingError(CommandError):
    """A file that is no WAV file, or one whose audio cannot be sent as it is."""


@dataclass(frozen=True)
class Recording:
    """A recording as the service takes it."""

    path: Path
    input_audio_format: str
    """``"pcm16"`` (little-endian), ``"g711_ulaw"`` or ``"g711_alaw"``."""
    rate: int
    """Samples a second, in Hz."""
    data: bytes
    speech_end_ms: int
    """Where the last audible 20 ms end, in milliseconds from the start."""

    @property
    def bytes_per_ms(self) -> int:
        """Bytes in a millisecond; a whole number for every format that can be sent."""
        return self.rate // 1000 * (2 if self.input_audio_format == "pcm16" else 1)

    @property
    def duration_ms(self) -> int:
        """Length in milliseconds, rounded up."""
        return -(-len(self.data) // self.bytes_per_ms)

    @property
    def format_name(self) -> str:
        """The format in words, e.g. ``16 kHz PCM16``."""
        names = {"pcm16": "PCM16", "g711_ulaw": "G.711 µ-law", "g711_alaw": "G.711 A-law"}
        return f"{self.rate // 1000} kHz {names[self.input_audio_format]}"

    def silence(self, milliseconds: int) -> bytes:
        """Return `milliseconds` of silence in this format."""
        silent = {"pcm16": b"\x00", "g711_ulaw": b"\xff", "g711_alaw": b"\xd5"}
        return silent[self.input_audio_format] * (milliseconds * self.bytes_per_ms)


@dataclass(frozen=True)
class _Format:
    tag: int
    channels: int
    rate: int
    bits: int

    def __str__(self) -> str:
        coding = _CODINGS.get(self.tag, f"coding 0x{self.tag:04x}")
        channels = {1: "mono", 2: "stereo"}.get(self.channels, f"{self.channels} channels")
        return f"{self.bits}-bit {coding}, {self.rate} Hz, {channels}"


def read_recording(path: Path) -> Recording:
    """Read a WAV file that can be sent without loss.

    Raises:
        RecordingError: if the file cannot be read, is no WAV file, or holds another kind of audio; the message names
            what was found and, for audio, the commands that convert it.
    """
    try:
        with path.open("rb") as file:
            found, data = _read_chunks(file, path)
    except OSError as error:
        raise RecordingError(f"cannot read {path}: {error.strerror or error}") from error
    wire_format = _wire_format(found)
    if wire_format is None:
        raise RecordingError(
            f"{path} holds {found}; what can be sent is 16-bit mono PCM at 8000, 16000 or 24000 Hz, "
            f"or mono G.711 at 8000 Hz. Convert it: {_conversions(path)}"
        )
    if wire_format == "pcm16":
        data = data[: len(data) // 2 * 2]
    if not data:
        raise RecordingError(f"{path} holds no audio: its data chunk is empty")
    if len(data) > MAX_SECONDS * found.rate * (found.bits // 8):
        raise RecordingError(f"{path} lasts longer than the {MAX_SECONDS // 60} minutes of a session: cut it")
    return Recording(path, wire_format, found.rate, data, _speech_end(wire_format, found.rate, data))


def _read_chunks(file: BinaryIO, path: Path) -> tuple[_Format, bytes]:
    header = file.read(12)
    if len(header) < 12 or header[:4] != b"RIFF" or header[8:] != b"WAVE":
        raise RecordingError(
            f"{path} is not a WAV file (it begins with {header[:12]!r}). Convert it: {_conversions(path)}"
        )
    found: _Format | None = None
    while True:
        chunk = file.read(8)
        if len(chunk) < 8:
            missing = "audio (a 'data' chunk)" if found else "a format (a 'fmt ' chunk)"
            raise RecordingError(f"{path} is a WAV file without {missing}; it may be cut short")
        name, size = chunk[:4], int.from_bytes(chunk[4:], "little")
        if name == b"fmt ":
            found = _parse_format(file.read(size), path)
        elif name == b"data" and found is not None:
            return found, _read_data(file, size, path)
        else:
            file.seek(size, 1)
        file.seek(size % 2, 1)


def _parse_format(chunk: bytes, path: Path) -> _Format:
    if len(chunk) < 16:
        raise RecordingError(f"{path} has a damaged header: its 'fmt ' chunk has {len(chunk)} bytes, not 16 or more")
    tag, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", chunk)
    if tag == _EXTENSIBLE and len(chunk) >= 26:
        # The first two bytes of the subformat's GUID are the tag that a plain header would have.
        (tag,) = struct.unpack_from("<H", chunk, 24)
    return _Format(tag, channels, rate, bits)


def _read_data(file: BinaryIO, size: int, path: Path) -> bytes:
    if size >= _STREAMED_SIZE:
        return file.read()
    data = file.read(size)
    if len(data) < size:
        raise RecordingError(f"{path} is cut short: its header promises {size} bytes of audio, {len(data)} are there")
    return data


def _wire_format(found: _Format) -> str | None:
    if found.channels != 1:
        return None
    if found.tag == _PCM and found.bits == 16 and found.rate in _PCM_RATES:
        return "pcm16"
    if found.rate == _G711_RATE and found.bits == 8:
        return {_ULAW: "g711_ulaw", _ALAW: "g711_alaw"}.get(found.tag)
    return None


def _conversions(path: Path) -> str:
    source, target = shlex.quote(str(path)), shlex.quote(str(path.with_name(f"{path.stem}-24k.wav")))
    return (
        f"ffmpeg -i {source} -ac 1 -ar 24000 -c:a pcm_s16le {target}"
        f"  (or: sox {source} -c 1 -r 24000 -b 16 -e signed-integer {target})"
    )


def _speech_end(wire_format: str, rate: int, data: bytes) -> int:
    """Return where the last audible frame ends, in milliseconds; the whole length where all is silent."""
    if wire_format == "g711_ulaw":
        data = decode_ulaw(data)
    elif wire_format == "g711_alaw":
        data = decode_alaw(data)
    samples = array("h")
    samples.frombytes(data)
    if sys.byteorder == "big":
        samples.byteswap()
    step = rate * _FRAME_MS // 1000
    peaks = [_peak(samples[start : start + step]) for start in range(0, len(samples), step)]
    limit = max(peaks) * _AUDIBLE
    last = max((index for index, peak in enumerate(peaks) if peak > limit), default=len(peaks) - 1)
    return min((last + 1) * _FRAME_MS, -(-len(samples) * 1000 // rate))


def _peak(samples: array[int]) -> int:
    return max(max(samples), -min(samples))

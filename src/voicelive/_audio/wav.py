"""WAV files as they are: which coding their audio has, and its bytes.

The standard library's ``wave`` refuses µ-law and A-law, and before Python 3.12 also the extensible header that many
programs write; the few chunks that matter here are read directly instead.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import BinaryIO

__all__ = ["ALAW", "PCM", "ULAW", "NotWavError", "WavError", "WavFormat", "read_wav", "read_wav_header"]

PCM, ALAW, ULAW = 0x0001, 0x0006, 0x0007
_EXTENSIBLE = 0xFFFE
_CODINGS = {
    PCM: "PCM",
    0x0002: "MS ADPCM",
    0x0003: "floating-point",
    ALAW: "A-law",
    ULAW: "µ-law",
    0x0011: "IMA ADPCM",
    0x0055: "MP3",
}
_BLOCK = 1 << 16


class WavError(ValueError):
    """A file that cannot be read as WAV; the message says what it is, and reads on after the file's name."""


class NotWavError(WavError):
    """A file of another kind."""


@dataclass(frozen=True)
class WavFormat:
    """What a file's header says of its audio."""

    tag: int
    """The coding, such as :data:`PCM`."""
    channels: int
    rate: int
    """Samples per second, in Hz."""
    bits: int
    """Bits of one sample of one channel."""

    def __str__(self) -> str:
        coding = _CODINGS.get(self.tag, f"coding 0x{self.tag:04x}")
        channels = {1: "mono", 2: "stereo"}.get(self.channels, f"{self.channels} channels")
        return f"{self.bits}-bit {coding}, {self.rate} Hz, {channels}"


def read_wav(file: BinaryIO, most_bytes: int) -> tuple[WavFormat, bytes]:
    """Read a WAV file from front to back, as a pipe can be read.

    Args:
        file: positioned at its beginning.
        most_bytes: how much audio the caller can use. A header that promises more is taken for a placeholder; of audio
            without a known end one byte more is read, so that the caller sees that it is too long.

    Raises:
        NotWavError: if the file is of another kind.
        WavError: if it is damaged or cut short.
    """
    stream = _Stream(file)
    found, size = _read_header(stream)
    return found, _read_data(stream, size, most_bytes)


def read_wav_header(file: BinaryIO) -> tuple[WavFormat, int]:
    """Read what comes before the audio data, and return the format and where the data begins.

    Raises:
        NotWavError: if the file is of another kind.
        WavError: if it is damaged or cut short.
    """
    stream = _Stream(file)
    return _read_header(stream)[0], stream.position


def _read_header(stream: _Stream) -> tuple[WavFormat, int]:
    """Read up to the audio data; return the format, and how many bytes the header promises."""
    header = stream.read(12)
    if len(header) < 12 or header[:4] != b"RIFF" or header[8:] != b"WAVE":
        raise NotWavError(f"is not a WAV file (it begins with {header[:12]!r})")
    found: WavFormat | None = None
    while True:
        chunk = stream.read(8)
        if len(chunk) < 8:
            missing = "audio (a 'data' chunk)" if found else "a format (a 'fmt ' chunk)"
            raise WavError(f"is a WAV file without {missing}; it may be cut short")
        name, size = chunk[:4], int.from_bytes(chunk[4:], "little")
        if name == b"fmt ":
            content = stream.read(min(size, _BLOCK))
            found = _parse_format(content)
            stream.skip(size - len(content))
        elif name == b"data" and found is not None:
            return found, size
        else:
            stream.skip(size)
        stream.skip(size % 2)


class _Stream:
    """Reads a file from front to back, as a pipe can be read, and counts."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.position = 0

    def read(self, size: int) -> bytes:
        """Read `size` bytes, or less at the end."""
        parts: list[bytes] = []
        while size > 0 and (part := self._file.read(min(size, _BLOCK))):
            parts.append(part)
            size -= len(part)
        data = b"".join(parts)
        self.position += len(data)
        return data

    def skip(self, size: int) -> None:
        """Pass over `size` bytes."""
        while size > 0 and (part := self.read(min(size, _BLOCK))):
            size -= len(part)


def _parse_format(chunk: bytes) -> WavFormat:
    if len(chunk) < 16:
        raise WavError(f"has a damaged header: its 'fmt ' chunk has {len(chunk)} bytes, not 16 or more")
    tag, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", chunk)
    if tag == _EXTENSIBLE and len(chunk) >= 26:
        # The first two bytes of the subformat's GUID are the tag that a plain header would have.
        (tag,) = struct.unpack_from("<H", chunk, 24)
    return WavFormat(tag, channels, rate, bits)


def _read_data(file: _Stream, size: int, most_bytes: int) -> bytes:
    """Read the audio: as much as the header promises, or what is there where its number can only be a placeholder.

    A program that writes to a pipe does not know the size. Some give 0, some a number near 2^31 or 2^32, and some the
    size of the whole file.
    """
    header_bytes = file.position
    if size == 0 or size > most_bytes:
        return file.read(most_bytes + 1)
    data = file.read(size)
    if len(data) + header_bytes < size:
        raise WavError(f"is cut short: its header promises {size} bytes of audio, {len(data)} are there")
    return data

"""The audio formats of the service: their names, rates and sizes, and streams of them as PCM16 and back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from .formats import AudioFormat
from .g711 import decode_alaw, decode_ulaw, encode_alaw, encode_ulaw
from .pcm import AudioFormatError
from .resampling import Resampler

__all__ = [
    "INPUT_RATES",
    "OUTPUT_FORMATS",
    "AudioDecoder",
    "AudioEncoder",
    "WireFormat",
    "input_format",
    "output_format",
]


@dataclass(frozen=True)
class WireFormat(AudioFormat):
    """A format as the service names it, and its bytes as PCM16 and back."""

    name: str
    encoding: Literal["pcm16", "ulaw", "alaw"]

    def decode(self, data: bytes) -> bytes:
        """Return bytes of the wire as PCM16 at the same rate."""
        if self.encoding == "ulaw":
            return decode_ulaw(data)
        return decode_alaw(data) if self.encoding == "alaw" else data

    def encode(self, pcm: bytes) -> bytes:
        """Return PCM16 as bytes of the wire at the same rate."""
        if self.encoding == "ulaw":
            return encode_ulaw(pcm)
        return encode_alaw(pcm) if self.encoding == "alaw" else pcm


INPUT_RATES = (8000, 16000, 24000, 44100)
"""The rates of PCM16 that a session may take, in Hz; official samples send 44100."""
_G711 = {
    "g711_ulaw": WireFormat(8000, 1, "g711_ulaw", "ulaw"),
    "g711_alaw": WireFormat(8000, 1, "g711_alaw", "alaw"),
}
_OUTPUT = {
    "pcm16": WireFormat(24000, 2, "pcm16", "pcm16"),
    **{
        f"pcm16_{rate}hz": WireFormat(rate, 2, f"pcm16_{rate}hz", "pcm16")
        for rate in (8000, 16000, 22050, 24000, 44100, 48000)
    },
    **_G711,
}
OUTPUT_FORMATS = tuple(_OUTPUT)
"""The names of the formats that a session may answer in."""


def input_format(name: str = "pcm16", rate: int | None = None) -> WireFormat:
    """The format of ``input_audio_format`` and ``input_audio_sampling_rate``.

    G.711 is always sampled at 8000 Hz, whatever rate the session states. Raises
    AudioFormatError for a name or a PCM16 rate the service does not know.
    """
    if name in _G711:
        return _G711[name]
    if name != "pcm16":
        raise AudioFormatError(f"input audio format {name!r} is not one of pcm16, {', '.join(_G711)}")
    rate = 24000 if rate is None else rate
    if rate not in INPUT_RATES:
        known = ", ".join(map(str, INPUT_RATES))
        raise AudioFormatError(f"input audio at {rate} Hz cannot be taken; use one of {known}")
    return WireFormat(rate, 2, "pcm16", "pcm16")


def output_format(name: str = "pcm16") -> WireFormat:
    """The format of ``output_audio_format``; ``pcm16-8000hz`` is read as ``pcm16_8000hz``.

    Raises AudioFormatError for a name the service does not know.
    """
    known = _OUTPUT.get(name.replace("-", "_"))
    if known is None:
        raise AudioFormatError(f"output audio format {name!r} is not one of {', '.join(_OUTPUT)}")
    return known


class AudioDecoder:
    """Reads a stream in a wire format as PCM16 at ``to_rate`` Hz."""

    def __init__(self, source: WireFormat, to_rate: int) -> None:
        self.source = source
        self._resampler = Resampler(source.rate, to_rate)

    def feed(self, data: bytes) -> bytes:
        """Take the next wire bytes; return the PCM16 settled by them."""
        return self._resampler.feed(self.source.decode(data))

    def flush(self) -> bytes:
        """Return the rest of the stream; the next bytes start a new one."""
        return self._resampler.flush()


class AudioEncoder:
    """Writes a stream of PCM16 at ``from_rate`` Hz in a wire format."""

    def __init__(self, from_rate: int, target: WireFormat) -> None:
        self.target = target
        self._resampler = Resampler(from_rate, target.rate)

    def feed(self, pcm: bytes) -> bytes:
        """Take the next PCM16; return the wire bytes settled by it."""
        return self.target.encode(self._resampler.feed(pcm))

    def flush(self) -> bytes:
        """Return the rest of the stream; the next PCM16 starts a new one."""
        return self.target.encode(self._resampler.flush())

    def stream(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        """Encode a whole stream, its end included; empty pieces are left out."""
        for chunk in chunks:
            if encoded := self.feed(chunk):
                yield encoded
        if rest := self.flush():
            yield rest

"""The audio formats of a session: how many bytes per second each takes, and how bytes and milliseconds convert."""

from dataclasses import dataclass

from .._public import public_in

__all__ = ["PCM16", "AudioFormat", "audio_format"]


@public_in("voicelive.conversation")
@dataclass(frozen=True)
class AudioFormat:
    """A format of the wire: mono; or the microphone with the echo's reference beside it, as one wider sample."""

    rate: int
    """Samples per second, in Hz."""
    width: int
    """Bytes of a sample: 2 for little-endian PCM16, 1 for G.711; 4 with an interleaved reference."""

    def ms(self, size: int) -> int:
        """Return the length of `size` bytes in whole milliseconds, rounded down."""
        return size * 1000 // (self.rate * self.width)

    def size(self, ms: float) -> int:
        """Return the bytes of `ms` milliseconds, in whole samples."""
        return int(ms * self.rate / 1000) * self.width


PCM16 = AudioFormat(24_000, 2)
"""Both directions' default: 24 kHz, 16-bit little-endian, mono."""

_G711 = AudioFormat(8_000, 1)
_FORMATS = {"pcm16": PCM16, "g711_ulaw": _G711, "g711_alaw": _G711, "audio/pcm": PCM16} | dict.fromkeys(
    ("audio/pcmu", "audio/pcma"), _G711
)


@public_in("voicelive.conversation")
def audio_format(name: object, rate: int | None = None) -> AudioFormat:
    """Return the format of a name such as ``"pcm16"`` or ``"pcm16_8000hz"``; one that is not known counts as PCM16.

    Args:
        name: the wire's name, with an underscore or a hyphen before the rate; None for the default.
        rate: the session's sampling rate of the input in Hz, which counts for PCM16 without a rate in its name.
    """
    text = str(name or "pcm16").replace("-", "_")
    base, _, hertz = text.partition("_")
    if base == "pcm16" and hertz.removesuffix("hz").isdigit():
        return AudioFormat(int(hertz.removesuffix("hz")), 2)
    found = _FORMATS.get(text, PCM16)
    return AudioFormat(rate, 2) if rate and found is PCM16 else found

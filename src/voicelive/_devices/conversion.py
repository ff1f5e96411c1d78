"""Sound from buffers of any program, as the session takes it."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Callable
from typing import Any, Literal

from .._audio.pcm import AudioFormatError
from .._audio.wire_formats import input_format
from .._core.numbers import is_whole
from .._public import public_in
from ..errors import ConfigurationError
from .rates import RateConverter, rate_converter

__all__ = ["AudioConverter"]

SampleType = Literal["int16", "int32", "float32", "float64"]
_TYPES: dict[str, str] = {"int16": "h", "int32": "i", "float32": "f", "float64": "d"}
_CODES: dict[str, str] = {"h": "int16", "i": "int32", "l": "int32", "f": "float32", "d": "float64"}


@public_in("voicelive.audio")
class AudioConverter:
    """Turns buffers of sound into what ``input_audio_buffer.append`` takes: mono PCM16 or G.711 at the session's rate.

    Takes what audio libraries give: floats in -1…1, integers, one channel or several interleaved, arrays with a row for
    each frame. A stream stays one, however it is cut: halves of samples and the filter's state wait for the next piece.

    Example::

        converter = AudioConverter(48_000, channels=2)          # to 24 kHz PCM16
        connection.input_audio_buffer.append(audio=converter.feed(block))

    Args:
        rate: the rate of what comes in, in Hz.
        channels: its channels, interleaved; they are averaged into one.
        samples: what raw bytes hold. Arrays say it themselves.
        audio_format: the session's ``input_audio_format``.
        session_rate: its ``input_audio_sampling_rate``, in Hz; G.711 is always at 8000.

    Raises:
        ConfigurationError: for a value that is not valid.
    """

    def __init__(
        self,
        rate: int = 24_000,
        *,
        channels: int = 1,
        samples: SampleType = "int16",
        audio_format: str = "pcm16",
        session_rate: int = 24_000,
    ) -> None:
        if samples not in _TYPES:
            raise ConfigurationError(f"samples is {samples!r}; it takes one of {', '.join(_TYPES)}")
        if not is_whole(channels, 1):
            raise ConfigurationError(f"channels is {channels!r}; it takes a whole number, 1 or more")
        try:
            self._target = input_format(audio_format, session_rate)
            self._rates: RateConverter = rate_converter(rate, self._target.rate)
        except AudioFormatError as error:
            raise ConfigurationError(str(error)) from None
        self._channels = channels
        self._samples: str = samples
        self._rest = b""

    def feed(self, audio: Any) -> bytes:
        """Take the next piece; return what is ready to be sent, which may be nothing.

        Args:
            audio: raw bytes, or an array that says what its elements are.

        Raises:
            ConfigurationError: for elements of another kind, or another number of channels: never sent as noise.
        """
        return self._target.encode(self._rates.feed(self._mono(audio)))

    def flush(self) -> bytes:
        """Return the rest of the stream; the next piece begins a new one."""
        self._rest = b""
        return self._target.encode(self._rates.flush())

    def _mono(self, audio: Any) -> bytes:
        try:
            view = memoryview(audio)
        except TypeError:
            raise ConfigurationError(f"audio takes bytes or an array of samples, not {type(audio).__name__}") from None
        kind = self._kind(view)
        if view.ndim > 1 and view.shape is not None and view.shape[-1] != self._channels:
            raise ConfigurationError(
                f"the array has {view.shape[-1]} channels in its rows, and channels={self._channels} was given: "
                "arrays have a row for each frame"
            )
        # tobytes() puts a slice, such as one channel of several, into order.
        data = self._rest + view.tobytes()
        code = _TYPES[kind]
        frame = array(code).itemsize * self._channels
        whole = len(data) // frame * frame
        self._rest = data[whole:]
        values = array(code, data[:whole])
        return _TO_PCM[kind](_averaged(values, self._channels, kind))

    def _kind(self, view: memoryview) -> str:
        code = view.format.lstrip("@=<" if sys.byteorder == "little" else "@=>")
        if code in ("B", "b", "c"):
            return self._samples
        kind = _CODES.get(code)
        if kind is None or view.itemsize != array(_TYPES[kind]).itemsize:
            raise ConfigurationError(
                f"an array of elements {view.format!r} of {view.itemsize} bytes is not sound that can be read: "
                f"give {', '.join(_TYPES)}"
            )
        if self._rest and kind != self._samples:
            raise ConfigurationError("an array came after half a sample in bytes: give one or the other")
        return kind


def _averaged(values: array[Any], channels: int, kind: str) -> array[Any]:
    if channels == 1:
        return values
    parts = [values[number::channels] for number in range(channels)]
    if kind.startswith("int"):
        return array(values.typecode, [sum(frame) // channels for frame in zip(*parts, strict=True)])
    return array(values.typecode, [sum(frame) / channels for frame in zip(*parts, strict=True)])


def _from_floats(values: array[Any]) -> bytes:
    # What is not a number is silence; what is too loud is cut, not turned around.
    return array(
        "h",
        [
            0 if value != value else 32767 if value >= 1.0 else -32768 if value <= -1.0 else int(value * 32768)
            for value in values
        ],
    ).tobytes()


_TO_PCM: dict[str, Callable[[array[Any]], bytes]] = {
    "int16": lambda values: values.tobytes(),
    "int32": lambda values: array("h", [value >> 16 for value in values]).tobytes(),
    "float32": _from_floats,
    "float64": _from_floats,
}

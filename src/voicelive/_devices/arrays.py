"""A sound device without hardware: what it hears is given, what it plays is kept. For tests and files."""

from __future__ import annotations

import threading
import time
from array import array
from collections.abc import Callable, Sequence
from functools import partial

from .._public import public_in
from ..errors import AudioDeviceError
from .backend import AudioStream, DeviceInfo, UnsupportedRateError
from .wav import WavSink, WavSource

__all__ = ["ArrayBackend"]

_KEPT_SECONDS = 600


@public_in("voicelive.audio")
class ArrayBackend:
    """A :class:`Backend` whose microphone hears what it is given and whose loudspeaker keeps what it plays.

    Time passes as in the world, or faster. After what it is given, the microphone hears silence.

    Args:
        source: what the microphone hears first: PCM16 at `rate`, or a WAV file.
        sink: takes what is played too, silence included.
        rate: the only rate that the device runs at, in Hz.
        speed: how many times faster than the world it runs.
        acoustics: what the microphone hears of the loudspeaker: given each block that is played, it returns a block of
            the same length to be mixed into the microphone's; it keeps by itself what is to be heard later.
    """

    def __init__(
        self,
        source: bytes | WavSource = b"",
        *,
        sink: WavSink | None = None,
        rate: int = 24_000,
        speed: float = 1.0,
        acoustics: Callable[[bytes], bytes] | None = None,
    ) -> None:
        self._heard = bytearray(source.pcm if isinstance(source, WavSource) else source)
        self._sink = sink
        self._rate = rate
        self._speed = speed
        self._acoustics = acoustics
        self._played = bytearray()
        self._lock = threading.Lock()
        self._deliver: Callable[[memoryview], None] | None = None
        self._fill: Callable[[memoryview], None] | None = None
        self._block = 0
        self._thread: threading.Thread | None = None
        self._is_plugged_in = True

    @property
    def played(self) -> bytes:
        """What was played, silence included; the last ten minutes."""
        with self._lock:
            return bytes(self._played)

    @property
    def unheard_ms(self) -> int:
        """How much of what the microphone was given it has not heard yet, in ms."""
        with self._lock:
            return len(self._heard) * 1000 // (self._rate * 2)

    def speak(self, pcm: bytes) -> None:
        """Have the microphone hear this next, after what it was given before."""
        with self._lock:
            self._heard += pcm

    def unplug(self) -> None:
        """Have the device disappear: callbacks stop, and it is not listed any more."""
        self._is_plugged_in = False

    def plug_in(self) -> None:
        """Have the device come back."""
        self._is_plugged_in = True

    def devices(self, *, refresh: bool = False) -> Sequence[DeviceInfo]:
        """List the one device, unless it is unplugged."""
        if not self._is_plugged_in:
            return []
        return [
            DeviceInfo(
                index=0,
                name="array",
                host="memory",
                inputs=1,
                outputs=1,
                rate=self._rate,
                is_default_input=True,
                is_default_output=True,
            )
        ]

    def open_input(
        self, device: DeviceInfo, *, rate: int, block: int, deliver: Callable[[memoryview], None]
    ) -> AudioStream:
        """Open the microphone."""
        return _Side(self._checked(rate, block), partial(self._switch, "_deliver"), deliver)

    def open_output(
        self, device: DeviceInfo, *, rate: int, block: int, fill: Callable[[memoryview], None]
    ) -> AudioStream:
        """Open the loudspeaker."""
        return _Side(self._checked(rate, block), partial(self._switch, "_fill"), fill)

    def _checked(self, rate: int, block: int) -> int:
        if rate != self._rate:
            raise UnsupportedRateError(f"the array runs at {self._rate} Hz, not at {rate} Hz")
        if not self._is_plugged_in:
            raise AudioDeviceError("the array is unplugged")
        self._block = block
        return rate

    def _switch(self, side: str, callback: Callable[[memoryview], None] | None) -> None:
        with self._lock:
            setattr(self, side, callback)
            if callback is not None and self._thread is None:
                self._thread = threading.Thread(target=self._run, name="voicelive-array", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        step = self._block / self._rate / self._speed
        due = time.monotonic()
        while True:
            with self._lock:
                if self._deliver is None and self._fill is None:
                    self._thread = None
                    return
            if self._is_plugged_in:
                self._tick()
            due += step
            delay = due - time.monotonic()
            if delay > 0:
                time.sleep(delay)
            elif delay < -1:  # the machine stood still: time lost stays lost
                due = time.monotonic()

    def _tick(self) -> None:
        size = self._block * 2
        out = bytearray(size)
        if (fill := self._fill) is not None:
            fill(memoryview(out))
            self._keep(bytes(out))
        if (deliver := self._deliver) is None:
            return
        with self._lock:
            heard = bytes(self._heard[:size])
            del self._heard[:size]
        heard += bytes(size - len(heard))
        if self._acoustics is not None:
            heard = _mixed(heard, self._acoustics(bytes(out)))
        deliver(memoryview(heard))

    def _keep(self, block: bytes) -> None:
        with self._lock:
            self._played += block
            excess = len(self._played) - _KEPT_SECONDS * self._rate * 2
            if excess > 0:
                del self._played[:excess]
        if self._sink is not None:
            self._sink.write(block)


class _Side:
    """One direction of the array."""

    latency_ms = 0.0

    def __init__(
        self,
        rate: int,
        switch: Callable[[Callable[[memoryview], None] | None], None],
        callback: Callable[[memoryview], None],
    ) -> None:
        self.rate = rate
        self._switch = switch
        self._callback = callback

    def start(self) -> None:
        self._switch(self._callback)

    def close(self) -> None:
        self._switch(None)


def _mixed(one: bytes, other: bytes) -> bytes:
    if not any(one):
        return other
    if not any(other):
        return one
    pairs = zip(array("h", one), array("h", other), strict=True)
    return array("h", [max(-32768, min(32767, left + right)) for left, right in pairs]).tobytes()

"""Both directions of a device while they are open: the callbacks, which only copy, and the watch on them."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import wait
from contextlib import suppress

from .._core.devices.heartbeat import Heartbeat
from .._core.devices.play_queue import PlayQueue
from .._threads import call_in_thread
from ..errors import AudioDeviceError
from .backend import AudioStream, Backend, DeviceInfo, UnsupportedRateError, find_device

__all__ = ["BLOCK_MS", "Streams", "open_streams"]

BLOCK_MS = 20
_RATE = 24_000
_MOST_BLOCKS = 100
"""How much of the microphone's sound waits for a connection that is slow: two seconds, then the oldest is dropped."""
_OPENS_WITHIN = 10.0
_CLOSES_WITHIN = 1.0


class Streams:
    """A microphone and a loudspeaker of one time of being open, which ends if either disappears."""

    def __init__(self, microphone: DeviceInfo, loudspeaker: DeviceInfo) -> None:
        self.microphone = microphone
        self.loudspeaker = loudspeaker
        self.recorded: deque[tuple[int, bytes]] = deque(maxlen=_MOST_BLOCKS)
        """The blocks that were recorded, each with how many bytes the loudspeaker had been handed by then."""
        self.played: deque[bytes] = deque(maxlen=_MOST_BLOCKS)
        """The blocks that the loudspeaker was handed."""
        self.overflows: int = 0
        """How many recorded blocks were dropped."""
        self.queue: PlayQueue | None = None
        """What is to be played; silence without one."""
        self.input_rate: int = _RATE
        self.output_rate: int = _RATE
        """Samples per second of what is recorded and of what is played, in Hz."""
        self.input_latency_ms: float = 0.0
        self.output_latency_ms: float = 0.0
        """How long a sample takes from the air to here, and from here to the air."""
        self._handed_out = 0
        self._recorded_blocks = 0
        self._played_blocks = 0
        self._open: list[AudioStream] = []
        self._microphone_heart: Heartbeat | None = None
        self._loudspeaker_heart: Heartbeat | None = None

    def open(self, backend: Backend) -> None:
        """Open both directions, each at the session's rate, or at its own where the device refuses that."""
        self._open.append(
            _at_a_rate(
                self.microphone,
                lambda rate, block: backend.open_input(self.microphone, rate=rate, block=block, deliver=self._deliver),
            )
        )
        self._open.append(
            _at_a_rate(
                self.loudspeaker,
                lambda rate, block: backend.open_output(self.loudspeaker, rate=rate, block=block, fill=self._fill),
            )
        )
        recording, playing = self._open
        self.input_rate, self.output_rate = recording.rate, playing.rate
        self.input_latency_ms, self.output_latency_ms = recording.latency_ms, playing.latency_ms

    def start_playing(self) -> None:
        """Begin to play; nothing if it plays already."""
        if self._loudspeaker_heart is None:
            self._loudspeaker_heart = Heartbeat(time.monotonic())
            self._open[1].start()

    def start_recording(self) -> None:
        """Begin to record; nothing if it records already."""
        if self._microphone_heart is None:
            self._microphone_heart = Heartbeat(time.monotonic())
            self._open[0].start()

    def lost(self, now: float) -> DeviceInfo | None:
        """Return the device that disappeared, if one did: its callbacks stay away."""
        if self._microphone_heart is not None and self._microphone_heart.is_gone(self._recorded_blocks, now):
            return self.microphone
        if self._loudspeaker_heart is not None and self._loudspeaker_heart.is_gone(self._played_blocks, now):
            return self.loudspeaker
        return None

    def close(self) -> bool:
        """Close both; returns whether that ended in time. A stream whose server died may hang forever."""
        streams, self._open = self._open, []
        self.queue = None

        def work() -> None:
            # One after the other: PortAudio is not safe for threads, and with JACK two closed at once may both hang.
            for stream in streams:
                with suppress(Exception):
                    stream.close()

        return bool(wait([call_in_thread(work, "voicelive-audio-close")], _CLOSES_WITHIN).done)

    # In the threads of the audio system.

    def _deliver(self, data: memoryview) -> None:
        if len(self.recorded) == _MOST_BLOCKS:
            self.overflows += 1
        self.recorded.append((self._handed_out, bytes(data)))
        self._recorded_blocks += 1

    def _fill(self, out: memoryview) -> None:
        queue = self.queue
        if queue is None:
            out[:] = bytes(len(out))
        else:
            queue.fill(out)
        self.played.append(bytes(out))
        self._handed_out += len(out)
        self._played_blocks += 1


def _at_a_rate(device: DeviceInfo, open_at: Callable[[int, int], AudioStream]) -> AudioStream:
    for rate in dict.fromkeys((_RATE, device.rate, 48_000, 44_100)):
        try:
            return open_at(rate, rate * BLOCK_MS // 1000)
        except UnsupportedRateError:
            continue
    raise AudioDeviceError(
        f"the device {device.index} {device.name!r} runs at none of the usual rates: choose another one"
    )


def open_streams(
    backend: Backend, microphone: int | str | None, loudspeaker: int | str | None, *, is_again: bool = False
) -> Streams:
    """Find both devices and open them.

    Args:
        backend: what reaches them.
        microphone: which one.
        loudspeaker: which one.
        is_again: whether they were lost: then they are looked for anew, and started.

    Raises:
        AudioDeviceError: if that is not possible, or takes too long.
    """

    def work() -> Streams:
        devices: Sequence[DeviceInfo] = backend.devices(refresh=is_again)
        streams = Streams(
            find_device(devices, microphone, output=False), find_device(devices, loudspeaker, output=True)
        )
        try:
            streams.open(backend)
            if is_again:
                streams.start_playing()
                streams.start_recording()
        except BaseException:
            streams.close()
            raise
        return streams

    opening = call_in_thread(work, "voicelive-audio-open")
    if not wait([opening], _OPENS_WITHIN).done:
        raise AudioDeviceError(
            f"the sound system has not opened the device within {_OPENS_WITHIN:g} s: restart its server, or choose "
            "another device"
        )
    return opening.result()

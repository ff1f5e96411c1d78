"""Stands in for the sound card of a machine without one: a file is the microphone, another one the loudspeaker.

Programs import it as `pyaudio`. The microphone runs at ten times the pace of a real one and the loudspeaker at
twice, so that it does not run dry, and the program ends as by Ctrl+C once something has been heard and then nothing for
a while.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

__all__ = ["PyAudio", "Stream", "get_sample_size", "paComplete", "paContinue", "paInt16"]

paInt16 = 8
paContinue, paComplete = 0, 1
MICROPHONE_SPEED, LOUDSPEAKER_SPEED = 10, 2
QUIET_S = 2.0


def get_sample_size(form: int) -> int:
    """Bytes of a sample."""
    assert form == paInt16
    return 2


class PyAudio:
    """The devices."""

    def open(self, **settings: Any) -> Stream:
        """Open a stream of one direction."""
        return Stream(**settings)

    def terminate(self) -> None:
        """Nothing is held open."""

    def get_device_count(self) -> int:
        """One device, both ways."""
        return 1

    def get_device_info_by_index(self, index: int) -> dict[str, Any]:
        """What programs look for."""
        return {"index": index, "name": "files", "maxInputChannels": 1, "maxOutputChannels": 1}


class Stream:
    """A microphone or a loudspeaker."""

    def __init__(
        self,
        *,
        format: int,
        channels: int,
        rate: int,
        frames_per_buffer: int,
        input: bool = False,
        output: bool = False,
        stream_callback: Callable[..., tuple[bytes | None, int]] | None = None,
        **others: Any,
    ) -> None:
        assert (format, channels, rate) == (paInt16, 1, 24000)
        self._frames, self._rate = frames_per_buffer, rate
        self._speed = MICROPHONE_SPEED if input else LOUDSPEAKER_SPEED
        self._said = Path(os.environ["SAMPLE_MICROPHONE"]).read_bytes() if input else b""
        self._place = 0
        self._due = time.monotonic()
        self._heard_at: float | None = None
        self._running = True
        if output:
            threading.Thread(target=self._watch, daemon=True).start()
        if stream_callback is not None:
            target = self._record if input else self._play
            threading.Thread(target=target, args=(stream_callback,), daemon=True).start()

    def start_stream(self) -> None:
        """Streams run from the start."""

    def stop_stream(self) -> None:
        """End the thread of a stream with a callback."""
        self._running = False

    def close(self) -> None:
        """Nothing is held open."""
        self._running = False

    def is_active(self) -> bool:
        """Whether the stream runs."""
        return self._running

    def read(self, frames: int, exception_on_overflow: bool = True) -> bytes:
        """Return the next of what is said, then silence."""
        self._wait(frames)
        piece = self._said[self._place : self._place + frames * 2]
        self._place += len(piece)
        return piece + bytes(frames * 2 - len(piece))

    def write(self, frames: bytes, *others: Any, **more: Any) -> None:
        """Play: blocks as long as it lasts."""
        self._wait(len(frames) // 2)
        self._hear(bytes(frames))

    def _record(self, callback: Callable[..., tuple[bytes | None, int]]) -> None:
        while self._running:
            callback(self.read(self._frames), self._frames, {}, 0)

    def _play(self, callback: Callable[..., tuple[bytes | None, int]]) -> None:
        while self._running:
            self._wait(self._frames)
            data, flag = callback(None, self._frames, {}, 0)
            self._hear(data or b"")
            if flag != paContinue:
                return

    def _wait(self, frames: int) -> None:
        self._due += frames / self._rate / self._speed
        time.sleep(max(0.0, self._due - time.monotonic()))

    def _hear(self, data: bytes) -> None:
        with Path(os.environ["SAMPLE_LOUDSPEAKER"]).open("ab") as file:
            file.write(data)
        if any(data):
            self._heard_at = time.monotonic()

    def _watch(self) -> None:
        while self._heard_at is None or time.monotonic() - self._heard_at < QUIET_S:
            time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGINT)
        # One of the samples waits for what its handler of the signal has already ended.
        time.sleep(QUIET_S)
        os._exit(0)

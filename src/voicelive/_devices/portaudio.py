"""Real devices, by PortAudio: the package sounddevice, whose raw streams need no numpy."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import wait
from contextlib import contextmanager
from typing import Any

from .._threads import call_in_thread
from ..errors import AudioDeviceError
from .backend import AudioStream, DeviceInfo, UnsupportedRateError

__all__ = ["PortAudioBackend"]

_INVALID_RATE = -9997
_NO_PACKAGE = 'sounddevice is not installed: pip install "voicelive[audio]"'
_NO_LIBRARY = (
    "the library PortAudio is missing: on Debian and Ubuntu, apt-get install libportaudio2 (and libasound2-plugins "
    "for PulseAudio or PipeWire); on macOS and Windows, reinstall sounddevice, which brings it"
)
_RESET_WITHIN = 5.0
_ENDS_WITHIN = 2.0
"""Seconds after which a call of another thread is taken to hang."""

_calls = threading.Lock()
"""PortAudio is not safe for threads: all devices are listed, opened and closed one at a time."""
_open_streams = 0


def _library() -> Any:
    try:
        import sounddevice
    except ImportError as error:
        raise AudioDeviceError(_NO_PACKAGE) from error
    except OSError as error:
        raise AudioDeviceError(_NO_LIBRARY) from error
    return sounddevice


class PortAudioBackend:
    """The :class:`Backend` of this machine's devices."""

    def devices(self, *, refresh: bool = False) -> Sequence[DeviceInfo]:
        """List the devices.

        Args:
            refresh: have PortAudio look anew, for which it starts again. It does not while a stream of this package is
                open; streams that the application opened by itself would be closed.

        Raises:
            AudioDeviceError: if sounddevice or PortAudio is missing.
        """
        library = _library()
        if refresh:
            _look_again(library)
        try:
            with _alone():
                inputs, outputs = library.default.device
                hosts = [host["name"] for host in library.query_hostapis()]
                found = list(library.query_devices())
                inputs = _default(library, "input") if inputs < 0 else inputs
                outputs = _default(library, "output") if outputs < 0 else outputs
        except library.PortAudioError as error:
            raise AudioDeviceError(f"the sound devices cannot be listed: {error}") from error
        return [
            DeviceInfo(
                index=number,
                name=device["name"],
                host=hosts[device["hostapi"]],
                inputs=device["max_input_channels"],
                outputs=device["max_output_channels"],
                rate=int(device["default_samplerate"]),
                is_default_input=number == inputs,
                is_default_output=number == outputs,
            )
            for number, device in enumerate(found)
        ]

    def open_input(
        self, device: DeviceInfo, *, rate: int, block: int, deliver: Callable[[memoryview], None]
    ) -> AudioStream:
        """Open a microphone."""

        def callback(data: Any, frames: int, time: Any, status: Any) -> None:
            deliver(memoryview(data))

        return _Stream("RawInputStream", device, rate, block, callback)

    def open_output(
        self, device: DeviceInfo, *, rate: int, block: int, fill: Callable[[memoryview], None]
    ) -> AudioStream:
        """Open a loudspeaker."""

        def callback(data: Any, frames: int, time: Any, status: Any) -> None:
            fill(memoryview(data))

        return _Stream("RawOutputStream", device, rate, block, callback)


class _Stream:
    """One open stream. Two of one way each, since one of both hangs forever if its sound server dies."""

    def __init__(self, kind: str, device: DeviceInfo, rate: int, block: int, callback: Callable[..., None]) -> None:
        library = _library()
        self._device = device
        self._error = library.PortAudioError
        self._is_open = False
        with _alone():
            try:
                self._stream = getattr(library, kind)(
                    samplerate=rate, blocksize=block, device=device.index, channels=1, dtype="int16", callback=callback
                )
            except library.PortAudioError as error:
                if _code(error) == _INVALID_RATE:
                    raise UnsupportedRateError(f"{device.name} does not run at {rate} Hz") from error
                raise _refusal(device, error) from error
            self._is_open = True
            _count(1)

    @property
    def rate(self) -> int:
        return int(self._stream.samplerate)

    @property
    def latency_ms(self) -> float:
        return float(self._stream.latency) * 1000

    def start(self) -> None:
        try:
            self._stream.start()
        except self._error as error:
            raise _refusal(self._device, error) from error

    def close(self) -> None:
        with _alone():
            if self._is_open:
                self._is_open = False
                # Not abort(), which leaves ALSA's plug-ins in a state in which the next opening fails.
                self._stream.close()
                _count(-1)


@contextmanager
def _alone() -> Generator[None, None, None]:
    """Keep other threads of this package out of PortAudio.

    A thread that closes a stream whose server died may never come out of it; it is not waited for longer than it would
    take otherwise.
    """
    is_alone = _calls.acquire(timeout=_ENDS_WITHIN)
    try:
        yield
    finally:
        if is_alone:
            _calls.release()


def _count(step: int) -> None:
    global _open_streams
    _open_streams += step


def _look_again(library: Any) -> None:
    """Have PortAudio list the devices anew, which it does only when it starts; not while a stream is open."""
    with _alone():
        if _open_streams:
            return

        def restart() -> None:
            library._terminate()
            library._initialize()

        if not wait([call_in_thread(restart, "voicelive-audio-reset")], _RESET_WITHIN).done:
            raise AudioDeviceError("the sound system does not answer: restart its server, or this program")


def _default(library: Any, kind: str) -> int:
    try:
        return int(library.query_devices(kind=kind)["index"])
    except (library.PortAudioError, ValueError):
        return -1


def _code(error: Exception) -> int:
    return next((value for value in error.args[1:2] if isinstance(value, int)), 0)


def _refusal(device: DeviceInfo, error: Exception) -> AudioDeviceError:
    return AudioDeviceError(
        f"the device {device.index} {device.name!r} cannot be opened: {error.args[0] if error.args else error}. "
        "Another program may have it to itself, or this one may not be allowed to use it; or choose another device"
    )

"""What a sound device needs of whatever reaches the hardware, so that anything else can stand in for it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from .._public import public_in
from ..errors import DeviceNotFoundError

__all__ = ["AudioStream", "Backend", "DeviceInfo", "UnsupportedRateError", "find_device"]


@public_in("voicelive.audio")
@dataclass(frozen=True, kw_only=True)
class DeviceInfo:
    """A sound device."""

    index: int
    """Its number; changes when devices come and go."""
    name: str
    host: str = ""
    """The sound system that offers it, such as ``ALSA`` or ``Windows WASAPI``."""
    inputs: int = 0
    """How many channels it records."""
    outputs: int = 0
    """How many channels it plays."""
    rate: int = 24_000
    """The sample rate that it prefers, in Hz."""
    is_default_input: bool = False
    is_default_output: bool = False


@public_in("voicelive.audio")
class UnsupportedRateError(Exception):
    """Raised by a backend whose device does not run at the rate asked for: it is then asked for the device's own."""


@public_in("voicelive.audio")
class AudioStream(Protocol):
    """One direction of a device, as long as it is open."""

    @property
    def rate(self) -> int:
        """Samples per second, in Hz."""
        ...

    @property
    def latency_ms(self) -> float:
        """How long a sample takes between the callback and the air."""
        ...

    def start(self) -> None:
        """Begin to call back."""
        ...

    def close(self) -> None:
        """Stop calling back, and free the device. May take long if the device is gone."""
        ...


@public_in("voicelive.audio")
@runtime_checkable
class Backend(Protocol):
    """Where sound comes from and goes to: PCM16, native byte order, mono, in blocks, by callbacks in any thread.

    A callback returns within a fraction of a block and never raises.
    """

    def devices(self, *, refresh: bool = False) -> Sequence[DeviceInfo]:
        """List the devices.

        Args:
            refresh: look anew, since devices may have come or gone; while none of them is open.

        Raises:
            AudioDeviceError: if what reaches them is missing.
        """
        ...

    def open_input(
        self, device: DeviceInfo, *, rate: int, block: int, deliver: Callable[[memoryview], None]
    ) -> AudioStream:
        """Open a microphone.

        Args:
            device: one of :meth:`devices`.
            rate: samples per second, in Hz.
            block: samples in each callback.
            deliver: takes each block that was recorded; keeps nothing of it.

        Raises:
            UnsupportedRateError: if the device does not run at this rate.
            AudioDeviceError: if it cannot be opened.
        """
        ...

    def open_output(
        self, device: DeviceInfo, *, rate: int, block: int, fill: Callable[[memoryview], None]
    ) -> AudioStream:
        """Open a loudspeaker.

        Args:
            device: one of :meth:`devices`.
            rate: samples per second, in Hz.
            block: samples in each callback.
            fill: writes the block that is to be played next.

        Raises:
            UnsupportedRateError: if the device does not run at this rate.
            AudioDeviceError: if it cannot be opened.
        """
        ...


def find_device(devices: Sequence[DeviceInfo], wanted: int | str | None, *, output: bool) -> DeviceInfo:
    """Return the device of a number, of a name or a part of it (in any case), or the default.

    Raises:
        DeviceNotFoundError: if there is none; the message lists those there are.
    """
    kind = "loudspeaker" if output else "microphone"
    usable = [device for device in devices if (device.outputs if output else device.inputs)]
    if not usable:
        raise DeviceNotFoundError(
            f"there is no {kind}: connect one, and check that this program may use it; on Linux the sound server has "
            "to run, and PortAudio reaches PulseAudio and PipeWire by the package libasound2-plugins"
        )
    if wanted is None:
        defaults = [device for device in usable if (device.is_default_output if output else device.is_default_input)]
        return (defaults or usable)[0]
    if isinstance(wanted, int):
        found = [device for device in usable if device.index == wanted]
    else:
        found = [device for device in usable if device.name == wanted]
        found = found or [device for device in usable if wanted.lower() in f"{device.name}, {device.host}".lower()]
    if not found:
        names = ", ".join(f"{device.index} {device.name!r}" for device in usable)
        raise DeviceNotFoundError(f"there is no {kind} {wanted!r}; there are: {names}")
    return found[0]

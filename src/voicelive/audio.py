"""Sound devices: speak with a connection by microphone and loudspeaker, and bring in sound of your own.

Needs the extra ``audio``: ``pip install "voicelive[audio]"``; only files, buffers and backends of your own do without.
"""

from ._core.devices.echo import EchoChoice, EchoMode
from ._devices.arrays import ArrayBackend
from ._devices.backend import AudioStream, Backend, DeviceInfo, UnsupportedRateError
from ._devices.conversion import AudioConverter
from ._devices.device import AudioDevice, AudioLevels, AudioStats, devices
from ._devices.wav import WavSink, WavSource
from .errors import AudioDeviceError, DeviceLostError, DeviceNotFoundError

__all__ = [
    "ArrayBackend",
    "AudioConverter",
    "AudioDevice",
    "AudioDeviceError",
    "AudioLevels",
    "AudioStats",
    "AudioStream",
    "Backend",
    "DeviceInfo",
    "DeviceLostError",
    "DeviceNotFoundError",
    "EchoChoice",
    "EchoMode",
    "UnsupportedRateError",
    "WavSink",
    "WavSource",
    "devices",
]


def __dir__() -> list[str]:
    return sorted(__all__)

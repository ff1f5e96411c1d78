"""Recordings of calls: written beside a call, and read again, whole or in part."""

from ._recording.comparing import compare
from ._recording.lines import (
    HeardStretch,
    RecordedEvent,
    RecordingHeader,
)
from ._recording.reading import CallSound, Recording
from ._recording.recorder import Recorder
from ._recording.sounds import SoundFormat, SoundReference
from ._recording.writing import RecordingWriter
from .errors import RecordingError

__all__ = [
    "CallSound",
    "HeardStretch",
    "RecordedEvent",
    "Recorder",
    "Recording",
    "RecordingError",
    "RecordingHeader",
    "RecordingWriter",
    "SoundFormat",
    "SoundReference",
    "compare",
]


def __dir__() -> list[str]:
    return sorted(__all__)

"""Telephone lines: what their messages mean, for those with a bridge of their own."""

from ._core.lines.acs import AcsLine
from ._core.lines.events import (
    AudioReceived,
    CallEnded,
    CallHeld,
    CallStarted,
    DigitPressed,
    FaultKind,
    LineEvent,
    LineFault,
    MarkReturned,
    PlaybackCompleted,
    Reply,
)
from ._core.lines.genesys import GenesysLine
from ._core.lines.line import Line, LineMessageError
from ._core.lines.twilio import TwilioLine

__all__ = [
    "AcsLine",
    "AudioReceived",
    "CallEnded",
    "CallHeld",
    "CallStarted",
    "DigitPressed",
    "FaultKind",
    "GenesysLine",
    "Line",
    "LineEvent",
    "LineFault",
    "LineMessageError",
    "MarkReturned",
    "PlaybackCompleted",
    "Reply",
    "TwilioLine",
]


def __dir__() -> list[str]:
    return sorted(__all__)

"""Agents on the telephone: a bridge between a vendor's line and the service, and the lines' protocols by themselves."""

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
from ._core.lines.limits import CallLimits, CallOutcome, CallSummary
from ._core.lines.line import Line, LineMessageError
from ._core.lines.twilio import TwilioLine
from ._telephony.answering import answer
from ._telephony.answering_sync import answer_sync, bridge_sync
from ._telephony.bridge import Digits, bridge
from ._telephony.call import Call, CallControl, SyncCall, call_of
from ._telephony.tools import end_call_tool, transfer_tool

__all__ = [
    "AcsLine",
    "AudioReceived",
    "Call",
    "CallControl",
    "CallEnded",
    "CallHeld",
    "CallLimits",
    "CallOutcome",
    "CallStarted",
    "CallSummary",
    "DigitPressed",
    "Digits",
    "FaultKind",
    "GenesysLine",
    "Line",
    "LineEvent",
    "LineFault",
    "LineMessageError",
    "MarkReturned",
    "PlaybackCompleted",
    "Reply",
    "SyncCall",
    "TwilioLine",
    "answer",
    "answer_sync",
    "bridge",
    "bridge_sync",
    "call_of",
    "end_call_tool",
    "transfer_tool",
]


def __dir__() -> list[str]:
    return sorted(__all__)

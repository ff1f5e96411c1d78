"""Faults on demand: what the local service does wrong when it is told to, the same every time.

Give them to ``LocalService(faults=[…])`` or ``service.faults.add(…)``, as objects or as text::

    service.faults.add(Close(1011, events=20), "delay:250ms@event=response.audio.delta,chance=0.1,times=*")
"""

from ..errors import InvalidFaultError
from .base import Fault, MomentFault, ResponseFault, StreamFault
from .kinds import (
    KINDS,
    Abort,
    Close,
    ContentFilter,
    Delay,
    Drop,
    Duplicate,
    ErrorEvent,
    Expire,
    Malformed,
    MaxTokens,
    ModelNotFound,
    Oversize,
    Refuse,
    Reorder,
    ResponseFailure,
    Stall,
    TranscriptionFailure,
    UnknownEvent,
)
from .schedule import Faults, PlannedFault
from .text import parse_fault

__all__ = [
    "Faults",
    "PlannedFault",
    "parse_fault",
    "InvalidFaultError",
    "KINDS",
    # kinds
    "Fault",
    "MomentFault",
    "StreamFault",
    "ResponseFault",
    "Abort",
    "Close",
    "ContentFilter",
    "Delay",
    "Drop",
    "Duplicate",
    "ErrorEvent",
    "Expire",
    "Malformed",
    "MaxTokens",
    "ModelNotFound",
    "Oversize",
    "Refuse",
    "Reorder",
    "ResponseFailure",
    "Stall",
    "TranscriptionFailure",
    "UnknownEvent",
]

"""The faults that the local service can be told to have."""

from .._local.errors import InvalidFaultError
from .._local.faults.base import Fault, MomentFault, ResponseFault, StreamFault
from .._local.faults.kinds import (
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
from .._local.faults.schedule import Faults, PlannedFault
from .._local.faults.text import parse_fault

__all__ = [
    "Faults",
    "PlannedFault",
    "parse_fault",
    "InvalidFaultError",
    "KINDS",
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


def __dir__() -> list[str]:
    return sorted(__all__)

"""What a call may take, and what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Literal

from ..._public import public_in
from ...errors import ConfigurationError

__all__ = ["CallLimits", "CallOutcome", "CallSummary"]

CallOutcome = Literal[
    "hung_up",
    "finished",
    "transferred",
    "service_ended",
    "agent_failed",
    "not_started",
    "probe",
    "too_long",
    "silent",
    "stalled",
    "faulty",
    "cancelled",
]


@public_in("voicelive.telephony")
@dataclass(frozen=True, kw_only=True)
class CallLimits:
    """What a call may take; what goes beyond ends it. Raises ConfigurationError for invalid values."""

    seconds: float = 3600.0
    """How long a call may last."""
    start_seconds: float = 10.0
    """How long the line may take to say which call it is."""
    silent_seconds: float = 60.0
    """How long the line may send nothing at all, not even silence."""
    stalled_seconds: float = 30.0
    """How long the line may take to read a message, or to play what it has been sent."""
    faults: int = 50
    """How many messages that cannot be the line may send."""
    input_ms: int = 5000
    """How much of the caller's sound may wait for the service; beyond that the oldest is dropped."""
    output_ms: int = 600_000
    """How much of an answer may wait for the line; what comes beyond that is dropped."""

    def __post_init__(self) -> None:
        for one in fields(self):
            value = getattr(self, one.name)
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not value > 0:
                raise ConfigurationError(f"CallLimits({one.name}=…) takes a number above 0, not {value!r}")


@public_in("voicelive.telephony")
@dataclass(frozen=True, kw_only=True)
class CallSummary:
    """What became of a call."""

    outcome: CallOutcome
    """``hung_up`` by the caller or the line; ``finished`` or ``transferred`` by this side; ``service_ended`` where the
    connection to the service did; ``agent_failed`` where the agent raised; ``not_started`` where the line never said
    which call it is, and ``probe`` where it only tried; ``too_long``, ``silent``, ``stalled`` and ``faulty`` by the
    limits; ``cancelled`` where the bridge was."""
    detail: str = ""
    """More of that, in words."""
    line: str = ""
    """The vendor."""
    call_id: str = ""
    """The vendor's id of the call."""
    caller: str = ""
    called: str = ""
    seconds: float = 0.0
    """How long it lasted."""
    received_ms: int = 0
    """The caller's sound that came."""
    filled_ms: int = 0
    """Silence that was put in where the line sent nothing."""
    input_dropped_ms: int = 0
    """The caller's sound that was lost, because the service took too long."""
    sent_ms: int = 0
    """Sound handed to the line."""
    heard_ms: int = 0
    """Of that, played by it."""
    cleared_ms: int = 0
    """Taken back at interruptions."""
    output_dropped_ms: int = 0
    """Answers that were lost, because too much waited."""
    interruptions: int = 0
    """How often something that was not heard was taken back."""
    digits: int = 0
    """How many keys were pressed."""
    faults: Mapping[str, int] = field(default_factory=dict[str, int])
    """How many messages could not be, by kind."""

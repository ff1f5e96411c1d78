"""The faults that the local service commits on demand: one class each, checked when it is built.

Three things can be said of every fault: which ``session`` it hits (an id; any by default), how many ``times`` it is
committed in all sessions together (once by default; None for always), and by what ``chance`` an opportunity is taken
(1.0 by default; which ones, the seed decides).
"""

from dataclasses import dataclass
from typing import ClassVar, Literal, get_args

from ..._public import public_in
from .base import Fault, MomentFault, ResponseFault, StreamFault

__all__ = [
    "Abort",
    "Close",
    "ContentFilter",
    "Delay",
    "Drop",
    "Duplicate",
    "ErrorEvent",
    "Expire",
    "KINDS",
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

_MAX_BYTES = 1024 * 1024 * 1024
_MAX_REASON_BYTES = 123  # what a close frame has room for

MalformedForm = Literal["truncated", "text", "array", "no_type", "wrong_types", "nulls", "binary"]


# --- before there is a session ---------------------------------------------------------------------------------------


@public_in("voicelive.local.faults")
@dataclass(frozen=True)
class Refuse(Fault):
    """Answer a handshake with an HTTP error: 401, 403, 404, 429 with ``Retry-After``, 503, …

    A `session` cannot be chosen: there is none yet.
    """

    name: ClassVar[str] = "refuse"

    status: int = 401
    """The HTTP status, 400 to 599."""
    retry_after: float | None = None
    """Seconds that the client is told to wait; None to say nothing about it."""
    message: str | None = None
    """What the JSON body says; None for a text that fits the status."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._check_whole("status", self.status, 400, 599)
        if self.retry_after is not None:
            self._check_seconds("retry_after", self.retry_after)
        if self.message is not None:
            self._check_text("message", self.message)
        if self.session is not None:
            self._refuse("session", self.session, "a handshake has no session yet; leave it out")


@public_in("voicelive.local.faults")
@dataclass(frozen=True)
class ModelNotFound(Fault):
    """Accept the handshake, then say that the model does not exist, as the service does, and close with 1008.

    :class:`Refuse` with 404 is the same before the handshake.
    """

    name: ClassVar[str] = "model_not_found"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.session is not None:
            self._refuse("session", self.session, "the session ends before its id is known; leave it out")


# --- at a moment -----------------------------------------------------------------------------------------------------


@public_in("voicelive.local.faults")
@dataclass(frozen=True)
class Close(MomentFault):
    """Close the connection with a code and a reason."""

    name: ClassVar[str] = "close"

    code: int = 1011
    """A code that may be sent: 1000 to 1003, 1007 to 1014, or 3000 to 4999."""
    reason: str = ""
    """At most 123 bytes of UTF-8."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._check_whole("code", self.code, 1000, 4999)
        if not (1000 <= self.code <= 1003 or 1007 <= self.code <= 1014 or self.code >= 3000):
            self._refuse("code", self.code, "a close frame cannot carry it; use 1000-1003, 1007-1014 or 3000-4999")
        if len(self.reason.encode()) > _MAX_REASON_BYTES:
            self._refuse("reason", self.reason, f"a close frame has room for {_MAX_REASON_BYTES} bytes")


@public_in("voicelive.local.faults")
@dataclass(frozen=True)
class Abort(MomentFault):
    """Cut the TCP connection without a close frame, as a failing network does: clients see 1006."""

    name: ClassVar[str] = "abort"


@public_in("voicelive.local.faults")
@dataclass(frozen=True)
class Expire(MomentFault):
    """End the session as if its time were up: the error ``session_expired``, then close code 1001."""

    name: ClassVar[str] = "expire"
    first_event: ClassVar[int] = 1


@public_in("voicelive.local.faults")
@dataclass(frozen=True)
class Stall(MomentFault):
    """Send nothing more, with the connection open and pings answered."""

    name: ClassVar[str] = "stall"

    seconds: float | None = None
    """How long; what was held back follows then. None for good, with what should be sent lost."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.seconds is not None:
            self._check_seconds("seconds", self.seconds)


@public_in("voicelive.local.faults")
@dataclass(frozen=True)
class ErrorEvent(MomentFault):
    """Send an ``error`` event; the session goes on. With the code ``rate_limit_exceeded``: too many requests."""

    name: ClassVar[str] = "error"
    first_event: ClassVar[int] = 1

    code: str = "server_error"
    message: str | None = None
    """None for a text that fits the code."""
    type: str | None = None
    """The error's type; None for the one that goes with the code."""
    param: str | None = None
    """The field that the error is about."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._check_text("code", self.code)
        for name in ("message", "type", "param"):
            if getattr(self, name) is not None:
                self._check_text(name, getattr(self, name))


# --- in the stream of events -----------------------------------------------------------------------------------------


@public_in("voicelive.local.faults")
@dataclass(frozen=True)
class Drop(StreamFault):
    """Leave an event out."""

    name: ClassVar[str] = "drop"

    event: str = "*"
    """The type of the events that it hits; ``*`` and ``?`` stand for anything, as in ``response.*.delta``."""


@public_in("voicelive.local.faults")
@dataclass(frozen=True)
class Delay(StreamFault):
    """Hold an event back for some seconds, and with it all that follow it."""

    name: ClassVar[str] = "delay"

    seconds: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        self._check_seconds("seconds", self.seconds)


@public_in("voicelive.local.faults")
@dataclass(frozen=True)
class Duplicate(StreamFault):
    """Send an event twice, to the last byte."""

    name: ClassVar[str] = "duplicate"

    event: str = "*"
    """The type of the events that it hits; ``*`` and ``?`` stand for anything, as in ``response.*.delta``."""


@public_in("voicelive.local.faults")
@dataclass(frozen=True)
class Reorder(StreamFault):
    """Let the next event overtake one, where the contract lets the two come in either order.

    Those are a transcription of the user and whatever else happens, and deltas of different kinds or items, such as
    sound and transcript of an answer. An event that the next one may not overtake is sent in its place, and does not
    count.
    """

    name: ClassVar[str] = "reorder"

    event: str = "*"
    """The type of the events that it hits; ``*`` and ``?`` stand for anything, as in ``response.*.delta``."""


@public_in("voicelive.local.faults")
@dataclass(frozen=True)
class Oversize(StreamFault):
    """Make an event at least `size` bytes long with a field that the contract does not have."""

    name: ClassVar[str] = "oversize"

    size: int = 8 * 1024 * 1024
    """Bytes of JSON."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._check_whole("size", self.size, 1, _MAX_BYTES)


@public_in("voicelive.local.faults")
@dataclass(frozen=True)
class UnknownEvent(StreamFault):
    """Send an event of a type that the contract does not have, before each event that is hit."""

    name: ClassVar[str] = "unknown_event"

    type: str = "session.fault_injected"
    """The type of the event that is sent."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._check_text("type", self.type)


@public_in("voicelive.local.faults")
@dataclass(frozen=True)
class Malformed(StreamFault):
    """Break an event.

    `form` says how: ``truncated`` JSON, ``text`` that is not JSON, an ``array`` around it, ``no_type``,
    ``wrong_types`` of its fields, ``nulls`` in all of them but the type, or a ``binary`` frame of noise.
    """

    name: ClassVar[str] = "malformed"

    form: MalformedForm = "truncated"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.form not in get_args(MalformedForm):
            self._refuse("form", self.form, f"use one of {', '.join(get_args(MalformedForm))}")


# --- in a turn -------------------------------------------------------------------------------------------------------


@public_in("voicelive.local.faults")
@dataclass(frozen=True)
class TranscriptionFailure(Fault):
    """Fail to transcribe what the user said: ``conversation.item.input_audio_transcription.failed``."""

    name: ClassVar[str] = "transcription_failure"

    code: str = "transcription_failed"
    message: str = "Input transcription failed."

    def __post_init__(self) -> None:
        super().__post_init__()
        self._check_text("code", self.code)
        self._check_text("message", self.message)


@public_in("voicelive.local.faults")
@dataclass(frozen=True)
class ContentFilter(ResponseFault):
    """End a response with the status ``incomplete``, its reason ``content_filter``."""

    name: ClassVar[str] = "content_filter"


@public_in("voicelive.local.faults")
@dataclass(frozen=True)
class MaxTokens(ResponseFault):
    """End a response with the status ``incomplete``, its reason ``max_output_tokens``."""

    name: ClassVar[str] = "max_tokens"


@public_in("voicelive.local.faults")
@dataclass(frozen=True)
class ResponseFailure(ResponseFault):
    """End a response with the status ``failed`` and an error, such as ``rate_limit_exceeded``."""

    name: ClassVar[str] = "response_failure"

    code: str = "server_error"
    message: str | None = None
    """None for a text that fits the code."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._check_text("code", self.code)
        if self.message is not None:
            self._check_text("message", self.message)


KINDS: dict[str, type[Fault]] = {
    kind.name: kind
    for kind in (
        Refuse,
        ModelNotFound,
        Close,
        Abort,
        Expire,
        Stall,
        ErrorEvent,
        Drop,
        Delay,
        Duplicate,
        Reorder,
        Oversize,
        UnknownEvent,
        Malformed,
        TranscriptionFailure,
        ContentFilter,
        MaxTokens,
        ResponseFailure,
    )
}
"""Every kind of fault by its name."""

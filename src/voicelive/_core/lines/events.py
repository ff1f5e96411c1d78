"""What a telephone line says, the same for every vendor."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from ..._public import public_in

__all__ = [
    "AudioReceived",
    "CallEnded",
    "CallHeld",
    "CallStarted",
    "DigitPressed",
    "FaultKind",
    "LineEvent",
    "LineFault",
    "MarkReturned",
    "PlaybackCompleted",
    "Reply",
]

FaultKind = Literal[
    "not_json",
    "not_understood",
    "not_base64",
    "odd_length",
    "too_large",
    "before_start",
    "after_end",
    "second_stream",
    "unsupported_format",
    "out_of_order",
    "refused",
]


@public_in("voicelive.telephony")
@dataclass(frozen=True, kw_only=True, slots=True)
class CallStarted:
    """The line said which call this is; sound follows."""

    call_id: str
    """The vendor's id of the call."""
    stream_id: str
    """The vendor's id of this WebSocket's stream."""
    caller: str = ""
    """Who calls, where the line says so."""
    called: str = ""
    """The number that was called, where the line says so."""
    parameters: Mapping[str, str] = field(default_factory=dict[str, str])
    """What was given to the call on the vendor's side, such as the parameters of TwiML's ``Stream``."""
    is_probe: bool = False
    """Whether the vendor only tries whether somebody answers: nobody calls."""


@public_in("voicelive.telephony")
@dataclass(frozen=True, slots=True)
class AudioReceived:
    """The caller's sound, in the line's format."""

    audio: bytes
    is_silent: bool = False
    """Whether the line marked it as silent; it still is time that passed."""


@public_in("voicelive.telephony")
@dataclass(frozen=True, slots=True)
class DigitPressed:
    """The caller pressed a key."""

    digit: str


@public_in("voicelive.telephony")
@dataclass(frozen=True, slots=True)
class MarkReturned:
    """Everything sent before a mark has been played, or dropped by a ``clear``."""

    name: str


@public_in("voicelive.telephony")
@dataclass(frozen=True, slots=True)
class PlaybackCompleted:
    """Everything that was sent has been played."""


@public_in("voicelive.telephony")
@dataclass(frozen=True, slots=True)
class CallHeld:
    """The vendor paused the stream, or went on with it: meanwhile no sound comes."""

    is_held: bool


@public_in("voicelive.telephony")
@dataclass(frozen=True, slots=True)
class CallEnded:
    """The line said that the call is over."""

    reason: str


@public_in("voicelive.telephony")
@dataclass(frozen=True, slots=True)
class LineFault:
    """A message that cannot be: it was left out, and the call goes on unless `is_fatal`."""

    kind: FaultKind
    detail: str
    """What was wrong, in words; nothing of what the caller said."""
    is_fatal: bool = False


@public_in("voicelive.telephony")
@dataclass(frozen=True, slots=True)
class Reply:
    """What the line's protocol wants to be answered at once, as it goes out."""

    message: str | bytes


LineEvent = (
    CallStarted
    | AudioReceived
    | DigitPressed
    | MarkReturned
    | PlaybackCompleted
    | CallHeld
    | CallEnded
    | LineFault
    | Reply
)

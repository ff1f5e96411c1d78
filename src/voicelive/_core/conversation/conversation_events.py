"""What the conversation layer tells the application, as events among those of the service."""

# Each kind narrows the `type` of its base to a constant, on purpose.
# pyright: reportIncompatibleVariableOverride=false

from typing import Literal

from ..._generated.models import ServerEvent
from ..._public import public_in

__all__ = [
    "CONVERSATION_EVENTS",
    "ApprovalAnswered",
    "ApprovalOutcome",
    "BudgetUsed",
    "AudioDeviceChanged",
    "ConversationInterrupted",
    "ConversationState",
    "InterruptionResumed",
    "KeyPressed",
    "LineChanged",
    "ObserverFailed",
    "ToolFinished",
    "ToolStarted",
    "TurnFinished",
    "UserAway",
]

ApprovalOutcome = Literal["approved", "declined", "refused", "timed_out", "failed"]


@public_in("voicelive.models")
class ConversationState(ServerEvent):
    """What the conversation is doing changed: for a user interface to show."""

    type: Literal["voicelive.state"] = "voicelive.state"
    state: Literal["listening", "thinking", "tool", "speaking"] = "listening"
    """``listening`` to the user, ``thinking`` about an answer, running a ``tool``, or ``speaking``."""


@public_in("voicelive.models")
class ConversationInterrupted(ServerEvent):
    """The user, or the application, interrupted an answer: what was heard of it, and what was not."""

    type: Literal["voicelive.interrupted"] = "voicelive.interrupted"
    item_id: str | None = None
    """The item of which the user heard a part; its audio that was not played is to be dropped."""
    response_id: str | None = None
    """The response that it belongs to."""
    heard_ms: int = 0
    """How much of the item was heard, in ms."""
    unheard_ms: int = 0
    """How much was received and not heard, over all items, in ms."""
    heard_text: str = ""
    """The words of the item that were heard."""
    unheard_text: str = ""
    """The words that were not, as far as its transcript had come."""


@public_in("voicelive.models")
class InterruptionResumed(ServerEvent):
    """An interruption held no words: what was not heard of the answer may be played on from where it stopped."""

    type: Literal["voicelive.resumed"] = "voicelive.resumed"
    item_id: str | None = None
    """The item to go on with."""
    from_ms: int = 0
    """Where to go on in its audio, in ms."""


@public_in("voicelive.models")
class ToolStarted(ServerEvent):
    """A tool that the model called runs."""

    type: Literal["voicelive.tool_started"] = "voicelive.tool_started"
    call_id: str = ""
    name: str = ""
    """The tool."""
    arguments: str = ""
    """Its arguments, JSON as the model wrote it."""


@public_in("voicelive.models")
class ToolFinished(ServerEvent):
    """A tool has ended, and the model has its output."""

    type: Literal["voicelive.tool_done"] = "voicelive.tool_done"
    call_id: str = ""
    name: str = ""
    """The tool."""
    outcome: Literal["completed", "failed", "timed_out", "refused", "cancelled", "discarded"] = "completed"
    """``refused``: not run, for an unknown name or bad arguments; ``discarded``: its session was over by then."""
    duration_ms: int = 0
    """How long it ran, in ms."""
    output: str = ""
    """What the model was given."""


@public_in("voicelive.models")
class ApprovalAnswered(ServerEvent):
    """The call of an MCP tool needed approval, and the service was told what was decided."""

    type: Literal["voicelive.mcp_approval"] = "voicelive.mcp_approval"
    approval_request_id: str = ""
    """The item that asked."""
    server_label: str = ""
    """The server, as the session's tools name it."""
    name: str = ""
    """The tool."""
    arguments: str = ""
    """Its arguments, JSON as the model wrote it."""
    approved: bool = False
    """Whether the service may call it."""
    outcome: Literal["approved", "declined", "refused", "timed_out", "failed"] = "approved"
    """``declined`` by who was asked; ``refused`` without asking, for broken arguments; or nobody decided in time, or
    the one who was asked failed."""


@public_in("voicelive.models")
class UserAway(ServerEvent):
    """The user has been silent for as long as ``connect(user_away=…)`` says, counted from the end of playback."""

    type: Literal["voicelive.user_away"] = "voicelive.user_away"
    silent_ms: int = 0
    """How long, in ms."""
    count: int = 0
    """How many times in a row, without a word of the user's in between."""


@public_in("voicelive.models")
class BudgetUsed(ServerEvent):
    """A share of the call's budget is used; the connection ends if it is all of it."""

    type: Literal["voicelive.budget"] = "voicelive.budget"
    limit: Literal["seconds", "tokens", "money"] = "seconds"
    """Which limit."""
    used: float = 0.0
    """How much is used, in the limit's unit."""
    allowed: float = 0.0
    """How much it allows."""
    exceeded: bool = False
    """Whether all of it is used, so that the connection ends."""


@public_in("voicelive.models")
class ObserverFailed(ServerEvent):
    """An observer of the connection raised, and was removed; the call goes on without it."""

    type: Literal["voicelive.observer_failed"] = "voicelive.observer_failed"
    observer: str = ""
    """The observer's class."""
    reason: str = ""
    """The class of what it raised; the log of ``voicelive.observers`` has the rest."""


@public_in("voicelive.models")
class RecordingStopped(ServerEvent):
    """The call is not recorded any more, because what was to be written could not be; the call goes on."""

    type: Literal["voicelive.recording_stopped"] = "voicelive.recording_stopped"
    path: str = ""
    """The recording; what was written before can be read."""
    reason: str = ""
    """What the system said, such as ``No space left on device``."""


@public_in("voicelive.models")
class TurnFinished(ServerEvent):
    """A turn of the conversation is over; ``connection.metrics`` has its figures as a typed record."""

    type: Literal["voicelive.turn_done"] = "voicelive.turn_done"
    number: int = 0
    """The turn's place in the call, from 1."""


@public_in("voicelive.models")
class AudioDeviceChanged(ServerEvent):
    """What became of the sound device that is attached to the connection."""

    type: Literal["voicelive.audio_device"] = "voicelive.audio_device"
    state: Literal["ready", "lost", "reopened", "failed"] = "ready"
    """``ready``: the microphone is heard from now on; ``lost``: it disappeared, and silence is sent until it is
    ``reopened``; ``failed``: it did not come back."""
    device: str = ""
    """Its name."""
    echo: Literal["client", "server", "half_duplex", "off"] = "off"
    """What deals with echo: the service with this side's reference, the service alone, or the microphone being silent
    while something plays."""


@public_in("voicelive.models")
class LineChanged(ServerEvent):
    """What became of the telephone line that is bridged to the connection."""

    type: Literal["voicelive.line"] = "voicelive.line"
    state: Literal["started", "held", "resumed", "ended"] = "started"
    """``started``: the caller is heard from now on; ``held`` by the line, so that silence is sent until it has
    ``resumed``; ``ended``: the caller hung up, and the connection closes."""
    line: str = ""
    """The vendor."""
    call_id: str = ""
    """The vendor's id of the call."""
    caller: str = ""
    """Who calls, where the line says so."""


@public_in("voicelive.models")
class KeyPressed(ServerEvent):
    """The caller pressed a key of the telephone."""

    type: Literal["voicelive.dtmf"] = "voicelive.dtmf"
    digit: str = ""
    """The key: ``0`` to ``9``, ``*``, ``#``, or ``A`` to ``D``."""


CONVERSATION_EVENTS: tuple[type[ServerEvent], ...] = (
    ConversationState,
    ConversationInterrupted,
    InterruptionResumed,
    ToolStarted,
    ToolFinished,
    ApprovalAnswered,
    UserAway,
    BudgetUsed,
    TurnFinished,
    ObserverFailed,
    RecordingStopped,
    AudioDeviceChanged,
    LineChanged,
    KeyPressed,
)

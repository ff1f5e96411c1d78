"""What becomes known of a call while it goes on. Times are seconds of the monotonic clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ..close_info import CloseInfo
from ..conversation.metrics import TurnMetrics
from ..conversation.tokens import TokenCounts

__all__ = ["About", "CallEnded", "Fact", "Interrupted", "ResponseEnded", "SessionBegan", "ToolEnded", "TurnEnded"]

Messages = Sequence[dict[str, Any]]
"""What was said, in the form that the GenAI conventions give it; empty where content is left out."""


@dataclass(frozen=True, kw_only=True)
class About:
    """Which call it is."""

    connection_id: str
    """The id that the first connection gave the service."""
    host: str
    port: int
    model: str | None
    api_version: str
    agent: str | None = None
    conversation_id: str | None = None


@dataclass(kw_only=True, slots=True)
class SessionBegan:
    """A session has begun: the call's first, or the one that it moved to."""

    at: float
    session_id: str | None
    previous_id: str | None = None
    """The session that it takes the place of; None for the first."""
    is_first: bool = True
    is_planned: bool = False
    """Whether the move was planned, rather than made after a break."""
    attempts: int = 1
    downtime_ms: int = 0


@dataclass(kw_only=True, slots=True)
class ResponseEnded:
    """A response has ended, in whatever way: there is one for each that began."""

    session_id: str | None
    response_id: str | None
    began: float
    """When the user's speech was over, or the response was asked for; else when it was created."""
    ended: float
    first_text: float | None = None
    first_audio: float | None = None
    status: str = "failed"
    """In the service's words; ``lost`` if the connection ended before the response."""
    reason: str | None = None
    """Why, as a code: never a text of the service's."""
    tokens: TokenCounts = field(default_factory=TokenCounts)
    model: str | None = None
    """The model, as the session names it."""
    temperature: float | None = None
    max_tokens: int | None = None
    speaks: bool | None = None
    """Whether sound was asked for; None where the service did not say."""
    finish: str = "error"
    """Why it ended, in the words of the GenAI conventions."""
    conversation_id: str | None = None
    instructions: str | None = None
    input: Messages = ()
    output: Messages = ()


@dataclass(kw_only=True, slots=True)
class ToolEnded:
    """A tool that the model called has ended, here or at the service."""

    session_id: str | None
    response_id: str | None
    call_id: str
    name: str
    is_remote: bool
    """Whether the service ran it."""
    began: float
    ended: float
    outcome: str
    """``completed``, ``failed``, ``timed_out``, ``refused``, ``cancelled``, ``discarded``, or ``lost``."""
    arguments: str | None = None
    output: str | None = None


@dataclass(kw_only=True, slots=True)
class Interrupted:
    """The user, or the application, spoke over an answer."""

    at: float
    session_id: str | None
    response_id: str | None


@dataclass(kw_only=True, slots=True)
class TurnEnded:
    """A turn is over: its figures."""

    at: float
    session_id: str | None
    turn: TurnMetrics
    """Its figures; how much sound there was is known only where there is a conversation."""


@dataclass(kw_only=True, slots=True)
class CallEnded:
    """The connection has ended, for good."""

    at: float
    session_id: str | None
    info: CloseInfo
    turns: int
    interruptions: int
    reconnects: int
    audio_sent: int
    """Bytes of input audio."""
    audio_received: int | None
    """Bytes of the answers' audio; None where they are not counted."""
    first_token_ms: float | None = None
    """How long the first response took to its first text or audio."""
    tokens: TokenCounts = field(default_factory=TokenCounts)
    """Those of all responses, where audio is counted too."""
    input: Messages = ()
    """What the user said after the last response had ended."""


Fact = SessionBegan | ResponseEnded | ToolEnded | Interrupted | TurnEnded | CallEnded

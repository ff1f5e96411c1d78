"""What the connection tells the application about itself, as events among those of the service."""

# Each kind narrows the `type` of its base to a constant, on purpose.
# pyright: reportIncompatibleVariableOverride=false

from typing import Literal

from pydantic import Field

from ..._base import Model
from ..._generated.models import ServerEvent
from ..._public import public_in

__all__ = [
    "CONNECTION_EVENTS",
    "ConnectionGaveUp",
    "ConnectionReconnecting",
    "ConnectionRestored",
    "NotCarriedOver",
]


@public_in("voicelive.models")
class NotCarriedOver(Model):
    """Something of the old session that the new one was not told."""

    type: str = ""
    """The type of the item, or of the event that was refused or may have been lost on its way."""
    item_id: str | None = None
    """The item's id, where it is one."""
    event_id: str | None = None
    """The id of the event that may have been lost, where the application gave it one."""
    reason: str = ""
    """Why not."""


@public_in("voicelive.models")
class ConnectionReconnecting(ServerEvent):
    """The connection broke, and is about to be opened again. Comes before each attempt; never from the service."""

    type: Literal["voicelive.reconnecting"] = "voicelive.reconnecting"
    attempt: int = 1
    """Which attempt of this interruption it is, from 1."""
    delay_ms: int = 0
    """How long it waits before it opens the connection, in milliseconds."""
    reason: str = ""
    """How the connection ended, or why the last attempt failed."""
    code: int | None = None
    """The WebSocket close code of the connection that ended; None after a failed attempt."""
    session_id: str | None = None
    """The session that was lost."""


@public_in("voicelive.models")
class ConnectionRestored(ServerEvent):
    """The session continues on a new connection: its settings and its conversation are there again."""

    type: Literal["voicelive.restored"] = "voicelive.restored"
    session_id: str | None = None
    """The new session's id."""
    previous_session_id: str | None = None
    """The old session's id."""
    planned: bool = False
    """Whether this was the move before the old session's time was up, rather than an interruption."""
    attempts: int = 1
    """How many attempts it took."""
    downtime_ms: int = 0
    """How long there was no session, in milliseconds; 0 for a planned move."""
    replayed_items: int = 0
    """How many items of the conversation the new session was given. They keep their ids."""
    not_carried_over: list[NotCarriedOver] = Field(default_factory=list[NotCarriedOver])
    """What the new session does not know, and what was sent to the old one without its having confirmed it, such as
    ``input_audio_buffer.commit`` or ``response.cancel``."""
    dropped_items: int = 0
    """How many of the oldest items were not kept, because the conversation outgrew ``max_history_items`` or
    ``max_history_bytes``; since the session was last restored."""
    interrupted_responses: list[str] = Field(default_factory=list[str])
    """Ids of the responses that were being made, and will not be finished: ask again with ``response.create()``, unless
    what you need of them is in `completed_items`."""
    completed_items: list[str] = Field(default_factory=list[str])
    """Ids of the items of those responses that had come whole, and are carried over: an answer whose transcript or text
    was complete, although not all of its audio may have come; a function call whose arguments were, so that its output
    can be sent."""
    unanswered_requests: int = 0
    """How many ``response.create`` were sent to which no response had begun: ask again likewise."""
    applied_truncations: int = 0
    """How many ``conversation.item.truncate`` of the interruption were applied to what was replayed; no
    ``conversation.item.truncated`` follows for them."""
    queued_events: int = 0
    """How many events that were sent during the interruption follow now, in order."""
    dropped_audio_bytes: int = 0
    """Bytes of input audio that were sent during the interruption, and dropped."""
    lost_audio_bytes: int = 0
    """Bytes of input audio that the old session had, without having confirmed them as a turn."""


@public_in("voicelive.models")
class ConnectionGaveUp(ServerEvent):
    """The connection could not be made again. Nothing follows it: the next receive raises the error that says why."""

    type: Literal["voicelive.gave_up"] = "voicelive.gave_up"
    attempts: int = 0
    """How many attempts were made."""
    reason: str = ""
    """Why the last one failed, or which limit ended it."""
    unsent_events: int = 0
    """How many events that were sent during the interruption will never be sent."""


CONNECTION_EVENTS: tuple[type[ServerEvent], ...] = (ConnectionReconnecting, ConnectionRestored, ConnectionGaveUp)

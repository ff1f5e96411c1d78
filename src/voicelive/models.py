"""Every model, event and enum of the contract, and the events that no schema declares."""

from ._base import FieldIssue, Model
from ._core import stored
from ._core.conversation.local_events import (
    ConversationInterrupted,
    ConversationState,
    InterruptionResumed,
    ObserverFailed,
    ToolFinished,
    ToolStarted,
    TurnFinished,
)
from ._core.events import AnyClientEvent, AnyServerEvent, MalformedServerEvent, UnknownServerEvent
from ._core.reconnect.local_events import ConnectionGaveUp, ConnectionReconnecting, ConnectionRestored, NotCarriedOver
from ._generated import enums, models
from ._generated.enums import *  # noqa: F403 - the generated lists are the public face
from ._generated.models import *  # noqa: F403

# Importing it has taught the events to read stored ones.
del stored

__all__ = [
    "AnyClientEvent",
    "AnyServerEvent",
    "ConnectionGaveUp",
    "ConnectionReconnecting",
    "ConnectionRestored",
    "ConversationInterrupted",
    "ConversationState",
    "InterruptionResumed",
    "ObserverFailed",
    "ToolFinished",
    "ToolStarted",
    "TurnFinished",
    "FieldIssue",
    "MalformedServerEvent",
    "Model",
    "NotCarriedOver",
    "UnknownServerEvent",
]
__all__ += enums.__all__
__all__ += models.__all__


def __dir__() -> list[str]:
    return sorted(__all__)

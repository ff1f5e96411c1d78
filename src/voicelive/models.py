"""Every model, event and enum of the contract, and the events that no schema declares."""

from __future__ import annotations

from ._core import stored
from ._generated import enums as _enums
from ._generated import models as _models

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._base import FieldIssue as FieldIssue
    from ._base import Model as Model
    from ._core.conversation.conversation_events import ApprovalAnswered as ApprovalAnswered
    from ._core.conversation.conversation_events import AudioDeviceChanged as AudioDeviceChanged
    from ._core.conversation.conversation_events import BudgetUsed as BudgetUsed
    from ._core.conversation.conversation_events import ConversationInterrupted as ConversationInterrupted
    from ._core.conversation.conversation_events import ConversationState as ConversationState
    from ._core.conversation.conversation_events import InterruptionResumed as InterruptionResumed
    from ._core.conversation.conversation_events import KeyPressed as KeyPressed
    from ._core.conversation.conversation_events import LineChanged as LineChanged
    from ._core.conversation.conversation_events import ObserverFailed as ObserverFailed
    from ._core.conversation.conversation_events import RecordingStopped as RecordingStopped
    from ._core.conversation.conversation_events import ToolFinished as ToolFinished
    from ._core.conversation.conversation_events import ToolStarted as ToolStarted
    from ._core.conversation.conversation_events import TurnFinished as TurnFinished
    from ._core.conversation.conversation_events import UserAway as UserAway
    from ._core.events import AnyClientEvent as AnyClientEvent
    from ._core.events import AnyServerEvent as AnyServerEvent
    from ._core.events import MalformedServerEvent as MalformedServerEvent
    from ._core.events import UnknownServerEvent as UnknownServerEvent
    from ._core.reconnect.connection_events import ConnectionGaveUp as ConnectionGaveUp
    from ._core.reconnect.connection_events import ConnectionReconnecting as ConnectionReconnecting
    from ._core.reconnect.connection_events import ConnectionRestored as ConnectionRestored
    from ._core.reconnect.connection_events import NotCarriedOver as NotCarriedOver
    from ._generated.enums import *  # noqa: F403 - the generated lists are the public face
    from ._generated.models import *  # noqa: F403

# Importing it has taught the events to read stored ones.
del stored

# Classes are defined when they are first met. Type checkers see the block above instead.
_MODULES = {
    "FieldIssue": "_base",
    "Model": "_base",
    "ApprovalAnswered": "_core.conversation.conversation_events",
    "BudgetUsed": "_core.conversation.conversation_events",
    "AudioDeviceChanged": "_core.conversation.conversation_events",
    "ConversationInterrupted": "_core.conversation.conversation_events",
    "ConversationState": "_core.conversation.conversation_events",
    "InterruptionResumed": "_core.conversation.conversation_events",
    "KeyPressed": "_core.conversation.conversation_events",
    "LineChanged": "_core.conversation.conversation_events",
    "ObserverFailed": "_core.conversation.conversation_events",
    "RecordingStopped": "_core.conversation.conversation_events",
    "ToolFinished": "_core.conversation.conversation_events",
    "ToolStarted": "_core.conversation.conversation_events",
    "TurnFinished": "_core.conversation.conversation_events",
    "UserAway": "_core.conversation.conversation_events",
    "AnyClientEvent": "_core.events",
    "AnyServerEvent": "_core.events",
    "MalformedServerEvent": "_core.events",
    "UnknownServerEvent": "_core.events",
    "ConnectionGaveUp": "_core.reconnect.connection_events",
    "ConnectionReconnecting": "_core.reconnect.connection_events",
    "ConnectionRestored": "_core.reconnect.connection_events",
    "NotCarriedOver": "_core.reconnect.connection_events",
}

__all__ = [
    "AnyClientEvent",
    "AnyServerEvent",
    "ApprovalAnswered",
    "BudgetUsed",
    "AudioDeviceChanged",
    "ConnectionGaveUp",
    "ConnectionReconnecting",
    "ConnectionRestored",
    "ConversationInterrupted",
    "ConversationState",
    "FieldIssue",
    "InterruptionResumed",
    "KeyPressed",
    "LineChanged",
    "MalformedServerEvent",
    "Model",
    "NotCarriedOver",
    "ObserverFailed",
    "RecordingStopped",
    "ToolFinished",
    "ToolStarted",
    "TurnFinished",
    "UserAway",
    "UnknownServerEvent",
]
__all__ += _enums.__all__
__all__ += _models.__all__


if not TYPE_CHECKING:
    # Hidden from type checkers, which would take any name for one that is there.

    def __getattr__(name):
        if name in _MODULES:
            from importlib import import_module

            value = getattr(import_module(f"{__package__}.{_MODULES[name]}"), name)
        elif name in _enums.__all__:
            value = getattr(_enums, name)
        elif name in _models.__all__:
            value = getattr(_models, name)
        else:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted(__all__)

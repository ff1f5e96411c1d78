"""What the conversation asks of the connection that carries it out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..._generated.models import ServerEvent
from .tool_calls import Call

__all__ = ["Action", "CancelTools", "Flush", "RunTool", "Send", "Tell"]


@dataclass(frozen=True)
class Send:
    """Send a client event, in its wire form."""

    event: Mapping[str, Any]


@dataclass(frozen=True)
class Flush:
    """Drop what the player holds."""


@dataclass(frozen=True)
class Tell:
    """Hand the application an event of the connection's own."""

    event: ServerEvent


@dataclass(frozen=True)
class RunTool:
    """Run a tool; :meth:`Conversation.tool_finished` takes its end."""

    call: Call


@dataclass(frozen=True)
class CancelTools:
    """Cancel the tools that are to stop when the user interrupts."""


Action = Send | Flush | Tell | RunTool | CancelTools

"""What the conversation asks of the connection that carries it out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..._generated.models import ServerEvent
from ..close_info import Cause
from .approvals import Approval
from .tool_calls import Call

__all__ = ["Action", "AskApproval", "CancelTools", "End", "Flush", "RunTool", "Send", "Tell"]


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
    written: bytes | None = field(default=None, compare=False)
    """Its JSON text, where that is known already."""


@dataclass(frozen=True)
class RunTool:
    """Run a tool; :meth:`Conversation.tool_finished` takes its end."""

    call: Call


@dataclass(frozen=True)
class CancelTools:
    """Cancel the tools that are to stop when the user interrupts."""


@dataclass(frozen=True)
class AskApproval:
    """Have the call of an MCP tool decided; :meth:`Conversation.approval_decided` takes what was."""

    approval: Approval


@dataclass(frozen=True)
class End:
    """End the connection, for good."""

    cause: Cause


Action = Send | Flush | Tell | RunTool | CancelTools | AskApproval | End

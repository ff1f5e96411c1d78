"""What the parts of one session share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..._core.lenient import read_model
from ..._generated import models
from ..dialects import Dialect
from ..faults.schedule import Opportunities
from ..ids import new_id
from ..outbound import McpAccess
from ..pacing import Pacing
from ..quirks import Quirk
from .configuration import Locks
from .conversation import Conversation, Entry
from .defaults import MODEL_VAD_TYPE
from .error_details import ErrorDetails

if TYPE_CHECKING:
    from ..engines.bundle import Engines
    from ..workers import Workers

__all__ = ["Context", "item_model"]


@dataclass
class Context:
    """The state and the means of one session."""

    session: dict[str, Any]
    """The settings in force, in wire form."""
    initial: Mapping[str, Any]
    """The settings that the session began with."""
    model: str
    """The model as the client asked for it."""
    conversation_id: str
    conversation: Conversation
    dialect: Dialect
    pacing: Pacing
    engines: Engines
    workers: Workers
    send: Callable[[models.ServerEvent], None]
    """Puts an event on its way; never waits."""
    drained: Callable[[], Awaitable[None]]
    """Waits until the client has caught up with what was sent."""
    faults: Opportunities
    """What is to go wrong on demand."""
    mcp_access: McpAccess = field(default_factory=McpAccess)
    """Which MCP servers the session may have."""
    quirks: frozenset[Quirk] = frozenset()
    """How to behave where the evidence about the real service conflicts."""
    locks: Locks = field(default_factory=Locks)
    """What fixes some of the settings by now."""

    @property
    def in_agent_mode(self) -> bool:
        """Whether the session is with an agent, which brings its own instructions and tools."""
        return "agent" in self.initial

    @property
    def hears_by_itself(self) -> bool:
        """Whether the model finds the user's turns itself, rather than the service before it."""
        detection = self.session["turn_detection"]
        return self.dialect.passes_turns_through and (
            detection is None or detection["type"] in ("server_vad", MODEL_VAD_TYPE)
        )

    def new_spoken_id(self) -> str:
        """Return an id for an item that the user speaks."""
        return self.dialect.model_id("item") if self.hears_by_itself else new_id("item")

    def item(self, item_id: str) -> models.ResponseItem | None:
        """Return an item of the conversation as it goes out."""
        entry = self.conversation.find(item_id)
        return None if entry is None else item_model(entry.payload)

    def announce(self, entry: Entry, previous: str | None) -> None:
        """Send ``conversation.item.created`` for an item of the conversation."""
        self.send(models.ServerEventConversationItemCreated(previous_item_id=previous, item=item_model(entry.payload)))

    def warn(self, details: ErrorDetails) -> None:
        """Send a ``warning``; the session goes on as before."""
        warning = {"message": details.message, "code": details.code, "param": details.param}
        self.send(models.ServerEventWarning(warning=warning))


_ITEM_CLASSES: dict[str, type[models.ResponseItem]] = {
    "message": models.ResponseMessageItem,
    "file_search_call": models.ResponseFileSearchCallItem,
    "function_call": models.ResponseFunctionCallItem,
    "function_call_output": models.ResponseFunctionCallOutputItem,
    "mcp_approval_request": models.ResponseMCPApprovalRequestItem,
    "mcp_approval_response": models.ResponseMCPApprovalResponseItem,
    "mcp_call": models.ResponseMCPCallItem,
    "mcp_list_tools": models.ResponseMCPListToolItem,
    "web_search_call": models.ResponseWebSearchCallItem,
}


def item_model(payload: Mapping[str, Any]) -> models.ResponseItem:
    """Return the model of an item as it goes out.

    Leniently, because the service itself leaves out a field that its contract requires: the ``audio`` of a user's
    ``input_audio`` part.
    """
    cls = _ITEM_CLASSES.get(str(payload.get("type")), models.ResponseItem)
    return read_model(cls, dict(payload))

"""The MCP servers of a session: listing their tools, asking for approval, calling."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..._generated import models
from ..ids import new_id
from ..mcp_client import McpFailedError, McpTool, call_tool, list_tools
from . import error_details as errors
from .context import Context, item_model
from .conversation import Entry
from .tool_offer import Definition, McpTarget, Offer, ToolChoice, make_offer, needs_approval

__all__ = ["McpCall", "McpServers"]

logger = logging.getLogger("voicelive.local")


@dataclass
class McpCall:
    """A call that a response has written, to be carried out once the response is done."""

    entry: Entry
    target: McpTarget
    response_id: str
    output_index: int
    approved: bool | None
    """The application's answer; None as long as it is awaited."""
    released: bool = False
    """Whether the response is done."""


class McpServers:
    """What one session does with MCP servers.

    The service lists a server's tools as soon as the session gets it, and carries calls out by itself, beside the
    conversation: a call outlives the response that asked for it.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._definitions: dict[str, Definition] = {}
        self._tools: dict[str, Sequence[McpTool]] = {}
        self._awaited: dict[str, McpCall] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def update(self) -> None:
        """Take over the session's servers; announce and list those that are new or have changed."""
        servers = {tool["server_label"]: tool for tool in self._context.session["tools"] if tool.get("type") == "mcp"}
        for label in self._definitions.keys() - servers.keys():
            del self._definitions[label]
            self._tools.pop(label, None)
        for label, server in servers.items():
            if self._definitions.get(label) != server:
                self._definitions[label] = server
                self._tools.pop(label, None)
                self._start(self._list(server))

    def offer(self, tools: Sequence[Definition], tool_choice: ToolChoice) -> Offer:
        """Return what a response may call, with the tools that are known by now."""
        return make_offer(tools, tool_choice, self._tools)

    def prepare(self, target: McpTarget, entry: Entry, response_id: str, output_index: int) -> McpCall:
        """Take a call that a response has written, and ask for approval where the server's settings demand it."""
        asks = needs_approval(target.server, target.tool)
        call = McpCall(entry, target, response_id, output_index, approved=None if asks else True)
        if asks:
            request = Entry(
                {
                    "id": new_id("mcpr"),
                    "object": "realtime.item",
                    "type": "mcp_approval_request",
                    "arguments": entry.payload["arguments"],
                    "name": target.tool.name,
                    "server_label": target.server["server_label"],
                },
                origin="response",
            )
            entry.payload["approval_request_id"] = request.id
            self._awaited[request.id] = call
            self._context.announce(request, self._context.conversation.add(request))
        return call

    def release(self, calls: Iterable[McpCall]) -> None:
        """Carry out the calls of a response that is done, as far as they need no approval or have it."""
        for call in calls:
            call.released = True
            self._go_on(call)

    def decide(self, approval_request_id: str, approve: bool) -> None:
        """Take the application's answer to a request; one that nobody asked is ignored, as the service does."""
        call = self._awaited.pop(approval_request_id, None)
        if call is not None:
            call.approved = approve
            self._go_on(call)

    async def close(self) -> None:
        """Stop what is under way."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _list(self, server: Definition) -> None:
        context, label = self._context, server["server_label"]
        item = {
            "id": new_id("mcpl"),
            "object": "realtime.item",
            "type": "mcp_list_tools",
            "tools": [],
            "server_label": label,
        }
        entry = Entry(item, origin="client")
        context.announce(entry, context.conversation.add(entry))
        context.send(models.ServerEventMcpListToolsInProgress(item_id=entry.id))
        tools: Sequence[McpTool] = ()
        failure: McpFailedError | None = None
        try:
            tools = await list_tools(server, self._context.mcp_access)
        except McpFailedError as error:
            failure = error
        if self._definitions.get(label) is server:  # else the session has changed or dropped it meanwhile
            self._tools[label] = tools
        entry.payload["tools"] = [tool.payload() for tool in tools]
        # Only the draft has this event; there, an item is done once its contents are.
        context.send(models.ServerEventConversationItemDone(item=item_model(entry.payload)))
        if failure is None:
            context.send(models.ServerEventMcpListToolsCompleted(item_id=entry.id))
            return
        logger.warning("listing the tools of %s failed: %s", label, failure)
        context.warn(errors.mcp_server_failed(label, failure.message))
        context.send(models.ServerEventMcpListToolsFailed(item_id=entry.id))

    def _go_on(self, call: McpCall) -> None:
        if not call.released or call.approved is None:
            return
        if call.approved:
            self._start(self._carry_out(call))
        else:
            # The call was never made, so it is never in progress either.
            self._fail(call, {"type": "tool_execution_error", "message": "The call was not approved."})

    async def _carry_out(self, call: McpCall) -> None:
        place: dict[str, Any] = {"item_id": call.entry.id, "output_index": call.output_index}
        self._context.send(models.ServerEventResponseMcpCallInProgress(**place))
        try:
            output = await call_tool(
                call.target.server,
                call.target.tool.name,
                call.entry.payload["arguments"],
                self._context.mcp_access,
            )
        except McpFailedError as error:
            self._fail(call, error.error())
            return
        call.entry.payload["output"] = output
        for _ in range(2 if "duplicate_mcp_completed" in self._context.quirks else 1):
            self._context.send(models.ServerEventResponseMcpCallCompleted(**place))
        self._done(call)

    def _fail(self, call: McpCall, error: Mapping[str, Any]) -> None:
        call.entry.payload["error"] = dict(error)
        self._context.send(
            models.ServerEventResponseMcpCallFailed(item_id=call.entry.id, output_index=call.output_index)
        )
        self._done(call)

    def _done(self, call: McpCall) -> None:
        self._context.send(
            models.ServerEventResponseOutputItemDone(
                response_id=call.response_id,
                output_index=call.output_index,
                item=item_model(call.entry.payload),
            )
        )

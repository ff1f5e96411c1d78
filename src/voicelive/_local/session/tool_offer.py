"""What a responder is offered to call: the session's functions, and the tools of its MCP servers as functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..mcp_client import McpTool

__all__ = ["McpTarget", "Offer", "is_allowed", "make_offer", "needs_approval"]

ToolChoice = str | Mapping[str, Any]
Definition = Mapping[str, Any]
"""A tool of the session, in wire form."""


@dataclass(frozen=True)
class McpTarget:
    """Where a call goes that names the tool of a server."""

    server: Definition
    tool: McpTool


@dataclass(frozen=True)
class Offer:
    """The tools of one response."""

    tools: Sequence[Definition]
    """Functions all of them, whoever carries them out."""
    tool_choice: ToolChoice
    targets: Mapping[str, McpTarget]
    """The functions that are tools of servers, by name."""


def make_offer(
    tools: Sequence[Definition],
    tool_choice: ToolChoice,
    listed: Mapping[str, Sequence[McpTool]],
) -> Offer:
    """Return the offer for a session's tools.

    A tool of a server goes by its own name or, where another has that already, by ``label__name``.

    Args:
        tools: the session's or the response's tools.
        tool_choice: the same's tool choice.
        listed: the tools of servers, by label, as far as they are known.
    """
    functions = [tool for tool in tools if tool.get("type", "function") != "mcp"]
    names = {str(tool.get("name")) for tool in functions}
    targets: dict[str, McpTarget] = {}
    for server in tools:
        if server.get("type") != "mcp":
            continue
        for tool in listed.get(server["server_label"], ()):
            if not is_allowed(server, tool):
                continue
            name = tool.name if tool.name not in names else f"{server['server_label']}__{tool.name}"
            names.add(name)
            targets[name] = McpTarget(server, tool)
            functions.append(
                {
                    "type": "function",
                    "name": name,
                    "description": tool.description or "",
                    "parameters": dict(tool.input_schema),
                }
            )
    if isinstance(tool_choice, Mapping) and tool_choice.get("type") == "mcp":
        return _choose_server(functions, targets, tool_choice)
    return Offer(functions, tool_choice, targets)


def _choose_server(functions: list[Definition], targets: dict[str, McpTarget], choice: Mapping[str, Any]) -> Offer:
    """Offer what a tool choice of type ``mcp`` names: one tool of a server, or any of them."""
    chosen = [
        name
        for name, target in targets.items()
        if target.server["server_label"] == choice.get("server_label")
        and choice.get("name") in (None, target.tool.name)
    ]
    if choice.get("name") is not None and chosen:
        return Offer(functions, {"type": "function", "name": chosen[0]}, targets)
    return Offer([tool for tool in functions if tool["name"] in chosen], "required", targets)


def is_allowed(server: Definition, tool: McpTool) -> bool:
    """Return whether a server's ``allowed_tools`` let a tool be offered; without them all are."""
    allowed = server.get("allowed_tools")
    return allowed is None or _matches(allowed, tool)


def needs_approval(server: Definition, tool: McpTool) -> bool:
    """Return whether a server's ``require_approval`` asks for the application's consent; by default it does."""
    required = server.get("require_approval")
    if isinstance(required, Mapping):
        if _matches(required.get("never"), tool):
            return False
        # Where only what needs approval is named, the rest needs none.
        return _matches(required.get("always"), tool) or required.get("always") is None
    return required != "never"


def _matches(names: Sequence[str] | Mapping[str, Any] | None, tool: McpTool) -> bool:
    """Return whether a tool is among `names`: a list, or a filter with ``tool_names`` and ``read_only``."""
    if names is None:
        return False
    if not isinstance(names, Mapping):
        return tool.name in names
    wanted, read_only = names.get("tool_names"), names.get("read_only")
    if wanted is None and read_only is None:
        return False
    return (wanted is None or tool.name in wanted) and read_only in (None, tool.read_only)

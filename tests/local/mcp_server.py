"""A real MCP server on loopback, with tools that work, fail and wait."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from starlette.types import ASGIApp, Receive, Scope, Send

if TYPE_CHECKING:
    from mcp.server.mcpserver import MCPServer

DEADLINE = 60.0


@dataclass
class RunningServer:
    """What a test needs to know of the server."""

    url: str
    headers: list[dict[str, str]] = field(default_factory=list[dict[str, str]])
    """The headers of every request, names in lower case."""
    calls: list[str] = field(default_factory=list[str])
    """The tools that were called, in order."""
    gate: threading.Event = field(default_factory=threading.Event)
    """Lets the tool ``wait`` return."""


@contextmanager
def running_server() -> Generator[RunningServer, None, None]:
    """Run a server for as long as the context lasts."""
    # Where it is needed only: it is long in being imported.
    import uvicorn

    handlers = logging.root.handlers[:]
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    state = RunningServer(f"http://127.0.0.1:{listener.getsockname()[1]}/mcp")
    app = _remember_headers(_make(state).streamable_http_app(), state)
    logging.root.handlers[:] = handlers  # the package installs one of its own
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, ws="none", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="mcp-server")
    thread.start()
    try:
        yield state
    finally:
        state.gate.set()
        server.should_exit = True
        thread.join(DEADLINE)
        listener.close()


def _remember_headers(app: ASGIApp, state: RunningServer) -> ASGIApp:
    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            state.headers.append({name.decode().lower(): value.decode() for name, value in scope["headers"]})
        await app(scope, receive, send)

    return wrapped


def _make(state: RunningServer) -> MCPServer:
    from mcp.server.mcpserver import MCPServer
    from mcp.types import ToolAnnotations

    server = MCPServer("shop", log_level="CRITICAL")

    @server.tool(annotations=ToolAnnotations(read_only_hint=True))
    def stock_level(article: str) -> str:
        """Tell how many pieces of an article are in stock."""
        state.calls.append("stock_level")
        return f"7 pieces of {article}"

    @server.tool()
    def place_order(article: str, count: int = 1) -> str:
        """Order pieces of an article."""
        state.calls.append("place_order")
        return f"ordered {count} {article}"

    @server.tool()
    def broken() -> str:
        """Fail."""
        state.calls.append("broken")
        raise ValueError("out of order")

    @server.tool()
    def wait() -> str:
        """Return once the test says so."""
        state.calls.append("wait")
        state.gate.wait(DEADLINE)
        return "waited"

    return server

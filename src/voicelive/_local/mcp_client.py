"""The tools of an MCP server (package ``mcp``, extra ``mcp``), over streamable HTTP.

Every use is a connection of its own: a server may be restarted, or be there only later. So a server that keeps a state
for each of its connections finds it empty with every call.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeVar
from urllib.parse import urlsplit

from .outbound import AddressRefusedError, McpAccess

if TYPE_CHECKING:
    import httpx2
    from mcp import Client
    from mcp.types import CallToolResult

__all__ = ["CALL_TIMEOUT_S", "LIST_TIMEOUT_S", "McpFailedError", "McpTool", "call_tool", "list_tools"]

LIST_TIMEOUT_S = 15.0
"""Seconds that a server gets to say which tools it has."""

CALL_TIMEOUT_S = 60.0
"""Seconds that a tool gets to return."""

_MAX_PAGES = 100

T = TypeVar("T")

FailureKind = Literal["http_error", "protocol_error", "tool_execution_error"]


class McpFailedError(Exception):
    """A server did not answer, or its tool failed."""

    def __init__(self, kind: FailureKind, message: str, code: int | None = None) -> None:
        """Fail with `message`; `code` is an HTTP status or a JSON-RPC error's, depending on `kind`."""
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.code = code

    def error(self) -> dict[str, Any]:
        """Return the failure as an ``mcp_call`` item reports it."""
        code = {} if self.code is None else {"code": self.code}
        return {"type": self.kind, **code, "message": self.message}


@dataclass(frozen=True)
class McpTool:
    """A tool that a server offers."""

    name: str
    description: str | None
    input_schema: Mapping[str, Any]
    """JSON Schema of the arguments."""
    annotations: Mapping[str, Any] | None = None
    """The server's hints about the tool, such as ``readOnlyHint``."""

    @property
    def read_only(self) -> bool:
        """Whether the server says that the tool changes nothing."""
        return bool((self.annotations or {}).get("readOnlyHint"))

    def payload(self) -> dict[str, Any]:
        """Return the tool as an ``mcp_list_tools`` item shows it."""
        return {
            "name": self.name,
            "description": self.description,
            "input_schema": dict(self.input_schema),
            "annotations": None if self.annotations is None else dict(self.annotations),
        }


async def list_tools(server: Mapping[str, Any], access: McpAccess) -> list[McpTool]:
    """Return the tools of a server.

    Args:
        server: the session's tool of type ``mcp``: its ``server_url``, ``authorization`` and ``headers``.
        access: what the operator of the service allows.

    Raises:
        McpFailedError: if the server cannot be reached or understood within 15 s, or is not allowed, or the package
            is missing.
    """
    return await _within(LIST_TIMEOUT_S, _list(server, access), f"{server['server_url']} did not list its tools")


async def call_tool(server: Mapping[str, Any], name: str, arguments: str, access: McpAccess) -> str:
    """Call a tool and return what it says.

    Args:
        server: as for :func:`list_tools`.
        name: the tool's name.
        arguments: the arguments as the text of a JSON object.
        access: as for :func:`list_tools`.

    Raises:
        McpFailedError: if the tool fails or does not return within 60 s, or the server cannot be reached or is not
            allowed.
    """
    try:
        values = json.loads(arguments or "{}")
    except ValueError as error:
        raise McpFailedError("tool_execution_error", f"the arguments are not JSON: {error}") from None
    if not isinstance(values, dict):
        raise McpFailedError("tool_execution_error", f"the arguments are not a JSON object: {arguments}")
    return await _within(CALL_TIMEOUT_S, _call(server, name, values, access), f"{name} did not return")


async def _within(seconds: float, work: Coroutine[Any, Any, T], what: str) -> T:
    try:
        return await asyncio.wait_for(work, seconds)
    except TimeoutError:
        raise McpFailedError("protocol_error", f"{what} within {seconds:g} seconds") from None


async def _list(server: Mapping[str, Any], access: McpAccess) -> list[McpTool]:
    tools: list[McpTool] = []
    async with _connected(server, access) as client:
        cursor: str | None = None
        for _ in range(_MAX_PAGES):
            page = await client.list_tools(cursor=cursor)
            for tool in page.tools:
                hints = None if tool.annotations is None else _plain(tool.annotations)
                tools.append(McpTool(tool.name, tool.description, tool.input_schema, hints))
            cursor = page.next_cursor
            if not cursor:
                break
    return tools


async def _call(server: Mapping[str, Any], name: str, arguments: dict[str, Any], access: McpAccess) -> str:
    async with _connected(server, access) as client:
        result = await client.call_tool(name, arguments)
    output = _text(result)
    if result.is_error:
        raise McpFailedError("tool_execution_error", output)
    return output


@asynccontextmanager
async def _connected(server: Mapping[str, Any], access: McpAccess) -> AsyncGenerator[Client, None]:
    try:
        import httpx2
        from mcp import Client
        from mcp.client.streamable_http import streamable_http_client
    except ImportError as error:
        raise McpFailedError(
            "protocol_error",
            f'the MCP client is not installed ({error}); install it with: pip install "voicelive[mcp]"',
        ) from None
    headers = _headers(server, access)
    refused: list[httpx2.Response] = []

    async def watch(response: httpx2.Response) -> None:
        if response.status_code >= 400:
            refused.append(response)

    try:
        async with (
            httpx2.AsyncClient(
                headers=headers,
                transport=_checked_transport(access),
                timeout=httpx2.Timeout(LIST_TIMEOUT_S, read=CALL_TIMEOUT_S),
                event_hooks={"response": [watch]},
            ) as http,
            Client(streamable_http_client(server["server_url"], http_client=http)) as client,
        ):
            yield client
    except McpFailedError:
        raise
    except Exception as error:
        # The library's tasks raise whatever their transport does, in groups; all of it means that the server failed.
        cause = _innermost(error)
        if isinstance(cause, AddressRefusedError):
            raise McpFailedError("protocol_error", str(cause)) from error
        if refused:
            status = refused[-1]
            message = f"{status.url} answered {status.status_code} {status.reason_phrase}"
            raise McpFailedError("http_error", message, status.status_code) from error
        message = f"{server['server_url']}: {cause or type(cause).__name__}"
        raise McpFailedError("protocol_error", message, getattr(cause, "code", None)) from error


def _headers(server: Mapping[str, Any], access: McpAccess) -> dict[str, str]:
    """Return the headers that a session's tool asks for.

    Raises:
        McpFailedError: if it may not have one of them.
    """
    headers = dict(server.get("headers") or {})
    refused = access.refused_headers(headers)
    if "@" in urlsplit(server["server_url"]).netloc and access.refused_headers({"Authorization": ""}):
        refused.append("Authorization (in server_url)")  # which is what credentials in an address become
    if refused:
        raise McpFailedError(
            "protocol_error",
            f"the operator of this service does not let sessions set the header {', '.join(refused)}: send a token as "
            "'authorization', or start the service with --allow-mcp-header NAME, or "
            "LocalService(allow_mcp_headers=[…])",
        )
    token = server.get("authorization")
    if token:
        headers["Authorization"] = token if " " in token else f"Bearer {token}"
    return headers


def _checked_transport(access: McpAccess) -> httpx2.AsyncBaseTransport:
    """Return a transport that connects to addresses that are allowed, as they were when they were checked.

    It takes no proxy of the environment: a proxy would resolve the name by itself.
    """
    import httpx2

    class CheckedTransport(httpx2.AsyncHTTPTransport):
        async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
            url = request.url
            if url.scheme not in ("http", "https"):
                raise AddressRefusedError(
                    f"the protocol of an MCP server's address is http or https, not {url.scheme!r}"
                )
            port = url.port or {"http": 80, "https": 443}[url.scheme]
            *others, last = await access.addresses.resolve(url.host, port)
            for address in others:
                try:
                    return await super().handle_async_request(_to(request, address))
                except httpx2.ConnectError:
                    pass  # nothing was sent yet
            return await super().handle_async_request(_to(request, last))

    def _to(request: httpx2.Request, address: str) -> httpx2.Request:
        # The header Host is in the request already, and certificates are those of the name.
        extensions = {**request.extensions, "sni_hostname": request.url.host}
        url = request.url.copy_with(host=address)
        return httpx2.Request(
            request.method, url, headers=request.headers, stream=request.stream, extensions=extensions
        )

    return CheckedTransport()


def _innermost(error: BaseException) -> BaseException:
    members: Sequence[BaseException] = getattr(error, "exceptions", ())
    return _innermost(members[0]) if members else error


def _text(result: CallToolResult) -> str:
    """Join what a tool returned; what is not text becomes JSON."""
    if not result.content and result.structured_content is not None:
        return json.dumps(result.structured_content, ensure_ascii=False)
    parts = (
        part.text if part.type == "text" else json.dumps(_plain(part), ensure_ascii=False) for part in result.content
    )
    return "\n".join(parts)


def _plain(model: Any) -> dict[str, Any]:
    plain: dict[str, Any] = model.model_dump(mode="json", by_alias=True, exclude_none=True)
    return plain

"""Which handshakes the local service accepts, and what it answers to the others."""

from __future__ import annotations

import hmac
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import parse_qsl, urlsplit

from .._core.version_names import contract_version, is_voice_agent

__all__ = [
    "AGENT_MODEL",
    "CALLS_PATH",
    "PATH",
    "Handshake",
    "HandshakeRefusedError",
    "RequestTarget",
    "check_key",
    "read_handshake",
    "read_target",
]

PATH = "/voice-live/realtime"
"""The path of the realtime endpoint."""

CALLS_PATH = f"{PATH}/calls"
"""The path of the signalling of WebRTC calls: the same sessions."""

AGENT_MODEL = "gpt-realtime"
"""The model that answers for a voice agent: what an agent consists of is not known here."""

_PREVIEW = ("foundry-features", "VoiceAgents=V1Preview")

_SECRET_QUERY = frozenset({"api-key", "authorization", "agent-access-token"})
_SECRET_HEADERS = frozenset({"api-key", "authorization", "cookie", "proxy-authorization"})


class HandshakeRefusedError(Exception):
    """The handshake gets an HTTP answer instead of a WebSocket."""

    def __init__(self, status: int, message: str, code: str | None = None, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code or str(status)
        self.headers: dict[str, str] = {}
        """More headers of the answer."""
        if retry_after is not None:
            # Whole seconds are all that the header can say, and too early would be wrong.
            self.headers["Retry-After"] = str(math.ceil(retry_after))

    def body(self) -> bytes:
        """Return the answer's JSON body, in the shape that Azure services use."""
        return json.dumps({"error": {"code": self.code, "message": str(self)}}).encode()


@dataclass(frozen=True)
class Handshake:
    """What an accepted handshake asks for, without the credentials that came with it."""

    model: str
    """The model; empty in agent mode."""
    agent: Mapping[str, Any] | None
    """What the session reports of its agent, in agent mode."""
    profile: str | None
    """The profile of the customer's own model, if one was named."""
    query: Mapping[str, str]
    headers: Mapping[str, str]
    credential: Literal["api-key", "bearer"] | None
    contract_version: str
    """The API version that the session speaks."""
    is_voice_agent: bool = False
    """Whether one of Foundry's voice agents was asked for."""


@dataclass(frozen=True)
class RequestTarget:
    """A request target, taken apart."""

    path: str
    """The path, without a slash at its end."""
    query: Mapping[str, str]


def read_target(target: str) -> RequestTarget:
    """Take a request target apart: a path with or without a query, or a whole address as proxies send it.

    Raises:
        HandshakeRefusedError: for anything else.
    """
    path, _, query = target.partition("#")[0].partition("?")
    if not path.startswith("/"):
        try:
            parts = urlsplit(path)
        except ValueError:
            parts = urlsplit("")
        if parts.scheme not in ("http", "https", "ws", "wss"):
            raise HandshakeRefusedError(400, "The request target is not a path.", "BadRequest")
        path = parts.path
    return RequestTarget(path.rstrip("/") or "/", dict(parse_qsl(query, keep_blank_values=True)))


def check_key(given: str, api_key: str) -> None:
    """Check that the key that came with a request is the service's.

    Raises:
        HandshakeRefusedError: if it is not.
    """
    # What was sent may hold bytes that are not text, which the library keeps as lone surrogates.
    if not hmac.compare_digest(given.encode("utf-8", "surrogatepass"), api_key.encode("utf-8", "surrogatepass")):
        raise HandshakeRefusedError(401, "The key is missing or wrong: send the service's key in the header api-key.")


def read_handshake(
    target: str, headers: Mapping[str, str], api_key: str | None, *, agents_take_keys: bool = False
) -> Handshake:
    """Read a handshake's request target and headers (names in lower case).

    Raises:
        HandshakeRefusedError: for a wrong path, a missing ``api-version``, model or key, or a key in agent mode unless
            `agents_take_keys`.
    """
    try:
        handshake = _read(target, headers, api_key)
        with_agent = handshake.agent is not None or handshake.is_voice_agent
        if with_agent and handshake.credential == "api-key" and not agents_take_keys:
            raise HandshakeRefusedError(401, "An agent takes no API key: connect with a token of Microsoft Entra ID.")
        return handshake
    except HandshakeRefusedError as error:
        # No variable in its traceback may hold a key.
        del target, headers, api_key
        refused = error.with_traceback(None)
    raise refused


def _read(target: str, headers: Mapping[str, str], api_key: str | None) -> Handshake:
    parts = read_target(target)
    query = parts.query
    to_agent = is_voice_agent(parts.path)
    if parts.path not in (PATH, CALLS_PATH) and not to_agent:
        raise HandshakeRefusedError(404, f"There is nothing at this path; the endpoint is {PATH}.")
    kind, value = _credential(query, headers)
    if api_key is not None:
        check_key(value, api_key)
    if not query.get("api-version"):
        raise HandshakeRefusedError(404, "The query parameter api-version is missing.")
    if to_agent and _PREVIEW[1] not in headers.get(_PREVIEW[0], ""):
        raise HandshakeRefusedError(
            400, f"Voice agents are in preview: send the header Foundry-Features: {_PREVIEW[1]}.", "BadRequest"
        )
    agent = None if to_agent else _agent(query)
    model = query.get("model") or query.get("deployment") or (AGENT_MODEL if to_agent else "")
    if not model and agent is None:
        raise HandshakeRefusedError(400, "The query names neither a model nor an agent.", "BadRequest")
    return Handshake(
        model=model,
        agent=agent,
        profile=query.get("profile"),
        query={name: text for name, text in query.items() if name.lower() not in _SECRET_QUERY},
        headers={name: text for name, text in headers.items() if name not in _SECRET_HEADERS},
        credential=kind,
        contract_version=contract_version(parts.path, query["api-version"]),
        is_voice_agent=to_agent,
    )


def _credential(
    query: Mapping[str, str], headers: Mapping[str, str]
) -> tuple[Literal["api-key", "bearer"] | None, str]:
    for value in (headers.get("api-key"), query.get("api-key")):
        if value:
            return "api-key", value
    for value in (headers.get("authorization"), query.get("Authorization")):
        scheme, _, token = (value or "").partition(" ")
        if scheme.lower() == "bearer" and token:
            return "bearer", token.strip()
    return None, ""


def _agent(query: Mapping[str, str]) -> dict[str, Any] | None:
    name = query.get("agent-name") or query.get("agent-id")
    if not name:
        return None
    return {
        "type": "agent",
        "name": name,
        "agent_id": name,
        "thread_id": query.get("conversation-id") or "thread_local",
    }

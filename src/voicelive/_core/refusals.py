"""What an HTTP answer that opens no WebSocket means, and what to check."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from ..errors import AuthenticationError, HandshakeError, RedirectError
from .handshake import PATH, Endpoint, OpeningRequest

__all__ = ["refusal", "unreadable_answer"]

_MAX_BODY = 16 * 1024
_MAX_SHOWN = 300
_REQUEST_ID_HEADERS = ("apim-request-id", "x-ms-request-id", "x-request-id", "request-id")
_HIDDEN_HEADERS = {"set-cookie", "set-cookie2"}
_MIN_REDIRECT, _MIN_CLIENT_ERROR, _MIN_SERVER_ERROR = 300, 400, 500

_REMEDIES = {
    400: "check model, api_version and query; agents need the services.ai.azure.com endpoint",
    401: (
        "check that the key belongs to this very resource, or that the token is for its tenant "
        "and for the scope https://ai.azure.com/.default"
    ),
    403: (
        "check that the identity has the role Cognitive Services User (agents: Foundry User too) on this "
        "resource, and that the resource's network rules let this machine in"
    ),
    404: f"check the endpoint (the service is at {PATH} below it) and api_version",
    408: "try again",
    426: f"check that the endpoint's {PATH} is the service, not a web page",
    429: "too many connections or tokens a minute: wait, then try again",
}


def refusal(
    status: int, headers: Iterable[tuple[str, str]], body: bytes | bytearray | None, request: OpeningRequest
) -> HandshakeError:
    """Build the error for an answer with HTTP `status` in place of an upgrade."""
    kept = {name.lower(): value for name, value in headers if name.lower() not in _HIDDEN_HEADERS}
    endpoint = request.endpoint
    details: dict[str, Any] = {
        "status": status,
        "headers": kept,
        "body": bytes(body or b"")[:_MAX_BODY],
        "request_id": _request_id(kept) or request.request_id,
    }
    answer = f"{endpoint.authority} answered HTTP {_named(status)}"
    if _MIN_REDIRECT <= status < _MIN_CLIENT_ERROR:
        # The location's path and query may hold what must not be shown, so only its host is.
        details["headers"].pop("location", None)
        target = _redirect_host(headers, endpoint)
        return RedirectError(
            f"{answer}, a redirect to {target}; redirects are not followed, because the credential would go along: "
            "if that host is right, make it the endpoint",
            **details,
        )
    if said := _service_message(bytes(body or b"")):
        answer += f": {said}"
    answer += f"; {_remedy(status, kept)} (request id {details['request_id']})"
    kind = AuthenticationError if status in {401, 403} else HandshakeError
    return kind(answer, **details)


def unreadable_answer(request: OpeningRequest, what: str) -> HandshakeError:
    """Build the error for an answer that is no HTTP, or an upgrade that breaks the rules."""
    endpoint = request.endpoint
    return HandshakeError(
        f"{endpoint.authority} {what}; check that the endpoint is a Voice Live resource "
        f"and that no proxy stands in between (request id {request.request_id})",
        request_id=request.request_id,
    )


def _remedy(status: int, headers: Mapping[str, str]) -> str:
    remedy = _REMEDIES.get(status)
    if remedy is None:
        if status >= _MIN_SERVER_ERROR:
            remedy = "the service has a problem: try again later"
        else:
            remedy = "check the endpoint, model and api_version"
    after = headers.get("retry-after") or headers.get("retry-after-ms")
    if after:
        unit = " ms" if "retry-after" not in headers else " s" if after.isdigit() else ""
        remedy += f" (the service says: after {after}{unit})"
    return remedy


def _named(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _request_id(headers: Mapping[str, str]) -> str | None:
    return next((headers[name] for name in _REQUEST_ID_HEADERS if name in headers), None)


def _redirect_host(headers: Iterable[tuple[str, str]], endpoint: Endpoint) -> str:
    location = next((value for name, value in headers if name.lower() == "location"), "")
    try:
        host = urlsplit(location).hostname
    except ValueError:
        host = None
    return repr(host) if host else "another path of the same host" if location else "nowhere"


def _service_message(body: bytes) -> str:
    """Find the service's own words in an error body, e.g. ``{"error": {"code": ..., "message": ...}}``."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    if isinstance(found, dict) and isinstance(found.get("error"), (dict, str)):
        found = found["error"]
    if isinstance(found, dict):
        found = found.get("message") or found.get("code")
    text = " ".join(found.split()) if isinstance(found, str) else ""
    return text if len(text) <= _MAX_SHOWN else text[: _MAX_SHOWN - 3] + "..."

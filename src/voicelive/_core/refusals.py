"""What an HTTP answer that opens no WebSocket means, and what to check."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from ..errors import (
    AuthenticationError,
    BadRequestError,
    HandshakeError,
    NotFoundError,
    RedirectError,
    ThrottledError,
)
from .handshake import API_KEY_HEADER, AUTHORIZATION_HEADER, PATH, Endpoint, OpeningRequest
from .secrecy import HIDDEN, Redactor, secrets_in

__all__ = ["HIDDEN", "parse_retry_after", "redactor_of", "refusal", "unreadable_answer"]

_MAX_BODY = 16 * 1024
_MAX_SHOWN = 300
_REQUEST_ID_HEADERS = ("apim-request-id", "x-ms-request-id", "x-request-id", "request-id")
_CREDENTIAL_HEADERS = {API_KEY_HEADER.lower(), AUTHORIZATION_HEADER.lower()}
_LEFT_OUT_HEADERS = {"set-cookie", "set-cookie2", "proxy-authorization", *_CREDENTIAL_HEADERS}
_MIN_REDIRECT, _MIN_CLIENT_ERROR, _MIN_SERVER_ERROR = 300, 400, 500

_CERTIFICATE_STATUSES = {400, 401, 403, 495, 496}
_CERTIFICATE_REMEDY = (
    'a gateway there wants a client certificate that it trusts: pass connection_options={"ssl": an ssl.SSLContext '
    "with load_cert_chain(...)}"
)

_KINDS: dict[int, type[HandshakeError]] = {
    400: BadRequestError,
    401: AuthenticationError,
    403: AuthenticationError,
    404: NotFoundError,
    429: ThrottledError,
}

_REMEDIES = {
    400: "check model, api_version and query; agents need the services.ai.azure.com endpoint",
    401: (
        "check that the key belongs to this resource, or that the token is for its tenant "
        "and for the scope https://ai.azure.com/.default"
    ),
    403: (
        "check that the identity has the role Cognitive Services User (agents: Foundry User too) on this "
        "resource, and that the resource's network rules let this machine in"
    ),
    404: f"check the endpoint (the service is at {PATH} below it) and api_version",
    408: "try again",
    426: f"check that the endpoint's {PATH} is the service, not a web page",
    429: "too many connections or tokens per minute: wait, then try again",
}


def refusal(
    status: int,
    headers: Iterable[tuple[str, str]],
    body: bytes | bytearray | None,
    request: OpeningRequest,
    now: datetime | None = None,
) -> HandshakeError:
    """Build the error for an answer with HTTP `status` in place of an upgrade.

    Args:
        status: the answer's status.
        headers: the answer's headers.
        body: the answer's body, as far as it was read.
        request: what was asked.
        now: when the answer came, with a time zone; without it a date in ``Retry-After`` says nothing.
    """
    headers = list(headers)
    hide = redactor_of(request)
    kept = {name.lower(): hide(value) for name, value in headers if name.lower() not in _LEFT_OUT_HEADERS}
    # Blotted out before it is cut, so that no half of a secret is left.
    shown_body = hide(bytes(body or b"")[: 2 * _MAX_BODY].decode("utf-8", "surrogateescape"))
    endpoint = request.endpoint
    details: dict[str, Any] = {
        "status": status,
        "headers": kept,
        "body": shown_body.encode("utf-8", "surrogateescape")[:_MAX_BODY],
        "request_id": _request_id(kept) or request.request_id,
        "retry_after": parse_retry_after(kept, now),
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
    if said := _service_message(shown_body):
        answer += f": {said}"
    remedy = _CERTIFICATE_REMEDY if _wants_certificate(status, shown_body) else _remedy(status, details["retry_after"])
    answer += f"; {remedy} (request id {details['request_id']})"
    return _KINDS.get(status, HandshakeError)(answer, **details)


def parse_retry_after(headers: Mapping[str, str], now: datetime | None) -> float | None:
    """Read how many seconds to wait: ``Retry-After`` in seconds or as a date, or one of its forms in milliseconds."""
    for name in ("retry-after-ms", "x-ms-retry-after-ms"):
        if re.fullmatch(r"\d{1,12}(\.\d+)?", headers.get(name, "").strip()):
            return float(headers[name]) / 1000
    value = headers.get("retry-after", "").strip()
    if re.fullmatch(r"\d{1,9}(\.\d+)?", value):
        return float(value)
    if now is None:
        return None
    try:
        then = parsedate_to_datetime(value)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    # A date without a zone is UTC, as HTTP has no other.
    return max(0.0, (then.replace(tzinfo=then.tzinfo or UTC) - now).total_seconds())


def redactor_of(request: OpeningRequest) -> Redactor:
    """Return what takes the credential of `request` out of the service's words."""
    return Redactor(secrets_in(request.url, request.headers))


def unreadable_answer(request: OpeningRequest, what: str) -> HandshakeError:
    """Build the error for an answer that is not HTTP, or an upgrade that breaks the rules."""
    endpoint = request.endpoint
    return HandshakeError(
        f"{endpoint.authority} {redactor_of(request)(what)}; check that the endpoint is a Voice Live resource "
        f"and that no proxy stands in between (request id {request.request_id})",
        request_id=request.request_id,
    )


def _remedy(status: int, retry_after: float | None) -> str:
    remedy = _REMEDIES.get(status)
    if remedy is None:
        if status >= _MIN_SERVER_ERROR:
            remedy = "the service has a problem: try again later"
        else:
            remedy = "check the endpoint, model and api_version"
    if retry_after is not None:
        remedy += f" (the service says: after {retry_after:g} s)"
    return remedy


def _wants_certificate(status: int, body: str) -> bool:
    """Return whether a gateway, such as nginx, wants a client certificate."""
    return status in _CERTIFICATE_STATUSES and "ssl certificate" in body[:_MAX_BODY].lower()


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
    return repr(host) if host else "another path on the same host" if location else "nowhere"


def _service_message(body: str) -> str:
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

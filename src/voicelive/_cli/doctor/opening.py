"""The opening of the connection, and which step of it failed: redirect, upgrade, authentication, or model."""

from __future__ import annotations

import ssl
from http import HTTPStatus
from typing import Any

from voicelive import VoiceLiveConnection

from ..._environment import KEY_VARIABLES
from ...errors import (
    AuthenticationError,
    ConfigurationError,
    ConnectTimeoutError,
    HandshakeError,
    ProxyError,
    RedirectError,
    TlsError,
    VoiceLiveError,
)
from ..failures import error_line
from .certificate import UNTRUSTED_REMEDY
from .configuration import Target
from .route import FoundProxy
from .steps import Deadline, OutOfTimeError, Step, StepFailedError

__all__ = ["open_connection"]

_ROLE = "Cognitive Services User (for agents Foundry User too)"
_PROXY_REMEDY = (
    "the doctor's own request was let through, so try again; if it persists, the proxy may allow fewer connections "
    "than that, or not all the time: ask whoever runs it"
)
_TLS_REMEDY = (
    "check the endpoint's port and scheme, and whether a proxy or firewall changes the connection; the doctor cannot "
    "send a client certificate: for a gateway that wants one, use a program with connection_options={'ssl': CONTEXT}"
)
_SCOPE = "https://ai.azure.com/.default"


def open_connection(target: Target, found: FoundProxy | None) -> VoiceLiveConnection:
    """Open the connection as any program does.

    Raises:
        StepFailedError: if it does not open; names the step, and has the HTTP status, if there was one, in its facts.
    """
    try:
        connection = target.connection(None if found is None else found.proxy.url)
    except ConfigurationError as error:
        raise StepFailedError(
            error_line(error), step=Step.UPGRADE, remedy="check endpoint and proxy in the environment"
        ) from None
    # Asking for a token has no limit of its own, so both together get one.
    deadline = Deadline(2 * target.timeout)
    try:
        return deadline.run(connection.open)
    except OutOfTimeError:
        # Wakes whoever is still opening, and closes what opens later.
        connection.close()
        raise StepFailedError(
            f"the credential gave no token within {target.timeout:g} s",
            step=Step.AUTHENTICATION,
            remedy=_token_remedy(),
        ) from None
    except VoiceLiveError as error:
        raise _failure(error, target, connection.request_id) from None


def _failure(error: VoiceLiveError, target: Target, request_id: str) -> StepFailedError:
    # A proxy's answer may have a status too, which says nothing about the service.
    status = error.status if isinstance(error, HandshakeError) else None
    facts: dict[str, Any] = {"request_id": getattr(error, "request_id", None) or request_id}
    if status is not None:
        facts["status"] = status
    if isinstance(error, RedirectError):
        return StepFailedError(
            _without_remedy(error),
            step=Step.REDIRECT,
            remedy=(
                "redirects are never followed, because the credential would go along: if that host is right, make it "
                "the endpoint; if not, check for a sign-in page or a gateway in between"
            ),
            facts=facts,
        )
    if isinstance(error, AuthenticationError):
        remedy = {401: _unauthorized(), 403: _forbidden()}.get(status or 0, _token_remedy())
        return StepFailedError(_without_remedy(error), step=Step.AUTHENTICATION, remedy=remedy, facts=facts)
    if status in {400, 404}:
        return StepFailedError(_without_remedy(error), step=Step.MODEL, remedy=_not_found(status, target), facts=facts)
    if isinstance(error, HandshakeError):
        return StepFailedError(
            _without_remedy(error), step=Step.UPGRADE, remedy=_upgrade_remedy(error, facts["request_id"]), facts=facts
        )
    if isinstance(error, ProxyError):
        return StepFailedError(error_line(error), step=Step.PROXY, remedy=_PROXY_REMEDY, facts=facts)
    if isinstance(error, TlsError):
        # Through some proxies, TLS could not be looked at before.
        untrusted = isinstance(error.__cause__, ssl.SSLCertVerificationError)
        remedy = UNTRUSTED_REMEDY if untrusted else _TLS_REMEDY
        return StepFailedError(error_line(error), step=Step.TLS, remedy=remedy, facts=facts)
    if isinstance(error, ConnectTimeoutError):
        return StepFailedError(
            f"{target.authority} did not answer the opening request within {target.timeout:g} s",
            step=Step.UPGRADE,
            remedy=(
                "try again; if it persists, check that the endpoint is a Voice Live resource and that no proxy or "
                "firewall holds WebSockets up; --timeout allows more time"
            ),
            facts=facts,
        )
    return StepFailedError(
        _without_remedy(error),
        step=Step.UPGRADE,
        remedy="the steps before passed: try again; if it persists, look for a proxy or firewall that cuts WebSockets",
        facts=facts,
    )


def _without_remedy(error: VoiceLiveError) -> str:
    """Return what happened without the library's own advice, which follows the last semicolon."""
    text = error_line(error)
    return text.rpartition("; ")[0] or text


def _unauthorized() -> str:
    return (
        f"with a key ({KEY_VARIABLES[0]}): check that it is a key of this resource, complete, and not regenerated "
        "since, and that the resource allows keys; with a token: check that the identity is of the resource's tenant, "
        f"and the token for the scope {_SCOPE}"
    )


def _forbidden() -> str:
    return (
        f"check that the identity has the role {_ROLE} on this resource (a new role takes minutes to work), and that "
        "the resource's network rules let this machine in"
    )


def _token_remedy() -> str:
    return (
        "sign in with `az login` (or set AZURE_CLIENT_ID, AZURE_TENANT_ID and AZURE_CLIENT_SECRET), or set "
        f"{KEY_VARIABLES[0]} to the resource's key"
    )


def _not_found(status: int, target: Target) -> str:
    where = (
        "the endpoint is the resource's address alone (the service is at /voice-live/realtime below it), that the "
        "resource's region offers Voice Live"
    )
    if status == 404:
        return f"check that {where}, and that the API version {target.api_version} exists (--api-version)"
    return (
        f"check the model {target.model} (--model) and the API version {target.api_version} (--api-version), and that "
        f"{where}"
    )


def _upgrade_remedy(error: HandshakeError, request_id: str) -> str:
    status = error.status
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        after = error.headers.get("retry-after", "")
        wait = f"wait {after} s" if after.isdigit() else "wait a minute"
        return f"{wait}, then try again: too many connections or tokens per minute; if it persists, raise the quota"
    if status is None:
        return (
            "check that the endpoint is a Voice Live resource, its scheme (https:// or http://), and that no proxy "
            "stands in between"
        )
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return (
            f"the service, or a gateway before it, has a problem: try again later; for support: request id {request_id}"
        )
    return "check that the endpoint is a Voice Live resource, not a web page or a gateway without WebSockets"

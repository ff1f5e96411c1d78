"""What a client is told where the upstream service cannot be had, or has gone."""

from __future__ import annotations

from ..._core.closing import Cause, CloseInfo
from ...errors import (
    BadRequestError,
    ConfigurationError,
    ConnectTimeoutError,
    NotFoundError,
    ThrottledError,
    VoiceLiveError,
)
from ..handshake import HandshakeRefusedError

__all__ = ["NOT_VOICE_LIVE", "end_for_client", "end_for_upstream", "refusal_of"]

BAD_GATEWAY = 1014

NOT_VOICE_LIVE = BAD_GATEWAY, "the upstream service did not send an event: is it a Voice Live service?"

_CAUSES: dict[Cause, tuple[int, str]] = {
    "keepalive": (BAD_GATEWAY, "the upstream service stopped answering pings"),
    "ready": (BAD_GATEWAY, "the upstream service opened no session in time: is it a Voice Live service?"),
    "stall": (BAD_GATEWAY, "a response of the upstream service stalled"),
    "overflow": (1008, "this client reads more slowly than the service sends, and too much waits for it"),
}
"""Ends that the relay itself has brought about."""

_STATUSES: tuple[tuple[type[VoiceLiveError], int], ...] = (
    (ConnectTimeoutError, 504),
    (ThrottledError, 429),
    # Of the model, the version or the query, which are the client's own.
    (BadRequestError, 400),
    (NotFoundError, 404),
)


def refusal_of(error: VoiceLiveError) -> HandshakeRefusedError:
    """Return the answer to a handshake whose session could not be opened at the upstream service."""
    if isinstance(error, ConfigurationError):
        return HandshakeRefusedError(400, f"The relay cannot ask the upstream service for this: {error}")
    status = next((status for kind, status in _STATUSES if isinstance(error, kind)), 502)
    message = f"The relay could not open a session at the upstream service: {error}"
    return HandshakeRefusedError(status, message, retry_after=getattr(error, "retry_after", None))


def end_for_client(info: CloseInfo) -> tuple[int, str]:
    """Return the close code and reason that tell a client how the upstream connection ended."""
    if info.initiator == "server":
        return (info.code, info.reason) if _can_be_sent(info.code) else (1000, "")
    if info.cause in _CAUSES:
        return _CAUSES[info.cause]
    if info.cause == "too big":
        return 1009, "the upstream service sent a message larger than the relay takes (max_size)"
    if info.initiator == "network":
        return BAD_GATEWAY, "the connection to the upstream service broke"
    return BAD_GATEWAY, "the upstream service sent something that is not a WebSocket message"


def end_for_upstream(code: int | None, reason: str) -> tuple[int, str]:
    """Return the close code and reason that tell the upstream service how the client ended."""
    if code is None or not _can_be_sent(code):
        return 1001, "the client is gone"
    return code, reason


def _can_be_sent(code: int) -> bool:
    return code in (1000, 1001, 1002, 1003, *range(1007, 1015)) or 3000 <= code < 5000

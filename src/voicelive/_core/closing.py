"""How a connection ended, what that means, and whether iteration ends quietly because of it."""

from __future__ import annotations

from ..errors import (
    BudgetExceededError,
    ConfigurationError,
    ConfigurationRejectedError,
    ConnectionClosed,
    InternalError,
    KeepaliveTimeoutError,
    MessageTooBigError,
    ReadyTimeoutError,
    ReceiveOverflowError,
    ReconnectFailedError,
    ResponseStalledError,
    SessionExpiredError,
    UnsentEvent,
)
from .close_info import Cause, CloseInfo, Initiator
from .end_evidence import EndEvidence

__all__ = [
    "ENDS_FOR_GOOD",
    "GIVEN_UP",
    "NORMAL",
    "Cause",
    "CloseInfo",
    "Initiator",
    "broken",
    "check_close_arguments",
    "closed_error",
    "describe_code",
    "ends_quietly",
    "explain_end",
    "interpret_end",
]

NORMAL = 1000
_GOING_AWAY = 1001
_ABNORMAL = 1006
_POLICY = 1008
_TOO_BIG = 1009
_INTERNAL = 1011

_MAX_REASON_BYTES = 123
"""A close frame holds 125 bytes, of which the code takes two."""

GIVEN_UP: dict[Cause, tuple[int, str]] = {
    "ready": (4000, "no session.created in time"),
    "stall": (4001, "a response stalled"),
    "overflow": (4002, "the application does not receive"),
    "budget": (4003, "the call's budget is used up"),
}
"""What this side says when it gives a connection up by itself."""

_MEANINGS = {
    NORMAL: "normal end",
    _GOING_AWAY: "going away: a restart of the service, or the session's time is up",
    1002: "protocol error",
    1003: "unsupported data",
    1005: "no code given",
    _ABNORMAL: "the connection broke without a close frame",
    1007: "invalid data",
    _POLICY: "refused by the service's policy",
    _TOO_BIG: "message too big",
    1010: "missing extension",
    _INTERNAL: "internal error",
    1012: "the service restarts",
    1013: "the service is overloaded, try again later",
    1014: "bad gateway",
    1015: "TLS failure",
}

_REMEDIES = {
    _GOING_AWAY: "connect again",
    1005: "connect again",
    _ABNORMAL: "check the network, then connect again",
    _POLICY: "read the error event that came before it; the first message must be session.update",
    _TOO_BIG: "send less at a time",
    _INTERNAL: "connect again",
    1012: "connect again",
    1013: "connect again later",
    1014: "connect again later",
}

_CAUSES: dict[Cause, tuple[type[ConnectionClosed], str]] = {
    "expired": (SessionExpiredError, "the session's time was up; connect again"),
    "configuration": (ConfigurationRejectedError, "correct the session's configuration, then connect again"),
    "too big": (MessageTooBigError, 'allow larger messages with connection_options={"max_size": BYTES}'),
    "keepalive": (KeepaliveTimeoutError, "check the network, then connect again"),
    "ready": (ReadyTimeoutError, "connect again, or allow more time with ready_timeout"),
    "stall": (ResponseStalledError, "connect again, or allow more time with stall_timeout"),
    "overflow": (
        ReceiveOverflowError,
        "receive faster, let wait_for drop what it passes over with keep=False, or allow more with max_queue and "
        "max_buffer",
    ),
    "reconnect": (ReconnectFailedError, "check what the last attempt names, then connect again"),
    "budget": (BudgetExceededError, "allow more with connect(budget=...), or connect again for another call"),
    "internal": (InternalError, "connect again, and report it with the error that caused this one"),
}

_OF_THIS_SIDE = {"overflow", "internal", "reconnect", "budget"}
"""Causes that hold whatever the service said."""
_LOCAL = {"overflow", "budget"}
"""Causes for which this side gives up, and nothing took too long."""
ENDS_FOR_GOOD: frozenset[Cause] = frozenset({"budget"})
"""Causes after which no policy opens another connection."""
_LATE_BY = 60
"""A service that closes with 1001 this many seconds before ``expires_at``, or later, means the end of the session."""


def interpret_end(
    received: tuple[int, str] | None,
    sent: tuple[int, str] | None,
    *,
    received_first: bool,
    requested: tuple[int, str] | None,
    given_up: Cause | None = None,
) -> CloseInfo:
    """Work out how a connection ended from the close frames that went over it.

    Args:
        received: code and reason of the service's close frame, if one came.
        sent: code and reason of this side's close frame, if one went out.
        received_first: whether the service's came before this side's.
        requested: code and reason given to ``close()``, if the application called it.
        given_up: why this side gave the connection up by itself, if it did.
    """
    if received is not None and (sent is None or received_first):
        return CloseInfo(*received, "server", "too big" if received[0] == _TOO_BIG else None)
    if given_up is not None:
        return CloseInfo(*GIVEN_UP[given_up], "local" if given_up in _LOCAL else "timeout", given_up)
    if requested is not None:
        return CloseInfo(*requested, "local")
    if sent is None:
        return CloseInfo(_ABNORMAL, "", "network")
    # This side ended it without being asked: an unanswered keepalive, or the service sent what cannot be accepted.
    if sent[0] == _INTERNAL and "keepalive" in sent[1]:
        return CloseInfo(*sent, "timeout", "keepalive")
    return CloseInfo(*sent, "local", "too big" if sent[0] == _TOO_BIG else None)


def explain_end(info: CloseInfo, words: EndEvidence, ended_at: float) -> CloseInfo:
    """Add the cause of an end, as far as the service's last words show it.

    Not for an end that the application asked for.

    Args:
        info: the end, as :func:`interpret_end` returns it.
        words: what the service said, up to the end.
        ended_at: when it ended, in seconds since the epoch.
    """
    cause = _cause_of(info, words, ended_at)
    return info if cause is None else CloseInfo(info.code, info.reason, info.initiator, cause)


def _cause_of(info: CloseInfo, words: EndEvidence, ended_at: float) -> Cause | None:
    if info.cause in _OF_THIS_SIDE:
        return None
    if words.verdict is not None:
        # Whether a close frame follows, which, or none, or only silence, depends on what is in between.
        return words.verdict
    if info.initiator != "server":
        return None
    if "session_expired" in info.reason:
        return "expired"
    if info.code == _GOING_AWAY and words.expires_at is not None and ended_at >= words.expires_at - _LATE_BY:
        return "expired"
    if info.code == _POLICY and words.refused_configuration:
        return "configuration"
    return None


def broken(error: BaseException) -> CloseInfo:
    """Describe the end of a connection that something failed in which must not, or was cancelled by somebody else."""
    # The error's own text may hold what somebody said, or a secret of foreign code: only its kind is shown.
    return CloseInfo(_ABNORMAL, f"{type(error).__name__} while keeping the connection up", "local", "internal", error)


def ends_quietly(info: CloseInfo | None, *, requested: bool) -> bool:
    """Return whether ``for event in connection`` ends without an error."""
    if requested or info is None:
        return requested
    return info.initiator == "server" and info.code == NORMAL and info.cause is None


def describe_code(code: int) -> str:
    """Name a close code in words, e.g. ``1008 (refused by the service's policy)``."""
    meaning = _MEANINGS.get(code)
    return f"{code} ({meaning})" if meaning else str(code)


def closed_error(info: CloseInfo, host: str, unsent: UnsentEvent | None = None) -> ConnectionClosed:
    """Build the error that says how the connection to `host` ended and what to do."""
    if info.initiator == "server":
        what = f"{host} closed the connection: {describe_code(info.code)}"
    elif info.initiator == "network":
        what = f"the connection to {host} broke: {describe_code(info.code)}"
    elif info.initiator == "timeout" or info.cause in _LOCAL:
        what = f"the connection to {host} was given up: {info.code}"
    elif info.cause == "internal":
        what = f"the connection to {host} was dropped, because this package failed: {info.code}"
    else:
        what = f"the connection to {host} was closed by this side: {describe_code(info.code)}"
    if info.reason:
        what += f": {info.reason}"
    kind, remedy = _CAUSES[info.cause] if info.cause else (ConnectionClosed, None)
    if info.cause is None or (info.cause == "too big" and info.initiator == "server"):
        remedy = _REMEDIES.get(info.code) if info.initiator in {"server", "network"} else None
    if remedy:
        what += f"; {remedy}"
    if unsent is not None:
        what += f" (not sent: {unsent.type}, {unsent.size} bytes)"
    error = kind(info.code, info.reason, info=info, message=what, unsent=unsent)
    error.__cause__ = info.error
    return error


def check_close_arguments(code: int, reason: str) -> None:
    """Refuse what does not fit into a close frame.

    Raises:
        ConfigurationError: for a code an application may not send, or a reason that is not text or too long.
    """
    # 1004-1006 and 1015 only exist in reports, never on the wire.
    allowed = isinstance(code, int) and (code in {1000, 1001, 1002, 1003, *range(1007, 1015)} or 3000 <= code <= 4999)
    if not allowed:
        raise ConfigurationError(
            f"close code {code!r} cannot be sent: use 1000 (normal end), or a code of your own from 3000 to 4999"
        )
    if not isinstance(reason, str):
        raise ConfigurationError(f"the close reason is {reason!r}; it takes a str, empty for none")
    try:
        size = len(reason.encode())
    except UnicodeEncodeError:
        raise ConfigurationError(
            f"the close reason {reason!r} holds half of a surrogate pair, which UTF-8 cannot: remove it"
        ) from None
    if size > _MAX_REASON_BYTES:
        raise ConfigurationError(
            f"the close reason has {size} bytes of UTF-8; at most {_MAX_REASON_BYTES} fit: shorten it"
        )

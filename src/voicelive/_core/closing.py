"""How a connection ended, what that means, and whether iteration ends quietly because of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..errors import ConfigurationError, ConnectionClosed

__all__ = [
    "NORMAL",
    "CloseInfo",
    "check_close_arguments",
    "closed_error",
    "describe_code",
    "ends_quietly",
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

_MEANINGS = {
    NORMAL: "normal end",
    _GOING_AWAY: "going away: a restart of the service, or the session's time is up",
    1002: "protocol error",
    1003: "unsupported data",
    1005: "no code given",
    _ABNORMAL: "the connection broke without a goodbye",
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
    _ABNORMAL: "check the network, then connect again",
    _POLICY: "read the error event that came before it; the first message must be session.update",
    1012: "connect again",
    1013: "connect again later",
}


@dataclass(frozen=True)
class CloseInfo:
    """How a connection ended."""

    code: int
    """The WebSocket close code; 1005 where the closing side gave none, 1006 where nobody said goodbye."""
    reason: str
    """The text the closing side gave; often empty."""
    initiator: Literal["local", "server", "network"]
    """Who ended it first: this side (``close()``, or a message it could not accept), the service, or the network."""


def interpret_end(
    received: tuple[int, str] | None,
    sent: tuple[int, str] | None,
    *,
    received_first: bool,
    requested: tuple[int, str] | None,
) -> CloseInfo:
    """Tell how a connection ended from the close frames that went over it.

    Args:
        received: code and reason of the service's close frame, if one came.
        sent: code and reason of this side's close frame, if one went out.
        received_first: whether the service's came before this side's.
        requested: code and reason given to ``close()``, if the application called it.
    """
    if received is not None and (sent is None or received_first):
        return CloseInfo(*received, "server")
    if requested is not None:
        return CloseInfo(*requested, "local")
    if sent is None:
        return CloseInfo(_ABNORMAL, "", "network")
    # This side gave up without being asked: an unanswered keepalive says the network is gone, any other code says
    # that the service sent what cannot be accepted.
    return CloseInfo(*sent, "network" if sent[0] == _INTERNAL else "local")


def ends_quietly(info: CloseInfo | None, *, requested: bool) -> bool:
    """Tell whether ``for event in connection`` ends without an error."""
    if requested or info is None:
        return requested
    return info.initiator == "server" and info.code == NORMAL


def describe_code(code: int) -> str:
    """Name a close code in words, e.g. ``1008 (refused by the service's policy)``."""
    meaning = _MEANINGS.get(code)
    return f"{code} ({meaning})" if meaning else str(code)


def closed_error(info: CloseInfo, host: str) -> ConnectionClosed:
    """Build the error that says how the connection to `host` ended and what to do."""
    if info.initiator == "server":
        what = f"{host} closed the connection: {describe_code(info.code)}"
    elif info.initiator == "network" and info.code == _ABNORMAL:
        what = f"the connection to {host} broke: {describe_code(info.code)}"
    elif info.initiator == "network":
        what = f"the connection to {host} was given up: {info.code}"
    else:
        what = f"the connection to {host} was closed by this side: {describe_code(info.code)}"
    if info.reason:
        what += f": {info.reason}"
    remedy = _remedy(info)
    if remedy:
        what += f"; {remedy}"
    return ConnectionClosed(info.code, info.reason, info=info, message=what)


def _remedy(info: CloseInfo) -> str | None:
    if info.initiator == "network":
        return _REMEDIES[_ABNORMAL]
    if info.initiator == "server":
        return _REMEDIES.get(info.code)
    if info.code == _TOO_BIG:
        return 'allow larger messages with connection_options={"max_size": BYTES}'
    return None


def check_close_arguments(code: int, reason: str) -> None:
    """Refuse what does not fit into a close frame.

    Raises:
        ConfigurationError: for a code an application may not send, or a reason that is too long.
    """
    # 1004-1006 and 1015 only exist in reports, never on the wire.
    allowed = isinstance(code, int) and (code in {1000, 1001, 1002, 1003, *range(1007, 1015)} or 3000 <= code <= 4999)
    if not allowed:
        raise ConfigurationError(
            f"close code {code!r} cannot be sent: use 1000 (normal end), or a code of your own from 3000 to 4999"
        )
    size = len(reason.encode())
    if size > _MAX_REASON_BYTES:
        raise ConfigurationError(
            f"the close reason has {size} bytes of UTF-8; at most {_MAX_REASON_BYTES} fit: shorten it"
        )

"""The way through an HTTP proxy: the request for it, and what the proxy's answers mean. Values in, values out."""

from __future__ import annotations

import re
from typing import Literal

from .._base import encode_base64

__all__ = ["MAX_ANSWER", "TunnelRefusedError", "check_answer", "explain_refusal", "refusal_cause", "tunnel_request"]

MAX_ANSWER = 64 * 1024
"""No proxy says more before its answer's body, in bytes."""

_STATUS_LINE = re.compile(rb"HTTP/1\.[01] ([1-5]\d\d)(?: [^\r\n]*)?\r?\n")
_REFUSED_USERS = {401, 407}


class TunnelRefusedError(Exception):
    """The proxy did not open the way.

    Args:
        status: the HTTP status of its answer; None if the answer was not HTTP.
    """

    def __init__(self, status: int | None = None) -> None:
        super().__init__(f"the proxy answered {'nothing readable' if status is None else f'HTTP {status}'}")
        self.status = status


def tunnel_request(host: str, port: int, user: tuple[str, str] | None, agent: str) -> bytes:
    """Write the request for a way to `port` of `host`; `user` is name and password for the proxy."""
    target = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    lines = [f"CONNECT {target} HTTP/1.1", f"Host: {target}", f"User-Agent: {agent}"]
    if user is not None:
        pair = ":".join(user).encode("utf-8")
        lines.append(f"Proxy-Authorization: Basic {encode_base64(pair)}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("ascii")


def check_answer(head: bytes) -> bool:
    """Look at the beginning of a proxy's answer, HTTP/1.1 or HTTP/1.0; feed it one byte more at a time.

    Returns:
        Whether the answer's head is complete: the way is open, and the next byte is the service's.

    Raises:
        TunnelRefusedError: if the proxy does not open a way, or if this is not such an answer.
    """
    if not b"HTTP/1.".startswith(head[:7]) or len(head) > MAX_ANSWER:
        raise TunnelRefusedError
    if not head.endswith((b"\r\n\r\n", b"\n\n")):
        return False
    match = _STATUS_LINE.match(head)
    if match is None:
        raise TunnelRefusedError
    status = int(match[1])
    if not 200 <= status < 300:
        raise TunnelRefusedError(status)
    return True


def refusal_cause(status: int | None) -> Literal["no answer", "user", "unreachable", "forbidden"]:
    """Say what a proxy's refusal means: it is not such a proxy, wants a user, cannot reach the service, or will not."""
    if status is None:
        return "no answer"
    if status in _REFUSED_USERS:
        return "user"
    return "unreachable" if status >= 500 else "forbidden"


def explain_refusal(status: int | None, where: str) -> str:
    """Say what a proxy's refusal of a way to `where` means, and what to check."""
    cause = refusal_cause(status)
    if cause == "no answer":
        return (
            f"the proxy did not open a way to {where}: check that the option 'proxy', or HTTPS_PROXY, names a proxy "
            "that allows CONNECT, and its scheme (http:// or https://)"
        )
    answer = f"the proxy answered HTTP {status} to {where}"
    if cause == "user":
        return (
            f"{answer}: check the proxy's user and password, which belong in its URL: http://USER:PASSWORD@HOST:PORT "
            "(option 'proxy', or HTTPS_PROXY)"
        )
    if cause == "unreachable":
        return f"{answer}: it cannot reach the service; check the endpoint's spelling, then the proxy's own network"
    return f"{answer}: ask whoever runs the proxy to allow CONNECT there, or choose another with the option 'proxy'"

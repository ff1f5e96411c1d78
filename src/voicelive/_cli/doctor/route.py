"""The way to the service below TLS: DNS, the proxy, TCP."""

from __future__ import annotations

import asyncio
import socket
import ssl
import urllib.request
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, TypeVar

from ..._core.handshake import USER_AGENT
from ..._core.tunnel import TunnelRefusedError, check_answer, refusal_cause, tunnel_request
from ..._transport.dialing import dial_host, resolve
from ..._transport.routes import InvalidProxy, Proxy, environment_proxy, parse_proxy
from .configuration import Target
from .privacy import Redactor
from .steps import Deadline, Finding, OutOfTimeError, Status, StepFailedError

__all__ = ["FoundProxy", "Way", "find_proxy", "look_up", "open_tcp", "through_proxy"]

Result = TypeVar("Result")


@dataclass(frozen=True)
class FoundProxy:
    """The proxy of the environment."""

    proxy: Proxy
    variable: str
    """Where it comes from."""

    @property
    def shown(self) -> str:
        """The proxy in words."""
        return f"the proxy {self.proxy.authority} ({self.variable})"


@dataclass(frozen=True)
class Way:
    """How to get a connection to the service, as often as it takes."""

    open: Callable[[Deadline], socket.socket]
    """Raises :class:`OSError` or :class:`StepFailedError`."""
    through: FoundProxy | None = None


def look_up(target: Target, deadline: Deadline) -> Finding:
    """Look the service's host up.

    Raises:
        StepFailedError: if there is no address, or no answer.
    """
    try:
        found = _run(resolve(target.host, target.port), deadline, target.host)
    except TimeoutError:
        raise StepFailedError(
            f"no answer for {target.host} within {deadline.seconds:g} s",
            remedy="check this machine's DNS servers and network; --timeout allows more time",
        ) from None
    shown = [str(each.address[0]) for each in found]
    if shown == [target.host]:
        return Finding(f"{target.host} is an address: nothing to look up", {"addresses": shown})
    return Finding(f"{target.host} is {', '.join(shown)}", {"addresses": shown})


def find_proxy(target: Target, redactor: Redactor) -> FoundProxy | None:
    """Find the proxy that a connection takes by the environment; None if it goes directly.

    Raises:
        StepFailedError: if the environment's value is not a proxy URL, or needs a package that is not installed.
    """
    url = None if target.is_loopback else environment_proxy(f"wss://{target.authority}/")
    if url is None:
        return None
    configured = urllib.request.getproxies()
    # The order in which the connection looks for one.
    variable = f"{next(name for name in ('wss', 'socks', 'https') if configured.get(name)).upper()}_PROXY"
    # Hidden first, whether or not the rest makes sense.
    user_info = url.rpartition("@")[0].rpartition("//")[2]
    if user_info:
        for secret in (url, user_info, user_info.partition(":")[2]):
            redactor.hide(secret)
    try:
        found = FoundProxy(parse_proxy(url), variable)
    except InvalidProxy:
        raise StepFailedError(
            f"the value of {variable} is not a proxy URL",
            remedy=f"write {variable} like http://HOST:PORT or http://USER:PASSWORD@HOST:PORT, or take it out",
        ) from None
    if not found.proxy.is_http and find_spec("python_socks") is None:
        raise StepFailedError(
            f"{found.shown} speaks SOCKS, for which a package is missing",
            remedy="pip install python-socks, or use an HTTP proxy",
        )
    return found


def through_proxy(found: FoundProxy, target: Target, deadline: Deadline) -> tuple[Finding, socket.socket]:
    """Ask the proxy for a connection to the service.

    Returns:
        What was found, and the open connection; a SOCKS proxy was not asked yet where it is to lead.

    Raises:
        StepFailedError: if the proxy cannot be reached, or refuses.
    """
    proxy, what, variable = found.proxy, found.shown, found.variable
    facts = {"proxy": proxy.authority, "variable": variable}
    check = f"check host and port in {variable}, and that the proxy runs; NO_PROXY={target.host} bypasses it"
    try:
        sock = _connect(proxy.host, proxy.port, deadline)
    except StepFailedError as failure:
        raise StepFailedError(f"{what} cannot be found: {failure.detail}", remedy=check, facts=facts) from None
    except OSError as error:
        raise StepFailedError(f"{what} cannot be reached: {_reason(error)}", remedy=check, facts=facts) from None
    if not proxy.is_http:
        return Finding(f"{what} is there; what it lets through shows at the upgrade", facts, Status.NOTED), sock
    try:
        sock.settimeout(deadline.left)
        if proxy.scheme == "https":
            sock = ssl.create_default_context().wrap_socket(sock, server_hostname=proxy.host)
        _open_tunnel(sock, proxy, target, deadline)
    except OSError as error:
        sock.close()
        raise StepFailedError(f"{what} did not answer: {_reason(error)}", remedy=check, facts=facts) from None
    except TunnelRefusedError as refusal:
        sock.close()
        if refusal.status is None:
            said = "answered with something that is not HTTP"
            raise StepFailedError(f"{what} {said}", remedy=check, facts=facts) from None
        raise StepFailedError(
            f"{what} answered HTTP {refusal.status} to CONNECT {target.authority}",
            remedy=_refusal_remedy(refusal.status, variable, target),
            facts={**facts, "status": str(refusal.status)},
        ) from None
    return Finding(f"{what} connects to {target.authority}", facts), sock


def open_tcp(target: Target, deadline: Deadline) -> tuple[Finding, socket.socket]:
    """Connect to the service directly.

    Raises:
        StepFailedError: if no address lets itself be connected to.
    """
    try:
        sock = _connect(target.host, target.port, deadline)
    except ConnectionRefusedError:
        raise StepFailedError(
            f"{target.authority} refused the connection",
            remedy="check the endpoint's host and port, and that the service runs there",
        ) from None
    except TimeoutError:
        raise StepFailedError(
            f"{target.authority} did not answer within {deadline.seconds:g} s",
            remedy=(
                f"check that firewalls and the resource's network rules let port {target.port} through; if the way "
                "out is through a proxy, set HTTPS_PROXY; --timeout allows more time"
            ),
        ) from None
    except OSError as error:
        raise StepFailedError(
            f"{target.authority} cannot be reached: {_reason(error)}", remedy="check this machine's network"
        ) from None
    peer = str(sock.getpeername()[0])
    return Finding(f"connected to {peer} port {target.port}", {"address": peer, "port": target.port}), sock


def _run(work: Coroutine[Any, Any, Result], deadline: Deadline, host: str) -> Result:
    """Do what the client does on its event loop.

    Raises:
        StepFailedError: if `host` cannot be found.
        OSError: if it cannot be reached; TimeoutError if not in time.
    """

    async def limited() -> Result:
        async with asyncio.timeout(deadline.left):
            return await work

    try:
        # Looking a name up cannot be interrupted: what takes too long is left behind.
        return deadline.run(lambda: asyncio.run(limited()))
    except OutOfTimeError:
        raise TimeoutError("timed out") from None
    except socket.gaierror as error:
        raise StepFailedError(
            f"{host} could not be found: {error.strerror or 'not a valid name'}",
            remedy=(
                "check the endpoint's spelling (the resource's name, and the part after it), and this machine's DNS; "
                "a resource with a private endpoint is found only from its own network"
            ),
        ) from None


def _connect(host: str, port: int, deadline: Deadline) -> socket.socket:
    return _run(dial_host(host, port), deadline, host)


def _open_tunnel(sock: socket.socket, proxy: Proxy, target: Target, deadline: Deadline) -> None:
    """Ask for the way as the client does. Of the answer its head is read, and not a byte more."""
    sock.sendall(tunnel_request(target.host, target.port, proxy.user, USER_AGENT))
    head = b""
    while not check_answer(head):
        sock.settimeout(deadline.left)
        byte = sock.recv(1)
        if not byte and not head:
            raise ConnectionResetError("it closed the connection")
        if not byte:
            raise TunnelRefusedError
        head += byte


def _refusal_remedy(status: int, variable: str, target: Target) -> str:
    cause = refusal_cause(status)
    if cause == "user":
        return f"put the proxy's user and password into {variable}: http://USER:PASSWORD@HOST:PORT"
    if cause == "unreachable":
        return f"the proxy cannot reach {target.authority}: check the endpoint's spelling, then the proxy's own network"
    return f"ask whoever runs the proxy to allow CONNECT to {target.authority}, or name another one in {variable}"


def _reason(error: OSError) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, ssl.SSLError):
        return str(getattr(error, "verify_message", "") or error.reason or error)
    return error.strerror or str(error) or type(error).__name__

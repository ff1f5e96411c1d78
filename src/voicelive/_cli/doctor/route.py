"""The way to the service below TLS: DNS, the proxy, TCP."""

from __future__ import annotations

import socket
import ssl
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.util import find_spec
from urllib.parse import SplitResult, unquote, urlsplit

from pybase64 import b64encode_as_string

from .configuration import Target
from .privacy import Redactor
from .steps import Deadline, Finding, OutOfTimeError, Status, StepFailedError

__all__ = ["Proxy", "Way", "find_proxy", "look_up", "open_tcp", "through_proxy"]

_PROXY_PORTS = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080, "socks4": 1080, "socks4a": 1080}
_MAX_ANSWER = 64 * 1024


@dataclass(frozen=True)
class Proxy:
    """The proxy of the environment. Its URL may hold a password: never shown."""

    url: str = field(repr=False)
    variable: str
    """Where it comes from."""
    parts: SplitResult = field(repr=False)

    @property
    def host(self) -> str:
        """The host, without brackets."""
        return self.parts.hostname or ""

    @property
    def port(self) -> int:
        """The port, the scheme's own if the URL names none."""
        return self.parts.port or _PROXY_PORTS[self.parts.scheme]

    @property
    def is_plain(self) -> bool:
        """Whether it is an HTTP proxy: through others, TLS cannot be looked at by itself."""
        return self.parts.scheme == "http"

    @property
    def authority(self) -> str:
        """Scheme, host and port, as they are shown."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.parts.scheme}://{host}:{self.port}"


@dataclass(frozen=True)
class Way:
    """How to get a connection to the service, as often as it takes."""

    open: Callable[[Deadline], socket.socket]
    """Raises :class:`OSError` or :class:`StepFailedError`."""
    through: Proxy | None = None


def look_up(target: Target, deadline: Deadline) -> Finding:
    """Look the service's host up.

    Raises:
        StepFailedError: if there is no address, or no answer.
    """
    found = _addresses(target.host, target.port, deadline)
    shown = [address for _, address in found]
    if shown == [target.host]:
        return Finding(f"{target.host} is an address: nothing to look up", {"addresses": shown})
    return Finding(f"{target.host} is {', '.join(shown)}", {"addresses": shown})


def find_proxy(target: Target, redactor: Redactor) -> Proxy | None:
    """Find the proxy that a connection takes by the environment; None if it goes directly.

    Raises:
        StepFailedError: if the environment's value is not a proxy URL, or needs a package that is not installed.
    """
    if target.is_loopback or urllib.request.proxy_bypass(f"{target.host}:{target.port}"):
        return None
    configured = urllib.request.getproxies()
    # The order in which the connection looks for one.
    scheme = next((name for name in ("wss", "socks", "https") if configured.get(name)), None)
    if scheme is None:
        return None
    url, variable = configured[scheme], f"{scheme.upper()}_PROXY"
    if scheme == "socks" and url.startswith("http://"):
        url = "socks5h://" + url.removeprefix("http://")
    # Hidden first, whether or not the rest makes sense.
    user_info = url.rpartition("@")[0].rpartition("//")[2]
    if user_info:
        for secret in (url, user_info, user_info.partition(":")[2]):
            redactor.hide(secret)
    parts = _parts_of(url)
    if parts is None:
        raise StepFailedError(
            f"the value of {variable} is not a proxy URL",
            remedy=f"write {variable} like http://HOST:PORT or http://USER:PASSWORD@HOST:PORT, or take it out",
        )
    proxy = Proxy(url, variable, parts)
    if parts.scheme.startswith("socks") and find_spec("python_socks") is None:
        raise StepFailedError(
            f"the proxy {proxy.authority} ({variable}) speaks SOCKS, for which a package is missing",
            remedy="pip install python-socks, or use an HTTP proxy",
        )
    return proxy


def _parts_of(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in _PROXY_PORTS and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return None
    return parts if usable and not parts.path.strip("/") else None


def through_proxy(proxy: Proxy, target: Target, deadline: Deadline) -> tuple[Finding, socket.socket]:
    """Ask the proxy for a connection to the service.

    Returns:
        What was found, and the open connection; a SOCKS proxy was not asked yet where it is to lead.

    Raises:
        StepFailedError: if the proxy cannot be reached, or refuses.
    """
    facts = {"proxy": proxy.authority, "variable": proxy.variable}
    what = f"the proxy {proxy.authority} ({proxy.variable})"
    check = f"check host and port in {proxy.variable}, and that the proxy runs; NO_PROXY={target.host} bypasses it"
    try:
        sock = _connect(proxy.host, proxy.port, deadline)
    except StepFailedError as failure:
        raise StepFailedError(f"{what} cannot be found: {failure.detail}", remedy=check, facts=facts) from None
    except OSError as error:
        raise StepFailedError(f"{what} cannot be reached: {_reason(error)}", remedy=check, facts=facts) from None
    if proxy.parts.scheme.startswith("socks"):
        return Finding(f"{what} is there; what it lets through shows at the upgrade", facts, Status.NOTED), sock
    try:
        sock.settimeout(deadline.left)
        if proxy.parts.scheme == "https":
            sock = ssl.create_default_context().wrap_socket(sock, server_hostname=proxy.host)
        sock.sendall(_connect_request(proxy, target))
        status, reason = _read_answer(sock, deadline)
    except OSError as error:
        sock.close()
        raise StepFailedError(f"{what} did not answer: {_reason(error)}", remedy=check, facts=facts) from None
    except ValueError:
        sock.close()
        raise StepFailedError(f"{what} answered with something that is not HTTP", remedy=check, facts=facts) from None
    facts["status"] = str(status)
    if not 200 <= status < 300:
        sock.close()
        raise StepFailedError(
            f"{what} answered HTTP {status} {reason}".rstrip() + f" to CONNECT {target.authority}",
            remedy=_refusal_remedy(status, proxy, target),
            facts=facts,
        )
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


def _addresses(host: str, port: int, deadline: Deadline) -> list[tuple[socket.AddressFamily, str]]:
    try:
        found = deadline.run(lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
    except OutOfTimeError:
        raise StepFailedError(
            f"no answer for {host} within {deadline.seconds:g} s",
            remedy="check this machine's DNS servers and network; --timeout allows more time",
        ) from None
    except (socket.gaierror, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or "not a valid name"
        raise StepFailedError(
            f"{host} could not be found: {reason}",
            remedy=(
                "check the endpoint's spelling (the resource's name, and the part after it), and this machine's DNS; "
                "a resource with a private endpoint is found only from its own network"
            ),
        ) from None
    # A host may be listed more than once.
    return list(dict.fromkeys((family, str(address[0])) for family, _, _, _, address in found))


def _connect(host: str, port: int, deadline: Deadline) -> socket.socket:
    addresses = _addresses(host, port, deadline)
    failure: OSError | None = None
    for tried, (family, address) in enumerate(addresses):
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            # One that does not answer leaves time for the others.
            sock.settimeout(deadline.left / (len(addresses) - tried))
            sock.connect((address, port))
        except OSError as error:
            sock.close()
            failure = error
        except BaseException:
            sock.close()
            raise
        else:
            return sock
    raise failure or OSError("the host has no address")


def _connect_request(proxy: Proxy, target: Target) -> bytes:
    lines = [f"CONNECT {target.authority} HTTP/1.1", f"Host: {target.authority}"]
    if proxy.parts.username is not None:
        pair = f"{unquote(proxy.parts.username)}:{unquote(proxy.parts.password or '')}"
        lines.append(f"Proxy-Authorization: Basic {b64encode_as_string(pair.encode())}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")


def _read_answer(sock: socket.socket, deadline: Deadline) -> tuple[int, str]:
    """Read an HTTP answer's head, and not a byte more: what follows is the service's."""
    head = bytearray()
    while not head.endswith(b"\r\n\r\n"):
        sock.settimeout(deadline.left)
        byte = sock.recv(1)
        if not byte:
            raise ConnectionResetError("it closed the connection")
        head += byte
        if len(head) > _MAX_ANSWER or (len(head) >= 5 and not head.startswith(b"HTTP/")):
            raise ValueError
    version, _, rest = head.split(b"\r\n", 1)[0].decode("latin-1").partition(" ")
    if not version.startswith("HTTP/1."):
        raise ValueError
    return int(rest[:3]), rest[3:].strip()


def _refusal_remedy(status: int, proxy: Proxy, target: Target) -> str:
    if status == 407:
        return f"put the proxy's user and password into {proxy.variable}: http://USER:PASSWORD@HOST:PORT"
    if status == 403:
        return f"ask whoever runs the proxy to allow CONNECT to {target.authority}"
    if 500 <= status < 600:
        return f"the proxy cannot reach {target.authority}: check the endpoint's spelling, then the proxy's own network"
    return f"check that {proxy.variable} names a proxy that allows CONNECT to {target.authority}"


def _reason(error: OSError) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, ssl.SSLError):
        return str(getattr(error, "verify_message", "") or error.reason or error)
    return error.strerror or str(error) or type(error).__name__

"""Turns what goes wrong while a connection opens into this package's errors."""

from __future__ import annotations

import asyncio
import errno
import re
import socket
import ssl
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple, cast

from websockets.exceptions import (
    ConnectionClosed,
    InvalidHandshake,
    InvalidMessage,
    InvalidProxy,
    InvalidStatus,
    InvalidURI,
    WebSocketException,
)
from websockets.exceptions import ProxyError as TransportProxyError
from websockets.frames import Close
from websockets.protocol import Protocol

from .._core.closing import CloseInfo, explain_end, interpret_end
from .._core.handshake import OpeningRequest
from .._core.refusals import redactor_of, refusal, unreadable_answer
from .._core.secrecy import Redactor
from .._core.tunnel import TunnelRefusedError, explain_refusal
from ..errors import (
    ConfigurationError,
    ConnectionError,
    ConnectTimeoutError,
    ProxyError,
    TlsError,
    VoiceLiveError,
)
from .addresses import SourceAddressError
from .answers import Answer
from .options import TransportOptions
from .receive_limit import ReceiveLimit
from .routes import Proxy, ProxyTlsError

__all__ = ["OPENING_FAILURES", "opening_error", "read_end", "decisive_error"]

OPENING_FAILURES = (
    TunnelRefusedError,
    ProxyTlsError,
    OSError,
    asyncio.TimeoutError,
    EOFError,
    WebSocketException,
    ImportError,
    TypeError,
    ValueError,
)
"""What opening a connection may raise: the network, the other side, or options that do not work."""

_OLD_STATUS = re.compile(r"HTTP/1\.0 ([1-5]\d\d)\b")
_CERTIFICATE_WANTED = {
    "TLSV13_ALERT_CERTIFICATE_REQUIRED",
    "TLSV1_ALERT_CERTIFICATE_REQUIRED",
    "SSLV3_ALERT_BAD_CERTIFICATE",
    "SSLV3_ALERT_HANDSHAKE_FAILURE",
}
"""What OpenSSL calls the refusal of a client without a certificate, or with one that is not trusted."""
_TOO_OLD = {"UNSUPPORTED_PROTOCOL", "TLSV1_ALERT_PROTOCOL_VERSION", "VERSION_TOO_LOW"}
_UNREACHABLE = {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EHOSTDOWN}


class RefusedError(Exception):
    """The service answered with a status in place of an upgrade, and the answer did not end."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(f"HTTP {answer.status}")
        self.answer = answer


def opening_error(
    error: Exception, request: OpeningRequest, options: TransportOptions, proxy: Proxy | None
) -> VoiceLiveError:
    """Build the error to raise where the connection could not be opened, with as much of its cause as may be shown.

    Raise it where no variable holds `error` any more: that may hold what must not be shown.
    """
    told = _opening_error(error, _Opening(request, options, proxy))
    told.__cause__ = _presentable(error, redactor_of(request))
    return told


class _Opening(NamedTuple):
    """What was being opened."""

    request: OpeningRequest
    options: TransportOptions
    proxy: Proxy | None

    @property
    def where(self) -> str:
        return self.request.endpoint.authority


def _opening_error(error: Exception, opening: _Opening) -> VoiceLiveError:
    """Build the error that says why the connection could not be opened and what to check."""
    if isinstance(error, VoiceLiveError):
        return error
    for kind, explain in _EXPLANATIONS:
        if isinstance(error, kind) and (explained := explain(error, opening)) is not None:
            return explained
    # What is left comes from values that are passed on as they are: vendor_options, a SOCKS proxy's package.
    text = redactor_of(opening.request)(str(error))
    return ConfigurationError(f"the connection to {opening.where} cannot be opened with these options: {text}")


def _status(error: InvalidStatus, opening: _Opening) -> VoiceLiveError:
    response = error.response
    headers = list(response.headers.raw_items())
    return refusal(response.status_code, headers, response.body, opening.request, datetime.now(UTC))


def _unfinished(error: RefusedError, opening: _Opening) -> VoiceLiveError:
    answer = error.answer
    return refusal(answer.status, answer.headers, answer.body, opening.request, datetime.now(UTC))


def _source_address(error: SourceAddressError, opening: _Opening) -> VoiceLiveError:
    source = opening.options.source_address and opening.options.source_address[0]
    return ConfigurationError(
        f"{opening.where} cannot be reached from source_address {source!r} ({error}): give an address of this machine, "
        "of the same family (IPv4 or IPv6) as the host's"
    )


def _unreachable_proxy(error: OSError, opening: _Opening) -> VoiceLiveError | None:
    if opening.proxy is None:
        return None
    what = "refused the connection" if isinstance(error, ConnectionRefusedError) else "could not be found"
    return ProxyError(
        f"the proxy on the way to {opening.where} {what}: "
        "check the option 'proxy', HTTPS_PROXY, and that the proxy runs"
    )


def _proxy_tls(error: ProxyTlsError, opening: _Opening) -> VoiceLiveError:
    return _tls_error(error.__cause__, "the proxy", option="proxy_ssl")


def _tls(error: ssl.SSLError, opening: _Opening) -> VoiceLiveError:
    # Of two TLS connections, asyncio does not tell which one failed.
    or_proxy = ", or of its proxy," if opening.proxy is not None and opening.proxy.scheme == "https" else ""
    return _tls_error(error, opening.where + or_proxy)


def _unknown_host(error: socket.gaierror, opening: _Opening) -> VoiceLiveError:
    return ConnectionError(
        f"the host of {opening.where} could not be found ({error.strerror or error}): "
        "check the endpoint's spelling and this machine's DNS and network"
    )


def _refused(error: ConnectionRefusedError, opening: _Opening) -> VoiceLiveError:
    return ConnectionError(
        f"{opening.where} refused the connection: check the endpoint's host and port, and that the service runs there"
    )


def _unusable_proxy(error: InvalidProxy, opening: _Opening) -> VoiceLiveError:
    # Whatever names a proxy may show its password, so its text is left out.
    return ConfigurationError("the proxy's URL cannot be used: check the option 'proxy' and HTTPS_PROXY")


def _refusing_proxy(error: TransportProxyError, opening: _Opening) -> VoiceLiveError:
    status = getattr(getattr(error, "response", None), "status_code", None) or _old_status(error)
    return ProxyError(explain_refusal(status, opening.where), status=status)


def _refused_tunnel(error: TunnelRefusedError, opening: _Opening) -> VoiceLiveError:
    return ProxyError(explain_refusal(error.status, opening.where), status=error.status)


def _no_answer(error: InvalidMessage | EOFError, opening: _Opening) -> VoiceLiveError:
    what = "closed the connection or sent something else instead of an HTTP answer"
    return unreadable_answer(opening.request, what)


_Kinds = type[Exception] | tuple[type[Exception], ...]
_EXPLANATIONS: Sequence[tuple[_Kinds, Callable[[Any, _Opening], VoiceLiveError | None]]] = [
    (InvalidStatus, _status),
    (RefusedError, _unfinished),
    (SourceAddressError, _source_address),
    (TimeoutError, lambda error, opening: _timeout_error(error, opening.where, opening.options)),
    ((socket.gaierror, ConnectionRefusedError), _unreachable_proxy),
    (ProxyTlsError, _proxy_tls),
    (ssl.SSLError, _tls),
    (socket.gaierror, _unknown_host),
    (ConnectionRefusedError, _refused),
    (InvalidProxy, _unusable_proxy),
    (TransportProxyError, _refusing_proxy),
    (TunnelRefusedError, _refused_tunnel),
    ((InvalidMessage, EOFError), _no_answer),
    (
        InvalidHandshake,
        lambda error, opening: unreadable_answer(opening.request, f"did not upgrade to a WebSocket properly ({error})"),
    ),
    (OSError, lambda error, opening: _network_error(error, opening.where)),
    (
        InvalidURI,
        lambda error, opening: ConfigurationError(
            f"the address made for {opening.where} cannot be used: check endpoint and query"
        ),
    ),
    (
        ConnectionClosed,
        lambda error, opening: unreadable_answer(opening.request, "closed the connection during the handshake"),
    ),
]
"""What explains each kind of error; the first that fits and has something to say is taken. A kind stands before those
it derives from: ``TimeoutError``, ``ssl.SSLError`` and ``socket.gaierror`` are each an ``OSError``."""


def _presentable(error: Exception, hide: Redactor) -> Exception | None:
    """Return the error to chain to; None for one that may show a proxy's password, a query, or an answer
    that repeats the credential.

    It and those it came from lose their tracebacks, as the variables of the transport's frames hold the request.
    """
    if isinstance(error, ProxyTlsError):
        error = cast("Exception", error.__cause__)
    if isinstance(error, (InvalidProxy, InvalidURI, InvalidStatus, RefusedError, VoiceLiveError)):
        return None
    left: list[BaseException | None] = [error]
    seen: set[int] = set()
    while left:
        each = left.pop()
        if each is not None and id(each) not in seen:
            seen.add(id(each))
            if hide(str(each)) != str(each):
                return None
            each.__traceback__ = None
            left += [each.__cause__, each.__context__]
    return error


def _old_status(error: BaseException) -> int | None:
    """Find the status of an answer in HTTP/1.0, which is read no further than its first line."""
    reason = error.__cause__ or error.__context__
    match = _OLD_STATUS.search(str(reason)) if isinstance(reason, ValueError) else None
    return int(match[1]) if match else None


def decisive_error(error: Exception, made: Sequence[object]) -> Exception:
    """Find the error that says more, with the connections that were made until then.

    With TLS 1.3 a client learns only after its handshake that it is refused; that shows as a connection that ended.
    """
    for websocket in made:
        answer = getattr(websocket, "answer", None)
        if isinstance(answer, Answer) and answer.is_refusal and not isinstance(error, InvalidStatus):
            # Its status is known, whatever became of the rest.
            return RefusedError(answer)
        refusal = getattr(getattr(websocket, "socket", None), "refusal", None)
        if isinstance(refusal, ssl.SSLError):
            return refusal
        # Its name was another one before 17.0.
        reason = getattr(websocket, "connection_exc", None) or getattr(websocket, "recv_exc", None)
        if isinstance(reason, ssl.SSLError):
            return reason
    if isinstance(error, TypeError) and isinstance(error.__context__, ssl.SSLError):
        # Before 3.11.8 and 3.12.2, Python fails at closing TLS inside of TLS whose handshake failed.
        return error.__context__
    return error


def read_end(protocol: Protocol, requested: tuple[int, str] | None, inflow: ReceiveLimit) -> CloseInfo:
    """Return how a connection ended, from the close frames that went over it and from what arrived last."""
    received, sent = _said(protocol.close_rcvd, inflow), _said(protocol.close_sent, inflow)
    first = bool(protocol.close_rcvd_then_sent)
    info = interpret_end(received, sent, received_first=first, requested=requested, given_up=inflow.given_up)
    if requested is not None and info.initiator == "local" and info.cause is None:
        return info
    return explain_end(info, inflow.words, inflow.ended_at or time.time())


def _said(frame: Close | None, inflow: ReceiveLimit) -> tuple[int, str] | None:
    return None if frame is None else (int(frame.code), inflow.hide(frame.reason))


def _timeout_error(error: Exception, where: str, options: TransportOptions) -> VoiceLiveError:
    if isinstance(error, OSError) and error.errno == errno.ETIMEDOUT:
        limit = "the system's own limit"
    elif options.open_timeout is None:
        limit = "the time allowed"
    else:
        limit = f"open_timeout={options.open_timeout:g} s"
    return ConnectTimeoutError(
        f"{where} did not open a connection within {limit}: check the network, firewall and proxy, "
        'or allow more with connection_options={"open_timeout": SECONDS}'
    )


def _tls_error(error: BaseException | None, where: str, option: str = "ssl") -> TlsError:
    if isinstance(error, ssl.SSLCertVerificationError):
        return TlsError(
            f"the certificate of {where} is not trusted ({error.verify_message}): check the endpoint's host; "
            f'for a private authority pass connection_options={{"{option}": an ssl.SSLContext that knows it}}'
        )
    reason = getattr(error, "reason", None) or str(error)
    if reason in _TOO_OLD:
        return TlsError(
            f"TLS with {where} failed ({reason}): it offers no version that is safe; TLS 1.2 or later is needed there"
        )
    if reason in _CERTIFICATE_WANTED:
        return TlsError(
            f"TLS with {where} failed ({reason}): it may want a client certificate that it trusts: pass "
            f'connection_options={{"{option}": an ssl.SSLContext with load_cert_chain(...)}}'
        )
    return TlsError(
        f"TLS with {where} failed ({reason}): check that the port speaks TLS, and that no proxy changes the connection"
    )


def _network_error(error: OSError, where: str) -> ConnectionError:
    cause = error.strerror or str(error) or type(error).__name__
    if isinstance(error, ConnectionResetError):
        return ConnectionError(
            f"{where} broke the connection while it opened ({cause}): check that the port is the service's, "
            "and the scheme (https:// or http://)"
        )
    if error.errno in _UNREACHABLE:
        return ConnectionError(f"{where} cannot be reached ({cause}): check this machine's network")
    return ConnectionError(
        f"the connection to {where} could not be opened ({cause}): check the endpoint and the network"
    )

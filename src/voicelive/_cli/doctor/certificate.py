"""TLS: version, certificate, and whether this machine trusts it for the endpoint's host."""

from __future__ import annotations

import math
import socket
import ssl
import time
from contextlib import suppress
from typing import Any

from .configuration import Target
from .route import Way
from .steps import Deadline, Finding, Status, StepFailedError

__all__ = ["UNTRUSTED_REMEDY", "check_tls"]

# OpenSSL's X509_V_ERR_*.
_NOT_YET_VALID, _EXPIRED = 9, 10
_SELF_SIGNED = 18
_UNKNOWN_ISSUER = {2, 19, 20, 21}
_WRONG_HOST = {62, 64}

_IGNORE_DATES = 0x200000  # OpenSSL's X509_V_FLAG_NO_CHECK_TIME
UNTRUSTED_REMEDY = (
    "if a proxy of your organization or a private authority issued it, put the authority's certificate in a file "
    "that SSL_CERT_FILE names, or pass connection_options={'ssl': CONTEXT}; if not, the connection is intercepted: "
    "do not continue"
)

_SOON_DAYS = 14
_DAY = 86_400


def check_tls(target: Target, way: Way, sock: socket.socket, deadline: Deadline) -> Finding:
    """Do the TLS handshake over `sock`, which is closed then.

    Raises:
        StepFailedError: if it fails; says which part of the certificate is wrong.
    """
    context = ssl.create_default_context()
    try:
        with _wrapped(context, sock, target.host, deadline) as tls:
            version, cipher, certificate = tls.version(), tls.cipher(), tls.getpeercert() or {}
    except ssl.SSLCertVerificationError as error:
        presented = _describe(_unverified_certificate(target, way, deadline))
        raise StepFailedError(
            f"{_fault(error, target, presented)}{_shown(presented)}",
            remedy=_verification_remedy(error, target),
            facts={**presented, "verify_code": error.verify_code},
        ) from None
    except TimeoutError:
        raise StepFailedError(
            f"{target.authority} did not finish the TLS handshake within {deadline.seconds:g} s",
            remedy=f"check that port {target.port} speaks TLS, and that no firewall holds it up",
        ) from None
    except OSError as error:  # TLS errors are among these
        reason = getattr(error, "reason", None) or error.strerror or type(error).__name__
        raise StepFailedError(
            f"TLS with {target.authority} failed: {reason}",
            remedy=(
                f"check that port {target.port} speaks TLS 1.2 or 1.3, and that no proxy or firewall changes or cuts "
                "the connection"
            ),
        ) from None
    facts: dict[str, Any] = {"version": version, "cipher": cipher[0] if cipher else None, **_describe(certificate)}
    days = facts.get("days_left")
    soon = days is not None and days < _SOON_DAYS
    return Finding(f"{version}{_shown(facts)}", facts, Status.NOTED if soon else Status.PASSED)


def _wrapped(context: ssl.SSLContext, sock: socket.socket, host: str, deadline: Deadline) -> ssl.SSLSocket:
    try:
        sock.settimeout(deadline.left)
        return context.wrap_socket(sock, server_hostname=host)
    except BaseException:
        sock.close()
        raise


def _unverified_certificate(target: Target, way: Way, deadline: Deadline) -> dict[str, Any]:
    """Read the certificate that was not trusted, to say what it is. Nothing is sent over these connections."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    # Whatever fails here leaves a report without particulars, and the failure that there is.
    with suppress(OSError, StepFailedError, ValueError):
        with _wrapped(context, way.open(deadline), target.host, deadline) as tls:
            encoded = tls.getpeercert(binary_form=True)
        if encoded is None:
            return {}
        # Only a certificate that was verified can be read, so this one is verified against itself.
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN | _IGNORE_DATES
        context.load_verify_locations(cadata=encoded)
        with _wrapped(context, way.open(deadline), target.host, deadline) as tls:
            return dict(tls.getpeercert() or {})
    return {}


def _describe(certificate: Any) -> dict[str, Any]:
    if not certificate:
        return {}
    expires = ssl.cert_time_to_seconds(certificate["notAfter"])
    return {
        "subject": _name(certificate.get("subject", ())),
        "issuer": _name(certificate.get("issuer", ())),
        "hosts": [value for _, value in certificate.get("subjectAltName", ())],
        "not_before": _date(ssl.cert_time_to_seconds(certificate["notBefore"])),
        "expires": _date(expires),
        "days_left": math.floor((expires - time.time()) / _DAY),
    }


def _name(parts: Any) -> str:
    fields = {name: value for part in parts for name, value in part}
    best = fields.get("commonName") or fields.get("organizationalUnitName") or fields.get("organizationName")
    organization = fields.get("organizationName")
    return f"{best} ({organization})" if organization and organization != best else best or "no name"


def _date(seconds: float) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(seconds))


def _shown(facts: dict[str, Any]) -> str:
    if "subject" not in facts:
        return ""
    days = facts["days_left"]
    until = f"expired {facts['expires']}" if days < 0 else f"valid until {facts['expires']} ({days} days)"
    return f"; certificate of {facts['subject']}, issued by {facts['issuer']}, {until}"


def _fault(error: ssl.SSLCertVerificationError, target: Target, facts: dict[str, Any]) -> str:
    code = error.verify_code
    if code == _EXPIRED:
        return "the certificate has expired"
    if code == _NOT_YET_VALID:
        return f"the certificate is not valid before {facts.get('not_before', 'a date to come')}"
    if code in _WRONG_HOST:
        hosts = ", ".join(facts.get("hosts", ())) or "another host"
        return f"the certificate is for {hosts}, not for {target.host}"
    if code == _SELF_SIGNED:
        return "the certificate is self-signed, so it is not trusted"
    if code in _UNKNOWN_ISSUER:
        return "the certificate's issuer is not trusted on this machine"
    return f"the certificate is not trusted: {error.verify_message}"


def _verification_remedy(error: ssl.SSLCertVerificationError, target: Target) -> str:
    code = error.verify_code
    if code in {_EXPIRED, _NOT_YET_VALID}:
        return (
            f"check this machine's clock (it says {_date(time.time())}); if it is right, whoever runs {target.host} "
            "must renew the certificate"
        )
    if code in _WRONG_HOST:
        return "use the host that the certificate is for as the endpoint, or check where DNS and proxies lead to"
    return UNTRUSTED_REMEDY

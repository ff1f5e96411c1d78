"""Who may call: the vendors' signatures, and tokens of this side's own. Secrets go in, whether it fits comes out."""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from xml.sax.saxutils import quoteattr

__all__ = ["call_token", "genesys_fits", "same", "token_fits", "twilio_fits", "twilio_signature", "twiml"]

_OLDEST_S = 60


def same(given: str | None, expected: str) -> bool:
    """Return whether a secret was given, without telling by the time it takes."""
    return bool(expected) and hmac.compare_digest((given or "").encode(), expected.encode())


def twilio_signature(token: str, url: str, fields: Mapping[str, str]) -> str:
    """Return what Twilio sends as ``X-Twilio-Signature`` for a request."""
    signed = url + "".join(name + fields[name] for name in sorted(fields))
    return base64.b64encode(hmac.new(token.encode(), signed.encode(), hashlib.sha1).digest()).decode()


def twilio_fits(token: str, url: str, fields: Mapping[str, str], signature: str | None) -> bool:
    """Return whether a request is Twilio's. A WebSocket's address may be signed in any way Twilio is known to."""
    bare = url.rstrip("/")
    forms = {url} if not url.startswith("wss:") else {bare, bare + "/", "https" + bare[3:], "https" + bare[3:] + "/"}
    fits = [same(signature, twilio_signature(token, form, fields)) for form in sorted(forms)]
    return any(fits)


def twiml(url: str, parameters: Mapping[str, str]) -> str:
    """Return the TwiML that connects a call to a WebSocket."""
    written = "".join(
        f"<Parameter name={quoteattr(name)} value={quoteattr(value)}/>" for name, value in parameters.items()
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f"<Response><Connect><Stream url={quoteattr(url)}>{written}</Stream></Connect></Response>"
    )


def call_token(key: str, now: float, *parts: str) -> str:
    """Return a token that holds for a minute, for a call of which `parts` are known."""
    until = int(now) + _OLDEST_S
    return f"{until}.{_mac(key, str(until), *parts)}"


def token_fits(key: str, token: str, now: float, *parts: str) -> bool:
    """Return whether a token is of this side's making, for this call, and not too old."""
    until, _, mac = token.partition(".")
    return same(mac, _mac(key, until, *parts)) and until.isdecimal() and now <= int(until)


def _mac(key: str, *parts: str) -> str:
    return hmac.new(key.encode(), "\0".join(parts).encode(), hashlib.sha256).hexdigest()


_GENESYS_SIGNED = (
    "@request-target",
    "@authority",
    "audiohook-organization-id",
    "audiohook-session-id",
    "audiohook-correlation-id",
    "x-api-key",
)
_INPUT = re.compile(r'^[\w-]+=(\((?P<names>[^)]*)\)(?P<parameters>(?:;[\w-]+=(?:"[^"]*"|\d+))*))$')
_PARAMETER = re.compile(r';([\w-]+)=(?:"([^"]*)"|(\d+))')
_SIGNATURE = re.compile(r"^[\w-]+=:([A-Za-z0-9+/=]+):$")


def genesys_fits(secret: bytes, target: str, headers: Mapping[str, str], now: float) -> bool:
    """Return whether a WebSocket's opening request is signed by Genesys with the client secret.

    Args:
        secret: the client secret, decoded.
        target: path and query of the request, as they came.
        headers: the request's, with small names.
        now: the time, in seconds since 1970.
    """
    described = _INPUT.match(headers.get("signature-input", ""))
    signature = _SIGNATURE.match(headers.get("signature", ""))
    if described is None or signature is None:
        return False
    names = re.findall(r'"([^"]*)"', described["names"])
    parameters = {name: text or number for name, text, number in _PARAMETER.findall(described["parameters"])}
    created = parameters.get("created", "")
    if not set(_GENESYS_SIGNED) <= set(names) or not created.isdecimal() or abs(now - int(created)) > _OLDEST_S:
        return False
    if parameters.get("alg", "hmac-sha256") != "hmac-sha256" or parameters.get("keyid") != headers.get("x-api-key"):
        return False
    values = {**headers, "@request-target": target, "@authority": headers.get("host", "")}
    lines = [f'"{name}": {values.get(name, "").strip()}' for name in names]
    lines.append(f'"@signature-params": {described[1]}')
    expected = hmac.new(secret, "\n".join(lines).encode(), hashlib.sha256).digest()
    return same(signature[1], base64.b64encode(expected).decode())

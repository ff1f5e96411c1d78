"""What the opening request says: endpoint rules, URL, query, headers. Values in, values out."""

from __future__ import annotations

import ipaddress
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode, urlsplit

from .._environment import ENDPOINT_VARIABLES
from .._generated.versions import DEFAULT_API_VERSION
from .._version import __version__
from ..errors import ConfigurationError
from .secrecy import Secret
from .version_names import contract_version, is_voice_agent, wire_name

__all__ = [
    "API_KEY_HEADER",
    "AUTHORIZATION_HEADER",
    "DEFAULT_API_VERSION",
    "FEATURES_HEADER",
    "PATH",
    "USER_AGENT",
    "Endpoint",
    "Handshake",
    "OpeningRequest",
    "asks_for_previews",
    "carries_credential",
    "check_headers",
    "is_loopback",
    "parse_endpoint",
    "prepare_handshake",
]

FEATURES_HEADER = "VoiceLive-Features"
PATH = "/voice-live/realtime"
# What an endpoint may end in to be taken as it is: the service, or its signalling for WebRTC. A voice agent may too.
_WHOLE = re.compile(rf"{PATH}(/calls)?$")
_VOICE_AGENT_HEADER = ("Foundry-Features", "VoiceAgents=V1Preview")
API_KEY_HEADER = "api-key"
AUTHORIZATION_HEADER = "Authorization"

SDK_NAME = f"voicelive/{__version__}"
USER_AGENT = f"{SDK_NAME} Python/{sys.version_info[0]}.{sys.version_info[1]}"

_SECURE = {"https": True, "wss": True, "http": False, "ws": False}
_DEFAULT_PORTS = {True: 443, False: 80}
_HOST = re.compile(r"(?=.{1,253}$)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*\.?")
_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_BLANKS = re.compile(r"[\x00-\x20\x7f]")
_CONTROLS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")

_PARAMETERS = {
    "model": "model",
    "agent_name": "agent-name",
    "project_name": "agent-project-name",
    "agent_version": "agent-version",
    "conversation_id": "conversation-id",
    "authentication_identity_client_id": "agent-authentication-identity-client-id",
    "foundry_resource_override": "foundry-resource-override",
}
"""Arguments that are given as query parameters, and the names of those."""

# The transport writes these; a second value would break the upgrade.
_RESERVED_HEADERS = {"host", "connection", "upgrade", "content-length", "transfer-encoding"}
_CREDENTIAL_HEADERS = {API_KEY_HEADER, AUTHORIZATION_HEADER.lower()}


# What every process that connects loads are named tuples: to make a dataclass takes five times as long.


class Endpoint(NamedTuple):
    """Where the service is: the checked form of the ``endpoint`` argument."""

    secure: bool
    host: str
    """Lower case, without brackets; international names in their ASCII form."""
    port: int
    path: str
    """The path that everything goes below; empty for most."""

    @property
    def is_loopback(self) -> bool:
        """Whether the host is this machine."""
        return is_loopback(self.host)

    @property
    def authority(self) -> str:
        """Host, and the port where it is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORTS[self.secure] else f"{host}:{self.port}"


class Handshake(NamedTuple):
    """All of the opening request but the credential, which is asked for when the connection opens."""

    endpoint: Endpoint
    model: str | None
    query: tuple[tuple[str, str], ...]
    headers: tuple[tuple[str, str], ...]
    request_id: str
    contract_version: str
    """The API version that what is sent is checked against."""

    def __repr__(self) -> str:
        # Query and headers may hold secrets of the application.
        return (
            f"Handshake(endpoint={self.endpoint!r}, model={self.model!r}, request_id={self.request_id!r}, "
            f"contract_version={self.contract_version!r})"
        )

    def request(self, credential_headers: Mapping[str, str]) -> OpeningRequest:
        """Complete the request; a header the application gave itself wins over the credential's."""
        given = {name.lower() for name, _ in self.headers}
        extra = [(name, value) for name, value in credential_headers.items() if name.lower() not in given]
        agent = [] if "user-agent" in given else [("User-Agent", USER_AGENT)]
        endpoint = self.endpoint
        scheme = "wss" if endpoint.secure else "ws"
        path = endpoint.path if _is_whole(endpoint.path) else endpoint.path + PATH
        query = urlencode(self.query, quote_via=quote)
        return OpeningRequest(
            endpoint,
            Secret(f"{scheme}://{endpoint.authority}{path}?{query}"),
            (*agent, *((name, Secret(value)) for name, value in (*extra, *self.headers))),
            self.request_id,
        )

    def with_headers(self, headers: Mapping[str, str]) -> Handshake:
        """Return the same with further headers; what the application gave itself stays, and what HTTP forbids is left
        out."""
        given = {name.lower() for name, _ in self.headers}
        more = [(name, value) for name, value in headers.items() if name.lower() not in given and _is_fit(name, value)]
        return self._replace(headers=(*self.headers, *more))

    def renewed(self, request_id: str) -> Handshake:
        """Return the same with another request id, for another connection."""
        query = tuple((name, request_id if value == self.request_id else value) for name, value in self.query)
        return self._replace(query=query, request_id=request_id)


class OpeningRequest(NamedTuple):
    """The opening request as it goes to the transport. Holds the credential: never shown."""

    endpoint: Endpoint
    url: str
    headers: tuple[tuple[str, str], ...]
    request_id: str

    def __repr__(self) -> str:
        return f"OpeningRequest(endpoint={self.endpoint!r}, request_id={self.request_id!r})"


def prepare_handshake(
    *,
    endpoint: str | None,
    environ: Mapping[str, str],
    request_id: str,
    api_version: str = DEFAULT_API_VERSION,
    model: str | None = None,
    agent_name: str | None = None,
    project_name: str | None = None,
    agent_version: str | None = None,
    conversation_id: str | None = None,
    authentication_identity_client_id: str | None = None,
    foundry_resource_override: str | None = None,
    query: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
    preview_features: Iterable[str] = (),
    allow_plaintext: bool = False,
) -> Handshake:
    """Check the arguments of ``connect()`` that make up the opening request.

    Raises:
        ConfigurationError: naming the argument, its value unless that is secret, and the remedy.
    """
    where = parse_endpoint(_find_endpoint(endpoint, environ), allow_plaintext=allow_plaintext)
    if (agent_name is None) != (project_name is None):
        given, missing = ("agent_name", "project_name") if project_name is None else ("project_name", "agent_name")
        raise ConfigurationError(f"{given} was given without {missing}: an agent needs both, a model needs neither")
    version = _text("api_version", api_version)
    of_agent = {
        "agent_version": agent_version,
        "conversation_id": conversation_id,
        "authentication_identity_client_id": authentication_identity_client_id,
        "foundry_resource_override": foundry_resource_override,
    }
    texts = {"model": model, "agent_name": agent_name, "project_name": project_name, **of_agent}
    parameters: dict[str, str | None] = {
        "api-version": version and wire_name(version, where.path),
        **{_PARAMETERS[name]: _text(name, value) for name, value in texts.items()},
        "x-ms-client-sdk": SDK_NAME,
        "x-ms-client-request-id": request_id,
    }
    if agent_name is None and (alone := [name for name, value in of_agent.items() if value is not None]):
        raise ConfigurationError(f"{' and '.join(alone)} only work with an agent: give agent_name and project_name too")
    pairs = _merge_query(parameters, query)
    names = {name for name, _ in pairs}
    if "api-version" not in names:
        raise ConfigurationError(f"api_version is missing: give one, such as {DEFAULT_API_VERSION!r}")
    to_agent = is_voice_agent(where.path)
    if not to_agent and not names & {"model", "deployment", "agent-name", "agent-id"}:
        raise ConfigurationError(
            'model is missing: give one, such as model="gpt-4o", or agent_name and project_name for an agent'
        )
    checked = check_headers(headers)
    if to_agent and all(name.lower() != _VOICE_AGENT_HEADER[0].lower() for name, _ in checked):
        checked = (*checked, _VOICE_AGENT_HEADER)
    return Handshake(
        where,
        model,
        pairs,
        _with_features(checked, preview_features),
        request_id,
        contract_version(where.path, version or dict(pairs)["api-version"]),
    )


def _is_whole(path: str) -> bool:
    return _WHOLE.search(path) is not None or is_voice_agent(path)


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine."""
    # Not names below localhost: a name server may send them elsewhere, and a key in clear text with them.
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def parse_endpoint(endpoint: str, *, allow_plaintext: bool = False) -> Endpoint:
    """Check an endpoint: ``https://`` or ``wss://`` anywhere, ``http://`` or ``ws://`` on this machine only.

    A path is kept and everything goes below it (for gateways); a path that already ends in ``/voice-live/realtime``, in
    ``/voice-live/realtime/calls`` or in ``/agents/NAME/endpoint/protocols/voice`` is taken as it is. User names,
    passwords, queries and fragments are refused, without repeating them.

    Args:
        endpoint: the endpoint.
        allow_plaintext: take ``http://`` and ``ws://`` anywhere.

    Raises:
        ConfigurationError: naming what is wrong with it.
    """
    if not isinstance(endpoint, str):
        raise ConfigurationError(f"endpoint must be a str, not {type(endpoint).__name__}")
    text = _checked_text("endpoint", endpoint.strip())
    example = "such as https://RESOURCE.services.ai.azure.com"
    if not text:
        raise ConfigurationError(f"endpoint is empty: give the resource's address, {example}")
    if "@" in text.split("://", 1)[-1].split("/", 1)[0]:
        raise ConfigurationError("endpoint holds a user name or password: take it out, and pass the key as credential")
    for mark, what in (("#", "a fragment"), ("?", "a query")):
        if mark in text:
            raise ConfigurationError(
                f"endpoint holds {what} after {text.split(mark, 1)[0]!r}: take it out; "
                "parameters go into model, api_version and query"
            )
    if _BLANKS.search(text):
        raise ConfigurationError(f"endpoint {text!r} holds blanks or control characters")
    scheme, separator, _ = text.partition("://")
    if not separator:
        raise ConfigurationError(f"endpoint {text!r} has no scheme: write https://{text}")
    if scheme.lower() not in _SECURE:
        raise ConfigurationError(f"endpoint {text!r} has the scheme {scheme!r}: use https:// or wss://, {example}")
    try:
        parts = urlsplit(text)
        port = parts.port
        if port == 0:
            raise ValueError("no service has the port 0")
    except ValueError as error:
        raise ConfigurationError(f"endpoint {text!r} is malformed: {error}") from None
    secure = _SECURE[scheme.lower()]
    where = Endpoint(
        secure,
        _ascii_host(parts.hostname or "", text),
        _DEFAULT_PORTS[secure] if port is None else port,
        quote(parts.path.rstrip("/"), safe="/%:@!$&'()*+,;=~-._"),
    )
    if not where.secure and not where.is_loopback and not allow_plaintext:
        secured = "https" if scheme.lower() == "http" else "wss"
        raise ConfigurationError(
            f"endpoint {text!r} is not encrypted, so the credential could be read on the way: "
            f"use {secured}://; {scheme}:// is for this machine only (127.0.0.1, ::1, localhost), or for a network "
            'that you trust entirely, with connection_options={"allow_plaintext_credentials": True}'
        )
    return where


def check_headers(headers: Mapping[str, str] | None) -> tuple[tuple[str, str], ...]:
    """Check the application's own headers.

    Raises:
        ConfigurationError: naming the header, never its value.
    """
    if headers is None:
        return ()
    if not isinstance(headers, Mapping):
        raise ConfigurationError(f"headers must be a mapping, not {type(headers).__name__}")
    seen: set[str] = set()
    checked: list[tuple[str, str]] = []
    for name, value in headers.items():
        if not isinstance(name, str) or not _TOKEN.fullmatch(name):
            raise ConfigurationError(f"header name {name!r} holds characters that HTTP does not allow")
        lower = name.lower()
        if lower in _RESERVED_HEADERS or lower.startswith("sec-websocket-"):
            raise ConfigurationError(f"header {name!r} belongs to the transport: leave it out of headers")
        if lower in seen:
            raise ConfigurationError(f"header {name!r} was given twice, in different spellings")
        seen.add(lower)
        checked.append((name, check_header_value(f"header {name!r}", value)))
    return tuple(checked)


def _is_fit(name: str, value: str) -> bool:
    try:
        check_headers({name: value})
    except ConfigurationError:
        return False
    return True


def _with_features(
    headers: tuple[tuple[str, str], ...], preview_features: Iterable[str]
) -> tuple[tuple[str, str], ...]:
    """Add the header that switches preview features on."""
    if isinstance(preview_features, str) or not isinstance(preview_features, Iterable):
        raise ConfigurationError(f"preview_features must be a list of names, such as ['BargeIn']: {preview_features!r}")
    features = list(preview_features)
    for feature in features:
        if not isinstance(feature, str) or not _TOKEN.fullmatch(feature) or "=" in feature:
            raise ConfigurationError(f"preview feature {feature!r} is not a name: write it like 'BargeIn'")
    if not features:
        return headers
    if any(name.lower() == FEATURES_HEADER.lower() for name, _ in headers):
        raise ConfigurationError(f"{FEATURES_HEADER} was given twice: in headers and by preview_features")
    return (*headers, (FEATURES_HEADER, ", ".join(f"{feature}=V1Preview" for feature in features)))


def check_header_value(what: str, value: object) -> str:
    """Return `value` if it can be a header's value; the error names `what`, never the value.

    Raises:
        ConfigurationError: for line breaks, control characters, or text that Latin-1 cannot hold.
    """
    if not isinstance(value, str):
        raise ConfigurationError(f"{what} must be a str, not {type(value).__name__}")
    if _CONTROLS.search(value):
        raise ConfigurationError(f"{what} holds a line break or control character: remove it, e.g. with .strip()")
    try:
        value.encode("latin-1")
    except UnicodeEncodeError:
        raise ConfigurationError(f"{what} holds characters outside Latin-1") from None
    return value


def carries_credential(handshake: Handshake) -> bool:
    """Return whether the application's own headers authenticate already."""
    return any(name.lower() in _CREDENTIAL_HEADERS for name, _ in handshake.headers)


def asks_for_previews(handshake: Handshake) -> bool:
    """Return whether any preview feature is switched on."""
    return any(name.lower() == FEATURES_HEADER.lower() for name, _ in handshake.headers)


def _find_endpoint(endpoint: str | None, environ: Mapping[str, str]) -> str:
    if endpoint is not None:
        return endpoint
    for variable in ENDPOINT_VARIABLES:
        if value := environ.get(variable, "").strip():
            return value
    raise ConfigurationError(f"endpoint is missing: pass endpoint=, or set {' or '.join(ENDPOINT_VARIABLES)}")


def _ascii_host(host: str, endpoint: str) -> str:
    if not host:
        raise ConfigurationError(f"endpoint {endpoint!r} names no host")
    try:
        name = host if host.isascii() else host.encode("idna").decode("ascii")
        # An address with a zone, such as %eth0, is neither of the two: no certificate and no Host header can name one.
        if ":" in name and "%" not in name:
            ipaddress.IPv6Address(name)
        elif not _HOST.fullmatch(name):
            raise ValueError
    except ValueError:
        raise ConfigurationError(f"endpoint {endpoint!r} does not name a valid host: check its spelling") from None
    return name


def _text(name: str, value: object) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise ConfigurationError(f"{name} must be a str, not {type(value).__name__}")
    if not value.strip():
        raise ConfigurationError(f"{name} is empty: leave it out, or give it a value")
    # str subclasses such as enum members go as their plain text.
    return _checked_text(name, str.__str__(value))


def _checked_text(what: str, text: str) -> str:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise ConfigurationError(
            f"{what} {text!r} holds half of a surrogate pair, which no URL can: it was decoded wrongly, or cut apart"
        ) from None
    return text


def _merge_query(parameters: Mapping[str, str | None], query: Mapping[str, Any] | None) -> tuple[tuple[str, str], ...]:
    """Put the application's parameters over this package's: its value wins, None takes a parameter out."""
    if query is not None and not isinstance(query, Mapping):
        raise ConfigurationError(f"query must be a mapping, not {type(query).__name__}")
    merged: dict[str, Any] = {**parameters, **(query or {})}
    pairs: list[tuple[str, str]] = []
    for name, value in merged.items():
        if not isinstance(name, str) or not name:
            raise ConfigurationError(f"query holds the name {name!r}: names are text")
        _checked_text("the query parameter", name)
        if value is not None:
            pairs.extend((name, text) for text in _query_values(name, value))
    return tuple(pairs)


def _query_values(name: str, value: object) -> Iterable[str]:
    if isinstance(value, Sequence) and not isinstance(value, (str, bytes, bytearray)):
        for item in value:
            yield from _query_values(name, item)
    elif isinstance(value, bool):
        yield "true" if value else "false"
    elif isinstance(value, str):
        yield _checked_text(f"query parameter {name!r}: the value", str.__str__(value))
    elif isinstance(value, (int, float)):
        yield str(value)
    else:
        raise ConfigurationError(
            f"query parameter {name!r} must be text, a number, true/false or a list of these, "
            f"not {type(value).__name__}"
        )

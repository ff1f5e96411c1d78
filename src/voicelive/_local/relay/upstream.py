"""The service that a relay passes its sessions on to, and how it is reached."""

import os
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..._core.handshake import FEATURES_HEADER, Handshake, OpeningRequest, prepare_handshake
from ..._core.numbers import is_whole
from ..._core.secrecy import SecretMapping
from ..._credentials import AsyncCredential, CredentialSource, find_credential
from ..._public import public_in
from ..._transport.options import ConnectionOptions, TransportOptions, allows_plaintext, read_options
from ...errors import ConfigurationError

__all__ = ["Plan", "Upstream", "plan_session"]

_PASSED_ON = (FEATURES_HEADER.lower(), "x-ms-client-request-id")
"""Headers of a client that go to the upstream service too, in lower case."""

_MAX_QUEUE = 256
_MAX_BUFFER = 256 * 1024
"""What may wait for a client that reads slowly, in messages and bytes: some seconds of speech."""


@dataclass(frozen=True)
class Plan:
    """How one session is opened at the upstream service."""

    handshake: Handshake
    options: TransportOptions
    credential: CredentialSource

    async def request(self) -> OpeningRequest:
        """Ask for the credential, and return the opening request.

        Raises:
            ConfigurationError: for a key that cannot be sent.
            AuthenticationError: if there is no token to be had.
        """
        return self.handshake.request(await self.credential.headers_async())


@public_in("voicelive.local")
@dataclass(frozen=True)
class Upstream:
    """A service that a :class:`LocalService` passes its sessions on to, instead of answering by itself.

    Clients connect to the local service as to any other, with its `api_key` if it has one; `model`, `api-version` and
    the rest of their query go on to this service, and so do the headers ``VoiceLive-Features`` and
    ``x-ms-client-request-id``. The credential is added on the way, and never shown to a client. What waits for a client
    that reads slowly is bounded by `connection_options`: by default 256 messages and 256 KiB.

    Raises:
        ConfigurationError: for something that cannot work, saying what and what to do.
    """

    endpoint: str
    """The service's address, such as ``https://RESOURCE.services.ai.azure.com``."""
    credential: AsyncCredential | None = field(default=None, repr=False)
    """The credential for it, as :func:`voicelive.aio.connect` takes it; left out, what it finds in the environment."""
    credential_scopes: str | Iterable[str] | None = None
    """What a token is asked for, where the credential gives tokens."""
    connection_options: ConnectionOptions | Mapping[str, Any] | None = field(default=None, repr=False)
    """Timeouts, limits, TLS and proxy of the connections to it, as :func:`voicelive.aio.connect` takes them."""
    max_sessions: int = 100
    """How many sessions may run at a time; one more is refused with HTTP 429."""
    max_seconds: float | None = None
    """How long a session may last; it ends with 1008 then. None: as long as the service lets it."""

    def __post_init__(self) -> None:
        if not is_whole(self.max_sessions, 1):
            raise ConfigurationError(f"max_sessions is {self.max_sessions!r}; it takes a number of sessions, from 1 on")
        if self.max_seconds is not None and not self.max_seconds > 0:
            raise ConfigurationError(f"max_seconds is {self.max_seconds!r}; it takes seconds above 0, or None")
        plan_session(self, {"model": "any"}, {})


def plan_session(upstream: Upstream, query: Mapping[str, str], headers: Mapping[str, str]) -> Plan:
    """Plan a session for a client that came with `query` and `headers` (names in lower case, no credentials).

    Raises:
        ConfigurationError: if the upstream service cannot be asked for it.
    """
    environ = SecretMapping(os.environ)
    handshake = prepare_handshake(
        endpoint=upstream.endpoint,
        environ=environ,
        request_id=headers.get("x-ms-client-request-id") or str(uuid.uuid4()),
        query=query,
        headers={name: headers[name] for name in _PASSED_ON if name in headers},
        allow_plaintext=allows_plaintext(upstream.connection_options),
    )
    given = {"max_queue": _MAX_QUEUE, "max_buffer": _MAX_BUFFER, **(upstream.connection_options or {})}
    options = read_options(given, handshake.endpoint)
    source = find_credential(
        upstream.credential, upstream.credential_scopes, handshake=handshake, environ=environ, client="async"
    )
    return Plan(handshake, options, source)

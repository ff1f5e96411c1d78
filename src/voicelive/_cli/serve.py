"""`voicelive serve`: the local service until it is told to stop."""

from __future__ import annotations

import asyncio
import os
import signal
import ssl
import sys
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from azure.core.credentials import AzureKeyCredential

from .._local.addresses import is_loopback
from .._local.faults.text import parse_fault
from .._local.quirks import check_quirks
from ..local import LocalService, Upstream
from .engines import EngineChoice, NamedEngines, loaded_engines
from .failures import CommandError
from .output import Output
from .signals import handled

__all__ = ["DEFAULT_PORT", "ServeSettings", "serve"]

DEFAULT_PORT = 8765


@dataclass(frozen=True)
class ServeSettings:
    """Everything `voicelive serve` can be told."""

    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    engines: EngineChoice = EngineChoice.AUTO
    api_key: str | None = None
    """The key that clients must send; None or empty lets every client in."""
    pacing: Literal["fast", "real"] = "fast"
    named: NamedEngines = field(default_factory=NamedEngines)
    """Engines by name, in the place of those of `engines`."""
    faults: tuple[str, ...] = ()
    """What is to go wrong, as text."""
    fault_seed: int = 0
    quirks: tuple[str, ...] = ()
    """How to behave where the real service's behaviour is uncertain."""
    allow_hosts: tuple[str, ...] = ()
    allow_origins: tuple[str, ...] = ()
    allow_mcp: tuple[str, ...] = ()
    allow_mcp_headers: tuple[str, ...] = ()
    tls_cert: Path | None = None
    """The file with the certificate, and those between it and its authority."""
    tls_key: Path | None = None
    """The file with its key; None where the certificate's file holds it."""
    upstream: str | None = None
    """The address of the service that sessions are passed on to; None to answer them."""
    upstream_key_env: str | None = None
    """The environment variable with the key for it; None for the credential that the SDK finds by itself."""
    max_sessions: int = 100
    max_seconds: float | None = None
    record: Path | None = None
    """The folder in which sessions are recorded."""


async def serve(settings: ServeSettings) -> None:
    """Serve until SIGINT or SIGTERM, then close the sessions and return.

    Raises:
        CommandError: if the engines asked for cannot be used, the API key is blank, a quirk does not exist, or the
            certificate or the key for the upstream service cannot be used.
        ConfigurationError: if the upstream service cannot be used.
        OutputFailed: if it cannot be told where the service is.
        LocalServiceError: if the port is in use, the host needs an API key, or a fault is not valid.
    """
    api_key = settings.api_key or None
    if api_key is not None and not api_key.strip():
        raise CommandError("the API key is blank: give --api-key (or VOICELIVE_LOCAL_API_KEY) a value, or leave it out")
    faults = [parse_fault(text) for text in settings.faults]
    try:
        quirks = check_quirks(settings.quirks)
    except ValueError as error:
        raise CommandError(str(error)) from None
    encryption = _encryption(settings.tls_cert, settings.tls_key)
    upstream = _upstream(settings)
    stopped = asyncio.Event()
    with handled((signal.SIGINT, signal.SIGTERM), lambda _: stopped.set()):
        async with (
            nullcontext() if upstream is not None else loaded_engines(settings.engines, settings.named) as engines,
            LocalService(
                settings.host,
                settings.port,
                engines=engines,
                api_key=api_key,
                pacing=settings.pacing,
                faults=faults,
                fault_seed=settings.fault_seed,
                control=True,
                quirks=quirks,
                allow_hosts=settings.allow_hosts,
                allow_origins=settings.allow_origins,
                allow_mcp=settings.allow_mcp,
                allow_mcp_headers=settings.allow_mcp_headers,
                ssl=encryption,
                upstream=upstream,
                record=settings.record,
            ) as service,
        ):
            if engines is not None:
                _tell(f"local Voice Live service at {service.endpoint}, engines: {engines.name}")
            else:
                _tell(f"relay at {service.endpoint} to {settings.upstream}")
            _tell("To talk to it, in another terminal:")
            _tell(f"  export AZURE_VOICELIVE_ENDPOINT={service.endpoint}")
            # The key itself is not repeated: terminals are recorded.
            key = "local" if api_key is None else "<the API key of this service>"
            _tell(f"  export AZURE_VOICELIVE_API_KEY={key}")
            if is_loopback(settings.host):
                _tell(f"To talk in the browser, and to watch its sessions: {service.endpoint}/")
            if settings.record is not None:
                _tell(f"Every session is recorded in {settings.record}.")
            _tell("Ctrl-C stops it.")
            await stopped.wait()
            _tell("stopping")


def _upstream(settings: ServeSettings) -> Upstream | None:
    if settings.upstream is None:
        if settings.upstream_key_env is not None:
            raise CommandError("--upstream-key-env names the key of another service: give --upstream URL too")
        return None
    credential = None
    if settings.upstream_key_env is not None:
        key = os.environ.get(settings.upstream_key_env, "").strip()
        if not key:
            raise CommandError(
                f"--upstream-key-env: the environment variable {settings.upstream_key_env} is not set, or empty"
            )
        credential = AzureKeyCredential(key)
    return Upstream(
        settings.upstream,
        credential=credential,
        max_sessions=settings.max_sessions,
        max_seconds=settings.max_seconds,
    )


def _encryption(cert: Path | None, key: Path | None) -> ssl.SSLContext | None:
    if cert is None:
        if key is not None:
            raise CommandError("--tls-key is the key of a certificate: give --tls-cert FILE too")
        return None
    for option, path in (("--tls-cert", cert), ("--tls-key", key)):
        if path is not None and not path.is_file():
            raise CommandError(f"{option}: there is no file {path}")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        # An empty password instead of a question on the terminal, where nobody may be.
        context.load_cert_chain(cert, key, password="")
    except (OSError, ValueError) as error:
        files = str(cert) if key is None else f"{cert} with {key}"
        raise CommandError(
            f"cannot speak TLS with {files} ({error}): give a certificate and its key, both as PEM, without a password"
        ) from error
    return context


def _tell(line: str) -> None:
    output = Output(sys.stdout, "standard output")
    output.write(f"{line}\n")
    output.flush()

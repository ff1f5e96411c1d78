"""The keyword arguments of the local service, and what is wrong with them."""

from __future__ import annotations

import ssl
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

from typing_extensions import TypedDict

from ..errors import ConfigurationError
from .dialects import DialectName
from .engines.bundle import Engines
from .faults.base import Fault
from .pacing import Pacing
from .quirks import Quirk
from .relay.upstream import Upstream
from .replay import Replay

__all__ = ["LocalServiceOptions", "check_names", "checked_context", "checked_key"]


class LocalServiceOptions(TypedDict, total=False):
    """The keyword arguments of :class:`LocalService`."""

    engines: Engines | None
    api_key: str | None
    pacing: Literal["fast", "real"] | Pacing
    dialect: DialectName
    require_session_update: bool
    session_lifetime_s: float | None
    models: Collection[str] | None
    worker_threads: int | None
    faults: Iterable[Fault | str]
    fault_seed: int
    control: bool
    quirks: Iterable[Quirk]
    allow_hosts: Iterable[str]
    allow_origins: Iterable[str]
    allow_mcp: Iterable[str]
    allow_mcp_headers: Iterable[str]
    ssl: ssl.SSLContext | None
    upstream: Upstream | None
    record: str | Path | None
    replay: Replay | None


def checked_context(context: object) -> ssl.SSLContext | None:
    if context is None:
        return None
    if not isinstance(context, ssl.SSLContext):
        raise ConfigurationError(f"ssl takes an ssl.SSLContext with a certificate, not {type(context).__name__}")
    if context.protocol is ssl.PROTOCOL_TLS_CLIENT:
        raise ConfigurationError(
            "ssl is a context for clients: make one with ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)"
        )
    return context


def check_names(options: Mapping[str, Any]) -> None:
    unknown = sorted(options.keys() - LocalServiceOptions.__annotations__.keys())
    if unknown:
        known = ", ".join(LocalServiceOptions.__annotations__)
        raise TypeError(f"LocalService has no argument {', '.join(unknown)}; it has host, port, {known}")


def checked_key(key: str | None) -> str | None:
    """Return the key that clients must send; None where any client is let in."""
    if key is not None and not key.strip():
        raise ConfigurationError("api_key is blank, so nobody could get in: give a key, or leave it out")
    return key

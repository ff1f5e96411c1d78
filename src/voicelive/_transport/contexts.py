"""TLS settings: the ones used where none are given, and what given ones must hold to."""

from __future__ import annotations

import ssl

from ..errors import ConfigurationError

__all__ = ["check_context", "client_context"]


def client_context() -> ssl.SSLContext:
    """Make settings that trust the system's authorities, and take TLS 1.2 and later.

    Reading the authorities takes tens of milliseconds.
    """
    context = ssl.create_default_context()
    # Python's own default, which its documentation reserves the right to change.
    context.minimum_version = max(context.minimum_version, ssl.TLSVersion.TLSv1_2)
    return context


def check_context(name: str, value: object) -> ssl.SSLContext | None:
    """Check the context given as the option `name`.

    Raises:
        ConfigurationError: if it is not one, or would speak a TLS that is no longer safe.
    """
    if value is None:
        return None
    if not isinstance(value, ssl.SSLContext):
        raise ConfigurationError(f"connection option {name!r} takes an ssl.SSLContext, not {type(value).__name__}")
    if value.minimum_version < ssl.TLSVersion.TLSv1_2:
        raise ConfigurationError(
            f"connection option {name!r} allows versions before TLS 1.2, which are not safe: "
            "set context.minimum_version = ssl.TLSVersion.TLSv1_2"
        )
    return value

"""Names of API versions: what `connect()` is given, and what goes over the wire.

A version that is changed in place, as drafts are, may be known here in several states: `v1@2026-11` is that of `v1`
which was proposed in November 2026. The service is asked for `v1`; what is sent is checked against the state.
"""

from __future__ import annotations

__all__ = ["is_nested", "wire_name"]

_STATE = "@"
_NESTED = frozenset({"v1"})


def wire_name(api_version: str) -> str:
    """Return a version as the service knows it, without the state."""
    return api_version.partition(_STATE)[0]


def is_nested(api_version: str) -> bool:
    """Return whether a version nests a session's audio settings in `audio`."""
    return wire_name(api_version) in _NESTED

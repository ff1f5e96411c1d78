"""Names of API versions: what `connect()` is given, what it is checked against, and what goes over the wire.

A version that is changed in place, as drafts are, may be known here in several states: `v1@2026-11` is that of `v1`
which was proposed in November 2026. The service is asked for `v1`; what is sent is checked against the state. What
Foundry's voice agents speak is a state of `v1` as well.
"""

from __future__ import annotations

import re

from .._generated.versions import DEFAULT_API_VERSION

__all__ = ["VOICE_AGENTS", "contract_version", "is_nested", "is_voice_agent", "wire_name"]

VOICE_AGENTS = "v1@voice-agents"
"""The contract of Foundry's voice agents, whatever version they are asked for."""

_STATE = "@"
_NESTED = frozenset({"v1"})
_VOICE_AGENT = re.compile(r"/agents/[^/]+/endpoint/protocols/voice$")


def is_voice_agent(path: str) -> bool:
    """Return whether a path is that of one of Foundry's voice agents."""
    return _VOICE_AGENT.search(path) is not None


def contract_version(path: str, api_version: str) -> str:
    """Return the version that what is sent to a path is checked against."""
    return VOICE_AGENTS if is_voice_agent(path) else api_version


def wire_name(api_version: str, path: str = "") -> str:
    """Return a version as the service at a path knows it, without the state.

    Voice agents do not have the default version; they are asked for `v1` instead.
    """
    if is_voice_agent(path) and api_version == DEFAULT_API_VERSION:
        api_version = VOICE_AGENTS
    return api_version.partition(_STATE)[0]


def is_nested(api_version: str) -> bool:
    """Return whether a version nests a session's audio settings in `audio`."""
    return wire_name(api_version) in _NESTED

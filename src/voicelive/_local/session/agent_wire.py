"""Speaks as Foundry's voice agents do: as the draft v1, with the settings of a voice laid out flat."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..._core.agent_form import session_for_agent, session_of_agent
from ..._core.lenient import read_model
from ..._core.nested_form import from_nested, session_to_nested
from ..._core.version_names import VOICE_AGENTS, is_nested
from ..._generated import models
from ..._generated.versions import API_VERSIONS, MODELS
from .version_wire import FlatWire, NestedWire, Wire, not_in

__all__ = ["AgentWire", "flat_session", "wire_for"]


def wire_for(api_version: str) -> Wire:
    """Return the way of saying things of `api_version`; that of the dated versions for an unknown one."""
    if api_version == VOICE_AGENTS:
        return AgentWire()
    return NestedWire() if is_nested(api_version) else FlatWire(api_version)


def flat_session(session: dict[str, Any], api_version: str) -> dict[str, Any]:
    """Return a session as a client was told it in the session's own form."""
    if api_version == VOICE_AGENTS:
        return from_nested(session_of_agent(session))
    return from_nested(session) if is_nested(api_version) else session


class AgentWire(NestedWire):
    """What voice agents lack of v1, and what they have beside it."""

    version = VOICE_AGENTS

    def inbound(self, event: models.ClientEvent) -> models.ClientEvent:
        """Return `event` in the flat form.

        Raises:
            InvalidEventError: if voice agents have no such event, or a setting has no counterpart.
        """
        if VOICE_AGENTS not in MODELS.get(type(event).__name__, API_VERSIONS):
            raise not_in(VOICE_AGENTS, event)
        if isinstance(event, models.ClientEventSessionUpdate):
            session = session_of_agent(event.session.to_dict())
            session_for_agent(session)  # raises: the session is to be told back
            event = read_model(type(event), {**event.to_dict(), "session": session})
        return super().inbound(event)

    def outbound(self, event: models.ServerEvent) -> Sequence[models.ServerEvent]:
        """Return `event` in the agents' form."""
        session = getattr(event, "session", None)
        if isinstance(session, models.ResponseSession):
            nested = session_for_agent(session_to_nested(self._sayable(session.to_dict())))
            return (event.model_copy(update={"session": read_model(models.ResponseSession, nested)}),)
        return super().outbound(event)

    def _sayable(self, session: dict[str, Any]) -> dict[str, Any]:
        """Leave out what only the other sessions report."""
        return {name: value for name, value in session.items() if name not in ("truncation_strategy", "handoff")}

"""Answering ``session.update`` and ``transcription_session.update``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..._core.lenient import read_model
from ..._generated import models
from .configuration import TRANSCRIPTION_SESSION_FIELDS, check_agent_update, merge_update, transcription_view
from .context import Context
from .input_audio import InputAudio, turn_params
from .mcp_servers import McpServers

__all__ = ["Settings"]


class Settings:
    """The settings of one session, and what follows from changing them."""

    def __init__(self, context: Context, audio: InputAudio, mcp: McpServers) -> None:
        self._context = context
        self._audio = audio
        self._mcp = mcp

    async def update(self, event: models.ClientEventSessionUpdate) -> None:
        """Merge the update and send ``session.updated`` with the whole session.

        Raises:
            RefusedError: with the first setting that cannot be taken over.
        """
        self._merge(event.session.to_dict())
        await self._context.pacing.pause(self._context.pacing.session_update)
        session = read_model(models.ResponseSession, dict(self._context.session))
        self._context.send(models.ServerEventSessionUpdated(session=session))
        self._mcp.update()

    async def update_transcription(self, event: models.ClientEventTranscriptionSessionUpdate) -> None:
        """Merge what a transcription session shares with the session, and send that part of it back.

        Raises:
            RefusedError: with the first setting that cannot be taken over.
        """
        given = event.session.to_dict()
        self._merge({key: given[key] for key in TRANSCRIPTION_SESSION_FIELDS if key in given})
        session = read_model(models.ResponseTranscriptionSession, transcription_view(self._context.session))
        self._context.send(models.ServerEventTranscriptionSessionUpdated(session=session))

    def _merge(self, update: Mapping[str, Any]) -> None:
        context = self._context
        known = models.RequestSession.__pydantic_fields__
        if context.in_agent_mode:
            check_agent_update(update)
        merged = merge_update(
            context.initial if "replace_updates" in context.quirks else context.session,
            {key: value for key, value in update.items() if key in known},
            initial=context.initial,
            dialect=context.dialect,
            model=context.model,
            locks=context.locks,
            now=context.session,
            quirks=context.quirks,
        )
        if merged["turn_detection"] is not None:
            turn_params(merged["turn_detection"])  # raises
        context.session.clear()
        context.session.update(merged)
        self._audio.configure(context.session)

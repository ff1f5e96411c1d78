"""Turns that the client marks out itself: ``input_audio.turn.start``, ``append``, ``end`` and ``cancel``."""

from __future__ import annotations

from ..._base import decode_base64
from ..._generated import models
from . import error_details as errors
from .error_details import RefusedError
from .input_audio import MAX_BUFFER_S, MIN_COMMIT_MS, InputAudio, InputFormat
from .turns import Turns

__all__ = ["MAX_OPEN_TURNS", "MarkedTurns"]

MAX_OPEN_TURNS = 8
"""How many turns may be open at once."""


class MarkedTurns:
    """The open turns of one session, apart from its input buffer.

    None of these events is acknowledged; a turn shows as ``input_audio_buffer.committed`` and what follows it.
    """

    def __init__(self, audio: InputAudio, turns: Turns) -> None:
        self._audio = audio
        self._turns = turns
        self._open: dict[str, tuple[InputFormat, bytearray]] = {}

    async def start(self, event: models.ClientEventInputAudioTurnStart) -> None:
        """Open a turn.

        Raises:
            RefusedError: if it is open already, or too many are.
        """
        if event.turn_id in self._open:
            raise RefusedError(errors.turn_exists(event.turn_id))
        if len(self._open) >= MAX_OPEN_TURNS:
            raise RefusedError(errors.too_many_turns(MAX_OPEN_TURNS))
        self._open[event.turn_id] = self._audio.format, bytearray()

    async def append(self, event: models.ClientEventInputAudioTurnAppend) -> None:
        """Add audio to an open turn.

        Raises:
            RefusedError: for an unknown turn, audio that cannot be read, or too much of it.
        """
        audio_format, collected = self._find(event.turn_id)
        data = decode_base64(event.audio)
        audio_format.check(data)
        limit = MAX_BUFFER_S * audio_format.rate * audio_format.frame_bytes
        if len(collected) + len(data) > limit:
            raise RefusedError(errors.buffer_full(MAX_BUFFER_S))
        collected += data

    async def end(self, event: models.ClientEventInputAudioTurnEnd) -> None:
        """Close a turn and take it as what the user said.

        Raises:
            RefusedError: for an unknown turn, or one shorter than 100 ms.
        """
        audio_format, collected = self._find(event.turn_id)
        del self._open[event.turn_id]
        pcm = audio_format.decode(bytes(collected))
        duration_ms = len(pcm) / 2 / audio_format.rate * 1000
        if duration_ms < MIN_COMMIT_MS:
            raise RefusedError(errors.commit_empty(duration_ms))
        self._turns.take_marked(pcm, audio_format.rate)

    async def cancel(self, event: models.ClientEventInputAudioTurnCancel) -> None:
        """Forget an open turn.

        Raises:
            RefusedError: for an unknown turn.
        """
        self._find(event.turn_id)
        del self._open[event.turn_id]

    def clear(self) -> None:
        """Forget all open turns."""
        self._open.clear()

    def _find(self, turn_id: str) -> tuple[InputFormat, bytearray]:
        try:
            return self._open[turn_id]
        except KeyError:
            raise RefusedError(errors.unknown_turn(turn_id)) from None

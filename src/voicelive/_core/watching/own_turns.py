"""The turns of a call that has no conversation of its own."""

from __future__ import annotations

from typing import Any

from ..conversation.conversation import Conversation
from ..conversation.metrics import TurnMetrics

__all__ = ["OwnTurns"]


class OwnTurns(Conversation):
    """The turns of a call, for their figures: a conversation whose decisions are nobody's business."""

    def __init__(self) -> None:
        super().__init__(new_id=str)
        self.ended_turns: list[TurnMetrics] = []

    # Events of the connection's own are not told to anybody here, and so not made.

    def _show(self, state: Any) -> None: ...

    def _tell(self, event: Any, written: bytes | None = None) -> None: ...

    def _received_audio(self, item_id: str, index: int, size: int, response_id: str | None, now: float) -> bool:
        # Of the sound only the first piece is seen, so how much there was is not known.
        self.meter.audio(0, now)
        return True

    def _tell_turn(self, turn: TurnMetrics | None) -> None:
        if turn is not None:
            self.ended_turns.append(turn)

"""Who spoke when: how long answers took, whether the agent yielded, whether it talked over the caller; pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .activity import Span, overlap_ms
from .caller import Uttered

__all__ = ["TurnTaking", "turn_taking"]

_TOLERANCE_MS = 120
"""Sound that goes on so shortly is on its way already, or an echo of the detector's block."""


@dataclass(frozen=True)
class TurnTaking:
    """The figures of one call, in ms; by what the caller heard, not by what the service says."""

    answered_ms: tuple[int, ...] = ()
    """From the end of each thing that the caller said to the first sound of the answer."""
    unanswered: int = 0
    """How often no answer came."""
    yielded_ms: tuple[int, ...] = ()
    """From the caller's beginning to speak over the agent to the agent's silence."""
    talked_over_ms: int = 0
    """How long the agent spoke over the caller, having begun while the caller spoke."""


def turn_taking(uttered: Sequence[Uttered], agent: Sequence[Span], duration_ms: int) -> TurnTaking:
    """Return the figures of a call: from what the caller said, when the agent was heard, and how long it lasted."""
    answered: list[int] = []
    yielded: list[int] = []
    unanswered = 0
    talked_over = 0
    for index, one in enumerate(uttered):
        until = uttered[index + 1].span.start_ms if index + 1 < len(uttered) else duration_ms
        began = [span for span in agent if span.start_ms < one.span.start_ms < span.end_ms]
        yielded += [min(span.end_ms, until) - one.span.start_ms for span in began]
        if one.over_answer and not began:
            # It was about to go on after a pause, and did not.
            yielded.append(0)
        early = [span for span in agent if one.span.start_ms <= span.start_ms < one.span.end_ms]
        talked_over += sum(ms for span in early if (ms := overlap_ms(span, one.span)) > _TOLERANCE_MS)
        answer = next((span for span in agent if one.span.end_ms <= span.start_ms <= until), None)
        if answer is not None:
            answered.append(max(0, answer.start_ms - one.span.end_ms))
        elif not any(span.end_ms > one.span.end_ms + _TOLERANCE_MS for span in (*began, *early)):
            unanswered += 1
    return TurnTaking(tuple(answered), unanswered, tuple(yielded), talked_over)

"""What happened in a call: what its scores and expectations are made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from ..conversation import CallMetrics
from .activity import Span
from .caller import Uttered
from .turn_taking import TurnTaking, turn_taking

__all__ = ["CallRecord", "HeardWords", "SaidWords", "ToolUse"]


@dataclass(frozen=True)
class HeardWords:
    """What the agent understood of the caller, by the service's transcript."""

    at_ms: int
    text: str


@dataclass(frozen=True)
class SaidWords:
    """What the agent said: the transcript of one answer, as far as the caller heard it."""

    at_ms: int
    text: str
    is_cut: bool = False
    """Whether the caller, or the agent itself, cut it short."""


@dataclass(frozen=True)
class ToolUse:
    """A call of a tool by the agent."""

    at_ms: int
    name: str
    arguments: Mapping[str, Any]
    outcome: str | None = None


@dataclass(frozen=True)
class CallRecord:
    """A call, with times in ms from its start."""

    duration_ms: int
    uttered: tuple[Uttered, ...] = ()
    agent: tuple[Span, ...] = ()
    """When the caller heard the agent."""
    lines: tuple[HeardWords | SaidWords | ToolUse, ...] = ()
    """In the order in which they happened."""
    ended_by: Literal["caller", "agent", "timeout"] = "caller"
    metrics: CallMetrics = field(default_factory=CallMetrics)
    recognized: str | None = None
    """What a recognizer understood of the agent's sound; None if none was asked."""

    @cached_property
    def turn_taking(self) -> TurnTaking:
        """Who spoke when; expectations, figures and samples all ask for it."""
        return turn_taking(self.uttered, self.agent, self.duration_ms)

    @property
    def heard(self) -> str:
        """All that the agent understood."""
        return " ".join(line.text for line in self.lines if isinstance(line, HeardWords) and line.text)

    @property
    def said(self) -> str:
        """All that the agent said."""
        return " ".join(line.text for line in self.lines if isinstance(line, SaidWords) and line.text)

    @property
    def tools(self) -> list[ToolUse]:
        """All tools that the agent called."""
        return [line for line in self.lines if isinstance(line, ToolUse)]

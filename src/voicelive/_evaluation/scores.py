"""The figures of one call; pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from .._public import public_in
from ..conversation import Price
from .expectations import Check, was_called
from .record import CallRecord, SaidWords
from .scenario import InOrder, Scenario, ToolCalled
from .words import word_error_rate

__all__ = ["SCORES", "Score", "samples_of", "scores_of"]


@public_in("voicelive.evaluation")
@dataclass(frozen=True)
class Score:
    """A figure of a call."""

    name: str
    label: str
    better: int
    """1: more is better; -1: less is."""
    unit: str = ""
    is_sampled: bool = False
    """Whether a call has several, of which p50, p95 and p99 are told."""


SCORES: dict[str, Score] = {
    score.name: score
    for score in (
        Score("success", "task success", 1, "%"),
        Score("agent_word_errors", "words the agent misheard", -1, "%"),
        Score("caller_word_errors", "words the caller could not understand", -1, "%"),
        Score("tool_accuracy", "tools called as expected", 1, "%"),
        Score("unanswered", "things said that were not answered", -1),
        Score("response_ms", "end of speech to the answer's first sound", -1, "ms", is_sampled=True),
        Score("voice_to_voice_ms", "the same, as the connection measures it", -1, "ms", is_sampled=True),
        Score("endpointing_ms", "end of speech to its detection", -1, "ms", is_sampled=True),
        Score("yield_ms", "silent after an interruption", -1, "ms", is_sampled=True),
        Score("talked_over_ms", "spoke over the caller", -1, "ms"),
        Score("interruptions", "interruptions", -1),
        Score("false_interruptions", "interruptions without words", -1),
        Score("underruns", "gaps within answers", -1),
        Score("tokens", "tokens", -1),
        Score("cost", "cost", -1),
    )
}
"""Every figure, by its name, in the order of reports."""


def scores_of(
    scenario: Scenario, record: CallRecord, checks: Sequence[Check], price: Price | None = None
) -> dict[str, float]:
    """Return the call's figures; one that is not known is not there."""
    taking = record.turn_taking
    metrics = record.metrics
    tokens = [count for count in (metrics.tokens.input, metrics.tokens.output) if count is not None]
    underruns = [turn.underruns for turn in metrics.turns if turn.underruns is not None]
    known_texts = [one.text for one in record.uttered]
    spoken = " ".join(text or "" for text in known_texts)
    found: dict[str, float | None] = {
        "success": _success(checks),
        "agent_word_errors": None if None in known_texts else word_error_rate(spoken, record.heard),
        "caller_word_errors": _caller_word_errors(record),
        "tool_accuracy": _tool_accuracy(scenario, record),
        "unanswered": float(taking.unanswered),
        "talked_over_ms": float(taking.talked_over_ms),
        "interruptions": float(metrics.interruptions),
        "false_interruptions": float(metrics.false_interruptions),
        "underruns": float(sum(underruns)) if underruns else None,
        "tokens": float(sum(tokens)) if tokens else None,
        "cost": None if price is None else metrics.cost(price),
    }
    return {name: value for name, value in found.items() if value is not None}


def samples_of(record: CallRecord) -> dict[str, tuple[float, ...]]:
    """Return the figures of which a call has several."""
    taking = record.turn_taking
    turns = record.metrics.turns
    found: dict[str, tuple[float | None, ...]] = {
        "response_ms": taking.answered_ms,
        "yield_ms": taking.yielded_ms,
        "voice_to_voice_ms": tuple(turn.voice_to_voice_ms for turn in turns),
        "endpointing_ms": tuple(turn.endpointing_ms for turn in turns),
    }
    known = {name: tuple(float(one) for one in values if one is not None) for name, values in found.items()}
    return {name: values for name, values in known.items() if values}


def _success(checks: Sequence[Check]) -> float | None:
    passed = [check.passed for check in checks]
    if False in passed:
        return 0.0
    return None if None in passed else 1.0


def _caller_word_errors(record: CallRecord) -> float | None:
    """Return how much of the agent was not understood; where it was cut short, what it had said is an estimate."""
    if record.recognized is None or any(isinstance(line, SaidWords) and line.is_cut for line in record.lines):
        return None
    return word_error_rate(record.said, record.recognized)


def _tool_accuracy(scenario: Scenario, record: CallRecord) -> float | None:
    """Return the share of the expected calls that were made, those of a sequence included."""
    steps = [step for one in scenario.expect for step in (one.in_order if isinstance(one, InOrder) else [one])]
    called = [was_called(step, record) for step in steps if isinstance(step, ToolCalled)]
    return sum(called) / len(called) if called else None

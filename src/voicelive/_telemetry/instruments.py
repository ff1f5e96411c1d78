"""The metrics: instruments by the table of names, and what is measured of each fact."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opentelemetry.context import Context
from opentelemetry.metrics import Histogram, Meter

from .._core.conversation.tokens import TokenCounts
from .names import UNITS, Names
from .totals import Total

__all__ = ["Instruments"]

_SECONDS = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92]
_TOKENS = [1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864]
_DESCRIPTIONS = {
    "metric.duration": "How long responses took, from the end of the user's speech or the request.",
    "metric.call": "How long calls lasted.",
    "metric.first_chunk": "How long responses took to their first text or audio.",
    "metric.tool": "How long tools ran.",
    "metric.input_tokens": "Input tokens, including cached ones.",
    "metric.output_tokens": "Output tokens.",
    "metric.cached_tokens": "Input tokens that were served from a cache.",
    "metric.tokens": "Tokens of each response.",
    "metric.first_audio": "From the creation of a turn's response to its first audio.",
    "metric.voice_to_voice": "From the end of the user's speech to the first sound at the ear.",
    "metric.turns": "Turns of calls.",
    "metric.interruptions": "How often an answer was spoken over.",
    "metric.reconnects": "How often a session moved to another connection.",
}
_COUNTERS = ("input_tokens", "output_tokens", "cached_tokens", "turns", "interruptions", "reconnects")

Attributes = Mapping[str, Any]


class Instruments:
    """What is measured, under the names of one convention; what that leaves out is not."""

    def __init__(self, meter: Meter, names: Names) -> None:
        self._names = names
        self._made: dict[str, Total | Histogram] = {}
        by_name: dict[str, Total | Histogram] = {}
        for what, description in _DESCRIPTIONS.items():
            name = names[what]
            if name is not None:
                if name not in by_name:
                    by_name[name] = _instrument(meter, what, name, description)
                self._made[what] = by_name[name]

    def count(self, what: str, amount: int, attributes: Attributes) -> None:
        """Add to a counter."""
        total = self._made.get(what)
        if isinstance(total, Total) and amount > 0:
            total.add(amount, attributes)

    def time(self, what: str, seconds: float | None, attributes: Attributes, context: Context) -> None:
        """Record a time, if it is known."""
        self._record(what, seconds, attributes, context)

    def tokens(self, tokens: TokenCounts, attributes: Attributes, context: Context) -> None:
        """Record the tokens of a response."""
        for what, total, parts in (
            ("metric.input_tokens", tokens.input, (("text", tokens.input_text), ("audio", tokens.input_audio))),
            ("metric.output_tokens", tokens.output, (("text", tokens.output_text), ("audio", tokens.output_audio))),
            ("metric.cached_tokens", tokens.cached, ()),
        ):
            rest = total or 0
            for modality, count in parts:
                self._count_tokens(what, count or 0, modality, attributes)
                rest -= count or 0
            self._count_tokens(what, rest, "unknown", attributes)
        if (by_type := self._names["token_type"]) is not None:
            self._record("metric.tokens", tokens.input, {**attributes, by_type: "input"}, context)
            self._record("metric.tokens", tokens.output, {**attributes, by_type: "output"}, context)

    def _count_tokens(self, what: str, count: int, modality: str, attributes: Attributes) -> None:
        if (name := self._names["modality"]) is not None:
            self.count(what, count, {**attributes, name: modality})

    def _record(self, what: str, value: float | None, attributes: Attributes, context: Context) -> None:
        histogram = self._made.get(what)
        if isinstance(histogram, Histogram) and value is not None and value >= 0:
            histogram.record(value, attributes, context)


def _instrument(meter: Meter, what: str, name: str, description: str) -> Total | Histogram:
    short = what.removeprefix("metric.")
    if short in _COUNTERS:
        total = Total()
        meter.create_observable_counter(name, [total.observe], UNITS[what], description)
        return total
    bounds = _TOKENS if short == "tokens" else _SECONDS
    return meter.create_histogram(name, UNITS[what], description, explicit_bucket_boundaries_advisory=bounds)

"""Many recorded calls in one page: a table with a row each, and how their figures spread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from ..conversation import CallMetrics, Spread
from .page import FIGURES, duration, moment, page_of, table
from .plots import Dot, dots, histogram
from .reading import Call

__all__ = ["Row", "row_of", "summary_page"]


@dataclass(frozen=True)
class Row:
    """What is kept of a call, so that many can be summed up without holding them all."""

    name: str
    started: str
    model: str
    seconds: float
    ending: str
    metrics: CallMetrics
    errors: int
    problems: int


def row_of(call: Call) -> Row:
    """Return the row of a call."""
    header = call.recording.header
    return Row(
        call.name,
        header.started,
        header.model or header.agent or "",
        call.seconds,
        call.ending,
        call.metrics,
        call.errors,
        len(call.problems),
    )


def summary_page(rows: Sequence[Row], unread: Sequence[str] = ()) -> str:
    """Return the page.

    Args:
        rows: the calls.
        unread: what could not be read at all, and why.
    """
    rows = sorted(rows, key=lambda row: (row.started, row.name))
    turns = sum(len(row.metrics.turns) for row in rows)
    problems = "".join(f"<li>{escape(problem)}</li>" for problem in unread)
    return page_of(
        "summary.html",
        (),
        title=f"{len(rows):,} call{'' if len(rows) == 1 else 's'}",
        subtitle=f"{turns:,} turns, {duration(sum(row.seconds for row in rows))}",
        problems=f'<ul class="problems" aria-label="What could not be read">{problems}</ul>' if problems else "",
        calls=_calls(rows),
        plots=_plots(rows),
    )


def _calls(rows: Sequence[Row]) -> str:
    head = ["", "call", "started", "model", "lasted", "turns", "interruptions"]
    head += ["voice to voice p50", "p95, ms", "tools p50, ms", "tokens in", "out", "errors", "unreadable", "ended"]
    voices = _values(rows, "voice_to_voice_ms")
    whole, tools = Spread.of(voices), Spread.of(_values(rows, "tool_ms"))
    tokens = [sum(getattr(row.metrics.tokens, name) or 0 for row in rows) for name in ("input", "output")]
    foot = [
        "<td></td>",
        '<td class="words">all</td><td></td><td></td>',
        _cell(duration(sum(row.seconds for row in rows))),
        _number(sum(len(row.metrics.turns) for row in rows)),
        _number(sum(row.metrics.interruptions for row in rows)),
        _number(whole.p50 if whole else None),
        _number(whole.p95 if whole else None),
        _number(tools.p50 if tools else None),
        *map(_number, tokens),
        _number(sum(row.errors for row in rows)),
        _number(sum(row.problems for row in rows)),
        "<td></td>",
    ]
    return table(head, (_row(number, row) for number, row in enumerate(rows, 1)), foot)


def _row(number: int, row: Row) -> list[str]:
    metrics = row.metrics
    voice, tools = metrics.spread("voice_to_voice_ms"), metrics.spread("tool_ms")
    return [
        _cell(str(number)),
        f'<td class="words">{escape(row.name)}</td>',
        f'<td class="words">{escape(moment(row.started))}</td>',
        f'<td class="words">{escape(row.model)}</td>',
        _cell(duration(row.seconds)),
        _number(len(metrics.turns)),
        _number(metrics.interruptions),
        _number(voice.p50 if voice else None),
        _number(voice.p95 if voice else None),
        _number(tools.p50 if tools else None),
        _number(metrics.tokens.input),
        _number(metrics.tokens.output),
        _number(row.errors, is_bad=row.errors > 0),
        _number(row.problems, is_bad=row.problems > 0),
        f'<td class="words">{escape(row.ending)}</td>',
    ]


def _cell(text: str) -> str:
    return f"<td>{escape(text)}</td>"


def _number(value: float | None, *, is_bad: bool = False) -> str:
    kind = ' class="bad"' if is_bad else ""
    return f"<td{kind}>{'' if value is None else f'{value:,.0f}'}</td>"


def _values(rows: Sequence[Row], name: str) -> list[float]:
    found = (getattr(turn, name) for row in rows for turn in row.metrics.turns)
    return [value for value in found if value is not None]


def _plots(rows: Sequence[Row]) -> str:
    # Without a player that says what was heard, nobody knows the figure that counts most.
    voices = _values(rows, "voice_to_voice_ms")
    name, label = ("voice_to_voice_ms", "Voice to voice") if voices else ("first_audio_ms", "First audio")
    values: list[Dot] = []
    for number, row in enumerate(rows, 1):
        for turn in row.metrics.turns:
            value = getattr(turn, name)
            if value is not None:
                what = f"{row.name}, turn {turn.number}: {value:,.0f} ms"
                values.append((number, value, turn.interrupted, f"{what}, interrupted" if turn.interrupted else what))
    lengths = [
        (number, row.seconds, row.errors > 0, f"{row.name}: {row.seconds:,.1f} s") for number, row in enumerate(rows, 1)
    ]
    made = [
        dots(f"{label}, turn by turn", "ms", values, len(rows)),
        histogram(f"{label}: how often", "ms", [value for _, value, _, _ in values]),
        dots("Length of each call", "s", lengths, len(rows)),
    ]
    others = {FIGURES[other]: _values(rows, other) for other in ("thinking_ms", "tool_ms")}
    made.extend(histogram(f"{other.capitalize()}: how often", "ms", found) for other, found in others.items() if found)
    return "".join(made)

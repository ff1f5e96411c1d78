"""Puts a report together: what was recorded, and the parts of the live page, in one file that asks for nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterable
from html import escape
from typing import Any

from .._local.page.parts import joined, policy_hash, with_parts
from ..conversation import Spread, TurnMetrics
from .reading import Call
from .sounds import sound_of

__all__ = ["FIGURES", "call_page", "duration", "moment", "page_of", "table"]

_STYLES = ("page.css", "talk.css", "report.css")
_SCRIPTS = (
    "dom.js",
    "waveform.js",
    "turns.js",
    "turn-view.js",
    "events.js",
    "sound.js",
    "playback.js",
    "report.js",
)

FIGURES = {
    "endpointing_ms": "detected",
    "transcription_ms": "transcribed",
    "thinking_ms": "thinking",
    "first_text_ms": "first text",
    "first_audio_ms": "first audio",
    "voice_to_voice_ms": "voice to voice",
    "tool_ms": "tools",
    "generated_ms": "answered",
    "heard_ms": "heard",
}
"""The figures of a turn that are times, as the tables call them."""
_OF_WORDS, _WORDS = frozenset({"call", "started", "model", "ended"}), ' class="words"'


def call_page(call: Call, *, with_sound: bool = True) -> str:
    """Return the report of one call.

    Args:
        call: the call.
        with_sound: whether the sound is in the file, to be played.
    """
    sound, left_out = sound_of(call, with_sound=with_sound)
    problems = [*call.problems, *left_out]
    header = call.recording.header
    talked_to = header.model or (f"agent {header.agent}" if header.agent else "")
    return page_of(
        "report.html",
        _SCRIPTS,
        title=f"Call {call.name}",
        subtitle=" · ".join(filter(None, (talked_to, moment(header.started)))),
        data={"events": call.entries, "sound": sound},
        facts=_facts(call),
        problems=_problems(problems),
        figures=_figures(call),
    )


def page_of(name: str, scripts: tuple[str, ...], *, title: str, subtitle: str, data: Any = None, **parts: str) -> str:
    """Return a page.

    Args:
        name: the file that it is made of.
        scripts: the files of its script.
        title: its title, as text.
        subtitle: what stands beside it, as text.
        data: what the script reads.
        parts: what goes into the page's other places, as HTML.
    """
    style, script = joined(_STYLES), joined(scripts)
    policy = f"default-src 'none'; style-src '{policy_hash(style)}'; img-src data:"
    if scripts:
        policy += f"; script-src '{policy_hash(script)}'"
    # A text that ends the element, or begins a comment in it, is not one in JSON with these escapes.
    text = json.dumps(data, separators=(",", ":")).replace("<", "\\u003c").replace(">", "\\u003e")
    return with_parts(
        name,
        {
            "policy": escape(policy),
            "title": escape(title),
            "subtitle": escape(subtitle),
            "style": style,
            "script": script,
            "data": text,
            **parts,
        },
    )


def duration(seconds: float) -> str:
    """Return a length as people read it."""
    minutes, rest = divmod(seconds, 60)
    return f"{int(minutes)} min {rest:.0f} s" if minutes else f"{rest:.1f} s"


def moment(started: str) -> str:
    """Return a time of ISO 8601 as people read it, to the second."""
    return started[:19].replace("T", " ")


def table(head: Iterable[str], rows: Iterable[Iterable[str]], foot: Iterable[str] = ()) -> str:
    """Return a table; its cells are HTML, each beginning with its element."""
    titles = "".join(f'<th scope="col"{_WORDS if text in _OF_WORDS else ""}>{escape(text)}</th>' for text in head)
    body = "".join(f"<tr>{''.join(row)}</tr>" for row in rows)
    cells = "".join(foot)
    end = f"<tfoot><tr>{cells}</tr></tfoot>" if cells else ""
    return f'<div class="wide"><table><thead><tr>{titles}</tr></thead><tbody>{body}</tbody>{end}</table></div>'


def _facts(call: Call) -> str:
    header, metrics = call.recording.header, call.metrics
    tokens = metrics.tokens
    facts = {
        "Started": f"{moment(header.started)} UTC" if header.started else None,
        "Lasted": duration(call.seconds),
        "Ended": call.ending,
        "Model": header.model,
        "Agent": header.agent,
        "Host": header.host,
        "API version": header.api_version,
        "Recorded by": header.library,
        "Turns": str(len(metrics.turns)),
        "Interruptions": str(metrics.interruptions),
        "Reconnects": str(metrics.reconnects) if metrics.reconnects else None,
        "Errors": str(call.errors) if call.errors else None,
        "Tokens": f"{tokens.input or 0:,} in, {tokens.output or 0:,} out" if tokens.input or tokens.output else None,
        "Content": None if header.content else "text and sound were left out of the recording",
    }
    given = "".join(f"<dt>{name}</dt><dd>{escape(value)}</dd>" for name, value in facts.items() if value)
    return f"<dl>{given}</dl>"


def _problems(problems: list[str]) -> str:
    listed = "".join(f"<li>{escape(problem)}</li>" for problem in problems)
    return f'<ul class="problems" aria-label="What could not be read">{listed}</ul>' if listed else ""


def _figures(call: Call) -> str:
    turns = call.metrics.turns
    if not turns:
        return '<p class="empty">There was no turn.</p>'
    spreads = [Spread.of(getattr(turn, name) for turn in turns) for name in FIGURES]
    foot = ["<td>p50 / p95</td><td></td>"]
    foot += [f"<td>{'' if one is None else f'{one.p50:,.0f} / {one.p95:,.0f}'}</td>" for one in spreads]
    head = ["Turn", "", *FIGURES.values(), "underruns", "tokens in", "out"]
    return table(head, (_row(turn) for turn in turns), [*foot, "<td></td><td></td><td></td>"])


def _row(turn: TurnMetrics) -> list[str]:
    is_bad = turn.status not in (None, "completed") and not turn.interrupted
    how = "interrupted" if turn.interrupted else turn.status or ""
    numbers = [getattr(turn, name) for name in FIGURES]
    counts = [turn.underruns, turn.tokens.input, turn.tokens.output]
    return [
        f'<td>{turn.number}</td><td class="words{" bad" if is_bad else ""}">{escape(how)}</td>',
        *(f"<td>{'' if value is None else f'{value:,.0f}'}</td>" for value in (*numbers, *counts)),
    ]

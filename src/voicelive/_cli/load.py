"""`voicelive load`: a quick look at how a service bears load from this machine."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Annotated

import typer

from .._load.quick import Load, LoadResult, hold_load
from ..audio import WavSource
from ..conversation import Spread
from ..errors import VoiceLiveError
from .display import notice
from .running import fail

__all__ = ["load"]

_LABELS = {
    "connect": "until the session is there",
    "first": "until the answer begins",
    "whole": "until the answer ends",
    "interruption": "until an interrupted answer ends",
}


def load(
    endpoint: Annotated[
        str | None, typer.Option(metavar="URL", help="The service's address. Left out: the one in the environment.")
    ] = None,
    model: Annotated[str, typer.Option(metavar="NAME", help="The model.")] = "gpt-4o",
    users: Annotated[int, typer.Option(metavar="NUMBER", min=1, max=1000, help="How many sessions at once.")] = 10,
    seconds: Annotated[float, typer.Option(metavar="SECONDS", min=1, help="For how long turns are begun.")] = 30,
    text: Annotated[str, typer.Option(metavar="TEXT", help="What each asks.")] = "What is seven times eight?",
    wav: Annotated[Path | None, typer.Option(metavar="FILE", help="Say this instead, at the pace of speech.")] = None,
    interrupt: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Say this over each answer; needs --wav.")
    ] = None,
    pause: Annotated[float, typer.Option(metavar="SECONDS", min=0, help="Between two turns of a session.")] = 0.5,
    timeout: Annotated[float, typer.Option(metavar="SECONDS", min=1, help="How long an answer may take.")] = 30,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """Hold many sessions at once, and print how long their turns take. Exit code 1 if any turn failed.

    Each waits for its answer before it asks again, so a slow service is asked less often. For arrivals at a rate, and
    for many machines, write a test for Locust: `voicelive.load`.
    """
    if interrupt is not None and wav is None:
        notice("error: --interrupt needs --wav")
        raise typer.Exit(2)
    stop = threading.Event()
    try:
        given = {"endpoint": endpoint, "model": model}
        what = Load(
            connect={name: value for name, value in given.items() if value is not None},
            users=users,
            seconds=seconds,
            text="" if wav is not None else text,
            pcm=b"" if wav is None else WavSource(wav).pcm,
            interruption=b"" if interrupt is None else WavSource(interrupt).pcm,
            pause_s=pause,
            timeout=timeout,
        )
        result = hold_load(what, stop)
    except VoiceLiveError as error:
        fail(error, debug)
    except KeyboardInterrupt:
        stop.set()
        notice("interrupted")
        raise typer.Exit(130) from None
    for line in _table(users, result):
        typer.echo(line)
    raise typer.Exit(1 if result.failures else 0)


def _table(users: int, result: LoadResult) -> list[str]:
    rate = result.turns / result.elapsed_s if result.elapsed_s else 0.0
    lines = [f"{users} sessions, {result.turns} turns in {result.elapsed_s:.0f} s: {rate:.1f} a second"]
    for name, label in _LABELS.items():
        if (spread := Spread.of(result.times.get(name, []))) is not None:
            lines.append(f"  {label}: p50 {spread.p50:.0f} ms, p95 {spread.p95:.0f} ms ({spread.count})")
    lines += [f"failed {count} times: {what}" for what, count in result.failures.most_common(10)]
    return lines

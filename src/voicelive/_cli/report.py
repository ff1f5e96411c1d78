"""`voicelive report`: recorded calls as pages."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from .._report.page import call_page
from .._report.reading import read_call
from .._report.summary import Row, row_of, summary_page
from ..errors import RecordingError, VoiceLiveError
from .display import notice
from .failures import CommandError, OutputFailed, error_line
from .options import Debug
from .running import fail

__all__ = ["report"]


def report(
    calls: Annotated[list[Path], typer.Argument(metavar="CALL...", help="A recording: its folder or its zip file.")],
    to: Annotated[
        Path | None, typer.Option("--to", metavar="FILE", help="The page to write. Left out: CALL.html, or calls.html.")
    ] = None,
    summary: Annotated[
        bool, typer.Option("--summary", help="A table and plots over many calls; a folder stands for those in it.")
    ] = False,
    sound: Annotated[bool, typer.Option("--sound/--no-sound", help="Whether the sound is in the page.")] = True,
    debug: Debug = False,
) -> None:
    """Write recorded calls as a page: one HTML file that needs nothing else.

    Of one call it has the sound of both sides as it was heard, the turns with their figures, and every event; of many,
    with --summary, a table and plots.
    """
    if not debug:
        # What is odd about events is for developers; without a handler it would go to the terminal.
        logging.getLogger("voicelive").addHandler(logging.NullHandler())
    try:
        page, target = _of_many(calls) if summary else _of_one(calls, with_sound=sound)
        typer.echo(str(_written(page, to or target)))
    except (CommandError, VoiceLiveError) as error:
        fail(error, debug)


def _of_one(calls: Sequence[Path], *, with_sound: bool) -> tuple[str, Path]:
    if len(calls) != 1:
        raise CommandError(f"a report is of one call, and {len(calls)} are given: add --summary")
    try:
        call = read_call(calls[0])
    except OSError as error:
        raise CommandError(error_line(error)) from error
    for problem in call.problems:
        notice(f"warning: {problem}")
    return call_page(call, with_sound=with_sound), Path(f"{call.name}.html")


def _written(page: str, target: Path) -> Path:
    try:
        target.write_text(page, encoding="utf-8")
    except OSError as error:
        raise OutputFailed(f"the report cannot be written: {error_line(error)}") from error
    return target


def _of_many(calls: Sequence[Path]) -> tuple[str, Path]:
    made, unread = list[Row](), list[str]()
    for path in _found(calls):
        try:
            made.append(row_of(read_call(path)))
        except (RecordingError, OSError) as error:
            unread.append(error_line(error))
            notice(f"warning: {error_line(error)}")
    if not made:
        raise CommandError("there is nothing to sum up: none of these could be read")
    return summary_page(made, unread), Path("calls.html")


def _found(given: Sequence[Path]) -> list[Path]:
    """Return the recordings; a folder that is not one stands for those in it."""
    paths: list[Path] = []
    for path in given:
        if path.is_dir() and not (path / "call.jsonl").is_file():
            inside = [one for one in sorted(path.iterdir()) if one.suffix == ".zip" or (one / "call.jsonl").is_file()]
            if inside:
                paths.extend(inside)
                continue
        paths.append(path)
    return paths

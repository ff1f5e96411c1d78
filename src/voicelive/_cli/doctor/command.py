"""The command's options."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from ..._environment import ENDPOINT_VARIABLES
from ..display import notice
from ..failures import CommandError
from ..output import discard
from ..talk import DEFAULT_MODEL
from .code_report import report_code
from .configuration import Settings
from .report import show_json, show_table
from .steps import Step
from .walk import Report, examine

__all__ = ["doctor"]

_INTERRUPTED = 130


def doctor(
    endpoint: Annotated[
        str | None,
        typer.Option(
            metavar="URL", help=f"The service's address. Left out: {ENDPOINT_VARIABLES[0]}, or {ENDPOINT_VARIABLES[1]}."
        ),
    ] = None,
    model: Annotated[
        str | None, typer.Option(metavar="NAME", help=f"The model to ask for. Left out: {DEFAULT_MODEL}.")
    ] = None,
    api_version: Annotated[
        str | None, typer.Option(metavar="VERSION", help="The API version; left out: the newest known.")
    ] = None,
    timeout: Annotated[
        float, typer.Option(metavar="SECONDS", min=0.1, max=600, help="Seconds that each step may take.")
    ] = 15.0,
    local: Annotated[
        bool, typer.Option("--local", help="Check a local service, started for this: it needs no account.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Write the report as JSON.")] = False,
    code: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            help="Instead, find in this program for azure-ai-voicelive what has to change. Repeatable.",
        ),
    ] = None,
    fix: Annotated[bool, typer.Option("--fix", help="With --code: change in the file what is certain.")] = False,
) -> None:
    """Walk the path of a connection, and say where it ends and what to do about it.

    Environment, DNS, proxy, TCP, TLS, redirect, upgrade, authentication, model and API version, session.created, and
    one short text turn. The exit code is 0 if all is well, otherwise it names the step: 10 environment, 11 DNS,
    12 proxy, 13 TCP, 14 TLS, 15 redirect, 16 upgrade, 17 authentication, 18 model and API version,
    19 session.created, 20 text turn. Keys and tokens are never shown.

    With --code nothing is connected to: the exit code is 0 if nothing has to change, otherwise 1.
    """
    if code:
        raise typer.Exit(_examined_code(code, fix=fix, json=json))
    if fix:
        raise typer.BadParameter("--fix goes with --code")
    if local and endpoint is not None:
        raise typer.BadParameter("--local checks a service of its own: leave --endpoint out")
    # What the client logs is meant for developers; without a handler, warnings would go to the terminal.
    logging.getLogger("voicelive").addHandler(logging.NullHandler())
    try:
        report = _examined(Settings(endpoint, model, api_version, timeout, local))
        (show_json if json else show_table)(report)
    except KeyboardInterrupt:
        notice("interrupted")
        raise typer.Exit(_INTERRUPTED) from None
    except BrokenPipeError:
        # The reader of the output is gone.
        discard(sys.stdout)
        raise typer.Exit(1) from None
    raise typer.Exit(report.exit_code)


def _examined_code(paths: list[Path], *, fix: bool, json: bool) -> int:
    try:
        return report_code(paths, fix=fix, as_json=json)
    except CommandError as error:
        notice(f"error: {error}")
        return CommandError.exit_code


def _examined(settings: Settings) -> Report:
    """Examine, and show on a terminal which step is being taken."""
    console = Console(stderr=True, markup=False, highlight=False)
    if not console.is_terminal:
        return examine(settings, lambda step: None)
    with console.status("checking") as status:

        def begin(step: Step) -> None:
            status.update(f"checking: {step.value}")

        return examine(settings, begin)

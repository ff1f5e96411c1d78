"""The command ``voicelive replay`` and its options."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from .options import Debug
from .replay import ReplaySettings, replay
from .running import run_to_end
from .serve import DEFAULT_PORT
from .signals import until_signalled

__all__ = ["replay_command"]


class MatchChoice(str, Enum):
    """The values of the option ``--match``."""

    STRICT = "strict"
    ORDER = "order"
    LOOSE = "loose"


class ReplayPacing(str, Enum):
    """The values of the option ``--pacing`` of replay."""

    RECORDED = "recorded"
    FAST = "fast"


def replay_command(
    call: Annotated[Path, typer.Argument(metavar="CALL", help="The recording: its folder or its zip file.")],
    against: Annotated[
        str | None,
        typer.Option(
            metavar="URL", help="Speak the user's side to the service at this address, and show what differs."
        ),
    ] = None,
    host: Annotated[str, typer.Option(metavar="ADDRESS", help="The address to listen on, on this machine.")] = (
        "127.0.0.1"
    ),
    port: Annotated[
        int, typer.Option(metavar="PORT", min=0, max=65535, help="The port; 0 takes a free one.")
    ] = DEFAULT_PORT,
    match: Annotated[
        MatchChoice,
        typer.Option(
            help="What the client must do. strict: send what was recorded and nothing else; order: the same with other "
            "events in between; loose: send events of the same types."
        ),
    ] = MatchChoice.LOOSE,
    pacing: Annotated[
        ReplayPacing, typer.Option(help="recorded: take the time that it took; fast: as fast as the other side allows.")
    ] = ReplayPacing.RECORDED,
    timeout: Annotated[
        float, typer.Option(metavar="SECONDS", min=0.1, help="With --against: how long to wait for an answer.")
    ] = 30.0,
    debug: Debug = False,
) -> None:
    """Run a recorded call again: its service for any client, or its user for a service.

    Without --against, the service's side is served until Ctrl-C, to each client that connects. With it, exit code 1
    says that the service answers differently from what was recorded.
    """
    settings = ReplaySettings(call, host, port, match.value, pacing.value, against, timeout)
    run_to_end(until_signalled(replay(settings)) if against is not None else replay(settings), debug)

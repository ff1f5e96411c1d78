"""`voicelive answer`: an agent on the telephone."""

from __future__ import annotations

from enum import Enum
from typing import Annotated

import typer

from ..errors import VoiceLiveError
from .display import notice
from .failures import CommandError, error_line

__all__ = ["answer"]


class LineChoice(str, Enum):
    """The values of the option ``--line``."""

    TWILIO = "twilio"
    ACS = "acs"
    GENESYS = "genesys"


class DigitsChoice(str, Enum):
    """The values of the option ``--digits``."""

    EVENT = "event"
    MESSAGE = "message"


def answer(
    line: Annotated[LineChoice, typer.Option(help="The vendor whose calls are answered.")],
    agent: Annotated[
        str, typer.Option(metavar="MODULE:NAME", help="The agent: a coroutine function of an open connection.")
    ],
    public_url: Annotated[
        str,
        typer.Option(
            metavar="URL", envvar="VOICELIVE_PUBLIC_URL", help="Where the vendor reaches this server: https://HOST."
        ),
    ] = "",
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="The port.")] = 8080,
    workers: Annotated[int, typer.Option(min=1, help="How many processes; one for each core.")] = 1,
    max_calls: Annotated[int, typer.Option(min=1, help="How many calls each process carries at once.")] = 50,
    max_per_caller: Annotated[
        int, typer.Option(min=0, help="How many calls of one number each process carries; 0 for any number.")
    ] = 0,
    max_seconds: Annotated[float, typer.Option(min=1, help="How long a call may last.")] = 3600.0,
    drain_seconds: Annotated[float, typer.Option(min=0, help="How long calls may go on after SIGTERM.")] = 300.0,
    digits: Annotated[
        DigitsChoice, typer.Option(help="Whether keys are only events, or also messages of the user.")
    ] = DigitsChoice.EVENT,
    endpoint: Annotated[
        str | None, typer.Option(metavar="URL", help="The service's address; left out: as in the environment.")
    ] = None,
    model: Annotated[str | None, typer.Option(metavar="NAME", help="The model; left out: the agent's own.")] = None,
    validate: Annotated[
        bool,
        typer.Option(
            "--validate/--no-validate", help="Answer only what the vendor has signed. Switch it off for tests only."
        ),
    ] = True,
) -> None:
    """Answer the telephone with an agent.

    Serves the vendor's webhook and WebSocket, /healthz, /readyz and /metrics. Secrets are read from the environment:
    TWILIO_AUTH_TOKEN; ACS_CONNECTION_STRING and VOICELIVE_WEBHOOK_KEY; GENESYS_API_KEY and GENESYS_CLIENT_SECRET.
    On SIGTERM no more calls are taken, and those under way go on. Limits of calls count in each process: with
    --workers N a machine takes N times as many.
    """
    # The extra `server` brings what these need.
    from .._answering.run import run_server
    from .._answering.settings import AnswerSettings

    connect = {name: value for name, value in (("endpoint", endpoint), ("model", model)) if value is not None}
    try:
        settings = AnswerSettings(
            line=line.value,
            agent=agent,
            host=host,
            port=port,
            workers=workers,
            public_url=public_url,
            validate=validate,
            max_calls=max_calls,
            max_per_caller=max_per_caller,
            max_seconds=max_seconds,
            drain_seconds=drain_seconds,
            digits=digits.value,
            connect=connect,
        )
        started = f"answering calls of {line.value} at http://{host}:{port}: {settings.capacity}"
        run_server(settings, lambda: notice(started))
    except ModuleNotFoundError as error:
        if error.name not in ("uvicorn", "starlette", "prometheus_client"):
            raise
        _fail(CommandError(f"{error.name} is not installed: pip install 'voicelive[server]'"))
    except (VoiceLiveError, CommandError) as error:
        _fail(error)


def _fail(error: Exception) -> None:
    notice(f"error: {error_line(error)}")
    raise typer.Exit(CommandError.exit_code)

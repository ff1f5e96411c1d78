"""`voicelive faults`: what a running local service is to do wrong."""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import Annotated, Any, NoReturn

import typer

from .._local.control.client import ControlClient, ControlError
from .._local.errors import InvalidFaultError
from .._local.faults.kinds import KINDS
from .._local.faults.text import describe_kind, parse_fault
from .display import notice
from .failures import CommandError, error_line
from .output import Output
from .serve import DEFAULT_PORT

__all__ = ["faults"]

faults = typer.Typer(
    name="faults",
    help="Let a running local service do something wrong, or stop it from doing so.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Endpoint = Annotated[
    str, typer.Option(metavar="URL", help="The address of the service, as `voicelive serve` prints it.")
]
Key = Annotated[
    str | None,
    typer.Option("--api-key", metavar="KEY", envvar="VOICELIVE_LOCAL_API_KEY", help="The key of the service."),
]

_HERE = f"http://127.0.0.1:{DEFAULT_PORT}"


@faults.command("add")
def add(
    texts: Annotated[
        list[str], typer.Argument(metavar="FAULT", help="A fault, such as close:1011@events=20 or drop:response.done.")
    ],
    endpoint: Endpoint = _HERE,
    api_key: Key = None,
) -> None:
    """Add faults; prints each with the id by which it can be cleared.

    FAULT is NAME[:VALUE][@FIELD=VALUE[,FIELD=VALUE...]]. Fields of all: session=ID, times=N (or *, for always) and
    chance=P. `voicelive faults kinds` lists the others. Seconds may be written 250ms, 1.5s or 2m, sizes 64KiB or 8MiB.
    """
    with _told():
        for text in texts:
            parse_fault(text)
        with ControlClient(endpoint, api_key) as control:
            _print(control.ask("faults.add", faults=texts)["faults"])


@faults.command("clear")
def clear(
    ids: Annotated[
        list[str] | None,
        typer.Argument(metavar="ID", help="A fault's id, such as fault_1. Left out: all."),
    ] = None,
    endpoint: Endpoint = _HERE,
    api_key: Key = None,
) -> None:
    """Take faults back: those named, or all; prints what is left."""
    with _told(), ControlClient(endpoint, api_key) as control:
        _print(control.ask("faults.clear", ids=ids or [])["faults"])


@faults.command("list")
def list_command(endpoint: Endpoint = _HERE, api_key: Key = None) -> None:
    """Print the faults that wait, one a line: id, fault, and how often it was committed already."""
    with _told(), ControlClient(endpoint, api_key) as control:
        _print(control.ask("faults.list")["faults"])


@faults.command("kinds")
def kinds() -> None:
    """Print what can go wrong, with the fields of each."""
    with _told():
        for kind in map(describe_kind, KINDS.values()):
            value = f":{kind['main'].upper()}" if kind["main"] else ""
            fields = ", ".join(name for name in kind["fields"] if name != kind["main"])
            _say(f"{kind['name']}{value}\n    {kind['about'].replace('`', '')}\n    fields: {fields}")


def _print(planned: list[dict[str, Any]]) -> None:
    for entry in planned:
        done = f"  ({entry['committed']} done)" if entry.get("committed") else ""
        _say(f"{entry['id']}  {entry['fault']}{done}")


def _say(line: str) -> None:
    output = Output(sys.stdout, "standard output")
    output.write(f"{line}\n")
    output.flush()


@contextmanager
def _told() -> Generator[None, None, None]:
    """Say what went wrong in one line, and end with the exit code that goes with it."""
    try:
        yield
    except (ControlError, InvalidFaultError) as error:
        _end(error, CommandError.exit_code)
    except CommandError as error:
        _end(error, error.exit_code)


def _end(error: Exception, exit_code: int) -> NoReturn:
    notice(f"error: {error_line(error)}")
    raise typer.Exit(exit_code) from None

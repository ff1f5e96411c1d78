"""How a command runs to its end, and what the end of each kind shows and returns to the shell."""

from __future__ import annotations

import asyncio
import logging
import sys
import warnings
from collections.abc import Coroutine, Generator
from contextlib import contextmanager
from typing import Any, NoReturn, TextIO

import typer

from ..errors import ContractWarning, VoiceLiveError
from .display import notice
from .failures import CommandError, error_line
from .output import discard
from .signals import Signalled

__all__ = ["fail", "run_to_end"]

_INTERRUPTED = 130


def run_to_end(work: Coroutine[Any, Any, None], debug: bool) -> None:
    """Run a command's work on an event loop, and end the program as its end says."""
    if not debug:
        # Warnings about the service's oddities are for developers; without a handler they would go to the terminal.
        logging.getLogger("voicelive").addHandler(logging.NullHandler())
    try:
        with _contract_notices():
            asyncio.run(work)
    except KeyboardInterrupt:
        notice("interrupted")
        raise typer.Exit(_INTERRUPTED) from None
    except Signalled as ended:
        notice(error_line(ended))
        raise typer.Exit(ended.exit_code) from None
    except BrokenPipeError:  # the reader of the output is gone, and needs no message
        discard(sys.stdout)
        raise typer.Exit(1) from None
    except (CommandError, VoiceLiveError) as error:
        fail(error, debug)


@contextmanager
def _contract_notices() -> Generator[None, None, None]:
    """Show what does not fit the contract as notices: the user gave options, and has no line of source to look at."""
    with warnings.catch_warnings():
        show_others = warnings.showwarning

        def show(
            message: Warning | str,
            category: type[Warning],
            filename: str,
            lineno: int,
            file: TextIO | None = None,
            line: str | None = None,
        ) -> None:
            if issubclass(category, ContractWarning):
                notice(f"warning: {' '.join(str(message).split())}")
            else:
                show_others(message, category, filename, lineno, file, line)

        warnings.showwarning = show
        warnings.simplefilter("always", ContractWarning)
        yield


def fail(error: Exception, debug: bool) -> NoReturn:
    """End the program with an error in one line, or with its traceback."""
    if debug:
        raise error
    notice(f"error: {error_line(error)}")
    raise typer.Exit(error.exit_code if isinstance(error, CommandError) else CommandError.exit_code)

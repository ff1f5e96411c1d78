"""Options that several commands have."""

from __future__ import annotations

from typing import Annotated

import typer

__all__ = ["Debug", "Endpoint"]

Debug = Annotated[bool, typer.Option("--debug", help="Show warnings, and the traceback of an error.")]
Endpoint = Annotated[
    str | None,
    typer.Option(
        metavar="URL", help="The service's address. Left out: the one in the environment, or else a local service."
    ),
]

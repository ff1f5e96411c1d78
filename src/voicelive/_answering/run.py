"""Runs the server: uvicorn with its workers, until SIGTERM or Ctrl-C."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from collections.abc import Callable
from typing import Any

from .._generated.connect_async import connect
from ..agents import load_agent, options_of
from .settings import AnswerSettings, Secrets

__all__ = ["run_server"]


def run_server(settings: AnswerSettings, ready: Callable[[], None]) -> None:
    """Answer calls until the process is told to stop.

    Args:
        settings: what was told.
        ready: called when nothing is left that could be wrong.

    Raises:
        ConfigurationError: if a secret is missing, the agent cannot be found, or its connections cannot be opened.
        ImportError: if uvicorn, Starlette or prometheus_client is not installed.
    """
    from .vendors import vendor_of

    vendor_of(settings, Secrets.of(settings)).check()
    arguments: dict[str, Any] = {**options_of(load_agent(settings.agent)), **settings.connect}
    # Nothing is opened; but an endpoint that is missing would be noticed by the first caller otherwise.
    connect(**arguments)
    settings.keep()
    # uvicorn raises the signal that has ended it again. By default that would kill this process before it has cleaned
    # up, and a drain that went well would look like a failure.
    signal.signal(signal.SIGTERM, _end)
    ready()
    with tempfile.TemporaryDirectory(prefix="voicelive-answer-") as folder:
        # Before prometheus_client is imported: it decides by it.
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
        import uvicorn

        uvicorn.run(
            "voicelive._answering.app:from_environment",
            factory=True,
            host=settings.host,
            port=settings.port,
            workers=settings.workers,
            # What a vendor sends is small, and its sound does not compress.
            ws_max_size=262_144,
            ws_per_message_deflate=False,
            access_log=False,
            log_level="warning",
            timeout_graceful_shutdown=5,
            proxy_headers=False,
        )


def _end(number: int, frame: object) -> None:
    sys.exit(0)

"""Runs the server: uvicorn with its workers, until SIGTERM or Ctrl-C."""

from __future__ import annotations

import os
import tempfile

from ..agents import load_agent
from .settings import AnswerSettings, Secrets

__all__ = ["run_server"]


def run_server(settings: AnswerSettings) -> None:
    """Answer calls until the process is told to stop.

    Raises:
        ConfigurationError: if a secret is missing, or the agent cannot be found.
        ImportError: if uvicorn, Starlette or prometheus_client is not installed.
    """
    Secrets.of(settings)
    load_agent(settings.agent)
    settings.keep()
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

"""`voicelive serve`: the local service until it is told to stop."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import FrameType
from typing import Literal

from ..local import LocalService
from .engines import EngineChoice, loaded_engines

__all__ = ["DEFAULT_PORT", "ServeSettings", "serve"]

DEFAULT_PORT = 8765


@dataclass(frozen=True)
class ServeSettings:
    """Everything `voicelive serve` can be told."""

    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    engines: EngineChoice = EngineChoice.AUTO
    api_key: str | None = None
    pacing: Literal["fast", "real"] = "fast"


async def serve(settings: ServeSettings) -> None:
    """Serve until SIGINT or SIGTERM, then close the sessions and return.

    Raises:
        CommandError: if the engines asked for are not installed.
        LocalServiceError: if the port is in use, or the host needs an API key.
    """
    stopped = asyncio.Event()
    with _stop_signals(stopped):
        async with (
            loaded_engines(settings.engines) as engines,
            LocalService(
                settings.host, settings.port, engines=engines, api_key=settings.api_key, pacing=settings.pacing
            ) as service,
        ):
            print(f"local Voice Live service at {service.endpoint}, engines: {engines.name}")
            print("To talk to it, in another terminal:")
            print(f"  export AZURE_VOICELIVE_ENDPOINT={service.endpoint}")
            # The key itself is not repeated: terminals are recorded.
            key = "local" if settings.api_key is None else "<the API key of this service>"
            print(f"  export AZURE_VOICELIVE_API_KEY={key}")
            print("Ctrl-C stops it.", flush=True)
            await stopped.wait()
            print("stopping", flush=True)


@contextmanager
def _stop_signals(stopped: asyncio.Event) -> Generator[None, None, None]:
    """Have SIGINT and SIGTERM set `stopped` instead of ending the process where it stands."""
    loop = asyncio.get_running_loop()
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may handle signals; whoever runs this elsewhere stops it otherwise
        return

    def stop(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(stopped.set)

    # signal.signal works on every system; loop.add_signal_handler does not on Windows.
    previous = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in previous.items():
            with suppress(TypeError):  # a handler that was not set from Python cannot be put back
                signal.signal(number, handler)

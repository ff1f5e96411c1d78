"""The recordings of a service's sessions: each in a folder of its own."""

from __future__ import annotations

import logging
import time
from datetime import UTC, datetime
from pathlib import Path

from .._core.secrecy import Redactor
from .._recording.lines import RecordingHeader
from .._recording.recorder import Recorder
from .._version import __version__
from ..errors import ConfigurationError
from .handshake import Handshake

__all__ = ["Recordings"]

_logger = logging.getLogger("voicelive.local")


class Recordings:
    """Begins a recording for each session, named by the time and a number.

    Raises:
        ConfigurationError: if the folder cannot be made.
    """

    def __init__(self, folder: str | Path, api_key: str | None) -> None:
        self._folder = Path(folder)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigurationError(f"sessions cannot be recorded in {folder}: {error.strerror or error}") from None
        # A client could say in an event what it has said in its handshake.
        self._hide = Redactor([api_key] if api_key else [])
        self._count = 0
        self._running: set[Recorder] = set()

    def begin(self, handshake: Handshake, host: str | None) -> Recorder:
        """Begin to record a session; `host` is that of the service which answers it, where that is another."""
        now = datetime.now(UTC)
        header = RecordingHeader(
            started=now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            library=f"voicelive {__version__}",
            api_version=handshake.query.get("api-version", ""),
            model=handshake.model or None,
            agent=handshake.query.get("agent-name"),
            host=host,
        )
        recorder = self._unused(f"{now:%Y%m%d-%H%M%S}")
        self._running.add(recorder)
        recorder.start(header, time.monotonic(), hide=self._hide)
        return recorder

    def end(self, recorder: Recorder, code: int | None, reason: str) -> None:
        """Note how a session ended; the rest is written meanwhile."""
        recorder.finish(code, reason, time.monotonic())
        self._running = {one for one in self._running if not one.is_done}

    def close(self) -> None:
        """Wait until everything is written."""
        for recorder in self._running:
            if not recorder.close():
                _logger.warning("%s is not written to its end: the disk is too slow", recorder.path)
        self._running.clear()

    def _unused(self, name: str) -> Recorder:
        # Another process may record in the same folder.
        while True:
            self._count += 1
            try:
                return Recorder(self._folder / f"{name}-{self._count:04d}")
            except ConfigurationError:
                continue

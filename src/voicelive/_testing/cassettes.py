"""Cassettes: calls that are recorded once, against any service, and replayed in every later run of a test."""

from __future__ import annotations

import re
import tempfile
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from .._public import public_in
from .._recording.replaying import Match, check_match
from ..local import LocalService, Replay, ThreadedLocalService, Upstream
from ..recording import Recording

__all__ = ["Cassette"]

_LOCAL = "local"
_TIMEOUT_S = 10.0


@public_in("voicelive.testing")
class Cassette:
    """What a test talks to: the recording of an earlier run, or, to make one, the service itself.

    Each connection of the test is a recording of its own: ``NAME.zip``, ``NAME.2.zip`` and so on.
    """

    def __init__(
        self,
        folder: Path,
        name: str,
        *,
        match: Match = "strict",
        record: str | None = None,
        timeout: float = _TIMEOUT_S,
    ) -> None:
        """Prepare.

        Args:
            folder: where cassettes are.
            name: this one's.
            match: what is compared of what the test sends: see :class:`~voicelive.local.Replay`.
            record: record it anew: the address of the service to record, or ``local`` for one of this package's.
            timeout: how long the test may take for what it is to send next, in seconds.
        """
        self._folder = folder
        # So that the name of a test is the name of a file.
        self._name = re.sub(r"[^\w.]+", "-", name).strip("-.")
        self._match: Match = check_match(match)
        self._record = record
        self._timeout = timeout
        self._open = ExitStack()
        self._running: ThreadedLocalService | None = None
        self._replay: Replay | None = None
        self._fresh: Path | None = None

    def __enter__(self) -> Self:
        """Begin to replay, or to record.

        Raises:
            FileNotFoundError: if there is no such cassette.
        """
        if self._record is not None:
            self._fresh = Path(self._open.enter_context(tempfile.TemporaryDirectory()))
            upstream = None if self._record == _LOCAL else Upstream(self._record)
            service = LocalService.in_thread(upstream=upstream, record=self._fresh)
        else:
            self._replay = Replay(self._recordings(), match=self._match, timeout=self._timeout, repeat=False)
            service = LocalService.in_thread(replay=self._replay)
        self._running = self._open.enter_context(service)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._open.close()

    @property
    def endpoint(self) -> str:
        """The address to give to ``connect()``."""
        assert self._running is not None, "use the cassette as a context manager"
        return self._running.endpoint

    @property
    def is_recording(self) -> bool:
        """Whether it is recorded in this run."""
        return self._record is not None

    @property
    def paths(self) -> list[Path]:
        """The files that there are of it."""
        return [path for path in self._numbered() if path.exists()]

    def problems(self) -> list[str]:
        """Stop, and return where the test did something else than what was recorded."""
        if self._running is not None:
            self._running.stop()
        if self._replay is None:
            return []
        found = self._replay.problems
        if not found and self._match != "loose" and (unused := self._replay.unused):
            found.append(f"{unused} of {len(self._replay.recordings)} recorded connection(s) were not opened")
        return found

    def keep(self) -> None:
        """Stop, and keep what was recorded, in the place of what there was."""
        assert self._running is not None, "use the cassette as a context manager"
        assert self._fresh is not None, "it was replayed"
        self._running.stop()
        for path in self.paths:
            path.unlink()
        self._folder.mkdir(parents=True, exist_ok=True)
        for source, target in zip(sorted(self._fresh.iterdir()), self._numbered(), strict=False):
            Recording.open(source).pack(target, call_sound=False)

    def _recordings(self) -> list[Path]:
        if not (found := self.paths):
            raise FileNotFoundError(
                f"there is no cassette {self._folder / self._name}.zip: record it with --voicelive-record URL, the "
                "address of a service, or --voicelive-record local"
            )
        return found

    def _numbered(self) -> list[Path]:
        names = [f"{self._name}.zip", *(f"{self._name}.{number}.zip" for number in range(2, 100))]
        return [self._folder / name for name in names]

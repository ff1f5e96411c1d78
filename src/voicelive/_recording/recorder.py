"""Records a call beside it: what goes over the connection is queued, and a thread writes it."""

from __future__ import annotations

import atexit
import logging
import re
import shutil
import time
import weakref
from collections import deque
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from .._base import Model
from .._core.annotations import taken_as_it_is
from .._core.closing import CloseInfo
from .._core.conversation.conversation_events import RecordingStopped
from .._core.conversation.ledger import Heard
from .._core.handshake import Handshake
from .._public import public_in
from .._threads import allocate_lock, start_thread
from .._version import __version__
from ..errors import ConfigurationError, RecordingError
from .files import unpacked
from .lines import CALL_LINES, RecordingHeader
from .reading import Recording
from .redaction import patterns_of
from .writing import RecordingWriter

__all__ = ["Recorder"]

_MOST_WAITING = 16 << 20
"""Bytes that may wait to be written: minutes of a call. A disk that stands still for longer loses events."""
_EACH = 256
"""What an entry takes beside its text, in bytes."""
_LOOK_S = 0.1
"""How often the thread looks: each time it wakes costs as much as an event, whatever waits."""
_FLUSH_S = 0.9
_AT_EXIT_S = 5.0

_logger = logging.getLogger("voicelive.recording")

_Write = Callable[..., None]
"""A method of :class:`RecordingWriter`."""


@public_in("voicelive.recording")
@taken_as_it_is
class Recorder:
    """Records one call, for ``connect(recorder=…)`` of either client.

    Everything is written by a thread of its own, at the latest a second after it happened, and can be read at any
    moment, also after a crash. Reconnecting and moving to a fresh session are part of the one recording. What cannot be
    written ends the recording with an event ``voicelive.recording_stopped``, never the call.

    Example::

        recorder = Recorder("calls/one")
        with connect(endpoint=..., credential=..., model="gpt-realtime", recorder=recorder) as connection:
            ...
        recorder.close()
        print(recorder.recording.audio.seconds)
    """

    def __init__(
        self,
        path: str | Path,
        *,
        content: bool = True,
        redact: Iterable[str | re.Pattern[str]] = (),
        call_sound: bool = True,
    ) -> None:
        """Prepare; nothing is written before a connection opens.

        Args:
            path: the folder to write; with a name that ends in ``.zip``, one file, which is packed when the call has
                ended. It must not exist yet.
            content: whether text and sound are recorded. Without, only structure, ids, figures and times are.
            redact: regular expressions; what fits one is replaced in every text. Sound cannot be redacted.
            call_sound: whether to write ``call.wav``, both sides as they were heard, beside the sound of each
                direction.

        Raises:
            ConfigurationError: if there is a recording already, or for what is not a pattern.
        """
        self.path: Path = Path(path)
        """What is written."""
        self._folder = unpacked(self.path) if self.path.suffix == ".zip" else self.path
        if (self._folder / CALL_LINES).exists() or (self._folder != self.path and self.path.exists()):
            raise ConfigurationError(f"there is a recording at {self.path} already: choose another name")
        self._content = content
        self._redact = patterns_of(redact)
        self._call_sound = call_sound
        self._waiting: deque[tuple[int, _Write, tuple[Any, ...]]] = deque()
        self._put = self._taken = 0
        self._lost = self._lost_written = 0
        self._start: float | None = None
        self._wake = allocate_lock()
        self._wake.acquire()
        self._done = allocate_lock()
        self._is_ending = self._is_off = False
        self._ending: _Write | None = None
        self._tell: Callable[[Model], None] | None = None
        self.problem: str | None = None
        """Why the recording ended before the call, if it did."""

    def __repr__(self) -> str:
        return f"<Recorder {self.path}>"

    @property
    def dropped(self) -> int:
        """How many events were not recorded, because the disk was too slow for too long."""
        return self._lost

    @property
    def is_done(self) -> bool:
        """Whether a recording has begun and ended, and is written."""
        return self._start is not None and self._is_off

    @property
    def recording(self) -> Recording:
        """What was recorded, for reading.

        Raises:
            RecordingError: if nothing was.
        """
        return Recording.open(self.path)

    def attach(self, connection: Any) -> None:
        """Record an open connection of either client from now on.

        It must have been opened with ``observers``, ``metrics``, ``barge_in`` or ``tools``; ``connect(recorder=…)``
        needs none of them.

        Raises:
            ConfigurationError: if it keeps no conversation, or this recorder has recorded already.
            ConnectionStateError: if it is not open.
        """
        self._check_unused()
        connection.playback.layer.add_tap(self)

    def close(self, timeout: float = 30.0) -> bool:
        """End the recording, if the end of the connection has not, and wait until everything is written.

        Blocks: with asyncio, ``await asyncio.to_thread(recorder.close)``.

        Returns:
            Whether that was within `timeout` seconds.
        """
        if self._start is None:
            return True
        if not self._is_ending:
            self.ended(None, time.monotonic())
        if not self._done.acquire(timeout=timeout):
            return False
        self._done.release()
        return True

    # As a tap of a connection, on its loop.

    def begin(
        self, handshake: Handshake, now: float, hide: Callable[[str], str], tell: Callable[[Model], None]
    ) -> None:
        """Begin to record."""
        self._check_unused()
        query = {name.lower(): value for name, value in handshake.query}
        header = RecordingHeader(
            started=datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            library=f"voicelive {__version__}",
            api_version=query.get("api-version", ""),
            model=handshake.model,
            agent=query.get("agent-name"),
            host=handshake.endpoint.authority,
            content=self._content,
        )
        self.start(header, now, hide=hide, tell=tell)

    def start(
        self,
        header: RecordingHeader,
        now: float,
        *,
        hide: Callable[[str], str] = str,
        tell: Callable[[Model], None] | None = None,
    ) -> None:
        """Begin to record what is handed over by who holds the connection."""
        self._start = now
        self._tell = tell
        self._done.acquire()
        self._stop_at_exit = partial(_close_at_exit, weakref.ref(self))
        atexit.register(self._stop_at_exit)
        start_thread(partial(self._run, header, hide), "voicelive-recorder")

    def sent(self, data: bytes, now: float) -> None:
        """Record a message that was sent."""
        self._queue(len(data), RecordingWriter.event, "sent", data, self._at(now))

    def received(self, data: bytes, now: float) -> None:
        """Record a message that arrived."""
        self._queue(len(data), RecordingWriter.event, "received", data, self._at(now))

    def told(self, data: bytes, now: float) -> None:
        """Record an event of the connection's own."""
        self._queue(len(data), RecordingWriter.event, "local", data, self._at(now))

    def heard(self, heard: list[Heard], now: float) -> None:
        """Record how far items have been heard."""
        for one in heard:
            self._queue(0, RecordingWriter.heard, *one, self._at(now))

    def ended(self, info: CloseInfo | None, now: float) -> None:
        """Record the end of the connection, and write the rest."""
        if info is None:
            self.finish(None, "", now)
        else:
            initiator = "client" if info.initiator == "local" else info.initiator
            self.finish(info.code, info.reason, now, initiator)

    def finish(self, code: int | None, reason: str, now: float, initiator: str | None = None) -> None:
        """Record how the connection ended, and write the rest."""
        if self._is_ending or self._start is None:
            return
        self._is_ending = True
        self._ending = partial(RecordingWriter.close, time=self._at(now), code=code, reason=reason, initiator=initiator)
        self._wake.release()

    def _check_unused(self) -> None:
        if self._start is not None:
            raise ConfigurationError(f"{self!r} has recorded a call already: make a Recorder for each")

    def _at(self, now: float) -> float:
        return now - (self._start or now)

    def _queue(self, size: int, write: _Write, *arguments: Any) -> None:
        if self._is_off or self._is_ending:
            return
        if self._put - self._taken > _MOST_WAITING:
            self._lost += 1
            return
        self._put += size + _EACH
        self._waiting.append((size + _EACH, write, arguments))

    # On the thread that writes.

    def _run(self, header: RecordingHeader, hide: Callable[[str], str]) -> None:
        try:
            self._write(header, hide)
        except (OSError, ConfigurationError, RecordingError) as error:
            self._stop(error)
        except Exception as error:
            _logger.exception("the recorder failed")
            self._stop(error)
        finally:
            self._is_off = True
            self._waiting.clear()
            atexit.unregister(self._stop_at_exit)
            self._done.release()

    def _write(self, header: RecordingHeader, hide: Callable[[str], str]) -> None:
        writer = RecordingWriter(self._folder, header, redact=self._redact, call_sound=self._call_sound, hide=hide)
        try:
            flush_at = time.monotonic() + _FLUSH_S
            while True:
                ending = self._ending
                self._write_waiting(writer)
                if ending is not None:
                    ending(writer)
                    break
                if (now := time.monotonic()) >= flush_at:
                    writer.flush(self._at(now))
                    flush_at = now + _FLUSH_S
                if not self._waiting:
                    self._wake.acquire(timeout=_LOOK_S)
        finally:
            writer.abandon()
        if self._folder != self.path:
            Recording.open(self._folder).pack(self.path)
            shutil.rmtree(self._folder)

    def _write_waiting(self, writer: RecordingWriter) -> None:
        # Not what comes meanwhile: it might never end, and what is written is to be flushed.
        for _ in range(len(self._waiting)):
            size, write, arguments = self._waiting.popleft()
            if (lost := self._lost) != self._lost_written:
                writer.lost(lost - self._lost_written, self._at(time.monotonic()))
                self._lost_written = lost
            write(writer, *arguments)
            self._taken += size

    def _stop(self, error: Exception) -> None:
        """Tell that nothing is recorded any more."""
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        self.problem = reason
        _logger.warning("the recording %s stopped: %s", self.path, reason)
        if self._tell is not None:
            self._tell(RecordingStopped(path=str(self.path), reason=reason))


def _close_at_exit(recorder: weakref.ref[Recorder]) -> None:
    if (found := recorder()) is not None:
        found.close(_AT_EXIT_S)

"""Sessions that are replayed from recordings, for any client."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Literal

from .._core.codec import decode_server_event
from .._public import public_in
from .._recording.reading import Recording
from .._recording.replaying import Match, Replaying, check_match
from ..errors import ConfigurationError, InvalidEventError
from .limits import read_client_event, weight_of
from .records import SessionJournal
from .session.error_details import ErrorDetails, RefusedError
from .session_socket import SessionSocket

__all__ = ["Replay", "ReplayedSession"]

_MISMATCH = "recording_mismatch"


@public_in("voicelive.local")
class Replay:
    """Recordings that a :class:`LocalService` replays, instead of answering by itself: the service's side of each.

    Clients connect to the local service as to any other. What they send is compared with what was recorded; where it
    differs, they are sent an ``error`` with the code ``recording_mismatch``, which says where, and the connection is
    closed with 1008. The ids that a client gives take the place of those that were recorded.

    Args:
        recordings: one, or one for each connection, in order.
        match: what is compared. ``strict``: the client sends the events that were recorded, in order, and no others;
            ``order``: these, with others in between; ``loose``: their types, in any order. Sound counts by its length.
        pacing: ``fast`` sends an event as soon as the client has done what came before it; ``recorded`` takes the time
            that it took.
        timeout: how long the client may take for what it is to do next, in seconds; None: forever.
        repeat: whether a connection more than there are recordings begins again with the first. If not, it is refused.

    Raises:
        ConfigurationError: for something that cannot work.
        RecordingError: for what is not a recording.
    """

    def __init__(
        self,
        recordings: str | Path | Recording | Iterable[str | Path | Recording],
        *,
        match: Match = "loose",
        pacing: Literal["fast", "recorded"] = "fast",
        timeout: float | None = None,
        repeat: bool = True,
    ) -> None:
        given = [recordings] if isinstance(recordings, (str, Path, Recording)) else list(recordings)
        self.recordings: list[Recording] = [one if isinstance(one, Recording) else Recording.open(one) for one in given]
        """What is replayed."""
        if not self.recordings:
            raise ConfigurationError("there is nothing to replay: give one recording or more")
        if pacing not in ("fast", "recorded"):
            raise ConfigurationError(f"pacing is {pacing!r}; it takes 'fast' or 'recorded'")
        self.match: Match = check_match(match)
        self.pacing = pacing
        self.timeout = timeout
        self._repeats = repeat
        self._count = 0
        self._lock = threading.Lock()
        self._problems: list[str] = []

    @property
    def problems(self) -> list[str]:
        """Where clients did something else than what was recorded, as texts to read."""
        with self._lock:
            return list(self._problems)

    @property
    def unused(self) -> int:
        """How many of the recordings no client has asked for."""
        return max(0, len(self.recordings) - self._count)

    def tell(self, problem: str) -> None:
        """Note a problem."""
        with self._lock:
            self._problems.append(problem)

    def begin(self) -> Replaying | None:
        """Return what the next connection gets; None if there is nothing for it."""
        with self._lock:
            number, self._count = self._count, self._count + 1
        if number >= len(self.recordings) and not self._repeats:
            return None
        return Replaying(self.recordings[number % len(self.recordings)], self.match)


class ReplayedSession:
    """A client's session that is replayed."""

    def __init__(self, channel: SessionSocket, journal: SessionJournal, replay: Replay) -> None:
        self._channel = channel
        self._journal = journal
        self._replay = replay
        self._has_news = asyncio.Event()
        self._over = asyncio.Event()
        self._end: tuple[int, str] = (1000, "")

    def end(self, code: int, reason: str) -> None:
        """Let :meth:`run` close the connection and return."""
        self._end = code, reason
        self._over.set()

    def expire(self) -> None:
        """Do nothing: what is replayed ends as it was recorded."""

    async def run(self, refused: ErrorDetails | None = None) -> None:
        """Replay until either side ends."""
        replaying = await asyncio.to_thread(self._replay.begin)
        if replaying is None:
            count = len(self._replay.recordings)
            await self._fail(f"there are recordings of {count} connection(s), and the client has opened one more")
            return
        tasks = [
            asyncio.create_task(work) for work in (self._read(replaying), self._write(replaying), self._over.wait())
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
        if replaying.problem is None and not self._channel.is_open:
            replaying.finish()
            if replaying.problem is not None:
                self._replay.tell(replaying.problem)
        elif replaying.problem is not None:
            await self._fail(replaying.problem)
        await self._channel.close(*self._end)

    async def _read(self, replaying: Replaying) -> None:
        async for message in self._channel.messages():
            # What the service said to one that is not valid is in the recording.
            with suppress(InvalidEventError, RefusedError):
                read_client_event(message)
                self._journal.received_events.add(message, weight_of(message))
            replaying.take(message)
            if replaying.problem is not None:
                return
            self._has_news.set()

    async def _write(self, replaying: Replaying) -> None:
        gate, since = replaying.gate, time.monotonic()
        while True:
            self._has_news.clear()
            event = replaying.next()
            if replaying.gate != gate:
                gate, since = replaying.gate, time.monotonic()
            if event is not None:
                if self._replay.pacing == "recorded":
                    await asyncio.sleep(max(0.0, since + event.time - gate - time.monotonic()))
                data = replaying.wire(event)
                await self._channel.send(decode_server_event(data), data)
            elif replaying.is_over:
                await self._finish(replaying)
                return
            elif not await self._is_told(replaying):
                return

    async def _is_told(self, replaying: Replaying) -> bool:
        """Wait for the client to do something; return whether it has in time."""
        try:
            async with asyncio.timeout(self._replay.timeout):
                await self._has_news.wait()
        except TimeoutError:
            waited = f"{self._replay.timeout:g} s"
            replaying.problem = f"the client was expected to {replaying.waiting_for}, and has done nothing for {waited}"
            return False
        return True

    async def _finish(self, replaying: Replaying) -> None:
        """End as the recording does: by the service's close, or whenever the client closes."""
        ending = replaying.ending or {}
        code = ending.get("code")
        if ending.get("initiator") == "server" and isinstance(code, int) and _can_be_sent(code):
            self._end = code, str(ending.get("reason") or "")
            return
        await asyncio.Event().wait()

    async def _fail(self, problem: str) -> None:
        self._replay.tell(problem)
        await self._channel.fail(ErrorDetails(problem, code=_MISMATCH, type="invalid_request_error"))
        self._end = 1008, "the client does something else than what was recorded"
        await self._channel.close(*self._end)


def _can_be_sent(code: int) -> bool:
    return code in (1000, 1001, 1002, 1003, *range(1007, 1015)) or 3000 <= code < 5000

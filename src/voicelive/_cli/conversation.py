"""Holding a conversation: turns go out in order, one receiving task takes in whatever comes, every wait ends."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Protocol

from ..aio import VoiceLiveConnection
from ..errors import ConnectionClosed
from ..models import (
    AnyServerEvent,
    InputTextContentPart,
    RequestSession,
    ServerEventError,
    ServerEventSessionUpdated,
    UserMessageItem,
)
from .failures import ConversationFailed, error_line
from .recording import Recording
from .turns import Progress, Turn, describe_error

__all__ = ["Conversation", "Observer"]

_SILENCE_MARGIN_MS = 300
"""The service reports the end of speech about this much later than the silence it was asked to wait for."""

_TRANSCRIPT_GRACE = 3.0
"""Seconds that a transcript may come after the answer has ended."""

_LAST_WORDS = 2.0
"""Seconds to take in what arrived before the connection broke."""


class Observer(Protocol):
    """Shows a conversation while it is held."""

    def received(self, event: AnyServerEvent, turn: Turn | None) -> None:
        """Take one event; `turn` is the current turn and has taken it already."""
        ...

    def speaking(self, spoken_ms: int) -> None:
        """Take note that so much of the current turn's recording is sent; in milliseconds."""
        ...


class Conversation:
    """One session with the service, over an open connection."""

    def __init__(
        self,
        connection: VoiceLiveConnection,
        observer: Observer,
        *,
        timeout: float,
        pace: float = 1.0,
        chunk_ms: int = 50,
        silence_ms: int = 500,
    ) -> None:
        """Prepare; :meth:`start` must come first.

        Args:
            connection: an open connection.
            observer: is told about every event.
            timeout: seconds that the service may take after the user's part of a turn.
            pace: how many times faster than speech recordings are sent; 0 sends them at once.
            chunk_ms: length of the pieces in which recordings are sent.
            silence_ms: the silence after which the service was asked to see a turn's end.
        """
        self._connection = connection
        self._observer = observer
        self._timeout = timeout
        self._pace = pace
        self._chunk_ms = chunk_ms
        self._silence_ms = silence_ms
        self._turn: Turn | None = None
        self._configured = False
        self._failure: str | None = None
        self._changed = asyncio.Event()
        self._receiver: asyncio.Task[None] | None = None

    async def start(self, session: RequestSession) -> None:
        """Begin to receive, and configure the session.

        Raises:
            ConversationFailed: if the service refuses the session, or says nothing in time.
            InvalidEventError: if the session does not fit the contract; nothing is sent then.
        """
        self._receiver = asyncio.create_task(self._receive())
        self._receiver.add_done_callback(lambda _: self._changed.set())
        await self._send(self._connection.session.update(session=session))
        await self._until(
            lambda: self._configured, self._timeout, lambda: "the service to accept the session (session.updated)"
        )

    async def say(self, turn: Turn, recording: Recording) -> None:
        """Speak a recording as a microphone would, silence after it, and wait for the answer's end.

        Raises:
            ConversationFailed: if the service reports an error, closes, or does not answer in time.
        """
        self._turn = turn
        own_silence_ms = recording.duration_ms - recording.speech_end_ms
        # A pause in the recording may already have been answered; only so much silence shows that nothing follows.
        silence_ms = max(0, self._silence_ms + _SILENCE_MARGIN_MS - own_silence_ms)
        silence_sent = asyncio.Event()

        async def listen() -> None:
            await self._stream(recording, recording.silence(silence_ms), self._pace)
            silence_sent.set()
            self._changed.set()
            while True:
                await self._stream(recording, recording.silence(1000), 1.0)

        await self._speak(turn, recording)
        microphone = asyncio.create_task(listen())
        microphone.add_done_callback(lambda _: self._changed.set())
        try:
            await self._until(
                lambda: microphone.done() or (turn.answered and silence_sent.is_set()),
                self._timeout + (silence_ms / 1000 / self._pace if self._pace else 0),
                lambda: _awaited(turn),
            )
            if microphone.done():
                await microphone  # it only ends by failing
        finally:
            microphone.cancel()
            await asyncio.gather(microphone, return_exceptions=True)
        await self._await_transcript(turn)

    async def write(self, turn: Turn, text: str) -> None:
        """Give a turn as text, and wait for the answer's end.

        Raises:
            ConversationFailed: if the service reports an error, closes, or does not answer in time.
        """
        self._turn = turn
        content = InputTextContentPart(text=text)
        await self._send(self._connection.conversation.item.create(item=UserMessageItem(content=[content])))
        await self._send(self._connection.response.create())
        await self._until(lambda: turn.answered, self._timeout, lambda: _awaited(turn))

    async def stop(self) -> None:
        """Stop receiving. The connection stays open; closing it is its owner's work."""
        if self._receiver is not None:
            self._receiver.cancel()
            await asyncio.gather(self._receiver, return_exceptions=True)

    async def _speak(self, turn: Turn, recording: Recording) -> None:
        length = recording.duration_ms / 1000 / self._pace if self._pace else 0
        sending = self._stream(recording, recording.data, self._pace, self._observer.speaking)
        if not await _finished(sending, length + self._timeout):
            raise ConversationFailed(
                f"waited {self._timeout:g} s for the connection to take {turn.label}: network or service stalled"
            )

    async def _stream(
        self, recording: Recording, audio: bytes, pace: float, sent: Callable[[int], None] | None = None
    ) -> None:
        """Send `audio` piece by piece, each when a microphone would have it; late pieces catch up."""
        started = time.monotonic()
        size = recording.size(self._chunk_ms)
        view = memoryview(audio)
        for offset in range(0, len(audio), size):
            piece = view[offset : offset + size]
            end_ms = recording.ms(offset + len(piece))
            due = started + end_ms / 1000 / pace if pace else 0.0
            # Gives way to the receiver even when there is nothing to wait for.
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            self._check()
            await self._send(self._connection.input_audio_buffer.append(audio=piece))
            if sent is not None:
                sent(end_ms)

    async def _send(self, sending: Awaitable[None]) -> None:
        try:
            await sending
        except ConnectionClosed as closed:
            # Why the service closed is in an event that came before, which the receiver may be about to take.
            if self._receiver is not None:
                await asyncio.wait({self._receiver}, timeout=_LAST_WORDS)
            self._check()
            raise ConversationFailed(error_line(closed)) from closed

    async def _await_transcript(self, turn: Turn) -> None:
        # With some models the transcript of the question comes on its own path, after the answer at times.
        if turn.transcribed:
            return
        try:
            await self._until(lambda: turn.transcribed, min(_TRANSCRIPT_GRACE, self._timeout), lambda: "")
        except ConversationFailed:
            self._check()
            turn.notices.append("no transcript of the speech arrived")

    async def _receive(self) -> None:
        try:
            async for event in self._connection:
                self._take(event)
                self._changed.set()
        except ConnectionClosed as closed:
            self._failure = self._failure or error_line(closed)
        else:
            self._failure = self._failure or "the service ended the conversation"

    def _take(self, event: AnyServerEvent) -> None:
        if isinstance(event, ServerEventSessionUpdated):
            self._configured = True
        if self._turn is not None:
            self._turn.take(event)
        elif isinstance(event, ServerEventError):
            self._failure = self._failure or f"the service refused the session: {describe_error(event)}"
        self._observer.received(event, self._turn)

    def _check(self) -> None:
        failure = self._failure or (self._turn.failure if self._turn is not None else None)
        if failure is not None:
            raise ConversationFailed(failure)
        if self._receiver is not None and self._receiver.done():
            self._receiver.result()

    async def _until(self, condition: Callable[[], bool], seconds: float, awaited: Callable[[], str]) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            self._check()
            left = deadline - time.monotonic()
            if left <= 0:
                raise ConversationFailed(f"waited {seconds:g} s for {awaited()}")
            self._changed.clear()
            await _finished(self._changed.wait(), left)  # if not, the loop's head says what was waited for


async def _finished(work: Coroutine[Any, Any, object], seconds: float) -> bool:
    """Do `work` for so long at most; False if it was broken off. What it raises is raised.

    Before Python 3.12 ``asyncio.wait_for`` loses a cancellation that comes in the moment in which the work ends, and
    the conversation would go on after Ctrl-C.
    """
    task = asyncio.create_task(work)
    try:
        await asyncio.wait({task}, timeout=seconds)
        if task.done():
            await task
            return True
        return False
    finally:
        if not task.done():
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


def _awaited(turn: Turn) -> str:
    hint = "; is there speech in the recording?" if turn.progress is Progress.SPEECH else ""
    return f"{turn.progress.value} in turn {turn.number}, {turn.label}{hint}"

"""One turn of a session under load, and its times; over either client's synchronous methods."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .._public import public_in
from ..errors import ReceiveTimeoutError, VoiceLiveError

__all__ = ["TurnFailedError", "TurnTimes", "speech_turn", "text_turn"]

_CHUNK_MS = 100
_BYTES_PER_MS = 48


@public_in("voicelive.load")
class TurnFailedError(VoiceLiveError):
    """A turn ended otherwise than by an answer: its status, or the service's error."""


@public_in("voicelive.load")
@dataclass(frozen=True)
class TurnTimes:
    """The times of a turn in ms, from its request, or from the end of the speech; None for what did not happen."""

    first_ms: float | None
    """To the first text or sound of the answer."""
    whole_ms: float
    """To ``response.done``."""
    yielded_ms: float | None = None
    """From the beginning of the interrupting speech to the end of the answer that it interrupted."""
    size: int = 0
    """Bytes of text, and of sound as it is encoded, that arrived."""


@public_in("voicelive.load")
def text_turn(connection: Any, text: str, *, timeout: float = 30.0) -> TurnTimes:
    """Ask something in writing, and wait for the answer.

    Args:
        connection: an open :class:`voicelive.VoiceLiveConnection`.
        text: what to ask.
        timeout: seconds that the answer may take in all.

    Raises:
        TurnFailedError: if there is no answer; says why.
        ReceiveTimeoutError: if it took too long.
        ConnectionClosed: if the connection broke.
    """
    began = time.perf_counter()
    content = [{"type": "input_text", "text": text}]
    connection.conversation.item.create(item={"type": "message", "role": "user", "content": content})
    connection.response.create()
    return _Answer(connection, began, began + timeout).wait()


@public_in("voicelive.load")
def speech_turn(
    connection: Any,
    pcm: bytes,
    *,
    interruption: bytes = b"",
    interrupt_after_ms: int = 500,
    timeout: float = 30.0,
    sleep: Callable[[float], None] = time.sleep,
) -> TurnTimes:
    """Say something at the pace of speech, and wait for the answer; or speak over it, and wait for the second one.

    Args:
        connection: an open :class:`voicelive.VoiceLiveConnection`; the service detects the turns.
        pcm: what to say: PCM16 at 24 kHz.
        interruption: what to say over the answer.
        interrupt_after_ms: how long after the answer's first sound.
        timeout: seconds that each answer may take in all.
        sleep: waits for so many seconds.

    Raises:
        TurnFailedError: if there is no answer; says why.
        ReceiveTimeoutError: if it took too long.
        ConnectionClosed: if the connection broke.
    """
    ended = _say(connection, pcm, sleep)
    # The detector needs silence to hear that the speech has ended.
    answer = _Answer(connection, ended, ended + timeout, silence=True)
    if not interruption:
        return answer.wait()
    answer.wait_for_sound()
    sleep(interrupt_after_ms / 1000)
    began = time.perf_counter()
    ended = _say(connection, interruption, sleep)
    cut = _Answer(connection, began, ended + timeout, silence=True).wait(is_cut=True)
    times = _Answer(connection, ended, ended + timeout, silence=True).wait()
    return TurnTimes(times.first_ms, times.whole_ms, cut.whole_ms, times.size + cut.size)


def _say(connection: Any, pcm: bytes, sleep: Callable[[float], None]) -> float:
    """Send sound as a microphone does; returns when it had all been said."""
    due = time.perf_counter()
    size = _CHUNK_MS * _BYTES_PER_MS
    for start in range(0, len(pcm), size):
        connection.input_audio_buffer.append(audio=pcm[start : start + size])
        due += min(size, len(pcm) - start) / _BYTES_PER_MS / 1000
        sleep(max(0.0, due - time.perf_counter()))
    return time.perf_counter()


class _Answer:
    """Receives until an answer has ended."""

    def __init__(self, connection: Any, began: float, deadline: float, *, silence: bool = False) -> None:
        self._connection = connection
        self._began = began
        self._deadline = deadline
        self._silence = silence
        self._silent_until = began
        self._first: float | None = None
        self._size = 0

    def wait_for_sound(self) -> None:
        """Wait until the answer is heard."""
        while self._first is None:
            self._take(self._next())

    def wait(self, *, is_cut: bool = False) -> TurnTimes:
        """Wait until the answer has ended; one that is cut may end as cancelled, or have ended by itself."""
        while True:
            event = self._next()
            self._take(event)
            if event.type == "response.done":
                break
        status = event.response.status
        if status != "completed" and not (is_cut and status == "cancelled"):
            raise TurnFailedError(f"the response ended as {status}: {event.response.status_details}")
        whole = (time.perf_counter() - self._began) * 1000
        first = None if self._first is None else (self._first - self._began) * 1000
        return TurnTimes(first, whole, None, self._size)

    def _next(self) -> Any:
        while True:
            left = self._deadline - time.perf_counter()
            if left <= 0:
                raise ReceiveTimeoutError(f"no answer within {self._deadline - self._began:.1f} s")
            if not self._silence:
                return self._connection.recv(timeout=left)
            # Silence goes on being sent while the answer is waited for, as a microphone sends it.
            try:
                return self._connection.recv(timeout=min(left, _CHUNK_MS / 1000))
            except ReceiveTimeoutError:
                self._send_silence()

    def _send_silence(self) -> None:
        missing = time.perf_counter() - self._silent_until
        size = min(1.0, missing) * 1000 // 20 * 20 * _BYTES_PER_MS
        if size > 0:
            self._connection.input_audio_buffer.append(audio=bytes(int(size)))
            self._silent_until = time.perf_counter()

    def _take(self, event: Any) -> None:
        if event.type == "error":
            raise TurnFailedError(f"the service reports an error: {event.error.message}")
        if event.type in ("response.audio.delta", "response.text.delta", "response.audio_transcript.delta"):
            self._size += len(event.delta)
            if self._first is None and event.type != "response.audio_transcript.delta":
                self._first = time.perf_counter()

"""A spoken conversation as a caller holds it: a microphone that never stops, and one who interrupts."""

from __future__ import annotations

import asyncio
import wave
from collections import deque
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from voicelive.aio import VoiceLiveConnection, connect
from voicelive.models import ServerEventResponseAudioDelta, ServerEventResponseDone

__all__ = ["conversation", "read_wav"]

_CHUNK_S = 0.05


def read_wav(path: Path) -> tuple[bytes, int]:
    """Return the PCM16 of a recording and its rate in Hz."""
    with wave.open(str(path)) as recording:
        return recording.readframes(recording.getnframes()), recording.getframerate()


@asynccontextmanager
async def conversation(
    endpoint: str, utterances: Sequence[bytes], rate: int, *, patience_s: float = 1.2
) -> AsyncGenerator[VoiceLiveConnection, None]:
    """Say one thing after the other, each `patience_s` after the answer to the one before began: a barge-in each time,
    as long as answers are longer than that.

    Sends a microphone's stream in real time: 50 ms of speech or silence every 50 ms. The context is entered
    when the last answer was given and would have been heard, with the connection still open.
    """
    async with connect(endpoint=endpoint, model="gpt-4o") as conn:
        await conn.session.update(session={"input_audio_sampling_rate": rate})
        waiting = deque(utterances)
        speech = bytearray(waiting.popleft())
        microphone = asyncio.create_task(_stream(conn, speech, rate))
        try:
            await asyncio.wait_for(_answered(conn, waiting, speech, patience_s), 60)
            yield conn
        finally:
            microphone.cancel()
            await asyncio.wait({microphone})


async def _stream(conn: VoiceLiveConnection, speech: bytearray, rate: int) -> None:
    size = int(rate * _CHUNK_S) * 2
    loop = asyncio.get_running_loop()
    due = loop.time()
    while True:
        piece = bytes(speech[:size]).ljust(size, b"\0")
        del speech[:size]
        await conn.input_audio_buffer.append(audio=piece)
        due += _CHUNK_S
        await asyncio.sleep(max(0.0, due - loop.time()))


async def _answered(conn: VoiceLiveConnection, waiting: deque[bytes], speech: bytearray, patience_s: float) -> None:
    said = asyncio.Event()
    if not waiting:
        said.set()

    def say_next() -> None:
        speech.extend(waiting.popleft())
        if not waiting:
            said.set()

    loop = asyncio.get_running_loop()
    begun: dict[str, float] = {}
    heard_ms = 0.0
    last: str | None = None
    async for event in conn:
        if isinstance(event, ServerEventResponseAudioDelta):
            if event.response_id not in begun:
                begun[event.response_id] = loop.time()
                last = event.response_id if said.is_set() else None
            if event.response_id == last:
                heard_ms += len(event.delta_bytes) / 48  # 24 kHz PCM16
        elif isinstance(event, ServerEventResponseDone) and event.response.id in begun:
            if event.response.id == last:
                await asyncio.sleep(heard_ms / 1000)
                return
            # All of the answer is there, so it goes on playing for as long as it is, however busy the machine.
            loop.call_later(max(0.0, begun[event.response.id] + patience_s - loop.time()), say_next)

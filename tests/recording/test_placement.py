"""A call with a tool and a barge-in, by the clock: ``call.wav`` has both sides where they were said and heard."""

from __future__ import annotations

import asyncio
import time
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from voicelive.aio import connect
from voicelive.recording import Recorder, Recording
from voicelive.testing import ScriptedService
from voicelive.tools import Tools, tool

from ..telephony.turned_clock import run_unhurried

pytestmark = pytest.mark.timeout(300)

RATE = 24_000
TICK_S = 0.04
TICK = int(RATE * TICK_S) * 2
MOST_MS = 50
LONG = "one two three four five six seven eight nine ten"


@tool
def add(a: int) -> int:
    """Add one."""
    return a + 1


@dataclass
class Pieces:
    """Sound and when it began, by the clock: one for each time that it went on without a pause."""

    found: list[tuple[float, bytearray]] = field(default_factory=list[tuple[float, bytearray]])
    _goes_on: bool = False

    def add(self, begin: float, pcm: bytes) -> None:
        if not self._goes_on:
            self.found.append((begin, bytearray()))
        self.found[-1][1].extend(pcm)
        self._goes_on = True

    def pause(self) -> None:
        self._goes_on = False


class Room:
    """A microphone and a loudspeaker that work by the clock, and write down what went through them."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self.said, self.heard = Pieces(), Pieces()
        self._to_say = bytearray()
        self.to_play = bytearray()
        self.silent = asyncio.Event()
        self.say_over = b""
        """What is said once half a second of an answer has been heard."""
        self._playing = b""
        connection.playback.on_flush(self.stop)

    def say(self, pcm: bytes) -> None:
        self._to_say += pcm

    async def run(self) -> None:
        due = time.monotonic()
        while True:
            due += TICK_S
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            # A real device samples and plays by its own clock, however late the program comes to it.
            await self._listen(due)
            self._play(due)

    async def _listen(self, now: float) -> None:
        pcm = bytes(self._to_say[:TICK])
        del self._to_say[:TICK]
        if pcm:
            self.said.add(now - TICK_S, pcm)
        else:
            self.said.pause()
        await self._connection.input_audio_buffer.append(audio=pcm.ljust(TICK, b"\0"))

    def _play(self, now: float) -> None:
        # What was taken at the last tick has been played by now.
        if self._playing:
            self._connection.playback.played(len(self._playing))
        self._playing = bytes(self.to_play[:TICK])
        del self.to_play[:TICK]
        if self._playing:
            self.heard.add(now, self._playing)
            self.silent.clear()
        else:
            self.heard.pause()
            self.silent.set()
        if self.say_over and sum(len(piece) for _, piece in self.heard.found) >= RATE:
            self.say(self.say_over)
            self.say_over = b""

    def stop(self) -> None:
        """Drop what waits, and what plays: of that nothing counts as heard."""
        self.to_play.clear()
        if self._playing:
            del self.heard.found[-1][1][-len(self._playing) :]
            self._playing = b""
            self.heard.pause()


async def hold_call(service: ScriptedService, model: str, recorder: Recorder) -> Room:
    """The user asks, a tool runs, the answer is interrupted after half a second, and the next one is heard out."""
    service.call_tools(("add", '{"a": 1}'))
    service.say(LONG)
    service.say("yes")
    async with connect(
        endpoint=service.endpoint, model=model, tools=[add], barge_in=True, recorder=recorder
    ) as connection:
        room = Room(connection)
        session: Any = {"tools": Tools([add]).definitions, "turn_detection": {"type": "server_vad"}}
        await connection.session.update(session=session)
        running = asyncio.create_task(room.run())
        room.say(service.speech("one", silence_ms=0))
        room.say_over = service.speech("two", silence_ms=0)
        interrupted = False
        async for event in connection:
            if event.type == "response.audio.delta":
                room.to_play += event.delta_bytes
            elif event.type == "voicelive.interrupted":
                interrupted = True
            elif event.type == "response.done" and interrupted and event.response.status == "completed":
                room.silent.clear()
                break
        await asyncio.wait_for(room.silent.wait(), 60)
        running.cancel()
        await asyncio.wait([running])
    return room


def lag_ms(piece: bytearray, channel: bytes, at: float) -> float:
    """How far from where it should be a piece lies in a channel, by cross-correlation within a second either way."""
    begin = max(0, int((at - 1) * RATE))
    wanted = np.frombuffer(bytes(piece), "<i2").astype(float)
    window = np.frombuffer(channel, "<i2").astype(float)[begin : begin + len(wanted) + 2 * RATE]
    size = len(wanted) + len(window)
    spectrum = np.fft.rfft(window, size) * np.conj(np.fft.rfft(wanted, size))
    found = int(np.argmax(np.fft.irfft(spectrum, size)[: len(window)]))
    return (begin + found - at * RATE) * 1000 / RATE


def lags(recording: Recording, room: Room, start: float) -> Iterator[tuple[str, float]]:
    for side, pieces, channel in (
        ("user", room.said.found, recording.audio.user),
        ("assistant", room.heard.found, recording.audio.assistant),
    ):
        for begin, pcm in pieces:
            # What is shorter has no place of its own.
            if len(pcm) > RATE // 5:
                yield side, lag_ms(pcm, channel, begin - start)


@pytest.mark.parametrize("model", ["gpt-4o", "gpt-realtime"])
def test_both_sides_lie_where_they_were_said_and_heard(tmp_path: Path, model: str) -> None:
    """Both sides of a call in either dialect lie within 50 ms, and what was interrupted is not there."""
    recorder = Recorder(tmp_path / "one")
    with ScriptedService(strict=False, timeout=60) as service:
        # A program that comes late to its devices writes down late what they did.
        room = run_unhurried(lambda: hold_call(service, model, recorder))
    assert recorder.close()
    recording = recorder.recording
    assert recorder._start is not None
    found = list(lags(recording, room, recorder._start))
    print(model, [(side, round(lag, 1)) for side, lag in found])
    assert {side for side, _ in found} == {"user", "assistant"}
    assert max(abs(lag) for _, lag in found) < MOST_MS
    # All that was heard is there, and nothing else.
    played = sum(len(pcm) for _, pcm in room.heard.found) // 2
    there = sum(one.to_ms - one.from_ms for one in recording.stretches if one.side == "assistant")
    assert there == pytest.approx(played * 1000 / RATE, abs=2 * len(room.heard.found))
    received = sum(sound.size for event in recording.events if event.direction == "received" for sound in event.sounds)
    assert received > 2 * played + RATE
    silent = array("h", recording.audio.assistant)
    assert sum(1 for sample in silent if sample) <= played

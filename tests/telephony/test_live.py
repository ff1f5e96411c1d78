"""One call on each line with real speech: what the far end heard is what the service and the recording know of.

The calls run at the pace of sound, at once, and once for all tests; positions are in the sound, so nothing here depends
on how fast the machine is.
"""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from voicelive._audio.wire_formats import AudioDecoder, input_format
from voicelive.local import Engines
from voicelive.recording import Recorder
from voicelive.testing import Caller, LineName, ScriptedService, phone_call

from .agents import LINES, Agent
from .turned_clock import run_unhurried

pytestmark = [pytest.mark.speech, pytest.mark.timeout(300)]

SPEECH = "input_audio_buffer.speech_started"
ANSWER = "One, two, three, four, five, six, seven, eight, nine, ten, eleven, twelve, thirteen, fourteen."


@dataclass
class Kept:
    """What is known of a call once it is over."""

    caller: Caller
    agent: Agent
    recorder: Recorder
    service: ScriptedService
    heard: bytes = b""
    said: list[tuple[float, bytes]] = field(default_factory=list[tuple[float, bytes]])
    """Each frame of the caller's, and when it left."""
    played: list[bytes] = field(default_factory=list[bytes])
    """Each piece that came to be played; at a barge-in, what was not played is cut off."""
    answer_heard: bytes = b""
    """What the far end heard of the answer that was interrupted."""
    item: dict[str, Any] = field(default_factory=dict[str, Any])
    """The interrupted answer, as the service has it."""

    def first(self, kind: str) -> Any:
        """Return the first event of a type."""
        return self.agent.of(kind)[0]

    @property
    def began(self) -> float:
        """When the far end's sound begins, by the clock."""
        return self.caller._ear._began

    @property
    def detected_at(self) -> float:
        """When the bridge was told that the caller spoke over the answer."""
        return [at for at, event in zip(self.agent.at, self.agent.events, strict=True) if event.type == SPEECH][1]

    @property
    def overshoot_ms(self) -> float:
        """How much longer the far end heard the answer than until the bridge knew that the caller speaks."""
        cleared_at = next(at for at in self.caller._ear.clears if at >= self.detected_at - 0.001)
        return (cleared_at - self.detected_at) * 1000

    @property
    def service_sound(self) -> bytes:
        """The interrupted answer's sound, as the service keeps it."""
        return base64.b64decode(self.item["content"][0]["audio"])

    def lag_ms(self, side: str) -> float:
        """Return by how much the recording has a side later than the far end had it."""
        sound = self.recorder.recording.audio
        recorded = np.frombuffer(getattr(sound, side), dtype="<i2").astype(float)
        if side == "user":
            # A frame leaves when the last of it has been said.
            there, at = b"".join(frame for _, frame in self.said), self.said[0][0] - 0.02
        else:
            there, at = self.heard, self.began
        other = self.pcm(there, sound.rate)
        size = 1 << (len(recorded) + len(other)).bit_length()
        fits = np.fft.irfft(np.fft.rfft(recorded, size) * np.conj(np.fft.rfft(other, size)))
        best = int(np.argmax(fits))
        lag = (best - size if best > size // 2 else best) / sound.rate
        return (lag - (at - (self.recorder._start or 0.0))) * 1000

    def pcm(self, audio: bytes, rate: int) -> np.ndarray[Any, Any]:
        """Return the line's sound as samples."""
        decoder = AudioDecoder(input_format(self.caller.format["audio_format"], self.caller.format["rate"]), rate)
        return np.frombuffer(decoder.feed(audio) + decoder.flush(), dtype="<i2").astype(float)


async def call(line: LineName, service: ScriptedService, folder: Path) -> Kept:
    """Ask, speak over the answer, and hear the next one."""
    agent, recorder = Agent(), Recorder(folder / line)
    options: dict[str, Any] = {"endpoint": service.endpoint, "model": "gpt-4o", "recorder": recorder}
    async with phone_call(agent, line, **options) as caller:
        kept = Kept(caller, agent, recorder, service)
        write = caller._vendor.sound

        def sound(audio: bytes, ms: int) -> Any:
            kept.said.append((time.monotonic(), audio))
            return write(audio, ms)

        read = caller._vendor.read

        def hear(message: str | bytes) -> Any:
            heard = read(message)
            if heard.kind == "sound":
                kept.played.append(heard.audio)
            elif heard.kind == "clear":
                caller._ear.advance(time.monotonic())
                audio = b"".join(kept.played)
                kept.played.clear()
                kept.answer_heard = kept.answer_heard or audio[: len(audio) - caller._ear.waiting]
            return heard

        caller._vendor.read = hear  # type: ignore[method-assign]
        caller._vendor.sound = sound  # type: ignore[method-assign]
        await caller.say(service.speech("Please count.", **caller.format))
        await caller.hears(1200)
        await caller.say(service.speech("Stop it now please.", **caller.format))
        interrupted = await agent.until("voicelive.interrupted")
        await agent.until("response.done", 2)
        await caller.quiet()
        assert agent.connection is not None
        await agent.connection.conversation.item.retrieve(item_id=interrupted.item_id)
        kept.item = (await agent.until("conversation.item.retrieved")).item.to_dict()
        kept.heard = caller.heard
    await asyncio.to_thread(recorder.close)
    return kept


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Kept]]:
    """A call on each line, held side by side."""
    folder = tmp_path_factory.mktemp("calls")
    engines = Engines.speech()

    async def hold() -> dict[str, Kept]:
        return dict(zip(LINES, await asyncio.gather(*(call(line, service, folder) for line in LINES)), strict=True))  # type: ignore[arg-type]

    try:
        with ScriptedService(engines=engines, strict=False, timeout=60) as service:
            for text in [ANSWER] * 3 + ["All right."] * 3:
                service.say(text)
            yield run_unhurried(hold)
    finally:
        engines.close()


@pytest.mark.parametrize("line", LINES)
def test_the_far_end_hears_no_more_once_the_caller_speaks(calls: dict[str, Kept], line: LineName) -> None:
    """From when the bridge is told of the speech, at most 150 ms of the answer are heard, and none of it later."""
    kept = calls[line]
    assert 0 <= kept.overshoot_ms <= 150
    everything = kept.answer_heard + b"".join(kept.played)
    assert kept.caller._ear.sounded == len(everything)
    assert kept.caller.summary.interruptions == 1


@pytest.mark.parametrize("line", LINES)
def test_the_history_is_what_the_far_end_heard(calls: dict[str, Kept], line: LineName) -> None:
    """What the service keeps of the answer is, byte for byte, what the far end heard, and ends within its frames."""
    kept = calls[line]
    service, ear = kept.service_sound, kept.answer_heard
    common = min(len(service), len(ear))
    assert service[:common] == ear[:common]
    ms = kept.caller._vendor.audio_format.ms
    assert ms(common) > 1000
    # The way from the bridge to the far end: rounds of the event loop, each of 10 ms at most.
    assert abs(ms(len(ear)) - ms(len(service))) <= 60
    interrupted, truncated = kept.first("voicelive.interrupted"), kept.first("conversation.item.truncated")
    assert truncated.audio_end_ms == interrupted.heard_ms == pytest.approx(ms(len(service)), abs=1)
    # The service drops the words of what it truncates; those that were heard are told by the event.
    assert kept.item["content"][0]["transcript"] == ""
    assert interrupted.heard_text
    assert ANSWER.startswith(interrupted.heard_text)


@pytest.mark.parametrize("line", LINES)
def test_the_recording_lines_up_with_the_far_end(calls: dict[str, Kept], line: LineName) -> None:
    """Correlated with what the far end said and heard, both channels of ``call.wav`` lie where they were there."""
    kept = calls[line]
    assert abs(kept.lag_ms("assistant")) <= 40
    assert abs(kept.lag_ms("user")) <= 60

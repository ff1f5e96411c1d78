"""An answer in a room: what the loudspeaker plays comes back into the microphone, and the user may speak over it."""

from __future__ import annotations

import asyncio
import time
from array import array
from dataclasses import dataclass, replace
from typing import Any

from tests.clients.conversing import Caller, calling, eventually
from tests.clients.harness import Client
from voicelive.audio import ArrayBackend, AudioDevice, EchoChoice
from voicelive.local import Engines
from voicelive.testing import ScriptedService

__all__ = ["Outcome", "Room", "run_in_a_room", "speaking_service"]

RATE = 24_000
ANSWER = "The largest lake in the world is the Caspian Sea. It is larger than all the other lakes together."
QUESTION = "What is seven times eight?"
SPEED = 1.5
"""How many times faster than the world everything runs."""


class Room:
    """The way from the loudspeaker to the microphone: later, and quieter."""

    def __init__(self, delay_ms: int, gain_db: float) -> None:
        self._way = bytearray(RATE * delay_ms // 1000 * 2)
        self._gain = 10 ** (gain_db / 20)

    def __call__(self, block: bytes) -> bytes:
        """Take what is played; return what the microphone hears of it in the same time."""
        self._way += array("h", [int(sample * self._gain) for sample in array("h", block)]).tobytes()
        heard = bytes(self._way[: len(block)])
        del self._way[: len(block)]
        return heard


@dataclass(frozen=True)
class Outcome:
    """How two answers in a room went."""

    interrupted_itself: bool
    """Whether speech was detected while only the answer sounded."""
    was_interrupted: bool
    """Whether the user, who spoke over the second answer, was noticed."""


def speaking_service() -> ScriptedService:
    """A service with a real voice and real detection of speech; what is said is not transcribed."""
    engines = replace(Engines.speech(), transcriber=Engines.basic().transcriber)
    engines.prepare()
    return ScriptedService(strict=False, engines=engines, timeout=60)


async def run_in_a_room(service: ScriptedService, delay_ms: int, echo: EchoChoice, gain_db: float = -6.0) -> Outcome:
    """Have two answers said, the second one spoken over by the user."""
    question = service.speech(QUESTION, silence_ms=0)
    backend = ArrayBackend(acoustics=Room(delay_ms, gain_db), speed=SPEED)
    detection = {"type": "server_vad", "create_response": False, "interrupt_response": True}
    device = AudioDevice(backend=backend, echo=echo)
    async with device, calling(Client("async"), service, barge_in=True) as caller:
        device.attach(caller.script.connection)
        await caller.until("voicelive.audio_device")
        assert device.echo == echo
        await caller.script.call("session.update", session={"turn_detection": detection})
        await caller.until("session.updated")
        if await _answered(caller, service, backend, play_ms=None):
            return Outcome(True, False)
        if await _answered(caller, service, backend, play_ms=1500):
            return Outcome(True, False)
        backend.speak(question)
        # For as long as it is said, however late the machine is with it, and for some time after that.
        was_noticed = False
        while not was_noticed and backend.unheard_ms:
            was_noticed = await _noticed(caller, seconds=0.1)
        was_noticed = was_noticed or await _noticed(caller, seconds=3.0)
        device.detach()
    return Outcome(False, was_noticed)


async def _answered(caller: Caller, service: ScriptedService, backend: ArrayBackend, play_ms: int | None) -> bool:
    """Have an answer said, to its end or for some time; returns whether speech was detected."""
    service.say(ANSWER)
    before = len(backend.played)
    await caller.respond()
    if play_ms is not None:
        await eventually(lambda: len(backend.played[before:].lstrip(b"\0")) > play_ms * RATE // 500)
        return await _noticed(caller, seconds=0.05)
    await caller.until("response.done")
    connection: Any = caller.script.connection
    await eventually(lambda: connection.playback.unheard_ms == 0)
    return await _noticed(caller, seconds=0.6 / SPEED)


async def _noticed(caller: Caller, seconds: float) -> bool:
    """Receive for some time; returns whether speech was detected up to then."""
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0 and not caller.of("input_audio_buffer.speech_started"):
        try:
            caller.events.append(await caller.script.recv(left))
        except TimeoutError:
            break
    await asyncio.sleep(0)
    return bool(caller.of("input_audio_buffer.speech_started"))

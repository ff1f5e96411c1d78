"""A device at a connection: what is said goes out, what is answered is heard, barge-in, push to talk, a lost device."""

from __future__ import annotations

import asyncio
import time
from array import array
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.clients.conversing import Caller, calling, eventually
from tests.clients.harness import Client
from voicelive._audio.resampling import resample
from voicelive.audio import (
    ArrayBackend,
    AudioDevice,
    AudioDeviceError,
    DeviceInfo,
    DeviceLostError,
    DeviceNotFoundError,
)
from voicelive.errors import ConfigurationError, ConnectionStateError
from voicelive.testing import ScriptedService

pytestmark = pytest.mark.timeout(300)

LONG = "one two three four five six seven eight nine ten"
SPEED = 2.0
"""The device runs so many times faster than the world. The service is not much faster when the machine is busy."""


@asynccontextmanager
async def talking(
    client: Client, service: ScriptedService, backend: ArrayBackend, *, wait: bool = True, **options: Any
) -> AsyncGenerator[tuple[Caller, AudioDevice], None]:
    """A device at a connection, the microphone heard."""
    device = AudioDevice(backend=backend, **options)
    await asyncio.to_thread(device.open)
    try:
        async with calling(client, service, barge_in=True) as caller:
            await caller.script.do(lambda connection: device.attach(connection))
            if wait:
                await caller.until("voicelive.audio_device")
            yield caller, device
            device.detach()
    finally:
        await asyncio.to_thread(device.close)


async def played(
    service: ScriptedService, backend: ArrayBackend, text: str, *, rate: int = 24_000, since: int = 0
) -> None:
    """Wait until the loudspeaker has said a text and nothing else, and then been silent for half a second of its time.

    Args:
        service: understands it.
        backend: the loudspeaker's.
        text: what is to be said.
        rate: its rate.
        since: from which byte on.
    """
    pause = bytes(rate)
    deadline = time.monotonic() + 60
    heard = ""
    while heard != text:
        assert time.monotonic() < deadline, heard
        if sounding(backend, since) and backend.played.endswith(pause):
            heard = service.understand(resample(sounding(backend, since), rate, 24_000))
        await asyncio.sleep(0.05)


def sounding(backend: ArrayBackend, since: int = 0) -> bytes:
    """What was played, without the silence before it."""
    pcm = backend.played[since:]
    start = (len(pcm) - len(pcm.lstrip(b"\0"))) & ~1
    return pcm[start:]


async def playing(backend: ArrayBackend, ms: int) -> None:
    """Wait until so much sound has come out of the loudspeaker."""
    await eventually(lambda: len(sounding(backend)) > ms * 48)


def input_audio(service: ScriptedService) -> bytes:
    """All that was appended, as it was sent."""
    events: list[Any] = service.session.events("input_audio_buffer.append")
    return b"".join(event.audio_bytes for event in events)


async def test_a_spoken_turn_is_heard_and_its_answer_played(client: Client, service: ScriptedService) -> None:
    """What the microphone hears is understood, and every word of the answer comes out of the loudspeaker."""
    service.say("fifty six")
    backend = ArrayBackend(service.speech("hello there"), speed=SPEED)
    async with talking(client, service, backend) as (caller, device):
        heard = await caller.until("conversation.item.input_audio_transcription.completed")
        assert heard.transcript == "hello there"
        await played(service, backend, "fifty six")
        await eventually(lambda: caller.script.connection.playback.unheard_ms == 0)
        assert device.echo == "client"
        stats = device.stats
        assert (stats.overflows, stats.unsent, stats.reopened) == (0, 0, 0)
        assert stats.sent_bytes > 0


async def test_an_answer_plays_though_nobody_receives(client: Client, service: ScriptedService) -> None:
    """The application need not hand anything on, nor even receive."""
    backend = ArrayBackend(speed=SPEED)
    service.say("forty two")
    async with talking(client, service, backend) as (caller, _):
        await caller.respond()
        await played(service, backend, "forty two")


async def test_speaking_over_the_answer_stops_it(client: Client, service: ScriptedService) -> None:
    """The loudspeaker is silent from the next block on, and the service is told how much was heard."""
    service.say(LONG)
    backend = ArrayBackend(speed=2.0)
    async with talking(client, service, backend, echo="off") as (caller, _):
        await caller.respond()
        await caller.until("response.done")
        await playing(backend, 400)
        service.say("all right")
        backend.speak(service.speech("stop"))
        interrupted = await caller.until("voicelive.interrupted")
        length = len(backend.played)
        assert interrupted.heard_ms > 0
        assert interrupted.unheard_ms > 0
        await caller.until("conversation.item.truncated")
        cuts: list[Any] = service.session.events("conversation.item.truncate")
        assert [cut.audio_end_ms for cut in cuts] == [interrupted.heard_ms]
        # One block may have been under way, and the array runs twice as fast as the world.
        await played(service, backend, "all right", since=length + 9600)


@pytest.mark.parametrize("model", ["gpt-4o", "gpt-realtime"])
async def test_reference_beside_the_microphone(service: ScriptedService, model: str) -> None:
    """With the client's reference, stereo is sent: what is said left, what plays right."""
    service.say("fifty six")
    client = Client("async")
    backend = ArrayBackend(service.speech("hello there"), speed=SPEED)
    async with calling(client, service, barge_in=True, model=model) as caller:
        async with AudioDevice(backend=backend) as device:
            device.attach(caller.script.connection)
            await caller.until("voicelive.audio_device")
            await played(service, backend, "fifty six")
            await asyncio.sleep(0.1)
        assert service.session.settings["input_audio_echo_cancellation"]["channels"] == 2
        both = array("h", input_audio(service))
        assert service.understand(both[0::2].tobytes()) == "hello there"
        assert service.understand(both[1::2].tobytes()) == "fifty six"


@pytest.mark.parametrize("echo", ["server", "half_duplex", "off"])
async def test_chosen_echo_is_on_and_told(client: Client, service: ScriptedService, echo: Any) -> None:
    """The device and the event say which one it is."""
    async with talking(client, service, ArrayBackend(speed=SPEED), echo=echo) as (caller, device):
        told = caller.of("voicelive.audio_device")[0]
        assert (told.state, told.echo, told.device) == ("ready", echo, "array")
        assert device.echo == echo


async def test_half_duplex_hears_nothing_while_something_plays(client: Client, service: ScriptedService) -> None:
    """Neither its own answer, fed back by the room, nor the user."""
    service.say(LONG)
    backend = ArrayBackend(speed=2.0, acoustics=lambda block: block)
    async with talking(client, service, backend, echo="half_duplex") as (caller, _):
        await caller.respond()
        await caller.until("response.done")
        backend.speak(service.speech("stop"))
        await played(service, backend, LONG)
        assert caller.of("input_audio_buffer.speech_started") == []


async def test_muted_sends_silence(client: Client, service: ScriptedService) -> None:
    """Time goes on for the service, and nothing is heard."""
    async with talking(client, service, ArrayBackend(speed=SPEED), echo="off") as (_, device):
        device.mute = True
        backend: Any = device._backend
        backend.speak(service.speech("hello there"))
        await eventually(lambda: backend.unheard_ms == 0)
        before = device.stats.sent_bytes
        await eventually(lambda: device.stats.sent_bytes > before)
        assert not any(input_audio(service))


async def test_push_to_talk(client: Client, service: ScriptedService) -> None:
    """Only what is said while it is pressed is sent; the release ends the turn and has it answered."""
    service.say(LONG)
    service.say("fifty six")
    backend = ArrayBackend(service.speech("never mind"), speed=2.0)
    async with talking(client, service, backend, push_to_talk=True, echo="off") as (caller, device):
        await caller.respond()
        await caller.until("response.done")
        await eventually(lambda: backend.unheard_ms == 0)
        assert service.session.events("input_audio_buffer.append") == []
        device.press()
        assert (await caller.until("voicelive.interrupted")).unheard_ms > 0
        backend.speak(service.speech("hello there", silence_ms=0))
        await eventually(lambda: backend.unheard_ms == 0)
        await asyncio.sleep(0.1)
        device.release()
        heard = await caller.until("conversation.item.input_audio_transcription.completed")
        assert heard.transcript == "hello there"
        await played(service, backend, "fifty six")
        assert caller.errors == []


async def test_a_press_too_short_for_a_turn_is_taken_back(client: Client, service: ScriptedService) -> None:
    """Less than 100 ms cannot be committed: the service is told to forget it, without an error."""
    # So slow that less than 100 ms of sound pass in between, however busy the machine.
    backend = ArrayBackend(speed=0.05)
    async with talking(client, service, backend, push_to_talk=True, echo="off") as (caller, device):
        device.press()
        await eventually(lambda: device._link is not None and device._link._was_pressed)
        device.release()
        await caller.until("input_audio_buffer.cleared")
        assert service.session.events("input_audio_buffer.commit") == []
        assert caller.errors == []


async def test_a_device_that_comes_back_goes_on(client: Client, service: ScriptedService) -> None:
    """It is told, silence is sent meanwhile, what was still to be heard is heard, and the microphone again too."""
    service.say(LONG)
    backend = ArrayBackend(speed=2.0)
    async with talking(client, service, backend, echo="off") as (caller, device):
        await caller.respond()
        await caller.until("response.done")
        await playing(backend, 400)
        backend.unplug()
        assert (await caller.until("voicelive.audio_device")).state == "lost"
        before = device.stats.sent_bytes
        await eventually(lambda: device.stats.sent_bytes > before + 4800)
        backend.plug_in()
        assert (await caller.until("voicelive.audio_device")).state == "reopened"
        await eventually(lambda: caller.script.connection.playback.unheard_ms == 0)
        # Nothing was left out or played twice, though there is a gap within it now.
        [answer] = caller.sound.values()
        assert [sample for sample in array("h", backend.played) if sample] == [s for s in array("h", answer) if s]
        backend.speak(service.speech("hello there"))
        heard = await caller.until("conversation.item.input_audio_transcription.completed")
        assert heard.transcript == "hello there"
        assert device.stats.reopened == 1


class Stubborn(ArrayBackend):
    """A device whose microphone does not start at the first try."""

    tries = 0

    def open_input(self, device: DeviceInfo, *, rate: int, block: int, deliver: Any) -> Any:
        """Open the microphone."""
        side: Any = super().open_input(device, rate=rate, block=block, deliver=deliver)
        start = side.start

        def starting() -> None:
            self.tries += 1
            if self.tries == 1:
                raise AudioDeviceError("somebody else has it")
            start()

        side.start = starting
        return side


async def test_a_microphone_that_does_not_start_is_tried_again(client: Client, service: ScriptedService) -> None:
    """It counts as lost, and is opened anew."""
    backend = Stubborn(service.speech("hello there"), speed=SPEED)
    async with talking(client, service, backend, echo="off") as (caller, _device):
        assert [event.state for event in caller.of("voicelive.audio_device")] == ["lost"]
        assert (await caller.until("voicelive.audio_device")).state == "reopened"
        told = await caller.until("conversation.item.input_audio_transcription.completed")
        assert told.transcript == "hello there"


async def test_a_device_that_stays_away_is_an_error(client: Client, service: ScriptedService) -> None:
    """Told by an event, by name; the call goes on without it."""
    backend = ArrayBackend()
    async with talking(client, service, backend, echo="off", reopen_within=0.0) as (caller, device):
        device.check()
        backend.unplug()
        await caller.until("voicelive.audio_device", lambda event: event.state == "failed")
        with pytest.raises(DeviceLostError, match="'array' disappeared"):
            device.check()
        await caller.wait(await caller.respond())


@pytest.mark.parametrize("rate", [44_100, 48_000, 16_000])
async def test_a_device_that_refuses_the_rate(service: ScriptedService, rate: int) -> None:
    """It runs at its own; both directions are resampled, and every byte of the answer counts as played."""
    service.say("fifty six")
    client = Client("async")
    backend = ArrayBackend(resample(service.speech("hello there"), 24_000, rate), rate=rate, speed=2.0)
    async with talking(client, service, backend) as (caller, _):
        heard = await caller.until("conversation.item.input_audio_transcription.completed")
        assert heard.transcript == "hello there"
        await caller.until("response.done")
        await played(service, backend, "fifty six", rate=rate)
        await eventually(lambda: caller.script.connection.playback.unheard_ms == 0)


@pytest.mark.parametrize(
    ("fields", "chunk"),
    [
        ({"input_audio_format": "g711_ulaw", "output_audio_format": "g711_ulaw"}, "g711_ulaw"),
        ({"input_audio_format": "g711_alaw", "output_audio_format": "pcm16_8000hz"}, "g711_alaw"),
        ({"input_audio_format": "pcm16", "input_audio_sampling_rate": 16000}, "pcm16"),
    ],
)
async def test_the_sessions_own_format_is_followed(
    service: ScriptedService, fields: dict[str, Any], chunk: str
) -> None:
    """Where the application asked for another format, that one is sent and played."""
    service.say("fifty six")
    client = Client("async")
    backend = ArrayBackend(speed=SPEED)
    async with talking(client, service, backend, echo="off", wait=False) as (caller, _):
        await caller.script.call("session.update", session=fields)
        updated = await caller.until("session.updated", lambda event: event.session.input_audio_format == chunk)
        assert updated.session.input_audio_format == chunk
        backend.speak(service.speech("hello there"))
        heard = await caller.until("conversation.item.input_audio_transcription.completed")
        assert heard.transcript == "hello there"
        await played(service, backend, "fifty six")


async def test_volume_and_levels(client: Client, service: ScriptedService) -> None:
    """Nothing is heard at volume 0, though it counts as played; meters show both directions."""
    backend = ArrayBackend(speed=1.0)
    service.say("fifty six")
    async with talking(client, service, backend, echo="off") as (caller, device):
        assert device.levels.input_db == device.levels.output_db == -96.0
        backend.speak(service.speech("hello there"))
        await eventually(lambda: device.levels.input_db > -30)
        await eventually(lambda: device.levels.output_db > -30)
        device.volume = 0
        await eventually(lambda: device.levels.output_db == -96.0)
        await eventually(lambda: caller.script.connection.playback.unheard_ms == 0)
        with pytest.raises(ConfigurationError, match="0 to 4"):
            device.volume = 5


async def test_what_cannot_be_is_said(client: Client, service: ScriptedService) -> None:
    """Before anything happens: no device, one not open, attached twice, a connection without a conversation."""
    backend = ArrayBackend()
    with pytest.raises(ConfigurationError, match="echo is 'loud'"):
        AudioDevice(echo="loud")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    with pytest.raises(DeviceNotFoundError, match=r"no microphone 'usb'; there are: 0 'array'"):
        AudioDevice("usb", backend=backend).open()
    device = AudioDevice(backend=backend)
    with pytest.raises(ConnectionStateError, match="not open"):
        device.attach(None)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    with pytest.raises(ConfigurationError, match="push_to_talk=True"):
        device.press()
    async with talking(client, service, backend) as (caller, attached):
        with pytest.raises(ConnectionStateError, match="detach"):
            await caller.script.do(attached.attach)
    backend.unplug()
    with pytest.raises(DeviceNotFoundError, match="no microphone"):
        AudioDevice(backend=backend).open()


async def test_a_device_outlives_its_connection(client: Client, service: ScriptedService) -> None:
    """It can be attached to the next one."""
    backend = ArrayBackend(speed=SPEED)
    device = AudioDevice(backend=backend)
    await asyncio.to_thread(device.open)
    try:
        for number in ("one", "two"):
            service.say(number)
            before = len(backend.played)
            async with calling(client, service, barge_in=True) as caller:
                await caller.script.do(device.attach)
                await caller.respond()
                await played(service, backend, number, since=before)
    finally:
        await asyncio.to_thread(device.close)

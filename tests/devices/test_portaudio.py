"""Real sound: PortAudio, a sound server, its loudspeaker recorded, its microphone spoken into."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from ctypes.util import find_library
from pathlib import Path
from typing import Any

import pytest

from tests.clients.conversing import Caller, calling, eventually
from tests.clients.harness import Client
from tests.outside import needs, program
from voicelive._devices.portaudio import PortAudioBackend
from voicelive.audio import AudioDevice, AudioDeviceError, devices
from voicelive.testing import ScriptedService

from .sound_server import PIECE_MS, SoundServer

pytestmark = [
    pytest.mark.timeout(300),
    needs(find_library("portaudio") is not None, "PortAudio is not installed", "apt-get install libportaudio2"),
]

LONG = " ".join(["one two three four five six seven eight nine ten"] * 4)
"""Some twelve seconds: not over before somebody speaks over it, on whatever machine."""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SoundServer]:
    """One server for all, as it takes seconds to warm up; no longer, as it is never idle."""
    with SoundServer(tmp_path_factory.mktemp("sound")) as server:
        yield server


def use(server: SoundServer, monkeypatch: pytest.MonkeyPatch) -> SoundServer:
    """Have PortAudio see a server."""
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    PortAudioBackend().devices(refresh=True)
    return server


@pytest.fixture
def sound(running: SoundServer, monkeypatch: pytest.MonkeyPatch) -> SoundServer:
    """The server, as this process's own."""
    return use(running, monkeypatch)


@asynccontextmanager
async def talking(
    client: Client, service: ScriptedService, **options: Any
) -> AsyncGenerator[tuple[Caller, AudioDevice], None]:
    """A device at a connection, the microphone heard."""
    device = AudioDevice(**options)
    await asyncio.to_thread(device.open)
    try:
        async with calling(client, service, barge_in=True) as caller:
            await caller.script.do(lambda connection: device.attach(connection))
            await caller.until("voicelive.audio_device")
            yield caller, device
            device.detach()
    finally:
        await asyncio.to_thread(device.close)


async def heard_all(caller: Caller) -> None:
    """Wait until the whole answer has been played and recorded."""
    await caller.until("response.done")
    await eventually(lambda: caller.script.connection.playback.unheard_ms == 0)
    await asyncio.sleep(0.4)


def test_devices_are_listed(sound: SoundServer) -> None:
    """With name, number, and which are the defaults."""
    found = devices()
    assert {"pulse", "default"} <= {device.name for device in found}
    assert [device.name for device in found if device.is_default_input] == ["default"]


def test_devices_are_opened_and_closed_one_at_a_time(sound: SoundServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """PortAudio is not safe for threads: however many devices are used at once, one thread at a time is in it."""
    import sounddevice

    inside: list[str] = []
    most: list[int] = []

    def watched(kind: Any) -> Any:
        class Watched(kind):  # type: ignore[misc]
            def __init__(self, **options: Any) -> None:
                self.note(super().__init__, options)

            def close(self, ignore_errors: bool = True) -> None:
                self.note(super().close, {"ignore_errors": ignore_errors})

            def note(self, work: Any, options: dict[str, Any]) -> None:
                inside.append("")
                most.append(len(inside))
                try:
                    work(**options)
                finally:
                    inside.pop()

        return Watched

    for name in ("RawInputStream", "RawOutputStream"):
        monkeypatch.setattr(sounddevice, name, watched(getattr(sounddevice, name)))

    def use_one(_: int) -> None:
        with AudioDevice("pulse", "pulse"):
            pass

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(use_one, range(8)))
    assert len(most) == 8 * 4
    assert set(most) == {1}


async def test_what_is_said_is_heard_and_the_answer_sounds(
    client: Client, service: ScriptedService, sound: SoundServer
) -> None:
    """The question goes through the virtual microphone, and the answer out of the loudspeaker, both to the word."""
    heard: list[str] = []
    answers: list[str] = []
    async with talking(client, service, input="pulse", output="pulse") as (caller, device):
        assert device.stats.output_latency_ms > 0
        # A machine that is too busy for real sound drops samples of it; then it is said again.
        while ("hello there", "fifty six") not in zip(heard, answers, strict=True):
            assert len(heard) < 5, (heard, answers)
            service.say("fifty six")
            listener = sound.listen()
            sound.speak(service.speech("hello there"))
            told = await caller.until("conversation.item.input_audio_transcription.completed")
            heard.append(told.transcript)
            await heard_all(caller)
            answers.append(service.understand(listener.heard))


async def test_speaking_over_the_answer_silences_the_loudspeaker(
    client: Client, service: ScriptedService, sound: SoundServer
) -> None:
    """No more than 150 ms sound beyond what counts as heard: what the sound server had when speech started."""
    service.say(LONG)
    listener = sound.listen()
    async with talking(client, service, input="pulse", output="pulse", echo="off") as (caller, _):
        # Nothing else is to sound, so that every piece that does is of this answer.
        await caller.script.call(
            "session.update", session={"turn_detection": {"type": "server_vad", "create_response": False}}
        )
        await caller.respond()
        await eventually(lambda: len(listener.sounds) > 20)
        sound.speak(service.speech("stop"))
        interrupted = await caller.until("voicelive.interrupted")
        await caller.until("input_audio_buffer.speech_stopped")
        await asyncio.sleep(0.4)
    assert interrupted.unheard_ms > 1000
    assert 400 < len(listener.sounds) * PIECE_MS < interrupted.heard_ms + 150 + PIECE_MS


async def test_a_sound_server_that_dies_and_comes_back(
    service: ScriptedService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another loudspeaker takes over unnoticed; without any, and without the server, the device is lost in a second or
    two and comes back; nothing hangs."""
    server = SoundServer(tmp_path)
    server.start()
    use(server, monkeypatch)
    try:
        async with talking(Client("async"), service, echo="off") as (caller, device):
            # Disconnected while another is there: the server moves the stream.
            server.add_loudspeaker()
            server.unload_loudspeaker()
            service.say("fifty six")
            await caller.respond()
            await heard_all(caller)
            assert len(caller.of("voicelive.audio_device")) == 1
            # Disconnected without another.
            await asyncio.to_thread(server.unload_sinks)
            assert (await caller.until("voicelive.audio_device")).state == "lost"
            # Dead.
            began = time.monotonic()
            server.kill()
            await asyncio.to_thread(server.start)
            assert (await caller.until("voicelive.audio_device")).state == "reopened"
            assert time.monotonic() - began < 15
            server.kill()
            assert (await caller.until("voicelive.audio_device")).state == "lost"
            began = time.monotonic()
            await asyncio.to_thread(device.close)
            assert time.monotonic() - began < 15
    finally:
        server.stop()


JACK_PROGRAM = """
import sys, time
from voicelive import connect
from voicelive._devices.portaudio import PortAudioBackend
from voicelive.audio import AudioDevice

deadline = time.monotonic() + 20
while not (found := [device for device in PortAudioBackend().devices(refresh=True) if "JACK" in device.host]):
    assert time.monotonic() < deadline
    time.sleep(0.1)
[device] = found
with AudioDevice(device.index, device.index, echo="off") as sound:
    with connect(endpoint=sys.argv[1], model="gpt-4o", barge_in=True) as connection:
        sound.attach(connection)
        connection.wait_for("voicelive.audio_device", timeout=20)
        connection.respond().wait(timeout=20)
        deadline = time.monotonic() + 20
        while connection.playback.unheard_ms or sound.stats.sent_bytes < 48_000:
            assert time.monotonic() < deadline, sound.stats
            time.sleep(0.05)
        streams = sound._current()
        print("rates", streams.input_rate, streams.output_rate, flush=True)
"""


@pytest.fixture
def jack(tmp_path: Path) -> Iterator[dict[str, str]]:
    """A sound system that runs at 44.1 kHz and at nothing else, as some hardware does; the environment to reach it."""
    environment = {**os.environ, "JACK_NO_AUDIO_RESERVATION": "1", "PULSE_SERVER": f"unix:{tmp_path}/none"}
    arguments = ["--no-realtime", "-d", "dummy", "-r", "44100", "-p", "441", "-C", "2", "-P", "2"]
    with (tmp_path / "log").open("wb") as log:
        server = subprocess.Popen([program("jackd"), *arguments], stdout=log, stderr=log, env=environment)
    try:
        yield environment
    finally:
        server.kill()
        server.wait(20)


def test_a_device_that_runs_at_44_kilohertz_only(service: ScriptedService, jack: dict[str, str]) -> None:
    """Opened at its own rate; a second of the microphone is sent, and the answer is played to its end.

    In a process of its own: the library of JACK does not survive its server.
    """
    service.say("fifty six")
    done = run(["-c", JACK_PROGRAM, service.endpoint], jack)
    assert "rates 44100 44100" in done.stdout, done.stdout + done.stderr


def test_no_sound_server_says_what_to_do(tmp_path: Path) -> None:
    """The command's error names what is missing and what to install."""
    environment = {**os.environ, "PULSE_SERVER": f"unix:{tmp_path}/none", "JACK_NO_START_SERVER": "1"}
    done = run(["-m", "voicelive", "talk"], environment)
    assert done.returncode == 2
    assert "error: there is no microphone: connect one" in done.stderr
    assert "libasound2-plugins" in done.stderr


def run(arguments: list[str], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def test_a_device_in_use_is_said_and_nothing_stays_open(sound: SoundServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """PortAudio's reason, the device and the remedy; the microphone that was open by then is closed again."""
    import sounddevice

    opened: list[Any] = []

    class Watched(sounddevice.RawInputStream):  # type: ignore[misc]
        def __init__(self, **options: Any) -> None:
            super().__init__(**options)
            opened.append(self)

    def in_use(**options: Any) -> None:
        raise sounddevice.PortAudioError("Error opening RawOutputStream: Device unavailable [PaErrorCode -9985]", -9985)

    monkeypatch.setattr(sounddevice, "RawInputStream", Watched)
    monkeypatch.setattr(sounddevice, "RawOutputStream", in_use)
    with pytest.raises(AudioDeviceError, match=r"'pulse' cannot be opened: .*Device unavailable.* Another program may"):
        AudioDevice("pulse", "pulse").open()
    assert [stream.closed for stream in opened] == [True]


@pytest.mark.parametrize(("failure", "remedy"), [(ImportError, r"voicelive\[audio\]"), (OSError, "libportaudio2")])
def test_what_is_not_installed_is_said(failure: type[Exception], remedy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The package, or the library that it needs: with the command that installs it."""
    import builtins

    real = builtins.__import__

    def importing(name: str, *arguments: Any, **more: Any) -> Any:
        if name == "sounddevice":
            raise failure("sounddevice")
        return real(name, *arguments, **more)

    monkeypatch.setattr(builtins, "__import__", importing)
    with pytest.raises(AudioDeviceError, match=remedy):
        devices()

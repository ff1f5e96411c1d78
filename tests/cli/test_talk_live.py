"""`voicelive talk` by microphone and loudspeaker, as its user sees it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from ctypes.util import find_library
from pathlib import Path
from typing import IO

import pytest

from tests.devices.sound_server import SoundServer
from tests.outside import needs
from voicelive.testing import ScriptedService

from .conftest import Command, lines_of

pytestmark = [
    pytest.mark.timeout(300),
    needs(find_library("portaudio") is not None, "PortAudio is not installed", "apt-get install libportaudio2"),
]

LONG = " ".join(["one two three four five six seven eight nine ten"] * 4)
"""Some twelve seconds: not over before somebody speaks over it, on whatever machine."""
DEADLINE = 60.0


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SoundServer]:
    """A sound server for the commands."""
    with SoundServer(tmp_path_factory.mktemp("sound")) as server:
        yield server


@pytest.fixture
def scripted() -> Iterator[ScriptedService]:
    """A service that answers as it is told."""
    with ScriptedService(strict=False, timeout=60) as running:
        yield running


COMMAND = [sys.executable, "-m", "voicelive", "talk", "--input", "pulse", "--output", "pulse"]


def environment(sound: SoundServer) -> dict[str, str]:
    """What the command finds its devices by."""
    return {**os.environ, **sound.environment, "PYTHONIOENCODING": "utf-8", "PYTHONUNBUFFERED": "1"}


class Talk:
    """The running command, with what it has said so far."""

    def __init__(self, sound: SoundServer, *arguments: str) -> None:
        self._process = subprocess.Popen(
            [*COMMAND, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env=environment(sound),
            start_new_session=True,
        )
        self.output, self.errors = "", ""
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        self._readers = [
            threading.Thread(target=self._read, args=("output", self._process.stdout), name="talk"),
            threading.Thread(target=self._read, args=("errors", self._process.stderr), name="talk"),
        ]
        for reader in self._readers:
            reader.start()

    def _read(self, name: str, pipe: IO[str]) -> None:
        with pipe:
            while text := pipe.read(1):
                setattr(self, name, getattr(self, name) + text)

    def __enter__(self) -> Talk:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait(DEADLINE)
        assert self._process.stdin is not None
        self._process.stdin.close()
        for reader in self._readers:
            reader.join(DEADLINE)

    def shows(self, text: str, seconds: float) -> bool:
        """Return whether the command shows a text within so many seconds."""
        deadline = time.monotonic() + seconds
        while text not in self.output + self.errors and time.monotonic() < deadline:
            time.sleep(0.02)
        return text in self.output + self.errors

    def until(self, text: str) -> None:
        """Wait until the command has shown a text."""
        deadline = time.monotonic() + DEADLINE
        while text not in self.output + self.errors:
            assert time.monotonic() < deadline, self.output + self.errors
            assert self._process.poll() is None, self.output + self.errors
            time.sleep(0.02)

    def press(self, key: str) -> None:
        """Press a key."""
        assert self._process.stdin is not None
        self._process.stdin.write(key)
        self._process.stdin.flush()

    def end(self) -> tuple[int, float]:
        """Press Ctrl-C; returns the exit code, and how many seconds the end took."""
        began = time.monotonic()
        self._process.send_signal(signal.SIGINT)
        code = self._process.wait(DEADLINE)
        took = time.monotonic() - began
        for reader in self._readers:
            reader.join(DEADLINE)
        assert self._process.stdin is not None
        self._process.stdin.close()
        return code, took


def test_a_conversation_with_an_interruption(sound: SoundServer, scripted: ScriptedService, tmp_path: Path) -> None:
    """What is said and answered is shown as it comes; speech stops the answer; Ctrl-C ends at once with the table."""
    scripted.say(LONG)
    scripted.say("all right")
    reply = tmp_path / "reply.wav"
    with Talk(sound, "--endpoint", scripted.endpoint, "--save", str(reply), "--echo", "off") as talk:
        talk.until("echo     off")
        # Sound servers drop samples on a busy machine: who is not heard says it again.
        for text, shown in (("hello there", "answer   one two"), ("stop", "stopped  after")):
            for _ in range(5):
                sound.speak(scripted.speech(text))
                if talk.shows(shown, 10):
                    break
            talk.until(shown)
        talk.until("answer   all right")
        code, took = talk.end()
    assert code == 0, talk.errors
    assert took < 15
    # One at least: of the two, a busy sound server may have made one unreadable.
    assert lines_of(talk.output, "heard")
    table = talk.output[talk.output.index("the turns, in seconds") :]
    assert "played" in table
    assert "Traceback" not in talk.errors
    assert "ALSA" not in talk.errors
    # How much of the first answer there is depends on how soon it was spoken over.
    assert reply.stat().st_size > 20_000


def test_what_removes_the_echo_is_said(sound: SoundServer, scripted: ScriptedService) -> None:
    """Against a service on this machine, the service removes it, with what is played as its reference."""
    with Talk(sound, "--endpoint", scripted.endpoint) as talk:
        talk.until("echo     client: removed by the service, with what is played as its reference")
        code, _ = talk.end()
    assert code == 0, talk.errors


def test_in_a_terminal_the_meters_follow_the_sound(sound: SoundServer, scripted: ScriptedService) -> None:
    """They rise with sound, keys work without Enter and are not shown, and Ctrl-C leaves the terminal as it was."""
    ours, theirs = os.openpty()
    before = termios.tcgetattr(theirs)
    # In a session of its own, so that Ctrl-C comes from the terminal.
    process = subprocess.Popen(
        ["setsid", "--ctty", "--wait", *COMMAND, "--endpoint", scripted.endpoint, "--echo", "off"],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**environment(sound), "TERM": "xterm-256color", "COLUMNS": "80"},
    )
    screen = Screen(ours)
    try:
        screen.until("mic ················")
        sound.speak(scripted.speech("one two three four five"))
        screen.until("mic ███")
        os.write(ours, b"m")
        screen.until("muted")
        os.write(ours, b"m\x03")
        assert process.wait(DEADLINE) == 0
        screen.until("the turns, in seconds")
        # The line of meters is taken away before the table is shown.
        _, _, after_the_meters = screen.text.rpartition("mic ")
        assert after_the_meters.index("\x1b[2K") < after_the_meters.index("the turns")
        assert "Traceback" not in screen.text
        assert termios.tcgetattr(theirs) == before
    finally:
        process.kill()
        process.wait(DEADLINE)
        os.close(theirs)
        screen.close()


class Screen:
    """What a terminal was told to show."""

    def __init__(self, ours: int) -> None:
        self._ours = ours
        self._data = b""
        self._reader = threading.Thread(target=self._read, name="screen")
        self._reader.start()

    @property
    def text(self) -> str:
        """All of it, its control sequences too."""
        return self._data.decode("utf-8", "replace")

    def _read(self) -> None:
        # It is an error to read when nobody has the other end any more.
        with suppress(OSError):
            while data := os.read(self._ours, 4096):
                self._data += data

    def until(self, text: str) -> None:
        """Wait until a text was shown."""
        deadline = time.monotonic() + DEADLINE
        while text not in self.text:
            assert time.monotonic() < deadline, self.text[-3000:]
            time.sleep(0.02)

    def close(self) -> None:
        """Wait for the end of what is shown, and give the terminal back."""
        self._reader.join(DEADLINE)
        os.close(self._ours)


def test_push_to_talk_by_the_space_bar(sound: SoundServer, scripted: ScriptedService) -> None:
    """Nothing is sent before the first press; the second one ends the turn."""
    scripted.say("fifty six")
    with Talk(sound, "--endpoint", scripted.endpoint, "--push-to-talk", "--echo", "off") as talk:
        talk.until("echo     off")
        assert scripted.session.events("input_audio_buffer.append") == []
        talk.press(" ")
        question = scripted.speech("hello there", silence_ms=0)
        sound.speak(question)
        time.sleep(len(question) / 48_000 + 0.5)
        talk.press(" ")
        talk.until("answer   fifty six")
        code, _ = talk.end()
    assert code == 0, talk.errors
    assert len(scripted.session.events("input_audio_buffer.commit")) == 1


def test_devices_are_listed(sound: SoundServer) -> None:
    """By number, name and use, with the defaults named."""
    done = subprocess.run(
        [sys.executable, "-m", "voicelive", "talk", "--devices"],
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
        env={**os.environ, **sound.environment},
    )
    assert done.returncode == 0, done.stderr
    assert "pulse, ALSA (" in done.stdout
    assert "default microphone, default loudspeaker" in done.stdout


def test_options_of_talking_do_not_go_with_recordings(command: Command) -> None:
    """Said before anything is opened."""
    result = command("talk", "--text", "Hello", "--push-to-talk")
    assert result.exit_code == 2
    assert "without --wav and --text" in result.stderr

"""A sound server of its own, whose loudspeaker can be listened to and whose microphone can be spoken into."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO

from tests.outside import program

__all__ = ["PIECE_MS", "Listener", "SoundServer"]

RATE = 24_000
PIECE_MS = 20
_DEADLINE = 60.0
_RAW = [f"--rate={RATE}", "--channels=1", "--format=s16le", "--latency-msec=20"]


class SoundServer:
    """PulseAudio with two sinks that lead nowhere: one is the loudspeaker, the other's monitor is the microphone."""

    def __init__(self, folder: Path) -> None:
        self._socket = folder / "pulse.sock"
        run = folder / "run"
        run.mkdir(mode=0o700)
        self.environment = {
            "PULSE_SERVER": f"unix:{self._socket}",
            "PULSE_COOKIE": str(folder / "cookie"),
            "HOME": str(folder),
            "XDG_RUNTIME_DIR": str(run),
        }
        self._log = folder / "log"
        self._processes: list[subprocess.Popen[bytes]] = []
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> SoundServer:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start the server, and wait until sound goes through it in both directions."""
        modules = [
            f"module-native-protocol-unix auth-anonymous=1 socket={self._socket}",
            "module-null-sink sink_name=loudspeaker rate=48000 channels=2",
            "module-null-sink sink_name=voice rate=48000 channels=1",
            "module-remap-source master=voice.monitor source_name=microphone",
        ]
        arguments = ["-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no", "--log-target=stderr"]
        self._socket.unlink(missing_ok=True)
        self._run(program("pulseaudio"), *arguments, *(part for module in modules for part in ("-L", module)))
        deadline = time.monotonic() + _DEADLINE
        while self._control("set-default-sink", "loudspeaker", check=False):
            assert time.monotonic() < deadline, self._log.read_text()
            time.sleep(0.05)
        self._control("set-default-source", "microphone")
        # A null sink without a reader that is in a hurry runs two seconds late.
        for monitor in ("loudspeaker.monitor", "voice.monitor"):
            reader = self._run(program("parec"), "-d", monitor, "--latency-msec=10", stdout=subprocess.PIPE)
            assert reader.stdout is not None
            reader.stdout.read(1)
            self._follow(_drain, reader.stdout)

    def stop(self) -> None:
        """End everything that was started here."""
        for process in reversed(self._processes):
            process.kill()
            process.wait(_DEADLINE)
        self._processes.clear()
        for thread in self._threads:
            thread.join(_DEADLINE)
        self._threads.clear()

    def kill(self) -> None:
        """Let the server die without a word."""
        self._processes[0].send_signal(signal.SIGKILL)
        self.stop()

    def unload_sinks(self) -> None:
        """Take the loudspeaker and the microphone away from a server that goes on."""
        for module in ("module-remap-source", "module-null-sink"):
            self._control("unload-module", module)

    def add_loudspeaker(self) -> None:
        """Connect another loudspeaker."""
        self._control("load-module", "module-null-sink", "sink_name=another", "rate=48000")

    def unload_loudspeaker(self) -> None:
        """Disconnect the first loudspeaker, while another is there."""
        listed = self._output("list", "short", "modules")
        [number] = [line.split()[0] for line in listed.splitlines() if "sink_name=loudspeaker" in line]
        self._control("unload-module", number)

    def speak(self, pcm: bytes) -> None:
        """Have the microphone hear this; returns while it is still being said."""
        player = self._run(program("paplay"), "--raw", *_RAW, "-d", "voice", stdin=subprocess.PIPE)
        assert player.stdin is not None

        def write(pipe: IO[bytes]) -> None:
            with suppress(BrokenPipeError), pipe:
                pipe.write(pcm)

        self._follow(write, player.stdin)

    def listen(self) -> Listener:
        """Record what the loudspeaker plays from now on."""
        recorder = self._run(program("parec"), *_RAW, "-d", "loudspeaker.monitor", stdout=subprocess.PIPE)
        assert recorder.stdout is not None
        listener = Listener()
        self._follow(listener.follow, recorder.stdout)
        return listener

    def _follow(self, work: Callable[[IO[bytes]], None], pipe: IO[bytes]) -> None:
        thread = threading.Thread(target=work, args=(pipe,), name="sound-server", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _run(self, *command: str, stdin: int | None = None, stdout: int | None = None) -> subprocess.Popen[bytes]:
        with self._log.open("ab") as log:
            process = subprocess.Popen(
                command,
                stdin=stdin or subprocess.DEVNULL,
                stdout=stdout or log,
                stderr=log,
                env={**os.environ, **self.environment},
            )
        self._processes.append(process)
        return process

    def _control(self, *arguments: str, check: bool = True) -> int:
        done = subprocess.run(
            [program("pactl"), *arguments],
            env={**os.environ, **self.environment},
            capture_output=True,
            timeout=_DEADLINE,
            check=check,
        )
        return done.returncode

    def _output(self, *arguments: str) -> str:
        done = subprocess.run(
            [program("pactl"), *arguments],
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            timeout=_DEADLINE,
            check=True,
        )
        return done.stdout


class Listener:
    """What a loudspeaker played, and when it arrived here."""

    def __init__(self) -> None:
        self._chunks: list[tuple[float, bytes]] = []

    @property
    def heard(self) -> bytes:
        """All of it: PCM16 at 24 kHz, mono."""
        return b"".join(chunk for _, chunk in self._chunks)

    @property
    def sounds(self) -> list[float]:
        """When the pieces of :data:`PIECE_MS` arrived that are not silent, by the monotonic clock."""
        return [when for when, chunk in self._chunks if any(chunk)]

    def follow(self, pipe: IO[bytes]) -> None:
        """Take what a recorder writes, to its end."""
        with pipe:
            while data := pipe.read(RATE * PIECE_MS // 1000 * 2):
                self._chunks.append((time.monotonic(), data))


def _drain(pipe: IO[bytes]) -> None:
    with pipe:
        while pipe.read(65_536):
            pass

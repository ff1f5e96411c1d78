"""The sound device that an application opens and attaches to its connections."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from .._core.annotations import resolved_when_read
from .._core.devices.echo import EchoChoice, EchoMode, EchoNegotiation, check_echo
from .._core.devices.levels import SILENCE_DB
from .._core.handshake import asks_for_previews
from .._core.numbers import is_number
from .._public import public_in
from ..errors import ConfigurationError, ConnectionClosed, ConnectionStateError, DeviceLostError, VoiceLiveError
from .backend import Backend, DeviceInfo
from .link import Link
from .portaudio import PortAudioBackend
from .streams import BLOCK_MS, Streams, open_streams

if TYPE_CHECKING:
    from .connections import AnyConnection

__all__ = ["AudioDevice", "AudioLevels", "AudioStats", "devices"]

_STEP = BLOCK_MS / 1000


@public_in("voicelive.audio")
@dataclass(frozen=True, kw_only=True)
class AudioLevels:
    """How loud it is now, for meters: in dB below full scale, from -96 for silence to 0."""

    input_db: float
    """What the microphone hears, also while it is muted."""
    output_db: float
    """What the loudspeaker plays."""


@public_in("voicelive.audio")
@dataclass(frozen=True, kw_only=True)
class AudioStats:
    """The figures of a device at a connection."""

    underruns: int
    """How often an answer ran dry, and silence had to be played within it."""
    overflows: int
    """How many blocks of 20 ms of the microphone's were dropped because sending was too slow; the oldest first."""
    input_latency_ms: float
    """How long sound takes from the air to the program, as the device says."""
    output_latency_ms: float
    """How long sound takes from the program to the air, as the device says."""
    sent_bytes: int
    """Input audio handed to the connection."""
    unsent: int
    """How often the connection could not take input audio, such as during a long outage."""
    reopened: int
    """How often the device disappeared and came back."""
    realigned: int
    """How often microphone and loudspeaker drifted apart, so that the echo's reference had to be aligned anew."""


@public_in("voicelive.audio")
def devices(*, backend: Backend | None = None) -> Sequence[DeviceInfo]:
    """List the sound devices of this machine.

    Args:
        backend: what reaches the devices; left out: PortAudio.

    Raises:
        AudioDeviceError: if sounddevice or PortAudio is not installed; says how to install it.
    """
    return (backend or PortAudioBackend()).devices()


@public_in("voicelive.audio")
class AudioDevice:
    """A microphone and a loudspeaker: what is said goes to a connection, and what is answered is heard.

    The same for both clients; a context manager of either kind::

        with AudioDevice() as device, connect(barge_in=True, ...) as connection:
            device.attach(connection)
            for event in connection:
                ...

    Answers play as they arrive, whether or not the application receives. With ``barge_in=True`` the sound stops when
    the user speaks, and the service is told what was heard. While no device is there, silence is sent.

    Args:
        input: the microphone: its number or name in :func:`devices`, or a part of its name; left out: the default.
        output: the loudspeaker, likewise.
        echo: what keeps the assistant from hearing itself. ``client``: the service removes what this side says it
            plays; ``server``: the service removes what it thinks is played; ``half_duplex``: the microphone is silent
            while something plays, so that nobody can interrupt by voice; ``off``: nothing, for headsets. Where the
            service refuses one, the next is taken. ``auto``: ``client`` on this machine's service and where the
            connection asks for preview features, else ``server``. :attr:`echo` tells which one is on.
        push_to_talk: whether only what is said between :meth:`press` and :meth:`release` is sent. Turn detection is
            switched off.
        reopen_within: how many seconds a device that disappeared may take to come back; 0: it need not come back.
        backend: what reaches the devices; left out: PortAudio.

    Raises:
        ConfigurationError: for an argument that is not valid.
    """

    def __init__(
        self,
        input: int | str | None = None,
        output: int | str | None = None,
        *,
        echo: EchoChoice = "auto",
        push_to_talk: bool = False,
        reopen_within: float = 30.0,
        backend: Backend | None = None,
    ) -> None:
        check_echo(echo)
        if backend is not None and not isinstance(backend, Backend):
            raise ConfigurationError(f"backend takes a Backend, not {type(backend).__name__}")
        self.echo_choice: str = echo
        self.push_to_talk: bool = push_to_talk
        self.reopen_within: float = reopen_within
        self.mute: bool = False
        """Whether silence is sent in the place of what the microphone hears."""
        self.is_pressed: bool = False
        """Whether the user has the word, with push to talk."""
        self._input = input
        self._output = output
        self._backend: Backend = backend or PortAudioBackend()
        self._volume = 1.0
        self._streams: Streams | None = None
        self._link: Link | None = None
        self._layer: Any = None
        self._runner: _Thread | _Task | None = None

    # Opening and closing.

    def open(self) -> Self:
        """Open microphone and loudspeaker; ``with`` does it too.

        Raises:
            DeviceNotFoundError: if there is none, or not the one asked for.
            AudioDeviceError: if they cannot be opened; says why, and what helps.
        """
        if self._streams is not None:
            raise ConnectionStateError("this sound device is open already")
        self._streams = open_streams(self._backend, self._input, self._output)
        return self

    def close(self) -> None:
        """Stop recording and playing, and free the device. Takes a second at most, even if the device is gone."""
        self.detach()
        streams, self._streams = self._streams, None
        if streams is not None:
            streams.close()

    def __enter__(self) -> Self:
        return self.open()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return await asyncio.to_thread(self.open)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.detach()
        await asyncio.to_thread(self.close)

    # At a connection.

    @resolved_when_read(AnyConnection=".connections")
    def attach(self, connection: AnyConnection) -> None:
        """Send the microphone to a connection, and play its answers, until it ends or :meth:`detach` is called.

        Asks the service for 24 kHz PCM16 and for what removes the echo, and records nothing before it has answered; the
        event ``voicelive.audio_device`` tells. Returns at once. With asyncio, call it on the connection's loop.

        Args:
            connection: one that is open, opened with ``barge_in=True`` (or with tools, observers or metrics).

        Raises:
            AudioDeviceError: if the device does not start.
            ConnectionStateError: if the device or the connection is not open, or the device is attached already.
            ConfigurationError: if the connection keeps no conversation.
        """
        streams = self._streams
        if streams is None:
            raise ConnectionStateError("this sound device is not open: use `with AudioDevice()`, or call open() first")
        if self._link is not None and not self._link.is_ended:
            raise ConnectionStateError("this sound device is attached to a connection: call detach() first")
        self.detach()
        playback: Any = connection.playback
        layer, handshake = playback.layer, playback.handshake
        now = time.monotonic()
        may_use_client = handshake.endpoint.is_loopback or asks_for_previews(handshake)
        link = Link(self, streams, layer, may_use_client=may_use_client, now=now)
        streams.recorded.clear()
        streams.overflows = 0
        self._link, self._layer = link, layer
        connection.playback.latency_ms = round(streams.output_latency_ms) + BLOCK_MS
        first = link.first_request(now)
        layer.add_player(link, *([first] if first is not None else []))
        streams.start_playing()
        self._runner = (_Task if hasattr(connection, "__aenter__") else _Thread)(link, connection)

    def detach(self) -> None:
        """Leave the connection alone, and drop what was not played; the device stays open."""
        runner, link = self._runner, self._link
        self._runner = self._link = None
        if runner is None or link is None:
            return
        link.is_ended = True
        self._layer.remove_player(link)
        runner.stop()
        self._streams = link.streams
        self._streams.queue = None

    def open_again(self) -> Streams:
        """Open what was lost once more: the same names, or the defaults."""
        return open_streams(self._backend, self._input, self._output, is_again=True)

    @property
    def session(self) -> dict[str, Any]:
        """The session settings that the device works with, for ``session.update``; :meth:`attach` sends them too."""
        if self._link is not None:
            return self._link.session
        negotiation = EchoNegotiation(
            self.echo_choice, may_use_client=False, event_id="", detection=not self.push_to_talk
        )
        return negotiation.session

    # What the user does.

    @property
    def volume(self) -> float:
        """How loud answers play: 1 as they come, 0 silent, up to 4. Holds at once, for what waits too."""
        return self._volume

    @volume.setter
    def volume(self, value: float) -> None:
        if not is_number(value) or not 0 <= value <= 4:
            raise ConfigurationError(f"volume is {value!r}; it takes a number from 0 to 4")
        self._volume = float(value)
        if self._link is not None:
            self._link.loudspeaker.volume = self._volume

    def press(self) -> None:
        """Give the user the word, with push to talk: an answer that plays is interrupted. Returns at once."""
        self._check_push_to_talk("press")
        self.is_pressed = True

    def release(self) -> None:
        """End the user's turn, and have it answered. Returns at once."""
        self._check_push_to_talk("release")
        self.is_pressed = False

    def _check_push_to_talk(self, name: str) -> None:
        if not self.push_to_talk:
            raise ConfigurationError(f"{name}() needs AudioDevice(push_to_talk=True)")

    # What it is like.

    @property
    def input_name(self) -> str:
        """The name of the microphone that is open."""
        return self._current().microphone.name

    @property
    def output_name(self) -> str:
        """The name of the loudspeaker that is open."""
        return self._current().loudspeaker.name

    @property
    def echo(self) -> EchoMode | None:
        """What deals with echo: ``client``, ``server``, ``half_duplex`` or ``off``; None until that is settled."""
        return None if self._link is None else self._link.mode

    @property
    def levels(self) -> AudioLevels:
        """How loud it is now; silence while no connection is attached."""
        if self._link is None:
            return AudioLevels(input_db=SILENCE_DB, output_db=SILENCE_DB)
        microphone = self._link.microphone
        return AudioLevels(input_db=microphone.input_db, output_db=microphone.output_db)

    @property
    def stats(self) -> AudioStats:
        """The figures since the device was attached."""
        streams, link = self._current(), self._link
        return AudioStats(
            underruns=0 if link is None else link.loudspeaker.underruns,
            overflows=streams.overflows,
            input_latency_ms=streams.input_latency_ms,
            output_latency_ms=streams.output_latency_ms,
            sent_bytes=0 if link is None else link.sent,
            unsent=0 if link is None else link.unsent,
            reopened=0 if link is None else link.reopened,
            realigned=0 if link is None else link.microphone.realigned,
        )

    @property
    def error(self) -> DeviceLostError | None:
        """Why the device is not used any more; None while it is, or while it may come back."""
        return None if self._link is None else self._link.error

    def check(self) -> None:
        """Raise :attr:`error`, if there is one.

        Raises:
            DeviceLostError: if the device disappeared and did not come back in time.
        """
        if (error := self.error) is not None:
            raise DeviceLostError(*error.args)

    def _current(self) -> Streams:
        streams = self._link.streams if self._link is not None else self._streams
        if streams is None:
            raise ConnectionStateError("this sound device is not open: use `with AudioDevice()`, or call open() first")
        return streams


class _Thread:
    """Sends the microphone of a synchronous connection, in a thread of its own."""

    def __init__(self, link: Link, connection: Any) -> None:
        self._link = link
        self._connection = connection
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="voicelive-microphone", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End it; a send that blocks ends with the connection."""
        self._stopped.set()
        if self._thread is not threading.current_thread():
            self._thread.join(1.0)

    def _run(self) -> None:
        link = self._link
        while not (link.is_ended or self._stopped.is_set()):
            for command in link.step(time.monotonic()):
                try:
                    command(self._connection)
                except (ConnectionClosed, ConnectionStateError):
                    return
                except VoiceLiveError:
                    link.unsent += 1
            self._stopped.wait(_STEP)


class _Task:
    """Sends the microphone of an asynchronous connection, in a task on its loop."""

    def __init__(self, link: Link, connection: Any) -> None:
        self._link = link
        self._connection = connection
        self._loop = asyncio.get_running_loop()
        self._task = self._loop.create_task(self._run(), name="voicelive-microphone")

    def stop(self) -> None:
        """End it, from any thread."""
        if not self._loop.is_closed():
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._task.cancel)

    async def _run(self) -> None:
        link = self._link
        while not link.is_ended:
            for command in link.step(time.monotonic()):
                try:
                    await command(self._connection)
                except (ConnectionClosed, ConnectionStateError):
                    return
                except VoiceLiveError:
                    link.unsent += 1
            await asyncio.sleep(_STEP)

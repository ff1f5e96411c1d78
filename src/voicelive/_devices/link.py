"""A device at a connection: settles the echo, sends the microphone, plays answers, brings a lost device back."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import Any, Protocol

from .._audio.pcm import AudioFormatError
from .._audio.wire_formats import input_format
from .._core.conversation.conversation_events import AudioDeviceChanged
from .._core.devices.echo import EchoMode, EchoNegotiation
from .._core.devices.sound_settings import SoundSettings
from .._threads import call_in_thread
from ..errors import AudioDeviceError, DeviceLostError
from .loudspeaker import Loudspeaker
from .microphone import Microphone
from .streams import BLOCK_MS, Streams

__all__ = ["Command", "Controls", "Link", "LinkedLayer"]

_logger = logging.getLogger("voicelive.audio")

_TRIES_EVERY = 1.0
_SHORTEST_COMMIT_MS = 100

Command = Callable[[Any], Any]
"""Does something with the connection; with asyncio, what it returns is awaited."""


class LinkedLayer(Protocol):
    """What is used of the connection's conversation."""

    def tell(self, event: Any) -> None:
        """Hand the application an event of the connection's own."""

    def report_played(self) -> None:
        """Have what was played counted soon."""

    def underrun(self) -> None:
        """Count that an answer ran dry."""


class Controls(Protocol):
    """What is used of the device that the application holds."""

    echo_choice: str
    push_to_talk: bool
    mute: bool
    is_pressed: bool
    reopen_within: float

    @property
    def volume(self) -> float:
        """What answers are multiplied by."""
        ...

    def open_again(self) -> Streams:
        """Open what was lost once more."""
        ...


class Link:
    """A device attached to one connection.

    The player's part runs on the connection's loop, :meth:`step` where the microphone is sent from: a thread with the
    synchronous client, a task with asyncio.
    """

    def __init__(
        self,
        device: Controls,
        streams: Streams,
        layer: LinkedLayer,
        *,
        may_use_client: bool,
        now: float,
    ) -> None:
        self._device = device
        self._layer = layer
        self._negotiation = EchoNegotiation(
            device.echo_choice,
            may_use_client=may_use_client,
            event_id=f"voicelive_audio_{uuid.uuid4().hex}",
            detection=not device.push_to_talk,
        )
        self._clock = now
        self._settings = SoundSettings()
        self._streams = streams
        self.microphone = Microphone(streams)
        self.loudspeaker = Loudspeaker(streams.output_rate, layer.underrun)
        self.loudspeaker.volume = device.volume
        streams.queue = self.loudspeaker.queue
        self._next: Streams | None = None
        self.is_ended = False
        self.error: DeviceLostError | None = None
        """Why the device is not used any more."""
        self.reopened = 0
        self.sent = 0
        """Bytes of input audio sent."""
        self.unsent = 0
        """Bytes that could not be sent."""
        self._was_pressed = False
        self._pressed_bytes = 0
        self._opening: Future[Streams] | None = None
        self._lost_at: float | None = None
        self._lost = ""
        self._tries_at = 0.0
        self._silent_until = 0.0
        self._mode: EchoMode | None = None

    @property
    def mode(self) -> EchoMode | None:
        """What deals with echo; None while that is not settled."""
        return self._mode

    @property
    def session(self) -> dict[str, Any]:
        """The settings that are asked for."""
        return self._negotiation.session

    @property
    def streams(self) -> Streams:
        """Both directions, as they are open now."""
        return self._streams

    def first_request(self, now: float) -> dict[str, Any] | None:
        """Return the ``session.update`` that asks for the formats and for what removes the echo."""
        return self._negotiation.request(now)

    # As a player, on the connection's loop.

    def take(self, event: Any) -> bool:
        """Take an event; False for the refusal of what was only tried."""
        kind = event.canonical_type
        if kind == "response.audio.delta":
            self.loudspeaker.add(event.delta_bytes)
        elif kind == "response.audio.done":
            self.loudspeaker.end_item()
        elif kind in ("session.created", "session.updated"):
            self._configured(event.session.to_dict() if event.session is not None else {})
        elif kind == "voicelive.resumed":
            self.loudspeaker.resume()
        elif kind == "error":
            return not self._negotiation.refused(event.error.to_dict() if event.error is not None else {})
        return True

    def take_played(self) -> int:
        """Return how many of the session's bytes were played since the last call."""
        played = self.loudspeaker.take_played()
        if self._next is not None:
            streams, self._next = self._next, None
            self.loudspeaker.use_rate(streams.output_rate)
            streams.queue = self.loudspeaker.queue
        return played

    def flush(self) -> None:
        """Drop what waits."""
        self.loudspeaker.flush()

    def ended(self) -> None:
        """Take that the connection has ended: what waits still plays."""
        self.is_ended = True

    def _configured(self, session: dict[str, Any]) -> None:
        self._settings = SoundSettings.of(session)
        self.loudspeaker.use_format(self._settings.output_name)
        self._negotiation.updated(self._settings.echo_reference, self._clock)

    # Where the microphone is sent from.

    def step(self, now: float) -> Iterator[Command]:
        """Yield what is to be done with the connection now; about every 20 ms."""
        self._clock = now
        self._layer.report_played()
        self._watch(now)
        self._negotiation.tick(now)
        if request := self._negotiation.request(now):
            yield lambda connection: connection.send(request)
        if self._negotiation.mode is None:
            # Nothing is recorded before the service knows what it will be sent.
            self._streams.played.clear()
            return
        self._settle_mode(self._negotiation.mode)
        if self._device.push_to_talk:
            yield from self._push_to_talk(now)
        elif audio := self._hear(now, is_heard=not self._device.mute):
            yield self._append(audio)

    def _settle_mode(self, mode: EchoMode) -> None:
        try:
            audio_format = input_format(self._settings.input_name, self._settings.input_rate)
        except AudioFormatError as error:
            _logger.warning("the microphone is sent as 24 kHz PCM16: %s", error)
            audio_format = input_format()
        self.microphone.use_session(audio_format, mode)
        if mode != self._mode:
            self._mode = mode
            try:
                self._streams.start_recording()
            except AudioDeviceError as error:
                _logger.warning("the microphone does not start: %s", error)
                self._lose(self._streams.microphone.name, self._clock)
            else:
                self._tell("ready", self._streams.microphone.name)

    def _hear(self, now: float, *, is_heard: bool) -> bytes:
        if self._lost_at is None:
            return self.microphone.take(is_heard=is_heard, plays=self.loudspeaker.plays, now=now)
        # Turn detection has to hear the silence, or a turn would never end.
        missing = int((now - self._silent_until) * 1000) // BLOCK_MS * BLOCK_MS
        self._silent_until += missing / 1000
        return self.microphone.silence(missing)

    def _append(self, audio: bytes) -> Command:
        def send(connection: Any) -> Any:
            return connection.input_audio_buffer.append(audio=audio)

        self.sent += len(audio)
        return send

    def _push_to_talk(self, now: float) -> Iterator[Command]:
        is_pressed = self._device.is_pressed
        if is_pressed and not self._was_pressed:
            # What was recorded before the press is not meant to be heard.
            self._hear(now, is_heard=False)
            self._pressed_bytes = 0
            yield lambda connection: connection.interrupt()
        audio = self._hear(now, is_heard=not self._device.mute)
        if is_pressed or self._was_pressed:
            self._pressed_bytes += len(audio)
            if audio:
                yield self._append(audio)
        if self._was_pressed and not is_pressed:
            yield from self._release()
        self._was_pressed = is_pressed

    def _release(self) -> Iterator[Command]:
        if self._pressed_bytes < len(self.microphone.silence(_SHORTEST_COMMIT_MS)):
            # Too short for the service to take as a turn.
            yield lambda connection: connection.input_audio_buffer.clear()
            return
        yield lambda connection: connection.input_audio_buffer.commit()
        yield lambda connection: connection.respond()

    # A device that disappears, and comes back.

    def _watch(self, now: float) -> None:
        if self.error is not None:
            return
        if self._lost_at is None:
            if (gone := self._streams.lost(now)) is not None:
                self._lose(gone.name, now)
        elif self._opening is not None:
            if self._opening.done():
                self._opened(self._opening, now)
        elif now - self._lost_at > self._device.reopen_within:
            self.error = DeviceLostError(
                f"the sound device {self._lost!r} disappeared, and was not back within {self._device.reopen_within:g} "
                "s: connect it again, or choose another one"
            )
            self._tell("failed", self._lost)
        elif now >= self._tries_at:
            self._tries_at = now + _TRIES_EVERY
            self._opening = call_in_thread(self._device.open_again, "voicelive-audio-reopen")

    def _lose(self, name: str, now: float) -> None:
        _logger.warning("the sound device %r disappeared", name)
        self._lost_at = self._tries_at = self._silent_until = now
        self._lost = name
        self._opening = None
        streams = self._streams
        # May hang; nothing waits for it but the next opening, which has a limit too.
        call_in_thread(streams.close, "voicelive-audio-close")
        self._tell("lost", name)

    def _opened(self, opening: Future[Streams], now: float) -> None:
        self._opening = None
        try:
            streams = opening.result()
        except Exception as error:  # noqa: BLE001 - it is tried again until the time is up
            _logger.info("the sound device is not back yet: %s", error)
            return
        self._streams = streams
        self._lost_at = None
        self.reopened += 1
        # The loudspeaker's side belongs to the connection's loop.
        self._next = streams
        self.microphone.use_streams(streams)
        self._tell("reopened", streams.microphone.name)

    def _tell(self, state: Any, device: str) -> None:
        echo = self._mode or "off"
        self._layer.tell(AudioDeviceChanged(state=state, device=device, echo=echo))

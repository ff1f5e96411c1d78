"""The player of a bridged connection: takes the answers' sound for the line, and says how much was heard."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Any

from .._audio.pcm import AudioFormatError
from .._audio.wire_formats import AudioDecoder, AudioEncoder, WireFormat, input_format, output_format
from .._core.devices.sound_settings import SoundSettings
from .._core.lines.line import Line
from .._core.lines.playout import Playout

__all__ = ["LinePlayer"]


class LinePlayer:
    """Keeps what goes to the line. Everything runs on the connection's loop, and only counts and keeps."""

    def __init__(self, line: Line, playout: Playout, *, wake: Callable[[], None], ended: Callable[[], None]) -> None:
        """Prepare.

        Args:
            line: the line.
            playout: what goes out when.
            wake: has the line written to.
            ended: is told that the connection has ended.
        """
        self._line = line
        self._playout = playout
        self._wake = wake
        self._ended = ended
        self._own = _wire_format(line)
        self._out: _Conversion | None = None
        self._in: _Conversion | None = None
        self._output: WireFormat = self._own
        self._odd = 0
        self._settings: SoundSettings | None = None
        self.urgent: deque[str | bytes] = deque()
        """Messages that go out before any sound."""
        self._media: deque[str | bytes] = deque()

    def next_message(self) -> str | bytes | None:
        """Return the next message for the line; None while there is nothing to say."""
        if self.urgent:
            return self.urgent.popleft()
        if not self._media:
            self._media.extend(self._playout.step(time.monotonic()))
        return self._media.popleft() if self._media else None

    def to_service(self, audio: bytes) -> bytes:
        """Return the caller's sound in the session's format: as it is, where the session takes the line's."""
        return audio if self._in is None else self._in.feed(audio)

    # As a player.

    def take(self, event: Any) -> bool:
        """Take an event of the connection's."""
        kind = event.canonical_type
        if kind == "response.audio.delta":
            audio = event.delta_bytes
            self._playout.add(audio if self._out is None else self._out.feed(audio))
            self._wake()
        elif kind == "response.audio.done":
            if self._out is not None and (rest := self._out.flush()):
                self._playout.add(rest)
                self._wake()
        elif kind == "session.updated":
            # Not on `session.created`: the line's format has been asked for already, and what is sent now is in it.
            self._configured(event.session.to_dict() if event.session is not None else {})
        elif kind == "voicelive.resumed":
            self._playout.resume()
            self._wake()
        return True

    def take_played(self) -> int:
        """Return how many of the session's bytes were played since the last call."""
        played = self._playout.take_played(time.monotonic())
        if self._out is None:
            return played
        self._odd += played * self._output.rate * self._output.width
        size, self._odd = divmod(self._odd, self._own.rate * self._own.width)
        return size

    def flush(self) -> None:
        """Have the line drop what it holds."""
        self._media.clear()
        if self._out is not None:
            self._out.flush()
        self.urgent.extend(self._playout.flush(time.monotonic()))
        self._wake()

    def ended(self) -> None:
        """Take that the connection has ended."""
        self._ended()

    def _configured(self, session: dict[str, Any]) -> None:
        settings = SoundSettings.of(session)
        if settings == self._settings:
            return
        self._settings = settings
        try:
            self._output = output_format(settings.output_name)
            heard = input_format(settings.input_name, settings.input_rate)
        except AudioFormatError:
            # A format that is not known is taken to be what was asked for.
            self._output = heard = self._own
        self._out = _conversion(self._output, self._own)
        self._in = _conversion(self._own, heard)


class _Conversion:
    """A stream from one format to another."""

    def __init__(self, source: WireFormat, target: WireFormat) -> None:
        self._decoder = AudioDecoder(source, target.rate)
        self._encoder = AudioEncoder(target.rate, target)

    def feed(self, audio: bytes) -> bytes:
        return self._encoder.feed(self._decoder.feed(audio))

    def flush(self) -> bytes:
        return self._encoder.feed(self._decoder.flush()) + self._encoder.flush()


def _conversion(source: WireFormat, target: WireFormat) -> _Conversion | None:
    is_same = (source.rate, source.encoding) == (target.rate, target.encoding)
    return None if is_same else _Conversion(source, target)


def _wire_format(line: Line) -> WireFormat:
    settings = line.session
    return output_format(settings["output_audio_format"])

"""From what a device records to what the session takes: muted, held back or with the echo's reference beside it."""

from __future__ import annotations

from .._audio.wire_formats import WireFormat, input_format
from .._core.devices.alignment import Alignment, interleaved
from .._core.devices.echo import EchoMode, HalfDuplexGate
from .._core.devices.levels import SILENCE_DB, level_db
from .rates import rate_converter
from .streams import Streams

__all__ = ["Microphone"]


class Microphone:
    """Makes the input audio of one session out of both directions of a device. On one thread."""

    def __init__(self, streams: Streams) -> None:
        self._mode: EchoMode = "off"
        self._format: WireFormat = input_format()
        self._gate = HalfDuplexGate()
        self._realigned = 0
        self.input_db = SILENCE_DB
        """How loud the last block was that was recorded, in dB below full scale."""
        self.output_db = SILENCE_DB
        """How loud the last block was that was played."""
        self.use_streams(streams)

    def use_streams(self, streams: Streams) -> None:
        """Listen to this from now on."""
        self._streams = streams
        self._begin()

    def use_session(self, audio_format: WireFormat, mode: EchoMode) -> None:
        """Make this format, with this against echo, from now on."""
        if (audio_format, mode) != (self._format, self._mode):
            self._format, self._mode = audio_format, mode
            self._begin()

    @property
    def realigned(self) -> int:
        """How often the two directions drifted apart."""
        return self._realigned + self._alignment.realigned

    def _begin(self) -> None:
        if hasattr(self, "_alignment"):
            self._realigned = self.realigned
        rate = self._format.rate
        self._recorded = rate_converter(self._streams.input_rate, rate)
        self._played = rate_converter(self._streams.output_rate, rate)
        self._alignment = Alignment(rate)

    def take(self, *, is_heard: bool, plays: bool, now: float) -> bytes:
        """Return what was recorded since the last call, as the session takes it.

        Args:
            is_heard: False while it is muted: silence is made then.
            plays: whether something unheard waits or plays.
            now: seconds, of any one clock.
        """
        streams = self._streams
        self._take_played()
        latency = (streams.output_latency_ms + streams.input_latency_ms) / 1000
        made: list[bytes] = []
        while streams.recorded:
            handed_out, block = streams.recorded.popleft()
            self.input_db = level_db(block)
            pcm = self._recorded.feed(block)
            is_open = self._mode != "half_duplex" or self._gate.is_open(plays=plays, latency=latency, now=now)
            if not is_heard or not is_open:
                pcm = bytes(len(pcm))
            if self._mode == "client":
                position = handed_out // 2 * self._format.rate // streams.output_rate * 2
                pcm = interleaved(pcm, self._alignment.beside(len(pcm), position))
            made.append(self._format.encode(pcm))
        return b"".join(made)

    def silence(self, ms: int) -> bytes:
        """Return silence of a length, as the session takes it: for as long as there is no device."""
        pcm = bytes(self._format.rate * ms // 1000 * 2)
        return self._format.encode(interleaved(pcm, pcm) if self._mode == "client" else pcm)

    def _take_played(self) -> None:
        streams = self._streams
        while streams.played:
            block = streams.played.popleft()
            self.output_db = level_db(block)
            if self._mode == "client":
                self._alignment.played(self._played.feed(block))

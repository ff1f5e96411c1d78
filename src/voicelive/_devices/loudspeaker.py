"""From what the service sends to what a device plays, and back: what was played, in the session's bytes."""

from __future__ import annotations

import logging
from collections.abc import Callable

from .._audio.pcm import AudioFormatError
from .._audio.wire_formats import WireFormat, output_format
from .._core.devices.play_queue import PlayQueue
from .rates import rate_converter

__all__ = ["Loudspeaker"]

_logger = logging.getLogger("voicelive.audio")


class Loudspeaker:
    """Holds the answers until they are played. All but the queue's callback side runs on one thread."""

    def __init__(self, rate: int, underrun: Callable[[], None] = lambda: None) -> None:
        self._underrun = underrun
        self._format = output_format("pcm16")
        self._underruns = 0
        self._flushed = 0
        self._volume = 1.0
        self._use(PlayQueue(rate), rate)

    def _use(self, queue: PlayQueue, rate: int) -> None:
        self.queue = queue
        queue.volume = self._volume
        self._rate = rate
        self._rates = rate_converter(self._format.rate, rate)
        self._begin_counting()

    def _begin_counting(self) -> None:
        """Count from here: positions of the session's bytes and of the device's are the same now."""
        self._received = self._told = self._played = 0

    @property
    def volume(self) -> float:
        """What samples are multiplied by."""
        return self._volume

    @volume.setter
    def volume(self, value: float) -> None:
        self._volume = value
        self.queue.volume = value

    @property
    def underruns(self) -> int:
        """How often an answer ran dry."""
        return self._underruns + self.queue.underruns

    @property
    def plays(self) -> bool:
        """Whether something is still to be played."""
        return self.queue.waiting > 0

    def use_rate(self, rate: int) -> None:
        """Play at another rate from now on: another device. What waits is taken along."""
        if rate == self._rate:
            return
        old = self.queue
        unplayed = self._received - self._told
        old.flush()
        self._underruns += old.underruns
        converter = rate_converter(self._rate, rate)
        self._use(PlayQueue(rate), rate)
        self.queue.add(converter.feed(old.take_flushed()) + converter.flush())
        self._received = unplayed

    def use_format(self, name: str) -> None:
        """Take what comes in another of the session's formats from now on."""
        try:
            wanted: WireFormat = output_format(name)
        except AudioFormatError as error:
            _logger.warning("answers cannot be played: %s", error)
            return
        if wanted != self._format:
            self._format = wanted
            self._rates = rate_converter(wanted.rate, self._rate)

    def add(self, data: bytes) -> None:
        """Have a piece of an answer played."""
        self._received += len(data)
        if self.queue.add(self._rates.feed(self._format.decode(data))):
            self._underrun()

    def end_item(self) -> None:
        """Note that an item is whole."""
        self.queue.add(self._rates.flush())
        self.queue.end_item()

    def flush(self) -> None:
        """Drop what waits."""
        self._rates.flush()
        self.queue.flush()
        self._flushed = self._received - self._told
        self._begin_counting()

    def resume(self) -> None:
        """Play what was flushed last after all."""
        self.queue.resume()
        self._received += self._flushed

    def take_played(self) -> int:
        """Return how many of the session's bytes were played since the last call."""
        self._played += self.queue.take_played()
        if not self.queue.waiting and self.queue.is_whole:
            total = self._received
        else:
            width, rate = self._format.width, self._format.rate
            total = min(self._received, self._played // 2 * rate // self._rate * width)
        step = max(0, total - self._told)
        self._told += step
        if total == self._received and not self.queue.waiting:
            self._begin_counting()
        return step

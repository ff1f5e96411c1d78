"""One channel of ``call.wav``: where each piece of sound belongs, by when it was said or heard."""

from __future__ import annotations

from array import array
from dataclasses import dataclass

from .._audio.pcm import to_samples
from .._audio.resampling import Resampler
from .lines import HeardStretch, Side
from .wav_files import Stereo

__all__ = ["HOLD_S", "Lane"]

_TOLERANCE_S = 0.02
"""How far a piece may lie from where the clock says, so that sound goes on without a gap."""
_SHORT_S = 0.25
"""A piece of this length that ends when it is sent was taken up just before; longer ones may be files."""
_GAPS = 64
HOLD_S = 2.0
"""How long a stretch may still move before it is written down."""


@dataclass
class _Stretch:
    """Sound that lies in the channel, in samples of it."""

    at: int
    length: int
    from_ms: float
    to_ms: float
    item_id: str | None
    content_index: int

    @property
    def end(self) -> int:
        return self.at + self.length

    def cut_at(self, end: int) -> None:
        if self.length:
            self.to_ms = self.from_ms + (self.to_ms - self.from_ms) * (end - self.at) / self.length
        self.length = end - self.at


class Lane:
    """Puts sound into one channel, and remembers for some seconds what lies where."""

    def __init__(self, side: Side, stereo: Stereo) -> None:
        self.side: Side = side
        self._channel = 0 if side == "user" else 1
        self._stereo = stereo
        self.end = 0
        """The sample after the last that was placed."""
        self.began_before = False
        """Whether sound waited when the recording began, as on a telephone line while the session opens: it was said
        before, and what is too much for the time is cut off there."""
        self._gaps: list[tuple[int, int]] = []
        """Where silence was left, as where it ends and how long it is; the latest last."""
        self._settled_end = 0
        self._resampler: Resampler | None = None
        self._filled = 0
        self._stretches: list[_Stretch] = []

    def put(
        self,
        pcm: bytes,
        rate: int,
        start: float,
        *,
        from_ms: float,
        item_id: str | None = None,
        content_index: int = 0,
        is_live: bool = True,
    ) -> None:
        """Place sound that began at `start` by the clock, in seconds.

        Args:
            pcm: 16-bit mono.
            rate: its rate, in Hz.
            start: when it began; never before what was placed last.
            from_ms: what begins there, for the stretch.
            item_id: the item, of the assistant's.
            content_index: its part.
            is_live: whether `start` follows from when a piece ended, so that one that comes late may be followed by
                others that make up for it.
        """
        tape = self._stereo.rate
        length = round(len(pcm) // 2 * tape / rate)
        wanted = round(start * tape)
        if wanted < 0:
            lost = min(-wanted, length) if self.began_before or length <= _SHORT_S * tape else 0
            if lost:
                size = round(lost * rate / tape)
                pcm, length, from_ms = pcm[2 * size :], length - lost, from_ms + size * 1000 / rate
            wanted = 0
        slack = round(_TOLERANCE_S * tape)
        if wanted > self.end + (slack if is_live else 0):
            self._settle()
            self._gaps = [*self._gaps[-_GAPS:], (wanted, wanted - self.end)] if is_live else []
            self.end = wanted
        elif is_live and self.end > wanted + slack:
            self._move_back(self.end - wanted)
        self._note(_Stretch(self.end, length, from_ms, from_ms + len(pcm) * 500 / rate, item_id, content_index))
        self._fill(pcm, rate, length)

    def cut(self, at: float) -> list[str]:
        """Take out what lies after `at`, and return the items of which that takes something."""
        return self._cut(max(0, round(at * self._stereo.rate)))

    def cut_item(self, item_id: str, ms: float) -> None:
        """Take out what lies after `ms` of an item's sound, and all that follows it."""
        for stretch in self._stretches:
            if stretch.item_id == item_id and stretch.to_ms > ms:
                share = max(0.0, ms - stretch.from_ms) / max(1e-9, stretch.to_ms - stretch.from_ms)
                self._cut(stretch.at + round(share * stretch.length))
                return

    def take_back(self, item_id: str) -> bool:
        """Take out an item, and all that follows it, to place it anew: as early as where the sound before it ends.

        Returns:
            Whether that was possible: not of one that has been written down.
        """
        found = next((stretch for stretch in self._stretches if stretch.item_id == item_id), None)
        if found is not None:
            self._cut(found.at)
            self.end = self._stretches[-1].end if self._stretches else self._settled_end
        return found is not None

    def settled(self, before: float) -> list[HeardStretch]:
        """Return what lies before a time in seconds, for good, and has not been returned yet."""
        limit, done = round(before * self._stereo.rate), list[HeardStretch]()
        while self._stretches and self._stretches[0].at < limit:
            first = self._stretches[0]
            ready = _Stretch(**vars(first))
            if first.end > limit:
                ready.cut_at(limit)
                first.from_ms, first.length, first.at = ready.to_ms, first.end - limit, limit
            else:
                del self._stretches[0]
            self._settled_end = ready.end
            done.append(self._written(ready))
        return done

    def finish(self) -> list[HeardStretch]:
        """Return the rest."""
        self._settle()
        rest, self._stretches = self._stretches, []
        return [self._written(stretch) for stretch in rest]

    def _written(self, stretch: _Stretch) -> HeardStretch:
        at = round(stretch.at / self._stereo.rate, 6)
        span = round(stretch.from_ms, 3), round(stretch.to_ms, 3)
        return HeardStretch(self.side, at, *span, stretch.item_id, stretch.content_index)

    def _note(self, new: _Stretch) -> None:
        last = self._stretches[-1] if self._stretches else None
        follows = (
            last is not None
            and last.end == new.at
            and (last.item_id, last.content_index) == (new.item_id, new.content_index)
            and abs(last.to_ms - new.from_ms) < 1.5
        )
        if last is not None and follows:
            last.length, last.to_ms = last.length + new.length, new.to_ms
        else:
            self._stretches.append(new)

    def _fill(self, pcm: bytes, rate: int, length: int) -> None:
        if self._resampler is None or self._resampler.from_rate != rate:
            self._settle()
            self._resampler, self._filled = Resampler(rate, self._stereo.rate), self.end
        samples = to_samples(self._resampler.feed(pcm))
        self._stereo.put(self._channel, self._filled, samples)
        self._filled += len(samples)
        self.end += length

    def _settle(self) -> None:
        """Place what the resampler holds; what comes next begins a new sound."""
        if self._resampler is not None:
            rest = to_samples(self._resampler.flush())
            self._stereo.put(self._channel, self._filled, rest[: max(0, self.end - self._filled)])
            self._resampler = None

    def _move_back(self, by: int) -> None:
        """Close gaps: what came late is followed by more than the time has room for."""
        while by and self._gaps:
            begin, length = self._gaps.pop()
            if not any(stretch.at == begin for stretch in self._stretches):
                # It is written down that sound lies there.
                self._gaps.clear()
                return
            step = min(by, length)
            self._shift(begin, step)
            by -= step
            if step < length:
                self._gaps.append((begin - step, length - step))
        if by and self.began_before and not self._gaps and self._stretches and not self._stretches[0].at:
            self._cut_front(min(by, self.end))

    def _cut_front(self, by: int) -> None:
        """Take out what lies first, and move the rest there."""
        self._stretches = [stretch for stretch in self._stretches if stretch.end > by]
        self._shift(by, by)
        if self._stretches and (first := self._stretches[0]).at < 0:
            first.from_ms -= first.at * (first.to_ms - first.from_ms) / first.length
            first.length, first.at = first.end, 0

    def _shift(self, begin: int, by: int) -> None:
        """Move everything from `begin` on to an earlier place."""
        self._settle()
        block = self._stereo.get(self._channel, begin, self.end)
        self._stereo.put(self._channel, begin - by, block)
        self._stereo.put(self._channel, self.end - by, array("h", bytes(2 * by)))
        for stretch in self._stretches:
            # Where the beginning is cut off, a stretch may begin before it.
            if stretch.at >= begin or stretch.end > begin:
                stretch.at -= by
        self.end -= by

    def _cut(self, end: int) -> list[str]:
        if end >= self.end:
            return []
        self._settle()
        self._stereo.silence(self._channel, end, min(self.end, self._stereo.length))
        gone = dict.fromkeys(one.item_id for one in self._stretches if one.item_id is not None and one.end > end)
        self._stretches = [stretch for stretch in self._stretches if stretch.at < end]
        if self._stretches and self._stretches[-1].end > end:
            self._stretches[-1].cut_at(end)
        self.end, self._gaps = end, []
        return list(gone)

"""What lies where in ``call.wav``: the user by the input's timeline, the assistant as heard.

Where a player says what it played, that is what was heard. Where nobody does, as in a proxy, an answer is taken to be
played from when it came, one after the other, and to end where the session's rules, or the client, end it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .._audio.wire_formats import WireFormat
from .._core.conversation.session_view import SessionView
from .._core.recent_ids import RecentIds
from .lanes import HOLD_S, Lane
from .lines import HeardStretch
from .sounds import SoundFormat
from .wav_files import Stereo

__all__ = ["Tape"]

_REMEMBERED = 256
"""Answers and ids that are kept: more than any call has under way."""
_ENCODINGS = {"g711_ulaw": "ulaw", "g711_alaw": "alaw"}


def _decoded(data: bytes, sound: SoundFormat) -> bytes:
    """Return bytes of the wire as PCM16, of the first channel."""
    if sound.channels == 2:
        whole = data[: len(data) // 4 * 4]
        return memoryview(whole).cast("h")[::2].tobytes()
    name = sound.format
    if name != "pcm16":
        data = WireFormat(sound.rate, sound.width, name, _ENCODINGS[name]).decode(data)  # type: ignore[arg-type]
    return data[: len(data) // 2 * 2]


@dataclass
class _Part:
    """A part of an item, and where its sound is: file, place and size of each piece."""

    item_id: str
    content_index: int
    response_id: str | None
    sound: SoundFormat
    pieces: list[tuple[str, int, int]] = field(default_factory=list[tuple[str, int, int]])
    size: int = 0
    placed: int = 0

    def add(self, name: str, start: int, size: int) -> None:
        if self.pieces and (last := self.pieces[-1])[0] == name and last[1] + last[2] == start:
            self.pieces[-1] = name, last[1], last[2] + size
        else:
            self.pieces.append((name, start, size))
        self.size += size

    def between(self, start: int, end: int) -> Iterator[tuple[str, int, int]]:
        for name, at, size in self.pieces:
            first, last = max(start, 0), min(end, size)
            if first < last:
                yield name, at + first, last - first
            start, end = start - size, end - size


class Tape:
    """Writes ``call.wav`` while the call goes on."""

    def __init__(
        self,
        folder: Path,
        name: str,
        *,
        read: Callable[[str, int, int], bytes],
        settled: Callable[[HeardStretch], None],
    ) -> None:
        """Prepare; nothing is written before there is sound.

        Args:
            folder: where the file is written.
            name: its name, without the ending.
            read: returns an answer's sound, given by the file, place and size that :meth:`answered` was told.
            settled: takes what lies where, once it stays there.
        """
        self._folder = folder
        self._name = name
        self._read = read
        self._settled = settled
        self._stereo: Stereo | None = None
        self._lanes: tuple[Lane, Lane] | None = None
        self._sent_ms = 0.0
        self._parts: OrderedDict[tuple[str, int], _Part] = OrderedDict()
        self._dropped = RecentIds(_REMEMBERED)
        self._active: str | None = None
        self._is_told = False
        self._is_line = False
        self._session = SessionView()

    def user(self, data: bytes, sound: SoundFormat, other: SoundFormat, now: float) -> None:
        """Place what was appended to the input; `other` is the output's format."""
        ms = sound.ms(len(data))
        lane, _ = self._open(sound, other)
        lane.began_before = self._is_line
        lane.put(_decoded(data, sound), sound.rate, now - ms / 1000, from_ms=self._sent_ms)
        self._sent_ms += ms

    def answered(
        self,
        event: Mapping[str, Any],
        piece: tuple[str, int, int],
        sound: SoundFormat,
        other: SoundFormat,
        now: float,
    ) -> None:
        """Take a piece of an answer that arrived: the event, and the file, place and size of its sound."""
        item_id, index = str(event.get("item_id")), event.get("content_index")
        response_id = event.get("response_id")
        key = item_id, index if isinstance(index, int) else 0
        self._open(sound, other)
        part = self._parts.get(key)
        if part is None:
            part = self._parts[key] = _Part(*key, response_id if isinstance(response_id, str) else None, sound)
            while len(self._parts) > _REMEMBERED:
                self._parts.popitem(last=False)
        part.add(*piece)
        if not self._is_told and not self._is_late(part):
            self._place(part, part.size, now, is_live=False)

    def heard(self, item_id: str, content_index: int, ms: int, now: float) -> None:
        """Take that an item has been played up to `ms`, by who plays it."""
        part = self._parts.get((item_id, content_index))
        if part is None or self._lanes is None:
            return
        if not self._is_told:
            # What was taken to be heard as it came is known better now.
            self._is_told = True
            if self._lanes[1].take_back(item_id):
                part.placed = 0
        end = part.sound.size(ms)
        if part.sound.ms(part.size) - ms < 1:
            end = part.size
        seconds = part.sound.ms(max(0, end - part.placed)) / 1000
        self._place(part, end, now - seconds, is_live=True)

    def sent(self, event: Mapping[str, Any], now: float) -> None:
        """Take an event of the client's that may say what is played no more."""
        match event:
            case {"type": "conversation.item.truncate", "item_id": str(item_id), "audio_end_ms": int(ms)}:
                if self._lanes is not None and not self._is_told:
                    self._lanes[1].cut_item(item_id, ms)
                    self._dropped.add(item_id)
            case {"type": "response.cancel" | "output_audio_buffer.clear"}:
                self._interrupted(now)
            case _:
                pass

    def received(self, event: Mapping[str, Any], now: float) -> None:
        """Take an event of the service's, or of the library's own, that may say what is played no more."""
        match event:
            case {"type": "session.created" | "session.updated", "session": dict(session)}:
                self._session = SessionView.of(session)
            case {"type": "response.created", "response": {"id": str(response_id)}}:
                self._active = response_id
            case {"type": "response.done"}:
                self._active = None
            case {"type": "input_audio_buffer.speech_started"}:
                if self._session.detection is not None and self._session.interrupt_response:
                    self._interrupted(now)
            case {"type": "voicelive.interrupted", "item_id": str(item_id), "heard_ms": int(ms)}:
                if self._is_told and self._lanes is not None:
                    # What was played, but still on its way to the ear, was not heard.
                    self._lanes[1].cut_item(item_id, ms)
                self._interrupted(now)
            case {"type": "voicelive.resumed", "item_id": str(item_id)}:
                self._resumed(item_id, now)
            case {"type": "voicelive.line", "state": "started"}:
                self._is_line = True
            case {"type": "voicelive.restored"}:
                self._active = None
            case _:
                pass

    def tick(self, now: float) -> None:
        """Write down what lies where, up to some seconds ago."""
        for lane in self._lanes or ():
            for stretch in lane.settled(now - HOLD_S):
                self._settled(stretch)
        if self._stereo is not None:
            self._stereo.flush()

    def settle(self) -> None:
        """Write what is held."""
        if self._stereo is not None:
            self._stereo.settle()

    def close(self, now: float) -> None:
        """Take out what would have been heard after the call, and close the file."""
        if self._lanes is not None and self._stereo is not None:
            if not self._is_told:
                self._lanes[1].cut(now)
            for lane in self._lanes:
                for stretch in lane.finish():
                    self._settled(stretch)
            # As long as the call.
            last = round(now * self._stereo.rate) - 1
            if last >= self._stereo.length:
                self._stereo.silence(0, last, last + 1)
            self._stereo.close()
            self._lanes = self._stereo = None

    def abandon(self) -> None:
        """Close the file as it is."""
        if self._stereo is not None:
            stereo, self._stereo, self._lanes = self._stereo, None, None
            stereo.close()

    def _open(self, sound: SoundFormat, other: SoundFormat) -> tuple[Lane, Lane]:
        if self._lanes is None:
            self._stereo = Stereo(self._folder, self._name, max(sound.rate, other.rate))
            self._lanes = Lane("user", self._stereo), Lane("assistant", self._stereo)
        return self._lanes

    def _interrupted(self, now: float) -> None:
        """Nothing that waits is heard, and what comes late is not."""
        if self._lanes is None or self._is_told:
            return
        gone = self._lanes[1].cut(now)
        for item_id in gone:
            self._dropped.add(item_id)
        for part in self._parts.values():
            if part.item_id in gone and part.response_id is not None:
                self._dropped.add(part.response_id)
        if self._active is not None:
            self._dropped.add(self._active)

    def _resumed(self, item_id: str, now: float) -> None:
        for part in self._parts.values():
            if part.item_id == item_id:
                self._dropped.discard(item_id)
                self._dropped.discard(part.response_id or "")
                if not self._is_told and self._lanes is not None:
                    self._place(part, part.size, now, is_live=False)

    def _is_late(self, part: _Part) -> bool:
        return part.item_id in self._dropped or part.response_id in self._dropped

    def _place(self, part: _Part, end: int, start: float, *, is_live: bool) -> None:
        if self._lanes is None:
            return
        for name, at, size in part.between(part.placed, end):
            self._lanes[1].put(
                _decoded(self._read(name, at, size), part.sound),
                part.sound.rate,
                start,
                from_ms=part.sound.ms(part.placed),
                item_id=part.item_id,
                content_index=part.content_index,
                is_live=is_live,
            )
            part.placed += size
            start += part.sound.ms(size) / 1000

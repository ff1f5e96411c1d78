"""Reads recordings, also such as were cut short, damaged, or written by a newer version: what can be read is used."""

from __future__ import annotations

import json
import sys
import zipfile
from array import array
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from .._core.numbers import is_number
from .._public import public_in
from .._wire_values import encode_base64
from ..errors import RecordingError
from .files import BLOCK, RecordingFiles, find_files, read_whole
from .lines import (
    CALL_LINES,
    CALL_SOUND,
    FORMAT,
    MARK,
    HeardStretch,
    RecordedEvent,
    RecordingHeader,
)
from .sound_fields import put_back
from .sounds import SoundReference
from .wav_files import part_name

__all__ = ["CallSound", "Recording"]

_MOST_PROBLEMS = 100
_SILENCE = {"pcm16": b"\0", "g711_ulaw": b"\xff", "g711_alaw": b"\xd5"}
_KINDS = frozenset({"sent", "received", "local", "user", "heard", "played", "format", "lost", "end"})


@public_in("voicelive.recording")
class CallSound:
    """Both sides of a call as they were heard: ``call.wav``, 16-bit at :attr:`rate`, from the beginning of the call."""

    def __init__(self, files: RecordingFiles) -> None:
        self._files = files
        self._parts: list[str] = []
        self.rate: int = 24_000
        """Samples per second, in Hz."""
        number = 1
        while files.has(name := part_name(CALL_SOUND.removesuffix(".wav"), number)):
            found = files.sound_format(name)
            if found is not None and found.channels == 2 and found.bits == 16:
                self._parts.append(name)
                self.rate = found.rate
            number += 1

    @property
    def seconds(self) -> float:
        """How long it is; 0 where the recording has no ``call.wav``."""
        return sum(self._files.sound_size(name) // 4 for name in self._parts) / self.rate

    def blocks(self, seconds: float = 1.0) -> Iterator[tuple[bytes, bytes]]:
        """Yield the user's and the assistant's sound, piece by piece, so that a long call need not be held."""
        size = max(1, int(seconds * self.rate)) * 4
        for name in self._parts:
            with self._files.sound(name) as file:
                while frames := read_whole(file, size):
                    yield _channel(frames, 0), _channel(frames, 1)

    @property
    def user(self) -> bytes:
        """What the user said, PCM16 mono."""
        return b"".join(user for user, _ in self.blocks())

    @property
    def assistant(self) -> bytes:
        """What was heard of the assistant, PCM16 mono, as long as :attr:`user`."""
        return b"".join(assistant for _, assistant in self.blocks())


@public_in("voicelive.recording")
class Recording:
    """A recorded call, in a folder or a zip file.

    Nothing is held in memory: every iteration reads the file anew. What cannot be read is passed over and named in
    :attr:`problems`.

    Example::

        recording = Recording.open("calls/one")
        for event in recording.events:
            print(f"{event.time:8.3f}  {event.direction:8}  {event.type}")
    """

    def __init__(self, path: str | Path) -> None:
        self.path: Path = Path(path)
        """Where it is."""
        self._problems: dict[str, None] = {}
        self._files = find_files(self.path)
        self._files.tell = self._tell
        for problem in self._files.found:
            self._tell(problem)
        self.header: RecordingHeader = self._read_header()
        """What the first line says of the call."""

    @classmethod
    def open(cls, path: str | Path) -> Recording:
        """Open a recording: its folder, its zip file, or its ``call.jsonl``.

        Raises:
            RecordingError: if there is none, saying what was found.
        """
        return cls(path)

    def __repr__(self) -> str:
        return f"<Recording {self.path} of {self.header.started}>"

    @property
    def problems(self) -> list[str]:
        """What could not be read, as far as it has been met; :meth:`check` meets everything."""
        found = list(self._problems)
        more = [f"and {self._more_problems} more"] if self._more_problems else []
        return [*found, *more]

    def check(self) -> list[str]:
        """Read everything, and return what cannot be read."""
        sizes = Counter[str]()
        for event in self.events:
            for reference in event.sounds:
                if reference.file is not None:
                    sizes[reference.file] = max(sizes[reference.file], reference.start + reference.size)
        for name, size in sizes.items():
            there = self._files.sound_size(name) if self._files.has(name) else None
            if there is None:
                self._tell(f"{name} is missing")
            elif there < size:
                self._tell(f"{name} is cut short: {size} bytes of audio are referred to, {there} are there")
        return self.problems

    @property
    def events(self) -> Iterator[RecordedEvent]:
        """The events, in the order in which they were sent and received."""
        for number, values in self._lines():
            kind, payload, raw = values.get("kind"), values.get("event"), values.get("raw")
            if kind in ("sent", "received", "local"):
                yield RecordedEvent(
                    _number(values.get("t")),
                    kind,
                    payload if isinstance(payload, dict) else {},
                    raw if isinstance(raw, str) else None,
                    number,
                )

    @property
    def stretches(self) -> Iterator[HeardStretch]:
        """What lies where in ``call.wav``. A stretch is written down some seconds after it was heard."""
        for _, values in self._lines():
            kind = values.get("kind")
            if kind in ("user", "heard"):
                index, item_id = values.get("content_index"), values.get("item_id")
                yield HeardStretch(
                    "user" if kind == "user" else "assistant",
                    _number(values.get("at")),
                    _number(values.get("from_ms")),
                    _number(values.get("to_ms")),
                    item_id if isinstance(item_id, str) else None,
                    index if isinstance(index, int) else 0,
                )

    @property
    def lines(self) -> Iterator[Mapping[str, Any]]:
        """Every line after the header as it stands, also of kinds that are not known."""
        for _, values in self._lines():
            yield values

    @property
    def ending(self) -> Mapping[str, Any] | None:
        """The last line, which says how the call ended; None where the recording was cut short."""
        last: Mapping[str, Any] | None = None
        for _, values in self._lines():
            last = values
        return last if last is not None and last.get("kind") == "end" else None

    @property
    def audio(self) -> CallSound:
        """Both sides as they were heard."""
        return CallSound(self._files)

    def sound(self, reference: SoundReference) -> bytes:
        """Return the sound that a reference stands for, in the wire's format; silence in the place of what is missing.

        What the recording leaves out, and what is lost, comes back as silence of the same length.
        """
        name, silence = reference.file, _SILENCE[self._format_of(reference)] * reference.size
        if name is None:
            return silence
        if not self._files.has(name):
            self._tell(f"{name} is missing")
            return silence
        found = self._files.sound_at(name, reference.start, reference.size)
        if len(found) < reference.size:
            self._tell(f"{name} is cut short: it ends at byte {reference.start + len(found)} of its audio")
        return found + silence[len(found) :]

    def _format_of(self, reference: SoundReference) -> str:
        is_sent = reference.file is not None and reference.file.startswith("sent")
        return (self.header.input if is_sent else self.header.output).format

    def wire(self, event: RecordedEvent) -> dict[str, Any]:
        """Return an event as it was on the wire: with its sound as base64."""
        restored: dict[str, Any] = put_back(event.payload, lambda reference: encode_base64(self.sound(reference)))
        return restored

    def pack(self, target: str | Path, *, call_sound: bool = True) -> Path:
        """Write the recording into one zip file, and return its path.

        Args:
            target: the file.
            call_sound: whether ``call.wav`` is to be in it; replaying does not need it.

        Raises:
            RecordingError: if the file exists already.
            OSError: if it cannot be written.
        """
        path = Path(target)
        try:
            with zipfile.ZipFile(path, "x", zipfile.ZIP_DEFLATED) as packed:
                for name in self._files.names():
                    if not call_sound and name.startswith("call") and name.endswith(".wav"):
                        continue
                    with self._files.open(name) as source, packed.open(name, "w", force_zip64=True) as into:
                        while block := source.read(BLOCK):
                            into.write(block)
        except FileExistsError:
            raise RecordingError(f"{path} exists already: choose another name") from None
        return path

    _more_problems = 0

    def _tell(self, problem: str) -> None:
        if problem in self._problems:
            return
        if len(self._problems) < _MOST_PROBLEMS:
            self._problems[problem] = None
        else:
            self._more_problems += 1

    def _read_header(self) -> RecordingHeader:
        with self._files.open(CALL_LINES) as file:
            first = _parsed(file.readline())
        if first is None or MARK not in first:
            self._tell(f"{CALL_LINES} has no header: formats are taken to be the service's defaults")
            return RecordingHeader()
        header = RecordingHeader.read(first)
        if header.format > FORMAT:
            self._tell(
                f"the recording has format {header.format}, and this version of voicelive knows {FORMAT}: "
                "what is new in it is left out. Update voicelive."
            )
        return header

    def _lines(self) -> Iterator[tuple[int, dict[str, Any]]]:
        unknown = Counter[str]()
        with self._files.open(CALL_LINES) as file:
            for number, text in enumerate(_each(file), 1):
                values = _parsed(text)
                if values is None:
                    # A process that is killed leaves half a line.
                    cut = "" if text.endswith(b"\n") else "; the recording was cut short there"
                    self._tell(f"line {number} of {CALL_LINES} is not a JSON object{cut}")
                elif MARK not in values:
                    kind = values.get("kind")
                    if kind in _KINDS:
                        yield number, values
                    else:
                        unknown[str(kind)] += 1
        for kind, count in unknown.items():
            self._tell(f"{count} line(s) of the unknown kind {kind!r}")


def _each(file: Any) -> Iterator[bytes]:
    while text := file.readline():
        yield text


def _parsed(text: bytes) -> dict[str, Any] | None:
    try:
        values: Any = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return values if isinstance(values, dict) else None


def _number(value: object) -> float:
    return float(value) if is_number(value) else 0.0


def _channel(frames: bytes, number: int) -> bytes:
    samples = array("h", frames[: len(frames) // 4 * 4])
    if sys.byteorder == "big":
        samples.byteswap()
        chosen = samples[number::2]
        chosen.byteswap()
        return chosen.tobytes()
    return samples[number::2].tobytes()

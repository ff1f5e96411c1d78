"""WAV files that are written while a call goes on, and can be read at any moment: a stream, and two channels."""

from __future__ import annotations

import struct
import sys
from array import array
from io import FileIO
from pathlib import Path

from .._audio.wav import ALAW, PCM, ULAW
from .sounds import SoundFormat

__all__ = ["HEADER", "Stereo", "Stream", "part_name", "wav_header"]

HEADER = 44
"""Bytes before the audio data."""
_MOST = 1 << 31
"""Bytes of audio in one file: what every reader of WAV can take. What follows goes into the next."""
_HELD = 1 << 16
"""Bytes of audio that are held at most before they are written: with each piece of its own, the system calls would cost
more than all the rest."""
_TAGS = {"pcm16": PCM, "g711_ulaw": ULAW, "g711_alaw": ALAW}


def wav_header(sound: SoundFormat, size: int) -> bytes:
    """Return the 44 bytes before `size` bytes of audio data."""
    width = sound.width
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        *(b"RIFF", size + HEADER - 8, b"WAVE", b"fmt ", 16, _TAGS[sound.format], sound.channels, sound.rate),
        *(sound.rate * width, width, width * 8 // sound.channels, b"data", size),
    )


def part_name(name: str, number: int) -> str:
    """Return the name of the nth file of a series: ``call.wav``, ``call.2.wav``, …"""
    return f"{name}.wav" if number == 1 else f"{name}.{number}.wav"


class _File:
    """One WAV file. Nothing is buffered here: what was written is there if the process is killed."""

    def __init__(self, path: Path, sound: SoundFormat) -> None:
        self._file = FileIO(path, "w+")
        self._sound = sound
        self.size = 0
        self._header_size = -1
        try:
            self.flush()
        except OSError:
            self._file.close()
            raise

    def write(self, at: int, data: bytes | bytearray) -> None:
        self._file.seek(HEADER + at)
        rest = memoryview(data)
        while rest:
            # Less is written where the disk is nearly full, and the next attempt raises.
            rest = rest[self._file.write(rest) :]
        self.size = max(self.size, at + len(data))

    def read(self, at: int, size: int) -> bytes:
        """Read `size` bytes; what was not written yet is silent."""
        self._file.seek(HEADER + at)
        found = b""
        while len(found) < size and (part := self._file.read(size - len(found))):
            found += part
        return found.ljust(size, b"\0")

    def flush(self) -> None:
        """Have the header say how much there is."""
        if self._header_size != self.size:
            self._file.seek(0)
            self._file.write(wav_header(self._sound, self.size))
            self._header_size = self.size

    def close(self) -> None:
        try:
            self.flush()
        finally:
            self._file.close()


class Stream:
    """Sound of one direction as it went over the wire, one after the other; a file for each format of it.

    What was appended is on the disk after :meth:`settle` or :meth:`flush`.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self._name = name
        self._count = 0
        self._file: _File | None = None
        self._held = bytearray()
        self._sound: SoundFormat | None = None
        self.name = ""
        """The file that is written to."""

    def append(self, data: bytes, sound: SoundFormat) -> int:
        """Take `data`, and return where in the file's audio data it begins."""
        size = len(data)
        if self._file is None or sound != self._sound or self._file.size + len(self._held) + size > _MOST:
            self.close()
            self._count += 1
            self.name = part_name(self._name, self._count)
            self._sound = sound
            self._file = _File(self._folder / self.name, sound)
        start = self._file.size + len(self._held)
        self._held += data
        if len(self._held) > _HELD:
            self.settle()
        return start

    def read(self, name: str, at: int, size: int) -> bytes:
        """Return sound that was appended, given by its file and its place in the file's audio data."""
        file = self._file
        if file is None or name != self.name:
            with (self._folder / name).open("rb") as written:
                written.seek(HEADER + at)
                return written.read(size)
        if at >= file.size:
            return bytes(self._held[at - file.size :][:size])
        self.settle()
        return file.read(at, size)

    def settle(self) -> None:
        """Write what is held."""
        if self._file is not None and self._held:
            self._file.write(self._file.size, self._held)
            self._held = bytearray()

    def flush(self) -> None:
        """Write what is held, and have the header say how much there is."""
        if self._file is not None:
            self.settle()
            self._file.flush()

    def close(self) -> None:
        """Write what is held, and close the file."""
        if self._file is not None:
            file = self._file
            try:
                self.settle()
            finally:
                self._file, self._held = None, bytearray()
                file.close()


class Stereo:
    """Two channels of 16 bits that are written at any place, each by itself.

    Of each channel, the samples that were put last, one after the other, are on the disk after :meth:`settle` or
    :meth:`flush`.
    """

    def __init__(self, folder: Path, name: str, rate: int) -> None:
        self._folder = folder
        self._name = name
        self._sound = SoundFormat("pcm16", rate, 2)
        self._files: list[_File] = []
        self._held = array("h"), array("h")
        self._held_at = [0, 0]

    @property
    def rate(self) -> int:
        """Samples per second, in Hz."""
        return self._sound.rate

    @property
    def length(self) -> int:
        """How long it is, in samples."""
        ends = (at + len(held) for at, held in zip(self._held_at, self._held, strict=True) if held)
        return max(sum(file.size for file in self._files) // 4, *ends, 0)

    def put(self, channel: int, at: int, samples: array[int]) -> None:
        """Put samples into one channel, from the sample `at` on; what was there goes."""
        held = self._held[channel]
        if at != self._held_at[channel] + len(held):
            self._settle(channel)
            self._held_at[channel] = at
        held.extend(samples)
        if 2 * len(held) > _HELD:
            self._settle(channel)

    def settle(self) -> None:
        """Write what is held."""
        self._settle(0)
        self._settle(1)

    def _settle(self, channel: int) -> None:
        samples, at = self._held[channel][:], self._held_at[channel]
        self._held_at[channel] += len(samples)
        del self._held[channel][:]
        while samples:
            number, place = divmod(at, _MOST // 4)
            now = samples[: _MOST // 4 - place]
            file = self._part(number)
            frames = array("h", file.read(place * 4, len(now) * 4))
            if sys.byteorder == "big":
                frames.byteswap()
            frames[channel::2] = now
            if sys.byteorder == "big":
                frames.byteswap()
            file.write(place * 4, frames.tobytes())
            samples, at = samples[len(now) :], at + len(now)

    def get(self, channel: int, at: int, end: int) -> array[int]:
        """Return the samples of one channel between two places."""
        self._settle(channel)
        found = array("h")
        while at < end:
            number, place = divmod(at, _MOST // 4)
            count = min(end - at, _MOST // 4 - place)
            frames = array("h", self._part(number).read(place * 4, count * 4))
            if sys.byteorder == "big":
                frames.byteswap()
            found.extend(frames[channel::2])
            at += count
        return found

    def silence(self, channel: int, at: int, end: int) -> None:
        """Take what is between two places out of one channel."""
        step = 1 << 20
        for start in range(at, end, step):
            self.put(channel, start, array("h", bytes(2 * min(step, end - start))))

    def _part(self, number: int) -> _File:
        while len(self._files) <= number:
            if self._files:
                # The one before is full, also where nothing was put at its end.
                last = self._files[-1]
                last.write(_MOST - 4, last.read(_MOST - 4, 4))
            name = part_name(self._name, len(self._files) + 1)
            self._files.append(_File(self._folder / name, self._sound))
        return self._files[number]

    def flush(self) -> None:
        """Write what is held, and have the headers say how much there is."""
        self.settle()
        for file in self._files:
            file.flush()

    def close(self) -> None:
        """Write what is held, and close the files."""
        try:
            self.settle()
        finally:
            files, self._files = self._files, []
            for file in files:
                file.close()

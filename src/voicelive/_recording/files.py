"""The files of a recording, in a folder or in a zip file, whole or damaged."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from .._audio.wav import WavError, WavFormat, read_wav_header
from ..errors import RecordingError
from .lines import CALL_LINES

__all__ = ["BLOCK", "RecordingFiles", "find_files", "read_whole", "unpacked"]

BLOCK = 1 << 16
_UNPACKED = 4 << 20


class RecordingFiles:
    """The files of a recording, wherever they are."""

    def __init__(self, where: Path, found: list[str]) -> None:
        self._where = where
        self.found = found
        """What is odd about them."""
        self.tell: Any = found.append

    def names(self) -> list[str]:
        """Return the names of all files that belong to the recording."""
        return sorted(path.name for path in self._where.iterdir() if _belongs(path.name))

    def has(self, name: str) -> bool:
        """Return whether there is such a file; names from elsewhere are refused."""
        return _belongs(name) and name in self.names()

    @contextmanager
    def open(self, name: str) -> Generator[BinaryIO]:
        """Open a file."""
        with (self._where / name).open("rb") as file:
            yield file

    def size(self, name: str) -> int:
        """Return a file's size, in bytes."""
        return (self._where / name).stat().st_size

    def sound_format(self, name: str) -> WavFormat | None:
        """Return the format of a WAV file; None, and tell, if it is not one."""
        try:
            with self.open(name) as file:
                return read_wav_header(file)[0]
        except (WavError, OSError, zipfile.BadZipFile) as error:
            self.tell(f"{name} {error}")
            return None

    def sound_size(self, name: str) -> int:
        """Return how many bytes of audio are in a WAV file, whatever its header says."""
        with self.open(name) as file:
            return max(0, self.size(name) - _header_size(file))

    @contextmanager
    def sound(self, name: str) -> Generator[BinaryIO]:
        """Open a WAV file at its audio data."""
        with self.open(name) as file:
            file.seek(_header_size(file))
            yield file

    def sound_at(self, name: str, start: int, size: int) -> bytes:
        """Return bytes of the audio data; less at its end."""
        with self.sound(name) as file:
            file.seek(start, 1)
            return read_whole(file, size)


class _Packed(RecordingFiles):
    """The files of a recording in a zip file."""

    def __init__(self, where: Path, entries: dict[str, zipfile.ZipInfo], found: list[str]) -> None:
        super().__init__(where, found)
        self._entries = entries
        self._block = "", 0, b""

    def names(self) -> list[str]:
        return sorted(self._entries)

    @contextmanager
    def open(self, name: str) -> Generator[BinaryIO]:
        with zipfile.ZipFile(self._where) as packed, packed.open(self._entries[name]) as file:
            yield _Careful(file, name, self.tell)  # type: ignore[misc]

    def size(self, name: str) -> int:
        return self._entries[name].file_size

    def sound_at(self, name: str, start: int, size: int) -> bytes:
        # Going to a place in a packed file takes unpacking all before it: done once for many pieces.
        held, begin, data = self._block
        if held != name or not begin <= start or start + size > begin + len(data):
            data = super().sound_at(name, start, max(size, _UNPACKED))
            self._block = name, start, data
            begin = start
        return data[start - begin :][:size]


class _Careful:
    """A file of a zip that ends where it is damaged."""

    def __init__(self, file: Any, name: str, tell: Any) -> None:
        self._file = file
        self._name = name
        self._tell = tell

    def _try(self, method: Any, *arguments: Any) -> Any:
        try:
            return method(*arguments)
        except (zipfile.BadZipFile, EOFError, OSError, ValueError, zlib.error) as error:
            self._tell(f"{self._name} is damaged: {error}")
            return b""

    def read(self, size: int = -1) -> bytes:
        found: bytes = self._try(self._file.read, size)
        return found

    def readline(self, size: int = -1) -> bytes:
        found: bytes = self._try(self._file.readline, size)
        return found

    def seek(self, offset: int, whence: int = 0) -> None:
        self._try(self._file.seek, offset, whence)

    def tell(self) -> int:
        return int(self._file.tell())


def find_files(path: Path) -> RecordingFiles:
    """Find the files of a recording.

    Raises:
        RecordingError: if there is none.
    """
    if path.name == CALL_LINES and path.is_file():
        path = path.parent
    if path.is_dir():
        if (path / CALL_LINES).is_file():
            return RecordingFiles(path, [])
        raise RecordingError(f"{path} is not a recording: there is no {CALL_LINES} in it")
    if path.is_file():
        return _packed(path)
    if (left := unpacked(path)).is_dir():
        return RecordingFiles(
            left, [f"{path.name} was never packed: the recording was cut short, and is read from {left}"]
        )
    raise RecordingError(f"there is no recording at {path}")


def unpacked(path: Path) -> Path:
    """Return the folder that a recording is written to before it is packed into a zip file."""
    return path.with_name(f"{path.name}.writing")


def _packed(path: Path) -> _Packed:
    try:
        with zipfile.ZipFile(path) as packed:
            infos = packed.infolist()
    except (zipfile.BadZipFile, OSError) as error:
        raise RecordingError(f"{path} is neither a recording's folder nor its zip file: {error}") from None
    entries: dict[str, zipfile.ZipInfo] = {}
    found: list[str] = []
    for info in infos:
        name = PurePosixPath(info.filename).name
        if not _belongs(name):
            continue
        if name in entries:
            found.append(f"{path.name} has two files named {name}: the first is used")
        else:
            entries[name] = info
    if CALL_LINES not in entries:
        raise RecordingError(f"{path} is not a recording: there is no {CALL_LINES} in it")
    return _Packed(path, entries, found)


def _belongs(name: str) -> bool:
    return name == CALL_LINES or (name.endswith(".wav") and "/" not in name and "\\" not in name)


def _header_size(file: Any) -> int:
    try:
        return read_wav_header(file)[1]
    except WavError:
        # As this package writes them.
        return 44


def read_whole(file: Any, size: int) -> bytes:
    """Read `size` bytes, or less at the end."""
    parts: list[bytes] = []
    while size > 0 and (part := file.read(min(size, BLOCK))):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)

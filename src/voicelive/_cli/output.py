"""Writing to the standard streams: what cannot be written is one error with its reason, not a traceback."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from typing import TextIO

from .failures import OutputFailed

__all__ = ["Output", "discard", "settle"]


class Output:
    """One of the standard streams, with as much of a text file as ``print`` and rich need.

    The stream is taken when this is made, and kept: rich puts another in its place while a progress bar is shown.
    """

    def __init__(self, stream: TextIO | None, name: str) -> None:
        """Take a stream, None where the process was started without it; `name` says in errors which one it is."""
        self._stream = stream
        self._name = name

    @property
    def encoding(self) -> str:
        """The stream's encoding."""
        return getattr(self._stream, "encoding", None) or "utf-8"

    def isatty(self) -> bool:
        """Return whether it is a terminal."""
        return self._stream is not None and self._stream.isatty()

    def fileno(self) -> int:
        """Return the stream's descriptor; raises :class:`OSError` if it has none."""
        if self._stream is None:
            raise OSError(f"there is no {self._name}")
        return self._stream.fileno()

    def write(self, text: str) -> int:
        """Write text; what the stream's encoding lacks becomes question marks.

        Raises:
            BrokenPipeError: if the reader is gone.
            OutputFailed: if it cannot be written for another reason.
        """
        if self._stream is not None:
            with self._failing():
                try:
                    self._stream.write(text)
                except UnicodeEncodeError:
                    self._stream.write(text.encode(self.encoding, "replace").decode(self.encoding))
        return len(text)

    def write_line(self, line: bytes) -> None:
        """Write a line of UTF-8, whatever the stream's encoding, and pass it on at once.

        Raises:
            BrokenPipeError: if the reader is gone.
            OutputFailed: if it cannot be written for another reason.
        """
        if self._stream is not None:
            with self._failing():
                self._stream.flush()
                self._stream.buffer.write(line + b"\n")
                self._stream.flush()

    def flush(self) -> None:
        """Pass on what was written; raises as :meth:`write` does."""
        if self._stream is not None:
            with self._failing():
                self._stream.flush()

    @contextmanager
    def _failing(self) -> Generator[None, None, None]:
        try:
            yield
        except BrokenPipeError:
            raise
        except OSError as error:
            raise OutputFailed(f"cannot write to {self._name}: {error.strerror or error}") from error


def discard(stream: TextIO | None) -> None:
    """Lead a stream to nowhere, so that what Python still holds for it cannot fail again at exit."""
    if stream is None:
        return
    with suppress(OSError):  # whoever made a stream without a descriptor looks after it
        target = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(target, stream.fileno())
        finally:
            os.close(target)


def settle() -> None:
    """Pass on what the standard streams still hold; what cannot be written is discarded."""
    for stream in (sys.stdout, sys.stderr):
        if stream is None:
            continue
        try:
            stream.flush()
        except OSError:
            discard(stream)

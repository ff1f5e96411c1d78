"""Server-sent events: from bytes, cut anywhere, to the data of each event."""

from __future__ import annotations

import re
from codecs import getincrementaldecoder
from collections.abc import Iterator

__all__ = ["MAX_EVENT_CHARS", "EventStream"]

MAX_EVENT_CHARS = 4 * 1024 * 1024
"""Longest event that is read, in characters."""

_LINE_END = re.compile(r"\r\n|\n|\r")


class EventStream:
    """Reads a stream of server-sent events; of each only its data, which is all that chat endpoints use."""

    def __init__(self) -> None:
        self._decoder = getincrementaldecoder("utf-8-sig")("replace")
        self._begun: list[str] = []
        self._ended_in_cr = False
        self._data: list[str] = []
        self._size = 0

    def feed(self, received: bytes) -> Iterator[str]:
        """Take the next bytes; yield the data of each event that they complete.

        Raises:
            ValueError: if an event is longer than :data:`MAX_EVENT_CHARS`.
        """
        text = self._decoder.decode(received)
        if self._ended_in_cr and text:
            text, self._ended_in_cr = text.removeprefix("\n"), False
        start = 0
        for end in _LINE_END.finditer(text):
            # A line is put together once: what has begun is not looked through again with everything that comes.
            line, start = "".join([*self._begun, text[start : end.start()]]), end.end()
            self._begun.clear()
            if line:
                self._take(line)
            elif self._data:
                yield "\n".join(self._data)
                self._data.clear()
            if not self._data:
                self._size = 0
        self._ended_in_cr = self._ended_in_cr or text.endswith("\r")
        if start < len(text):
            self._begun.append(text[start:])
            self._size += len(text) - start
        if self._size > MAX_EVENT_CHARS:
            raise ValueError(f"an event is longer than {MAX_EVENT_CHARS} characters")

    def _take(self, line: str) -> None:
        name, _, value = line.partition(":")
        if name == "data":
            value = value.removeprefix(" ")
            self._data.append(value)
            self._size += len(value)

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
        self._text = ""
        self._data: list[str] = []
        self._size = 0

    def feed(self, received: bytes) -> Iterator[str]:
        """Take the next bytes; yield the data of each event that they complete.

        Raises:
            ValueError: if an event is longer than :data:`MAX_EVENT_CHARS`.
        """
        self._text += self._decoder.decode(received)
        start = 0
        for end in _LINE_END.finditer(self._text):
            if end.group() == "\r" and end.end() == len(self._text):
                break  # The other half of a line end may follow.
            line, start = self._text[start : end.start()], end.end()
            if line:
                self._take(line)
            elif self._data:
                yield "\n".join(self._data)
                self._data, self._size = [], 0
        self._text = self._text[start:]
        if self._size + len(self._text) > MAX_EVENT_CHARS:
            raise ValueError(f"an event is longer than {MAX_EVENT_CHARS} characters")

    def _take(self, line: str) -> None:
        name, _, value = line.partition(":")
        if name == "data":
            value = value.removeprefix(" ")
            self._data.append(value)
            self._size += len(value)

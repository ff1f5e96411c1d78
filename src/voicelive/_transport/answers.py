"""The service's answer to the opening request, as far as it has arrived: its status is known before it ends."""

from __future__ import annotations

import re

__all__ = ["Answer"]

_STATUS_LINE = re.compile(rb"HTTP/1\.[01] ([1-5][0-9][0-9])(?: |$)")
_SWITCHING = 101
_MOST = 64 * 1024
_HEAD_END = re.compile(rb"\r?\n\r?\n")


class Answer:
    """Collects the bytes of an answer, up to a bound."""

    def __init__(self) -> None:
        self._data = b""
        self.status = 0
        """0 until its head has arrived."""
        self.headers: list[tuple[str, str]] = []
        self._body_at = 0

    @property
    def is_refusal(self) -> bool:
        """Whether its head has arrived, and opens no WebSocket."""
        return self.status not in (0, _SWITCHING)

    @property
    def body(self) -> bytes:
        """What has arrived of the body."""
        return self._data[self._body_at :]

    def add(self, data: bytes) -> None:
        """Add what has arrived."""
        if len(self._data) >= _MOST:
            return
        self._data += data[: _MOST - len(self._data)]
        if not self.status and (end := _HEAD_END.search(self._data)) is not None:
            first, *lines = self._data[: end.start()].split(b"\n")
            if (found := _STATUS_LINE.match(first.rstrip(b"\r"))) is not None:
                self.status = int(found[1])
                self._body_at = end.end()
                pairs = (line.decode("latin-1").partition(":") for line in lines)
                self.headers = [(name.strip(), value.strip()) for name, colon, value in pairs if colon]

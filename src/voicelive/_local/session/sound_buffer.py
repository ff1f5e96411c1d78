"""The latest of a session's sound, added to at one end and forgotten at the other, many times a second."""

from __future__ import annotations

from collections import deque

__all__ = ["SoundBuffer"]

_BLOCK = 32 * 1024
"""Bytes that are moved as one. A single run of bytes would be copied as a whole, half a minute of sound, every few
seconds, and into memory that is new to the process each time."""


class SoundBuffer:
    """Bytes, counted from the oldest that there still is."""

    def __init__(self) -> None:
        self._blocks: deque[bytes] = deque()
        self._latest = bytearray()  # what does not fill a block yet
        self._gone = 0  # bytes of the oldest block that are forgotten
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def append(self, data: bytes) -> None:
        """Add `data` at the end."""
        self._size += len(data)
        self._latest += data
        if len(self._latest) >= _BLOCK:
            self._blocks.append(bytes(self._latest))
            self._latest.clear()

    def part(self, start: int, end: int) -> bytes:
        """Return what lies between two places, as far as it is there."""
        start, end = max(0, start) + self._gone, min(end, self._size) + self._gone
        parts = list[bytes | bytearray]()
        blocks: tuple[bytes | bytearray, ...] = (*self._blocks, self._latest)
        begin = 0
        for block in blocks:
            if begin >= end:
                break
            if begin + len(block) > start:
                parts.append(block[max(0, start - begin) : end - begin])
            begin += len(block)
        return b"".join(parts)

    def drop(self, count: int) -> None:
        """Forget that many of the oldest bytes, or all."""
        count = min(count, self._size)
        self._size -= count
        self._gone += count
        while self._blocks and self._gone >= len(self._blocks[0]):
            self._gone -= len(self._blocks.popleft())
        if not self._blocks and self._gone:
            del self._latest[: self._gone]
            self._gone = 0

    def clear(self) -> None:
        """Forget everything."""
        self.drop(self._size)

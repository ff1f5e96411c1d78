"""Cutting a stream of PCM16 into the 32 ms windows that speech is judged in."""

from __future__ import annotations

from .protocols import VAD_WINDOW_BYTES

__all__ = ["Windows"]


class Windows:
    """Collects chunks of any length and hands them out as whole windows."""

    def __init__(self, window_bytes: int = VAD_WINDOW_BYTES) -> None:
        self._window_bytes = window_bytes
        self._rest = bytearray()

    def feed(self, pcm: bytes) -> list[bytes]:
        """Take a chunk; return the windows (1024 bytes each at 16 kHz) that it completes."""
        rest, size = self._rest, self._window_bytes
        rest += pcm
        whole = len(rest) - len(rest) % size
        windows = [bytes(rest[start : start + size]) for start in range(0, whole, size)]
        del rest[:whole]
        return windows

    def clear(self) -> None:
        """Forget an incomplete window."""
        self._rest.clear()

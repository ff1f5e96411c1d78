"""Cutting a stream of PCM16 into the 32 ms windows that speech is judged in."""

from __future__ import annotations

from .protocols import VAD_WINDOW_BYTES

__all__ = ["Windows"]


class Windows:
    """Collects chunks of any length and hands them out as whole windows."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, pcm: bytes) -> list[bytes]:
        """Take a chunk; return the windows (1024 bytes each) that it completes."""
        rest = self._rest
        rest += pcm
        whole = len(rest) - len(rest) % VAD_WINDOW_BYTES
        windows = [bytes(rest[start : start + VAD_WINDOW_BYTES]) for start in range(0, whole, VAD_WINDOW_BYTES)]
        del rest[:whole]
        return windows

    def clear(self) -> None:
        """Forget an incomplete window."""
        self._rest.clear()

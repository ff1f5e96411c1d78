"""The audio that a session receives: formats, the input buffer, and turns found in it.

All of it blocks and none of it waits: the session calls it from a thread, unless it is light. Time is the audio's own,
in milliseconds since the first byte of the session.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..._audio.pcm import from_samples, pcm_bytes, to_samples
from ..._audio.resampling import Resampler
from ..._audio.wire_formats import input_format
from ..echo_canceller import EchoCanceller, echo_canceller
from ..engines.protocols import VAD_RATE, VAD_WINDOW_MS, LightDetector, VoiceActivityDetector
from ..engines.turn_detectors import SpeechStarted, TurnDetector, TurnParams
from ..ids import new_id
from . import error_details as errors
from .configuration import input_channels, input_rate
from .defaults import EAGERNESS_MS, MODEL_VAD_TYPE
from .error_details import RefusedError
from .sound_buffer import SoundBuffer

__all__ = [
    "MAX_APPEND_BYTES",
    "MAX_BUFFER_S",
    "InputAudio",
    "InputFormat",
    "Turn",
    "TurnStarted",
    "turn_params",
]

MAX_APPEND_BYTES = 15 * 1024 * 1024
"""The most audio, in bytes, that one event may carry."""

MAX_BUFFER_S = 600
"""Seconds of audio that may wait to be committed; a turn found by voice activity ends there at the latest."""

DEFAULT_PATIENCE_MS = 1000
"""How much longer end-of-utterance detection waits where the session does not say."""

MIN_COMMIT_MS = 100
"""Milliseconds of audio that a commit needs."""

_KEPT_SILENCE_MS = 30_000
"""How much of the past is kept while nobody speaks, for a client that commits by itself."""


@dataclass(frozen=True)
class InputFormat:
    """How the session's input audio is written."""

    name: str
    rate: int
    """Samples per second."""
    channels: int
    """1, or 2 where an echo reference is interleaved with the microphone."""

    @classmethod
    def of(cls, session: Mapping[str, Any]) -> InputFormat:
        """Read the format from a session's settings."""
        channels = input_channels(session)
        return cls(session["input_audio_format"], input_rate(session), channels)

    @property
    def frame_bytes(self) -> int:
        """Bytes of one sample of every channel."""
        return self.channels * (2 if self.name == "pcm16" else 1)

    def check(self, data: bytes) -> None:
        """Refuse audio that is too long for one event or ends inside a sample.

        Raises:
            RefusedError: saying which.
        """
        if len(data) > MAX_APPEND_BYTES:
            raise RefusedError(errors.append_too_large(len(data), MAX_APPEND_BYTES))
        if len(data) % self.frame_bytes:
            raise RefusedError(
                errors.invalid_audio(
                    f"{len(data)} bytes of {self.name} end inside a sample; "
                    f"send a multiple of {self.frame_bytes} bytes."
                )
            )

    def decode(self, data: bytes) -> bytes:
        """Return the microphone's audio as mono PCM16 at :attr:`rate`."""
        pcm = self.expand(data)
        return pcm if self.channels == 1 else from_samples(to_samples(pcm)[:: self.channels])

    def expand(self, data: bytes) -> bytes:
        """Return the audio as PCM16 at :attr:`rate`, with all its channels."""
        return input_format(self.name, self.rate).decode(data)


@dataclass(frozen=True)
class TurnStarted:
    """Somebody began to speak."""

    item_id: str
    audio_start_ms: int


@dataclass(frozen=True)
class Turn:
    """A finished turn of the user: by voice activity, by commit, or one that the client marked out."""

    item_id: str
    pcm: bytes
    """Mono PCM16 at :attr:`rate`."""
    rate: int
    audio_end_ms: int | None = None
    """Where voice activity ended it; None where the client did."""

    @property
    def duration_ms(self) -> int:
        """Length of the audio in milliseconds."""
        return len(self.pcm) // 2 * 1000 // self.rate


def turn_params(detection: Mapping[str, Any]) -> TurnParams:
    """Return the detector's parameters for a session's ``turn_detection``.

    Raises:
        RefusedError: for a value out of range.
    """
    if detection["type"] == MODEL_VAD_TYPE:
        return TurnParams(patience_ms=EAGERNESS_MS[detection["eagerness"]])
    try:
        return TurnParams(
            threshold=detection["threshold"],
            prefix_padding_ms=detection["prefix_padding_ms"],
            silence_duration_ms=detection["silence_duration_ms"],
            speech_duration_ms=detection.get("speech_duration_ms") or 0,
            neg_threshold=detection.get("neg_threshold"),
            patience_ms=_patience_ms(detection.get("end_of_utterance_detection")),
        )
    except (TypeError, ValueError) as error:
        raise RefusedError(errors.ErrorDetails(str(error), param="session.turn_detection")) from error


def _patience_ms(end_of_utterance: Mapping[str, Any] | None) -> int:
    if end_of_utterance is None:
        return 0
    given = end_of_utterance.get("timeout_ms")
    return DEFAULT_PATIENCE_MS if given is None else given


class InputAudio:
    """One session's input buffer and its ears."""

    def __init__(
        self,
        make_vad: Callable[[], VoiceActivityDetector],
        max_buffer_s: float = MAX_BUFFER_S,
        is_finished: Callable[[bytes, int], bool] | None = None,
        new_item_id: Callable[[], str] = lambda: new_id("item"),
    ) -> None:
        """Prepare to listen.

        Args:
            make_vad: makes a detector of voice activity.
            max_buffer_s: seconds of audio that may wait to be committed.
            is_finished: says whether what is said in PCM16 of a rate sounds finished; may take long.
            new_item_id: makes the id of a turn's item.
        """
        self._new_item_id = new_item_id
        self._is_finished = is_finished
        self._make_vad = make_vad
        self._light_vad: LightDetector | None = None
        self._max_buffer_s = max_buffer_s
        self._format = InputFormat("pcm16", 24000, 1)
        self._pcm = SoundBuffer()
        self._dropped = 0  # bytes of audio that came before what is in the buffer
        self._detector: TurnDetector | None = None
        self._origin_ms = 0  # where the detector began to listen
        self._to_vad: Resampler | None = None  # None: at the next audio, for its rate
        self._canceller: EchoCanceller | None = None
        self._turn_id: str | None = None
        self._turn_start_ms = 0

    @property
    def format(self) -> InputFormat:
        """The format in force."""
        return self._format

    @property
    def light(self) -> bool:
        """Whether hearing costs so little that no thread is worth it."""
        return self._canceller is None and (self._detector is None or self._light_vad is not None)

    @property
    def speaking(self) -> bool:
        """Whether voice activity has a turn going on."""
        return self._turn_id is not None

    @property
    def buffered_ms(self) -> float:
        """Milliseconds of audio that a commit would take."""
        return len(self._pcm) / 2 / self._format.rate * 1000

    def configure(self, session: Mapping[str, Any]) -> None:
        """Take over format and turn detection from a session's settings."""
        old, self._format = self._format, InputFormat.of(session)
        if self._format.channels == 1:
            self._canceller = None
        elif self._format != old:
            self._canceller = echo_canceller(self._format.rate)
        detection = session["turn_detection"]
        if detection is None:
            self._detector = None
            self._turn_id = None
        elif self._detector is None:
            self._origin_ms = int(self._end_ms()) // VAD_WINDOW_MS * VAD_WINDOW_MS
            vad = self._make_vad()
            # Once, as every append needs to know: a protocol is asked attribute by attribute.
            self._light_vad = vad if isinstance(vad, LightDetector) else None
            self._detector = TurnDetector(turn_params(detection), vad, self._sounds_finished)
            self._to_vad = None
        else:
            self._detector.params = turn_params(detection)

    def feed(self, data: bytes) -> list[TurnStarted | Turn]:
        """Take audio in the session's format; return the turns that begin and end in it.

        Raises:
            RefusedError: where no turn detection is on and the buffer is full.
        """
        canceller = self._canceller
        pcm = self._format.decode(data) if canceller is None else canceller.feed(self._format.expand(data))
        if self._detector is None:
            if len(self._pcm) + len(pcm) > self._max_buffer_s * self._format.rate * 2:
                raise RefusedError(errors.buffer_full(self._max_buffer_s))
            self._pcm.append(pcm)
            return []
        self._pcm.append(pcm)
        if self._to_vad is None or self._to_vad.from_rate != self._format.rate:
            self._to_vad = self._ears_for(self._format.rate)
        found: list[TurnStarted | Turn] = []
        for event in self._detector.feed(self._to_vad.feed(pcm)):
            if isinstance(event, SpeechStarted):
                found.append(self._start(event.audio_start_ms + self._origin_ms))
            else:
                found.append(self._stop(event.audio_end_ms + self._origin_ms))
        found.extend(self._keep_within_limits(self._detector))
        return found

    def _ears_for(self, rate: int) -> Resampler:
        if self._light_vad is not None:
            self._light_vad.listen_at(rate)
            return Resampler(rate, rate)
        return Resampler(rate, VAD_RATE)

    @property
    def judges(self) -> bool:
        """Whether :meth:`feed` may take long, as it judges what is being said."""
        return self._detector is not None and self._detector.params.patience_ms > 0 and self._is_finished is not None

    def _sounds_finished(self) -> bool:
        assert self._detector is not None
        if self._is_finished is None:
            return True
        rate = self._format.rate
        start, end = self._turn_start_ms, self._origin_ms + self._detector.elapsed_ms
        said = self._pcm.part(pcm_bytes(start, rate) - self._dropped, pcm_bytes(end, rate) - self._dropped)
        return self._is_finished(said, rate)

    def _start(self, audio_start_ms: int) -> TurnStarted:
        self._turn_id = self._new_item_id()
        self._turn_start_ms = audio_start_ms
        return TurnStarted(self._turn_id, audio_start_ms)

    def _stop(self, audio_end_ms: int) -> Turn:
        item_id = self._turn_id or self._new_item_id()
        pcm = self._cut(self._turn_start_ms, audio_end_ms)
        self._turn_id = None
        return Turn(item_id, pcm, self._format.rate, audio_end_ms)

    def _keep_within_limits(self, detector: TurnDetector) -> list[Turn]:
        end_ms = self._end_ms()
        if not self.speaking:
            kept_ms = max(_KEPT_SILENCE_MS, detector.params.prefix_padding_ms + VAD_WINDOW_MS)
            self._drop_before(end_ms - kept_ms)
        elif end_ms - self._turn_start_ms > self._max_buffer_s * 1000:
            stop_ms = self._origin_ms + detector.elapsed_ms
            detector.abandon()
            return [self._stop(stop_ms)]
        return []

    @property
    def end_ms(self) -> int:
        """Milliseconds of audio received so far."""
        return int(self._end_ms())

    def take_silence(self, start_ms: int) -> Turn:
        """Take what was received since a moment in which nobody spoke as a turn of the user."""
        end_ms = self.end_ms
        return Turn(self._new_item_id(), self._cut(start_ms, end_ms), self._format.rate, end_ms)

    def commit(self) -> Turn:
        """Take everything in the buffer as the user's turn.

        Raises:
            RefusedError: if the buffer holds less than 100 ms of audio.
        """
        if self.buffered_ms < MIN_COMMIT_MS:
            raise RefusedError(errors.commit_empty(self.buffered_ms))
        turn = Turn(self._turn_id or self._new_item_id(), self._pcm.part(0, len(self._pcm)), self._format.rate)
        self.clear()
        return turn

    def clear(self) -> None:
        """Forget what is in the buffer, and a turn that is going on."""
        self._dropped += len(self._pcm)
        self._pcm.clear()
        self._turn_id = None
        if self._detector is not None:
            self._detector.abandon()

    def _end_ms(self) -> float:
        return (self._dropped + len(self._pcm)) / 2 / self._format.rate * 1000

    def _cut(self, start_ms: int, end_ms: int) -> bytes:
        """Take out the audio between two times; what is before it is gone too."""
        rate = self._format.rate
        cut = self._pcm.part(pcm_bytes(start_ms, rate) - self._dropped, pcm_bytes(end_ms, rate) - self._dropped)
        self._drop_before(end_ms)
        return cut

    def _drop_before(self, moment_ms: float) -> None:
        count = min(len(self._pcm), pcm_bytes(moment_ms, self._format.rate) - self._dropped)
        if count > 0:
            self._pcm.drop(count)
            self._dropped += count

"""What to do when the user speaks over the answer: the rules by the session's settings, and what waits to be sure.

The service makes audio faster than it plays, so most interruptions come after ``response.done``: the player is flushed
whether or not a response is in progress.
"""

from dataclasses import dataclass

from ..._public import public_in
from ...errors import ConfigurationError
from ..numbers import is_whole
from .session_view import SessionView

__all__ = ["BargeIn", "BargeInPolicy", "Reaction"]


@public_in("voicelive.conversation")
@dataclass(frozen=True, kw_only=True)
class BargeIn:
    """What counts as an interruption, for ``connect(barge_in=…)``. Raises ConfigurationError for invalid values."""

    resume_false: bool = False
    """Whether a false interruption (speech without words, such as a cough) lets the answer play on, if the service had
    made all of it. The answer is then truncated only when the transcript shows words."""
    min_speech_ms: int = 0
    """How long the user must speak before the answer stops, in ms. Set ``interrupt_response`` of the turn detection to
    False with it: else the service cancels a response in progress at once, by itself."""
    min_words: int = 0
    """How many words of the user's must be transcribed before the answer stops."""

    def __post_init__(self) -> None:
        for name in ("min_speech_ms", "min_words"):
            value = getattr(self, name)
            if not is_whole(value, 0):
                raise ConfigurationError(f"BargeIn({name}=…) takes a whole number, 0 or more, not {value!r}")


@public_in("voicelive.conversation")
@dataclass(frozen=True, kw_only=True)
class Reaction:
    """What an interruption is answered with."""

    flush: bool = False
    """Drop what the player holds."""
    cancel: bool = False
    """Send ``response.cancel``; only while a response is in progress."""
    truncate: bool = False
    """Send ``conversation.item.truncate`` for what was not heard."""
    clear_output: bool = False
    """Send ``output_audio_buffer.clear``: the service plays by itself."""

    def __bool__(self) -> bool:
        return self.flush or self.cancel or self.truncate or self.clear_output


NOTHING = Reaction()


@dataclass
class _Speech:
    item_id: str
    since: float
    has_lasted: bool
    words: int = 0
    is_confirmed: bool = False
    has_stopped: bool = False


@public_in("voicelive.conversation")
class BargeInPolicy:
    """Decides when the user's speech interrupts, and what follows from it. Times are in seconds, of any one clock.

    Example::

        policy = BargeInPolicy(BargeIn())
        reaction = policy.speech_started("item_2", now=time.monotonic())
        if reaction.flush:
            player.clear()
    """

    def __init__(self, options: BargeIn | None = None, session: SessionView | None = None) -> None:
        self.options: BargeIn = options or BargeIn()
        self.session: SessionView = session or SessionView()
        self._speech: _Speech | None = None

    def speech_started(self, item_id: str, now: float) -> Reaction:
        """Return what to do on ``input_audio_buffer.speech_started``; nothing yet where it waits to be sure."""
        self._speech = _Speech(item_id, now, has_lasted=not self.options.min_speech_ms)
        return self._decide()

    def speech_stopped(self, now: float) -> Reaction:
        """Note ``input_audio_buffer.speech_stopped``: speech too short by then is not an interruption."""
        reaction = self.tick(now)
        if self._speech is not None:
            self._speech.has_stopped = True
        return reaction

    def transcript(self, item_id: str, text: str) -> Reaction:
        """Take what was transcribed of the user's item so far; the words may come after the speech has stopped."""
        if self._speech is None or self._speech.item_id != item_id:
            return NOTHING
        self._speech.words = len(text.split())
        return self._decide()

    def due(self) -> float | None:
        """Return when :meth:`tick` is to be called; None while nothing waits for the clock."""
        speech = self._speech
        if speech is None or speech.has_lasted or speech.has_stopped:
            return None
        return speech.since + self.options.min_speech_ms / 1000

    def tick(self, now: float) -> Reaction:
        """Return what to do once the speech has lasted long enough."""
        due = self.due()
        if self._speech is None or due is None or now < due:
            return NOTHING
        self._speech.has_lasted = True
        return self._decide()

    def is_false(self, item_id: str, text: str) -> bool:
        """Whether the speech that interrupted turned out to hold no words; False for any other item."""
        speech = self._speech
        return speech is not None and speech.item_id == item_id and speech.is_confirmed and not text.strip()

    def interrupt(self, *, active: bool) -> Reaction:
        """Return what to do when the application interrupts by itself: a stop button, push to talk.

        Args:
            active: whether a response is in progress.
        """
        if self.session.service_plays:
            return Reaction(clear_output=True, cancel=active)
        return Reaction(flush=True, cancel=active, truncate=not self.session.auto_truncate)

    def _decide(self) -> Reaction:
        speech = self._speech
        if speech is None or speech.is_confirmed or not speech.has_lasted or speech.words < self.options.min_words:
            return NOTHING
        speech.is_confirmed = True
        session = self.session
        if session.detection is None:
            # Push to talk: the application says when, by interrupt().
            return NOTHING
        if session.service_plays:
            return Reaction(clear_output=True)
        if session.interrupt_response:
            # The service cancels by itself; a second cancel would be an error.
            return Reaction(flush=True, truncate=not session.auto_truncate)
        if self.options.min_speech_ms or self.options.min_words:
            # The service was told to leave interrupting to this side, and this side was told when to.
            return Reaction(flush=True, cancel=True, truncate=not session.auto_truncate)
        return NOTHING

"""Which words of an answer were heard, where only the heard share of its sound is known."""

from dataclasses import dataclass

from ..._public import public_in

__all__ = ["TimedWord", "split_heard"]


@public_in("voicelive.conversation")
@dataclass(frozen=True)
class TimedWord:
    """A word of an answer and where it ends in the answer's sound (from ``response.audio_timestamp.delta``)."""

    text: str
    end_ms: int


@public_in("voicelive.conversation")
def split_heard(text: str, heard_ms: float, audio_ms: float, words: tuple[TimedWord, ...] = ()) -> tuple[str, str]:
    """Split an answer's text into what was heard of it and the rest.

    Exact where the service timed the words; else every word counts as equally long, since the service says no more.

    Args:
        text: the transcript, as far as it has come.
        heard_ms: how much of the sound was heard, in ms.
        audio_ms: how long the sound of the whole text is, in ms.
        words: the words with their times, where there are any.
    """
    parts = text.split()
    if words:
        count = sum(1 for word in words if word.end_ms <= heard_ms)
    elif heard_ms <= 0:
        count = 0
    elif audio_ms <= 0 or heard_ms >= audio_ms:
        count = len(parts)
    else:
        count = int(len(parts) * heard_ms / audio_ms)
    return " ".join(parts[:count]), " ".join(parts[count:])

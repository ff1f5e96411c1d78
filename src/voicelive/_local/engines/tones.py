"""Speech engines for tests: they speak and hear text as tones, exactly.

They need nothing but the standard library and give the same result every time, so that
a whole conversation can be checked end to end, through any audio format of the wire.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from re import finditer

from ..._public import public_in
from .protocols import Transcript, Word
from .tone_code import MAX_TEXT_BYTES, SYMBOL_MS, TONE_RATE, decode, encode

__all__ = ["ToneSynthesizer", "ToneTranscriber"]

_CHUNK_BYTES = TONE_RATE * 2 // 10
_LEAD_MS = 5 * SYMBOL_MS  # mark (2), space (1) and length (2) come before the text


@public_in("voicelive.local.engines")
class ToneSynthesizer:
    """Speaks text as tones, about 60 ms a character, at 24 kHz.

    The voice and the speaking rate change nothing. A text too long for one frame
    (65,535 bytes) is cut there.
    """

    sample_rate = TONE_RATE

    def synthesize(
        self,
        text: str,
        voice: str | None = None,
        rate: float = 1.0,
        on_word: Callable[[Word], None] | None = None,
    ) -> Iterator[bytes]:
        """Yield the tones of ``text`` in chunks of about 100 ms; nothing for no text."""
        text = text.encode("utf-8", "replace")[:MAX_TEXT_BYTES].decode("utf-8", "ignore")
        if not text.strip():
            return
        words = _words(text, _LEAD_MS) if on_word else []
        chunk = bytearray()
        sent_ms = 0
        for piece in encode(text):
            chunk += piece
            if len(chunk) >= _CHUNK_BYTES:
                sent_ms += _tell(words, on_word, sent_ms, len(chunk))
                yield bytes(chunk)
                chunk.clear()
        if chunk:
            _tell(words, on_word, sent_ms, len(chunk))
            yield bytes(chunk)


@public_in("voicelive.local.engines")
class ToneTranscriber:
    """Reads back what a :class:`ToneSynthesizer` spoke; other audio is an empty text.

    Several messages in one recording are joined by a space.
    """

    def transcribe(
        self,
        pcm: bytes,
        rate: int,
        language: str | None = None,
        phrases: Sequence[str] = (),
    ) -> Transcript:
        """Read the tones in PCM16 at ``rate`` Hz, 8000 or more."""
        frames = decode(pcm, rate)
        words = [word for frame in frames for word in _words(frame.text, frame.offset_ms)]
        return Transcript(" ".join(frame.text for frame in frames), tuple(words))


def _words(text: str, start_ms: int) -> list[Word]:
    return [
        Word(
            found.group(),
            start_ms + len(text[: found.start()].encode()) * SYMBOL_MS,
            len(found.group().encode()) * SYMBOL_MS,
        )
        for found in finditer(r"\S+", text)
    ]


def _tell(words: list[Word], on_word: Callable[[Word], None] | None, sent_ms: int, size: int) -> int:
    """Announce the words that begin in the chunk about to go; return its milliseconds."""
    chunk_ms = size // 2 * 1000 // TONE_RATE
    while on_word and words and words[0].offset_ms < sent_ms + chunk_ms:
        on_word(words.pop(0))
    return chunk_ms

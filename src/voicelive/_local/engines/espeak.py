"""Speech by eSpeak NG (package ``espeakng-loader``, extra ``local``)."""

from __future__ import annotations

import random
import re
from array import array
from collections.abc import Callable, Iterator
from functools import cache
from itertools import pairwise
from operator import add

from ..._audio.pcm import from_samples, to_samples
from .espeak_library import EspeakLibrary, SpokenWord
from .espeak_voices import choose_voice
from .protocols import Word

__all__ = ["EspeakSynthesizer"]

_SENTENCE = re.compile(r".+?(?:[.!?:;…](?=\s)|\n|$)", re.DOTALL)
_CHUNK_MS = 100
_TONE_LEVEL = 20  # of 32768: about -64 dBFS
_TONE_SAMPLES = 22050


class EspeakSynthesizer:
    """Speaks about a hundred languages, far faster than real time, at 22,050 Hz.

    The names of Azure's and OpenAI's voices are taken, and sound different from each
    other, though none of them like the original. A sentence is spoken at a time, so
    that long texts start soon and several sessions share the one engine of a process
    fairly. The same text in the same voice lasts equally long every time, but is not
    equal to the sample. Raises EngineUnavailableError when the package is not installed.
    """

    def __init__(self) -> None:
        self._library = EspeakLibrary.shared()

    @property
    def sample_rate(self) -> int:
        """Sample rate, in Hz, of the audio that :meth:`synthesize` yields."""
        return self._library.sample_rate

    def synthesize(
        self,
        text: str,
        voice: str | None = None,
        rate: float = 1.0,
        on_word: Callable[[Word], None] | None = None,
    ) -> Iterator[bytes]:
        """Yield the PCM16 of ``text`` in chunks of 100 ms, the last of a sentence shorter.

        The language is that of the voice's name (``de-DE-KatjaNeural`` speaks German),
        US English if it names none. ``rate`` is kept between about 0.5 and 2.5.
        """
        settings = choose_voice(voice, rate)
        chunk_bytes = self.sample_rate * _CHUNK_MS // 1000 * 2
        past_bytes = 0
        for sentence in _sentences(text):
            pcm, spoken = self._library.speak(sentence, settings)
            pcm = _with_room_tone(pcm, past_bytes // 2)
            past_ms = past_bytes // 2 * 1000 // self.sample_rate
            words = _words(sentence, spoken, past_ms) if on_word else []
            for start in range(0, len(pcm), chunk_bytes):
                chunk = pcm[start : start + chunk_bytes]
                past_bytes += len(chunk)
                end_ms = past_bytes // 2 * 1000 / self.sample_rate
                while on_word and words and words[0].offset_ms < end_ms:
                    on_word(words.pop(0))
                yield chunk
            while on_word and words:
                on_word(words.pop(0))  # at the very end of the sound


def _with_room_tone(pcm: bytes, place: int) -> bytes:
    """Add a trace of noise, too soft to notice, to sound that starts at sample ``place``.

    The library's pauses are all zeros, which no microphone ever gives; recognisers
    stumble there: with the noise, PocketSphinx makes less than half the errors.
    """
    samples = to_samples(pcm)
    tone, start = _room_tone(), place % _TONE_SAMPLES
    turns = (start + len(samples)) // _TONE_SAMPLES + 1
    noisy = map(add, samples, (tone * turns)[start:])
    return from_samples(array("h", [max(-32768, min(32767, value)) for value in noisy]))


@cache
def _room_tone() -> array[int]:
    generator = random.Random(1)
    return array("h", [round(generator.gauss(0, _TONE_LEVEL)) for _ in range(_TONE_SAMPLES)])


def _sentences(text: str) -> Iterator[str]:
    for found in _SENTENCE.finditer(text.replace("\0", " ")):
        if sentence := found.group().strip():
            yield sentence


def _words(sentence: str, spoken: list[SpokenWord], past_ms: int) -> list[Word]:
    """The sentence's words; several that the library runs together share by letters."""
    starts = [event for event in spoken[1:-1] if sentence[event.text_offset - 1].isspace()]
    marks = [SpokenWord(0, spoken[0].offset_ms), *starts, spoken[-1]]
    words: list[Word] = []
    for event, following in pairwise(marks):
        texts = sentence[event.text_offset : following.text_offset].split()
        offset, span = event.offset_ms, following.offset_ms - event.offset_ms
        letters = sum(map(len, texts))
        for text in texts:
            duration = span * len(text) // letters
            words.append(Word(text, past_ms + offset, duration))
            offset += duration
    return words

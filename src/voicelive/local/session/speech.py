"""An answer's text as chunks of sound, cut as the service cuts them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator

from ..audio import AudioEncoder, AudioFormat
from ..engines.protocols import Synthesizer, Word
from .plan import ResponsePlan

__all__ = ["chunk_audio", "spoken"]

_FIRST_CHUNKS_MS = (200, 300)
_CHUNK_MS = 500


def chunk_audio(audio: Iterable[bytes], audio_format: AudioFormat) -> Iterator[bytes]:
    """Cut a stream into pieces of 200 ms, 300 ms, then 500 ms each; the last is what remains."""
    sizes = [audio_format.size(milliseconds) for milliseconds in _FIRST_CHUNKS_MS]
    usual = audio_format.size(_CHUNK_MS)
    waiting = bytearray()
    for piece in audio:
        waiting += piece
        while len(waiting) >= (size := sizes[0] if sizes else usual):
            yield bytes(waiting[:size])
            del waiting[:size]
            del sizes[:1]
    if waiting:
        yield bytes(waiting)


def spoken(synthesizer: Synthesizer, text: str, plan: ResponsePlan) -> Iterator[bytes | Word]:
    """Yield the sound of `text` in the plan's voice and format, each word before the chunk it begins in.

    Blocks: to be run off the event loop.
    """
    words: deque[Word] = deque()
    pcm = synthesizer.synthesize(
        text,
        voice=plan.voice_name,
        rate=plan.voice_rate,
        on_word=words.append if plan.word_timestamps else None,
    )
    encoder = AudioEncoder(synthesizer.sample_rate, plan.audio_format)
    for chunk in chunk_audio(encoder.stream(iter(pcm)), plan.audio_format):
        while words:
            yield words.popleft()
        yield chunk
    yield from words

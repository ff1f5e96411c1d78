"""An answer's text as chunks of sound, cut as the service cuts them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator

from ..._audio.wire_formats import AudioEncoder, WireFormat
from ..engines.protocols import Synthesizer, Word
from .response_plan import ResponsePlan
from .visemes import Face, Frames, Viseme

__all__ = ["Piece", "chunk_audio", "spoken"]

Piece = bytes | Word | Viseme | Frames
"""What an answer's sound is made of, and what goes with it."""

_FIRST_CHUNKS_MS = (200, 300)
_CHUNK_MS = 500


def chunk_audio(audio: Iterable[bytes], audio_format: WireFormat) -> Iterator[bytes]:
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


def spoken(synthesizer: Synthesizer, text: str, plan: ResponsePlan) -> Iterator[Piece]:
    """Yield the sound of `text` in the plan's voice and format.

    Words, mouth shapes and expressions come, as far as the plan asks for them, before the chunk they begin in. Blocks:
    to be run off the event loop.
    """
    words: deque[Word] = deque()
    face = Face()
    sent_ms = 0.0
    pcm = synthesizer.synthesize(
        text,
        voice=plan.voice_name,
        rate=plan.voice_rate,
        on_word=words.append if plan.word_timestamps or plan.animation else None,
    )
    encoder = AudioEncoder(synthesizer.sample_rate, plan.audio_format)
    for chunk in chunk_audio(encoder.stream(iter(pcm)), plan.audio_format):
        sent_ms += plan.audio_format.ms(len(chunk))
        yield from _moves(words, face, plan)
        if "blendshapes" in plan.animation and (frames := face.frames_until(sent_ms)):
            yield frames
        yield chunk
    yield from _moves(words, face, plan)
    if "viseme_id" in plan.animation:
        yield from face.rest()


def _moves(words: deque[Word], face: Face, plan: ResponsePlan) -> Iterator[Word | Viseme]:
    """Take the words off the queue, with the mouth shapes they make."""
    while words:
        word = words.popleft()
        if plan.word_timestamps:
            yield word
        visemes = face.move(word)
        if "viseme_id" in plan.animation:
            yield from visemes

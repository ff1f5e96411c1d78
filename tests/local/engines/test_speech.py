"""The speech engines of the extra ``local`` on real audio."""

from __future__ import annotations

import gc
import re
import struct
import weakref
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import pytest

from voicelive._audio.resampling import resample
from voicelive._audio.wire_formats import AudioDecoder, input_format
from voicelive._local.engines.espeak import EspeakSynthesizer
from voicelive._local.engines.espeak_voices import choose_voice
from voicelive._local.engines.silero import SileroVad
from voicelive._local.engines.sphinx import SphinxTranscriber, TranscriptionError
from voicelive.local.engines import (
    Engines,
    SpeechStarted,
    SpeechStopped,
    TurnDetector,
    TurnParams,
    Word,
)

pytestmark = pytest.mark.speech

RECORDINGS = Path(__file__).parents[3] / "examples" / "audio"
SPOKEN = {
    "what_time_is_it.wav": "what time is it",
    "largest_lake.wav": "what is the largest lake in the world",
    "seven_times_eight.wav": "what is seven times eight",
    "weather_in_paris.wav": "what is the weather in paris",
    "tell_me_a_joke.wav": "tell me a joke",
    "what_time_is_it_telephone.wav": "what time is it",
}
ANSWERS = (
    "The largest lake in the world is the Caspian Sea.",
    "Seven times eight is fifty six.",
    "The weather in Paris: sunny.",
    "Sorry, I did not catch that.",
    "Why did the chicken cross the road? To get to the other side.",
)


def recording(name: str) -> bytes:
    """An example as PCM16 at 16 kHz; read by hand, since wave knows no µ-law."""
    data = (RECORDINGS / name).read_bytes()
    chunks: dict[bytes, bytes] = {}
    place = 12
    while place < len(data):
        size = struct.unpack_from("<I", data, place + 4)[0]
        chunks[data[place : place + 4]] = data[place + 8 : place + 8 + size]
        place += 8 + size + size % 2
    tag, channels, rate = struct.unpack_from("<HHI", chunks[b"fmt "])
    assert channels == 1
    wire = input_format("g711_ulaw") if tag == 7 else input_format("pcm16", rate)
    decoder = AudioDecoder(wire, 16000)
    return decoder.feed(chunks[b"data"]) + decoder.flush()


@pytest.fixture(scope="module")
def transcriber() -> Iterator[SphinxTranscriber]:
    """One recogniser for all tests here."""
    recogniser = SphinxTranscriber()
    yield recogniser
    recogniser.close()


@pytest.mark.parametrize(("name", "text"), SPOKEN.items())
def test_the_examples_are_understood_to_the_word(name: str, text: str, transcriber: SphinxTranscriber) -> None:
    """Each recording in examples/audio is heard exactly."""
    assert transcriber.transcribe(recording(name), 16000).text == text


@pytest.mark.parametrize(("name", "text"), SPOKEN.items())
def test_the_turn_in_each_example_is_found_and_understood(name: str, text: str, transcriber: SphinxTranscriber) -> None:
    """Silero finds one turn in each recording, and its cut is heard exactly too."""
    audio = bytes(32000) + recording(name) + bytes(32000)
    detector = TurnDetector(TurnParams(silence_duration_ms=200), SileroVad())
    events = detector.feed(audio)
    assert [type(event) for event in events] == [SpeechStarted, SpeechStopped]
    started, stopped = events
    assert isinstance(started, SpeechStarted)
    assert isinstance(stopped, SpeechStopped)
    cut = audio[started.audio_start_ms * 32 : stopped.audio_end_ms * 32]
    assert transcriber.transcribe(cut, 16000).text == text


def test_other_rates_and_earlier_utterances_change_nothing(transcriber: SphinxTranscriber) -> None:
    """An utterance is heard the same at 24 kHz, and whatever was heard before it."""
    pcm = recording("largest_lake.wav")
    first = transcriber.transcribe(pcm, 16000)
    transcriber.transcribe(recording("tell_me_a_joke.wav"), 16000)
    assert transcriber.transcribe(pcm, 16000) == first
    assert transcriber.transcribe(resample(pcm, 16000, 24000), 24000).text == first.text


def test_words_are_timed(transcriber: SphinxTranscriber) -> None:
    """Words come in order, within the audio, each after the one before."""
    pcm = recording("largest_lake.wav")
    words = transcriber.transcribe(bytes(32000) + pcm, 16000).words
    assert " ".join(word.text for word in words) == SPOKEN["largest_lake.wav"]
    assert 1000 <= words[0].offset_ms <= 1500
    for word, following in pairwise(words):
        assert word.duration_ms > 0
        assert word.offset_ms + word.duration_ms <= following.offset_ms + 10
    assert words[-1].offset_ms + words[-1].duration_ms <= 1000 + len(pcm) // 32


@pytest.mark.parametrize("pcm", [b"", bytes(2), bytes(3200), bytes(64000)])
def test_silence_is_no_text(pcm: bytes, transcriber: SphinxTranscriber) -> None:
    """Nothing, next to nothing and plain silence give an empty transcript."""
    assert transcriber.transcribe(pcm, 16000).text == ""


def test_threads_share_a_recogniser(transcriber: SphinxTranscriber) -> None:
    """Called from several threads at once, each gets its own transcript."""

    def heard(name: str) -> str:
        return transcriber.transcribe(recording(name), 16000).text

    names = ["what_time_is_it.wav", "tell_me_a_joke.wav"] * 2
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(heard, names, timeout=90)) == [SPOKEN[name] for name in names]


def test_a_recogniser_whose_process_dies_says_so_and_recovers() -> None:
    """The call under way fails with a clear error; the next one gets a new process."""
    recogniser = SphinxTranscriber(workers=1)
    try:
        recogniser.prepare()
        recogniser._all[0]._process.kill()
        recogniser._all[0]._process.wait(10)
        with pytest.raises(TranscriptionError, match="gave no answer"):
            recogniser.transcribe(recording("tell_me_a_joke.wav"), 16000)
        heard = recogniser.transcribe(recording("tell_me_a_joke.wav"), 16000)
        assert heard.text == SPOKEN["tell_me_a_joke.wav"]
    finally:
        recogniser.close()


def test_processes_end_with_the_recogniser() -> None:
    """close(), or the last reference going, leaves no process; a closed one says so."""
    recogniser = SphinxTranscriber(workers=1)
    recogniser.prepare()
    first = recogniser._all[0]._process
    recogniser.close()
    assert first.poll() is not None
    with pytest.raises(TranscriptionError, match="closed"):
        recogniser.transcribe(recording("tell_me_a_joke.wav"), 16000)
    other = SphinxTranscriber(workers=1)
    other.prepare()
    second, gone = other._all[0]._process, weakref.ref(other)
    del other
    gc.collect()
    assert gone() is None
    assert second.poll() is not None


def spoken(text: str, voice: str | None = None, rate: float = 1.0) -> bytes:
    synthesizer = EspeakSynthesizer()
    return resample(b"".join(synthesizer.synthesize(text, voice, rate)), synthesizer.sample_rate, 16000)


def plain(text: str) -> list[str]:
    return re.findall(r"[a-z]+", text.lower())


def test_the_answers_can_be_understood(transcriber: SphinxTranscriber) -> None:
    """Most words of spoken answers are heard again, and some of every answer."""
    found = total = 0
    for answer in ANSWERS:
        heard = set(plain(transcriber.transcribe(spoken(answer), 16000).text))
        said = plain(answer)
        hits = sum(word in heard for word in said)
        assert hits >= 2, (answer, heard)
        found, total = found + hits, total + len(said)
    assert found / total > 0.7, f"{found} of {total}"


def test_voices_differ_and_stay_the_same() -> None:
    """Known voices sound different from each other; a name always has the same voice."""
    names = ["en-US-AvaNeural", "en-US-AndrewNeural", "alloy", "echo", "verse", "en-GB-SoniaNeural"]
    sounds = {spoken("Hello there.", name) for name in names}
    assert len(sounds) == len(names)
    assert choose_voice("en-US-Ava:DragonHDLatestNeural") == choose_voice(None)
    assert choose_voice("en-US-SomebodyNeural") == choose_voice("en-US-SomebodyNeural")


def test_other_languages_are_spoken_as_such() -> None:
    """The voice's locale decides the pronunciation; an unknown one falls back to English."""
    german = spoken("Guten Tag", "de-DE-KatjaNeural")
    assert german != spoken("Guten Tag", "en-US-KatjaNeural")
    assert len(spoken("Hello there.", "zz-ZZ-NobodyNeural")) > 16000


def test_the_speaking_rate_is_followed() -> None:
    """Twice the rate takes about half the time."""
    slow, normal, fast = (len(spoken(ANSWERS[0], rate=rate)) for rate in (0.6, 1.0, 2.0))
    assert slow > 1.3 * normal
    assert normal > 1.6 * fast


def test_spoken_words_are_announced_in_time() -> None:
    """Each word is announced once, in order, before the chunk in which it starts."""
    text = "The largest lake is 3.5 times deeper. Is it? Yes!"
    synthesizer = EspeakSynthesizer()
    announced: list[Word] = []
    known, sent = 0, 0
    for chunk in synthesizer.synthesize(text, on_word=announced.append):
        start_ms = sent // 2 * 1000 // synthesizer.sample_rate
        assert all(word.offset_ms >= start_ms - 1 for word in announced[known:])
        known, sent = len(announced), sent + len(chunk)
    assert [word.text for word in announced] == text.split()
    offsets = [word.offset_ms for word in announced]
    assert offsets == sorted(offsets)


@pytest.mark.parametrize("text", ["", " \n ", "\0", "...", "\ud800", "<b>&amp;</b>", "a" * 3000])
def test_odd_texts_do_no_harm(text: str) -> None:
    """Nothing, control characters, markup and long words are spoken or skipped."""
    assert len(spoken(text)) % 2 == 0


def test_threads_share_the_voice() -> None:
    """Sessions that speak at once each get their own voice and their own text."""

    def length(job: tuple[str, str]) -> int:
        return len(spoken(*job))

    jobs = [("Hello there.", "alloy"), ("Good morning to you.", "echo"), ("Bye.", "verse")] * 4
    wanted = [length(job) for job in jobs]
    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(length, jobs, timeout=60)) == wanted


def test_a_spoken_conversation() -> None:
    """The engines together: a recorded question gets a spoken answer."""
    engines = Engines.speech()
    try:
        engines.prepare()
        heard = engines.transcriber.transcribe(recording("seven_times_eight.wav"), 16000).text
        assert heard == "what is seven times eight"
        assert len(b"".join(engines.synthesizer.synthesize("Fifty six."))) > 10000
    finally:
        engines.close()

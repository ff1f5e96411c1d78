"""The engines for tests: text as tones and back, through every format of the wire."""

from __future__ import annotations

import random
from array import array
from concurrent.futures import ThreadPoolExecutor

import pytest

from voicelive._audio.pcm import from_samples, to_samples
from voicelive._audio.wire_formats import AudioDecoder, AudioEncoder, WireFormat, input_format, output_format
from voicelive.local.engines import ToneSynthesizer, ToneTranscriber, Transcript, Word

TEXT = "What is 7 x 8, Zoë? 你好 \\o/ ~"

FORMATS = [
    input_format("pcm16", 24000),
    input_format("pcm16", 16000),
    input_format("pcm16", 8000),
    output_format("pcm16_16000hz"),
    output_format("pcm16_8000hz"),
    input_format("g711_ulaw"),
    input_format("g711_alaw"),
]


def spoken(text: str) -> bytes:
    return b"".join(ToneSynthesizer().synthesize(text))


def heard(pcm: bytes, rate: int = 24000) -> str:
    return ToneTranscriber().transcribe(pcm, rate).text


@pytest.mark.parametrize("wire", FORMATS, ids=[f"{f.name}-{f.rate}" for f in FORMATS])
@pytest.mark.parametrize("offset", [0, 2, 334, 5002, 48000])
def test_text_survives_every_format_of_the_wire(wire: WireFormat, offset: int) -> None:
    """Spoken, sent in a wire format at any offset, read back at 16 kHz: the same text."""
    encoder, decoder = AudioEncoder(24000, wire), AudioDecoder(wire, 16000)
    sound = bytes(offset) + spoken(TEXT) + bytes(offset)
    sent = encoder.feed(sound) + encoder.flush()
    assert heard(decoder.feed(sent) + decoder.flush(), 16000) == TEXT


def test_text_survives_noise() -> None:
    """Noise 20 dB below the tones changes nothing."""
    generator = random.Random(1)
    noisy = [v + round(generator.gauss(0, 600)) for v in to_samples(spoken(TEXT))]
    assert heard(from_samples(array("h", noisy))) == TEXT


@pytest.mark.parametrize("wire", [FORMATS[0], *FORMATS[5:]], ids=lambda wire: wire.name)
@pytest.mark.parametrize("gap_ms", [10, 400])
def test_silence_within_a_message_takes_nothing_away(wire: WireFormat, gap_ms: int) -> None:
    """A player that runs dry, or a line that falters, at any places of a message: the same text, where it began."""
    generator = random.Random(gap_ms)
    encoder, decoder = AudioEncoder(24000, wire), AudioDecoder(wire, 16000)
    sound = encoder.feed(spoken(TEXT)) + encoder.flush()
    silence = wire.encode(bytes(gap_ms * wire.rate // 1000 * 2))
    for at in sorted(generator.choices(range(5000, len(sound), wire.width), k=8), reverse=True):
        sound = sound[:at] + silence + sound[at:]
    found = ToneTranscriber().transcribe(bytes(32_000) + decoder.feed(sound) + decoder.flush(), 16000)
    assert found.text == TEXT
    assert found.words[0].offset_ms == pytest.approx(1000 + 300, abs=10)


@pytest.mark.parametrize("text", [" kept as it is ", "x", "a" * 300, "line\nline\ttab"])
def test_texts_come_back_to_the_letter(text: str) -> None:
    """Blanks, repeats and control characters are kept."""
    assert heard(spoken(text)) == text


def test_the_length_of_the_sound_follows_the_text() -> None:
    """Each character adds 60 ms."""
    added_bytes = len(spoken("a" * 40)) - len(spoken("a" * 30))
    assert added_bytes == 10 * 60 * 48


def test_messages_after_each_other_are_joined() -> None:
    """Two messages in one recording are read both."""
    assert heard(spoken("one two") + bytes(4000) + spoken("three")) == "one two three"


@pytest.mark.parametrize(
    "pcm",
    [
        b"",
        bytes(2),
        bytes(96000),
        from_samples(array("h", [round(random.Random(i).gauss(0, 5000)) for i in range(48000)])),
        spoken("a question cut short")[:-9000],
        spoken("a question cut short")[9000:],
    ],
    ids=["empty", "a sample", "silence", "noise", "no end", "no beginning"],
)
def test_anything_else_is_no_text(pcm: bytes) -> None:
    """What is not a whole message is an empty transcript."""
    assert ToneTranscriber().transcribe(pcm, 24000) == Transcript("")


@pytest.mark.parametrize("text", ["", "  \n"])
def test_no_text_makes_no_sound(text: str) -> None:
    """Nothing to say yields nothing."""
    assert list(ToneSynthesizer().synthesize(text)) == []


def test_words_are_announced_and_heard_where_they_are() -> None:
    """The speaker's word times and the listener's agree, and come before their chunk."""
    announced: list[Word] = []
    sent = bytearray()
    late: list[Word] = []
    for chunk in ToneSynthesizer().synthesize("one two three", on_word=announced.append):
        late += [word for word in announced if word.offset_ms * 48 > len(sent) + len(chunk)]
        sent += chunk
    words = ToneTranscriber().transcribe(bytes(sent), 24000).words
    assert [word.text for word in announced] == ["one", "two", "three"]
    assert not late
    for said, got in zip(announced, words, strict=True):
        assert said.text == got.text
        assert abs(said.offset_ms - got.offset_ms) <= 4
        assert said.duration_ms == got.duration_ms == len(said.text) * 60


def test_many_threads_may_share_the_engines() -> None:
    """Shared by threads, each gets its own text back."""
    synthesizer, transcriber = ToneSynthesizer(), ToneTranscriber()

    def loop(text: str) -> str:
        return transcriber.transcribe(b"".join(synthesizer.synthesize(text)), 24000).text

    texts = [f"message {number}" for number in range(16)]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(loop, texts, timeout=60)) == texts

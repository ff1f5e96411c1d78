"""Audio of the wire and back: G.711, resampling, formats, durations."""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable

import pytest

from voicelive._audio.g711 import decode_alaw, decode_ulaw, encode_alaw, encode_ulaw
from voicelive._audio.pcm import AudioFormatError, from_samples, pcm_bytes, to_samples
from voicelive._audio.resampling import Resampler, resample
from voicelive._audio.wire_formats import AudioDecoder, AudioEncoder, input_format, output_format

RATES = [
    (24000, 16000),
    (24000, 8000),
    (16000, 24000),
    (16000, 8000),
    (8000, 16000),
    (8000, 24000),
    (22050, 24000),
    (22050, 8000),
]


def sine(frequency: float, rate: int, seconds: float = 0.25, level: int = 16000) -> bytes:
    turn = 2 * math.pi * frequency / rate
    samples = [round(level * math.sin(turn * i)) for i in range(int(rate * seconds))]
    return from_samples(array("h", samples))


def decibels(wanted: bytes, got: bytes) -> float:
    """Signal to noise of ``got`` against ``wanted``, edges left out."""
    pairs = list(zip(to_samples(wanted), to_samples(got), strict=True))[200:-200]
    noise = sum((a - b) ** 2 for a, b in pairs)
    return 10 * math.log10(sum(a * a for a, _ in pairs) / max(noise, 1))


# Of the standard's tables, on the 16-bit scale.
ULAW = [(0x00, -32124), (0x2A, -5372), (0x7F, 0), (0x80, 32124), (0x9E, 8828), (0xFF, 0)]
ALAW = [(0x00, -5504), (0x2A, -32256), (0x55, -8), (0x9E, 3520), (0xD5, 8), (0xF5, 528)]
SAMPLES = (0, -1, 1000, -1000, 12345, -12345, 32767, -32768)
ULAW_CODES = bytes([0xFF, 0x7E, 0xCE, 0x4E, 0x97, 0x17, 0x80, 0x00])
ALAW_CODES = bytes([0xD5, 0x55, 0xFA, 0x7A, 0xBD, 0x3D, 0xAA, 0x2A])


def test_samples_get_the_codes_of_the_standard() -> None:
    """Both laws encode known samples to known codes."""
    pcm = from_samples(array("h", SAMPLES))
    assert encode_ulaw(pcm) == ULAW_CODES
    assert encode_alaw(pcm) == ALAW_CODES


@pytest.mark.parametrize(("code", "sample"), ULAW)
def test_ulaw_codes_stand_for_the_samples_of_the_standard(code: int, sample: int) -> None:
    """µ-law decodes known codes to the standard's values."""
    assert to_samples(decode_ulaw(bytes([code])))[0] == sample


@pytest.mark.parametrize(("code", "sample"), ALAW)
def test_alaw_codes_stand_for_the_samples_of_the_standard(code: int, sample: int) -> None:
    """A-law decodes known codes to the standard's values."""
    assert to_samples(decode_alaw(bytes([code])))[0] == sample


@pytest.mark.parametrize(
    ("encode", "decode"),
    [(encode_ulaw, decode_ulaw), (encode_alaw, decode_alaw)],
    ids=["ulaw", "alaw"],
)
def test_g711_codes_survive_a_round_trip(encode: Callable[[bytes], bytes], decode: Callable[[bytes], bytes]) -> None:
    """Every code decodes to a sample that encodes to the same sample again."""
    samples = decode(bytes(range(256)))
    assert decode(encode(samples)) == samples


@pytest.mark.parametrize(
    ("encode", "decode"),
    [(encode_ulaw, decode_ulaw), (encode_alaw, decode_alaw)],
    ids=["ulaw", "alaw"],
)
def test_g711_keeps_the_nearest_level_of_every_sample(
    encode: Callable[[bytes], bytes], decode: Callable[[bytes], bytes]
) -> None:
    """No sample is off by more than half a step of its segment."""
    samples = array("h", range(-32768, 32768))
    heard = to_samples(decode(encode(from_samples(samples))))
    for sample, got in zip(samples, heard, strict=True):
        assert abs(sample - got) <= max(16, abs(sample) / 16) + 4, sample


@pytest.mark.parametrize(("source", "target"), RATES)
def test_resampling_keeps_a_tone(source: int, target: int) -> None:
    """A tone of 1 kHz comes out as the same tone, 60 dB above any error."""
    got = resample(sine(1000, source), source, target)
    assert decibels(sine(1000, target), got) > 60


@pytest.mark.parametrize(("source", "target"), [(24000, 16000), (24000, 8000), (16000, 8000)])
def test_resampling_down_removes_what_the_lower_rate_cannot_hold(source: int, target: int) -> None:
    """A tone above half the new rate is gone, not folded down as another tone."""
    got = to_samples(resample(sine(target * 0.6, source), source, target))
    assert max(map(abs, got[100:-100])) < 60


@pytest.mark.parametrize(("source", "target"), RATES)
@pytest.mark.parametrize("chunk", [2, 38, 960, 4802])
def test_resampling_does_not_depend_on_chunks(source: int, target: int, chunk: int) -> None:
    """However a stream with silence in it is cut, the output is the same, and as long as the input."""
    pcm = sine(440, source, 0.1) + bytes(2 * source // 10) + sine(440, source, 0.02)
    resampler = Resampler(source, target)
    pieces = [resampler.feed(pcm[i : i + chunk]) for i in range(0, len(pcm), chunk)]
    got = b"".join(pieces) + resampler.flush()
    assert got == resample(pcm, source, target)
    assert len(got) // 2 == math.ceil(len(pcm) // 2 * target / source)


def test_a_flushed_resampler_starts_anew() -> None:
    """After flush() nothing of the stream before is left."""
    resampler = Resampler(24000, 16000)
    resampler.feed(sine(300, 24000))
    resampler.flush()
    pcm = sine(1000, 24000)
    assert resampler.feed(pcm) + resampler.flush() == resample(pcm, 24000, 16000)


def test_loud_sound_is_limited_not_wrapped() -> None:
    """Overshoot at full scale stays at full scale instead of changing sign."""
    square = array("h", ([32767] * 40 + [-32768] * 40) * 20)
    got = to_samples(resample(from_samples(square), 16000, 24000))
    assert max(got) == 32767
    assert min(got) == -32768


@pytest.mark.parametrize(
    ("name", "rate", "ms", "size"),
    [
        ("pcm16", 24000, 20, 960),
        ("pcm16", 16000, 20, 640),
        ("pcm16", 8000, 100, 1600),
        ("g711_ulaw", None, 20, 160),
        ("g711_alaw", 24000, 1000, 8000),
    ],
)
def test_durations_and_sizes_of_input_formats(name: str, rate: int | None, ms: int, size: int) -> None:
    """Bytes and milliseconds of a wire format convert both ways."""
    wire = input_format(name, rate)
    assert wire.size(ms) == size
    assert wire.ms(size) == ms


def test_durations_of_pcm() -> None:
    """PCM16 durations count whole samples."""
    assert pcm_bytes(32, 16000) == 1024
    assert pcm_bytes(0.05, 8000) == 0


@pytest.mark.parametrize(
    ("name", "rate"),
    [("pcm16", 24000), ("pcm16_8000hz", 8000), ("pcm16-16000hz", 16000), ("g711_alaw", 8000)],
)
def test_output_formats_have_their_rate(name: str, rate: int) -> None:
    """Output formats are known by both spellings."""
    assert output_format(name).rate == rate


def test_unknown_formats_are_refused_with_what_is_known() -> None:
    """The error names the value and the formats that can be used."""
    with pytest.raises(AudioFormatError, match=r"'opus'.*pcm16.*g711_ulaw"):
        input_format("opus")
    with pytest.raises(AudioFormatError, match=r"11025.*24000"):
        input_format("pcm16", 11025)
    with pytest.raises(AudioFormatError, match=r"'mp3'"):
        output_format("mp3")
    with pytest.raises(AudioFormatError, match="half a sample"):
        Resampler(24000, 16000).feed(b"\0\0\0")
    with pytest.raises(AudioFormatError, match="too fine"):
        Resampler(44099, 24000)
    with pytest.raises(AudioFormatError, match="above 0"):
        Resampler(0, 24000)


@pytest.mark.parametrize("name", ["pcm16", "g711_ulaw", "g711_alaw"])
def test_wire_audio_streams_in_and_out(name: str) -> None:
    """A tone sent in a wire format and read back, chunk by chunk, is still that tone."""
    wire = input_format(name)
    encoder, decoder = AudioEncoder(16000, wire), AudioDecoder(wire, 16000)
    pcm = sine(800, 16000)
    chunks = (pcm[i : i + 640] for i in range(0, len(pcm), 640))
    got = b"".join(decoder.feed(piece) for piece in encoder.stream(chunks)) + decoder.flush()
    assert decibels(pcm, got[: len(pcm)]) > (35 if name != "pcm16" else 55)

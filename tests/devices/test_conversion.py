"""Sound from any program's buffers: what is converted, what is carried over, what is refused."""

from __future__ import annotations

import math
import random
import wave
from array import array
from pathlib import Path
from typing import Any

import numpy
import pytest

from voicelive._audio.g711 import encode_ulaw
from voicelive.audio import AudioConverter, WavSink, WavSource
from voicelive.errors import ConfigurationError

TONE = [round(12_000 * math.sin(2 * math.pi * 440 * number / 24_000)) for number in range(4800)]
PCM = array("h", TONE).tobytes()


def as_floats(samples: Any = TONE) -> Any:
    return numpy.array(samples, dtype=numpy.float32) / 32768


@pytest.mark.parametrize(
    ("audio", "channels"),
    [
        (PCM, 1),
        (bytearray(PCM), 1),
        (array("h", TONE), 1),
        (numpy.array(TONE, dtype=numpy.int16), 1),
        (numpy.array(TONE, dtype=numpy.int32) * 65536, 1),
        (as_floats(), 1),
        (as_floats().astype(numpy.float64), 1),
        (as_floats().reshape(-1, 1), 1),
        (numpy.stack([as_floats(), as_floats()], axis=1), 2),
        (numpy.repeat(numpy.array(TONE, dtype=numpy.int16), 2), 2),
        (numpy.stack([as_floats(), as_floats()])[0], 1),
        (numpy.stack([as_floats(), as_floats() * 0], axis=1)[:, 0], 1),
    ],
    ids=str,
)
def test_every_kind_of_buffer_becomes_the_same_sound(audio: Any, channels: int) -> None:
    """Floats, integers, rows of channels and slices that do not lie in a row in memory."""
    assert AudioConverter(channels=channels).feed(audio) == PCM


def test_channels_are_averaged() -> None:
    """Two channels at different levels become their mean."""
    stereo = numpy.array([[1000, 3000]] * 100, dtype=numpy.int16)
    assert set(array("h", AudioConverter(channels=2).feed(stereo))) == {2000}


def test_raw_bytes_are_what_was_said_they_are() -> None:
    """Bytes of floats, such as those of a raw stream."""
    assert AudioConverter(samples="float32").feed(as_floats().tobytes()) == PCM


@pytest.mark.parametrize("samples", ["int16", "float32"])
@pytest.mark.parametrize("channels", [1, 2])
def test_halves_of_samples_wait_for_the_next_piece(samples: Any, channels: int) -> None:
    """However a stream is cut, also within a sample, the same comes out, and whole samples each time."""
    source = (PCM if samples == "int16" else as_floats().tobytes()) * channels
    whole = AudioConverter(channels=channels, samples=samples).feed(source)
    for seed in range(5):
        chance, converter, made, start = random.Random(seed), AudioConverter(channels=channels, samples=samples), b"", 0
        while start < len(source):
            size = chance.randrange(1, 1001)
            piece = converter.feed(source[start : start + size])
            assert len(piece) % 2 == 0
            made, start = made + piece, start + size
        assert made == whole


@pytest.mark.parametrize("rate", [8000, 16_000, 44_100, 48_000, 96_000])
def test_other_rates_keep_pitch_and_length(rate: int) -> None:
    """A tone of 440 Hz stays one, and a second a second, whatever rate it comes at."""
    tone = numpy.sin(2 * numpy.pi * 440 * numpy.arange(rate) / rate).astype(numpy.float32) * 0.5
    converter = AudioConverter(rate)
    made = b"".join(converter.feed(tone[start : start + 441]) for start in range(0, rate, 441)) + converter.flush()
    samples = numpy.frombuffer(made, dtype=numpy.int16).astype(float)
    assert abs(len(samples) - 24_000) <= 2
    spectrum = numpy.abs(numpy.fft.rfft(samples[2000:22_000] * numpy.hanning(20_000)))
    assert abs(int(spectrum.argmax()) * 24_000 / 20_000 - 440) < 1.5
    # What else there is lies 60 dB below.
    peak = int(spectrum.argmax())
    rest = numpy.delete(spectrum, range(peak - 20, peak + 21))
    assert rest.max() < spectrum[peak] / 1000


def test_the_sessions_formats() -> None:
    """G.711 at 8 kHz."""
    low = TONE[::3]
    made = AudioConverter(8000, audio_format="g711_ulaw").feed(array("h", low))
    assert made == encode_ulaw(array("h", low).tobytes())


def test_floats_beyond_full_scale_are_cut() -> None:
    """Neither turned around nor an error; what is not a number is silence."""
    made = AudioConverter().feed(numpy.array([2.0, -2.0, 1.0, -1.0, math.nan, math.inf], dtype=numpy.float32))
    assert array("h", made).tolist() == [32767, -32768, 32767, -32768, 0, 32767]


@pytest.mark.parametrize(
    ("audio", "message"),
    [
        (numpy.zeros(4, dtype=numpy.uint16), "'H'"),
        (numpy.zeros(4, dtype=numpy.int64), "'l' of 8 bytes"),
        (numpy.zeros(4, dtype=numpy.complex64), "'Zf'"),
        (numpy.zeros((480, 2), dtype=numpy.int16), "2 channels in its rows, and channels=1"),
        ("text", "not str"),
        (None, "not NoneType"),
    ],
    ids=str,
)
def test_what_is_not_sound_is_refused(audio: Any, message: str) -> None:
    """With what it was, and what to give; never sent as noise."""
    with pytest.raises(ConfigurationError, match=message):
        AudioConverter().feed(audio)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"rate": 0}, "above 0"),
        ({"rate": 24_001}, "too fine"),
        ({"channels": 0}, "channels is 0"),
        ({"samples": "int24"}, "'int24'"),
        ({"audio_format": "opus"}, "'opus'"),
        ({"session_rate": 22_050}, "22050 Hz"),
    ],
)
def test_arguments_that_cannot_be(arguments: dict[str, Any], message: str) -> None:
    """Found when the converter is made."""
    with pytest.raises(ConfigurationError, match=message):
        AudioConverter(**arguments)


def test_without_libsamplerate_it_works_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """The package's own resampler takes its place: the same length, nearly the same samples."""
    tone = array("h", [round(9000 * math.sin(number / 9)) for number in range(4410)])
    fast = AudioConverter(44_100)
    expected = array("h", fast.feed(tone) + fast.flush())
    monkeypatch.setitem(__import__("sys").modules, "samplerate", None)
    plain = AudioConverter(44_100)
    made = array("h", plain.feed(tone) + plain.flush())
    assert abs(len(made) - len(expected)) <= 2
    assert max(abs(one - other) for one, other in zip(made[200:-200], expected[200:-200], strict=False)) < 200


def test_wav_files_of_any_kind_are_sources(tmp_path: Path) -> None:
    """Other rates and channels come as 24 kHz mono; what a sink wrote comes back as it was."""
    stereo = tmp_path / "stereo.wav"
    with wave.open(str(stereo), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(48_000)
        file.writeframes(array("h", [700] * 96_000).tobytes())
    source = WavSource(stereo)
    assert (source.rate, source.duration_ms) == (24_000, 1000)
    assert abs(array("h", source.pcm)[12_000] - 700) <= 1
    with WavSink(tmp_path / "made.wav") as sink:
        for chunk in source.chunks(30):
            sink.write(chunk)
    assert WavSource(tmp_path / "made.wav").pcm == source.pcm


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "cannot be read"), (b"ID3 something", "is not a WAV file"), (b"RIFF", "is not a WAV file")],
)
def test_files_that_are_not_sound(tmp_path: Path, content: bytes | None, message: str) -> None:
    """The message names the file and what is wrong with it."""
    path = tmp_path / "call.wav"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=f"call.wav.*{message}"):
        WavSource(path)

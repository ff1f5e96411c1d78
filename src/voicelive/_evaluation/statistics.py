"""How sure a mean is, and what is beyond chance; pure and repeatable."""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, quantiles

from .._public import public_in

__all__ = ["Estimate", "Tested", "are_beyond_chance", "estimate", "flip_signs"]

_RESAMPLES = 1000
_MOST_EXACT = 12
"""Differences of which every combination of signs is tried; from there on their sum is normal enough."""


@public_in("voicelive.evaluation")
@dataclass(frozen=True)
class Estimate:
    """A mean, and between which values it lies with a confidence of 95 %."""

    mean: float
    low: float
    high: float
    count: int
    """Of how many calls."""


def estimate(values: Sequence[float], *, seed: int = 0) -> Estimate:
    """Return the mean of some values with its interval, by a bootstrap of 1,000 resamples.

    Args:
        values: at least one.
        seed: the same one gives the same interval.
    """
    mean = fmean(values)
    if len(values) == 1 or min(values) == max(values):
        return Estimate(mean, mean, mean, len(values))
    # Of 40 parts of equal size the first and the last hold 2.5 % each: the interval of 95 % is between.
    cuts = quantiles(_resampled(values, random.Random(seed)), n=40, method="inclusive")
    return Estimate(mean, cuts[0], cuts[-1], len(values))


def _resampled(values: Sequence[float], source: random.Random) -> list[float]:
    """Return the means of resamples; in numpy where it is installed, as that is a hundred times faster."""
    try:
        import numpy
    except ImportError:
        return [fmean(source.choices(values, k=len(values))) for _ in range(_RESAMPLES)]
    given = numpy.asarray(values, dtype=float)
    drawn = numpy.random.default_rng(source.randrange(2**32))
    # In pieces, so that a million calls need no table of a billion.
    rows = max(1, min(_RESAMPLES, 4_000_000 // len(given)))
    means: list[float] = []
    while len(means) < _RESAMPLES:
        picked = drawn.integers(0, len(given), size=(rows, len(given)))
        means += given[picked].mean(axis=1).tolist()
    return means[:_RESAMPLES]


@dataclass(frozen=True)
class Tested:
    """Whether paired differences are chance."""

    chance: float
    """The probability of a sum at least so far from 0 if each difference could as well have had the other sign."""
    least: float
    """The smallest value that this can have with so many differences."""


def flip_signs(differences: Sequence[float]) -> Tested:
    """Test whether paired differences are 0 on average: the test of randomly flipped signs, on both sides."""
    given = [one for one in differences if one]
    if not given:
        return Tested(1.0, 1.0)
    least = 2.0 ** (1 - len(given))
    found = abs(math.fsum(given))
    if len(given) > _MOST_EXACT:
        deviations = found / math.sqrt(math.fsum(one * one for one in given))
        return Tested(max(least, math.erfc(deviations / math.sqrt(2))), least)
    # That of the first is fixed: the other half mirrors this one.
    sums = [given[0]]
    for one in given[1:]:
        sums = [value for total in sums for value in (total + one, total - one)]
    limit = found * (1 - 1e-9)
    return Tested(sum(abs(total) >= limit for total in sums) / len(sums), least)


def are_beyond_chance(tests: Sequence[Tested], level: float) -> list[bool]:
    """Return which of many tests are beyond chance, so that one is by mistake in `level` of all cases at most.

    By Holm's correction, among the tests that can be at all, with so few differences as they have (Tarone).
    """
    able = list(range(len(tests)))
    count = 0
    while len(able) > count:
        count += 1
        able = [index for index in able if tests[index].least <= level / count]
    found = [False] * len(tests)
    for done, index in enumerate(sorted(able, key=lambda index: tests[index].chance)):
        if tests[index].chance > level / (len(able) - done):
            break
        found[index] = True
    return found

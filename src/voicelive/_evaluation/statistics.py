"""How sure a mean is: confidence intervals by bootstrap; pure and repeatable."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, quantiles

from .._public import public_in

__all__ = ["Estimate", "estimate"]

_RESAMPLES = 1000


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

"""Many calls in figures: all together, by tag, by scenario; and two runs compared; pure."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from .._public import public_in
from ..conversation import Spread
from ..errors import ConfigurationError
from .results import CallResult
from .scores import SCORES
from .statistics import Estimate, Tested, are_beyond_chance, estimate, flip_signs

__all__ = ["Change", "Group", "Summary", "compare", "summarize"]

_LEVEL = 0.01
"""In how many comparisons of runs that do not differ a change of all calls may be told, and one of a scenario."""
_LEVEL_WITHIN = 0.05
"""The same of a scenario's figure, where that figure of all calls has changed in the same direction."""


@public_in("voicelive.evaluation")
@dataclass(frozen=True)
class Group:
    """Calls that belong together."""

    name: str
    calls: int
    outcomes: Mapping[str, int]
    scores: Mapping[str, Estimate] = field(default_factory=dict[str, Estimate])
    """The mean of each figure, with its interval; of a sampled one, the mean of the calls' means."""
    samples: Mapping[str, Spread] = field(default_factory=dict[str, Spread])
    """How a sampled figure spreads over all turns of all calls."""


@public_in("voicelive.evaluation")
@dataclass(frozen=True)
class Summary:
    """A run in figures."""

    total: Group
    tags: Sequence[Group]
    scenarios: Sequence[Group]


@public_in("voicelive.evaluation")
@dataclass(frozen=True)
class Change:
    """How a figure of a scenario, or of all, differs between two runs."""

    scenario: str
    """The scenario; ``""`` for all calls."""
    score: str
    before: float
    after: float
    difference: Estimate
    """After minus before, with its interval."""
    chance: float
    """How probable a difference of this size is where nothing has changed, this figure taken alone."""
    verdict: Literal["better", "worse", "same"] = "same"
    """``better`` or ``worse`` where it is beyond chance, so many figures being compared; else ``same``."""

    @property
    def weight(self) -> float:
        """How bad it is, to order by: the change in proportion to what there was; more is worse."""
        scale = max(abs(self.before), abs(self.after), 1e-9)
        return -SCORES[self.score].better * self.difference.mean / scale


@public_in("voicelive.evaluation")
def summarize(results: Iterable[CallResult]) -> Summary:
    """Return the figures of a run.

    Raises:
        ConfigurationError: if there are no results.
    """
    calls = list(results)
    if not calls:
        raise ConfigurationError("there are no results to summarize: make at least one call")
    by_tag, by_scenario = defaultdict[str, list[CallResult]](list), defaultdict[str, list[CallResult]](list)
    for call in calls:
        by_scenario[call.scenario].append(call)
        for tag in call.tags:
            by_tag[tag].append(call)
    return Summary(
        _group("all", calls),
        [_group(name, by_tag[name]) for name in sorted(by_tag)],
        [_group(name, by_scenario[name]) for name in sorted(by_scenario)],
    )


def _group(name: str, calls: Sequence[CallResult]) -> Group:
    values = _values(calls)
    drawn = defaultdict[str, list[float]](list)
    for call in calls:
        for score, found in call.samples.items():
            drawn[score] += found
    return Group(
        name,
        len(calls),
        Counter(call.outcome for call in calls),
        {score: estimate(values[score]) for score in SCORES if values[score]},
        {score: spread for score in SCORES if (spread := Spread.of(drawn[score])) is not None},
    )


def _values(calls: Iterable[CallResult]) -> defaultdict[str, list[float]]:
    """Return the values of each figure, one a call."""
    found = defaultdict[str, list[float]](list)
    for call in calls:
        for name, value in _of_call(call).items():
            found[name].append(value)
    return found


def _of_call(call: CallResult) -> dict[str, float]:
    means = {name: sum(values) / len(values) for name, values in call.samples.items() if values}
    return {name: value for name, value in {**call.scores, **means}.items() if name in SCORES}


@public_in("voicelive.evaluation")
def compare(before: Iterable[CallResult], after: Iterable[CallResult]) -> list[Change]:
    """Return what changed between two runs of the same scenarios, what got worse first.

    Calls are paired by their ids, where both runs have them: so what only a scenario's difficulty does is left out.
    Else the means of the scenarios are paired. Of a hundred comparisons of runs that do not differ, one tells of a
    change in the figures of all calls, and one in those of a scenario, at most.

    Raises:
        ConfigurationError: if the runs have no scenario in common.
    """
    first, second = _by_scenario(before), _by_scenario(after)
    shared = [name for name in first if name in second]
    if not shared:
        raise ConfigurationError("the two runs have no scenario in common: compare runs of the same scenarios")
    pairs = {name: _pairs(first[name], second[name]) for name in shared}
    whole = _judged(_changes("", [pair for name in shared for pair in pairs[name]]))
    changes = _judged([one for name in shared for one in _changes(name, pairs[name])])
    changed = {(one.score, one.verdict) for one, _ in whole if one.verdict != "same"}
    judged = [one for one, _ in whole] + [_within(one, test, changed) for one, test in changes]
    order = {"worse": 0, "same": 1, "better": 2}
    return sorted(judged, key=lambda change: (order[change.verdict], -change.weight, change.scenario != ""))


def _judged(found: Sequence[tuple[Change, Tested]]) -> list[tuple[Change, Tested]]:
    """Give what is beyond chance its verdict, of figures that are compared together."""
    told = are_beyond_chance([test for _, test in found], _LEVEL)
    return [
        (replace(one, verdict=_direction(one)) if is_told else one, test)
        for (one, test), is_told in zip(found, told, strict=True)
    ]


def _within(one: Change, test: Tested, changed: Collection[tuple[str, str]]) -> Change:
    """Give a scenario's figure its verdict where that of all calls has changed too: it says where that comes from."""
    direction = _direction(one)
    is_part = (one.score, direction) in changed and test.chance <= _LEVEL_WITHIN
    return replace(one, verdict=direction) if is_part else one


def _direction(one: Change) -> Literal["better", "worse"]:
    return "better" if one.difference.mean * SCORES[one.score].better > 0 else "worse"


def _by_scenario(results: Iterable[CallResult]) -> dict[str, dict[str, CallResult]]:
    found: dict[str, dict[str, CallResult]] = {}
    for call in results:
        found.setdefault(call.scenario, {})[call.id] = call
    return found


_Pair = tuple[Mapping[str, float], Mapping[str, float]]


def _pairs(first: Mapping[str, CallResult], second: Mapping[str, CallResult]) -> list[_Pair]:
    both = [name for name in first if name in second]
    if both:
        return [(_of_call(first[name]), _of_call(second[name])) for name in both]
    return [(_means(first.values()), _means(second.values()))]


def _means(calls: Iterable[CallResult]) -> dict[str, float]:
    return {name: sum(values) / len(values) for name, values in _values(calls).items()}


def _changes(scenario: str, pairs: Sequence[_Pair]) -> list[tuple[Change, Tested]]:
    found: list[tuple[Change, Tested]] = []
    for score in SCORES:
        known = [(one[score], other[score]) for one, other in pairs if score in one and score in other]
        if known:
            before, after = (sum(values) / len(known) for values in zip(*known, strict=True))
            differences = [new - old for old, new in known]
            test = flip_signs(differences)
            found.append((Change(scenario, score, before, after, estimate(differences), test.chance), test))
    return found

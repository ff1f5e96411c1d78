"""Many calls in figures: all together, by tag, by scenario; and two runs compared; pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from .._public import public_in
from ..conversation import Spread
from ..errors import ConfigurationError
from .results import CallResult
from .scores import SCORES
from .statistics import Estimate, estimate

__all__ = ["Change", "Group", "Summary", "compare", "summarize"]


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

    @property
    def verdict(self) -> str:
        """``better`` or ``worse`` where the interval leaves no other reading, else ``same``."""
        better = SCORES[self.score].better
        if self.difference.low > 0:
            return "better" if better > 0 else "worse"
        if self.difference.high < 0:
            return "worse" if better > 0 else "better"
        return "same"

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
        raise ConfigurationError("there are no results to summarize: hold at least one call")
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
    Else the means of the scenarios are paired.

    Raises:
        ConfigurationError: if the runs have no scenario in common.
    """
    first, second = _by_scenario(before), _by_scenario(after)
    shared = [name for name in first if name in second]
    if not shared:
        raise ConfigurationError("the two runs have no scenario in common: compare runs of the same scenarios")
    pairs = {name: _pairs(first[name], second[name]) for name in shared}
    changes = [change for name in shared for change in _changes(name, pairs[name])]
    changes += _changes("", [pair for name in shared for pair in pairs[name]])
    order = {"worse": 0, "same": 1, "better": 2}
    return sorted(changes, key=lambda change: (order[change.verdict], -change.weight, change.scenario != ""))


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


def _changes(scenario: str, pairs: Sequence[_Pair]) -> list[Change]:
    found: list[Change] = []
    for score in SCORES:
        known = [(one[score], other[score]) for one, other in pairs if score in one and score in other]
        if known:
            before, after = (sum(values) / len(known) for values in zip(*known, strict=True))
            difference = estimate([new - old for old, new in known])
            found.append(Change(scenario, score, before, after, difference))
    return found

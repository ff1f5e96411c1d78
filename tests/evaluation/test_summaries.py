"""Many calls in figures: means with their intervals, percentiles, two runs compared, and the reports of that."""

from __future__ import annotations

import random
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pyarrow.parquet
import pytest

from voicelive._evaluation.statistics import are_beyond_chance, flip_signs
from voicelive.errors import ConfigurationError
from voicelive.evaluation import (
    Check,
    compare,
    html_report,
    summarize,
    write_junit,
    write_parquet,
)

from .runs import result, run


def test_all_by_tag_and_by_scenario() -> None:
    """Outcomes are counted, means have an interval that holds them, percentiles are over all turns of all calls."""
    calls = [*run("weather", 20, response_ms=900), *run("sums", 10, response_ms=300, success=0.0)]
    summary = summarize(calls)
    assert summary.total.calls == 30
    assert summary.total.outcomes == {"passed": 20, "failed": 10}
    success = summary.total.scores["success"]
    assert success.mean == pytest.approx(2 / 3)
    assert 0.4 < success.low < success.mean < success.high < 0.9
    assert [group.name for group in summary.scenarios] == ["sums", "weather"]
    assert [group.name for group in summary.tags] == ["tag of sums", "tag of weather"]
    assert summary.total.samples["response_ms"].count == 60
    assert summary.scenarios[0].samples["response_ms"].p50 == pytest.approx(300, abs=60)


def test_the_interval_holds_the_mean_as_often_as_it_says() -> None:
    """Of 200 samples of a known mean, the intervals of 95 % hold it in about as many."""
    source = random.Random(0)
    held = 0
    for number in range(200):
        values = [source.gauss(100, 20) for _ in range(40)]
        calls = [result(f"{number}-{i}", scores={"talked_over_ms": value}) for i, value in enumerate(values)]
        found = summarize(calls).total.scores["talked_over_ms"]
        held += found.low <= 100 <= found.high
    assert 178 <= held <= 200


def test_what_got_worse_comes_first() -> None:
    """A run that is slower in one scenario and better in another: each is told, the worse one first, no other."""
    before = [*run("weather", 15, response_ms=900), *run("sums", 15, response_ms=600), *run("jokes", 15)]
    after = [
        *run("weather", 15, response_ms=1400, seed=1),
        *run("sums", 15, response_ms=400, seed=1),
        *run("jokes", 15, seed=1),
    ]
    told = [(change.scenario, change.score, change.verdict) for change in compare(before, after)]
    assert told[0] == ("weather", "response_ms", "worse")
    assert ("sums", "response_ms", "better") in told
    assert {score for _, score, verdict in told if verdict != "same"} == {"response_ms"}


def test_unchanged_runs_raise_no_alarm() -> None:
    """Of 50 pairs of runs that differ by chance only, in many scenarios held once or often, hardly any is told."""
    alarms = 0
    for seed in range(50):
        calls = 1 if seed % 2 else 10
        before, after = (
            [one for scenario in range(20) for one in run(f"{scenario}", calls, seed=seed + more)] for more in (0, 100)
        )
        alarms += any(change.verdict != "same" for change in compare(before, after))
    assert alarms <= 3


def test_one_call_of_each_scenario_is_enough_for_all() -> None:
    """No scenario can be told from chance by one call; that all of them got worse can."""
    before, after = (
        [one for scenario in range(12) for one in run(f"{scenario}", 1, success=success)] for success in (1.0, 0.0)
    )
    told = [change for change in compare(before, after) if change.verdict != "same"]
    assert [(change.scenario, change.score, change.verdict) for change in told] == [("", "success", "worse")]
    assert told[0].chance == pytest.approx(2 / 2**12)
    better = compare(after, before)
    assert [(change.scenario, change.verdict) for change in better if change.verdict != "same"] == [("", "better")]


@pytest.mark.parametrize(
    ("differences", "chance"),
    [
        ([], 1.0),
        ([0.0, 0.0], 1.0),
        ([1.0], 1.0),
        ([1.0] * 5, 2 / 2**5),
        ([1.0, 1.0, 1.0, -1.0], 10 / 2**4),
        ([1.0, 2.0, 3.0, 0.0], 2 / 2**3),
        ([1.0] * 12, 2 / 2**12),
        ([1.0] * 13, 2 / 2**13),
        ([100.0] * 20, 2 / 2**20),
    ],
)
def test_flipped_signs(differences: list[float], chance: float) -> None:
    """The chance is the share of combinations of signs whose sum is at least so far from 0; of many, not less."""
    found = flip_signs(differences).chance
    if len(differences) <= 12:
        assert found == pytest.approx(chance)
    assert chance <= found * 1.001
    assert found <= 5 * chance


def test_many_tests_at_once() -> None:
    """Each more that could be beyond chance makes it harder for all; one that cannot be does not count."""
    hopeless = [flip_signs([1.0])] * 1000
    strong = flip_signs([1.0] * 11)
    weak = flip_signs([1.0] * 10 + [-1.0])
    assert are_beyond_chance([strong, *hopeless], 0.01) == [True, *[False] * 1000]
    assert are_beyond_chance([strong, weak], 0.01) == [True, False]
    assert are_beyond_chance([strong] * 10, 0.01) == [True] * 10
    assert are_beyond_chance([strong, *[weak] * 10], 0.01) == [False] * 11
    assert are_beyond_chance([], 0.01) == []


def test_runs_with_nothing_in_common() -> None:
    """They cannot be compared, and no results cannot be summarized."""
    with pytest.raises(ConfigurationError, match="no scenario in common"):
        compare(run("weather", 1), run("sums", 1))
    with pytest.raises(ConfigurationError, match="no results"):
        summarize([])


class Tags(HTMLParser):
    """Counts the tags and collects the addresses of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []
        self.links: list[str | None] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.links += [value for name, value in attrs if name in ("href", "src")]


def test_the_report_is_one_file() -> None:
    """It has no script and no other address than the recordings; what a caller says cannot add any."""
    hostile = '<script>alert("x")</script>'
    calls = [
        *run("weather", 5),
        result("bad", scenario=hostile, outcome="failed", transcript=hostile, recording="calls/a b.zip"),
    ]
    page = html_report(calls, before=run("weather", 5, response_ms=400), title=hostile)
    tags = Tags()
    tags.feed(page)
    assert "script" not in tags.names
    assert tags.links == ["calls/a%20b.zip"]
    assert tags.names.count("svg") >= 2
    assert tags.names.count("details") == 6
    assert "worse" in page
    assert len(page) < 40_000


def test_junit(tmp_path: Path) -> None:
    """Continuous integration sees a case for each call, what failed of it, and nothing that XML cannot hold."""
    failed = result(
        "two",
        outcome="failed",
        checks=(Check("said: x", False, "the agent said: \x00y"),),
        transcript="Agent: \x1b[31my",
    )
    write_junit([result("one"), failed, result("three", outcome="error", error="ThrottledError: busy")], tmp_path / "x")
    suite = ElementTree.parse(tmp_path / "x").getroot()
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("3", "1", "1")
    (failure,) = suite.iter("failure")
    assert failure.get("message") == "said: x: the agent said: y"
    assert next(suite.iter("error")).get("message") == "ThrottledError: busy"


def test_parquet(tmp_path: Path) -> None:
    """A row for each call, a column for each figure; what is not known is null."""
    write_parquet([*run("weather", 3), result("none")], tmp_path / "calls.parquet")
    rows = pyarrow.parquet.read_table(tmp_path / "calls.parquet").to_pylist()
    assert [row["success"] for row in rows] == [1.0, 1.0, 1.0, None]
    assert len(rows[0]["response_ms"]) == 2
    assert rows[3]["response_ms"] is None
    assert rows[0]["tags"] == ["tag of weather"]

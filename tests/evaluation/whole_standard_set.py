"""The whole standard set, eight times, with good and worse agents: 240 spoken calls, for `nox -s stress`.

`VOICELIVE_STANDARD_SET=write` writes anew what the good agent reached; a change of that is a change to review.
"""

from __future__ import annotations

import json
import os
from itertools import combinations
from pathlib import Path

import pytest

from voicelive.evaluation import CallResult, Change, compare, standard_set

from .standard_runs import GUARDED, UNCHANGED, WORSE, guarded, hold_runs, timeless

pytestmark = pytest.mark.timeout(7200)


def worse(changes: list[Change]) -> list[tuple[str, str]]:
    """Return what got worse, as scenario and figure."""
    return [(change.scenario, change.score) for change in changes if change.verdict == "worse"]


def test_the_whole_set(tmp_path: Path) -> None:
    """Each worse agent is found by its own figure, which comes first; five unchanged runs raise no alarm."""
    runs = hold_runs(tmp_path / "results.jsonl", standard_set(), at_once=2)
    good = runs["unchanged 0"]
    if os.environ.get("VOICELIVE_STANDARD_SET") == "write":
        text = json.dumps({one.scenario: timeless(one) for one in good}, indent=1, sort_keys=True)
        GUARDED.write_text(text + "\n", encoding="utf-8")
    before = [
        CallResult(id=name, scenario=name, outcome="passed", scores=figures) for name, figures in guarded().items()
    ]
    assert worse(compare(before, good)) == []
    unchanged = [runs[f"unchanged {number}"] for number in range(UNCHANGED)]
    assert [worse(compare(one, other)) for one, other in combinations(unchanged, 2)] == [[]] * 10
    for figure, run in WORSE.items():
        found = worse(compare(good, runs[run.name]))
        assert found[0] == ("", figure), run.name

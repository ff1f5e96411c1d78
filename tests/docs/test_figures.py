"""The README's figures are those of the committed benchmark results."""

from __future__ import annotations

import json
from pathlib import Path

from benchmarks.report import figures, number
from benchmarks.targets import ratio

ROOT = Path(__file__).resolve().parents[2]
MARK = "<!-- figures of benchmarks/results.json -->"


def test_the_readme_has_the_figures_of_the_committed_results() -> None:
    """The short table is the one that `python -m benchmarks --again` makes of `results.json`."""
    results = json.loads((ROOT / "benchmarks" / "results.json").read_text(encoding="utf-8"))
    _, shown, _ = (ROOT / "README.md").read_text(encoding="utf-8").split(MARK)
    assert shown.strip() == figures(results)


def test_a_figure_is_the_median_of_ratios_within_a_round() -> None:
    """The table's first figure, reckoned by hand from three rounds."""
    assert number(ratio([6.0, 9.0, 4.0], [4.0, 3.0, 4.0])["median"]) == "1.50"

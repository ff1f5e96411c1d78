"""Results as files for other programs: Parquet, and JUnit's XML."""

from collections.abc import Iterable
from pathlib import Path
from xml.etree import ElementTree

from .._public import public_in
from ..errors import ConfigurationError
from .results import CallResult
from .scores import SCORES

__all__ = ["write_junit", "write_parquet"]

_NOT_XML = dict.fromkeys([*range(0x20), 0xFFFE, 0xFFFF])
for _allowed in (0x9, 0xA, 0xD):
    del _NOT_XML[_allowed]


@public_in("voicelive.evaluation")
def write_parquet(results: Iterable[CallResult], path: str | Path) -> None:
    """Write a row for each call: its values, a column for each figure, and lists of what a call has several of.

    Raises:
        ConfigurationError: if pyarrow is not installed; says how to install it.
    """
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        raise ConfigurationError('Parquet needs pyarrow: pip install "voicelive[parquet]"') from None
    rows = list(results)
    text = ("id", "scenario", "outcome", "transcript", "error", "started", "recording", "worker")
    columns = {name: pyarrow.array([getattr(row, name) for row in rows], pyarrow.string()) for name in text}
    columns["tags"] = pyarrow.array([list(row.tags) for row in rows], pyarrow.list_(pyarrow.string()))
    for name in ("duration_ms", "attempts"):
        columns[name] = pyarrow.array([getattr(row, name) for row in rows], pyarrow.int64())
    for score in SCORES.values():
        if score.is_sampled:
            values = [list(row.samples[score.name]) if score.name in row.samples else None for row in rows]
            columns[score.name] = pyarrow.array(values, pyarrow.list_(pyarrow.float64()))
        else:
            columns[score.name] = pyarrow.array([row.scores.get(score.name) for row in rows], pyarrow.float64())
    parquet.write_table(pyarrow.table(columns), str(path))


@public_in("voicelive.evaluation")
def write_junit(results: Iterable[CallResult], path: str | Path) -> None:
    """Write the file that continuous integration reads: a test case for each call."""
    suite = ElementTree.Element("testsuite", name="voicelive")
    counts = {"tests": 0, "failures": 0, "errors": 0}
    for result in results:
        counts["tests"] += 1
        case = ElementTree.SubElement(
            suite,
            "testcase",
            classname=_clean(result.scenario),
            name=_clean(result.id),
            time=f"{result.duration_ms / 1000:.3f}",
        )
        if result.outcome == "failed":
            counts["failures"] += 1
            reasons = [f"{one.expected}: {one.reason}" for one in result.checks if one.passed is False]
            failure = ElementTree.SubElement(case, "failure", message=_clean("; ".join(reasons)))
            failure.text = _clean(result.transcript)
        elif result.outcome == "error":
            counts["errors"] += 1
            ElementTree.SubElement(case, "error", message=_clean(result.error or "")).text = _clean(result.transcript)
    for name, count in counts.items():
        suite.set(name, str(count))
    ElementTree.indent(suite)
    ElementTree.ElementTree(suite).write(str(path), encoding="utf-8", xml_declaration=True)


def _clean(text: str) -> str:
    """Return the text without what XML cannot hold."""
    return text.translate(_NOT_XML)

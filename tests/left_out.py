"""Says at the end of a run which tests were left out, why, and what would let them run: a plugin of pytest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

import pytest

from .outside import LEFT_OUT, TO_RUN


def reason_of(report: pytest.TestReport) -> str | None:
    """Return why a test was skipped, if it was left out because of the machine or the kind of run."""
    if not report.skipped or not isinstance(report.longrepr, tuple):
        return None
    reason = report.longrepr[2].removeprefix("Skipped: ")
    return reason.removeprefix(LEFT_OUT) if reason.startswith(LEFT_OUT) else None


def lines(left_out: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Describe the tests that were left out, each given by its file and the reason: one entry for each group."""
    groups = Counter((reason, file) for file, reason in left_out)
    for reason in sorted({reason for reason, _ in groups}):
        files = {file: count for (why, file), count in sorted(groups.items()) if why == reason}
        what, _, remedy = reason.partition(TO_RUN)
        yield f"{what}: {_tests(sum(files.values()))}"
        yield from (f"    {file}: {_tests(count)}" for file, count in files.items())
        yield f"    to run: {remedy}" if remedy else "    nothing that could be installed here helps"


def _tests(count: int) -> str:
    return f"{count} test{'' if count == 1 else 's'}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Write the section."""
    skipped: list[pytest.TestReport] = terminalreporter.getreports("skipped")
    left_out = [(report.location[0], reason) for report in skipped if (reason := reason_of(report)) is not None]
    if not left_out:
        return
    terminalreporter.section(f"left out: {_tests(len(left_out))}", yellow=True)
    for line in lines(left_out):
        terminalreporter.line(line)

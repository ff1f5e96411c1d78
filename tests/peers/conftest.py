"""Writes the conformance document when asked to."""

from __future__ import annotations

import os

import pytest

from .document import PATH, WRITE, expected, render

_outcomes: dict[str, str | None] = {}


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Note the outcome of a flow, in the process that hears of all of them."""
    if report.when == "call" and report.passed:
        _outcomes.update(value for name, value in report.user_properties if name == "conformance")  # type: ignore[misc]


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the document, once every flow has been gone through."""
    if os.environ.get(WRITE) != "write" or hasattr(session.config, "workerinput"):
        return
    if missing := sorted(expected().keys() - _outcomes.keys()):
        pytest.exit(f"{PATH.name} is not written: {len(missing)} flows did not pass or did not run, as {missing[0]}", 1)
    PATH.write_text(render(_outcomes), encoding="utf-8", newline="\n")

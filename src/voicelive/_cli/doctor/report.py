"""Shows a report: a table for people, one JSON object for machines."""

from __future__ import annotations

import json
import sys
from typing import Any

from rich.console import Console
from rich.table import Table

from .steps import EXIT_CODES, Status
from .walk import Report

__all__ = ["as_json", "show_json", "show_table"]

_STYLES = {Status.PASSED: "green", Status.NOTED: "yellow", Status.FAILED: "bold red", Status.SKIPPED: "dim"}


def as_json(report: Report) -> dict[str, Any]:
    """Return the report as a JSON object. Times are in seconds, null where a step took none of its own."""
    target, failure = report.target, report.failure
    return {
        "ok": failure is None,
        "exit_code": report.exit_code,
        "failed_step": None if failure is None else failure.step.value,
        "endpoint": None if target is None else report.redactor.text(target.authority),
        "model": None if target is None else report.redactor.text(target.model),
        "api_version": None if target is None else report.redactor.text(target.api_version),
        "steps": [
            {
                "step": row.step.value,
                "exit_code": EXIT_CODES[row.step],
                "status": row.status.value,
                "seconds": None if row.seconds is None else round(row.seconds, 6),
                "detail": row.detail,
                "remedy": row.remedy,
                "facts": row.facts,
            }
            for row in report.rows()
        ],
    }


def show_json(report: Report) -> None:
    """Write the report as JSON to standard output."""
    sys.stdout.write(json.dumps(as_json(report), indent=2, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def show_table(report: Report) -> None:
    """Write the report as a table to standard output, and below it what is wrong and what to do."""
    # Text comes from outside: nothing in it is markup.
    console = Console(markup=False, highlight=False)
    table = Table(box=None, pad_edge=False)
    table.add_column("step", no_wrap=True)
    table.add_column("", no_wrap=True)
    table.add_column("ms", justify="right", no_wrap=True)
    table.add_column("found", overflow="fold")
    for row in report.rows():
        milliseconds = "" if row.seconds is None else f"{row.seconds * 1000:.1f}"
        table.add_row(row.step.value, row.status.value, milliseconds, row.detail, style=_STYLES[row.status])
    console.print(table)
    failure = report.failure
    console.print()
    if failure is None:
        console.print("Everything works.")
        return
    # Not wrapped, so that it can be copied and searched for.
    console.print(f"failed:  {failure.step.value} (exit code {report.exit_code})", soft_wrap=True)
    console.print(f"because: {failure.detail}", soft_wrap=True)
    console.print(f"remedy:  {failure.remedy}", soft_wrap=True)

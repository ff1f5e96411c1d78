"""Checks what a version of the schema was compiled to against what was published."""

from __future__ import annotations

from pathlib import Path

from ..output import SCHEMA
from .changes import Comparison
from .comparing import compare
from .fact_table import read_table
from .normalising import load

__all__ = ["unlike"]


def unlike(version: str, preceding: str, tables: Path) -> list[str]:
    """Say what the compiled document of a version lacks of its fact table, or has beside it.

    What this project adds to the version before in the same way is left out.
    """
    found = _compared(version, tables)
    missing = [
        f"{change.group} {change.path} was published, and the schema's {version} lacks it"
        for change in found.of("removed")
    ]
    table = tables / f"{preceding}.json"
    known = {change.path for change in _compared(preceding, tables).of("added")} if table.exists() else set()
    beside = [
        f"{change.group} {change.path} is in the schema's {version}, and was not published for it"
        for change in found.of("added")
        if change.path not in known
    ]
    return missing + beside


def _compared(version: str, tables: Path) -> Comparison:
    return compare(read_table(tables / f"{version}.json"), load(SCHEMA / "openapi" / f"{version}.json"))

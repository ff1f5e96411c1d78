"""The page that says what each API version has that the one before did not, and the other way round."""

from __future__ import annotations

import re

from codegen.importing.normalising import load
from codegen.importing.page import render_page
from codegen.output import documents

from .reference import SCHEMA, Reference
from .types import Linker, one_line

__all__ = ["described_versions", "versions_page"]

_VERSION = re.compile(r"/\*\*((?:(?!\*/).)*)\*/\s*(?:@[^\n]*\s*)*\w+: \"([^\"]+)\"", re.DOTALL)

INTRODUCTION = """\
# What each version has

Each version compared with the one before it. How to choose one, and what happens with what yours lacks:
[API versions](../versions.md).
"""


def described_versions() -> dict[str, str]:
    """API version to what the schema says of it."""
    found = _VERSION.findall((SCHEMA / "versions.tsp").read_text(encoding="utf-8"))
    return {version: one_line(text.replace("*", " ")) for text, version in found}


def versions_page(reference: Reference) -> str:
    """The page that `python -m codegen diff --page` writes, with links to what it names."""
    specifications = [load(path) for path in documents()]
    page = render_page(specifications, reference.availability.default)
    _, table, rest = page.partition("\n| version |")
    told = [f"| `{version}` | {text} |" for version, text in described_versions().items()]
    overview = "\n".join(["", "| | |", "| --- | --- |", *told, ""])
    linker = Linker(reference, "versions.md")
    # Elsewhere than in the lists of events, a name such as `error` may be a field's.
    lines = [linker.prose(line, events=line.startswith("- events:")) for line in rest.splitlines()]
    return INTRODUCTION + overview + table + "\n".join(lines) + "\n"

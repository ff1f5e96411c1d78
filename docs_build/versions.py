"""The page that says what each API version has that the one before did not, and the other way round."""

from __future__ import annotations

from codegen.importing.normalising import load
from codegen.importing.page import render_page
from codegen.output import documents

from .reference import Reference
from .types import Linker

__all__ = ["versions_page"]

INTRODUCTION = """\
# What each version has

Each version compared with the one before it. How to choose one, and what happens with what yours lacks:
[API versions](../versions.md).
"""


def versions_page(reference: Reference) -> str:
    """The page that `python -m codegen diff --page` writes, with links to what it names."""
    specifications = [load(path) for path in documents()]
    page = render_page(specifications, reference.availability.default)
    _, table, rest = page.partition("\n| version |")
    linker = Linker(reference, "versions.md")
    # Elsewhere than in the lists of events, a name such as `error` may be a field's.
    lines = [linker.prose(line, events=line.startswith("- events:")) for line in rest.splitlines()]
    return INTRODUCTION + table + "\n".join(lines) + "\n"

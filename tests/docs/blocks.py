"""Finds the code blocks of the documentation, and what a hidden comment before a block says of how it is run.

A comment such as `<!-- given: conn; asked: What is the capital of France?; prints: Paris -->` belongs to the block
right after it. Its entries are separated by semicolons; `Directive` lists them. A block without one runs as it stands.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

__all__ = ["PAGES", "ROOT", "Block", "Directive", "blocks", "page_name"]

ROOT = Path(__file__).resolve().parent.parent.parent
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))

_COMMENT = re.compile(r"<!--\s*(.*?)\s*-->", re.DOTALL)
_FENCE = re.compile(r"^(?P<indent> *)```\s*(?P<language>\w*)[^\n`]*$")
_SHELL_LINE = re.compile(r"^ {4}(?=(?:python|pip|voicelive|nox|export) )", re.MULTILINE)


@dataclass(frozen=True)
class Directive:
    """How a block is run. Every entry may be left out."""

    given: tuple[str, ...] = ()
    """Names that the block takes for granted; see `GIVEN` of the harness. `previous` is all names of the last block."""
    options: str = ""
    """Arguments of `connect()` beside the model, as Python writes them."""
    asked: str | None = None
    """A question that is put in writing before the block runs, with `response.create`."""
    spoken: str | None = None
    """A question whose audio is in the input buffer before the block runs."""
    when: str | None = None
    """The event in a loop over `conn` after which `spoken` is said instead."""
    until: str = "response.done"
    """The event that ends a loop over `conn`."""
    then: str | None = None
    """An event that must arrive after the block."""
    prints: tuple[str, ...] = ()
    """Texts that the block must print, separated by `|`."""
    errors: str | None = None
    """The code of the error event that the block is there to cause."""
    run: str | None = None
    """`pytest`: the block is a test module. `types`: it needs files of the reader, and is only type-checked."""


@dataclass(frozen=True)
class Block:
    """One fenced block of a page."""

    page: Path
    line: int
    """The line of the fence."""
    language: str
    text: str
    directive: Directive

    @property
    def id(self) -> str:
        """What the test of this block is called."""
        return f"{page_name(self.page)}:{self.line}"


def page_name(page: Path) -> str:
    """The page's path from the root of the project."""
    return page.relative_to(ROOT).as_posix()


def blocks(page: Path) -> list[Block]:
    """All fenced blocks of a page, and the indented shell commands of the README, in their order."""
    found: list[Block] = []
    lines = page.read_text(encoding="utf-8").splitlines()
    number = 0
    while number < len(lines):
        fence = _FENCE.match(lines[number])
        if fence is None:
            if _SHELL_LINE.match(lines[number]):
                found.append(Block(page, number + 1, "shell", lines[number].strip(), Directive()))
            number += 1
            continue
        end = next(n for n in range(number + 1, len(lines)) if lines[n].strip() == "```")
        body = [line.removeprefix(fence["indent"]) for line in lines[number + 1 : end]]
        directive = _directive_before(page, lines, number)
        found.append(Block(page, number + 1, fence["language"], "\n".join(body) + "\n", directive))
        number = end + 1
    return found


def _directive_before(page: Path, lines: list[str], fence: int) -> Directive:
    above = "\n".join(lines[:fence]).rstrip()
    if not above.endswith("-->"):
        return Directive()
    comment = list(_COMMENT.finditer(above))[-1][1]
    values: dict[str, str] = {}
    for entry in comment.split(";"):
        name, colon, value = entry.partition(":")
        if not colon or name.strip() not in Directive.__dataclass_fields__:
            raise ValueError(f"{page_name(page)}:{fence}: a comment before a block says {entry.strip()!r}")
        values[name.strip()] = " ".join(value.split())
    return Directive(
        given=tuple(name.strip() for name in values.pop("given", "").split(",") if name.strip()),
        prints=tuple(text.strip() for text in values.pop("prints", "").split("|") if text.strip()),
        **values,
    )

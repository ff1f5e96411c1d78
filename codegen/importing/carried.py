"""Checks what was written against the document: every part is there, and nothing contains itself."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from .neutral import Enum, Model, Specification, SpecificationError
from .typespec_blocks import Block
from .typespec_writing import Writer

__all__ = ["check_carried"]

MEMBER = re.compile(r"^  (`(?:[^`\\]|\\.)+`|[\w$]+)\??:")


def check_carried(specification: Specification, writer: Writer, fresh: Iterable[str], blocks: Sequence[Block]) -> None:
    """Count the members of each new thing, in the document and in the text, and look for what contains itself.

    Raises:
        SpecificationError: if the two differ. That is a fault of this tool, and the text must not be used.
    """
    written = {block.name: block for block in blocks if not block.inside}
    problems: list[str] = []
    for name in fresh:
        block = written.get(writer.name(name))
        if block is None:
            problems.append(f"{name} was not written")
            continue
        wanted, found = _members(specification, name), sum(1 for _ in _written(block))
        if found != wanted:
            problems.append(f"{name} has {wanted} members in the document, {found} were written")
    problems += [f"{name} would contain itself" for name in _circles(written)]
    if problems:
        raise SpecificationError(f"{specification.source}: cannot be written as TypeSpec: {'; '.join(problems)}")


def _members(specification: Specification, name: str) -> int:
    entry = specification.named[name]
    if isinstance(entry, Model):
        return sum(1 for own in entry.fields.values() if not specification.is_inherited(entry, own))
    if isinstance(entry, Enum):
        return len(entry.values) + all(isinstance(value, str) for value in entry.values)
    return len(specification.alternatives(entry))


def _written(block: Block) -> Iterator[str]:
    """The members of a declaration."""
    if block.lines[0].startswith("alias "):
        yield block.lines[0]
        return
    for line in block.lines:
        if block.group == "model":
            if MEMBER.match(line):
                yield line
        elif re.match(r"^  [^\s@*/]", line):
            yield line


def _circles(written: dict[str, Block]) -> Iterator[str]:
    """Unions, aliases and bases that lead back to themselves; fields may, as they are objects of their own."""
    leads = {name: set(_leads(block)) & written.keys() for name, block in written.items()}
    for name in written:
        seen: set[str] = set()
        waiting = [*leads[name]]
        while waiting:
            current = waiting.pop()
            if current == name:
                yield name
                break
            if current not in seen:
                seen.add(current)
                waiting += leads[current]


def _leads(block: Block) -> Iterator[str]:
    for line in block.lines:
        if match := re.search(r"extends (`[^`]+`|\w+) \{", line):
            yield match[1].strip("`")
        if block.group == "union" and (match := re.match(r"^(?:  |alias \w+ = )(`[^`]+`|\w+)[,;]$", line)):
            yield match[1].strip("`")

"""Edits the TypeSpec sources: puts declarations and members where they belong, and says in which versions they are.

The sources are formatted, so a declaration starts at the beginning of a line and ends with a brace at the beginning of
one, and a member has its name at the beginning of a line, after two spaces.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path

from .typespec_names import DECLARATION, MEMBER, PLACEHOLDER, identifier, version_member

__all__ = ["Boundary", "Sources", "boundary_of", "following_version"]

FIELD = re.compile(r"^  (`[^`]+`|\w+)\??:")
VARIANT = re.compile(r"^  ([\w.<>`]+),$")
SINCE = re.compile(r"\s*@(added|removed)\(")
EVENT_TYPE = re.compile(r'^  type: "([^"]+)";')
CHANGES = re.compile(r"\s*@(renamedFrom|typeChangedFrom|madeOptional|madeRequired)\(")
DRAFTS = '@extension("x-draft", #['
PREVIEWS = '@extension("x-preview", #['


@dataclass(frozen=True)
class Boundary:
    """Where a new version stands among the others: its own member of ``Versions``, and the one that follows it."""

    version: str
    following: str = ""

    def decorators(self, before: bool, here: bool, after: bool) -> list[str]:
        """What a thing says of itself, by whether the preceding, the new and the following version have it."""
        found = [f"@added(Versions.{self.version})" if here else f"@removed(Versions.{self.version})"]
        found = found if before != here else []
        if self.following and here != after:
            found.append(f"@{'added' if after else 'removed'}(Versions.{self.following})")
        return found

    def concerns(self, line: str) -> bool:
        """Whether a line says that something changes with the following version."""
        return bool(self.following) and line.strip() in (
            f"@added(Versions.{self.following})",
            f"@removed(Versions.{self.following})",
        )


@dataclass
class Sources:
    """The sources of a schema in memory."""

    folder: Path
    lines: dict[str, list[str]] = field(default_factory=dict)
    changed: set[str] = field(default_factory=set)

    @classmethod
    def read(cls, folder: Path) -> Sources:
        """Read all sources of a folder."""
        paths = sorted(folder.glob("*.tsp"))
        return cls(folder, {path.name: path.read_text(encoding="utf-8").splitlines() for path in paths})

    def write(self) -> list[str]:
        """Write what has changed; return the names of the files."""
        for name in sorted(self.changed):
            (self.folder / name).write_text("\n".join(self.lines[name]) + "\n", encoding="utf-8", newline="\n")
        return sorted(self.changed)

    def file_of_event(self, event_type: str, direction: str) -> str:
        """The file with the events whose types have most in common with a new one."""
        base = f"extends {'Client' if direction == 'client' else 'Server'}Event "
        best, chosen = 0, f"{direction}_events.tsp"
        for name, lines in self.lines.items():
            inside = False
            for line in lines:
                inside = base in f"{line} " if line.startswith("model ") else inside
                if inside and (match := EVENT_TYPE.match(line)) and (shared := _shared(match[1], event_type)) > best:
                    best, chosen = shared, name
        return chosen

    def append(self, name: str, block: list[str]) -> None:
        """Put a declaration at the end of a file."""
        self.lines[name] += ["", *block]
        self._have_versions_for(block, name)
        self.changed.add(name)

    def insert(self, owner: str, block: list[str]) -> bool:
        """Put members at the end of a declaration; return whether it was found."""
        found = self.span(owner)
        if found is None:
            return False
        name, first, last = found
        lines = self.lines[name]
        if first == last:
            opening = lines[first].removesuffix("}").rstrip()
            lines[first : first + 1] = [opening, *block, "}"]
        else:
            lines[last:last] = ["", *block] if lines[last - 1].strip() else block
        self._have_versions_for(block, name)
        self.changed.add(name)
        return True

    def span(self, owner: str) -> tuple[str, int, int] | None:
        """Return the file of a declaration, its first line and its last."""
        for name, lines in self.lines.items():
            if (found := _declaration(lines, owner)) is not None:
                return name, *found
        return None

    def find(self, owner: str, part: str) -> tuple[str, int] | None:
        """Return the file and the line of a declaration, or of a member of one."""
        for name, lines in self.lines.items():
            if (index := _line_of(lines, owner, part)) is not None:
                return name, index
        return None

    def decorators(self, owner: str, part: str) -> list[str]:
        """Return the lines of the decorators of a declaration, or of a member of one."""
        found = self._decorated(owner, part)
        return [] if found is None else self.lines[found[0]][found[1] : found[2]]

    def _decorated(self, owner: str, part: str) -> tuple[str, int, int] | None:
        """Return the file of what has decorators, the first line of these, and the line that they belong to."""
        found = self.find(owner, part)
        return None if found is None else (found[0], _decorated_from(self.lines[found[0]], found[1]), found[1])

    def declared(self) -> list[str]:
        """Return the names of all declarations."""
        found = (DECLARATION.match(line) for lines in self.lines.values() for line in lines)
        return [match[2].strip("`") for match in found if match]

    def place(self, owner: str, part: str, boundary: Boundary, *, before: bool, here: bool, after: bool) -> bool:
        """Say of a declaration, or of a member of one, in which versions it is; return whether it was found."""
        found = self._decorated(owner, part)
        if found is None:
            return False
        name, start, index = found
        lines = self.lines[name]
        kept = [line for line in lines[start:index] if not boundary.concerns(line)]
        indent = "  " if part else ""
        kept += [f"{indent}{line}" for line in boundary.decorators(before, here, after)]
        lines[start:index] = _ordered(kept)
        self.changed.add(name)
        return True

    def add_version(self, boundary: Boundary, value: str) -> None:
        """Add a member to ``Versions``, before the version that follows it."""
        lines = self.lines["versions.tsp"]
        span = _declaration(lines, "Versions")
        assert span is not None
        if any(re.match(rf"^  {boundary.version}:", line) for line in lines):
            return
        at = span[1]
        if boundary.following:
            member = next(i for i, line in enumerate(lines) if line.startswith(f"  {boundary.following}:"))
            at = _documented_from(lines, member)
        block = [f"  /** The API version `{value}` {PLACEHOLDER}. */", f'  {boundary.version}: "{value}",']
        lines[at:at] = [*block, ""] if boundary.following else ["", *block]
        self.changed.add("versions.tsp")

    def propose(self, value: str) -> None:
        """Say of a version that it is a draft."""
        lines = self.lines["versions.tsp"]
        at = next(index for index, line in enumerate(lines) if line.startswith(DRAFTS))
        lines[at] = _listing(DRAFTS, lines[at], value)
        self.changed.add("versions.tsp")

    def change_earlier(self, owner: str, part: str, boundary: Boundary) -> bool:
        """Let a field become with the new version what it becomes with the following one; return whether it does."""
        found = self._decorated(owner, part)
        if found is None or not boundary.following:
            return False
        lines = self.lines[found[0]]
        changed = False
        for index in range(*found[1:]):
            line = lines[index]
            if CHANGES.match(line) or line.strip() == f"Versions.{boundary.following},":
                lines[index] = re.sub(rf"Versions\.{boundary.following}\b", f"Versions.{boundary.version}", line)
                changed = changed or lines[index] != line
        self.changed |= {found[0]} if changed else set()
        return changed

    def require_here(self, owner: str, part: str, boundary: Boundary, required: bool) -> bool:
        """Say of a field that it is required, or optional, in the new version alone; return whether it was found."""
        found = self.find(owner, part)
        if found is None or not boundary.following:
            return False
        made = ("Required", "Optional") if required else ("Optional", "Required")
        versions = (boundary.version, boundary.following)
        said = [f"  @made{kind}(Versions.{version})" for kind, version in zip(made, versions, strict=True)]
        self.lines[found[0]][found[1] : found[1]] = said
        self.changed.add(found[0])
        return True

    def offer_as_preview(self, owner: str, part: str, value: str) -> bool:
        """Say that a version offers a thing only with a preview feature; return whether it was found."""
        found = self._decorated(owner, part)
        if found is None:
            return False
        name, start, index = found
        lines = self.lines[name]
        at = next((i for i in range(start, index) if lines[i].lstrip().startswith(PREVIEWS)), None)
        line = ("  " if part else "") + _listing(PREVIEWS, lines[at].lstrip() if at is not None else "", value)
        if at is None:
            lines.insert(index, line)
            if "using OpenAPI;" not in lines:
                self.lines[name] = self._using(lines, "openapi", "OpenAPI")
        else:
            lines[at] = line
        self.changed.add(name)
        return True

    def _have_versions_for(self, block: list[str], name: str) -> None:
        lines = self.lines[name]
        if any("Versions." in line for line in block) and "using Versioning;" not in lines:
            self.lines[name] = self._using(lines, "versioning", "Versioning")

    def _using(self, lines: list[str], library: str, namespace: str) -> list[str]:
        at = next(index for index, line in enumerate(lines) if line.startswith("namespace "))
        imported = [f'import "@typespec/{library}";', "", f"using {namespace};", ""]
        first = next((i for i, line in enumerate(lines[:at]) if line.startswith("import ")), at)
        if first == at:
            return [*lines[:at], *imported, *lines[at:]]
        return [*lines[:first], imported[0], *lines[first:at], *imported[2:], *lines[at:]]


def following_version(known: list[str], version: str) -> tuple[str, str]:
    """Return the versions before and after a new one, empty at either end; dates stand before names like v1."""
    order = sorted({*known, version}, key=_order)
    at = order.index(version)
    return order[at - 1] if at else "", order[at + 1] if at + 1 < len(order) else ""


def _listing(head: str, line: str, value: str) -> str:
    """Return `line`, a decorator that lists versions after `head`, with one more of them, in order."""
    known = re.findall(r'"([^"]+)"', line.removeprefix(head))
    return f"{head}{', '.join(json.dumps(one) for one in sorted({*known, value}, key=_order))}])"


def _order(version: str) -> tuple[bool, str]:
    return version[:1] == "v", version


def boundary_of(known: list[str], version: str) -> Boundary:
    """Return where a version stands among those that the schema has."""
    following = following_version(known, version)[1]
    return Boundary(version_member(version), version_member(following) if following else "")


def _shared(first: str, second: str) -> int:
    count = 0
    for one, other in zip(re.split(r"[._]", first), re.split(r"[._]", second), strict=False):
        if one != other:
            break
        count += 1
    return count


def _declaration(lines: list[str], owner: str) -> tuple[int, int] | None:
    """The lines from a declaration to its closing brace."""
    for index, line in enumerate(lines):
        match = DECLARATION.match(line)
        if match and match[2].strip("`") == owner:
            if line.endswith("}"):
                return index, index
            return index, next(i for i in range(index, len(lines)) if lines[i] in ("}", "};"))
    return None


def _line_of(lines: list[str], owner: str, part: str) -> int | None:
    span = _declaration(lines, owner)
    if span is None or not part:
        return span[0] if span else None
    for index in range(span[0] + 1, span[1]):
        line = lines[index]
        if (match := MEMBER.match(line)) and match[2] == part:
            return index
        if (match := FIELD.match(line)) and not MEMBER.match(line) and match[1].strip("`") == part:
            return index
        if (match := VARIANT.match(line)) and match[1] in (part, identifier(part)):
            return index
    return None


def _decorated_from(lines: list[str], index: int) -> int:
    """The first line of the decorators above a line."""
    while index > 0 and lines[index - 1].strip() and not lines[index - 1].rstrip().endswith(("*/", "{", ",", ";")):
        index -= 1
        if lines[index].strip() == ")":
            # A decorator over several lines, perhaps with empty ones among them.
            while not lines[index].lstrip().startswith("@"):
                index -= 1
    return index


def _documented_from(lines: list[str], index: int) -> int:
    """The first line of the doc comment above a line."""
    index = _decorated_from(lines, index)
    while not lines[index].lstrip().startswith("/**"):
        index -= 1
    return index


def _ordered(lines: list[str]) -> list[str]:
    """Decorators with those that say since when at the end, by version."""
    since = [line for line in lines if SINCE.match(line)]
    return [*(line for line in lines if not SINCE.match(line)), *sorted(since, key=_when)]


def _when(line: str) -> tuple[bool, str]:
    version = line.partition("Versions.")[2]
    return not re.match(r"v\d{4}_", version), version

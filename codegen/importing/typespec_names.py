"""Names in TypeSpec: identifiers, members of enums, and what the schema's sources already declare."""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["PLACEHOLDER", "Declared", "declared", "identifier", "member_name", "model_name", "version_member"]

PLACEHOLDER = "(placeholder)"
"""Stands in every description that is still to be written; `python -m codegen --release` finds it."""

# Words that may not stand as a name without backquotes.
KEYWORDS = frozenset(
    [
        "import",
        "model",
        "scalar",
        "namespace",
        "interface",
        "union",
        "if",
        "else",
        "projection",
        "using",
        "op",
        "extends",
        "is",
        "enum",
        "alias",
        "dec",
        "fn",
        "valueof",
        "typeof",
        "const",
        "init",
        "true",
        "false",
        "return",
        "void",
        "never",
        "unknown",
    ]
)
IDENTIFIER = re.compile(r"[A-Za-z_$][\w$]*", re.ASCII)
DECLARATION = re.compile(r"^(model|union|enum|alias) (`[^`]+`|\w+)")
MEMBER = re.compile(r'^\s+(`[^`]+`|\w+): "((?:[^"\\]|\\.)*)",?$')
SIGNS = {"-": "Hyphen", "_": "Underscore", ".": "Dot", "+": "Plus", "/": "Slash", ":": "Colon", " ": "Space"}


@dataclass
class Declared:
    """What the sources declare: the file of each name, and the member name of each value of an enum."""

    files: dict[str, str] = field(default_factory=dict)
    members: dict[str, dict[str, str]] = field(default_factory=dict)


def declared(schema: Path) -> Declared:
    """Read the declarations out of the sources; they are formatted, so each stands on a line of its own."""
    found = Declared()
    for path in sorted(schema.glob("*.tsp")):
        current = ""
        for line in path.read_text(encoding="utf-8").splitlines():
            if match := DECLARATION.match(line):
                current = match[2].strip("`")
                found.files[current] = path.name
            elif current and (match := MEMBER.match(line)):
                found.members.setdefault(current, {})[match[2]] = match[1].strip("`")
    return found


def identifier(name: str) -> str:
    """Return a name as it must stand in a source: in backquotes where it is a keyword or has unusual signs."""
    if IDENTIFIER.fullmatch(name) and name not in KEYWORDS:
        return name
    escaped = name.replace("\\", "\\\\").replace("`", "\\`").replace("\n", "\\n").replace("\r", "\\r")
    return f"`{escaped}`"


def model_name(name: str, taken: Container[str]) -> str:
    """Return a class name for a model of another document: without its namespace, unless that name is taken."""
    last = _pascal(name.rpartition(".")[2])
    # An object in a field is named after its place, Model.field: the field alone would say too little.
    short = last if re.match(r"[A-Z]", name.rpartition(".")[2]) else _pascal(name)
    for candidate in (short, _pascal(name)):
        if candidate not in taken:
            return candidate
    return _pascal(name) + "New"


def member_name(value: str, taken: Container[str] = ()) -> str:
    """Return the name of an enum's member: its value in camel case; with the signs spelled out where that is taken."""
    for text in (value, "".join(f" {SIGNS.get(sign, sign)} " if not sign.isalnum() else sign for sign in value)):
        parts = [part for part in re.split(r"[^0-9A-Za-z]+", text) if part]
        # The schema writes MAI-Voice-1 as maiVoice1 and DragonHDOmniLatestNeural as dragonHDOmniLatestNeural.
        first = (
            parts[0].lower() if parts and parts[0].isupper() else parts[0][0].lower() + parts[0][1:] if parts else ""
        )
        name = first + "".join(part[0].upper() + part[1:] for part in parts[1:])
        if name and name not in taken:
            return name
    return value or "empty"


def version_member(version: str) -> str:
    """Return the member of ``Versions`` for an API version: ``v2027_01_15_preview`` for ``2027-01-15-preview``."""
    name = re.sub(r"\W+", "_", version)
    return name if re.match(r"v\d", name) else f"v{name}"


def _pascal(name: str) -> str:
    parts = [part for part in re.split(r"[^0-9A-Za-z]+", name) if part]
    joined = "".join(part[0].upper() + part[1:] for part in parts)
    return joined if re.match(r"[A-Z]", joined) else f"Model{joined}"

"""The sentences that people read hold none of the idioms that a native reader stumbles over."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
GENERATED = ROOT / "src" / "voicelive" / "_generated"
PAGES = [
    *(path for path in sorted((ROOT / "src").rglob("*.py")) if GENERATED not in path.parents),
    *sorted((ROOT / "codegen").rglob("*.py")),
    *sorted((ROOT / "codegen").rglob("*.jinja2")),
    *sorted((ROOT / "examples").rglob("*.py")),
    *sorted((ROOT / "schema").glob("*.tsp")),
    *sorted((ROOT / "docs").rglob("*.md")),
    *(ROOT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "schema/README.md")),
]

IDIOMS = {
    r"(?<!there )(?<!There )\b(?:is|are|was|were) no (?!longer\b|more\b|less\b|later\b|earlier\b|doubt\b)\w+": (
        "say 'is not a …'"
    ),
    r"\b[Tt]ells? whether\b": "say 'Return whether' or 'say whether'",
    r'"""Tell (?:how|what|when|where|if) ': "say 'Return how …' or 'Say how …'",
    r"\b[Gg]oodbye\b(?![\"!]|\.\")": "say 'close frame'",
    r"\b[Aa]mid\b": "say 'during'",
    r"(?<!there )(?<!There )\b(?:is|are) none\b": "say 'is not one'; it reads as None",
    r"\btimes as dear\b|\bas dear\b": "say 'as expensive'",
    r"\bbelongs? into\b|\bfits? into one\b": "say 'belongs in', 'fits in'",
    r"\b(?:tokens|bytes|characters|connections|events|messages|samples) an? (?:second|minute|session)\b": "say 'per'",
    r"\bone a (?:core|session|process|turn)\b|\bonce a process\b": "say 'one per …'",
    r"\bwhere need be\b": "say 'where necessary'",
    r"\bc[oa]mes? about\b": "say 'happens'",
    r"\b(?:says?|tells?|said|told) nothing of\b": "say 'says nothing about'",
    r"\bof one's own\b": "say whose it is",
    r"\bfor ever\b": "say 'forever'",
}


@pytest.mark.parametrize("idiom", IDIOMS, ids=list(IDIOMS.values()))
def test_no_foreign_idiom(idiom: str) -> None:
    """Each row: a turn of phrase, and what a native speaker would write."""
    found = [
        f"{path.relative_to(ROOT)}:{number}: {match[0]!r}"
        for path in PAGES
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if (match := re.search(idiom, line))
    ]
    assert not found, f"{IDIOMS[idiom]}:\n" + "\n".join(found)

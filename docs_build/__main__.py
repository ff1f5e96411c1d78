"""`python -m docs_build FOLDER`: write the generated pages into a folder, to look at."""

from __future__ import annotations

import sys
from pathlib import Path

from .pages import reference_pages
from .reference import read_reference


def main(arguments: list[str]) -> int:
    """Write the pages; return the exit code."""
    if len(arguments) != 1:
        print("usage: python -m docs_build FOLDER", file=sys.stderr)
        return 2
    pages = reference_pages(read_reference())
    for path, text in pages.items():
        target = Path(arguments[0], path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8", newline="\n")
    print(f"docs_build: {len(pages)} pages")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""What mypy and pyright, both strict, find in programs that use the package.

Every complete program of the README and of the documentation satisfies them, and they find each mistake in a mapping.
They are run once, over all of it: most of their time goes into reading the package.
"""

from __future__ import annotations

import ast
import inspect
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.blocks import PAGES, ROOT, Block, blocks

pytestmark = pytest.mark.timeout(600)

CHECKERS = {
    # What it has learned of the package and of others it reads again as long as they do not change.
    "mypy": ["mypy", "--strict", "--config-file=", f"--cache-dir={ROOT / '.mypy_cache' / 'documentation'}", "."],
    "pyright": ["pyright", "--project", ".", "--pythonpath", sys.executable],
}


def is_complete(block: Block) -> bool:
    """Whether a block is a program by itself: it takes no name for granted, and awaits in functions only."""
    if block.language not in ("python", "py") or set(block.directive.given) - {"identity"}:
        return False
    code = compile(block.text, block.id, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    return not code.co_flags & inspect.CO_COROUTINE


MAPPINGS = Path(__file__).resolve().parent.parent / "data" / "typing" / "mappings.txt"
FINDING = re.compile(r"(\w+\.py):(\d+).*\berror\b")
PROGRAMS = [block for page in PAGES for block in blocks(page) if is_complete(block)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The programs, a file each, in a project of their own with no settings but strictness."""
    for block in PROGRAMS:
        name = re.sub(r"\W", "_", block.id.partition(":")[0])
        # Empty lines above, so that a finding names the line of the page.
        (tmp_path / f"{name}_{block.line}.py").write_text("\n" * block.line + block.text, encoding="utf-8")
    (tmp_path / "mappings.py").write_text(MAPPINGS.read_text(encoding="utf-8"), encoding="utf-8")
    settings = {"typeCheckingMode": "strict", "pythonVersion": "3.11"}
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(settings), encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("checker", CHECKERS)
def test_the_type_checkers_find_the_mistakes_and_nothing_else(folder: Path, checker: str) -> None:
    """Each wrong key, type and constant in a mapping is an error; no program and no right mapping has one."""
    assert len(PROGRAMS) > 30
    mistakes = {
        ("mappings.py", number)
        for number, line in enumerate(MAPPINGS.read_text(encoding="utf-8").splitlines(), 1)
        if line.endswith("  # wrong")
    }
    assert len(mistakes) > 25
    command = [sys.executable, "-m", *CHECKERS[checker]]
    finished = subprocess.run(command, capture_output=True, text=True, timeout=560, check=False, cwd=folder)
    found = {(match[1], int(match[2])) for match in FINDING.finditer(finished.stdout)}
    assert found == mistakes, finished.stdout + finished.stderr

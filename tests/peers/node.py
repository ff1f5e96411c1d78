"""Node and the JavaScript client, installed as the lock file says."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from functools import cache
from pathlib import Path

from codegen.node import NodeError, find_node, run

from ..outside import leave_out

__all__ = ["DRIVER", "node"]

FOLDER = Path(__file__).parent / "js"
DRIVER = FOLDER / "driver.mjs"
MODULES = FOLDER / "node_modules"
MARK = "of-lock"  # holds the hash of the lock file that the modules were installed from
SECONDS = 300


@cache
def node() -> Path:
    """Return the path of Node, with the client's packages beside the driver; leave the test out where they are not."""
    try:
        program, npm = find_node()
        lock = (FOLDER / "package-lock.json").read_bytes()
        wanted = hashlib.sha256(lock).hexdigest()
        if _installed() != wanted:
            _install(program, npm, wanted)
    except NodeError as error:
        leave_out(f"the JavaScript client cannot be installed: {error}", "let npm reach its registry")
    return program


def _installed() -> str | None:
    mark = MODULES / MARK
    return mark.read_text() if mark.exists() else None


def _install(program: Path, npm: Path, wanted: str) -> None:
    # Installed elsewhere and moved here in one step: several processes of one test run may do this at once.
    with tempfile.TemporaryDirectory(prefix=".install-", dir=FOLDER) as name:
        folder = Path(name)
        for file in ("package.json", "package-lock.json", ".npmrc"):
            shutil.copy(FOLDER / file, folder)
        run([str(program), str(npm), "ci", "--no-audit", "--no-fund", "--ignore-scripts"], folder, SECONDS)
        (folder / "node_modules" / MARK).write_text(wanted)
        try:
            if MODULES.exists() and _installed() != wanted:
                os.replace(MODULES, folder / "old")
            os.replace(folder / "node_modules", MODULES)
        except OSError:
            # Another process was faster.
            if _installed() != wanted:
                raise

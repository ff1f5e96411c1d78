"""Samples and tests of the official package, fetched by its name when a test asks for them, and never kept here."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import tempfile
from functools import cache
from importlib.metadata import version
from pathlib import Path

from ..outside import leave_out

__all__ = ["samples", "unit_tests"]

PACKAGE = "azure-ai-voicelive"
SECONDS = 120


def samples() -> dict[str, str]:
    """The sources of the samples of the version that is installed, by file name."""
    return {Path(path).name: text for path, text in sources().items() if "/samples/" in path}


def unit_tests() -> dict[str, str]:
    """The sources of its unit tests, by file name."""
    return {Path(path).name: text for path, text in sources().items() if "/tests/unit/" in path}


@cache
def sources() -> dict[str, str]:
    """Every Python file of the version that is installed, by its path in the archive."""
    with tempfile.TemporaryDirectory(prefix="voicelive-samples-") as folder:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
        command += ["--no-binary", PACKAGE, "--dest", folder, f"{PACKAGE}=={version(PACKAGE)}"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
        found = next(Path(folder).glob("*.tar.gz"), None)
        if done.returncode or found is None:
            leave_out(f"the sources of {PACKAGE} cannot be fetched: {done.stderr[-200:]}", "let pip reach its index")
        with tarfile.open(found) as archive:
            return {
                member.name: file.read().decode("utf-8")
                for member in archive.getmembers()
                if member.name.endswith(".py") and (file := archive.extractfile(member))
            }

"""The official package's unit tests, with the import path changed and nothing else, against this package."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Collection
from importlib.metadata import version
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from .sources import PACKAGE, unit_tests

TABLE = Path(__file__).resolve().parent.parent / "data" / "official_unit_tests.json"
STAND_INS = Path(__file__).with_name("stand_ins.py")
SECONDS = 100


def outcomes(folder: Path, left_out: Collection[str]) -> dict[str, bool]:
    """Run them but for these files; return whether each passed, with all of its parameters."""
    unit = folder / "tests" / "unit"
    unit.mkdir(parents=True)
    (folder / "conftest.py").write_text(STAND_INS.read_text(encoding="utf-8"), encoding="utf-8")
    (folder / "tests" / "__init__.py").write_text("", encoding="utf-8")
    for name, text in ((name, text) for name, text in unit_tests().items() if name not in left_out):
        (unit / name).write_text(text.replace("azure.ai.voicelive", "voicelive"), encoding="utf-8")
    report = folder / "report.xml"
    command = [sys.executable, "-W", "ignore", "-m", "pytest", "-q", "--tb=no", "-p", "no:cacheprovider"]
    command += ["-o", "asyncio_mode=auto", f"--junitxml={report}", "tests/unit"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert report.exists(), done.stdout[-3000:] + done.stderr[-3000:]
    passed: dict[str, bool] = {}
    for case in ElementTree.parse(report).iter("testcase"):
        place = case.get("classname", "").removeprefix("tests.unit.").replace(".", "::")
        name = f"{place}::{case.get('name', '').partition('[')[0]}"
        passed[name] = passed.get(name, True) and not [each for each in case if each.tag in ("failure", "error")]
    return passed


def test_each_of_them_passes_or_has_its_reason(tmp_path: Path) -> None:
    """Every test passes, but for those of the table, each with the one reason why; and none of the table passes."""
    table: dict[str, Any] = json.loads(TABLE.read_text(encoding="utf-8"))
    assert table["version"] == version(PACKAGE), "another version: look at its tests, and renew the table"
    reasons = [name for group in table["failing"] for name in group["tests"] if group["reason"]]
    found = outcomes(tmp_path, table["left_out"])
    failing = sorted(name for name, passed in found.items() if not passed)
    assert failing == sorted(reasons)
    assert len(found) - len(failing) == table["passing"]

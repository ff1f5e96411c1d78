"""The page about telemetry has every name that is exported, and every logger that there is."""

from __future__ import annotations

import os
import re
from pathlib import Path

from voicelive._telemetry.names import TABLE, UNITS

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "telemetry.md"
MARK = "<!-- table of names -->\n"
KINDS = {"span": "span", "event": "log event", "metric": "metric", "operation": "value"}


def table() -> str:
    """Return the table of the page, made of the one that exports go by."""
    rows = ['| Kind | GenAI conventions | `conventions="azure"` |', "| --- | --- | --- |"]
    for what, names in TABLE.items():
        kind, dot, _ = what.partition(".")
        unit = f", {UNITS[what]}" if what in UNITS else ""
        cells = " | ".join("-" if name is None else f"`{name}`" for name in names)
        rows.append(f"| {KINDS[kind] if dot else 'attribute'}{unit} | {cells} |")
    return "\n".join(rows) + "\n"


def test_the_page_has_every_name() -> None:
    """Its table is made of the one in the code; VOICELIVE_TELEMETRY_NAMES=write renews it."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(MARK)
    shown, line, after = rest.partition("\n## ")
    if os.environ.get("VOICELIVE_TELEMETRY_NAMES") == "write":
        PAGE.write_text(f"{before}{MARK}\n{table()}{line}{after}", encoding="utf-8")
    else:
        assert shown.strip() == table().strip()


def test_the_page_has_every_logger() -> None:
    """Each logger of the package has its row, and no other has one."""
    sources = (path.read_text(encoding="utf-8") for path in (ROOT / "src" / "voicelive").rglob("*.py"))
    made = {name for text in sources for name in re.findall(r"\"(voicelive\.[a-z.]+)\"", text)}
    in_use = {name for name in made if re.search(rf'getLogger\("{name}"\)|LOGGER_NAME = "{name}"', _all_sources())}
    rows = set(re.findall(r"^\| `(voicelive\.[a-z.]+)` \|", PAGE.read_text(encoding="utf-8"), re.M))
    # It is never written to: what the local service's WebSocket library says goes nowhere.
    assert rows == in_use - {"voicelive.local.wire"}


def _all_sources() -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "src" / "voicelive").rglob("*.py"))

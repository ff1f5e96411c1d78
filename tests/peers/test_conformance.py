"""The conformance document says what the tests find."""

from __future__ import annotations

from .cells import CELLS
from .document import PATH, expected, render


def test_the_document_is_current() -> None:
    """docs/conformance.md is what a run of these tests writes; `nox -s conformance` does."""
    assert PATH.read_text(encoding="utf-8") == render(expected())


def test_every_reason_is_needed() -> None:
    """Both clients of this project get through every flow; every other one through most."""
    for name in {cell.client.name for cell in CELLS}:
        passes = [cell.reason is None for cell in CELLS if cell.client.name == name]
        assert all(passes) if name.startswith("voicelive") else sum(passes) > len(passes) / 2

"""Every flow with every client in every dialect: the client gets through it, or it is shown why it cannot."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from .cells import CELLS, Cell
from .stage import Stage


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.name)
async def test_flow(cell: Cell, record_property: Callable[[str, object], None]) -> None:
    """The client gets through the flow; where it cannot, the stated reason holds."""
    record_property("conformance", (cell.name, None if cell.reason is None else cell.reason.text))
    stage = Stage(cell.client, cell.dialect)
    await (cell.flow.run if cell.reason is None else cell.reason.proof)(stage)

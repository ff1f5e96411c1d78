"""The official clients through the relay: they cannot tell it from the service behind it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from azure.core.credentials import AzureKeyCredential

from voicelive.local import LocalService, Upstream

from .cells import CELLS, Cell
from .clients import AZURE_JS, AZURE_PYTHON
from .dialects import CASCADED
from .peer import KEY
from .stage import Stage

FLOWS = ("connect", "wrong key", "audio turn", "barge-in", "function call", "closing", "session expiry")
THROUGH = [
    cell
    for cell in CELLS
    if cell.client in (AZURE_PYTHON, AZURE_JS) and cell.dialect is CASCADED and cell.flow.name in FLOWS
]


class Relayed(Stage):
    """A stage whose service is a relay: the clients must have its key, and it has that of the service behind it."""

    @asynccontextmanager
    async def service(self, **engines: Any) -> AsyncGenerator[LocalService, None]:
        """Run the service that a flow needs, and a relay before it."""
        async with super().service(**engines) as beyond:
            to = Upstream(beyond.endpoint, credential=AzureKeyCredential(KEY))
            async with LocalService(upstream=to, api_key=KEY) as relay:
                yield relay


@pytest.mark.parametrize("cell", THROUGH, ids=lambda cell: cell.name)
async def test_flow(cell: Cell) -> None:
    """The client gets through the flow as it does without the relay."""
    await cell.flow.run(Relayed(cell.client, cell.dialect))

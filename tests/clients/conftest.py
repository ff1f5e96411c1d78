"""Both clients, a clean environment, and a check that nothing is left behind."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from .harness import Client, assert_nothing_left

VARIABLES = (
    "AZURE_VOICELIVE_ENDPOINT",
    "AZURE_COGNITIVE_SERVICES_ENDPOINT",
    "AZURE_VOICELIVE_API_KEY",
    "AZURE_COGNITIVE_SERVICES_KEY",
)


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the machine's own settings out."""
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)


@pytest_asyncio.fixture(params=["sync", "async"])
async def client(request: pytest.FixtureRequest) -> AsyncIterator[Client]:
    """Each of the two clients in turn; afterwards no thread, task or socket may be left."""
    yield Client(request.param)
    await assert_nothing_left()

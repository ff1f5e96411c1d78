"""Services to test against."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from voicelive.local import Engines, LocalService

from .helpers import Client, Scripted, connected


@pytest.fixture
async def service() -> AsyncIterator[LocalService]:
    """A service that hears and speaks tones and repeats what it hears."""
    async with LocalService(engines=replace(Engines.basic(), responder=Scripted())) as running:
        yield running


@pytest.fixture
async def client(service: LocalService) -> AsyncIterator[Client]:
    """A connection to :func:`service`, its session just created."""
    async with connected(service) as connection:
        yield connection

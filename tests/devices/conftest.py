"""Both clients with a scripted service, and nothing left behind."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from tests.clients.conftest import clean_environment, client
from voicelive.testing import ScriptedService

__all__ = ["clean_environment", "client", "no_thread_left", "service"]


@pytest.fixture
def service() -> Iterator[ScriptedService]:
    """A service that makes answers faster than they play."""
    with ScriptedService(strict=False, timeout=60) as running:
        yield running


@pytest.fixture(autouse=True)
def no_thread_left() -> Iterator[None]:
    """After a test no thread of a device is left."""
    yield
    deadline = time.monotonic() + 60
    names = ("voicelive-microphone", "voicelive-array", "voicelive-audio")
    while left := [thread.name for thread in threading.enumerate() if thread.name.startswith(names)]:
        assert time.monotonic() < deadline, left
        time.sleep(0.01)

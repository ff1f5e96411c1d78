"""A service for the snippets, and the two ways to run them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.secrets import KEY
from voicelive._local.threaded import ThreadedLocalService
from voicelive.local import LocalService

from .identity import identity as identity
from .running import Runner


@pytest.fixture
def service() -> Iterator[ThreadedLocalService]:
    with LocalService.in_thread() as running:
        yield running


@pytest.fixture(params=["sync", "async"])
def runner(request: pytest.FixtureRequest, service: ThreadedLocalService, monkeypatch: pytest.MonkeyPatch) -> Runner:
    monkeypatch.setenv("AZURE_COGNITIVE_SERVICES_ENDPOINT", service.endpoint)
    monkeypatch.setenv("AZURE_COGNITIVE_SERVICES_KEY", KEY)
    return Runner(request.param, service)

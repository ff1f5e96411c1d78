"""The pytest plugin: fixtures for testing voice agents against a scripted service.

pytest loads this file in every run of every project that has the package installed. So it imports nothing here; the
fixtures import what they need when a test first asks for them. It has no `__dir__` either: pytest finds the hooks in
`dir()`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .testing import ScriptedService

__all__ = ["voicelive_environment", "voicelive_service"]

_MARKER = "voicelive"
_ENVIRONMENT = ("AZURE_VOICELIVE_ENDPOINT", "AZURE_COGNITIVE_SERVICES_ENDPOINT")
_KEYS = ("AZURE_VOICELIVE_API_KEY", "AZURE_COGNITIVE_SERVICES_KEY")
_KEY = "local"
_service = pytest.StashKey["ScriptedService"]()
_cut_short = pytest.StashKey[bool]()


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line(
        "markers",
        f"{_MARKER}(**options): arguments of the ScriptedService that the fixture voicelive_service gives, "
        "such as strict=False, timeout=10, dialect='realtime' or pacing='real'",
    )


@pytest.fixture
def voicelive_service(request: pytest.FixtureRequest) -> Iterator[ScriptedService]:
    """Give a local Voice Live service whose answers the test scripts, for sync and async tests alike.

    The marker ``voicelive`` gives its arguments. A test that passes and leaves turns of its script unused, or has asked
    for more than there were, is failed at its end, unless the marker says ``strict=False``.
    """
    from .testing import ScriptedService

    with ScriptedService(**_options(request.node)) as service:
        request.node.stash[_service] = service
        try:
            yield service
        finally:
            del request.node.stash[_service]
    # What a test leaves undone that has failed, or was skipped on its way, is not news.
    if service.strict and not request.node.stash.get(_cut_short, False) and (complaints := service.complaints()):
        pytest.fail("\n".join([*complaints, "", service.timeline()]), pytrace=False)


@pytest.fixture
def voicelive_environment(voicelive_service: ScriptedService, monkeypatch: pytest.MonkeyPatch) -> ScriptedService:
    """Let ``connect()`` without endpoint and credential find :func:`voicelive_service`; gives that."""
    for name in (*_ENVIRONMENT, *_KEYS):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(_ENVIRONMENT[0], voicelive_service.endpoint)
    monkeypatch.setenv(_KEYS[0], _KEY)
    return voicelive_service


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Show what went over the wire in the report of a test that failed, and remember that it did not get to its end."""
    outcome: Any = yield
    service = item.stash.get(_service, None)
    if service is None or call.excinfo is None:
        return
    item.stash[_cut_short] = True
    report = outcome.get_result()
    if report.failed:
        report.sections.append(("voicelive service", service.timeline()))


def _options(node: pytest.Item) -> dict[str, Any]:
    options: dict[str, Any] = {}
    # The closest marker comes first, and has the last word.
    for marker in reversed(list(node.iter_markers(_MARKER))):
        if marker.args:
            raise pytest.UsageError(f"the marker {_MARKER!r} takes keyword arguments only, not {marker.args!r}")
        options.update(marker.kwargs)
    return options

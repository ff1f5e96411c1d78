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
    from .testing import Cassette, ScriptedService

__all__ = ["voicelive_cassette", "voicelive_environment", "voicelive_service"]

_MARKER = "voicelive"
_CASSETTE = "cassette"
_RECORD = "--voicelive-record"
_ENVIRONMENT = ("AZURE_VOICELIVE_ENDPOINT", "AZURE_COGNITIVE_SERVICES_ENDPOINT")
_KEYS = ("AZURE_VOICELIVE_API_KEY", "AZURE_COGNITIVE_SERVICES_KEY")
_KEY = "local"
_service = pytest.StashKey["ScriptedService"]()
_cassette = pytest.StashKey["Cassette"]()
_cut_short = pytest.StashKey[bool]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that records cassettes."""
    parser.getgroup("voicelive").addoption(
        _RECORD,
        metavar="URL",
        help="record the cassettes of the tests that run again, against the service at URL; 'local' for one of this "
        "package's own. Credentials are found as connect() finds them.",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line(
        "markers",
        f"{_MARKER}(**options): arguments of the ScriptedService that the fixture voicelive_service gives, "
        "such as strict=False, timeout=10, dialect='realtime' or pacing='real'",
    )
    config.addinivalue_line(
        "markers",
        f"{_CASSETTE}(name=None, match='strict', timeout=10): the recording that the fixture voicelive_cassette "
        "replays; match is 'strict', 'order' or 'loose'",
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


@pytest.fixture
def voicelive_cassette(request: pytest.FixtureRequest) -> Iterator[Cassette]:
    """Give the service's side of a call that was recorded once, to connect to without network and account.

    The marker ``cassette`` names it; left out, it has the name of the test. It is a file in the folder ``cassettes``
    beside the test's. A test that does something else than what was recorded is ended, and failed with the difference.
    With ``--voicelive-record URL`` the test talks to that service, and what it does is recorded if it passes.
    """
    cassette = _cassette_of(request.node)
    try:
        with cassette:
            request.node.stash[_cassette] = cassette
            yield cassette
            problems = cassette.problems()
            is_cut_short = request.node.stash.get(_cut_short, False)
            if cassette.is_recording and not is_cut_short:
                cassette.keep()
    except FileNotFoundError as error:
        pytest.fail(str(error), pytrace=False)
    finally:
        request.node.stash.setdefault(_cassette, cassette)
        del request.node.stash[_cassette]
    # The report of a test that failed shows them beside what it failed with.
    if problems and not is_cut_short:
        pytest.fail("\n".join(problems), pytrace=False)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Show what went over the wire in the report of a test that failed, and remember that it did not get to its end."""
    outcome: Any = yield
    service, cassette = item.stash.get(_service, None), item.stash.get(_cassette, None)
    if call.excinfo is None or (service is None and cassette is None):
        return
    item.stash[_cut_short] = True
    report = outcome.get_result()
    if report.failed and service is not None:
        report.sections.append(("voicelive service", service.timeline()))
    if report.failed and cassette is not None and (problems := cassette.problems()):
        report.sections.append(("voicelive cassette", "\n".join(problems)))


def _options(node: pytest.Item) -> dict[str, Any]:
    options: dict[str, Any] = {}
    # The closest marker comes first, and has the last word.
    for marker in reversed(list(node.iter_markers(_MARKER))):
        if marker.args:
            raise pytest.UsageError(f"the marker {_MARKER!r} takes keyword arguments only, not {marker.args!r}")
        options.update(marker.kwargs)
    return options


def _cassette_of(node: pytest.Item) -> Cassette:
    from .testing import Cassette

    marker = node.get_closest_marker(_CASSETTE)
    arguments = {} if marker is None else dict(marker.kwargs)
    names = [] if marker is None else list(marker.args)
    name = arguments.pop("name", names[0] if names else None)
    unknown = sorted(arguments.keys() - {"match", "timeout"})
    if len(names) > 1 or unknown:
        raise pytest.UsageError(f"the marker {_CASSETTE!r} takes name, match and timeout, not {names[1:] + unknown}")
    return Cassette(
        node.path.parent / "cassettes", str(name or node.name), record=node.config.getoption(_RECORD), **arguments
    )

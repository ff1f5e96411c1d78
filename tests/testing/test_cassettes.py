"""Cassettes in projects of the plugin's users: recorded once, replayed ever after, and named where a test differs."""

from __future__ import annotations

from pathlib import Path

import pytest

from voicelive.local import LocalService
from voicelive.recording import Recording

from .test_plugin import project as project
from .test_plugin import run

pytestmark = pytest.mark.timeout(300)

TEST = """
import pytest
from agent import ask

@pytest.mark.cassette("greeting", match="{match}", timeout={timeout})
def test_greeting(voicelive_cassette):
    assert ask("{text}", endpoint=voicelive_cassette.endpoint)
"""


def write(project: pytest.Pytester, text: str = "hello", match: str = "strict", timeout: float = 30) -> None:
    project.makepyfile(test_it=TEST.format(text=text, match=match, timeout=timeout))


@pytest.fixture
def recorded(project: pytest.Pytester) -> pytest.Pytester:
    """A project whose cassette has been recorded, against the local service."""
    write(project)
    run(project, "--voicelive-record", "local").assert_outcomes(passed=1)
    return project


def test_a_cassette_is_recorded_once_and_replayed_without_a_service(project: pytest.Pytester) -> None:
    """Recorded against a service that is gone afterwards, the test passes as often as it runs, from one small file."""
    write(project)
    with LocalService.in_thread() as service:
        run(project, "--voicelive-record", service.endpoint).assert_outcomes(passed=1)
    path = Path(project.path) / "cassettes" / "greeting.zip"
    recording = Recording.open(path)
    assert recording.check() == []
    assert path.stat().st_size < 20_000
    for _ in range(2):
        run(project).assert_outcomes(passed=1)
    assert "cassette(name=None" in run(project, "--markers").stdout.str()


def test_a_test_that_does_something_else_fails_with_the_difference(recorded: pytest.Pytester) -> None:
    """What the test sends otherwise than recorded is shown as a difference; it ends, and does not hang."""
    write(recorded, "hullo")
    result = run(recorded)
    result.assert_outcomes(failed=1)
    text = result.stdout.str()
    assert '-        "text": "hello",' in text
    assert '+        "text": "hullo",' in text


@pytest.mark.parametrize(("match", "passed"), [("order", 0), ("loose", 1)])
def test_how_much_must_be_the_same_is_for_the_marker_to_say(recorded: pytest.Pytester, match: str, passed: int) -> None:
    """A loose cassette goes by the types of events; one in order, by their content too."""
    # Where it does not fit, the replay waits for what fits until its time is up.
    write(recorded, "hullo", match, timeout=30 if passed else 1)
    run(recorded).assert_outcomes(passed=passed, failed=1 - passed)


def test_a_test_that_stops_halfway_fails(recorded: pytest.Pytester) -> None:
    """A test that passes without having done what was recorded is failed, and told what is missing."""
    recorded.makepyfile(
        test_it="""
        import pytest, voicelive

        @pytest.mark.cassette("greeting")
        def test_it(voicelive_cassette):
            with voicelive.connect(model="gpt-4o", endpoint=voicelive_cassette.endpoint) as conn:
                conn.recv()

        @pytest.mark.cassette("greeting")
        def test_nothing(voicelive_cassette):
            pass
        """
    )
    result = run(recorded)
    result.assert_outcomes(passed=2, errors=2)
    result.stdout.fnmatch_lines(["*the client ended without having sent*", "*1 of 1 recorded connection(s) were not*"])


def test_a_missing_cassette_says_how_to_record_it(project: pytest.Pytester) -> None:
    """Without a cassette the test fails at once, and says what to do."""
    write(project)
    result = run(project)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*there is no cassette *greeting.zip: record it with --voicelive-record URL*"])


def test_a_failed_test_leaves_no_cassette(project: pytest.Pytester) -> None:
    """What a test does that fails is not kept."""
    project.makepyfile(
        test_it="""
        from agent import ask

        def test_it(voicelive_cassette):
            ask("hello", endpoint=voicelive_cassette.endpoint)
            assert False
        """
    )
    run(project, "--voicelive-record", "local").assert_outcomes(failed=1)
    assert not (Path(project.path) / "cassettes").exists()


def test_what_is_not_a_cassette_is_named(recorded: pytest.Pytester) -> None:
    """A damaged file and a marker that cannot be are named."""
    (Path(recorded.path) / "cassettes" / "greeting.zip").write_text("nothing")
    result = run(recorded)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*greeting.zip is neither a recording's folder nor its zip file*"])
    recorded.makepyfile(
        test_it="""
        import pytest

        @pytest.mark.cassette("a", colour=1)
        def test_it(voicelive_cassette):
            pass
        """
    )
    run(recorded).stdout.fnmatch_lines(["*the marker 'cassette' takes name, match and timeout, not*"])

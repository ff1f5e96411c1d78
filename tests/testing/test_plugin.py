"""The pytest plugin in projects of its users: pytest is run on small test modules."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TIMEOUT = 60.0
# Before pytest 9 a run warns in a process that has imported the plugin.
WARNINGS = ("-W", "error", "-W", "ignore::pytest.PytestAssertRewriteWarning")
OPTIONS = (*WARNINGS, "-p", "no:cacheprovider", "-p", "voicelive.pytest_plugin")

AGENT = '''
import voicelive

def ask(text, **options):
    """The application under test: reads endpoint and key from the environment unless told."""
    with voicelive.connect(model="gpt-4o", **options) as conn:
        conn.session.update(session={"modalities": ["text"]})
        content = [{"type": "input_text", "text": text}]
        conn.conversation.item.create(item={"type": "message", "role": "user", "content": content})
        conn.response.create()
        return conn.wait_for("response.done", timeout=20).response.output[0].content[0].text
'''


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A project with an agent, and with the plugin as if the package were installed with it."""
    # A run in this process takes out of `sys.modules` what it has imported: what was there before stays.
    importlib.import_module("voicelive.testing")
    # Its own, wherever temporary files are: else pytest takes what it finds in the folders above.
    pytester.makeini("[pytest]")
    # What a test module was compiled to a moment ago would pass for another text of the same length.
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    pytester.makepyfile(agent=AGENT)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    return pytester


def run(project: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    """Run the project's tests with every warning an error, and no plugin but this one and those named."""
    return project.runpytest_inprocess(*OPTIONS, *arguments)


def run_in_new_process(project: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    """Do as `run` does, in a process of its own."""
    return project.runpytest_subprocess(*OPTIONS, *arguments, timeout=TIMEOUT)


def test_the_fixture_serves_sync_and_async_tests(project: pytest.Pytester) -> None:
    """A service of its own for each test, found by the environment or by its endpoint."""
    project.makepyfile(
        """
        import asyncio
        import voicelive.aio
        from agent import ask

        def test_by_environment(voicelive_environment):
            voicelive_environment.say("Good morning.")
            assert ask("hello") == "Good morning."
            assert voicelive_environment.session.texts == ["hello"]

        def test_by_endpoint(voicelive_service):
            assert voicelive_service.sessions == []
            voicelive_service.say("Good evening.")
            assert ask("hi", endpoint=voicelive_service.endpoint) == "Good evening."

        async def test_async(voicelive_service):
            voicelive_service.say("Good night.")
            async with voicelive.aio.connect(endpoint=voicelive_service.endpoint, model="gpt-4o") as conn:
                await conn.response.create()
                await conn.wait_for("response.done", timeout=20)
            await voicelive_service.wait_until_async(lambda: voicelive_service.session.record.closed)
            assert voicelive_service.session.answers == ["Good night."]
        """
    )
    options = (
        "-p",
        "pytest_asyncio.plugin",
        "-o",
        "asyncio_mode=auto",
        "-o",
        "asyncio_default_fixture_loop_scope=function",
    )
    run(project, *options).assert_outcomes(passed=3)


def test_a_test_that_fails_shows_what_went_over_the_wire(project: pytest.Pytester) -> None:
    """The report has the events of both directions, and no second complaint about the script."""
    project.makepyfile(
        """
        from agent import ask

        def test_it(voicelive_environment):
            voicelive_environment.say("Good morning.")
            voicelive_environment.say("Never said.")
            assert ask("hello") == "Good evening."
        """
    )
    result = run(project)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*voicelive service*",
            "session sess_*, model gpt-4o, *",
            '*client  conversation.item.create  message user [[]"hello"]',
            '*server  response.text.done  "Good morning."',
        ]
    )


def test_a_script_that_does_not_fit_fails_the_test(project: pytest.Pytester) -> None:
    """Turns that nobody asked for, and requests without a turn, are errors at the end of a test that passed."""
    project.makepyfile(
        """
        import pytest
        from agent import ask

        def test_unused(voicelive_environment):
            voicelive_environment.say("Never said.")

        def test_too_short(voicelive_environment):
            voicelive_environment.say("Good morning.")
            assert ask("hello") == "Good morning."
            with pytest.raises(IndexError):
                ask("again")

        @pytest.mark.xfail(strict=True)
        def test_fails_as_expected(voicelive_environment):
            voicelive_environment.say("Never said.")
            assert False

        def test_skipped(voicelive_environment):
            voicelive_environment.say("Never said.")
            pytest.skip("not here")

        @pytest.mark.voicelive(strict=False)
        def test_lenient(voicelive_environment):
            voicelive_environment.say("Never said.")
        """
    )
    result = run(project)
    result.assert_outcomes(passed=3, errors=2, xfailed=1, skipped=1)
    result.stdout.fnmatch_lines(["1 turn(s) of the script were never asked for: 'Never said.'"])
    result.stdout.fnmatch_lines(["1 request(s) came after the end of the script; *text='again'*"])


def test_the_marker_configures_the_service(project: pytest.Pytester) -> None:
    """Arguments of the service, from the class and from the test; the nearer one counts."""
    project.makepyfile(
        """
        import pytest
        import voicelive

        @pytest.mark.voicelive(api_key="right", timeout=1)
        class TestKey:
            @pytest.mark.voicelive(timeout=2)
            def test_it(self, voicelive_service):
                assert voicelive_service.timeout == 2
                with pytest.raises(voicelive.AuthenticationError):
                    voicelive.connect(endpoint=voicelive_service.endpoint, model="gpt-4o").__enter__()

        @pytest.mark.voicelive("fast")
        def test_wrong(voicelive_service):
            pass

        @pytest.mark.voicelive(nonsense=True)
        def test_unknown(voicelive_service):
            pass
        """
    )
    result = run(project, "--strict-markers")
    result.assert_outcomes(passed=1, errors=2)
    result.stdout.fnmatch_lines(["*takes keyword arguments only, not ('fast',)*"])
    result.stdout.fnmatch_lines(["*LocalService has no argument nonsense; it has host, port, *"])


def test_it_works_in_the_processes_of_xdist(project: pytest.Pytester) -> None:
    """Reports of failed tests keep the service's section on their way from a worker."""
    project.makepyfile(
        """
        def test_one(voicelive_service):
            assert voicelive_service.endpoint.startswith("http://127.0.0.1:")

        def test_two(voicelive_service):
            assert False
        """
    )
    result = run(project, "-p", "xdist", "-n", "2")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*no client has connected to the service*"])


def test_a_run_that_needs_no_service_loads_next_to_nothing(project: pytest.Pytester) -> None:
    """Loading the plugin loads none of the package's dependencies, and none of its parts."""
    project.makepyfile(
        """
        import sys

        def test_it():
            assert "voicelive.pytest_plugin" in sys.modules
            parts = {name for name in sys.modules if name.startswith("voicelive.")}
            assert parts == {"voicelive._version", "voicelive.pytest_plugin"}
            assert not {"pydantic", "websockets", "azure", "asyncio"} & set(sys.modules)
        """
    )
    run_in_new_process(project).assert_outcomes(passed=1)


def test_the_package_announces_the_plugin(project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """The entry point of the project's own metadata is all that pytest needs to find it."""
    declared = re.search(
        r"^\[project\.entry-points\.pytest11\]\n(.+)$", (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.M
    )
    assert declared is not None
    monkeypatch.delenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD")
    info = project.path / "site" / "probe-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: probe\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[pytest11]\n" + declared[1].replace('"', "") + "\n")
    script = "import sys, pytest; sys.path.insert(0, 'site'); sys.exit(pytest.main(['--fixtures', '-q']))"
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=project.path,
        capture_output=True,
        encoding="utf-8",
        timeout=TIMEOUT,
        check=True,
    )
    assert "voicelive_service" in done.stdout
    assert "voicelive_environment" in done.stdout

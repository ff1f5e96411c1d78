"""A run says at its end which tests it left out, and what would let them run."""

from __future__ import annotations

from pathlib import Path

import pytest

from .outside import COMPLETE, PACKAGES, program

ROOT = Path(__file__).resolve().parent.parent

INCOMPLETE = """
import pytest

from tests import outside


@pytest.fixture(scope="module")
def server():
    outside.leave_out("no-such-program is not installed", "apt-get install no-such-package")


@pytest.mark.parametrize("number", range(3))
def test_that_needs_a_program(server, number):
    pass


def test_that_needs_a_kernel():
    outside.not_here("no wings")


@outside.needs(False, "long", "nox -s stress")
def test_that_is_long():
    pass


@pytest.mark.skip(reason="does not apply")
def test_of_the_opposite():
    pass


def test_that_passes():
    pass
"""


@pytest.fixture(autouse=True)
def surroundings(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """The run inside imports what this one does, and is told nothing of what this one must run."""
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function")
    monkeypatch.setenv("PYTHONPATH", f"{ROOT}:{ROOT / 'src'}")
    monkeypatch.delenv(COMPLETE, raising=False)


def run(pytester: pytest.Pytester, source: str, *arguments: str) -> pytest.RunResult:
    pytester.makepyfile(source)
    run = pytester.runpytest_subprocess if arguments else pytester.runpytest_inprocess
    return run("-p", "tests.left_out", "-p", "no:cacheprovider", *arguments)


@pytest.mark.parametrize("workers", [[], ["-n", "1"]], ids=["one process", "a worker"])
def test_what_was_left_out_is_said_at_the_end(pytester: pytest.Pytester, workers: list[str]) -> None:
    """One entry for each reason, with the files, how many tests, and the remedy; other skips are none of it."""
    result = run(pytester, INCOMPLETE, *workers)
    result.assert_outcomes(passed=1, skipped=6)
    result.stdout.fnmatch_lines(
        [
            "*= left out: 5 tests =*",
            "long: 1 test",
            "    test_what_was_left_out_is_said_at_the_end.py: 1 test",
            "    to run: nox -s stress",
            "no wings: 1 test",
            "    test_what_was_left_out_is_said_at_the_end.py: 1 test",
            "    nothing that could be installed here helps",
            "no-such-program is not installed: 3 tests",
            "    test_what_was_left_out_is_said_at_the_end.py: 3 tests",
            "    to run: apt-get install no-such-package",
        ],
        consecutive=True,
    )
    result.stdout.no_fnmatch_line("*does not apply*")


def test_a_complete_run_says_nothing(pytester: pytest.Pytester) -> None:
    """Where no test was left out, there is no such section."""
    result = run(pytester, "def test_that_passes():\n    pass\n")
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*left out*")


def test_where_all_must_run_a_missing_program_fails(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the variable of `.ci/run`, a program that is missing is a failure that names the remedy."""
    monkeypatch.setenv(COMPLETE, "1")
    result = run(pytester, INCOMPLETE)
    result.assert_outcomes(passed=1, errors=3, skipped=3)
    result.stdout.fnmatch_lines(["*no-such-program is not installed*apt-get install no-such-package*"])


def test_a_missing_program_names_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that needs a program is left out with the command that installs it."""
    monkeypatch.setitem(PACKAGES, "no-such-program", "no-such-package")
    with pytest.raises(
        pytest.skip.Exception, match=r"no-such-program is not installed.*apt-get install no-such-package"
    ):
        program("no-such-program")


def test_the_installer_knows_every_package() -> None:
    """`.ci/packages` lists the package of every program that tests drive, and no other."""
    listed = (ROOT / ".ci" / "packages").read_text(encoding="utf-8").splitlines()
    assert sorted(line for line in listed if not line.startswith("#")) == sorted(
        {package for packages in PACKAGES.values() for package in packages.split()}
    )

"""The check that no test gives a credential away finds what it is there to find."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from .secrets import FORMS

ROOT = Path(__file__).resolve().parent.parent

LEAKY = """
import base64
import logging
import subprocess
import sys
import warnings

import pytest

from tests.secrets import KEY, PASSWORD
from voicelive._core.handshake import parse_endpoint
from voicelive._transport.options import TransportOptions


def test_log():
    logging.getLogger("some.library").warning("sent %s", KEY)


@pytest.mark.all_logs
def test_debug_log():
    logging.getLogger("some.library").debug("sent %s", KEY)


def test_output():
    print(KEY)


def test_output_that_is_read(capsys):
    print(KEY)
    capsys.readouterr()


def test_output_of_a_program():
    subprocess.run([sys.executable, "-c", f"print({KEY!r})"], capture_output=True, check=True)


def test_warning():
    warnings.warn(KEY, stacklevel=2)


def test_repr():
    TransportOptions(source_address=(KEY, 0))


def test_encoded():
    print(base64.b64encode(f"user:{PASSWORD}".encode()))


def test_traceback():
    # The frame of the package that refuses it holds its argument.
    with pytest.raises(ValueError, match="malformed|host"):
        parse_endpoint(f"https://[{KEY}")


def test_nothing():
    used = KEY
    logging.getLogger("some.library").debug("sent %s", used)
    assert used
"""


@pytest.mark.leaks_on_purpose
def test_every_way_to_give_a_credential_away_is_found(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each test that leaks fails, in a worker too, and says where; one that only uses a credential passes."""
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function")
    monkeypatch.setenv("PYTHONPATH", f"{ROOT}:{ROOT / 'src'}")
    pytester.makepyfile(LEAKY)
    result = pytester.runpytest_subprocess("-p", "tests.leaks", "-n", "1", "-W", "default")
    result.assert_outcomes(passed=2, failed=8, warnings=1)
    result.stdout.fnmatch_lines_random(
        [
            "*record of the logger 'some.library'*",
            "*captured output*",
            "*output of a program*",
            "*repr of TransportOptions*",
            "*local variable 'endpoint' of handshake.py:*parse_endpoint()*",
        ]
    )
    result.stderr.fnmatch_lines(["*warning of *::test_warning: *"])


@pytest.mark.parametrize("before", ["", "u", "us", "use"])
def test_the_mark_is_known_in_base64(before: str) -> None:
    """However long the user's name is, the password is found in the header that holds both."""
    text = base64.b64encode(f"{before}s3cret-pass".encode()).decode()
    assert any(form in text for form in FORMS)

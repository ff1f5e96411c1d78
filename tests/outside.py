"""Programs from outside Python that some tests drive; `.ci/packages` lists what installs them."""

from __future__ import annotations

import os
import shutil
from typing import NoReturn

import pytest

COMPLETE = "VOICELIVE_TESTS_COMPLETE"
"""Set (by `.ci/run`) where nothing may be left out: a program that is missing fails the test then."""


def program(name: str) -> str:
    """Return the path of a program, or leave the test out, saying so."""
    # Servers such as nginx live where the path of an ordinary user does not look.
    path = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin:/usr/local/sbin")
    if path is None:
        leave_out(f"{name} is not installed")
    return path


def leave_out(reason: str) -> NoReturn:
    """Skip the test because of this machine; where tests must be complete, fail it."""
    if os.environ.get(COMPLETE):
        pytest.fail(f"{reason}, and {COMPLETE} is set")
    pytest.skip(f"left out: {reason}")


def not_here(reason: str) -> NoReturn:
    """Skip the test because of what this machine's kernel or libraries are: nothing that could be installed helps."""
    pytest.skip(f"left out: {reason}")

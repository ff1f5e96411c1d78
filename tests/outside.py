"""What a machine may lack: programs from outside Python that tests drive, and abilities of its kernel and libraries."""

from __future__ import annotations

import os
import shutil
from typing import NoReturn

import pytest

__all__ = ["COMPLETE", "LEFT_OUT", "PACKAGES", "TO_RUN", "leave_out", "needs", "not_here", "program"]

COMPLETE = "VOICELIVE_TESTS_COMPLETE"
"""Set (by `.ci/run`) where nothing may be left out: a program that is missing fails the test then."""

PACKAGES = {
    "chromium": "chromium",
    "ip": "iproute2",
    "jackd": "jackd2",
    "nginx": "nginx-light",
    "pactl": "pulseaudio-utils",
    "paplay": "pulseaudio-utils",
    "parec": "pulseaudio-utils",
    "pulseaudio": "pulseaudio libportaudio2 libasound2-plugins",
    "tinyproxy": "tinyproxy-bin",
}
"""Which Debian package brings which program; `.ci/packages` lists them for the installer."""

LEFT_OUT = "left out: "
"""How the reason of a test begins that this machine could not run."""
TO_RUN = "; to run it: "
"""What stands in a reason before the remedy."""


def program(name: str) -> str:
    """Return the path of a program, or leave the test out, saying so."""
    # Servers such as nginx live where the path of an ordinary user does not look.
    path = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin:/usr/local/sbin")
    if path is None:
        leave_out(f"{name} is not installed", f"apt-get install {PACKAGES[name]}")
    return path


def leave_out(reason: str, remedy: str) -> NoReturn:
    """Skip the test because of this machine, naming what would help; where tests must be complete, fail it."""
    if os.environ.get(COMPLETE):
        pytest.fail(f"{reason}, and {COMPLETE} is set{TO_RUN}{remedy}")
    pytest.skip(f"{LEFT_OUT}{reason}{TO_RUN}{remedy}")


def not_here(reason: str) -> NoReturn:
    """Skip the test because of what this machine's kernel or libraries are: nothing that could be installed helps."""
    pytest.skip(f"{LEFT_OUT}{reason}")


def needs(has: bool, lack: str, remedy: str = "") -> pytest.MarkDecorator:
    """Mark tests that are left out unless this machine, or this kind of run, `has` what they need.

    Args:
        has: whether it is there.
        lack: what to say where it is not.
        remedy: what would let them run, if anything would.
    """
    return pytest.mark.skipif(not has, reason=f"{LEFT_OUT}{lack}{TO_RUN if remedy else ''}{remedy}")

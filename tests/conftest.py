"""What holds for every test."""

from __future__ import annotations

import functools
import gc
import itertools
import os
import signal
import sys
import threading

import hypothesis
import pytest
import typer.main
import typer.testing

# Before any test module imports it: several places of the tests do.
pytest.register_assert_rewrite("tests.clients.harness")

pytest_plugins = ["pytester", "tests.leaks", "tests.left_out"]


_BETWEEN_FREEZES = 100
_tests_begun = itertools.count(1)


def pytest_configure() -> None:
    _keep_bytecode()
    _keep_commands()
    _take_signals()
    # How long it takes says something of the machine, not of what is tested.
    unhurried = [hypothesis.HealthCheck.too_slow]
    hypothesis.settings.register_profile("unhurried", deadline=None, suppress_health_check=unhurried)
    hypothesis.settings.load_profile("unhurried")
    # Nothing that collecting makes is garbage, and there is much of it to go through.
    gc.disable()


def pytest_collection_finish() -> None:
    # The tests themselves neither, nor what they import: no later collection goes through it.
    gc.enable()
    gc.freeze()


def pytest_runtest_protocol() -> None:
    """Let no later collection go through what earlier tests have left for good, such as reports and models."""
    # Between tests, so that a test sees all of its own objects collected.
    if next(_tests_begun) % _BETWEEN_FREEZES == 0:
        gc.collect()
        gc.freeze()


def _keep_bytecode() -> None:
    """Let every process keep what it compiles: each worker reads all tests, and hundreds of programs the package."""
    sys.dont_write_bytecode = False
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def _keep_commands() -> None:
    """Let typer's runner make the commands of an application once: it would do so for every call, as a process does."""
    typer.testing.__dict__["_get_command"] = functools.cache(typer.main.get_command)


def _take_signals() -> None:
    """Give the programs that tests start the signals of a terminal.

    Who runs the tests in the background or under nohup may have them ignored, and children inherit that.
    """
    if threading.current_thread() is not threading.main_thread():
        return
    for name, handler in (("SIGINT", signal.default_int_handler), ("SIGHUP", signal.SIG_DFL)):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, handler)

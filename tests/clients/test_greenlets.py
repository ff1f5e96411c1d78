"""Processes whose threads somebody has patched: gevent, locust on it, and eventlet."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from voicelive.local import LocalService

from .programs import run_program

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def endpoint() -> Iterator[str]:
    """A local service in a process that nobody has patched."""
    with LocalService.in_thread() as service:
        yield service.endpoint


def test_the_client_works_under_gevent(endpoint: str) -> None:
    """In a process that gevent has patched, greenlets hold sessions at once, and one that blocks holds up no other."""
    program = """
from gevent import monkey; monkey.patch_all()
import gevent, sys, time
import voicelive
longest = 0.0
def tick():
    global longest
    last = time.monotonic()
    while True:
        gevent.sleep(0.01)
        longest, last = max(longest, time.monotonic() - last), time.monotonic()
gevent.spawn(tick)
def session(number):
    with voicelive.connect(endpoint=sys.argv[1], model="gpt-4o") as connection:
        connection.wait_for("session.created", 60)
        connection.session.update(session={"instructions": f"{number} " + "x" * 250_000})
        updated = connection.wait_for("session.updated", 60)
        try:
            connection.recv(timeout=0.3)
        except voicelive.ReceiveTimeoutError:
            return updated.session.instructions.startswith(f"{number} ")
jobs = [gevent.spawn(session, number) for number in range(10)]
gevent.joinall(jobs, raise_error=True)
print([job.value for job in jobs] == [True] * 10, longest < 15)
stopped = voicelive.connect(endpoint=sys.argv[1], model="gpt-4o").open()
stopped.recv(30)
waiting = gevent.spawn(stopped.recv)
gevent.sleep(0.1)
waiting.kill()
stopped.session.update(session={"instructions": "whole"})
print(stopped.recv(30).type)
waiting = gevent.spawn(list, stopped)
gevent.sleep(0.1)
stopped.close()
print(waiting.get(timeout=60))
"""
    assert run_program(program, endpoint) == ["True True", "session.updated", "[]"]


def test_a_load_test_by_locust(endpoint: str) -> None:
    """20 users of locust hold text turns without a failure: 200 of them, or for a minute with `nox -s stress`."""
    command = ["-m", "locust", "-f", str(Path(__file__).with_name("locustfile.py")), "--headless", "-u", "20"]
    turns = 0 if os.environ.get("VOICELIVE_STRESS") else 200
    command += ["-r", "20", "-t", "200s" if turns else "60s", "--json"]
    done = subprocess.run(
        [sys.executable, *command],
        env={**os.environ, "ENDPOINT": endpoint, "TURNS": str(turns)},
        capture_output=True,
        text=True,
        timeout=250,
    )
    assert done.returncode == 0, done.stderr
    (total,) = json.loads(done.stdout)
    assert total["num_failures"] == 0
    assert total["num_requests"] >= (turns or 20)


def test_eventlet_is_told_at_connect(endpoint: str) -> None:
    """In a process whose threads eventlet has patched, opening says at once that it cannot work, and what can."""
    # Now and then eventlet meets an object that it cannot look into, says so by a log message, and goes on.
    program = """
import logging; logging.disable()
import warnings; warnings.simplefilter("ignore")
import eventlet; eventlet.monkey_patch()
import sys
import voicelive
try:
    voicelive.connect(endpoint=sys.argv[1], model="gpt-4o").open()
except voicelive.ConfigurationError as error:
    print("thread=False" in str(error))
"""
    assert run_program(program, endpoint) == ["True"]


def test_eventlet_without_its_threads(endpoint: str) -> None:
    """Where eventlet has left threads alone, the client works."""
    program = """
import warnings; warnings.simplefilter("ignore")
import eventlet; eventlet.monkey_patch(thread=False, socket=False, select=False, os=False, time=False)
import sys
import voicelive
with voicelive.connect(endpoint=sys.argv[1], model="gpt-4o") as connection:
    print(connection.recv(60).type)
"""
    assert run_program(program, endpoint) == ["session.created"]

"""Load on a service: turns with their times, users for Locust on one master and two workers, calls that arrive."""

from __future__ import annotations

import csv
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

import voicelive
from voicelive._cli.app import app
from voicelive.audio import WavSink
from voicelive.load import TurnFailedError, speech_turn, text_turn
from voicelive.local import Engines, LocalService, ThreadedLocalService

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def service() -> Iterator[ThreadedLocalService]:
    """A service that answers as fast as the real one."""
    with LocalService.in_thread(engines=Engines.basic(), pacing="real") as service:
        yield service


def spoken(text: str) -> bytes:
    """Return the sound of a text, as the engines of these tests understand it."""
    return b"".join(Engines.basic().synthesizer.synthesize(text))


def test_turns(service: ThreadedLocalService) -> None:
    """A written, a spoken and an interrupted turn have times in their order; a refusal is an error that says why."""
    with voicelive.connect(endpoint=service.endpoint, model="gpt-4o") as connection:
        written = text_turn(connection, "What is two plus two?")
        said = speech_turn(connection, spoken("hello"))
        cut = speech_turn(
            connection,
            spoken("hello"),
            interruption=spoken("hello"),
            interrupt_after_ms=100,
        )
        connection.conversation.item.delete(item_id="no_such_item")
        with pytest.raises(TurnFailedError, match="the service reports an error"):
            text_turn(connection, "x", timeout=10)
    for times in (written, said, cut):
        assert times.first_ms is not None
        assert 0 < times.first_ms <= times.whole_ms
        assert times.size > 0
    assert cut.yielded_ms is not None
    with (
        voicelive.connect(endpoint=service.endpoint, model="gpt-4o") as connection,
        pytest.raises(voicelive.ReceiveTimeoutError),
    ):
        text_turn(connection, "x", timeout=0.01)


def test_locust_on_two_workers(service: ThreadedLocalService, tmp_path: Path) -> None:
    """One master and two workers: written turns, interruptions and arrivals all go well, and have their own rows."""
    with WavSink(tmp_path / "speech.wav") as sink:
        sink.write(spoken("hello"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    locust = [sys.executable, "-m", "locust", "-f", str(Path(__file__).with_name("locustfile.py"))]
    master = [*locust, "--master", "--master-bind-host", "127.0.0.1", "--master-bind-port", port, "--headless"]
    master += ["--expect-workers", "2", "--expect-workers-max-wait", "60", "--host", service.endpoint]
    master += ["-u", "10", "-r", "10", "-t", "200s", "-s", "20", "--csv", str(tmp_path / "load"), "--only-summary"]
    worker = [*locust, "--worker", "--master-host", "127.0.0.1", "--master-port", port]
    environment = {**os.environ, "SPEECH": str(tmp_path / "speech.wav")}
    quiet = subprocess.DEVNULL
    processes = [subprocess.Popen(worker, env=environment, stdout=quiet, stderr=quiet) for _ in range(2)]
    try:
        done = subprocess.run(master, env=environment, capture_output=True, text=True, timeout=250, check=False)
        assert [process.wait(30) for process in processes] == [0, 0]
    finally:
        for process in processes:
            process.kill()
            process.wait(30)
    assert done.returncode == 0, done.stderr
    with (tmp_path / "load_stats.csv").open() as file:
        rows = {row["Name"]: row for row in csv.DictReader(file)}
    assert {"connect", "text", "text: first", "barge-in", "barge-in: yield", "arrived", "call"} <= rows.keys()
    assert {name: row["Failure Count"] for name, row in rows.items() if row["Failure Count"] != "0"} == {}
    assert int(rows["call"]["Request Count"]) >= 10


MISTAKEN = """
import json, sys
from typing import Any
import gevent
from locust.env import Environment
from voicelive.load import OpenLoopUser

try:
    class Nothing(OpenLoopUser):
        pass
except TypeError as error:
    refused = str(error)

class Base(OpenLoopUser):
    abstract = True

class Mistaken(Base):
    calls_per_second = 20

    def call(self, connection: Any) -> None:
        raise KeyError("no such customer")

environment = Environment(user_classes=[Mistaken], host=sys.argv[1])
runner = environment.create_local_runner()
runner.start(1, 1)
with gevent.Timeout(150):
    while environment.stats.get("call", "voicelive").num_failures < 2:
        gevent.sleep(0.05)
failed = [repr(error.error) for error in environment.stats.errors.values()]
runner.quit()
told = [str(one["msg"]) for one in runner.exceptions.values()]
print(json.dumps({"refused": refused, "failed": failed, "told": told}))
"""


def test_mistakes_in_open_loops(service: ThreadedLocalService) -> None:
    """A user without calls is refused where it is defined; a call that raises is a failure, told with its traceback."""
    command = [sys.executable, "-c", MISTAKEN, service.endpoint]
    done = subprocess.run(command, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "refused": "Nothing holds no calls: give it a method call(self, connection)",
        "failed": ["KeyError('no such customer')"],
        "told": ["'no such customer'"],
    }


def test_the_command(service: ThreadedLocalService) -> None:
    """`voicelive load` prints how long turns take; a service that is not there is said, with exit code 1."""
    runner = CliRunner()
    options = ["--users", "3", "--seconds", "1", "--pause", "0.1"]
    done = runner.invoke(app, ["load", "--endpoint", service.endpoint, *options])
    assert done.exit_code == 0, done.output
    assert "3 sessions" in done.stdout
    assert "until the answer begins: p50" in done.stdout
    away = runner.invoke(app, ["load", "--endpoint", "http://127.0.0.1:9", *options])
    assert away.exit_code == 1
    assert "failed" in away.stdout
    assert "127.0.0.1:9" in away.stdout
    missing = runner.invoke(app, ["load", "--wav", "no_such.wav"])
    assert (missing.exit_code, "no_such.wav cannot be read" in missing.stderr) == (2, True)

"""`voicelive evaluate`, as continuous integration calls it: its exit codes, its files, its errors."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner, Result

from voicelive._cli.app import app
from voicelive.local import Engines, LocalService
from voicelive.local.faults import Refuse

pytestmark = pytest.mark.timeout(320)

WEATHER = "pause_ms: 300\ncaller: [{say: 'What is two plus two?'}]\nexpect: [{said: %s}]\ntags: [sums]\n"


def evaluate(*arguments: object, code: int) -> Result:
    """Run the command in this process, with the basic engines and one worker; returns what it said."""
    done = CliRunner().invoke(app, ["evaluate", *map(str, arguments), "--engines", "basic", "--workers", "1"])
    assert done.exit_code == code, done.output
    return done


def test_a_run(tmp_path: Path) -> None:
    """One scenario passes and one fails: the exit code, the table and every file say so; asked again, none is held."""
    (tmp_path / "good.yaml").write_text(WEATHER % "four")
    (tmp_path / "wrong.yaml").write_text(WEATHER % "five")
    files = {name: tmp_path / f"out.{name}" for name in ("html", "junit", "parquet", "results")}
    options = [part for name, file in files.items() for part in (f"--{name}", file)]
    command = [sys.executable, "-m", "voicelive", "evaluate", str(tmp_path), "--engines", "basic", *map(str, options)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=250, check=False)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "2 calls: 1 passed, 1 failed" in done.stdout
    assert "said: five: 100% of the words are missing" in done.stderr
    assert ElementTree.parse(files["junit"]).getroot().get("failures") == "1"
    results = [json.loads(line) for line in files["results"].read_text().splitlines()]
    assert {one["id"]: one["outcome"] for one in results} == {"good#1": "passed", "wrong#1": "failed"}
    assert files["html"].read_text().startswith("<!doctype html>")
    assert files["parquet"].stat().st_size > 1000
    again = evaluate(tmp_path, "--results", files["results"], "--compare", files["results"], code=1)
    assert again.stderr == ""
    assert "nothing changed beyond chance" in again.stdout


def test_bad_input(tmp_path: Path) -> None:
    """What the user can put right is one line and exit code 2, before any call is held."""
    file = tmp_path / "one.yaml"
    file.write_text(WEATHER % "four")
    misspelt = tmp_path / "misspelt.yml"
    misspelt.write_text("caler: [{say: x}]")
    for arguments, message in (
        ([], "give a file with scenarios"),
        ([misspelt], "did you mean 'caller'?"),
        ([file, file], "two scenarios have the name"),
        ([file, "--tag", "jokes"], "no scenario has a tag jokes; there are: sums"),
        ([file, "--agent", "no_such_agent:answer"], "there is no module 'no_such_agent'"),
        ([file, "--judge-url", "http://127.0.0.1:9/v1"], "go together"),
        ([file, "--judge-url", "banana", "--judge-model", "x"], "--judge-url banana: base_url 'banana' is not"),
        (
            [file, "--judge-url", "http://127.0.0.1:9/v1", "--judge-model", "x", "--judge-key-env", "NO_SUCH_KEY"],
            "--judge-key-env NO_SUCH_KEY: this environment variable holds no key",
        ),
        ([file, "--prices", "{"], "--prices {"),
        ([file, "--compare", tmp_path / "none.jsonl"], "there is no such file"),
    ):
        done = CliRunner().invoke(app, ["evaluate", *map(str, arguments)])
        assert done.exit_code == 2
        assert message in done.stderr
        assert len(done.stderr.splitlines()) == 1


def test_the_rest_goes_on(tmp_path: Path) -> None:
    """A misspelt key and a missing recording are named with their scenarios; the others are held, the code is 2."""
    (tmp_path / "good.yaml").write_text(WEATHER % "four")
    (tmp_path / "mixed.yaml").write_text(
        "- {name: misspelt, caller: [{say: x, interupt_after_ms: 3}]}\n- {name: silent, caller: [{play: no.wav}]}\n"
    )
    junit = tmp_path / "out.xml"
    done = evaluate(tmp_path, "--junit", junit, code=2)
    mixed = tmp_path / "mixed.yaml"
    assert (
        f"{mixed}, scenario 1 (misspelt): caller[1].interupt_after_ms is not known; did you mean 'interrupt_after_ms'?"
    ) in done.stderr
    assert f"{mixed}, scenario 2 (silent): the recording {tmp_path / 'no.wav'} does not exist" in done.stderr
    assert "3 calls: 1 passed, 2 error" in done.stdout
    suite = ElementTree.parse(junit).getroot()
    assert (suite.get("tests"), suite.get("errors")) == ("3", "2")


ASKING = "- {name: fine, pause_ms: 300, caller: [{say: hello}], expect: [{said: help}]}\n" + (
    "- {name: asks, pause_ms: 300, caller: [{say: hello}], expect: [{judge: Polite}]}\n"
)


class _Nonsense(BaseHTTPRequestHandler):
    """A judge that does not judge."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        chunk = {"choices": [{"index": 0, "delta": {"content": "banana"}, "finish_reason": "stop"}]}
        body = f"data: {json.dumps(chunk)}\n\ndata: [DONE]\n\n".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def nonsense() -> Generator[str]:
    """Serve that judge; gives its address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Nonsense) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/v1"
        finally:
            server.shutdown()
            thread.join(30)


def test_a_judge_that_answers_nonsense(tmp_path: Path) -> None:
    """The call that it should judge is named with its answer; the rest is held, and the exit code is 3."""
    file = tmp_path / "two.yaml"
    file.write_text(ASKING)
    with nonsense() as url:
        done = evaluate(file, "--judge-url", url, "--judge-model", "x", code=3)
    assert "error: asks#1 (judge: Polite: the judge's answer is not a verdict: 'banana')" in done.stderr
    assert "passed: fine#1" in done.stderr


def test_a_service_that_throttles(tmp_path: Path) -> None:
    """A call that it refuses for a while is held again; one that it always refuses is named, and the code is 3."""
    file, results = tmp_path / "one.yaml", tmp_path / "results.jsonl"
    file.write_text(WEATHER % "four")
    faults = [Refuse(429, retry_after=0.1, times=2)]
    with LocalService.in_thread(engines=Engines.basic(), faults=faults) as service:
        evaluate(file, "--endpoint", service.endpoint, "--results", results, code=0)
        assert json.loads(results.read_text())["attempts"] == 3
        service.faults.add(Refuse(429, retry_after=0.1, times=None))
        done = evaluate(file, "--endpoint", service.endpoint, code=3)
    assert "error: one#1 (ThrottledError" in done.stderr
    assert "429" in done.stderr


def test_the_schema() -> None:
    """It is printed as JSON."""
    assert json.loads(CliRunner().invoke(app, ["evaluate", "--schema"]).stdout)["title"] == "Scenario"

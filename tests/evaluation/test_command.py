"""`voicelive evaluate`, as continuous integration calls it: its exit codes, its files, its errors."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner

from voicelive._cli.app import app

pytestmark = pytest.mark.timeout(120)

WEATHER = "pause_ms: 300\ncaller: [{say: 'What is two plus two?'}]\nexpect: [{said: %s}]\ntags: [sums]\n"


def evaluate(*arguments: object, code: int) -> subprocess.CompletedProcess[str]:
    """Run the command; returns what it said."""
    command = [sys.executable, "-m", "voicelive", "evaluate", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=90, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    return done


def test_a_run(tmp_path: Path) -> None:
    """One scenario passes and one fails: the exit code, the table and every file say so; asked again, none is held."""
    (tmp_path / "good.yaml").write_text(WEATHER % "four")
    (tmp_path / "wrong.yaml").write_text(WEATHER % "five")
    files = {name: tmp_path / f"out.{name}" for name in ("html", "junit", "parquet", "results")}
    options = [part for name, file in files.items() for part in (f"--{name}", file)]
    done = evaluate(tmp_path, "--engines", "basic", *options, code=1)
    assert "2 calls: 1 passed, 1 failed" in done.stdout
    assert "said: five: 100% of the words are missing" in done.stderr
    assert ElementTree.parse(files["junit"]).getroot().get("failures") == "1"
    results = [json.loads(line) for line in files["results"].read_text().splitlines()]
    assert {one["id"]: one["outcome"] for one in results} == {"good#1": "passed", "wrong#1": "failed"}
    assert files["html"].read_text().startswith("<!doctype html>")
    assert files["parquet"].stat().st_size > 1000
    again = evaluate(
        tmp_path, "--engines", "basic", "--results", files["results"], "--compare", files["results"], code=1
    )
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
        ([file, "--prices", "{"], "--prices {"),
        ([file, "--compare", tmp_path / "none.jsonl"], "there is no such file"),
    ):
        done = CliRunner().invoke(app, ["evaluate", *map(str, arguments)])
        assert done.exit_code == 2
        assert message in done.stderr
        assert len(done.stderr.splitlines()) == 1


def test_the_schema() -> None:
    """It is printed as JSON."""
    assert json.loads(CliRunner().invoke(app, ["evaluate", "--schema"]).stdout)["title"] == "Scenario"

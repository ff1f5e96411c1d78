"""Running the command, in this process or in one of its own, and services for it to talk to."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from voicelive._cli.app import app
from voicelive.local import Engines, LocalService, ThreadedLocalService
from voicelive.local.engines import MessageTurn, ResponderOutput, ResponderRequest, TextChunk

Command = Callable[..., Result]

CONFIGURATION = (
    "AZURE_VOICELIVE_ENDPOINT",
    "AZURE_COGNITIVE_SERVICES_ENDPOINT",
    "AZURE_VOICELIVE_API_KEY",
    "AZURE_COGNITIVE_SERVICES_KEY",
    "VOICELIVE_LOCAL_API_KEY",
)


class Echo:
    """A responder that says what it was told."""

    def respond(self, request: ResponderRequest) -> Iterator[ResponderOutput]:
        """Yield the last message."""
        last = request.conversation[-1]
        yield TextChunk(f"You said: {last.text if isinstance(last, MessageTurn) else last}")


@pytest.fixture(autouse=True)
def unconfigured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the tester's own endpoint and keys out of the environment."""
    for name in CONFIGURATION:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "120")


@pytest.fixture
def command() -> Command:
    """Run the command in this process; gives exit code, output and errors."""

    def run(*arguments: object) -> Result:
        return CliRunner().invoke(app, [str(argument) for argument in arguments])

    return run


@pytest.fixture
def service() -> Iterator[ThreadedLocalService]:
    """A service that understands tones and echoes what it hears."""
    # The name is what tests call it by through a proxy.
    with LocalService.in_thread(
        engines=replace(Engines.basic(), responder=Echo()), allow_hosts=["resource.example"]
    ) as running:
        yield running


def start(*arguments: object, cwd: Path | None = None, stdin: int | None = None) -> subprocess.Popen[str]:
    """Start the command in a process of its own, away from this one's signals."""
    return subprocess.Popen(
        [sys.executable, "-m", "voicelive", *(str(argument) for argument in arguments)],
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        cwd=cwd,
        start_new_session=True,
    )


def lines_of(output: str, label: str) -> list[str]:
    """Return what the display shows on the lines that begin with `label`."""
    return re.findall(rf"^{label} +(.*)$", output, re.MULTILINE)

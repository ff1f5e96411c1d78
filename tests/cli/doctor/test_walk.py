"""`voicelive doctor` from the environment to a text turn: what works, what is not set, how it ends."""

from __future__ import annotations

import asyncio
import re
import signal
import threading

import pytest

from tests.cli.conftest import Command, start
from tests.clients.servers import (
    RawServer,
)
from tests.docs.blocks import ROOT
from tests.secrets import KEY
from voicelive._cli.doctor.privacy import Redactor
from voicelive.local import ThreadedLocalService

from .parts import STEPS, Doctor, waits

pytestmark = pytest.mark.timeout(300)


def test_a_service_that_works(doctor: Doctor, service: ThreadedLocalService) -> None:
    """Every step passes, those that cost time say how much, and one text turn has been held."""
    rows = doctor.passes("--endpoint", service.endpoint, "--model", "gpt-realtime")
    skipped = {name for name, row in rows.items() if row["status"] == "skipped"}
    assert skipped == {"proxy", "tls"}
    assert all(row["status"] == "passed" for name, row in rows.items() if name not in skipped)
    timed = {name for name, row in rows.items() if row["seconds"] is not None}
    assert timed == {"environment", "dns", "tcp", "upgrade", "session.created", "text turn"}
    assert "You said" in rows["text turn"]["facts"]["answer"]
    (session,) = service.sessions
    assert rows["session.created"]["facts"]["session_id"] == session.id
    assert session.model == "gpt-realtime"
    assert session.credential == "api-key"


def test_the_table_for_people(command: Command, service: ThreadedLocalService) -> None:
    """Without --json, there is a row for each step, and the verdict."""
    result = command("doctor", "--endpoint", service.endpoint)
    assert result.exit_code == 0
    for step in STEPS:
        assert f"\n{step} " in result.stdout
    assert "AZURE_VOICELIVE_API_KEY" in result.stdout
    assert KEY not in result.output
    assert result.stdout.endswith("Everything works.\n")


def test_local_needs_nothing(command: Command, doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    """`--local` checks a service of its own, with a key made for it; the one in the environment is not sent there."""
    rows = doctor.passes("--local")
    assert rows["environment"]["facts"]["endpoint_from"] == "--local"
    assert rows["environment"]["facts"]["credential_from"] == "made for this check"
    assert rows["text turn"]["status"] == "passed"
    monkeypatch.delenv("AZURE_VOICELIVE_API_KEY")
    doctor.passes("--local")
    assert command("doctor", "--local", "--endpoint", "http://127.0.0.1:1").exit_code == 2


def test_a_process_of_its_own(service: ThreadedLocalService) -> None:
    """As a user runs it: nothing on standard error, and the exit code is the process's."""
    process = start("doctor", "--endpoint", service.endpoint)
    output, errors = process.communicate(timeout=30)
    assert (process.returncode, errors) == (0, "")
    assert "Everything works." in output


def test_without_an_endpoint_it_says_what_to_set(
    doctor: Doctor, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing set: the variables, and the check that needs none; the same below the table."""
    monkeypatch.delenv("AZURE_VOICELIVE_API_KEY")
    row = doctor.fails("environment")
    assert "AZURE_COGNITIVE_SERVICES_ENDPOINT" in row["detail"]
    for named in ("AZURE_VOICELIVE_ENDPOINT", "AZURE_VOICELIVE_API_KEY", "voicelive doctor --local"):
        assert named in row["remedy"]
    shown = command("doctor")
    assert shown.exit_code == 10
    assert f"remedy:  {row['remedy']}\n" in shown.stdout
    assert "failed:  environment (exit code 10)" in shown.stdout


@pytest.mark.parametrize(
    ("arguments", "detail", "remedy"),
    [
        (["--endpoint", "http://resource.example"], "not encrypted", "https://RESOURCE"),
        (["--endpoint", "resource.example"], "no scheme", "https://RESOURCE"),
        (["--endpoint", f"https://me:{KEY}@resource.example"], "user name", "https://RESOURCE"),
        (["--endpoint", f"https://resource.example/?api-key={KEY}"], "a query", "https://RESOURCE"),
        (["--endpoint", "https://resource.example", "--model", ""], "model is empty", "--model"),
        (["--endpoint", "https://resource.example", "--api-version", " "], "api_version is empty", "--api-version"),
    ],
)
def test_settings_that_cannot_work(doctor: Doctor, arguments: list[str], detail: str, remedy: str) -> None:
    """What `connect()` refuses is a failure of the environment, found before anything is looked up."""
    row = doctor.fails("environment", *arguments)
    assert detail in row["detail"]
    assert remedy in row["remedy"]


def test_a_key_with_a_line_break(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key that cannot be a header is told without showing it."""
    monkeypatch.setenv("AZURE_VOICELIVE_API_KEY", f"{KEY}\n{KEY}")
    row = doctor.fails("environment", "--endpoint", "https://resource.example")
    assert "AZURE_VOICELIVE_API_KEY" in row["remedy"]


def test_a_host_that_does_not_exist(doctor: Doctor) -> None:
    """DNS fails for a reserved name, with the spelling as the first suspect."""
    row = doctor.fails("dns", "--endpoint", "https://no-such-resource.invalid")
    assert "no-such-resource.invalid could not be found" in row["detail"]
    assert "spelling" in row["remedy"]


def test_a_closed_port(doctor: Doctor) -> None:
    """A port on which nobody listens is a failure of TCP."""
    with RawServer(waits) as server:
        pass
    row = doctor.fails("tcp", "--endpoint", server.endpoint)
    assert f"127.0.0.1:{server.port} refused" in row["detail"]
    assert "host and port" in row["remedy"]


def test_ctrl_c() -> None:
    """Ctrl-C ends it wherever it is, with the usual exit code and one line."""
    asked = threading.Event()

    async def keeps_waiting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if await reader.read(1):
            asked.set()
            await reader.read()

    with RawServer(keeps_waiting) as server:
        process = start("doctor", "--endpoint", server.endpoint)
        assert asked.wait(30)
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=60)
    assert (process.returncode, output, errors) == (130, "", "voicelive: interrupted\n")


def test_the_exit_codes_are_documented() -> None:
    """The table of the documentation has each step with its exit code, and no other."""
    text = (ROOT / "docs" / "doctor.md").read_text(encoding="utf-8")
    assert {step: int(code) for code, step in re.findall(r"^\| (\d\d) \| ([\w. ]+) \|", text, re.M)} == STEPS


def test_secrets_are_hidden_in_every_spelling() -> None:
    """Quoted or not, long or short, in texts and in facts; a short one only where it stands by itself."""
    redactor = Redactor(["s3cret/with space", "local"])
    assert redactor.text("a s3cret/with space b s3cret%2Fwith%20space") == "a [hidden] b [hidden]"
    assert redactor.text("local is not localhost, nor --local") == "[hidden] is not localhost, nor --local"
    assert redactor.facts({"a": ["s3cret/with space", 1, None]}) == {"a": ["[hidden]", 1, None]}
    assert "s3cret" not in repr(redactor)

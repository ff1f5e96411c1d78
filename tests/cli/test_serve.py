"""`voicelive serve`: a service of its own process, for other processes to talk to."""

from __future__ import annotations

import signal
import socket
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest
import trustme
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin

from voicelive.recording import Recording

from .conftest import Command, lines_of, start
from .recordings import spoken_wav

DEADLINE = 60.0


@contextmanager
def serving(*arguments: object) -> Generator[tuple[subprocess.Popen[str], dict[str, str]], None, None]:
    """Run the service; gives the process and the environment lines that it printed."""
    process = start("serve", "--engines", "basic", *arguments)
    assert process.stdout is not None
    try:
        environment: dict[str, str] = {}
        for line in process.stdout:
            if line.strip().startswith("export "):
                name, _, value = line.strip().removeprefix("export ").partition("=")
                environment[name] = value
            if "Ctrl-C" in line:
                break
        yield process, environment
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=DEADLINE)


def test_another_process_talks_to_it(tmp_path: Path) -> None:
    """What it prints is enough for `talk` in a process of its own, spoken and written."""
    question = spoken_wav(tmp_path / "q.wav", "What is the largest lake in the world?")
    with serving("--port", 0) as (_, environment):
        talk = start("talk", "--wav", question, "--pace", 0, "--endpoint", environment["AZURE_VOICELIVE_ENDPOINT"])
        output, errors = talk.communicate(timeout=DEADLINE)
    assert talk.returncode == 0, errors
    assert lines_of(output, "heard") == ["What is the largest lake in the world?"]
    assert "Caspian" in lines_of(output, "answer")[0]


def test_the_printed_environment_is_all_a_client_needs(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the printed lines in the environment, `talk` needs no options."""
    with serving("--port", 0) as (_, environment):
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        result = command("talk", "--text", "hello")
    assert result.exit_code == 0, result.stderr
    assert lines_of(result.stdout, "answer")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_promptly(number: signal.Signals) -> None:
    """Ctrl-C and SIGTERM are the ordinary end: exit code 0 within seconds, and no traceback."""
    with serving("--port", 0) as (process, _):
        process.send_signal(number)
        _, errors = process.communicate(timeout=DEADLINE)
        assert process.returncode == 0
        assert errors == ""


def test_a_key_is_asked_for_and_not_printed(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a key, a client without it is refused and one with it let in; the key is not in the output."""
    with serving("--port", 0, "--api-key", "s3cret") as (_, environment):
        endpoint = environment["AZURE_VOICELIVE_ENDPOINT"]
        assert "s3cret" not in str(environment)
        assert command("talk", "--text", "hi", "--endpoint", endpoint).exit_code == 2
        monkeypatch.setenv("AZURE_VOICELIVE_API_KEY", "s3cret")
        assert command("talk", "--text", "hi", "--endpoint", endpoint).exit_code == 0


def test_a_port_in_use_is_named(command: Command) -> None:
    """The message names the port and says what to do."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = command("serve", "--engines", "basic", "--port", port)
    assert result.exit_code == 2
    assert result.stderr.startswith(f"voicelive: error: port {port} on 127.0.0.1 is in use")
    assert len(result.stderr.splitlines()) == 1


def test_other_machines_need_a_key(command: Command) -> None:
    """Listening beyond loopback without a key is refused."""
    result = command("serve", "--engines", "basic", "--host", "0.0.0.0", "--port", 0)
    assert result.exit_code == 2
    assert "api_key" in result.stderr or "api-key" in result.stderr


@pytest.mark.parametrize("key", ["", None])
def test_no_key_is_told_to_clients_when_none_is_needed(
    key: str | None, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An empty key on loopback is no key: what is printed lets a client in as it is."""
    with serving("--port", 0, *([] if key is None else ["--api-key", key])) as (_, environment):
        assert environment["AZURE_VOICELIVE_API_KEY"] == "local"
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        assert command("talk", "--text", "hi").exit_code == 0


@pytest.mark.parametrize("key", [" ", "\t"])
def test_a_blank_key_is_refused(key: str, command: Command) -> None:
    """A key of blanks protects nothing: one line and exit code 2."""
    result = command("serve", "--engines", "basic", "--port", 0, "--api-key", key)
    assert result.exit_code == 2
    assert result.stderr.startswith("voicelive: error: the API key is blank")
    assert len(result.stderr.splitlines()) == 1


def test_it_speaks_tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With --tls-cert and --tls-key the address is https, and `talk` holds a conversation with it over wss."""
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    trusted, cert, key = tmp_path / "ca.pem", tmp_path / "cert.pem", tmp_path / "key.pem"
    authority.cert_pem.write_to_path(trusted)
    certificate.cert_chain_pems[0].write_to_path(cert)
    certificate.private_key_pem.write_to_path(key)
    with serving("--port", 0, "--tls-cert", cert, "--tls-key", key) as (_, environment):
        endpoint = environment["AZURE_VOICELIVE_ENDPOINT"]
        assert endpoint.startswith("https://127.0.0.1:")
        monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
        talk = start("talk", "--text", "hello", "--endpoint", endpoint)
        output, errors = talk.communicate(timeout=DEADLINE)
        assert talk.returncode == 0, errors
        assert lines_of(output, "answer")
        monkeypatch.delenv("SSL_CERT_FILE")
        stranger = start("talk", "--text", "hello", "--endpoint", endpoint)
        assert stranger.wait(DEADLINE) == 2
        stranger.communicate()


def test_a_certificate_that_cannot_be_used_is_named(command: Command, tmp_path: Path) -> None:
    """A missing file, a key alone, and files that hold no certificate: one line and exit code 2."""
    wrong = tmp_path / "wrong.pem"
    wrong.write_text("nothing")
    for options, says in (
        (["--tls-cert", tmp_path / "none.pem"], "there is no file"),
        (["--tls-key", wrong], "give --tls-cert"),
        (["--tls-cert", wrong], "cannot speak TLS"),
    ):
        result = command("serve", "--engines", "basic", "--port", 0, *options)
        assert result.exit_code == 2
        assert says in result.stderr
        assert len(result.stderr.splitlines()) == 1


def test_pages_of_an_allowed_origin_are_let_in() -> None:
    """--allow-origin and --allow-host name who else may come; others get 403."""
    options = ["--allow-origin", "http://localhost:3000", "--allow-host", "voice.internal"]
    with serving("--port", 0, *options) as (_, environment):
        url = environment["AZURE_VOICELIVE_ENDPOINT"].replace("http", "ws", 1)
        url += "/voice-live/realtime?api-version=2026-07-15&model=gpt-4o"
        with connect(url, origin=Origin("http://localhost:3000"), proxy=None) as websocket:
            assert "session.created" in str(websocket.recv(DEADLINE))
        with pytest.raises(InvalidStatus) as caught:
            connect(url, origin=Origin("http://localhost:3001"), proxy=None)
        assert caught.value.response.status_code == 403


def test_it_relays_to_another_service(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """With --upstream the answer is the other service's, whose key the clients do not have."""
    monkeypatch.setenv("BEYOND_KEY", "beyond")
    with serving("--port", 0, "--api-key", "beyond") as (_, beyond):
        to = beyond["AZURE_VOICELIVE_ENDPOINT"]
        options = ("--upstream", to, "--upstream-key-env", "BEYOND_KEY", "--max-sessions", 2, "--max-seconds", 60)
        with serving("--port", 0, *options) as (_, relay):
            endpoint = relay["AZURE_VOICELIVE_ENDPOINT"]
            result = command("talk", "--text", "What is seven times eight?", "--endpoint", endpoint)
            assert result.exit_code == 0, result.stderr
            assert "Seven times eight is fifty six." in result.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--upstream", "voice.example"), "has no scheme"),
        (("--upstream", "http://127.0.0.1:9", "--upstream-key-env", "NO_SUCH_KEY"), "NO_SUCH_KEY is not set"),
        (("--upstream-key-env", "KEY"), "give --upstream URL too"),
        (("--upstream", "http://127.0.0.1:8765"), "is this relay itself"),
    ],
)
def test_what_cannot_be_relayed_is_refused(command: Command, arguments: tuple[str, ...], says: str) -> None:
    """An address, a key or a pair of options that cannot work: one line that says what to do."""
    result = command("serve", *arguments)
    assert result.exit_code != 0
    assert says in result.stderr


def test_a_relay_records_what_it_passes_on(command: Command, tmp_path: Path) -> None:
    """With --record every session is a recording in the folder, whatever program its client is."""
    with serving("--port", 0) as (_, beyond):
        options = ("--upstream", beyond["AZURE_VOICELIVE_ENDPOINT"], "--record", tmp_path / "calls")
        with serving("--port", 0, *options) as (process, environment):
            result = command("talk", "--text", "hello", "--endpoint", environment["AZURE_VOICELIVE_ENDPOINT"])
            assert result.exit_code == 0, result.stderr
            # Ended, not killed: a kill may cost the last second.
            process.terminate()
            process.wait(DEADLINE)
    (path,) = (tmp_path / "calls").iterdir()
    recording = Recording.open(path)
    assert recording.check() == []
    assert "response.done" in [event.type for event in recording.events]

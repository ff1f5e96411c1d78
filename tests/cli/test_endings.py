"""How `voicelive` ends when a signal ends it, and when what it has to say cannot be written."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from voicelive._cli.display import Display
from voicelive._core.codec import decode_server_event
from voicelive.local import ThreadedLocalService

from ..outside import needs
from .conftest import start
from .recordings import listen_to, spoken_wav

DEADLINE = 60.0
LONG = "a rather long question, so that there is time to end it"
FULL = Path("/dev/full")

with_full = needs(FULL.exists(), "this system has no /dev/full")
with_hangup = needs(hasattr(signal, "SIGHUP"), "this system has no SIGHUP")


@with_hangup
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_a_signal_ends_a_conversation_in_good_order(name: str, tmp_path: Path, service: ThreadedLocalService) -> None:
    """In the middle of a turn: a close frame goes out, the answers so far are saved, 128 and the signal's number.

    A terminal that closes may send its signal twice.
    """
    question = spoken_wav(tmp_path / "long.wav", LONG, 8000)
    reply = tmp_path / "reply.wav"
    process = start("talk", "--text", "hi", "--wav", question, "--save", reply, "--endpoint", service.endpoint)
    assert process.stdout is not None
    while not process.stdout.readline().startswith("speaking"):
        assert process.poll() is None
    for _ in range(2):
        process.send_signal(signal.Signals[name])
    _, errors = process.communicate(timeout=DEADLINE)
    assert process.returncode == 128 + signal.Signals[name]
    assert errors == f"voicelive: ended by {name}\n"
    assert listen_to(reply) == "You said: hi"
    service.stop()  # had the close frame not come, this would close the session with 1001
    assert service.sessions[-1].close_code == 1000


@with_hangup
def test_a_hangup_that_is_ignored_stays_ignored(tmp_path: Path, service: ThreadedLocalService) -> None:
    """Under nohup, the conversation goes on to its end."""
    question = spoken_wav(tmp_path / "q.wav", "hi", 8000)
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        process = start("talk", "--wav", question, "--endpoint", service.endpoint)
    finally:
        signal.signal(signal.SIGHUP, before)
    assert process.stdout is not None
    assert process.stdout.readline().startswith("speaking")
    process.send_signal(signal.SIGHUP)
    output, errors = process.communicate(timeout=DEADLINE)
    assert process.returncode == 0, errors
    assert "You said: hi" in output


@with_hangup
def test_a_terminal_that_goes_away_does_not_cost_the_answers(tmp_path: Path, service: ThreadedLocalService) -> None:
    """Nothing can be shown any more, but the answers are saved and the exit code names the signal."""
    question = spoken_wav(tmp_path / "long.wav", LONG, 8000)
    reply = tmp_path / "reply.wav"
    ours, theirs = os.openpty()
    process = talk_at_terminal(
        *("--text", "hi", "--wav", question, "--save", reply, "--endpoint", service.endpoint),
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    seen = b""
    while b"speaking" not in seen:
        seen += os.read(ours, 4096)
    os.close(ours)
    process.send_signal(signal.SIGHUP)
    assert process.wait(DEADLINE) == 128 + signal.SIGHUP
    assert listen_to(reply) == "You said: hi"


@with_full
@pytest.mark.parametrize(
    "arguments",
    [
        ("talk", "--text", "hi", "--engines", "basic", "--json"),
        ("talk", "--text", "hi", "--engines", "basic"),
        ("serve", "--engines", "basic", "--port", "0"),
        ("--help",),
    ],
)
def test_output_that_cannot_be_written_is_one_line(arguments: tuple[str, ...]) -> None:
    """A full disk is named, with exit code 1 and no traceback."""
    with FULL.open("wb") as full:
        finished = subprocess.run(
            [sys.executable, "-m", "voicelive", *arguments],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=DEADLINE,
            check=False,
        )
    lines = [line for line in finished.stderr.splitlines() if "no endpoint is configured" not in line]
    assert finished.returncode == 1
    assert len(lines) == 1
    assert lines[0].startswith("voicelive: error: ")
    assert "No space left on device" in lines[0]


@with_full
def test_notices_that_cannot_be_written_stop_nothing(tmp_path: Path) -> None:
    """With nowhere to put its notices, the conversation is held and shown all the same."""
    with FULL.open("wb") as full:
        finished = subprocess.run(
            [sys.executable, "-m", "voicelive", "talk", "--text", "hi", "--engines", "basic"],
            stdout=subprocess.PIPE,
            stderr=full,
            text=True,
            encoding="utf-8",
            env={**os.environ, "PYTHONIOENCODING": "utf-8"},
            timeout=DEADLINE,
            check=False,
        )
    assert finished.returncode == 0
    assert "answer" in finished.stdout


@pytest.mark.parametrize(
    "odd",
    [
        pytest.param('"\\ud800"', id="half-a-surrogate-pair"),
        pytest.param("[" * 150 + "]" * 150, id="nested-deeply"),
        pytest.param('"é"', id="not-ascii"),
    ],
)
def test_every_event_is_a_line_of_json(odd: str, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    """An event that cannot be written in full is written in part, and the next one follows."""
    display = Display(json=True)
    head = '"type":"response.created","event_id"'
    for event_id in ("e1", "e2"):
        display.received(decode_server_event(f'{{{head}:"{event_id}","response":{{}},"odd":{odd}}}'.encode()), None)
    events = [json.loads(line) for line in capsysbinary.readouterr().out.splitlines()]
    assert [(event["type"], event["event_id"]) for event in events] == [
        ("response.created", "e1"),
        ("response.created", "e2"),
    ]


def test_an_encoding_that_lacks_letters_ends_nothing(service: ThreadedLocalService) -> None:
    """Where standard output takes ASCII only, the rest are question marks; JSON is UTF-8 everywhere."""
    for options, expected in (([], b"You said: caf?"), (["--json"], "café".encode())):
        finished = subprocess.run(
            [sys.executable, "-m", "voicelive", "talk", "--text", "café", "--endpoint", service.endpoint, *options],
            capture_output=True,
            env={**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"},
            timeout=DEADLINE,
            check=False,
        )
        assert finished.returncode == 0, finished.stderr
        assert expected in finished.stdout


@needs(hasattr(os, "openpty"), "this system has no pseudo-terminals")
def test_a_progress_bar_does_not_swallow_json_lines(tmp_path: Path, service: ThreadedLocalService) -> None:
    """With standard error on a terminal, the events that come while a recording is sent are on standard output too."""
    question = spoken_wav(tmp_path / "q.wav", "hi", 8000)
    ours, theirs = os.openpty()

    def drain() -> None:
        with contextlib.suppress(OSError):  # how Linux tells that the other end is closed
            while os.read(ours, 4096):
                pass

    process = talk_at_terminal(
        "--json", "--wav", question, "--endpoint", service.endpoint, stdout=subprocess.PIPE, stderr=theirs
    )
    os.close(theirs)
    terminal = threading.Thread(target=drain)
    terminal.start()
    output, _ = process.communicate(timeout=DEADLINE)
    terminal.join(DEADLINE)
    os.close(ours)
    assert process.returncode == 0
    assert [json.loads(line)["type"] for line in output.splitlines()] == service.sessions[-1].sent_types()


def talk_at_terminal(*arguments: object, stdout: int, stderr: int) -> subprocess.Popen[bytes]:
    """Start `talk` with its output on the descriptors given."""
    return subprocess.Popen(
        [sys.executable, "-m", "voicelive", "talk", *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=stderr,
        env={**os.environ, "TERM": "xterm"},
        start_new_session=True,
    )

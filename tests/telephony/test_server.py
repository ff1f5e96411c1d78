"""`voicelive answer`: the server itself, with two workers, behind nginx, killed and drained during calls."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import urllib.error
import urllib.request
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree

import pytest
from twilio.request_validator import RequestValidator
from typer.testing import CliRunner
from websockets.exceptions import InvalidStatus

from tests.outside import program
from voicelive._answering.settings import AnswerSettings
from voicelive._cli.app import app
from voicelive.testing import Caller, ScriptedService

from ..clients.conversing import eventually
from .test_frameworks import free_socket

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "0123456789abcdef0123456789abcdef"
PUBLIC = "https://calls.example.com"
STREAM = "wss://calls.example.com/twilio/stream"
AGENT = "tests.telephony.program:reception"
SIGNED = {"X-Twilio-Signature": RequestValidator(TOKEN).compute_signature(STREAM, {})}
NGINX = """
daemon off; master_process off; worker_processes 1; pid {folder}/nginx.pid; error_log stderr;
events {{ worker_connections 64; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://127.0.0.1:{behind};
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection "upgrade";
      proxy_set_header Host calls.example.com;
      proxy_buffering off; proxy_read_timeout 3600s;
    }}
  }}
}}
"""


def free_port() -> int:
    with free_socket() as found:
        port: int = found.getsockname()[1]
    return port


@asynccontextmanager
async def running(*command: str, **environment: str) -> AsyncGenerator[asyncio.subprocess.Process]:
    """Run a program, and end it if the test has not."""
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=ROOT,
        env=os.environ | environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        try:
            await asyncio.wait_for(process.communicate(), 20)
        except TimeoutError:
            process.kill()
            await process.communicate()


@asynccontextmanager
async def answering(
    service: ScriptedService, *options: str, line: str = "twilio", environment: Mapping[str, str] | None = None
) -> AsyncGenerator[tuple[asyncio.subprocess.Process, int]]:
    """Run `voicelive answer`, with the secrets of its line in the environment."""
    port, secrets = free_port(), {"TWILIO_AUTH_TOKEN": TOKEN} if environment is None else environment
    command = [
        sys.executable,
        "-m",
        "voicelive",
        "answer",
        "--line",
        line,
        "--agent",
        "tests.telephony.program:reception",
    ]
    command += ["--port", str(port), "--public-url", PUBLIC, "--endpoint", service.endpoint, *options]
    async with running(*command, AZURE_VOICELIVE_API_KEY="local", **secrets) as process:
        await until(port, "/readyz", 200)
        yield process, port


def ask(port: int, path: str, fields: dict[str, str] | None = None, **headers: str) -> tuple[int, str]:
    """Make a request; returns status and body."""
    body = None if fields is None else urlencode(fields).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", body, headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()
    except OSError as error:
        return 0, str(error)


async def until(port: int, path: str, status: int) -> None:
    """Wait until a path is answered with a status."""
    await become(lambda: asyncio.to_thread(ask, port, path), lambda found: found[0] == status)


async def become(look: Callable[[], Awaitable[Any]], fits: Callable[[Any], bool]) -> None:
    """Look again and again until something is so."""
    async with asyncio.timeout(90):
        found = await look()
        while not fits(found):
            await asyncio.sleep(0.05)
            found = await look()


async def figures(port: int) -> dict[str, float]:
    """Return the figures that Prometheus would read."""
    _, text = await asyncio.to_thread(ask, port, "/metrics")
    lines = [line.rsplit(" ", 1) for line in text.splitlines() if line and not line.startswith("#")]
    return {name: float(value) for name, value in lines}


def caller_at(port: int, *, signed: bool = True, **more: Any) -> Caller:
    """Return a caller who connects to the server, with Twilio's signature."""
    return Caller("twilio", f"ws://127.0.0.1:{port}/twilio/stream", headers=SIGNED if signed else {}, **more)


async def dial(port: int, *, signed: bool = True, number: str = "+15550100") -> Caller:
    """Call as Twilio does: ask the webhook, and connect where its TwiML says."""
    fields = {"From": number, "To": "+15550199", "CallSid": "CA1"}
    signature = RequestValidator(TOKEN).compute_signature(f"{PUBLIC}/twilio/voice", fields)
    status, text = await asyncio.to_thread(ask, port, "/twilio/voice", fields, **{"X-Twilio-Signature": signature})
    assert status == 200, text
    stream = ElementTree.fromstring(text).find("Connect/Stream")
    assert stream is not None, text
    url = stream.attrib["url"]
    assert url == STREAM
    parameters = {one.attrib["name"]: one.attrib["value"] for one in stream}
    return caller_at(port, signed=signed, caller=number, parameters=parameters)


@pytest.mark.timeout(240)
async def test_calls_through_nginx_to_two_workers_that_are_killed_and_drained(
    voicelive_environment: ScriptedService, tmp_path: Path
) -> None:
    """Calls are spread over workers; a killed one takes only its own along; SIGTERM lets those under way finish."""
    service = voicelive_environment
    async with answering(service, "--workers", "2") as (process, behind):
        front = free_port()
        (tmp_path / "nginx.conf").write_text(NGINX.format(folder=tmp_path, port=front, behind=behind), encoding="utf-8")
        command = (program("nginx"), "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf"), "-e", "stderr")
        async with running(*command):
            await until(front, "/healthz", 200)
            callers = [await dial(front) for _ in range(3)]
            for caller in callers:
                await caller.__aenter__()
            for caller in callers:
                await caller.quiet()
                assert service.understand(caller.heard, **caller.format) == "Hello."
            assert (await figures(front))["voicelive_calls_active"] == 3

            # A worker dies: what the others carry goes on, and the figures are those of the living.
            victim = busiest(process.pid)
            os.kill(victim, signal.SIGKILL)
            await eventually(lambda: any(caller.has_ended for caller in callers) or victim not in workers(process.pid))
            await until(front, "/readyz", 200)
            # The ends of the calls that it carried are told one after the other.
            await become(
                lambda: figures(front),
                lambda found: found["voicelive_calls_active"] == sum(not caller.has_ended for caller in callers) < 3,
            )
            last = await dial(front)
            await last.__aenter__()
            await last.quiet()

            # Drained: no new call, and those under way end when their callers hang up.
            process.terminate()
            await until(front, "/readyz", 503)
            await become(lambda: refused(front), lambda status: status == 503)
            assert not last.has_ended
            for caller in [*callers, last]:
                await caller.__aexit__(None, None, None)
        await asyncio.wait_for(process.wait(), 60)
        assert process.returncode == 0


async def refused(port: int) -> int:
    """Return the status that a new WebSocket is refused with; 0 if it is not."""
    try:
        async with caller_at(port):
            return 0
    except InvalidStatus as error:
        return error.response.status_code


def workers(parent: int) -> list[int]:
    """Return the worker processes."""
    found = Path(f"/proc/{parent}/task/{parent}/children").read_text(encoding="ascii").split()
    named = [(int(pid), Path(f"/proc/{pid}/cmdline").read_bytes()) for pid in found]
    return [pid for pid, line in named if b"spawn_main" in line]


def busiest(parent: int) -> int:
    """Return the worker with the most sockets."""
    return max(workers(parent), key=lambda pid: len(os.listdir(f"/proc/{pid}/fd")))


@pytest.mark.timeout(240)
async def test_who_is_not_let_in(voicelive_environment: ScriptedService) -> None:
    """Each request that is not the vendor's, or one too many, is refused and counted; the log names nobody."""
    options = ("--max-calls", "2", "--max-per-caller", "1")
    async with answering(voicelive_environment, *options) as (process, port):
        fields = {"From": "+15550100", "To": "+15550199"}
        assert ask(port, "/twilio/voice", fields)[0] == 403
        assert ask(port, "/twilio/voice", {"x": "y" * 70_000})[0] == 413
        with pytest.raises(InvalidStatus, match="403"):
            await (await dial(port, signed=False)).__aenter__()
        # Signed, but not for a call that this server was asked to take.
        headers = {
            "X-Twilio-Signature": RequestValidator(TOKEN).compute_signature("wss://calls.example.com/twilio/stream", {})
        }
        stranger = Caller("twilio", f"ws://127.0.0.1:{port}/twilio/stream", headers=headers)
        async with stranger:
            await stranger.until_ended()
        assert stranger.heard_ms == 0
        async with await dial(port) as first:
            await first.hears()
            async with await dial(port) as again:
                await again.until_ended()
            async with await dial(port, number="+15550101") as second:
                await second.hears()
                await until(port, "/readyz", 503)
                signature = RequestValidator(TOKEN).compute_signature(f"{PUBLIC}/twilio/voice", fields)
                _, busy = ask(port, "/twilio/voice", fields, **{"X-Twilio-Signature": signature})
                assert busy == '<Response><Reject reason="busy"/></Response>'
                assert await refused(port) == 503
        # A call is counted when its session is closed too.
        hung_up = 'voicelive_calls_total{outcome="hung_up"}'
        await become(lambda: figures(port), lambda found: found.get(hung_up, 0) == 2)
        found = await figures(port)
        assert found['voicelive_refused_total{reason="signature"}'] == 2
        assert found['voicelive_refused_total{reason="token"}'] == 1
        assert found['voicelive_refused_total{reason="caller_busy"}'] == 1
        assert found['voicelive_refused_total{reason="full"}'] >= 1
        process.terminate()
        output, _ = await asyncio.wait_for(process.communicate(), 30)
        assert process.returncode == 0
    logged = [json.loads(line) for line in output.decode().splitlines() if line.startswith("{")]
    kinds = [record["event"] for record in logged]
    assert {"call_started", "call_ended", "refused", "draining"} <= set(kinds)
    assert "+1555" not in output.decode()
    assert TOKEN not in output.decode()


THIS_AGENT = ("--agent", AGENT)
ACS = ("--line", "acs", *THIS_AGENT, "--public-url", PUBLIC)
MISTAKES: list[tuple[str, tuple[str, ...], dict[str, str], str]] = [
    ("no public address", ("--line", "twilio", *THIS_AGENT), {}, "--public-url"),
    ("no secret", ("--line", "twilio", *THIS_AGENT, "--public-url", PUBLIC), {}, "TWILIO_AUTH_TOKEN not set"),
    (
        "no such agent",
        ("--line", "genesys", "--agent", "nowhere:b", "--no-validate"),
        {},
        "there is no module 'nowhere'",
    ),
    ("no service", ("--line", "genesys", *THIS_AGENT, "--no-validate"), {}, "AZURE_VOICELIVE_ENDPOINT"),
    (
        "a secret that cannot be one",
        (*ACS, "--endpoint", "http://127.0.0.1:1"),
        {"ACS_CONNECTION_STRING": "nothing", "VOICELIVE_WEBHOOK_KEY": "k"},
        "ACS_CONNECTION_STRING is not one",
    ),
]


@pytest.mark.parametrize(
    ("shows", "options", "secrets", "expected"), MISTAKES, ids=[row[0].replace(" ", "-") for row in MISTAKES]
)
def test_what_cannot_be_answered_is_said_at_once(
    monkeypatch: pytest.MonkeyPatch, shows: str, options: tuple[str, ...], secrets: dict[str, str], expected: str
) -> None:
    """Each mistake ends the command with one line, before it says that it answers calls: not at the first call."""
    for name in [name for name in os.environ if name.startswith(("AZURE_", "TWILIO_", "ACS_"))]:
        monkeypatch.delenv(name)
    for name, value in secrets.items():
        monkeypatch.setenv(name, value)
    result = CliRunner().invoke(app, ["answer", *options])
    assert result.exit_code == 2
    (line,) = result.output.splitlines()
    assert expected in line


def test_calls_of_azure_need_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """That is said at the start, not to the first caller."""
    monkeypatch.setenv("ACS_CONNECTION_STRING", "endpoint=https://x.communication.azure.com/;accesskey=YWJj")
    monkeypatch.setenv("VOICELIVE_WEBHOOK_KEY", "k")
    monkeypatch.setitem(sys.modules, "azure.communication.callautomation", None)
    result = CliRunner().invoke(app, ["answer", *ACS, "--endpoint", "http://127.0.0.1:1"])
    assert result.exit_code == 2
    assert result.output.splitlines() == [
        "voicelive: error: calls of Azure Communication Services are answered by its package: "
        "pip install azure-communication-callautomation"
    ]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "at most 50 at once"),
        ({"workers": 4, "max_calls": 20}, "4 processes, each at most 20 at once: 80 in all"),
        (
            {"workers": 2, "max_per_caller": 1},
            "2 processes, each at most 50 at once, 1 of one number: 100 in all",
        ),
    ],
)
def test_what_limits_count_is_said(options: dict[str, Any], said: str) -> None:
    """Limits hold in each process: who starts several is told what that comes to."""
    assert AnswerSettings(line="genesys", agent="a:b", **options).capacity == said


def test_the_figures_name_no_caller() -> None:
    """Labels are outcomes and reasons: never a number, which would make a series of each caller."""
    source: Any = (ROOT / "src/voicelive/_answering/metrics.py").read_text(encoding="utf-8")
    assert "caller" not in source.replace("callers cut off", "")

"""`voicelive doctor`: each step fails in its own way, with its own exit code and remedy, and shows no credential."""

from __future__ import annotations

import asyncio
import datetime
import gc
import json
import re
import signal
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import trustme
from websockets.asyncio.server import ServerConnection

from tests.clients.servers import (
    Answer,
    Behaviour,
    RawBehaviour,
    RawServer,
    ThreadedServer,
    WebSocketServer,
    breaks,
    broken_tls,
    closes,
    event,
    refuses,
    sends,
)
from tests.docs.blocks import ROOT
from tests.secrets import KEY
from voicelive.cli.doctor.privacy import Redactor
from voicelive.local import LocalService, ThreadedLocalService

from .conftest import Command, start

pytestmark = pytest.mark.timeout(60)

PASSWORD = "pr0xy/pass word"
STEPS = {
    "environment": 10,
    "dns": 11,
    "proxy": 12,
    "tcp": 13,
    "tls": 14,
    "redirect": 15,
    "upgrade": 16,
    "authentication": 17,
    "model and API version": 18,
    "session.created": 19,
    "text turn": 20,
}
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "WSS_PROXY", "WS_PROXY", "SOCKS_PROXY")


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    """No proxy of the tester's, and a key that must never be seen."""
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setenv("AZURE_VOICELIVE_API_KEY", KEY)


class Doctor:
    """Runs the command both ways, and looks at what both have in common."""

    def __init__(self, command: Command) -> None:
        self._command = command

    def examine(self, *arguments: object) -> dict[str, Any]:
        """Return the JSON report."""
        result = self._command("doctor", "--json", *arguments)
        for secret in (KEY, PASSWORD, "pr0xy", "cHIweHk", "eyJhbGci"):
            assert secret not in result.output
        report: dict[str, Any] = json.loads(result.stdout)
        assert report["exit_code"] == result.exit_code
        assert [row["step"] for row in report["steps"]] == list(STEPS)
        return report

    def passes(self, *arguments: object) -> dict[str, Any]:
        """Return the steps of a report without a failure, by their names."""
        report = self.examine(*arguments)
        assert (report["ok"], report["exit_code"], report["failed_step"]) == (True, 0, None), report
        return {row["step"]: row for row in report["steps"]}

    def fails(self, step: str, *arguments: object) -> dict[str, Any]:
        """Return the row of the one step that failed; what comes after it was not tried."""
        report = self.examine(*arguments)
        assert report["failed_step"] == step, report
        assert (report["ok"], report["exit_code"]) == (False, STEPS[step])
        rows = {row["step"]: row for row in report["steps"]}
        assert [name for name, row in rows.items() if row["status"] == "failed"] == [step]
        after = list(STEPS)[list(STEPS).index(step) + 1 :]
        assert {rows[name]["detail"] for name in after} <= {"not reached"}
        self.rows = rows
        row: dict[str, Any] = rows[step]
        assert row["remedy"]
        return row


@pytest.fixture
def doctor(command: Command) -> Doctor:
    return Doctor(command)


# --- everything works ------------------------------------------------------------------------------------------------


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


# --- environment -----------------------------------------------------------------------------------------------------


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


# --- DNS, TCP --------------------------------------------------------------------------------------------------------


def test_a_host_that_does_not_exist(doctor: Doctor) -> None:
    """DNS fails for a reserved name, with the spelling as the first suspect."""
    row = doctor.fails("dns", "--endpoint", "https://no-such-resource.invalid")
    assert "no-such-resource.invalid could not be found" in row["detail"]
    assert "spelling" in row["remedy"]


async def waits(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


def test_a_closed_port(doctor: Doctor) -> None:
    """A port on which nobody listens is a failure of TCP."""
    with RawServer(waits) as server:
        pass
    row = doctor.fails("tcp", "--endpoint", server.endpoint)
    assert f"127.0.0.1:{server.port} refused" in row["detail"]
    assert "host and port" in row["remedy"]


# --- TLS -------------------------------------------------------------------------------------------------------------


class TlsFront(ThreadedServer):
    """Ends TLS in front of a service, as a gateway does."""

    scheme = "https"

    def __init__(self, certificate: trustme.LeafCert, port: int = 9) -> None:
        super().__init__()
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(self._context)
        self._behind = port
        self._server: asyncio.Server | None = None
        self.received = 0

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._handle, "127.0.0.1", 0, ssl=self._context)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()

    async def _handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.CancelledError):
            # A connection that only looks at the certificate sends nothing.
            first = await reader.read(65536)
            self.received += len(first)
            if first:
                await forward(reader, writer, self._behind, first)
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int, first: bytes = b"") -> None:
    """Connect both sides to each other until both have ended; `first` has been read already."""
    there_reader, there_writer = await asyncio.open_connection("127.0.0.1", port)

    async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await source.read(65536):
                sink.write(data)
                await sink.drain()
        sink.close()

    try:
        there_writer.write(first)
        await asyncio.gather(pump(reader, there_writer), pump(there_reader, writer))
    finally:
        # The transport has to be gone before the loop is.
        there_writer.close()
        with suppress(OSError):
            await there_writer.wait_closed()


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA(organization_name="Doctors' authority")


@pytest.fixture
def trusted(authority: trustme.CA, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Have this machine trust the authority, as an administrator would."""
    file = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(file))
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    yield
    gc.collect()


@broken_tls
@pytest.mark.usefixtures("trusted")
def test_tls_that_works(doctor: Doctor, authority: trustme.CA, service: ThreadedLocalService) -> None:
    """Version, subject, issuer and expiry are told, and every later step goes through TLS."""
    certificate = authority.issue_cert("127.0.0.1", organization_name="Ward 7")
    with TlsFront(certificate, service.port) as front:
        rows = doctor.passes("--endpoint", front.endpoint)
    tls = rows["tls"]
    assert tls["status"] == "passed"
    assert tls["facts"]["version"] in {"TLSv1.2", "TLSv1.3"}
    assert "Ward 7" in tls["facts"]["subject"]
    assert "Doctors' authority" in tls["facts"]["issuer"]
    assert tls["facts"]["expires"] in tls["detail"]
    assert tls["facts"]["hosts"] == ["127.0.0.1"]
    assert rows["text turn"]["status"] == "passed"


@broken_tls
@pytest.mark.usefixtures("trusted")
def test_a_certificate_that_expires_soon(doctor: Doctor, authority: trustme.CA, service: ThreadedLocalService) -> None:
    """It still works, but the step asks for attention."""
    soon = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=3)
    with TlsFront(authority.issue_cert("127.0.0.1", not_after=soon), service.port) as front:
        tls = doctor.passes("--endpoint", front.endpoint)["tls"]
    assert (tls["status"], tls["facts"]["days_left"]) == ("noted", 2)


@broken_tls
def test_an_untrusted_certificate(doctor: Doctor, authority: trustme.CA) -> None:
    """An unknown issuer is named, with the way to trust it; the key was not sent."""
    with TlsFront(authority.issue_cert("127.0.0.1")) as front:
        row = doctor.fails("tls", "--endpoint", front.endpoint)
    assert "issuer is not trusted" in row["detail"]
    assert "Doctors' authority" in row["detail"]
    assert "SSL_CERT_FILE" in row["remedy"]
    assert row["facts"]["hosts"] == ["127.0.0.1"]
    assert front.received == 0
    gc.collect()


@broken_tls
@pytest.mark.usefixtures("trusted")
def test_a_certificate_for_another_host(doctor: Doctor, authority: trustme.CA) -> None:
    """The hosts that the certificate is for are named."""
    with TlsFront(authority.issue_cert("other.example")) as front:
        row = doctor.fails("tls", "--endpoint", front.endpoint)
    assert "is for other.example, not for 127.0.0.1" in row["detail"]
    assert "use the host that the certificate is for" in row["remedy"]
    assert front.received == 0


@broken_tls
@pytest.mark.usefixtures("trusted")
def test_an_expired_certificate(doctor: Doctor, authority: trustme.CA) -> None:
    """The day of its end is told, and that the clock may be wrong."""
    ended = datetime.datetime(2024, 2, 29, tzinfo=datetime.timezone.utc)
    certificate = authority.issue_cert("127.0.0.1", not_before=ended - datetime.timedelta(days=30), not_after=ended)
    with TlsFront(certificate) as front:
        row = doctor.fails("tls", "--endpoint", front.endpoint)
    assert "has expired" in row["detail"]
    assert "2024-02-29" in row["detail"]
    assert "clock" in row["remedy"]
    assert "renew" in row["remedy"]
    assert front.received == 0


@broken_tls
def test_tls_to_a_port_that_speaks_something_else(doctor: Doctor, service: ThreadedLocalService) -> None:
    """https:// to a plain port fails at TLS, and the port is the suspect."""
    row = doctor.fails("tls", "--endpoint", f"https://127.0.0.1:{service.port}")
    assert "TLS with" in row["detail"]
    assert f"port {service.port} speaks TLS" in row["remedy"]
    gc.collect()


def test_tls_that_never_answers(doctor: Doctor) -> None:
    """A port that is silent ends the step at its deadline."""
    with RawServer(waits) as server:
        started = time.monotonic()
        row = doctor.fails("tls", "--timeout", 0.5, "--endpoint", f"https://127.0.0.1:{server.port}")
        assert time.monotonic() - started < 5
    assert "within 0.5 s" in row["detail"]
    assert "firewall" in row["remedy"]


# --- the proxy -------------------------------------------------------------------------------------------------------


class Proxy(RawServer):
    """An HTTP proxy that connects to a port of this machine, whatever it is asked for."""

    def __init__(
        self,
        port: int = 9,
        answer: bytes = b"HTTP/1.1 200 Connection established\r\n\r\n",
        later: bytes | None = None,
    ) -> None:
        super().__init__(self._serve)
        self._answer = answer
        self._later = answer if later is None else later
        self._port = port
        self.asked: list[str] = []

    @property
    def url(self) -> str:
        """The proxy's address, with a user and a password."""
        return f"http://user:pr0xy%2Fpass%20word@127.0.0.1:{self.port}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.asked.append((await reader.readuntil(b"\r\n\r\n")).decode())
        answer = self._answer if len(self.asked) == 1 else self._later
        writer.write(answer)
        await writer.drain()
        if b" 200 " in answer:
            await forward(reader, writer, self._port)


@broken_tls
@pytest.mark.usefixtures("trusted")
def test_through_a_proxy(
    doctor: Doctor, authority: trustme.CA, service: ThreadedLocalService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The proxy of the environment is taken with its password; DNS and TCP are left to it, and all else passes."""
    with TlsFront(authority.issue_cert("resource.example"), service.port) as front, Proxy(front.port) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        rows = doctor.passes("--endpoint", "https://resource.example")
    assert (rows["dns"]["status"], rows["tcp"]["status"]) == ("skipped", "skipped")
    assert f"http://127.0.0.1:{proxy.port} (HTTPS_PROXY)" in rows["proxy"]["detail"]
    assert rows["tls"]["facts"]["hosts"] == ["resource.example"]
    assert len(proxy.asked) == 2
    assert "Basic dXNlcjpwcjB4eS9wYXNzIHdvcmQ=" in proxy.asked[0]
    for head in proxy.asked:
        assert head.startswith("CONNECT resource.example:443 ")
        assert "Basic " in head
        assert KEY not in head


@broken_tls
@pytest.mark.usefixtures("trusted")
def test_a_proxy_that_refuses_the_program_only(
    doctor: Doctor, authority: trustme.CA, service: ThreadedLocalService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy that lets the doctor through, and not the connection, is the proxy's failure, not the service's."""
    refusal = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"
    with (
        TlsFront(authority.issue_cert("resource.example"), service.port) as front,
        Proxy(front.port, later=refusal) as proxy,
    ):
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        report = doctor.examine("--endpoint", "https://resource.example")
    assert (report["failed_step"], report["exit_code"]) == ("proxy", 12)
    row = report["steps"][list(STEPS).index("proxy")]
    assert "407" in row["detail"]
    assert "fewer connections" in row["remedy"]


@broken_tls
@pytest.mark.usefixtures("trusted")
def test_through_a_proxy_that_speaks_tls(
    doctor: Doctor, authority: trustme.CA, service: ThreadedLocalService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """TLS inside of TLS is not looked at by itself; the connection that follows shows that it works."""
    with (
        TlsFront(authority.issue_cert("resource.example"), service.port) as front,
        Proxy(front.port) as proxy,
        TlsFront(authority.issue_cert("127.0.0.1"), proxy.port) as outer,
    ):
        monkeypatch.setenv("HTTPS_PROXY", outer.endpoint)
        report = doctor.examine("--endpoint", "https://resource.example")
    rows = {row["step"]: row for row in report["steps"]}
    assert rows["proxy"]["status"] == "passed"
    assert outer.endpoint in rows["proxy"]["detail"]
    assert report["ok"]
    assert rows["tls"]["status"] == "skipped"


@broken_tls
def test_a_proxy_whose_certificate_is_not_trusted(
    doctor: Doctor, authority: trustme.CA, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy that speaks TLS must be trusted itself; its password was not sent."""
    with TlsFront(authority.issue_cert("127.0.0.1")) as outer:
        monkeypatch.setenv("HTTPS_PROXY", outer.endpoint.replace("//", f"//user:{KEY}@"))
        row = doctor.fails("proxy", "--endpoint", "https://resource.example")
    assert "unable to get local issuer certificate" in row["detail"]
    assert outer.received == 0
    gc.collect()


def test_a_socks_proxy_needs_a_package(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without what SOCKS needs, it says what to install."""
    monkeypatch.setattr("sys.path", [])  # nothing that is not loaded yet can be found
    monkeypatch.setenv("SOCKS_PROXY", f"socks5h://user:{KEY}@127.0.0.1:1080")
    row = doctor.fails("proxy", "--endpoint", "https://resource.example")
    assert "socks5h://127.0.0.1:1080 (SOCKS_PROXY)" in row["detail"]
    assert "pip install python-socks" in row["remedy"]


@pytest.mark.parametrize(
    ("answer", "detail", "remedy"),
    [
        (b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "HTTP 407", "user and password into HTTPS_PROXY"),
        (b"HTTP/1.1 403 Forbidden\r\n\r\n", "HTTP 403", "allow CONNECT to resource.example:443"),
        (b"HTTP/1.1 502 Bad Gateway\r\n\r\n", "HTTP 502", "the proxy cannot reach resource.example:443"),
        (b"220 mail.example ESMTP\r\n\r\n", "no HTTP", "HTTPS_PROXY"),
        (b"", "did not answer", "NO_PROXY=resource.example"),
    ],
    ids=["407", "403", "502", "no HTTP", "nothing"],
)
def test_a_proxy_that_refuses(
    doctor: Doctor, monkeypatch: pytest.MonkeyPatch, answer: bytes, detail: str, remedy: str
) -> None:
    """What the proxy answers is told apart, and its password is in nothing that is shown."""
    with Proxy(answer=answer) as proxy:
        monkeypatch.setenv("https_proxy", proxy.url)
        row = doctor.fails("proxy", "--endpoint", "https://resource.example")
    assert detail in row["detail"]
    assert remedy in row["remedy"]
    assert f"http://127.0.0.1:{proxy.port}" in row["detail"]


@pytest.mark.parametrize(
    ("url", "detail"),
    [
        (f"ftp://user:{KEY}@127.0.0.1:1", "no proxy's URL"),
        (f"http://user:{KEY}@127.0.0.1:port", "no proxy's URL"),
        (f"http://user:{KEY}@no-such-proxy.invalid:1", "cannot be found"),
        (f"http://user:{KEY}@127.0.0.1:9", "cannot be reached"),
    ],
)
def test_a_proxy_that_is_not_there(doctor: Doctor, monkeypatch: pytest.MonkeyPatch, url: str, detail: str) -> None:
    """A URL that cannot work, or leads nowhere, names the variable that holds it."""
    monkeypatch.setenv("HTTPS_PROXY", url)
    row = doctor.fails("proxy", "--endpoint", "https://resource.example")
    assert detail in row["detail"]
    assert "HTTPS_PROXY" in row["remedy"]


# --- redirect, upgrade, authentication, model and API version --------------------------------------------------------


def examined(doctor: Doctor, step: str, answer: Answer | None, *arguments: object) -> dict[str, Any]:
    with WebSocketServer(answer=answer) as server:
        row = doctor.fails(step, "--endpoint", server.endpoint, *arguments)
    assert len(server.requests) == 1
    return row


def test_a_redirect_is_refused(doctor: Doctor) -> None:
    """The target's host is named, and nothing of its path and query; nothing is sent there."""
    with WebSocketServer() as other:
        location = f"ws://localhost:{other.port}/login?token={KEY}"
        row = examined(doctor, "redirect", refuses(302, Location=location))
    assert other.requests == []
    assert "'localhost'" in row["detail"]
    assert "login" not in row["detail"]
    assert "make it the endpoint" in row["remedy"]


REFUSALS = [
    (401, "authentication", "key of this very resource"),
    (403, "authentication", "Cognitive Services User"),
    (400, "model and API version", "--model"),
    (404, "model and API version", "--api-version"),
    (429, "upgrade", "wait 17 s"),
    (500, "upgrade", "request id req-1"),
    (503, "upgrade", "try again later"),
    (200, "upgrade", "web page"),
]


@pytest.mark.parametrize(("status", "step", "remedy"), REFUSALS)
def test_a_refusal(doctor: Doctor, status: int, step: str, remedy: str) -> None:
    """Each status is a failure of its step, with the service's words and request id; credentials in them are hidden."""
    body = json.dumps({"error": {"message": f"no, {KEY}; Bearer eyJhbGciOiJub25lIn0.e30.x is not\x1b[2J right"}})
    row = examined(doctor, step, refuses(status, body, Retry_After="17", apim_request_id="req-1"))
    assert remedy in row["remedy"]
    assert f"HTTP {status}" in row["detail"]
    assert "\x1b" not in row["detail"]
    assert "[hidden]" in row["detail"]
    assert (row["facts"]["status"], row["facts"]["request_id"]) == (status, "req-1")
    if step != "upgrade":
        assert doctor.rows["upgrade"]["status"] == "noted"
        assert f"HTTP {status}" in doctor.rows["upgrade"]["detail"]


def test_a_wrong_key(doctor: Doctor) -> None:
    """The local service with another key refuses: authentication."""
    with LocalService.in_thread(api_key="another key") as service:
        row = doctor.fails("authentication", "--endpoint", service.endpoint)
    assert "401" in row["detail"]
    assert "AZURE_VOICELIVE_API_KEY" in row["remedy"]


def test_no_token_to_be_had(
    doctor: Doctor, command: Command, authority: trustme.CA, trusted: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A credential that gives no token is a failure of authentication, before anything is asked of the service."""
    monkeypatch.delenv("AZURE_VOICELIVE_API_KEY")
    # Leaves only this one of the credentials in the chain, which has nothing to go by.
    monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "EnvironmentCredential")
    for name in ("AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "AZURE_TENANT_ID"):
        monkeypatch.delenv(name, raising=False)
    with TlsFront(authority.issue_cert("resource.example")) as front, Proxy(front.port) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        row = doctor.fails("authentication", "--endpoint", "https://resource.example")
    assert "gave no token" in row["detail"]
    assert "az login" in row["remedy"]
    assert doctor.rows["environment"]["facts"]["credential"] == "tokens"
    assert front.received == 0


async def closes_at_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(1)


async def speaks_no_http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    if await reader.read(1):  # nothing comes while only TCP is looked at
        writer.write(b"220 mail.example ESMTP\r\n\r\n")
        await writer.drain()
        await reader.read()


@pytest.mark.parametrize(
    ("behaviour", "detail", "remedy"),
    [
        (waits, "within 0.5 s", "--timeout"),
        (closes_at_once, "", "check that the endpoint is a Voice Live resource|cuts WebSockets"),
        (speaks_no_http, "in place of an HTTP answer", "check that the endpoint is a Voice Live resource"),
    ],
    ids=["silent", "closes", "no HTTP"],
)
def test_no_answer_to_the_upgrade(doctor: Doctor, behaviour: RawBehaviour, detail: str, remedy: str) -> None:
    """A server that is silent, hangs up or speaks something else fails at the upgrade, in time."""
    with RawServer(behaviour) as server:
        started = time.monotonic()
        row = doctor.fails("upgrade", "--timeout", 0.5, "--endpoint", server.endpoint)
        assert time.monotonic() - started < 5
    assert detail in row["detail"]
    assert any(text in row["remedy"] for text in remedy.split("|"))


# --- the session -----------------------------------------------------------------------------------------------------


def test_a_model_that_is_not_there(doctor: Doctor) -> None:
    """The service opens the connection and then refuses the model: the step says which, and where to look."""
    with LocalService.in_thread(models=["gpt-4o"]) as service:
        row = doctor.fails("model and API version", "--endpoint", service.endpoint, "--model", "gpt-9")
        doctor.passes("--endpoint", service.endpoint, "--model", "gpt-4o")
    assert "gpt-9 is not supported in this region" in row["detail"]
    assert "region offers the model gpt-9" in row["remedy"]
    assert row["facts"]["code"] == "invalid_model"
    assert doctor.rows["authentication"]["status"] == "passed"


def refused_by_an_error(**error: Any) -> str:
    return event("error", error={"type": "invalid_request_error", "param": None, "event_id": None, **error})


@pytest.mark.parametrize(
    ("behaviour", "detail", "remedy"),
    [
        (sends(), "did not come within 0.5 s", "request id"),
        (closes(1008, "not today"), "not today", "what the reason says"),
        (closes(1013, "overloaded"), "1013", "try again later"),
        (breaks, "before session.created", "proxy or firewall"),
        (sends(refused_by_an_error(code="server_error", message=f"sorry, {KEY}")), "sorry, [hidden]", "request id"),
    ],
    ids=["never", "1008", "1013", "broken", "error"],
)
def test_no_session(doctor: Doctor, behaviour: Behaviour, detail: str, remedy: str) -> None:
    """A connection that opens, but brings no session, fails at session.created."""
    with WebSocketServer(behaviour) as server:
        row = doctor.fails("session.created", "--timeout", 0.5, "--endpoint", server.endpoint)
    assert detail in row["detail"]
    assert remedy in row["remedy"]
    assert doctor.rows["upgrade"]["facts"]["status"] == 101


CREATED = event("session.created", session={"id": "sess_1", "model": "gpt-4o"})


async def fails_the_response(connection: ServerConnection) -> None:
    await connection.send(CREATED)
    error = {"type": "server_error", "code": "quota", "message": f"the quota of {KEY} is used up"}
    details = {"type": "failed", "error": error}
    response = {"id": "r", "object": "realtime.response", "status": "failed", "status_details": details, "output": []}
    async for message in connection:
        if json.loads(message)["type"] == "response.create":
            await connection.send(event("response.done", response=response))


@pytest.mark.parametrize(
    ("behaviour", "detail", "remedy"),
    [
        (sends(CREATED), "no response.done within 0.5 s", "--timeout"),
        (sends(CREATED, refused_by_an_error(code="server_error", message="broken")), "broken", "request id"),
        (sends(CREATED, then=closes(1011, "gone")), "1011", "try again later"),
        (fails_the_response, "the quota of [hidden] is used up", "quota"),
    ],
    ids=["never", "error", "closed", "failed"],
)
def test_no_turn(doctor: Doctor, behaviour: Behaviour, detail: str, remedy: str) -> None:
    """A session in which no response comes to a good end fails at the text turn."""
    with WebSocketServer(behaviour) as server:
        row = doctor.fails("text turn", "--timeout", 0.5, "--endpoint", server.endpoint)
    assert detail in row["detail"]
    assert remedy in row["remedy"]
    assert doctor.rows["session.created"]["facts"]["session_id"] == "sess_1"


# --- how it ends -----------------------------------------------------------------------------------------------------


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
        output, errors = process.communicate(timeout=10)
    assert (process.returncode, output, errors) == (130, "", "voicelive: interrupted\n")


def test_the_exit_codes_are_documented() -> None:
    """The table of the documentation has each step with its exit code, and no other."""
    text = (ROOT / "docs" / "doctor.md").read_text(encoding="utf-8")
    assert {step: int(code) for code, step in re.findall(r"^\| (\d\d) \| ([\w. ]+) \|", text, re.M)} == STEPS


# --- what is never shown ---------------------------------------------------------------------------------------------


def test_secrets_are_hidden_in_every_spelling() -> None:
    """Quoted or not, long or short, in texts and in facts; a short one only where it stands by itself."""
    redactor = Redactor(["s3cret/with space", "local"])
    assert redactor.text("a s3cret/with space b s3cret%2Fwith%20space") == "a [hidden] b [hidden]"
    assert redactor.text("local is not localhost, nor --local") == "[hidden] is not localhost, nor --local"
    assert redactor.facts({"a": ["s3cret/with space", 1, None]}) == {"a": ["[hidden]", 1, None]}
    assert "s3cret" not in repr(redactor)

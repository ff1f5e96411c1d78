"""The proxy as `voicelive doctor` sees it: through it, refused by it, not there at all."""

from __future__ import annotations

import asyncio
import gc

import pytest
import trustme
from azure.core.credentials import AzureKeyCredential

from tests.clients.harness import Client
from tests.secrets import KEY
from voicelive.errors import ProxyError
from voicelive.local import ThreadedLocalService

from .parts import STEPS, Doctor, Proxy, TlsFront

pytestmark = pytest.mark.timeout(300)


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
        (b"220 mail.example ESMTP\r\n\r\n", "not HTTP", "HTTPS_PROXY"),
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


ANSWERS: dict[bytes, str] = {
    b"HTTP/1.1 200 Connection established\r\n\r\n": "opens",
    b"HTTP/1.0 200 OK\r\nProxy-agent: tinyproxy/1.11.1\r\n\r\n": "opens",
    b"HTTP/1.1 200\r\n\r\n": "opens",
    b"HTTP/1.1 204 No Content\n\n": "opens",
    b"HTTP/1.1 301 Moved\r\nLocation: http://login.example/\r\n\r\n": "301",
    b"HTTP/1.1 401 Unauthorized\r\n\r\n": "401",
    b"HTTP/1.1 403 Forbidden\r\n\r\n": "403",
    b"HTTP/1.0 407 Proxy Authentication Required\n\n": "407",
    b"HTTP/1.1 503 Service Unavailable\r\n\r\n": "503",
    b"HTTP/1.1 2000 OK\r\n\r\n": "no answer",
    b"HTTP/1.1 403 Forbidden\r\nProxy-": "no answer",
    b"HTTP/2 200\r\n\r\n": "no answer",
    b"SSH-2.0-OpenSSH\r\n": "no answer",
    b"": "no answer",
}
"""What a proxy may say to the request for a way, and then closes unless it opened one; and what that is."""


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("answer", ANSWERS)
async def test_the_doctor_and_both_clients_say_the_same_of_a_proxy(
    doctor: Doctor,
    authority: trustme.CA,
    service: ThreadedLocalService,
    monkeypatch: pytest.MonkeyPatch,
    answer: bytes,
) -> None:
    """Each answer opens a way for all three or for none, and is the same refusal to them."""
    verdicts = {}
    with (
        TlsFront(authority.issue_cert("resource.example"), service.port) as front,
        Proxy(front.port, answer=answer) as proxy,
    ):
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        report = await asyncio.to_thread(doctor.examine, "--endpoint", "https://resource.example")
        row = report["steps"][list(STEPS).index("proxy")]
        verdicts["doctor"] = "opens" if row["status"] == "passed" else row["facts"].get("status", "no answer")
        for client in (Client("sync"), Client("async")):
            connection = client.connect(
                "https://resource.example",
                credential=AzureKeyCredential(KEY),
                connection_options={"proxy": True, "close_timeout": 3},
            )
            try:
                await connection.open()
                verdicts[client.flavour] = "opens"
            except ProxyError as error:
                verdicts[client.flavour] = "no answer" if error.status is None else str(error.status)
            finally:
                await connection.close()
    assert verdicts == dict.fromkeys(("doctor", "sync", "async"), ANSWERS[answer])


@pytest.mark.parametrize(
    ("url", "detail"),
    [
        (f"ftp://user:{KEY}@127.0.0.1:1", "not a proxy URL"),
        (f"http://user:{KEY}@127.0.0.1:port", "not a proxy URL"),
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

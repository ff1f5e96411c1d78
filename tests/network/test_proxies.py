"""The way through a real proxy, and what each of its refusals becomes."""

from __future__ import annotations

import asyncio
from importlib.util import find_spec
from typing import Any

import pytest

from tests.clients.harness import assert_nothing_left
from tests.clients.servers import RawServer
from voicelive import ConfigurationError, HandshakeError, ProxyError, TlsError
from voicelive.local import ThreadedLocalService

from .parts import KEY, Gate, Proxies

pytestmark = pytest.mark.timeout(300)


async def first_event(connection: Any) -> str:
    async with connection:
        return str((await connection.recv()).type)


async def test_through_a_proxy(connect: Any, service: ThreadedLocalService, proxies: Proxies) -> None:
    """A proxy given by its URL is used, also for an endpoint without TLS on this machine."""
    connection = connect(service.endpoint, proxy=proxies.open.url())
    assert await first_event(connection) == "session.created"
    assert proxies.open.asked_for(service.port)
    await assert_nothing_left(proxies.open.port, service.port)


async def test_through_a_proxy_and_nginx(connect: Any, gate: Gate, proxies: Proxies) -> None:
    """Through the proxy to nginx, TLS ends at nginx: the certificate is that of the endpoint."""
    connection = connect(gate.endpoint(), proxy=proxies.open.url())
    assert await first_event(connection) == "session.created"
    assert proxies.open.asked_for(gate.ports["valid"])
    with pytest.raises(TlsError, match=r"not trusted .*expired"):
        await connect(gate.endpoint("expired"), proxy=proxies.open.url()).open()
    await assert_nothing_left(proxies.open.port)


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy"])
async def test_the_proxy_of_the_environment(
    connect: Any, gate: Gate, proxies: Proxies, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    """The environment's proxy is used without a word for a host that is not known as this machine."""
    monkeypatch.setenv(variable, proxies.open.url())
    connection = connect(gate.endpoint("valid", "0.0.0.0"))
    before = len(proxies.open.log)
    assert await first_event(connection) == "session.created"
    assert any(f"CONNECT 0.0.0.0:{gate.ports['valid']} " in line for line in proxies.open.log[before:])


async def test_hosts_without_a_proxy(
    connect: Any, gate: Gate, proxies: Proxies, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A host of NO_PROXY is reached directly, and so is this machine; by name, the environment's proxy takes it too."""
    monkeypatch.setenv("HTTPS_PROXY", proxies.closed.url())
    monkeypatch.setenv("NO_PROXY", "0.0.0.0")
    assert await first_event(connect(gate.endpoint("valid", "0.0.0.0"))) == "session.created"
    assert await first_event(connect(gate.endpoint("valid"))) == "session.created"
    with pytest.raises(ProxyError, match="403"):
        await connect(gate.endpoint("valid"), proxy=True).open()


async def test_a_proxy_that_wants_a_password(connect: Any, gate: Gate, proxies: Proxies) -> None:
    """User and password in the proxy's URL let the connection through, also quoted ones."""
    assert await first_event(connect(gate.endpoint(), proxy=proxies.locked.url("walter:s3cret"))) == "session.created"
    quoted = "".join(f"%{ord(letter):02X}" for letter in "s3cret")
    connection = connect(gate.endpoint(), proxy=proxies.locked.url(f"walter:{quoted}"))
    assert await first_event(connection) == "session.created"


@pytest.mark.parametrize(("user", "status"), [("", 407), ("walter:wr0ng-pass", 401)])
async def test_a_proxy_that_lets_nobody_in(connect: Any, gate: Gate, proxies: Proxies, user: str, status: int) -> None:
    """Without the right password the proxy's refusal is a ProxyError with status and remedy, and not the password."""
    with pytest.raises(ProxyError, match=rf"proxy answered HTTP {status} .*user and password") as caught:
        await connect(gate.endpoint(), proxy=proxies.locked.url(user)).open()
    # A wrong password is answered with 401 by this proxy, which other proxies do not.
    assert (caught.value.status, caught.value.recoverable) == (status, False)
    assert "wr0ng" not in f"{caught.value!r} {caught.value.__cause__!r}"
    assert KEY not in f"{caught.value!r}"
    await assert_nothing_left(proxies.locked.port)


async def test_a_proxy_that_refuses_the_way(connect: Any, gate: Gate, proxies: Proxies) -> None:
    """A proxy that allows no CONNECT to this port answers 403: a ProxyError that names the way it refused."""
    with pytest.raises(ProxyError, match=rf"proxy answered HTTP 403 to 127.0.0.1:{gate.ports['valid']}") as caught:
        await connect(gate.endpoint(), proxy=proxies.closed.url()).open()
    assert (caught.value.status, caught.value.recoverable) == (403, False)
    await assert_nothing_left(proxies.closed.port)


async def test_a_proxy_that_cannot_reach_the_service(connect: Any, proxies: Proxies) -> None:
    """Where nobody listens behind the proxy, its 5xx is a ProxyError that may pass."""
    with pytest.raises(ProxyError, match="HTTP 5") as caught:
        await connect("https://127.0.0.1:1", proxy=proxies.open.url()).open()
    assert caught.value.recoverable
    await assert_nothing_left(proxies.open.port)


@pytest.mark.parametrize("version", ["1.0", "1.1"])
@pytest.mark.parametrize("status", [302, 403, 407, 503])
async def test_refusals_in_either_version(connect: Any, version: str, status: int) -> None:
    """A proxy's refusal in HTTP/1.0 is as good as one in HTTP/1.1, whatever headers and body follow."""

    async def refuses(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"HTTP/{version} {status} No Way\r\nConnection: close\r\n\r\n<html>no</html>".encode())

    with RawServer(refuses) as proxy:
        with pytest.raises(ProxyError, match=f"proxy answered HTTP {status}") as caught:
            await connect("https://service.example", proxy=proxy.endpoint).open()
        assert (caught.value.status, caught.value.recoverable) == (status, status == 503)
        await assert_nothing_left(proxy.port)


@pytest.mark.parametrize(
    "answer", [b"", b"HTTP/1.1 200", b"220 mail.example ESMTP\r\n", b"\x15\x03\x03\x00\x02\x02\x46"]
)
async def test_proxies_that_are_none(connect: Any, answer: bytes) -> None:
    """A proxy that hangs up, or that speaks no HTTP, is a ProxyError too."""

    async def is_something_else(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)

    with RawServer(is_something_else) as proxy:
        with pytest.raises(ProxyError, match=r"did not open a way to service\.example") as caught:
            await connect("https://service.example", proxy=proxy.endpoint).open()
        assert (caught.value.status, caught.value.recoverable) == (None, True)
        await assert_nothing_left(proxy.port)


async def test_a_gateway_that_answers_in_http_1_0(connect: Any) -> None:
    """A refusal in HTTP/1.0 from what stands where the service should be keeps its status."""

    async def is_overloaded(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.0 503 Service Unavailable\r\n\r\n")

    with RawServer(is_overloaded) as server:
        with pytest.raises(HandshakeError, match="answered HTTP 503") as caught:
            await connect(server.endpoint).open()
        assert (caught.value.status, caught.value.recoverable) == (503, True)
        await assert_nothing_left(server.port)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://walter:s3cr3t@proxy.example",
        "http://",
        "walter:s3cr3t@proxy.example:8080",
        "http://walter:s3cr3t@proxy.example:99999",
        "http://walter:s3cr3t@[proxy",
        "http://walter:s3cr3t@proxy.example/path",
        "http://walter:s3cr3t@proxy.example?query",
        "http://walter:s3cr3t@xn--\u0130.\u0130" + "a" * 70,
    ],
)
async def test_what_is_no_proxy(connect: Any, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """What the environment has, and is not a proxy URL, is an error that says so and does not repeat it."""
    monkeypatch.setenv("HTTPS_PROXY", url)
    with pytest.raises(ConfigurationError, match=r"proxy's URL cannot be used.* HTTPS_PROXY") as caught:
        await connect("https://service.example").open()
    assert "s3cr3t" not in f"{caught.value!r} {caught.value.__cause__!r} {caught.value.__context__!r}"


@pytest.mark.skipif(find_spec("python_socks") is not None, reason="python-socks is installed")
async def test_a_socks_proxy_without_its_package(connect: Any) -> None:
    """A SOCKS proxy needs a package, and the error names it, and not the proxy's password."""
    with pytest.raises(ConfigurationError, match="python-socks") as caught:
        await connect("https://service.example", proxy="socks5h://walter:s3cr3t@127.0.0.1:1").open()
    assert "s3cr3t" not in f"{caught.value!r} {caught.value.__cause__!r}"


async def test_a_proxy_with_a_name(connect: Any, gate: Gate, proxies: Proxies) -> None:
    """A proxy may be given by name, with the user's name alone; a name that nobody knows is the proxy's error."""
    proxy = proxies.open.url("walter").replace("127.0.0.1", "localhost")
    assert await first_event(connect(gate.endpoint(), proxy=proxy)) == "session.created"
    for host in ("no-such-proxy.invalid", "a" * 64 + ".example"):
        with pytest.raises(ProxyError, match="could not be found"):
            await connect(gate.endpoint(), proxy=f"http://{host}:8080").open()

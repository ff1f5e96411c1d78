"""Proxies that are reached by TLS themselves: TLS inside of TLS, on both clients."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

import pytest
import trustme

from tests.clients.harness import assert_nothing_left
from tests.clients.servers import ThreadedServer
from tests.outside import not_here
from voicelive import ConfigurationError, ConnectionClosed, ProxyError, TlsError
from voicelive.local import ThreadedLocalService

from .parts import Gate, Proxies, Proxy

pytestmark = pytest.mark.timeout(300)


class TlsFront(ThreadedServer):
    """Ends TLS and passes everything on to a port, as a TLS front of a proxy does."""

    scheme = "https"

    def __init__(self, context: ssl.SSLContext, target: int) -> None:
        super().__init__()
        self._context = context
        self._target = target

    async def start(self) -> None:
        self._server = server = await asyncio.start_server(self._handle, "127.0.0.1", 0, ssl=self._context)
        self.port = server.sockets[0].getsockname()[1]

    async def _handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self._target)

        async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
            try:
                while data := await source.read(65536):
                    sink.write(data)
                    await sink.drain()
            except OSError:
                pass
            finally:
                sink.close()

        try:
            await asyncio.gather(pump(reader, there_writer), pump(there_reader, writer))
        except asyncio.CancelledError:
            pass
        finally:
            writer.transport.abort()
            there_writer.transport.abort()

    def url(self, user: str = "") -> str:
        """Its address as a proxy."""
        return f"https://{user}{'@' if user else ''}127.0.0.1:{self.port}"


NESTS = int(version("websockets").partition(".")[0]) >= 16
"""Whether the clients can do it here."""


@pytest.fixture
def nests() -> None:
    """Leave the test out where websockets cannot do it."""
    if not NESTS:
        not_here("TLS inside of TLS needs websockets 16 with asyncio")


@pytest.mark.skipif(NESTS, reason="this machine has what it needs")
async def test_where_websockets_cannot_do_it(connect: Any) -> None:
    """Where websockets is too old for it, the error says what helps."""
    with pytest.raises(ConfigurationError, match=r"https:// URL only with websockets 16 or later"):
        await connect("https://service.example", proxy="https://127.0.0.1:1").open()
    await assert_nothing_left()


@pytest.fixture(scope="module")
def fronts(authority: trustme.CA, proxies: Proxies) -> Iterator[dict[str, TlsFront]]:
    """TLS before two of the proxies."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)

    def front(proxy: Proxy) -> TlsFront:
        return TlsFront(context, proxy.port)

    with front(proxies.open) as open_front, front(proxies.locked) as locked_front:
        yield {"open": open_front, "locked": locked_front}


@pytest.mark.usefixtures("nests")
async def test_tls_inside_of_tls(connect: Any, gate: Gate, fronts: dict[str, TlsFront], trust: ssl.SSLContext) -> None:
    """Events of every size go both ways, at once, through TLS with nginx inside of TLS with the proxy."""
    connection = connect(gate.endpoint(), proxy=fronts["open"].url(), proxy_ssl=trust)
    async with connection:
        await connection.wait_for("session.created")
        # More than any buffer on the way holds, while the answers come back.
        for number in range(30):
            text = f"{number} " + "x" * (1000 * number**2)
            await connection.call(
                "conversation.item.create",
                item={"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]},
            )
        for number in range(30):
            created = await connection.wait_for("conversation.item.created", timeout=60)
            assert created.item.content[0].text == f"{number} " + "x" * (1000 * number**2)
    assert connection.close_info.code == 1000
    await assert_nothing_left(fronts["open"].port)


@pytest.mark.usefixtures("nests")
async def test_a_thread_that_reads_is_woken(
    connect: Any, gate: Gate, fronts: dict[str, TlsFront], trust: ssl.SSLContext
) -> None:
    """Closing wakes who receives through both TLS connections."""
    connection = connect(gate.endpoint(), proxy=fronts["open"].url(), proxy_ssl=trust)
    async with connection:
        await connection.wait_for("session.created")
        receiving = asyncio.ensure_future(connection.recv(None))
        await asyncio.sleep(0)
        await connection.close()
        with pytest.raises(ConnectionClosed):
            await asyncio.wait_for(receiving, 60)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("Thread-")]


@pytest.mark.usefixtures("nests")
async def test_tls_to_the_proxy_alone(
    connect: Any, service: ThreadedLocalService, fronts: dict[str, TlsFront], trust: ssl.SSLContext
) -> None:
    """An endpoint of this machine without TLS is reached through the proxy's TLS."""
    connection = connect(service.endpoint, proxy=fronts["open"].url(), proxy_ssl=trust)
    async with connection:
        assert (await connection.recv()).type == "session.created"
    await assert_nothing_left(fronts["open"].port)


@pytest.mark.usefixtures("nests")
# Some versions of Python fail themselves at closing TLS inside of TLS whose handshake failed.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_certificates_of_proxy_and_service(
    connect: Any, gate: Gate, fronts: dict[str, TlsFront], trust: ssl.SSLContext
) -> None:
    """Both certificates are checked, each against its own settings; the proxy's is not taken for the service's."""
    with pytest.raises(TlsError, match=r"proxy.* not trusted"):
        await connect(gate.endpoint(), proxy=fronts["open"].url()).open()
    with pytest.raises(TlsError, match=r"not trusted .*expired"):
        await connect(gate.endpoint("expired"), proxy=fronts["open"].url(), proxy_ssl=trust).open()
    await assert_nothing_left(fronts["open"].port)


@pytest.mark.usefixtures("nests")
async def test_a_refusal_through_tls(
    connect: Any, gate: Gate, fronts: dict[str, TlsFront], trust: ssl.SSLContext
) -> None:
    """The 407 of a proxy behind TLS is the same ProxyError; user and password let the connection through."""
    proxy = fronts["locked"]
    with pytest.raises(ProxyError, match="HTTP 407") as caught:
        await connect(gate.endpoint(), proxy=proxy.url(), proxy_ssl=trust).open()
    assert caught.value.status == 407
    connection = connect(gate.endpoint(), proxy=proxy.url("walter:s3cret"), proxy_ssl=trust)
    async with connection:
        assert (await connection.recv()).type == "session.created"
    await assert_nothing_left(proxy.port)

"""Where connections go and come from: IPv6, names with several addresses, one's own address."""

from __future__ import annotations

import gc
import socket
import time
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import pytest

from tests.clients.harness import Client, assert_nothing_left
from tests.clients.servers import WebSocketServer, event, sends
from tests.outside import not_here
from voicelive import ConfigurationError, ConnectionError, ConnectTimeoutError

pytestmark = pytest.mark.timeout(300)

NAME = "service.test"
CREATED = sends(event("session.created"))
FAMILIES = {"127.": socket.AF_INET, "::1": socket.AF_INET6}

Resolve = Callable[..., None]


@pytest.fixture
def resolve(monkeypatch: pytest.MonkeyPatch) -> Resolve:
    """Have NAME mean the given addresses, in this order: no name server here would say so."""
    ask = socket.getaddrinfo

    def means(*addresses: str) -> None:
        def answer(host: Any, port: Any, *arguments: Any, **named: Any) -> Any:
            if host != NAME:
                return ask(host, port, *arguments, **named)
            return [found for address in addresses for found in ask(address, port, type=socket.SOCK_STREAM)]

        monkeypatch.setattr(socket, "getaddrinfo", answer)

    return means


@pytest.fixture(scope="module")
def has_ipv6() -> None:
    """Leave the test out where this machine has no IPv6."""
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        not_here("this machine has no IPv6")


@contextmanager
def dead_address(host: str, port: int) -> Generator[None]:
    """Listen on an address, and answer nobody: its queue is full, so that who connects waits."""
    with ExitStack() as stack:
        listening = stack.enter_context(socket.socket())
        try:
            listening.bind((host, port))
        except OSError:
            not_here(f"{host} is no address of this machine")
        listening.listen(0)
        for _ in range(4):
            sock = stack.enter_context(socket.socket())
            sock.setblocking(False)
            with suppress(BlockingIOError):
                sock.connect((host, port))
        yield


async def first_event(client: Client, endpoint: str, **options: Any) -> str:
    options = {"open_timeout": 40, "close_timeout": 3, "allow_plaintext_credentials": True, **options}
    async with client.connect(endpoint, headers={"api-key": "k"}, connection_options=options) as connection:
        return str((await connection.recv()).type)


async def test_nothing_sent_waits_for_an_acknowledgement(client: Client) -> None:
    """Small messages, such as 20 ms of audio, leave at once: the connection's socket has TCP_NODELAY."""
    with WebSocketServer(CREATED) as server:
        port = int(server.endpoint.rpartition(":")[2])
        async with client.connect(server.endpoint) as connection:
            await connection.recv()
            found = [
                sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
                for sock in gc.get_objects()
                # Not isinstance(): it would ask objects that are dead.
                if issubclass(type(sock), socket.socket) and goes_to(sock, port)
            ]
    assert found
    assert all(found)


def goes_to(sock: socket.socket, port: int) -> bool:
    try:
        return sock.getpeername()[1] == port  # type: ignore[no-any-return]
    except (OSError, IndexError):
        return False


@pytest.mark.usefixtures("has_ipv6")
async def test_an_ipv6_address(client: Client) -> None:
    """An IPv6 address in brackets is this machine too, and the Host header keeps the brackets."""
    with WebSocketServer(CREATED, host="::1") as server:
        assert await first_event(client, server.endpoint, allow_plaintext_credentials=False) == "session.created"
        assert server.requests[0].headers["host"] == f"[::1]:{server.port}"
        await assert_nothing_left(server.port)


@pytest.mark.usefixtures("has_ipv6")
@pytest.mark.parametrize("addresses", [("::1", "127.0.0.1"), ("127.0.0.1", "::1")])
@pytest.mark.parametrize("host", ["::1", "127.0.0.1"])
async def test_a_name_with_both_families(
    client: Client, resolve: Resolve, addresses: tuple[str, str], host: str
) -> None:
    """A name with an IPv4 and an IPv6 address is reached by whichever the service listens on."""
    resolve(*addresses)
    with WebSocketServer(CREATED, host=host) as server:
        assert await first_event(client, f"http://{NAME}:{server.port}") == "session.created"
        assert len(server.requests) == 1
        await assert_nothing_left(server.port)


async def test_a_dead_address_comes_first(client: Client, resolve: Resolve) -> None:
    """An address that does not answer holds up neither client: the next one is tried beside it."""
    resolve("127.0.0.2", "127.0.0.1")
    with WebSocketServer(CREATED) as server:
        with dead_address("127.0.0.2", server.port):
            started = time.monotonic()
            assert await first_event(client, f"http://{NAME}:{server.port}") == "session.created"
            # A fair share of the time to open would be 20 seconds.
            assert time.monotonic() - started < 15
        await assert_nothing_left(server.port)


async def test_only_dead_addresses(client: Client, resolve: Resolve) -> None:
    """Where no address answers, the limit for the opening holds, and no attempt is left behind."""
    resolve("127.0.0.2", "127.0.0.3")
    with WebSocketServer(CREATED) as server:
        port = server.port
        with dead_address("127.0.0.2", port), dead_address("127.0.0.3", port):
            with pytest.raises(ConnectTimeoutError, match=r"open_timeout=0\.6"):
                await first_event(client, f"http://{NAME}:{port}", open_timeout=0.6)
            await assert_nothing_left()


async def test_every_address_refuses(client: Client, resolve: Resolve) -> None:
    """Where every address refuses, the error says so."""
    resolve("127.0.0.2", "127.0.0.1")
    with WebSocketServer() as server:
        port = server.port
    with pytest.raises(ConnectionError, match=f"{NAME}:{port} refused the connection"):
        await first_event(client, f"http://{NAME}:{port}")


async def test_the_source_address(client: Client, resolve: Resolve) -> None:
    """source_address is where the service sees the connection come from; the host's other family is not tried."""
    resolve("::1", "127.0.0.1")
    with WebSocketServer(CREATED) as server:
        endpoint = f"http://{NAME}:{server.port}"
        assert await first_event(client, endpoint, source_address="127.0.0.5") == "session.created"
        assert await first_event(client, endpoint, source_address=("127.0.0.6", 0)) == "session.created"
        assert [peer[0] for peer in server.peers] == ["127.0.0.5", "127.0.0.6"]


@pytest.mark.parametrize(
    ("source", "text"),
    [("203.0.113.7", "address of this machine"), ("::1", "same family"), ("fe80::1", "same family")],
)
async def test_a_source_address_that_leads_nowhere(client: Client, source: str, text: str) -> None:
    """An address of another machine, or of the wrong family, is an error that names it."""
    with WebSocketServer(CREATED) as server:
        with pytest.raises(ConfigurationError, match=f"'{source}' .*{text}"):
            await first_event(client, server.endpoint, source_address=source)
        assert server.requests == []
        await assert_nothing_left(server.port)


@pytest.mark.parametrize("source", ["eth0", "", 5, ("127.0.0.1", 70000), ("127.0.0.1",), ("127.0.0.1", "80")])
def test_a_source_address_that_is_none(source: Any) -> None:
    """What is no IP address of the documented form is refused before anything is opened."""
    with pytest.raises(ConfigurationError, match="'source_address'"):
        Client("sync").connect("http://127.0.0.1:1", connection_options={"source_address": source})

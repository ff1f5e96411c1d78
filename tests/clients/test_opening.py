"""Opening a connection: the request that goes out, and every way the opening fails."""

from __future__ import annotations

import asyncio
import gc
import ssl
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import trustme
from azure.core.credentials import AzureKeyCredential
from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request

from tests.secrets import KEY
from voicelive import (
    AuthenticationError,
    BadRequestError,
    ConnectionClosed,
    ConnectionError,
    ConnectTimeoutError,
    HandshakeError,
    NotFoundError,
    ProxyError,
    RedirectError,
    ThrottledError,
    TlsError,
    __version__,
)

from .harness import Client, assert_nothing_left
from .servers import RawServer, WebSocketServer, event, refuses, sends

pytestmark = pytest.mark.timeout(300)


def opened(request: Request) -> tuple[str, dict[str, list[str]]]:
    """Split a recorded request into path and query."""
    parts = urlsplit(request.path)
    return parts.path, parse_qs(parts.query)


async def test_the_request_for_a_model(client: Client) -> None:
    """A model connection asks for the documented path, parameters and headers, and nothing else."""
    with WebSocketServer() as server:
        async with client.connect(server.endpoint + "/", credential=AzureKeyCredential(KEY)) as connection:
            request_id = connection.connection.request_id
    (request,) = server.requests
    assert opened(request) == (
        "/voice-live/realtime",
        {
            "api-version": ["2026-07-15"],
            "model": ["gpt-4o"],
            "x-ms-client-sdk": [f"voicelive/{__version__}"],
            "x-ms-client-request-id": [request_id],
        },
    )
    headers = {name.lower(): value for name, value in request.headers.raw_items()}
    assert headers["api-key"] == KEY
    assert headers["user-agent"].startswith(f"voicelive/{__version__} ")
    assert "websockets" not in headers["user-agent"]
    assert not {"authorization", "sec-websocket-extensions", "sec-websocket-protocol", "origin"} & headers.keys()


async def test_the_request_for_an_agent(client: Client) -> None:
    """An agent connection sends every agent parameter, and no model."""
    with WebSocketServer() as server:
        async with client.connect(
            server.endpoint,
            model=None,
            agent_name="guide",
            project_name="museum",
            agent_version="3",
            conversation_id="conv 1",
            authentication_identity_client_id="id-9",
            foundry_resource_override="other",
            api_version="2026-04-10",
        ):
            pass
    _, query = opened(server.requests[0])
    assert {name: values[0] for name, values in query.items() if not name.startswith("x-ms-")} == {
        "api-version": "2026-04-10",
        "agent-name": "guide",
        "agent-project-name": "museum",
        "agent-version": "3",
        "conversation-id": "conv 1",
        "agent-authentication-identity-client-id": "id-9",
        "foundry-resource-override": "other",
    }


async def test_own_query_and_headers_win(client: Client) -> None:
    """Query parameters and headers of the application replace this package's; None takes a parameter out."""
    with WebSocketServer() as server:
        async with client.connect(
            f"{server.endpoint}/gateway",
            credential=AzureKeyCredential(KEY),
            query={"profile": "byom", "n": [1, True], "model": "own", "x-ms-client-sdk": None, "ä": "ö&="},
            headers={"User-Agent": "mine", "API-Key": "other", "X-Extra": "1"},
        ):
            pass
    path, query = opened(server.requests[0])
    assert path == "/gateway/voice-live/realtime"
    assert (query["profile"], query["n"], query["model"], query["ä"]) == (["byom"], ["1", "true"], ["own"], ["ö&="])
    assert "x-ms-client-sdk" not in query
    headers = server.requests[0].headers
    assert headers.get_all("user-agent") == ["mine"]
    assert headers.get_all("api-key") == ["other"]
    assert headers["x-extra"] == "1"


STATUSES: list[tuple[int, type[HandshakeError], str]] = [
    (400, BadRequestError, "model"),
    (401, AuthenticationError, "key"),
    (403, AuthenticationError, "Cognitive Services User"),
    (404, NotFoundError, "/voice-live/realtime"),
    (408, HandshakeError, "try again"),
    (429, ThrottledError, "after 17 s"),
    (500, HandshakeError, "try again later"),
    (502, HandshakeError, "try again later"),
    (503, HandshakeError, "try again later"),
    (200, HandshakeError, "HTTP 200"),
]


@pytest.mark.parametrize(("status", "kind", "remedy"), STATUSES)
async def test_a_refusal_says_status_and_what_to_check(
    client: Client, status: int, kind: type[HandshakeError], remedy: str
) -> None:
    """Each HTTP status gives its error class, the service's words, a remedy and the service's request id."""
    body = '{"error": {"code": "Denied", "message": "the\\n service said so"}}'
    with WebSocketServer(
        answer=refuses(status, body, Retry_After="17", apim_request_id="req-1", Set_Cookie="c")
    ) as server:
        connection = client.connect(server.endpoint, credential=AzureKeyCredential(KEY))
        with pytest.raises(kind) as caught:
            await connection.open()
        await assert_nothing_left(server.port)
    error = caught.value
    assert type(error) is kind
    assert (error.status, error.body.decode(), error.request_id) == (status, body, "req-1")
    assert "set-cookie" not in error.headers
    assert error.retry_after == 17
    assert error.recoverable == (status in {408, 429, 500, 502, 503})
    text = str(error)
    for part in (f"127.0.0.1:{server.port}", str(status), "the service said so", remedy, "req-1"):
        assert part in text
    assert KEY not in text
    # The transport's own error would show the answer as it came, a credential in it included.
    assert error.__cause__ is None
    assert "closed" in repr(connection.connection)


async def test_an_answer_that_repeats_the_credential(client: Client) -> None:
    """A service that shows the request in its answer does not bring the key into the error."""
    body = f'{{"error": {{"message": "bad key {KEY}"}}, "seen": "Bearer {KEY}"}}'
    answer = refuses(401, body, X_Seen=f"key {KEY}!", Api_Key=KEY)
    with WebSocketServer(answer=answer) as server, pytest.raises(AuthenticationError) as caught:
        await client.connect(server.endpoint, credential=AzureKeyCredential(KEY)).open()
    error = caught.value
    assert KEY not in f"{error} {error!r} {vars(error)}"
    assert "bad key (hidden)" in str(error)
    assert error.headers["x-seen"] == "key (hidden)!"
    assert b"(hidden)" in error.body


@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308])
@pytest.mark.parametrize("target", ["same host", "other host", "no location"])
async def test_redirects_are_never_followed(client: Client, status: int, target: str) -> None:
    """A redirect is an error that names the target's host only, and the target never sees a request."""
    with WebSocketServer() as other, WebSocketServer() as server:
        location = {
            "same host": "/elsewhere?token=hidden",
            "other host": f"ws://localhost:{other.port}/path?token=hidden",
            "no location": None,
        }[target]
        headers = {} if location is None else {"Location": location}
        server.answer = refuses(status, **headers)
        with pytest.raises(RedirectError) as caught:
            await client.connect(server.endpoint, credential=AzureKeyCredential(KEY)).open()
        await assert_nothing_left(server.port, other.port)
    assert caught.value.status == status
    assert len(server.requests) == 1
    assert other.requests == []
    text = str(caught.value)
    assert "hidden" not in text
    assert ("'localhost'" in text) == (target == "other host")
    assert "hidden" not in repr(caught.value.headers)


async def never_answers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def answers_half_a_header(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgr")
    await writer.drain()
    await reader.read()
    await reader.read()


async def closes_at_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")


async def closes_in_the_header(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgr")
    await writer.drain()


async def speaks_no_http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"220 mail.example ESMTP\r\n\r\n")
    await writer.drain()


async def upgrades_wrongly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: wrong\r\n\r\n"
    )
    await writer.drain()


async def resets(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.transport.abort()


RAW: list[tuple[Any, type[ConnectionError], str]] = [
    (never_answers, ConnectTimeoutError, "open_timeout=0.5"),
    (answers_half_a_header, ConnectTimeoutError, "open_timeout=0.5"),
    (closes_at_once, HandshakeError, "closed the connection"),
    (closes_in_the_header, HandshakeError, "instead of an HTTP answer"),
    (speaks_no_http, HandshakeError, "instead of an HTTP answer"),
    (upgrades_wrongly, HandshakeError, "did not upgrade"),
    (resets, ConnectionError, "check"),
]


@pytest.mark.parametrize(("behaviour", "kind", "text"), RAW, ids=[case[0].__name__ for case in RAW])
async def test_broken_servers(client: Client, behaviour: Any, kind: type[ConnectionError], text: str) -> None:
    """A server that stalls, hangs up or answers nonsense gives a typed error in time, and leaves nothing behind."""
    with RawServer(behaviour) as server:
        started = time.monotonic()
        # Only those that stall are to run into the limit.
        options = {"open_timeout": 0.5 if kind is ConnectTimeoutError else 60}
        with pytest.raises(kind) as caught:
            await client.connect(server.endpoint, credential=AzureKeyCredential(KEY), connection_options=options).open()
        assert time.monotonic() - started < 20
        await assert_nothing_left(server.port)
        # Its accepting may come after this side's end.
        await asyncio.to_thread(server.accepted.wait, 60)
    assert server.connections == 1
    message = str(caught.value)
    assert f"127.0.0.1:{server.port}" in message
    assert text in message
    assert KEY not in message


async def test_nobody_listens(client: Client) -> None:
    """A refused TCP connection names host and port and what to check."""
    with RawServer(never_answers) as server:
        pass
    with pytest.raises(ConnectionError, match=rf"127\.0\.0\.1:{server.port} refused .* check") as caught:
        await client.connect(server.endpoint).open()
    assert isinstance(caught.value.__cause__, ConnectionRefusedError)


async def test_an_unknown_host(client: Client) -> None:
    """A host that DNS does not know is named, with what to check."""
    connection = client.connect("https://no-such-resource.invalid", credential=AzureKeyCredential(KEY))
    with pytest.raises(ConnectionError, match=r"no-such-resource\.invalid could not be found .* check"):
        await connection.open()


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def tls_server(authority: trustme.CA) -> Iterator[WebSocketServer]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with WebSocketServer(sends(event("session.created")), tls=context) as server:
        yield server


async def test_tls_with_a_private_authority(client: Client, authority: trustme.CA, tls_server: WebSocketServer) -> None:
    """A context that knows the authority makes wss work, close frames included."""
    context = ssl.create_default_context()
    authority.configure_trust(context)
    options = {"ssl": context, "close_timeout": 3}
    async with client.connect(
        tls_server.endpoint, credential=AzureKeyCredential(KEY), connection_options=options
    ) as connection:
        assert (await connection.recv()).type == "session.created"
    await assert_nothing_left(tls_server.port)
    assert tls_server.requests[0].headers["api-key"] == KEY
    gc.collect()


async def test_tls_with_an_unknown_authority(client: Client, tls_server: WebSocketServer) -> None:
    """An untrusted certificate is refused before the request is sent; the error names the ssl option."""
    with pytest.raises(TlsError, match=r"not trusted .*\"ssl\"") as caught:
        await client.connect(tls_server.endpoint, credential=AzureKeyCredential(KEY)).open()
    assert isinstance(caught.value.__cause__, ssl.SSLCertVerificationError)
    assert tls_server.requests == []
    await assert_nothing_left(tls_server.port)
    gc.collect()


async def test_tls_to_a_server_without(client: Client) -> None:
    """https:// to a port that speaks plain HTTP is an error that points at the scheme."""
    with WebSocketServer() as server:
        with pytest.raises(ConnectionError, match=r"TLS|scheme"):
            await client.connect(f"https://127.0.0.1:{server.port}", credential=AzureKeyCredential(KEY)).open()
        await assert_nothing_left(server.port)
    gc.collect()


async def test_a_system_proxy_is_not_asked_for_this_machine(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a proxy set in the environment, a service on this machine is still reached directly."""
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with WebSocketServer(sends(event("session.created"))) as server:
        async with client.connect(server.endpoint) as connection:
            assert (await connection.recv()).type == "session.created"


async def proxies(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A CONNECT proxy, as far as one connection needs it."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    SEEN.append(head)
    host, port = head.split()[1].rsplit(":", 1)
    there_reader, there_writer = await asyncio.open_connection(host, int(port))
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")

    async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while data := await source.read(65536):
            sink.write(data)
            await sink.drain()
        sink.close()

    await asyncio.gather(pump(reader, there_writer), pump(there_reader, writer))


SEEN: list[str] = []


async def test_through_a_proxy(client: Client) -> None:
    """A proxy given explicitly is used; it sees where the connection goes, but neither key nor query."""
    SEEN.clear()
    with WebSocketServer(sends(event("session.created"))) as server, RawServer(proxies) as proxy:
        async with client.connect(
            server.endpoint,
            credential=AzureKeyCredential(KEY),
            connection_options={"proxy": f"http://user:pass@127.0.0.1:{proxy.port}", "close_timeout": 3},
        ) as connection:
            assert (await connection.recv()).type == "session.created"
        await assert_nothing_left(proxy.port)
    (head,) = SEEN
    assert head.startswith(f"CONNECT 127.0.0.1:{server.port} ")
    assert KEY not in head
    assert "voice-live" not in head


async def test_a_proxy_that_refuses(client: Client) -> None:
    """A proxy's refusal is told apart from the service's, without showing the proxy's password."""

    async def refuses_to_proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()

    with RawServer(refuses_to_proxy) as proxy:
        connection = client.connect(
            "https://resource.example",
            credential=AzureKeyCredential(KEY),
            connection_options={"proxy": f"http://user:s3cret-pass@127.0.0.1:{proxy.port}"},
        )
        with pytest.raises(ProxyError, match=r"proxy answered HTTP 407") as caught:
            await connection.open()
        await assert_nothing_left(proxy.port)
    assert (caught.value.status, caught.value.recoverable) == (407, False)
    assert "s3cret" not in str(caught.value)


async def test_a_proxy_that_is_not_there(client: Client) -> None:
    """A proxy that refuses the connection, or that no name is known for, is not taken for the service."""
    with RawServer(never_answers) as proxy:
        pass
    for host, text in ((f"127.0.0.1:{proxy.port}", "refused"), ("no-such-proxy.invalid:80", "could not be found")):
        connection = client.connect(
            "https://resource.example",
            credential=AzureKeyCredential(KEY),
            connection_options={"proxy": f"http://user:s3cret-pass@{host}"},
        )
        with pytest.raises(ProxyError, match=f"proxy .* {text}") as caught:
            await connection.open()
        assert (caught.value.status, caught.value.recoverable) == (None, True)
        assert "s3cret" not in str(caught.value)


async def test_vendor_options_reach_the_transport(client: Client) -> None:
    """vendor_options go to websockets as they are; one it does not know is a clear error."""
    with WebSocketServer() as server:
        options = {"vendor_options": {"subprotocols": ["realtime"]}}
        async with client.connect(server.endpoint, connection_options=options):
            pass
        assert server.requests[0].headers["sec-websocket-protocol"] == "realtime"
        with pytest.raises(client.package.ConfigurationError, match="no_such_option"):
            await client.connect(server.endpoint, connection_options={"vendor_options": {"no_such_option": 1}}).open()
        await assert_nothing_left(server.port)


async def test_compression_when_asked_for(client: Client) -> None:
    """compression=True offers permessage-deflate, and compressed messages arrive."""
    message = event("response.text.delta", delta="x" * 5000)
    with WebSocketServer(sends(message), compression="deflate") as server:
        async with client.connect(server.endpoint, connection_options={"compression": True}) as connection:
            assert (await connection.recv_bytes()).decode() == message
    assert "permessage-deflate" in server.requests[0].headers["sec-websocket-extensions"]


async def test_a_server_that_closes_right_after_the_upgrade(client: Client) -> None:
    """An upgrade followed by an immediate close frame opens, and the first recv tells the code."""

    async def hangs_up(connection: ServerConnection) -> None:
        await connection.close(1013, "overloaded")

    with WebSocketServer(hangs_up) as server:
        async with client.connect(server.endpoint) as connection:
            with pytest.raises(ConnectionClosed, match="1013") as caught:
                await connection.recv()
            assert caught.value.reason == "overloaded"

"""Who may speak to the service, at every door of it, and where sessions may make the service itself connect to."""

from __future__ import annotations

import asyncio
import base64
import gc
import json
import socket
import ssl
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import trustme
from websockets.asyncio.client import connect

from voicelive._local import service as service_module
from voicelive._local.addresses import literal, never_dialled
from voicelive._local.engines.openai_chat import OpenAIResponder
from voicelive._local.outbound import AddressRefusedError, AddressRule
from voicelive.errors import ConfigurationError
from voicelive.local import LocalService, ThreadedLocalService

from .helpers import DEADLINE, Client, connected, url_of
from .mcp_server import RunningServer, running_server

REALTIME = "/voice-live/realtime?api-version=2026-07-15&model=gpt-4o"

DOORS = {"realtime": REALTIME, "control": "/control", "page": "/", "nothing": "/nothing"}

STATUS = {"realtime": 101, "control": 101, "page": 200, "nothing": 404}
"""What each door says to whom it lets in."""


@pytest.fixture(scope="module")
def shared() -> Iterator[ThreadedLocalService]:
    """A service with every door, and with some strangers whom its operator has named."""
    origins = ["http://app.example:3000", "https://app.example:443"]
    with LocalService.in_thread(control=True, allow_origins=origins, allow_hosts=["voice.internal"]) as running:
        yield running


async def request(
    service: LocalService | ThreadedLocalService, target: str, *headers: tuple[str, str]
) -> tuple[int, str]:
    """Ask for a WebSocket at a target; return the status and, where it was refused, the message."""
    encrypted = service.endpoint.startswith("https")
    context = None
    if encrypted:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    reader, writer = await asyncio.open_connection("127.0.0.1", service.port, ssl=context)
    given = {name.lower() for name, _ in headers}
    usual = [
        ("Host", f"127.0.0.1:{service.port}"),
        ("Upgrade", "websocket"),
        ("Connection", "Upgrade"),
        ("Sec-WebSocket-Key", base64.b64encode(bytes(16)).decode()),
        ("Sec-WebSocket-Version", "13"),
    ]
    lines = [*((name, value) for name, value in usual if name.lower() not in given), *headers]
    text = "".join(f"{name}: {value}\r\n" for name, value in lines)
    writer.write(f"GET {target} HTTP/1.1\r\n{text}\r\n".encode("latin-1"))
    head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), DEADLINE)).decode()
    status = int(head.split()[1])
    message = ""
    if status >= 400:
        message = json.loads(await asyncio.wait_for(reader.read(), DEADLINE))["error"]["message"]
    writer.close()
    return status, message


STRANGERS: dict[str, list[tuple[str, str]]] = {
    "another origin": [("Origin", "http://evil.example")],
    "another port": [("Origin", "http://127.0.0.1:1")],
    "another scheme": [("Origin", "https://127.0.0.1:{port}")],
    "no origin to speak of": [("Origin", "null")],
    "an empty origin": [("Origin", "")],
    "two origins": [("Origin", "http://127.0.0.1:{port}"), ("Origin", "http://evil.example")],
    "a name made to lead here": [("Host", "evil.example:{port}"), ("Origin", "http://evil.example:{port}")],
    "such a name without an origin": [("Host", "evil.example")],
    "an address of another machine": [("Host", "192.0.2.1")],
    "two hosts": [("Host", "127.0.0.1"), ("Host", "evil.example")],
    "no host": [("Host", "")],
    "half a host": [("Host", "[::1")],
    "a host with more in it": [("Host", "127.0.0.1/../evil.example")],
}


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("stranger", STRANGERS)
async def test_every_door_refuses_strangers(shared: ThreadedLocalService, door: str, stranger: str) -> None:
    """A page of another origin, or under a name made to lead here, gets 403 at every path, and no session begins."""
    headers = [(name, value.replace("{port}", str(shared.port))) for name, value in STRANGERS[stranger]]
    before = len(shared.sessions)
    status, message = await request(shared, DOORS[door], *headers)
    assert status == 403
    assert "--allow-" in message
    assert len(shared.sessions) == before


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(
    "headers",
    [
        [],
        [("Origin", "http://127.0.0.1:{port}")],
        [("Host", "localhost:{port}"), ("Origin", "http://LOCALHOST:{port}")],
        [("Host", "LocalHost.")],
        [("Host", "[::1]:{port}")],
        [("Host", "127.0.0.1"), ("Origin", "http://127.0.0.1:80")],
        [("Origin", "http://app.example:3000")],
        [("Origin", "https://app.example")],
        [("Host", "voice.internal:{port}")],
    ],
)
async def test_every_door_lets_in_its_own_and_what_is_allowed(
    shared: ThreadedLocalService, door: str, headers: list[tuple[str, str]]
) -> None:
    """Names of this machine, the service's own origin, and hosts and origins that the operator names."""
    sent = [(name, value.replace("{port}", str(shared.port))) for name, value in headers]
    assert (await request(shared, DOORS[door], *sent))[0] == STATUS[door]


@pytest.mark.parametrize("door", ["realtime", "control"])
async def test_the_key_does_not_open_the_door_to_strangers(door: str) -> None:
    """A foreign page is refused with the right key too; without a key, one that may come is."""
    async with LocalService(control=True, api_key="s3cret") as service:
        key = ("api-key", "s3cret")
        assert (await request(service, DOORS[door], key, ("Origin", "http://evil.example")))[0] == 403
        assert (await request(service, DOORS[door], ("Origin", service.endpoint)))[0] == 401
        assert (await request(service, DOORS[door], key, ("Origin", service.endpoint)))[0] == 101


async def test_beyond_loopback_addresses_lead_to_it_and_names_are_listed() -> None:
    """A service for other machines answers to any address and its own name; other names are the operator's to give."""
    async with LocalService("0.0.0.0", api_key="k", allow_hosts=["voice"]) as service:
        key = ("api-key", "k")
        for host in ("192.0.2.7:8765", "[2001:db8::1]", "localhost", "voice:80", socket.gethostname()):
            assert (await request(service, REALTIME, key, ("Host", host)))[0] == 101, host
        assert (await request(service, REALTIME, key, ("Host", "evil.example")))[0] == 403


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"allow_origins": ["app.example"]}, "is not an origin"),
        ({"allow_origins": ["http://app.example/path"]}, "is not an origin"),
        ({"allow_origins": ["*"]}, "is not an origin"),
        ({"allow_hosts": ["http://app.example"]}, "is not the name of a host"),
        ({"allow_hosts": ["app.example:80"]}, "without a port"),
        ({"allow_mcp": ["http://app.example/mcp"]}, "is not a host"),
        ({"allow_mcp": ["app.example:0"]}, "is not a host"),
        ({"allow_mcp": ["10.0.0.0/99"]}, "is not a network"),
        ({"ssl": "cert.pem"}, "takes an ssl.SSLContext"),
        ({"ssl": ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)}, "a context for clients"),
    ],
)
def test_what_cannot_be_allowed_is_refused_at_once(options: dict[str, Any], says: str) -> None:
    """A misspelt permission is an error that says what to write, not a door that stays shut."""
    with pytest.raises(ConfigurationError, match=says):
        LocalService(**options)


# --- request targets -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("//[", 404),
        ("//[::1", 404),
        ("//evil.example/voice-live/realtime?api-version=1&model=m", 404),
        ("http://[", 400),
        ("http://[::1/voice-live/realtime", 400),
        ("nonsense", 400),
        ("*", 400),
        ("http://127.0.0.1/voice-live/realtime?api-version=1&model=m", 101),
        ("/voice-live/realtime?api-version=1&model=[", 101),
        ("/voice-live/realtime/?api-version=1&model=m#fragment", 101),
        ("/voice-live/realtime?api-version=1&model=%ff%zz", 101),
        ("/?[", 200),
        ("/control?]", 101),
    ],
)
async def test_a_request_target_of_any_form_is_answered(shared: ThreadedLocalService, target: str, status: int) -> None:
    """What is a path leads where it says; what is not is the client's fault: never a 500."""
    assert (await request(shared, target))[0] == status


async def test_a_key_of_any_bytes_is_only_a_wrong_key() -> None:
    """Bytes that are not text in a header with a key get 401 at every door."""
    async with LocalService(control=True, api_key="s3cret") as service:
        for door in ("realtime", "control"):
            assert (await request(service, DOORS[door], ("api-key", "\xff\xfe")))[0] == 401


# --- where sessions may make the service connect to ------------------------------------------------------------------


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    """An MCP server on loopback."""
    with running_server() as running:
        yield running


@asynccontextmanager
async def listing(service: LocalService, url: str, **settings: Any) -> AsyncGenerator[tuple[Client, str], None]:
    """Give a session an MCP server; yields the client and why it could not be listed, or nothing."""
    tool = {"type": "mcp", "server_label": "shop", "server_url": url, **settings}
    async with connected(service) as client:
        await client.update(tools=[tool])
        while (event := await client.recv())["type"] not in ("warning", "mcp_list_tools.completed"):
            pass
        yield client, event.get("warning", {}).get("message", "")


async def test_a_session_cannot_reach_addresses_that_nobody_allowed(server: RunningServer) -> None:
    """A server on loopback is not reached unless the operator lists it: not one request arrives."""
    before = len(server.headers)
    async with LocalService() as service, listing(service, server.url) as (_, message):
        pass
    assert "the operator of this service does not allow connections to 127.0.0.1" in message
    assert "--allow-mcp" in message
    assert len(server.headers) == before


@pytest.mark.parametrize("form", ["127.0.0.1", "127.0.0.1:{port}", "127.0.0.0/8", "localhost"])
async def test_a_listed_server_is_reached(server: RunningServer, form: str) -> None:
    """By address, by address and port, by network, by name."""
    port = server.url.rpartition(":")[2].partition("/")[0]
    url = server.url.replace("127.0.0.1", "localhost") if form == "localhost" else server.url
    async with (
        LocalService(allow_mcp=[form.replace("{port}", port)]) as service,
        listing(service, url) as (_, message),
    ):
        assert message == ""


@pytest.mark.parametrize("listed", ["127.0.0.1:1", "localhost", "10.0.0.0/8", "169.254.0.0/16"])
async def test_listing_one_server_allows_no_other(server: RunningServer, listed: str) -> None:
    """Another port, another name or another network does not let the server be reached."""
    async with LocalService(allow_mcp=[listed]) as service, listing(service, server.url) as (_, message):
        assert "does not allow" in message


async def test_the_address_that_was_checked_is_the_one_connected_to(
    server: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that leads to a public address when it is checked, and to loopback afterwards, reaches nothing there."""
    port = int(server.url.rpartition(":")[2].partition("/")[0])
    before, asked = len(server.headers), list[str]()
    real = socket.getaddrinfo

    def rebinding(host: Any, *rest: Any, **options: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name != "rebind.example":
            return real(host, *rest, **options)
        asked.append(name)
        address = "203.0.113.1" if len(asked) % 2 == 0 else "127.0.0.1"
        return real(address, *rest, **options)

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    async with LocalService() as service, listing(service, f"http://rebind.example:{port}/mcp") as (_, message):
        assert message
    assert asked
    assert len(server.headers) == before


@pytest.mark.parametrize("name", ["Host", "authorization", "Proxy-Authorization", "Connection", "TE", "Upgrade"])
async def test_reserved_headers_are_not_the_sessions_to_set(server: RunningServer, name: str) -> None:
    """The listing fails and says which header it was; nothing was sent."""
    before = len(server.headers)
    async with (
        LocalService(allow_mcp=["127.0.0.1"]) as service,
        listing(service, server.url, headers={name: "x", "x-shop": "1"}) as (_, message),
    ):
        assert f"set the header {name}" in message
    assert len(server.headers) == before


async def test_credentials_in_the_address_are_a_reserved_header_too(server: RunningServer) -> None:
    """They would become Authorization."""
    url = server.url.replace("://", "://user:pass@")
    async with LocalService(allow_mcp=["127.0.0.1"]) as service, listing(service, url) as (_, message):
        assert "Authorization" in message
        assert "user:pass" not in message


async def test_a_reserved_header_can_be_allowed(server: RunningServer) -> None:
    """The operator may let sessions set one by name."""
    async with (
        LocalService(allow_mcp=["127.0.0.1"], allow_mcp_headers=["Authorization"]) as service,
        listing(service, server.url, headers={"authorization": "Basic eA=="}) as (_, message),
    ):
        assert message == ""
    assert server.headers[-1]["authorization"] == "Basic eA=="


PRIVATE = ["10.0.0.1", "127.0.0.1", "192.168.1.1", "::1", "fc00::1", "0.0.0.0", "100.64.0.1", "::ffff:10.0.0.1"]
NEVER = [
    "169.254.169.254",
    "fe80::1",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "2002:a9fe:a9fe::",
    "fd00:ec2::254",
    "168.63.129.16",
    "100.100.100.200",
]
PUBLIC = ["8.8.8.8", "2606:4700:4700::1111", "64:ff9b::808:808"]


def allowed(address: str, *listed: str, anywhere: bool = False) -> bool:
    """Return whether a rule lets a connection go to an address."""
    parsed = literal(address)
    assert parsed is not None
    return AddressRule(listed, anywhere=anywhere).allows(address, parsed, 443)


def test_only_public_addresses_need_no_permission() -> None:
    """Private ones are allowed when listed; link-local and metadata ones are not, however they are written."""
    assert [address for address in PUBLIC if not allowed(address)] == []
    assert [address for address in PRIVATE + NEVER if allowed(address)] == []
    assert [address for address in PRIVATE if not allowed(address, "0.0.0.0/0", "::/0")] == []
    assert [address for address in NEVER if allowed(address, "0.0.0.0/0", "::/0", anywhere=True)] == []
    assert [a for a in NEVER if (parsed := literal(a)) is None or not never_dialled(parsed)] == []


@pytest.mark.parametrize("written", ["2852039166", "0xa9fea9fe", "169.254.43518"])
async def test_an_address_in_disguise_is_what_it_leads_to(written: str) -> None:
    """Forms that only the resolver reads as an address are checked as that address."""
    with pytest.raises((AddressRefusedError, OSError)):
        await AddressRule(["0.0.0.0/0"], anywhere=True).resolve(written, 80)


@pytest.mark.parametrize("host", ["169.254.169.254", "[fe80::1]"])
def test_a_chat_endpoint_is_not_at_a_metadata_address(host: str) -> None:
    """The operator chooses the endpoint; an address that never is one is refused at once."""
    with pytest.raises(ConfigurationError, match="link-local address or a cloud's metadata service"):
        OpenAIResponder(f"http://{host}/v1", "m")


# --- TLS -------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """An authority of the tests."""
    return trustme.CA()


@pytest.mark.parametrize("said", [b"", b"\x16\x03\x01\x02"], ids=["nothing", "half a record"])
async def test_stopping_does_not_wait_for_a_tls_handshake(
    authority: trustme.CA, said: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client that is silent in its TLS handshake is cut off when the service stops, and nothing is left of it."""
    monkeypatch.setattr(service_module, "_HANDSHAKE_S", 2 * DEADLINE)
    serving, trusting = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), ssl.create_default_context()
    authority.issue_cert("127.0.0.1").configure_cert(serving)
    authority.configure_trust(trusting)
    before = asyncio.all_tasks()
    service = await LocalService(ssl=serving).start()
    with socket.create_connection(("127.0.0.1", service.port), DEADLINE) as silent:
        silent.sendall(said)
        # Connections are accepted in order.
        async with connect(url_of(service.endpoint), ssl=trusting) as websocket:
            await asyncio.wait_for(websocket.recv(), DEADLINE)
        # The handshake's own time limit would be twice as long.
        silent.settimeout(DEADLINE)
        await asyncio.wait_for(service.stop(), DEADLINE)
        with suppress(ConnectionResetError):
            assert await asyncio.to_thread(silent.recv, 1) == b""
    assert asyncio.all_tasks() <= before
    # A socket that nothing closed fails this test, not a later one.
    gc.collect()


async def test_it_speaks_tls(authority: trustme.CA, tmp_path: Path) -> None:
    """With a certificate, sessions are wss, the page is https with a policy that fits, and origins are https."""
    serving, trusting = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), ssl.create_default_context()
    authority.issue_cert("127.0.0.1").configure_cert(serving)
    authority.configure_trust(trusting)
    async with LocalService(control=True, ssl=serving) as service:
        assert service.endpoint == f"https://127.0.0.1:{service.port}"
        async with connect(url_of(service.endpoint), ssl=trusting) as websocket:
            assert json.loads(await asyncio.wait_for(websocket.recv(), DEADLINE))["type"] == "session.created"
        for door, target in DOORS.items():
            assert (await request(service, target, ("Origin", service.endpoint)))[0] == STATUS[door]
            plain = ("Origin", service.endpoint.replace("https", "http"))
            assert (await request(service, target, plain))[0] == 403

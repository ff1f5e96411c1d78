"""The vendors' networks: what each asks the server before a call, signs, connects with, and is told at the end."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import ssl
import time
import uuid
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree

import aiohttp
import jwt
import trustme
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm
from twilio.request_validator import RequestValidator

from voicelive._answering.settings import SECRETS, LineKind
from voicelive.testing import Caller

from .test_frameworks import free_socket

__all__ = ["EXCHANGES", "PUBLIC", "Exchange", "sign_for_genesys"]

PUBLIC = "https://calls.example.com"
CALLER, CALLED = "+15550100", "+15550199"
TOKEN = "0123456789abcdef0123456789abcdef"
WEBHOOK_KEY = "a key of the tests' own"
RESOURCE = "5f1a3f1e-0000-4000-8000-00805f9b34fb"
RESOURCE_HOST = "bakery.communication.azure.com"
KEYS_HOST = "acscallautomation.communication.azure.com"
SECRET = b"not a secret of anybody's"


class Exchange(ABC):
    """One vendor, with the settings that the documentation asks for."""

    line: LineKind
    ends_calls = False
    """Whether calls are ended at the vendor's, beside their WebSocket."""

    def __init__(self) -> None:
        self.environment: dict[str, str] = {}
        self.ended: list[str] = []
        """The ids of the calls that it was asked to end."""

    @property
    def secrets(self) -> list[str]:
        """What must be in no log."""
        return [self.environment[name] for name in SECRETS[self.line]]

    def running(self, folder: Path) -> AbstractAsyncContextManager[None]:
        """Run what the server reaches the vendor by."""
        return nullcontext()

    @abstractmethod
    async def dial(self, port: int) -> Caller:
        """Do what goes before a call, and return the caller, who has not connected yet."""

    def stranger(self, port: int) -> Caller:
        """Return a caller whom the vendor has not sent."""
        return Caller(self.line, f"ws://127.0.0.1:{port}/{self.line}/stream")


async def post(url: str, **arguments: Any) -> tuple[int, str]:
    """Post something; return status and body."""
    async with (
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(30)) as session,
        session.post(url, **arguments) as response,
    ):
        return response.status, await response.text()


class TwilioExchange(Exchange):
    """Twilio: a signed webhook, and a WebSocket with a signature."""

    line = "twilio"

    def __init__(self) -> None:
        super().__init__()
        self.environment = {"TWILIO_AUTH_TOKEN": TOKEN}

    async def dial(self, port: int) -> Caller:
        """Ask the webhook, and connect as its TwiML says."""
        fields = {"From": CALLER, "To": CALLED, "CallSid": "CA" + uuid.uuid4().hex}
        headers = {"X-Twilio-Signature": self._signature(f"{PUBLIC}/twilio/voice", fields)}
        status, text = await post(f"http://127.0.0.1:{port}/twilio/voice", data=fields, headers=headers)
        assert status == 200, text
        stream = ElementTree.fromstring(text).find("Connect/Stream")
        assert stream is not None
        url = stream.attrib["url"]
        parameters = {one.attrib["name"]: one.attrib["value"] for one in stream}
        headers = {"X-Twilio-Signature": self._signature(url, {})}
        return Caller("twilio", _here(url, port), headers=headers, caller=CALLER, parameters=parameters)

    def _signature(self, url: str, fields: dict[str, str]) -> str:
        signature: str = RequestValidator(TOKEN).compute_signature(url, fields)
        return signature


class AcsExchange(Exchange):
    """Azure Communication Services: Event Grid, the interface that answers calls, and its tokens.

    Its addresses are Azure's own. A proxy, which the environment names, leads to where all of it is served.
    """

    line = "acs"
    ends_calls = True

    def __init__(self) -> None:
        super().__init__()
        self._key = rsa.generate_private_key(65537, 2048)
        self._answered: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.environment = {
            "ACS_CONNECTION_STRING": f"endpoint=https://{RESOURCE_HOST}/;accesskey={base64.b64encode(SECRET).decode()}",
            "VOICELIVE_WEBHOOK_KEY": WEBHOOK_KEY,
            "ACS_RESOURCE_ID": RESOURCE,
        }

    @asynccontextmanager
    async def running(self, folder: Path) -> AsyncGenerator[None]:
        """Serve what Azure serves, under its names."""
        authority, trusted = trustme.CA(), folder / "authority.pem"
        authority.cert_pem.write_to_path(trusted)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(RESOURCE_HOST, KEYS_HOST).configure_cert(context)
        app = web.Application()
        app.add_routes(
            [
                web.get("/calling/keys", self._keys),
                web.post("/calling/callConnections:answer", self._answer),
                web.post("/calling/callConnections/{id}:terminate", self._terminate),
            ]
        )
        async with AsyncExitStack() as stack:
            behind = await stack.enter_async_context(_serving(app, context))
            proxy = f"http://127.0.0.1:{await stack.enter_async_context(_leading_to(behind))}"
            self.environment |= {"HTTPS_PROXY": proxy, "NO_PROXY": "127.0.0.1"}
            self.environment |= {"REQUESTS_CA_BUNDLE": str(trusted), "SSL_CERT_FILE": str(trusted)}
            yield

    async def dial(self, port: int) -> Caller:
        """Have Event Grid tell of a call, and connect where the answer says."""
        events = f"http://127.0.0.1:{port}/acs/events"
        proven = await post(events, params={"key": WEBHOOK_KEY}, json=[_subscription_validation()])
        assert (proven[0], json.loads(proven[1])) == (200, {"validationResponse": "512d38b6"})
        incoming = [_incoming_call()]
        assert (await post(events, params={"key": "another"}, json=incoming))[0] == 403
        assert (await post(events, params={"key": WEBHOOK_KEY}, json=incoming))[0] == 200
        asked = await asyncio.wait_for(self._answered.get(), 30)
        options = asked["mediaStreamingOptions"]
        assert (options["audioFormat"], options["enableBidirectional"]) == ("pcm24KMono", True)
        connected = {"type": "Microsoft.Communication.CallConnected", "data": {"callConnectionId": asked["id"]}}
        assert (await post(_here(asked["callbackUri"], port), json=[connected]))[0] == 200
        headers = {"Authorization": f"Bearer {self._token()}", "x-ms-call-connection-id": asked["id"]}
        return Caller("acs", _here(options["transportUrl"], port), headers=headers, caller=CALLER)

    def _token(self) -> str:
        claims = {"iss": f"https://{KEYS_HOST}", "aud": RESOURCE, "exp": int(time.time()) + 300}
        return jwt.encode(claims, self._key, "RS256", {"kid": "k0"})

    async def _keys(self, request: web.Request) -> web.Response:
        key = RSAAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        return web.json_response({"keys": [{**key, "kid": "k0", "use": "sig", "alg": "RS256"}]})

    async def _answer(self, request: web.Request) -> web.Response:
        asked = await request.json()
        assert asked["incomingCallContext"] == "the context"
        asked["id"] = f"call-{uuid.uuid4()}"
        self._answered.put_nowait(asked)
        return web.json_response({"callConnectionId": asked["id"], "callConnectionState": "connecting"})

    async def _terminate(self, request: web.Request) -> web.Response:
        self.ended.append(request.match_info["id"])
        return web.Response(status=204)


class GenesysExchange(Exchange):
    """Genesys: a WebSocket whose opening request is signed with the client secret."""

    line = "genesys"

    def __init__(self) -> None:
        super().__init__()
        self.environment = {
            "GENESYS_API_KEY": "the-key",
            "GENESYS_CLIENT_SECRET": base64.b64encode(SECRET).decode(),
        }

    async def dial(self, port: int) -> Caller:
        """Sign the opening request."""
        headers = sign_for_genesys(SECRET, f"127.0.0.1:{port}", int(time.time()))
        # The library writes that one itself.
        del headers["host"]
        return Caller("genesys", f"ws://127.0.0.1:{port}/genesys/stream", headers=headers, caller=CALLER)


EXCHANGES: dict[str, type[Exchange]] = {one.line: one for one in (TwilioExchange, AcsExchange, GenesysExchange)}


def sign_for_genesys(secret: bytes, authority: str, created: int) -> dict[str, str]:
    """Return the headers of an opening request, signed as Genesys's reference implementation does."""
    headers = {
        "host": authority,
        "audiohook-organization-id": "org",
        "audiohook-session-id": "session",
        "audiohook-correlation-id": "correlation",
        "x-api-key": "the-key",
    }
    names = ["@request-target", "@authority", *list(headers)[1:]]
    values = {**headers, "@request-target": "/genesys/stream", "@authority": authority}
    listed = " ".join(f'"{name}"' for name in names)
    times = f"created={created};expires={created + 30}"
    parameters = f'({listed});keyid="the-key";nonce="VGhpc0lzQVVuaXF1ZU5vbmNl";alg="hmac-sha256";{times}'
    signed = "\n".join([*(f'"{name}": {values[name]}' for name in names), f'"@signature-params": {parameters}'])
    mac = base64.b64encode(hmac.new(secret, signed.encode(), hashlib.sha256).digest()).decode()
    return {**headers, "signature-input": f"sig1={parameters}", "signature": f"sig1=:{mac}:"}


def _here(url: str, port: int) -> str:
    """Return where an address under the public one is on this machine."""
    parts = urlsplit(url)
    assert f"{parts.scheme}://{parts.netloc}" in (PUBLIC, PUBLIC.replace("http", "ws", 1))
    return parts._replace(scheme=parts.scheme.removesuffix("s"), netloc=f"127.0.0.1:{port}").geturl()


def _event(kind: str, data: dict[str, Any]) -> dict[str, Any]:
    """Write an event as Event Grid does."""
    return {
        "id": str(uuid.uuid4()),
        "topic": "/subscriptions/0/resourceGroups/calls/providers/Microsoft.Communication/CommunicationServices/bakery",
        "subject": "/caller/4:+15550100/recipient/4:+15550199",
        "eventType": kind,
        "data": data,
        "dataVersion": "1.0",
        "metadataVersion": "1",
        "eventTime": "2026-01-01T00:00:00.000Z",
    }


def _subscription_validation() -> dict[str, Any]:
    data = {"validationCode": "512d38b6", "validationUrl": "https://rp-eastus2.eventgrid.azure.net/validate"}
    return _event("Microsoft.EventGrid.SubscriptionValidationEvent", data)


def _incoming_call() -> dict[str, Any]:
    def phone(number: str) -> dict[str, Any]:
        return {"kind": "phoneNumber", "rawId": f"4:{number}", "phoneNumber": {"value": number}}

    data = {
        "to": phone(CALLED),
        "from": phone(CALLER),
        "serverCallId": "the server's call",
        "callerDisplayName": "Ann",
        "incomingCallContext": "the context",
        "correlationId": str(uuid.uuid4()),
    }
    return _event("Microsoft.Communication.IncomingCall", data)


@asynccontextmanager
async def _serving(app: web.Application, context: ssl.SSLContext) -> AsyncGenerator[int]:
    runner, listening = web.AppRunner(app, shutdown_timeout=5), free_socket()
    await runner.setup()
    try:
        await web.SockSite(runner, listening, ssl_context=context).start()
        yield listening.getsockname()[1]
    finally:
        await runner.cleanup()
        listening.close()


@asynccontextmanager
async def _leading_to(port: int) -> AsyncGenerator[int]:
    """Run a proxy that takes every CONNECT to one port of this machine; yield its own port."""

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        under_way.add(task)
        writers = [writer]
        # Cancelled at the end of the test: the stream's own callback would report it.
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"CONNECT ")
            there_reader, there_writer = await asyncio.open_connection("127.0.0.1", port)
            writers.append(there_writer)
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            await asyncio.gather(_pass(reader, there_writer), _pass(there_reader, writer))
        for one in writers:
            one.close()
        under_way.discard(task)

    under_way: set[asyncio.Task[Any]] = set()
    server = await asyncio.start_server(take, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in under_way:
            task.cancel()
        if under_way:
            await asyncio.wait(under_way, timeout=10)
        await server.wait_closed()


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    writer.close()

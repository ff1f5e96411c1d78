"""Who may call: signatures held to the vendors' own packages, and what is told to them read by these."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree

import jwt
import pytest
from aiohttp import web
from azure.communication.callautomation import AudioFormat, MediaStreamingOptions
from azure.core.exceptions import HttpResponseError
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm
from starlette.requests import Request
from twilio.request_validator import RequestValidator
from twilio.twiml.voice_response import Connect, VoiceResponse

from voicelive import ConfigurationError
from voicelive._answering.azure_tokens import AzureTokens
from voicelive._answering.settings import AnswerSettings, Secrets
from voicelive._answering.vendors import AcsVendor, vendor_of
from voicelive._core.lines.signatures import call_token, genesys_fits, token_fits, twilio_fits, twiml

from .exchanges import SECRET, sign_for_genesys
from .test_frameworks import free_socket

TOKEN = "0123456789abcdef0123456789abcdef"
URL = "https://calls.example.com/twilio/voice?shop=12"
FIELDS = {"From": "+15550100", "To": "+15550199", "CallSid": "CA1", "Name": "Ann & Bob"}


def test_twilio_signs_as_its_package_does() -> None:
    """What the package signs fits, over fields and without; anything else does not."""
    signature = RequestValidator(TOKEN).compute_signature(URL, FIELDS)
    assert twilio_fits(TOKEN, URL, FIELDS, signature)
    for changed in (
        (TOKEN[1:], URL, FIELDS, signature),
        (TOKEN, URL + "3", FIELDS, signature),
        (TOKEN, URL, FIELDS | {"To": "+1"}, signature),
        (TOKEN, URL, FIELDS, None),
        (TOKEN, URL, FIELDS, ""),
        ("", URL, FIELDS, RequestValidator("").compute_signature(URL, FIELDS) + "x"),
    ):
        assert not twilio_fits(*changed)


@pytest.mark.parametrize(
    "form", ["wss://calls.example.com/s", "wss://calls.example.com/s/", "https://calls.example.com/s"]
)
def test_twilio_may_sign_a_websocket_in_any_known_way(form: str) -> None:
    """The address of a WebSocket fits with and without a slash at its end, and as https."""
    signature = RequestValidator(TOKEN).compute_signature(form, {})
    assert twilio_fits(TOKEN, "wss://calls.example.com/s", {}, signature)
    assert not twilio_fits(TOKEN, "wss://calls.example.com/t", {}, signature)


def test_the_twiml_is_what_twilios_package_writes() -> None:
    """The same elements and attributes, whatever the values hold."""
    parameters = {"caller": "+15550100", "note": '<a> & "b"'}
    response, connect = VoiceResponse(), Connect()
    stream: Any = connect.stream(url="wss://calls.example.com/twilio/stream")
    for name, value in parameters.items():
        stream.parameter(name=name, value=value)
    response.append(connect)
    ours = ElementTree.canonicalize(twiml("wss://calls.example.com/twilio/stream", parameters))
    assert ours == ElementTree.canonicalize(str(response))


def test_tokens_hold_for_one_call_and_a_minute() -> None:
    """A token fits what it was made for, in time, and nothing else."""
    token = call_token("key", 1000.0, "a", "b")
    assert token_fits("key", token, 1060.0, "a", "b")
    for key, given, now, parts in (
        ("key", token, 1061.0, ("a", "b")),
        ("other", token, 1000.0, ("a", "b")),
        ("key", token, 1000.0, ("a", "c")),
        ("key", token.replace("1060", "9999"), 1000.0, ("a", "b")),
        ("key", "", 1000.0, ("a", "b")),
        ("key", "1060.", 1000.0, ("a", "b")),
        ("key", "x.y", 1000.0, ("a", "b")),
    ):
        assert not token_fits(key, given, now, *parts)


def genesys_request(**changes: str) -> dict[str, str]:
    """Sign an opening request, and change some headers afterwards."""
    return {**sign_for_genesys(SECRET, "calls.example.com", 1000), **changes}


def test_genesys_signs_its_opening_request() -> None:
    """What is signed fits; a header, a path, a time or a secret that is another one does not."""
    assert genesys_fits(SECRET, "/genesys/stream", genesys_request(), 1003.0)
    assert not genesys_fits(SECRET, "/other", genesys_request(), 1003.0)
    assert not genesys_fits(b"other", "/genesys/stream", genesys_request(), 1003.0)
    assert not genesys_fits(SECRET, "/genesys/stream", genesys_request(), 2000.0)
    for changes in (
        {"audiohook-session-id": "other"},
        {"x-api-key": "other"},
        {"signature": ""},
        {"signature": "sig1=:%%:"},
        {"signature-input": "sig1=()"},
        {"signature-input": 'sig1=("host");created=1000'},
    ):
        assert not genesys_fits(SECRET, "/genesys/stream", genesys_request(**changes), 1003.0)


def acs() -> AcsVendor:
    settings = AnswerSettings(line="acs", agent="a:b", public_url="https://calls.example.com")
    secrets = Secrets({"VOICELIVE_WEBHOOK_KEY": "hook", "ACS_CONNECTION_STRING": "endpoint=https://x/;accesskey=eA=="})
    vendor = vendor_of(settings, secrets)
    assert isinstance(vendor, AcsVendor)
    return vendor


def posted(query: str, **headers: str) -> Request:
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    scope: dict[str, Any] = {"type": "http", "method": "POST", "path": "/acs/events", "headers": raw}
    return Request({**scope, "query_string": query.encode(), "server": ("h", 80), "scheme": "http"})


class Client:
    """Takes what the vendor's client would be asked to do."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []

    def answer_call(self, **arguments: Any) -> None:
        self.asked.append(arguments)


INCOMING = json.dumps(
    [
        {
            "eventType": "Microsoft.Communication.IncomingCall",
            "data": {
                "to": {"kind": "phoneNumber", "rawId": "4:+15550199"},
                "from": {"kind": "phoneNumber", "rawId": "4:+15550100"},
                "incomingCallContext": "context",
            },
        }
    ]
).encode()


async def test_an_incoming_call_of_azure_is_answered_with_its_package() -> None:
    """The options are the package's own, ask for 24 kHz both ways, and name an address for this call only."""
    vendor, client = acs(), Client()
    vendor.client = client
    response = await vendor.webhooks["/acs/events"](posted("key=hook"), INCOMING, None)
    assert response.status_code == 200
    (asked,) = client.asked
    options = asked["media_streaming"]
    assert isinstance(options, MediaStreamingOptions)
    assert (options.audio_format, options.enable_bidirectional) == (AudioFormat.PCM24_K_MONO, True)
    assert asked["incoming_call_context"] == "context"
    path, _, query = options.transport_url.partition("?")
    assert path == "wss://calls.example.com/acs/stream"
    opened = posted(query)
    assert await vendor.may_open(opened)
    assert not await vendor.may_open(posted(query.replace("0100", "0101")))
    line = vendor.line(opened)
    started = line.receive('{"kind":"AudioMetadata","audioMetadata":{"subscriptionId":"s","sampleRate":24000}}')[0]
    assert (getattr(started, "caller", ""), getattr(started, "called", "")) == ("4:+15550100", "4:+15550199")


async def test_azure_does_not_take_the_answer(caplog: pytest.LogCaptureFixture) -> None:
    """Event Grid is told to ask again; what is logged names the error, and nobody's number."""

    class Refusing(Client):
        def answer_call(self, **arguments: Any) -> None:
            raise HttpResponseError(f"cannot answer {arguments}")

    vendor = acs()
    vendor.client = Refusing()
    response = await vendor.webhooks["/acs/events"](posted("key=hook"), INCOMING, None)
    assert response.status_code == 503
    assert caplog.messages == ["a call of acs could not be answered: HttpResponseError"]


async def test_twilio_says_who_has_answered() -> None:
    """What answers a call that was placed with machine detection reaches the agent as a parameter of the call."""
    settings = AnswerSettings(line="twilio", agent="a:b", public_url="https://calls.example.com", validate=False)
    vendor = vendor_of(settings, Secrets({"TWILIO_AUTH_TOKEN": ""}))
    body = b"From=%2B15550199&To=%2B15550100&AnsweredBy=machine_end_beep"
    response = await vendor.webhooks["/twilio/voice"](posted(""), body, None)
    assert b'<Parameter name="answered_by" value="machine_end_beep"' in response.body


@asynccontextmanager
async def azure_keys(*keys: Any) -> AsyncGenerator[str]:
    """Serve public keys as Azure does; yields the address."""

    async def answer(request: web.Request) -> web.Response:
        return web.json_response(
            {"keys": [RSAAlgorithm.to_jwk(key.public_key(), as_dict=True) | more for key, more in named]}
        )

    named = [(key, {"kid": f"k{number}", "use": "sig", "alg": "RS256"}) for number, key in enumerate(keys)]
    app = web.Application()
    app.router.add_get("/calling/keys", answer)
    runner = web.AppRunner(app, shutdown_timeout=5)
    await runner.setup()
    listening = free_socket()
    try:
        await web.SockSite(runner, listening).start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/calling/keys"
    finally:
        await runner.cleanup()
        listening.close()


async def test_the_token_of_azure_is_checked_where_the_resource_is_named(caplog: pytest.LogCaptureFixture) -> None:
    """Azure's own for this resource fits; any other issuer, resource, key, time or algorithm does not."""
    key, other = (rsa.generate_private_key(65537, 2048) for _ in range(2))
    now = time.time()
    claims = {"iss": "https://acscallautomation.communication.azure.com", "aud": "resource", "exp": now + 300}

    def token(signed_by: Any = key, algorithm: str = "RS256", kid: str = "k0", **changes: Any) -> str:
        return "Bearer " + jwt.encode({**claims, **changes}, signed_by, algorithm, {"kid": kid})

    async with azure_keys(key) as address:
        tokens = AzureTokens("resource", address)
        assert await tokens.fits(token())
        unsigned = {name: value for name, value in claims.items() if name != "exp"}
        for wrong in (
            None,
            "",
            "Bearer",
            "Bearer x.y.z",
            token().replace("Bearer", "Basic"),
            token(other),
            token(kid="k1"),
            token(iss="https://example.com"),
            token(aud="another"),
            token(exp=now - 300),
            "Bearer " + jwt.encode(unsigned, key, "RS256", {"kid": "k0"}),
            "Bearer " + jwt.encode(claims, "", "none", {"kid": "k0"}),
            token("a secret that everybody knows, and long", "HS256"),
        ):
            assert not await tokens.fits(wrong)
        vendor = acs()
        vendor.tokens = tokens
        parts = {"caller": "+1", "called": "+2"}
        query = urlencode({**parts, "token": call_token("hook", now, *parts.values())})
        assert await vendor.may_open(posted(query, authorization=token()))
        assert not await vendor.may_open(posted(query))
        assert not await vendor.may_open(posted("", authorization=token()))
    # Where the keys cannot be had nobody is let in, and it is said why.
    assert not await AzureTokens("resource", "http://127.0.0.1:1/").fits(token())
    assert "cannot be fetched" in caplog.text


def test_the_token_of_azure_is_asked_for_by_the_resource(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without ``ACS_RESOURCE_ID`` the address's own token is all that is checked."""
    assert acs().tokens is None
    settings = AnswerSettings(line="acs", agent="a:b", public_url="https://calls.example.com")
    monkeypatch.setenv("ACS_CONNECTION_STRING", "endpoint=https://x/;accesskey=eA==")
    monkeypatch.setenv("VOICELIVE_WEBHOOK_KEY", "hook")
    monkeypatch.setenv("ACS_RESOURCE_ID", "resource")
    vendor = vendor_of(settings, Secrets.of(settings))
    assert isinstance(vendor, AcsVendor)
    assert vendor.tokens is not None


async def test_what_else_azure_sends() -> None:
    """Event Grid's check is answered; a wrong key, no room, and what is not an event are told apart."""
    vendor = acs()
    check = b'[{"eventType":"Microsoft.EventGrid.SubscriptionValidationEvent","data":{"validationCode":"c"}}]'
    answer = vendor.webhooks["/acs/events"]
    assert json.loads((await answer(posted("key=hook"), check, None)).body) == {"validationResponse": "c"}
    assert (await answer(posted("key=other"), check, None)).status_code == 403
    assert (await answer(posted(""), check, None)).status_code == 403
    assert (await answer(posted("key=hook"), INCOMING, "full")).status_code == 503
    for nonsense in (b"{", b"[7]", b'[{"data":7}]'):
        assert (await answer(posted("key=hook"), nonsense, None)).status_code == 200


def test_secrets_are_needed_and_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is missing is named; what is there is in no repr."""
    settings = AnswerSettings(line="twilio", agent="a:b", public_url="https://calls.example.com")
    monkeypatch.delenv("TWILIO_AUTH_TOKEN", raising=False)
    with pytest.raises(ConfigurationError, match="TWILIO_AUTH_TOKEN not set"):
        Secrets.of(settings)
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", TOKEN)
    assert TOKEN not in repr(Secrets.of(settings))
    with pytest.raises(ConfigurationError, match="--public-url"):
        AnswerSettings(line="twilio", agent="a:b")
    with pytest.raises(ConfigurationError, match="looks like"):
        AnswerSettings(line="twilio", agent="a:b", public_url="calls.example.com")
    with pytest.raises(ConfigurationError, match="workers is 0"):
        AnswerSettings(line="genesys", agent="a:b", workers=0)

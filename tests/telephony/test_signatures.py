"""Who may call: signatures held to the vendors' own packages, and what is told to them read by these."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any
from xml.etree import ElementTree

import pytest
from azure.communication.callautomation import AudioFormat, MediaStreamingOptions
from azure.core.exceptions import HttpResponseError
from starlette.requests import Request
from twilio.request_validator import RequestValidator
from twilio.twiml.voice_response import Connect, VoiceResponse

from voicelive import ConfigurationError
from voicelive._answering.settings import AnswerSettings, Secrets
from voicelive._answering.vendors import AcsVendor, vendor_of
from voicelive._core.lines.signatures import call_token, genesys_fits, token_fits, twilio_fits, twiml

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


SECRET = b"not a secret of anybody's"


def genesys_request(**changes: str) -> dict[str, str]:
    """Sign an opening request as Genesys's reference implementation does."""
    headers = {
        "host": "calls.example.com",
        "audiohook-organization-id": "org",
        "audiohook-session-id": "session",
        "audiohook-correlation-id": "correlation",
        "x-api-key": "the-key",
    }
    names = ["@request-target", "@authority", *list(headers)[1:]]
    values = {**headers, "@request-target": "/genesys/stream", "@authority": headers["host"]}
    listed = " ".join(f'"{name}"' for name in names)
    parameters = (
        f'({listed});keyid="the-key";nonce="VGhpc0lzQVVuaXF1ZU5vbmNl";alg="hmac-sha256";created=1000;expires=1030'
    )
    signed = "\n".join([*(f'"{name}": {values[name]}' for name in names), f'"@signature-params": {parameters}'])
    mac = base64.b64encode(hmac.new(SECRET, signed.encode(), hashlib.sha256).digest()).decode()
    return {**headers, "signature-input": f"sig1={parameters}", "signature": f"sig1=:{mac}:", **changes}


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


def posted(query: str) -> Request:
    scope: dict[str, Any] = {"type": "http", "method": "POST", "path": "/acs/events", "headers": []}
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
    assert vendor.may_open(opened)
    assert not vendor.may_open(posted(query.replace("0100", "0101")))
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

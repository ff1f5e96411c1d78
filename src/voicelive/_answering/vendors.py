"""What each vendor asks for beside the WebSocket, and how it is known that it is the vendor who asks."""

from __future__ import annotations

import asyncio
import base64
import binascii
import logging
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode

from azure.core.exceptions import AzureError
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response

from .._core.json_values import mapping
from .._core.lines.acs import AcsLine
from .._core.lines.events import CallStarted
from .._core.lines.genesys import GenesysLine
from .._core.lines.line import Line
from .._core.lines.signatures import call_token, genesys_fits, same, token_fits, twilio_fits, twiml
from .._core.lines.twilio import TwilioLine
from .._telephony.call import Call, CallControl
from ..errors import ConfigurationError
from .azure_tokens import AzureTokens
from .settings import AnswerSettings, Secrets

__all__ = ["Vendor", "vendor_of"]

_LARGEST_BODY = 65_536

_logger = logging.getLogger("voicelive.answer")


class Vendor(ABC):
    """One vendor, for all calls of a worker."""

    def __init__(self, settings: AnswerSettings, secrets: Secrets) -> None:
        self.settings = settings
        self.secrets = secrets
        self.stream_path = f"/{settings.line}/stream"
        self.webhooks: dict[str, Callable[[Request, bytes, str | None], Any]] = {}
        """What is asked for by POST: the path, and what answers the request, its body, and why no call is taken."""
        self.control: CallControl | None = None

    @abstractmethod
    def line(self, connection: HTTPConnection) -> Line:
        """Return the line of a new WebSocket."""

    @abstractmethod
    async def may_open(self, connection: HTTPConnection) -> bool:
        """Return whether a WebSocket's opening request is the vendor's."""

    def may_call(self, started: CallStarted) -> bool:
        """Return whether a call is one that this server was asked to take."""
        return True

    def check(self) -> None:
        """Find out at the start what would fail with the first call.

        Raises:
            ConfigurationError: if something is missing, or a secret cannot be one.
        """
        return


class TwilioVendor(Vendor):
    """Twilio: a webhook that returns TwiML, signatures of both, and a token in the stream's parameters."""

    def __init__(self, settings: AnswerSettings, secrets: Secrets) -> None:
        super().__init__(settings, secrets)
        self._token = secrets["TWILIO_AUTH_TOKEN"]
        self.webhooks["/twilio/voice"] = self._voice

    def line(self, connection: HTTPConnection) -> Line:
        return TwilioLine()

    async def may_open(self, connection: HTTPConnection) -> bool:
        url = self.settings.stream_base + _target(connection)
        return twilio_fits(self._token, url, {}, connection.headers.get("x-twilio-signature"))

    def may_call(self, started: CallStarted) -> bool:
        token = started.parameters.get("token", "")
        return token_fits(self._token, token, time.time(), started.caller, started.called)

    async def _voice(self, request: Request, body: bytes, refusal: str | None) -> Response:
        try:
            fields = dict(parse_qsl(body.decode(), keep_blank_values=True))
        except UnicodeDecodeError:
            return Response(status_code=400)
        signature = request.headers.get("x-twilio-signature")
        url = self.settings.base + _target(request)
        if self.settings.validate and not twilio_fits(self._token, url, fields, signature):
            return Response(status_code=403)
        if refusal is not None:
            return Response('<Response><Reject reason="busy"/></Response>', media_type="application/xml")
        caller, called = fields.get("From", ""), fields.get("To", "")
        parameters = {"caller": caller, "called": called}
        if answered_by := fields.get("AnsweredBy"):
            parameters["answered_by"] = answered_by
        if self._token:
            parameters["token"] = call_token(self._token, time.time(), caller, called)
        return Response(twiml(self.settings.stream_base + self.stream_path, parameters), media_type="application/xml")


class AcsVendor(Vendor):
    """Azure Communication Services: events of incoming calls, answered by its package, and a token in the address."""

    def __init__(self, settings: AnswerSettings, secrets: Secrets) -> None:
        super().__init__(settings, secrets)
        self._key = secrets["VOICELIVE_WEBHOOK_KEY"]
        self._connection = secrets["ACS_CONNECTION_STRING"]
        self.webhooks["/acs/events"] = self._events
        self.webhooks["/acs/callbacks"] = self._callbacks
        self.client: Any = None
        """The vendor's client, made when it is first needed."""
        self.control = _AcsControl(self)
        resource = secrets.get("ACS_RESOURCE_ID")
        self.tokens: AzureTokens | None = AzureTokens(resource) if resource else None

    def line(self, connection: HTTPConnection) -> Line:
        query = connection.query_params
        call_id = connection.headers.get("x-ms-call-connection-id", "")
        return AcsLine(call_id=call_id, caller=query.get("caller", ""), called=query.get("called", ""))

    async def may_open(self, connection: HTTPConnection) -> bool:
        query = connection.query_params
        parts = (query.get("caller", ""), query.get("called", ""))
        if not token_fits(self._key, query.get("token", ""), time.time(), *parts):
            return False
        return self.tokens is None or await self.tokens.fits(connection.headers.get("authorization"))

    def calls(self) -> Any:
        """Return the vendor's client.

        Raises:
            ConfigurationError: if its package is not installed.
        """
        if self.client is None:
            try:
                from azure.communication.callautomation import CallAutomationClient
            except ImportError:
                raise ConfigurationError(
                    "calls of Azure Communication Services are answered by its package: "
                    "pip install azure-communication-callautomation"
                ) from None
            try:
                self.client = CallAutomationClient.from_connection_string(self._connection)
            except ValueError:
                # What the package says may name the key.
                raise ConfigurationError(
                    "ACS_CONNECTION_STRING is not one: it looks like endpoint=https://…;accesskey=…"
                ) from None
        return self.client

    def check(self) -> None:
        self.calls()

    async def _events(self, request: Request, body: bytes, refusal: str | None) -> Response:
        if not same(request.query_params.get("key"), self._key):
            return Response(status_code=403)
        for event in _json_list(body):
            data = mapping(event.get("data"))
            kind = event.get("eventType")
            if kind == "Microsoft.EventGrid.SubscriptionValidationEvent":
                return JSONResponse({"validationResponse": data.get("validationCode")})
            if kind == "Microsoft.Communication.IncomingCall":
                if refusal is not None:
                    # Event Grid asks again, and may find another machine.
                    return Response(status_code=503)
                try:
                    await self._answer(data)
                except AzureError as error:
                    # Asked again by Event Grid; who calls is not for a log.
                    _logger.warning("a call of acs could not be answered: %s", type(error).__name__)
                    return Response(status_code=503)
        return Response(status_code=200)

    async def _answer(self, data: Mapping[str, Any]) -> None:
        from azure.communication.callautomation import AudioFormat, MediaStreamingOptions

        caller, called = _raw_id(data.get("from")), _raw_id(data.get("to"))
        token = call_token(self._key, time.time(), caller, called)
        query = urlencode({"caller": caller, "called": called, "token": token})
        options = MediaStreamingOptions(
            transport_url=f"{self.settings.stream_base}{self.stream_path}?{query}",
            transport_type="websocket",
            content_type="audio",
            audio_channel_type="mixed",
            start_media_streaming=True,
            enable_bidirectional=True,
            audio_format=AudioFormat.PCM24_K_MONO,
            enable_dtmf_tones=True,
        )
        back = urlencode({"token": call_token(self._key, time.time())})
        await asyncio.to_thread(
            self.calls().answer_call,
            incoming_call_context=str(data.get("incomingCallContext") or ""),
            callback_url=f"{self.settings.base}/acs/callbacks?{back}",
            media_streaming=options,
        )

    async def _callbacks(self, request: Request, body: bytes, refusal: str | None) -> Response:
        # What becomes of a call shows on its WebSocket.
        return Response(status_code=200)


class _AcsControl:
    """Ends and transfers calls by the vendor's client: closing the WebSocket does not end them."""

    def __init__(self, vendor: AcsVendor) -> None:
        self._vendor = vendor

    async def hang_up(self, call: Call) -> None:
        connection = self._vendor.calls().get_call_connection(call.call_id)
        await asyncio.to_thread(connection.hang_up, is_for_everyone=True)

    async def transfer(self, call: Call, target: str) -> None:
        from azure.communication.callautomation import CommunicationUserIdentifier, PhoneNumberIdentifier

        connection = self._vendor.calls().get_call_connection(call.call_id)
        known = PhoneNumberIdentifier(target) if target.startswith("+") else CommunicationUserIdentifier(target)
        await asyncio.to_thread(connection.transfer_call_to_participant, known)


class GenesysVendor(Vendor):
    """Genesys: an API key, and a signature by the client secret."""

    def line(self, connection: HTTPConnection) -> Line:
        return GenesysLine()

    async def may_open(self, connection: HTTPConnection) -> bool:
        if not same(connection.headers.get("x-api-key"), self.secrets["GENESYS_API_KEY"]):
            return False
        try:
            secret = base64.b64decode(self.secrets["GENESYS_CLIENT_SECRET"], validate=True)
        except binascii.Error:
            return False
        return genesys_fits(secret, _target(connection), dict(connection.headers), time.time())


def vendor_of(settings: AnswerSettings, secrets: Secrets) -> Vendor:
    """Return the vendor of a line."""
    kinds: dict[str, type[Vendor]] = {"twilio": TwilioVendor, "acs": AcsVendor, "genesys": GenesysVendor}
    return kinds[settings.line](settings, secrets)


async def body_of(request: Request) -> bytes | None:
    """Return a request's body; None if it is larger than any of a vendor's."""
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > _LARGEST_BODY:
            return None
    return bytes(body)


def _target(connection: HTTPConnection) -> str:
    query = connection.url.query
    return connection.url.path + (f"?{query}" if query else "")


def _json_list(body: bytes) -> list[dict[str, Any]]:
    import json

    try:
        found: Any = json.loads(body)
    except (ValueError, RecursionError):
        return []
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _raw_id(found: Any) -> str:
    raw = found.get("rawId") if isinstance(found, dict) else None
    return raw if isinstance(raw, str) else ""

"""Call somebody up: the agent speaks with a human, and leaves a message on a machine. Asynchronous.

With TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN in the environment and `pip install twilio` it calls for real:
`python outbound_call_async.py TO FROM https://HOST`, where HOST leads to port 8089 of this machine.
"""

from __future__ import annotations

import asyncio
import os
import sys
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from xml.sax.saxutils import escape, quoteattr

from _exchange import Exchange
from _service import voice_service
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

from voicelive.aio import VoiceLiveConnection
from voicelive.telephony import Call, CallSummary, TwilioLine, answer, call_of, end_call_tool, transfer_tool

BAKER = "+15550111"
TOOLS = [end_call_tool(), transfer_tool({"the baker": BAKER})]


async def agent(connection: VoiceLiveConnection) -> None:
    """Speak with whoever has answered."""
    call = call_of(connection)
    if call.parameters["answered_by"].startswith("machine"):
        # It is asked for when the machine has beeped. The call ends when the message has been heard.
        await connection.say("This is the bakery. Your cake is ready. Thank you.")
        return
    await connection.session.update(
        session={
            "instructions": "You call for a bakery.",
            "input_audio_transcription": {"model": "azure-speech"},
            "tools": [tool.definition for tool in TOOLS],
        }
    )
    await connection.say("This is the bakery. Your cake is ready. Press zero for the baker.")
    async for event in connection:
        if event.type == "conversation.item.input_audio_transcription.completed":
            print(f"They said: {event.transcript}")
        elif event.type == "voicelive.dtmf" and event.digit == "0":
            await call.transfer(BAKER)


def twiml(answered_by: str, stream: str) -> str:
    """Tell the vendor what to do with a call that was answered."""
    if answered_by == "fax":
        return "<Response><Hangup/></Response>"
    parameter = f'<Parameter name="answered_by" value={quoteattr(answered_by)}/>'
    return f"<Response><Connect><Stream url={quoteattr(stream)}>{parameter}</Stream></Connect></Response>"


class Webhook:
    """Answers the vendor's request at /voice; everything else is a WebSocket."""

    def __init__(self, validator: Any) -> None:
        self.public = "http://127.0.0.1"
        self._validator = validator

    async def __call__(self, websocket: ServerConnection, request: Request) -> Response | None:
        url, signature = self.public + request.path, request.headers.get("X-Twilio-Signature", "")
        if self._validator is not None and not self._validator.validate(url, {}, signature):
            return websocket.respond(HTTPStatus.FORBIDDEN, "this was not signed by the vendor")
        parts = urlsplit(request.path)
        if parts.path != "/voice":
            return None
        answered_by = dict(parse_qsl(parts.query)).get("AnsweredBy", "unknown")
        stream = "ws" + self.public.removeprefix("http") + "/stream"
        response = websocket.respond(HTTPStatus.OK, twiml(answered_by, stream))
        del response.headers["Content-Type"]
        response.headers["Content-Type"] = "text/xml"
        return response


class Control:
    """Ends and transfers calls by the vendor's client."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def hang_up(self, call: Call) -> None:
        self._client.calls(call.call_id).update(status="completed")

    def transfer(self, call: Call, target: str) -> None:
        self._client.calls(call.call_id).update(twiml=f"<Response><Dial>{escape(target)}</Dial></Response>")


async def main() -> None:
    client: Any
    is_real = "TWILIO_ACCOUNT_SID" in os.environ
    if is_real:
        from twilio.request_validator import RequestValidator
        from twilio.rest import Client

        to, own, public = sys.argv[1:]
        client, webhook = Client(), Webhook(RequestValidator(os.environ["TWILIO_AUTH_TOKEN"]))
    else:
        to, own, public = "+15550100", "+15550199", ""
        client, webhook = Exchange(), Webhook(None)
    over: asyncio.Queue[CallSummary] = asyncio.Queue()
    with voice_service(pacing="real") as options:

        async def take(websocket: ServerConnection) -> None:
            over.put_nowait(
                await answer(agent, websocket, TwilioLine(), control=Control(client), tools=TOOLS, **options)
            )

        port = 8089 if is_real else 0
        async with serve(take, "127.0.0.1", port, process_request=webhook, compression=None) as server:
            webhook.public = public or f"http://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"
            for who in ("",) if is_real else ("human", "machine_end_beep"):
                client.answered_by = who
                # The vendor listens first, and asks the webhook when a machine has said its greeting.
                await asyncio.to_thread(
                    client.calls.create,
                    to=to,
                    from_=own,
                    url=f"{webhook.public}/voice",
                    method="GET",
                    machine_detection="DetectMessageEnd",
                )
                summary = await asyncio.wait_for(over.get(), timeout=120)
                print(f"Call: {summary.outcome} after {summary.seconds:.0f} s")
                if not is_real:
                    await asyncio.to_thread(client.wait)


if __name__ == "__main__":
    asyncio.run(main())

"""What a line may do wrong, on each line: every time an answer or a typed end, and no session that stays open."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlencode

import pytest
from websockets.exceptions import InvalidStatus

from tests.core.lines import frames
from voicelive._answering.app import application
from voicelive._answering.settings import AnswerSettings, Secrets
from voicelive._core.lines.signatures import call_token
from voicelive.telephony import AcsLine, CallLimits, GenesysLine, Line, TwilioLine, answer
from voicelive.testing import Caller, LineName, ScriptedService, phone_call

from ..clients.conversing import eventually
from .agents import LINES, Agent
from .test_calls import Deaf, Silent
from .test_frameworks import on_uvicorn

pytestmark = pytest.mark.voicelive(timeout=60)

KINDS: dict[str, type[Line]] = {"twilio": TwilioLine, "acs": AcsLine, "genesys": GenesysLine}
OPENING = {"twilio": frames.TWILIO_START, "acs": frames.acs_metadata(), "genesys": frames.genesys_open()}
MEDIA: dict[str, Callable[[bytes], str | bytes]] = {
    "twilio": lambda audio: frames.twilio(
        "media", media={"track": "inbound", "payload": base64.b64encode(audio).decode()}
    ),
    "acs": frames.acs_audio,
    "genesys": lambda audio: audio,
}


async def closed(service: ScriptedService) -> None:
    """Wait until no session of the service is open."""
    await eventually(lambda: service.timeline().count("closed ") == 1)


class Spoken(Silent):
    """A line that says some messages, and then nothing; it closes when it is told that the call is over."""

    def __init__(self, *messages: str | bytes) -> None:
        super().__init__()
        self.messages = list(messages)
        self.is_told = asyncio.Event()

    async def receive(self) -> str | bytes:
        if self.messages:
            return self.messages.pop(0)
        await self.is_told.wait()
        raise ConnectionResetError

    async def send(self, message: str | bytes) -> None:
        await super().send(message)
        if isinstance(message, str) and '"disconnect"' in message:
            self.is_told.set()


@pytest.mark.parametrize("line", LINES)
async def test_sound_before_the_start(voicelive_environment: ScriptedService, line: str) -> None:
    """It is left out, and the call that begins then is carried: the service hears what came after the start only."""
    sound = bytes(range(160))
    stream, agent = Spoken(MEDIA[line](b"\1" * 160), OPENING[line], MEDIA[line](sound)), Agent()
    task = asyncio.create_task(answer(agent, stream, KINDS[line](), model="gpt-4o"))
    await agent.until("session.updated")
    await eventually(lambda: len(voicelive_environment.session.events("input_audio_buffer.append")) > 0)
    first = voicelive_environment.session.events("input_audio_buffer.append")[0]
    assert base64.b64decode(getattr(first, "audio", "")).startswith(sound)
    task.cancel()
    await asyncio.wait({task})
    await closed(voicelive_environment)


@pytest.mark.parametrize("line", LINES)
async def test_nothing_but_sound_before_the_start(line: str) -> None:
    """Too much of it ends the call, which never was one; the service is not asked: nothing listens there."""
    stream = Spoken(*[MEDIA[line](b"\1" * 160)] * 5)
    summary = await answer(Agent(), stream, KINDS[line](), limits=CallLimits(faults=3), endpoint="http://x")
    assert (summary.outcome, stream.is_closed) == ("faulty", True)
    assert len(stream.messages) == 2


@pytest.mark.parametrize("line", LINES)
async def test_frames_of_odd_lengths(voicelive_environment: ScriptedService, line: str) -> None:
    """Sound comes in pieces of any length, and every sample arrives; what ends within a sample is left out, counted."""
    pieces = [b"\1" * size for size in (1, 3, 159, 161, 2, 1000, 12_345)]
    stream, agent = Spoken(OPENING[line], *map(MEDIA[line], pieces)), Agent()
    task = asyncio.create_task(
        answer(agent, stream, KINDS[line](), model="gpt-4o", limits=CallLimits(silent_seconds=0.5))
    )
    summary = await task
    width = 2 if line == "acs" else 1
    whole = [piece for piece in pieces if len(piece) % width == 0]
    assert summary.faults == ({"odd_length": len(pieces) - len(whole)} if line == "acs" else {})
    heard = b"".join(
        base64.b64decode(getattr(event, "audio", ""))
        for event in voicelive_environment.session.events("input_audio_buffer.append")
    )
    assert heard.startswith(b"".join(whole))
    assert summary.outcome == "silent"
    await closed(voicelive_environment)


@pytest.mark.parametrize("line", LINES)
async def test_silence_for_ever(voicelive_environment: ScriptedService, line: LineName) -> None:
    """A line that goes on, but never sends again, is hung up on after the time that it may be silent."""
    limits = CallLimits(silent_seconds=0.5)
    async with phone_call(Agent(), line, model="gpt-4o", limits=limits) as caller:
        caller.go_silent()
        await caller.until_ended()
    assert caller.summary.outcome == "silent"
    await closed(voicelive_environment)


@pytest.mark.parametrize("line", LINES)
async def test_a_caller_that_never_reads(voicelive_environment: ScriptedService, line: str) -> None:
    """What cannot be sent to it ends the call, and the session with it."""

    async def talkative(connection: Any) -> None:
        await connection.say("Hello.")
        async for _ in connection:
            pass

    limits = CallLimits(stalled_seconds=0.2)
    stream = Deaf(OPENING[line])
    if line == "genesys":
        # Its opening is answered before there is a call.
        stream.reads = 1
    summary = await answer(talkative, stream, KINDS[line](), limits=limits, model="gpt-4o")
    assert (summary.outcome, stream.is_closed) == ("stalled", True)
    await closed(voicelive_environment)


@pytest.mark.parametrize("line", LINES)
async def test_a_peer_that_closes_within_a_frame(voicelive_environment: ScriptedService, line: LineName) -> None:
    """Half a frame and then nothing: the call ends as hung up, and the session is closed."""
    agent = Agent()
    async with phone_call(agent, line, model="gpt-4o") as caller:
        await agent.until("session.updated")
        assert caller._socket is not None
        # The head of a masked text frame of 1,000 bytes, and ten of them.
        caller._socket.transport.write(b"\x81\xfe\x03\xe8\0\0\0\0" + b'{"event":"')
        await caller.drop()
    assert caller.summary.outcome == "hung_up"
    await closed(voicelive_environment)


SECRETS = {
    "twilio": {"TWILIO_AUTH_TOKEN": "token"},
    "acs": {"VOICELIVE_WEBHOOK_KEY": "hook", "ACS_CONNECTION_STRING": "endpoint=https://x/;accesskey=eA=="},
    "genesys": {"GENESYS_API_KEY": "key", "GENESYS_CLIENT_SECRET": base64.b64encode(b"secret").decode()},
}


@asynccontextmanager
async def answering(line: LineName, service: ScriptedService, *, validate: bool) -> AsyncGenerator[tuple[str, Any]]:
    """Run the server of `voicelive answer` for a line; yields its address and its application."""
    settings = AnswerSettings(
        line=line,
        agent="a:b",
        public_url="https://calls.example.com",
        validate=validate,
        connect={"endpoint": service.endpoint, "model": "gpt-4o"},
    )
    app = application(settings, agent=Agent(), secrets=Secrets(SECRETS[line]))
    async with on_uvicorn(app) as port:
        yield f"ws://127.0.0.1:{port}/{line}/stream", app.state.server


STRANGERS = [(line, what) for line in LINES for what in ("no signature", "a wrong signature")] + [
    # Twilio's is told by its stream: tests/telephony/test_server.py. Genesys signs each session by itself.
    ("acs", "an unknown call")
]


@pytest.mark.parametrize(("line", "what"), STRANGERS)
async def test_who_is_not_the_vendor(voicelive_environment: ScriptedService, line: LineName, what: str) -> None:
    """Refused with 403 before there is a WebSocket, and no session is opened."""
    headers, query = {}, ""
    if what == "a wrong signature":
        headers = {
            "X-Twilio-Signature": "x",
            "x-api-key": "key",
            "signature-input": "sig1=()",
            "signature": "sig1=:eA==:",
        }
    elif what == "an unknown call":
        # A token of another call's, or of another key's.
        known = {"caller": "+15550100", "called": "+15550199", "token": call_token("other", 2e9, "+1", "+2")}
        query = f"?{urlencode(known)}"
    async with answering(line, voicelive_environment, validate=True) as (url, server):
        with pytest.raises(InvalidStatus, match="403"):
            await Caller(line, url + query, headers=headers).__aenter__()
        assert server.admission.active == 0
    assert voicelive_environment.timeline() == "no client has connected to the service"


@pytest.mark.parametrize("line", LINES)
async def test_two_streams_of_one_call(voicelive_environment: ScriptedService, line: LineName) -> None:
    """The second one is refused while the first goes on, and the call may come again once that has ended."""
    async with answering(line, voicelive_environment, validate=False) as (url, server):
        headers = {"x-ms-call-connection-id": "one"} if line == "acs" else {}

        def again() -> Caller:
            caller = Caller(line, url, headers=headers)
            caller._vendor.call_id = "CA" + "1" * 32
            return caller

        async with again() as first:
            await eventually(lambda: "session.updated" in voicelive_environment.timeline())
            async with again() as second:
                await second.until_ended()
            assert not first.has_ended
        await eventually(lambda: server.admission.active == 0)
        async with again() as third:
            await eventually(lambda: server.admission.active == 1)
            assert not third.has_ended
        await eventually(lambda: server.admission.active == 0)


def test_the_refusals_are_told_apart() -> None:
    """A second stream of a call is not a caller who is busy."""
    from voicelive._answering.admission import Admission

    admission = Admission(5, 1)
    assert admission.identify("+1", "one") is None
    assert admission.identify("+1", "one") == "second_stream"
    assert admission.identify("+1", "two") == "caller_busy"
    assert admission.identify("", "") is None
    assert admission.identify("", "") is None

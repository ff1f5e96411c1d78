"""The relay: sessions that another service answers, and what becomes of them where it refuses, stalls or goes."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from azure.core.credentials import AzureKeyCredential
from websockets.asyncio.client import connect as plain_connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import InvalidStatus
from websockets.http11 import Request, Response
from websockets.typing import Origin

from voicelive.aio import connect
from voicelive.errors import ConfigurationError, ConnectionClosed
from voicelive.local import Engines, LocalService, Upstream
from voicelive.local.engines import TextChunk
from voicelive.models import ServerEventError

from ..clients.servers import RawServer
from .helpers import DEADLINE, Client, Scripted, audio_of, connected, opened, read_tones, tones, url_of

KEY = "k3y-that-no-client-may-see"
SHORT = {"open_timeout": 2.0, "close_timeout": 0.5, "ready_timeout": 0.5}


@pytest.fixture
async def upstream() -> AsyncIterator[LocalService]:
    """The service that answers: it takes one key, and repeats what it hears."""
    async with LocalService(api_key=KEY, engines=replace(Engines.basic(), responder=Scripted())) as running:
        yield running


@asynccontextmanager
async def relaying(endpoint: str, **options: Any) -> AsyncGenerator[LocalService, None]:
    """Run a relay to `endpoint` that has the key for it; options of the upstream service, and `service` for its own."""
    own = options.pop("service", {})
    to = Upstream(endpoint, credential=AzureKeyCredential(KEY), **options)
    async with LocalService(upstream=to, control=True, **own) as relay:
        yield relay


@asynccontextmanager
async def answering(
    serve_one: Callable[[ServerConnection], Awaitable[None]],
    answer: Callable[[ServerConnection, Request], Response | None] | None = None,
) -> AsyncGenerator[str, None]:
    """Run a WebSocket server in the place of the upstream service, and yield its address."""
    quiet = logging.getLogger("tests.upstream")  # at DEBUG it writes every header
    quiet.setLevel(logging.CRITICAL)
    async with serve(serve_one, "127.0.0.1", 0, process_request=answer, close_timeout=0.5, logger=quiet) as server:
        yield f"http://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"


# --- what goes through it --------------------------------------------------------------------------------------------


async def test_a_spoken_conversation_goes_through(upstream: LocalService) -> None:
    """What is said and what is answered, to the word; both services remember the session, under one id."""
    async with relaying(upstream.endpoint) as relay, connected(relay) as client:
        await client.update(turn_detection=None)
        await client.speak(tones("one two three"))
        await client.send("input_audio_buffer.commit")
        await client.until("conversation.item.input_audio_transcription.completed")
        await client.send("response.create")
        await client.until("response.done")
        record, beyond = relay.sessions[-1], upstream.sessions[-1]
        assert read_tones(audio_of(client.events)) == "You said one two three"
        assert record.heard == ["one two three"]
        assert record.id == beyond.id == client.events[0]["session"]["id"]
        assert record.received_types() == beyond.received_types()
        assert record.sent_types() == beyond.sent_types()
        assert record.settings["turn_detection"] is None


async def test_the_query_goes_on_and_the_credential_is_the_relays(upstream: LocalService) -> None:
    """Model, version and preview features are the client's; what it authenticated with stays at the relay."""
    async with relaying(upstream.endpoint, service={"api_key": "for-clients"}) as relay:
        headers = {"api-key": "for-clients", "VoiceLive-Features": "BargeIn=V1Preview"}
        url = url_of(relay.endpoint, "gpt-realtime", conversation="7", **{"agent-access-token": "t0ken"})
        async with plain_connect(url, additional_headers=headers) as websocket:
            await websocket.recv()
        beyond = upstream.sessions[-1]
    assert (beyond.model, beyond.query["api-version"], beyond.query["conversation"]) == (
        "gpt-realtime",
        "2026-07-15",
        "7",
    )
    assert "agent-access-token" not in beyond.query
    assert beyond.headers["voicelive-features"] == "BargeIn=V1Preview"
    assert beyond.credential == "api-key"


async def test_no_client_sees_the_credential(caplog: pytest.LogCaptureFixture) -> None:
    """Not where the upstream service repeats it in an event, in a refusal, or as it closes; nor does a log."""
    caplog.set_level(logging.DEBUG)

    async def repeat(connection: ServerConnection) -> None:
        assert connection.request is not None
        key = connection.request.headers["api-key"]
        await connection.send(json.dumps({"type": "session.created", "session": {"id": key}}))
        await connection.close(4000, f"bad key {key}")

    def refuse(connection: ServerConnection, request: Request) -> Response | None:
        return connection.respond(401, f"bad key {request.headers['api-key']}") if "refuse" in request.path else None

    async with answering(repeat, refuse) as endpoint, relaying(endpoint) as relay:
        async with opened(relay) as client:
            assert (await client.recv())["session"]["id"] == "(hidden)"
            assert await client.closed() == (4000, "bad key (hidden)")
        with pytest.raises(InvalidStatus) as caught:
            async with opened(relay, "refuse"):
                pass
        assert caught.value.response.status_code == 502
        assert KEY.encode() not in (caught.value.response.body or b"")
        assert KEY not in repr(relay.sessions)
    assert KEY not in caplog.text


async def test_a_hundred_sessions_at_once(upstream: LocalService) -> None:
    """Each has its own answer; one more than may be is refused with 429 and a time to wait."""
    async with relaying(upstream.endpoint) as relay:

        async def ask(number: int) -> str:
            async with connected(relay) as client:
                await client.update(modalities=["text"])
                await client.say(f"number {number}")
                await client.send("response.create")
                answer = await client.until("response.text.done")
                said.append(number)
                await asyncio.wait_for(all_said.wait(), DEADLINE)
                return str(answer["text"])

        said: list[int] = []
        all_said = asyncio.Event()
        asking = [asyncio.create_task(ask(number)) for number in range(100)]
        await _until(lambda: len(said) == 100)
        with pytest.raises(InvalidStatus) as caught:
            async with opened(relay):
                pass
        assert caught.value.response.status_code == 429
        assert caught.value.response.headers["Retry-After"] == "5"
        all_said.set()
        assert await asyncio.gather(*asking) == [f"You said number {number}" for number in range(100)]
        async with connected(relay):
            pass


async def test_faults_are_committed_on_the_way(upstream: LocalService) -> None:
    """A relayed session is delayed, broken and closed as any other, and the upstream service is told of its end."""
    async with relaying(upstream.endpoint, service={"faults": ["drop@event=session.updated"]}) as relay:
        async with connected(relay) as client:
            await client.send("session.update", session={"modalities": ["text"]})
            relay.faults.add(f"close:4321@session={relay.sessions[-1].id},event=response.done,reason=enough")
            await client.say("x")
            await client.send("response.create")
            assert await client.closed() == (4321, "enough")
            assert "session.updated" not in [event["type"] for event in client.events]
        await _until(lambda: upstream.sessions[-1].closed)
        assert upstream.sessions[-1].close_code == 4321


# --- how sessions end ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("close:1011@reason=overloaded", (1011, "overloaded")),
        ("close:4711", (4711, "")),
        ("abort", (1014, "the connection to the upstream service broke")),
        ("expire", (1001, "session_expired")),
    ],
)
async def test_the_end_of_the_upstream_session_is_the_clients(
    upstream: LocalService, fault: str, expected: tuple[int, str]
) -> None:
    """Its close code and reason, or that it broke; after everything that came before."""
    async with relaying(upstream.endpoint) as relay, connected(relay) as client:
        upstream.faults.add(fault)
        assert await client.closed() == expected
        if fault == "expire":
            assert client.events[-1]["error"]["code"] == "session_expired"
        await _until(lambda: relay.sessions[-1].closed)
        assert (relay.sessions[-1].close_code, relay.sessions[-1].close_reason) == expected


async def test_the_end_of_the_client_is_the_upstream_sessions(upstream: LocalService) -> None:
    """A client that closes, and one that is gone without a word: neither leaves a session behind."""
    async with relaying(upstream.endpoint) as relay:
        async with opened(relay) as client:
            await client.recv()
            await client._websocket.close(4123, "had enough")
        await _until(lambda: upstream.sessions[-1].closed)
        assert (upstream.sessions[-1].close_code, upstream.sessions[-1].close_reason) == (4123, "had enough")
        async with opened(relay) as client:
            await client.recv()
            client._websocket.transport.abort()
        await _until(lambda: len(upstream.sessions) == 2 and upstream.sessions[-1].closed)
        assert upstream.sessions[-1].close_code == 1001


async def test_a_session_lasts_no_longer_than_it_may(upstream: LocalService) -> None:
    """The client is told by an event and the close code, the upstream session ends too."""
    async with relaying(upstream.endpoint, max_seconds=0.3) as relay, connected(relay) as client:
        code, reason = await client.closed()
        assert (code, reason) == (1008, "the relay ends sessions after 0.3 seconds")
        assert client.events[-1]["error"]["code"] == "session_expired"
        await _until(lambda: upstream.sessions[-1].closed)


async def test_a_relay_that_stops_ends_both_sides(upstream: LocalService) -> None:
    """1001 for the client, and no session is left at the upstream service."""
    async with relaying(upstream.endpoint) as relay, connected(relay) as client:
        await relay.stop()
        assert (await client.closed())[0] == 1001
    await _until(lambda: upstream.sessions[-1].closed)


# --- an upstream service that cannot be had --------------------------------------------------------------------------


async def _nothing(connection: ServerConnection) -> None:
    await connection.wait_closed()


def _status(status: int) -> Callable[[ServerConnection, Request], Response]:
    def answer(connection: ServerConnection, request: Request) -> Response:
        response = connection.respond(status, "no")
        response.headers["Retry-After"] = "7"
        return response

    return answer


@pytest.mark.parametrize(
    ("theirs", "ours", "says"),
    [
        (401, 502, "HTTP 401 Unauthorized; check tha"),
        (403, 502, "HTTP 403 Forbidden; check tha"),
        (404, 404, "api_version"),
        (400, 400, "400"),
        (429, 429, "429"),
        (503, 502, "503"),
        (200, 502, "200"),
    ],
)
async def test_a_refusal_is_told_with_its_reason(theirs: int, ours: int, says: str) -> None:
    """As an HTTP answer of the relay, whose credential it is that was refused; and the page shows it."""
    async with answering(_nothing, _status(theirs)) as endpoint, relaying(endpoint, connection_options=SHORT) as relay:
        with pytest.raises(InvalidStatus) as caught:
            async with opened(relay):
                pass
        response = caught.value.response
        message = json.loads(response.body or b"")["error"]["message"]
        assert response.status_code == ours
        assert message.startswith("The relay could not open a session at the upstream service: ")
        assert says in message
        if theirs == 429:
            assert response.headers["Retry-After"] == "7"
        record = relay.sessions[-1]
        assert (record.closed, record.close_code, record.close_reason) == (True, None, message)


async def test_an_upstream_service_that_is_not_there_is_told(unused_tcp_port: int) -> None:
    """Nobody listens: 502, with the address and what to check."""
    async with relaying(f"http://127.0.0.1:{unused_tcp_port}") as relay:
        with pytest.raises(InvalidStatus) as caught:
            async with opened(relay):
                pass
        assert caught.value.response.status_code == 502
        assert "refused the connection" in (caught.value.response.body or b"").decode()


async def test_an_upstream_service_that_never_answers_is_told() -> None:
    """TCP is open, but no answer to the handshake comes: 504 after the time allowed."""

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    with RawServer(silent) as server:
        async with relaying(server.endpoint, connection_options={"open_timeout": 0.3}) as relay:
            with pytest.raises(InvalidStatus) as caught:
                async with opened(relay):
                    pass
            assert caught.value.response.status_code == 504


async def test_what_asks_for_no_websocket_opens_no_session(upstream: LocalService) -> None:
    """A plain request is refused by the relay, and costs nothing at the upstream service."""
    async with relaying(upstream.endpoint) as relay:
        reader, writer = await asyncio.open_connection("127.0.0.1", relay.port)
        path = url_of(relay.endpoint).partition(f":{relay.port}")[2]
        writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        assert (await asyncio.wait_for(reader.readline(), DEADLINE)).split()[1] == b"426"
        writer.close()
        assert (upstream.sessions, relay.sessions) == ([], [])


async def test_a_page_is_told_by_an_event(upstream: LocalService) -> None:
    """A browser shows its page no refusal of a WebSocket, so the page gets the reason as an error, then the close."""
    async with (
        answering(_nothing, _status(401)) as endpoint,
        relaying(endpoint) as relay,
        plain_connect(url_of(relay.endpoint), origin=Origin(relay.endpoint)) as websocket,
    ):
        client = Client(websocket)
        error = await client.error()
        assert error["code"] == "upstream_unavailable"
        assert "HTTP 401" in error["message"]
        assert await client.closed() == (1014, "upstream_unavailable")


@pytest.mark.parametrize("first", ["hello", "[1]", '{"no": "type"}'])
async def test_what_is_not_voice_live_is_told(first: str) -> None:
    """A WebSocket that sends something else first: 1014 with a question that names the mistake."""

    async def greet(connection: ServerConnection) -> None:
        await connection.send(first)
        await connection.wait_closed()

    async with answering(greet) as endpoint, relaying(endpoint) as relay, opened(relay) as client:
        code, reason = await client.closed()
        assert code == 1014
        assert reason is not None
        assert reason.endswith("is it a Voice Live service?")


async def test_an_upstream_service_that_opens_no_session_is_told() -> None:
    """It takes the connection, and says nothing: 1014 after ready_timeout."""
    async with (
        answering(_nothing) as endpoint,
        relaying(endpoint, connection_options=SHORT) as relay,
        opened(relay) as client,
    ):
        code, reason = await client.closed()
        assert code == 1014
        assert "opened no session in time" in str(reason)


async def test_an_upstream_service_that_falls_silent_is_told(upstream: LocalService) -> None:
    """An answer that stops in the middle: 1014 after stall_timeout, where one is set."""
    options = {"stall_timeout": 0.5, "close_timeout": 0.5}
    async with relaying(upstream.endpoint, connection_options=options) as relay, connected(relay) as client:
        upstream.faults.add("stall@event=response.created")
        await client.say("x")
        await client.send("response.create")
        assert await client.closed() == (1014, "a response of the upstream service stalled")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"endpoint": "voice.example"}, "https://"),
        ({"endpoint": "http://voice.example"}, "not encrypted"),
        ({"endpoint": "http://127.0.0.1:1", "max_sessions": 0}, "max_sessions"),
        ({"endpoint": "http://127.0.0.1:1", "max_seconds": 0}, "max_seconds"),
        ({"endpoint": "http://127.0.0.1:1", "connection_options": {"open_timout": 1}}, "open_timeout"),
    ],
)
def test_what_cannot_work_is_refused_at_once(arguments: dict[str, Any], says: str) -> None:
    """Before anything is opened, naming the mistake."""
    with pytest.raises(ConfigurationError, match=says):
        Upstream(**arguments)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0.0.0.0"])
def test_a_relay_to_itself_is_refused(host: str) -> None:
    """It would open a session for each that it opens."""
    with pytest.raises(ConfigurationError, match="itself"):
        LocalService(host, 8765, upstream=Upstream("http://127.0.0.1:8765"), api_key="x")


async def test_an_odd_first_event_ends_nothing() -> None:
    """A session.created without a session, or with something else in its place, goes through as it is."""
    odd = ['{"type": "session.created"}', '{"type": "session.updated", "session": [1]}', '{"type": "brand.new"}']

    async def speak(connection: ServerConnection) -> None:
        for text in odd:
            await connection.send(text)
        await connection.close(1000)

    async with answering(speak) as endpoint, relaying(endpoint) as relay, opened(relay) as client:
        assert await client.closed() == (1000, "")
        assert client.events == [json.loads(text) for text in odd]


# --- backpressure ----------------------------------------------------------------------------------------------------


async def test_a_client_that_does_not_read_holds_the_service_up() -> None:
    """Little more than the sockets hold leaves the upstream service, and the session ends with the reason."""
    left = 0

    async def flood(connection: ServerConnection) -> None:
        nonlocal left
        await connection.send('{"type": "session.created", "session": {"id": "sess_1"}}')
        delta = json.dumps({"type": "response.audio.delta", "delta": "A" * 64_000})
        for _ in range(2000):
            await connection.send(delta)
            left += len(delta)

    options = {"ping_timeout": 2.0, "close_timeout": 0.5}
    async with (
        answering(flood) as endpoint,
        relaying(endpoint, connection_options=options) as relay,
        plain_connect(url_of(relay.endpoint), max_queue=1, close_timeout=0.1) as websocket,
    ):
        await websocket.recv()
        await _until(lambda: relay.sessions[-1].closed)
        assert left < 24_000_000  # of 128 MB: what the buffers of four sockets hold
        assert relay.sessions[-1].close_code == 1006  # it did not read the close frame either
        assert relay.sessions[-1].close_reason.startswith("this client reads more slowly")


async def test_a_slow_client_gets_everything(upstream: LocalService) -> None:
    """One that reads as slowly as speech is spoken loses nothing, however fast the service sends."""
    text = " ".join(["seventy seven"] * 10)
    engines = replace(Engines.basic(), responder=Scripted([TextChunk(text)]))
    async with (
        LocalService(engines=engines) as fast,
        relaying(fast.endpoint) as relay,
        plain_connect(url_of(relay.endpoint), max_queue=1) as websocket,
    ):
        client = Client(websocket)
        await client.say("x")
        await client.send("response.create")
        event = await client.recv()
        while event["type"] != "response.done":
            event = await client.recv()
            await asyncio.sleep(0.005)
        assert read_tones(audio_of(client.events)) == text


async def test_a_service_that_does_not_read_holds_the_client_up() -> None:
    """A client that sends faster than the upstream service takes waits; nothing piles up in between."""
    taking = asyncio.Event()
    taken = 0

    async def take_late(connection: ServerConnection) -> None:
        nonlocal taken
        await connection.send('{"type": "session.created", "session": {"id": "sess_1"}}')
        connection.transport.pause_reading()
        await taking.wait()
        connection.transport.resume_reading()
        async for message in connection:
            taken += len(message)

    sent = 0
    chunk = json.dumps({"type": "input_audio_buffer.append", "audio": "A" * 64_000})
    async with answering(take_late) as endpoint, relaying(endpoint) as relay, connected(relay) as client:

        async def send() -> None:
            nonlocal sent
            for _ in range(600):
                await client.send_raw(chunk)
                sent += len(chunk)

        sending = asyncio.create_task(send())
        before = -1
        while sent != before:
            before = sent
            await asyncio.sleep(0.3)
        assert sent < 24_000_000  # of 38 MB
        taking.set()
        await asyncio.wait_for(sending, DEADLINE)
        await _until(lambda: taken == 600 * len(chunk))


# --- the SDK through it ----------------------------------------------------------------------------------------------


async def test_this_packages_client_reads_the_reason() -> None:
    """A session that the upstream service refuses by an event is refused so through the relay."""
    async with (
        LocalService(models=["gpt-4o"]) as picky,
        relaying(picky.endpoint) as relay,
        connect(endpoint=relay.endpoint, model="gpt-5") as conn,
    ):
        event = await asyncio.wait_for(conn.recv(), DEADLINE)
        assert isinstance(event, ServerEventError)
        assert event.error.code == "invalid_model"
        with pytest.raises(ConnectionClosed, match="1008"):
            await asyncio.wait_for(conn.recv(), DEADLINE)


async def _until(condition: Callable[[], bool]) -> None:
    """Wait until something holds that no event tells of."""
    async with asyncio.timeout(DEADLINE):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.01)

"""Every snippet of the usage document runs, and its sync twin, against the local service."""

from __future__ import annotations

import ast
import asyncio
import base64
import functools
import gc
import http.server
import json
import os
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
from azure.core.credentials import AzureKeyCredential

import voicelive
import voicelive.aio
from tests.mission.snippets import awaited, run_async, run_sync, snippet
from voicelive.local import LocalService
from voicelive.local.engines import ToneSynthesizer, ToneTranscriber
from voicelive.local.records import SessionRecord
from voicelive.local.threaded import ThreadedLocalService

KEY = "a-key-for-tests"
SILENCE = bytes(48000)

pytestmark = pytest.mark.timeout(60)


def leaves_credential_open(test: Any) -> Any:
    """Mark a test of a snippet that never closes its token credential; the warnings about it are not this project's."""
    for pattern in ("ignore:Unclosed", "ignore:unclosed", "ignore::pytest.PytestUnraisableExceptionWarning"):
        test = pytest.mark.filterwarnings(pattern)(test)
    return test


@functools.cache
def speech(text: str) -> bytes:
    """`text` as the basic engines speak it (PCM16, 24 kHz), with the pause that ends a turn."""
    return SILENCE[:9600] + b"".join(ToneSynthesizer().synthesize(text)) + SILENCE


class Watched:
    """A connection that ends a snippet's endless loop once it has seen enough."""

    def __init__(self, connection: Any, enough: Callable[[Any], bool]) -> None:
        self._connection = connection
        self._enough = enough
        self.seen: list[Any] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def __iter__(self) -> Iterator[Any]:
        for event in self._connection:
            self.seen.append(event)
            yield event
            if self._enough(event):
                return

    async def __aiter__(self) -> AsyncIterator[Any]:
        async for event in self._connection:
            self.seen.append(event)
            yield event
            if self._enough(event):
                return


def nth(event_type: str, count: int = 1) -> Callable[[Any], bool]:
    """A condition that holds from the `count`-th event of a type on."""
    left = [count]

    def enough(event: Any) -> bool:
        left[0] -= event.type == event_type
        return left[0] <= 0

    return enough


def handle_function(name: str, arguments: str) -> dict[str, Any]:
    """An application's function: the weather is always the same."""
    return {"temperature": 21, "asked": [name, json.loads(arguments)]}


def never(event: Any) -> bool:
    """A condition that never holds."""
    return False


class Runner:
    """Runs snippets with one of the two clients against a service, and keeps what they printed."""

    def __init__(self, kind: str, service: ThreadedLocalService) -> None:
        self.kind = kind
        self.service = service
        self.printed: list[str] = []
        self.heard = bytearray()
        self.arguments: dict[str, Any] = {
            # No wait without an end: a snippet that would hang raises instead.
            "connection_options": {"receive_timeout": 20},
            "endpoint": service.endpoint,
            "credential": AzureKeyCredential(KEY),
            "model": "gpt-4o",
        }

    @property
    def session(self) -> SessionRecord:
        """The latest session, as the service saw it."""
        return self.service.sessions[-1]

    def names(self, **more: Any) -> dict[str, Any]:
        """The names that the document takes for granted, for this client."""

        def given(function: Callable[..., Any]) -> Callable[..., Any]:
            return awaited(function) if self.kind == "async" else function

        return {
            "os": os,
            "json": json,
            "base64": base64,
            "print": self._print,
            "play_audio": given(self.heard.extend),
            "read_audio_from_microphone": given(lambda: speech("Hello there.")[:4800]),
            "handle_function": handle_function,
            "arguments": self.arguments,
            **more,
        }

    def _print(self, *values: Any, end: str = "\n", flush: bool = False) -> None:
        self.printed.append(" ".join(str(value) for value in values) + end.strip("\n"))

    async def run(self, source: str, **more: Any) -> None:
        """Run a snippet that opens its own connection."""
        if self.kind == "sync":
            run_sync(source, self.names(**more))
        else:
            await run_async(source, self.names(**more))

    async def run_on_connection(
        self,
        source: str,
        *,
        before: str = "",
        after: str = "",
        enough: Callable[[Any], bool] | None = None,
        **more: Any,
    ) -> list[Any]:
        """Run a snippet that has a connection `conn`; return the events that its loop saw."""
        stop = enough or never
        if self.kind == "sync":
            with voicelive.connect(**self.arguments) as connection:
                watched = Watched(connection, stop)
                for part in (before, source, after):
                    run_sync(part, self.names(conn=watched, **more))
        else:
            async with voicelive.aio.connect(**self.arguments) as connection:
                watched = Watched(connection, stop)
                for part in (before, source, after):
                    await run_async(part, self.names(conn=watched, **more))
        return watched.seen


@pytest.fixture
def service() -> Iterator[ThreadedLocalService]:
    with LocalService.in_thread() as running:
        yield running


@pytest.fixture(params=["sync", "async"])
def runner(request: pytest.FixtureRequest, service: ThreadedLocalService, monkeypatch: pytest.MonkeyPatch) -> Runner:
    monkeypatch.setenv("AZURE_COGNITIVE_SERVICES_ENDPOINT", service.endpoint)
    monkeypatch.setenv("AZURE_COGNITIVE_SERVICES_KEY", KEY)
    return Runner(request.param, service)


class Identity(http.server.BaseHTTPRequestHandler):
    """The endpoint where an app in Azure gets its tokens; azure-identity really asks it."""

    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        body = json.dumps(
            {"access_token": "token-from-identity", "expires_on": "4102444800", "resource": "r", "token_type": "Bearer"}
        ).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Keep quiet."""


@pytest.fixture
def identity(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """An identity endpoint for DefaultAzureCredential; the value lists the requests it got."""

    class Handler(Identity):
        asked: list[str] = []  # noqa: RUF012 - one list a server, on purpose

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    for name in [name for name in os.environ if name.startswith("AZURE_") and "COGNITIVE" not in name]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"http://127.0.0.1:{server.server_port}/token")
    monkeypatch.setenv("IDENTITY_HEADER", "secret")
    yield Handler.asked
    # What the snippet left open is found now, in the test that excuses it, not in a later one.
    gc.collect()
    server.shutdown()
    thread.join(10)
    server.server_close()


@leaves_credential_open
async def test_token_credential(runner: Runner, identity: list[str]) -> None:
    """A token credential is asked for the scope given, and its token opens the connection."""
    await runner.run(snippet("01_token_credential"))
    assert runner.session.credential == "bearer"
    assert ["cognitiveservices" in path for path in identity] == [True]


async def test_key_credential(runner: Runner) -> None:
    """A key opens the connection."""
    await runner.run(snippet("02_key_credential"))
    assert runner.session.credential == "api-key"
    assert runner.session.model == "gpt-4o-realtime-preview"


@leaves_credential_open
async def test_quick_start(runner: Runner, identity: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The quick start configures, hears somebody speak, prints the answer's transcript and ends with it."""
    module = voicelive if runner.kind == "sync" else voicelive.aio
    monkeypatch.setattr(module, "connect", somebody_speaks(module.connect, runner.kind), raising=False)
    if runner.kind == "async":
        # It calls asyncio.run(), which needs a thread without a loop.
        await asyncio.to_thread(run_sync_text, snippet("03_quick_start"), runner.names())
    else:
        await runner.run(snippet("03_quick_start"))
    assert "Event: session.updated" in runner.printed
    assert any(line.startswith("Transcript: ") and "Caspian" in line for line in runner.printed)
    assert runner.printed[-1] == "Event: response.done"
    assert runner.session.credential == "bearer"


def run_sync_text(source: str, names: dict[str, Any]) -> None:
    """Run a snippet as it stands, in a module of its own."""
    exec(compile(source, "<snippet>", "exec"), names)


def somebody_speaks(connect: Callable[..., Any], kind: str) -> Callable[..., Any]:
    """`connect`, beside a microphone that is spoken into once the session is configured."""

    def wrapped(**arguments: Any) -> Any:
        connection = connect(**arguments)
        update = connection.session.update
        audio = speech("What is the largest lake in the world?")

        def update_then_speak(**fields: Any) -> None:
            update(**fields)
            connection.input_audio_buffer.append(audio=audio)

        async def update_then_speak_async(**fields: Any) -> None:
            await update(**fields)
            await connection.input_audio_buffer.append(audio=audio)

        connection.session.update = update_then_speak if kind == "sync" else update_then_speak_async
        return connection

    return wrapped


async def test_session_configuration(runner: Runner) -> None:
    """The configuration arrives whole: voice, formats, turn detection and the function tool."""
    await runner.run_on_connection(
        snippet("04_session_configuration"), after='await conn.wait_for("session.updated", timeout=20)'
    )
    session = next(event.session for event in runner.session.received if event.type == "session.update")
    assert session.instructions == "You are a helpful voice assistant."
    assert session.voice == "alloy"
    assert session.turn_detection is not None
    assert session.turn_detection.to_dict() == {
        "type": "server_vad",
        "threshold": 0.5,
        "prefix_padding_ms": 300,
        "silence_duration_ms": 500,
    }
    assert session.tools is not None
    assert session.tools[0].to_dict()["name"] == "get_weather"


async def test_send_audio(runner: Runner) -> None:
    """Base64 audio from the microphone reaches the service byte for byte."""
    await runner.run_on_connection(snippet("05_send_audio"), after="await conn.input_audio_buffer.clear()\n" + CLEARED)
    appended = [event for event in runner.session.received if event.type == "input_audio_buffer.append"]
    assert [event.audio_bytes for event in appended] == [speech("Hello there.")[:4800]]


CLEARED = 'await conn.wait_for("input_audio_buffer.cleared", timeout=20)'
ASK = """
await conn.conversation.item.create(item={
    "type": "message", "role": "user", "content": [{"type": "input_text", "text": question}]
})
await conn.response.create()
"""


async def test_receive_audio(runner: Runner) -> None:
    """The audio deltas, decoded as in the snippet, are the whole spoken answer."""
    await runner.run_on_connection(
        snippet("06_receive_audio"), before=ASK, enough=nth("response.done"), question="What is seven times eight?"
    )
    assert runner.printed == ["Audio complete"]
    answer = ToneTranscriber().transcribe(bytes(runner.heard), 24000).text
    assert answer == "Seven times eight is fifty six."


async def test_event_handling(runner: Runner) -> None:
    """A spoken question that needs a function: every branch of the example's match is reached and prints."""
    before = snippet("04_session_configuration") + "\nawait conn.input_audio_buffer.append(audio=audio)"
    seen = await runner.run_on_connection(
        snippet("07_event_handling"),
        before=before,
        enough=nth("response.done", 2),
        audio=speech("What is the weather in Paris?"),
    )
    text = "\n".join(runner.printed)
    for line in (
        "Session: ",
        "Session updated",
        "Speech started at 0ms",
        "Speech stopped at ",
        "User said: What is the weather in Paris?",
        "Response started: resp_",
        "Response complete: completed",
    ):
        assert line in text, text
    assert "Error:" not in text
    assert "21" in text
    output = next(e.item for e in runner.session.received if e.type == "conversation.item.create")
    assert output is not None
    assert "Paris" in json.dumps(output.to_dict())
    assert "response.audio.delta" in {event.type for event in seen}


async def test_event_handling_prints_errors(runner: Runner) -> None:
    """The example's error branch prints the service's message."""
    await runner.run_on_connection(
        snippet("07_event_handling"), before="await conn.input_audio_buffer.commit()", enough=nth("error")
    )
    assert any(line.startswith("Error: ") and "buffer" in line for line in runner.printed)


async def test_manual_turns(runner: Runner) -> None:
    """Without turn detection, commit ends the user's turn and response.create brings the answer."""
    question = "What is seven times eight?"
    await runner.run_on_connection(
        snippet("08_manual_turns"),
        after='await conn.wait_for("response.done", timeout=20)',
        b64_audio=base64.b64encode(speech(question)).decode(),
    )
    updated = next(event for event in runner.session.sent if event.type == "session.updated")
    assert updated.session.turn_detection is None
    heard = [e for e in runner.session.sent if e.type == "conversation.item.input_audio_transcription.completed"]
    assert [event.transcript for event in heard] == [question]


async def test_interruption(runner: Runner) -> None:
    """When the user starts to speak, the example cancels the response and clears the audio."""
    await runner.run_on_connection(
        snippet("09_interruption"),
        before=ASK + "\nawait conn.input_audio_buffer.append(audio=audio)",
        enough=nth("output_audio_buffer.cleared"),
        question="Tell me a joke.",
        audio=speech("Stop."),
    )
    types = runner.session.received_types()
    assert types.index("response.cancel") < types.index("output_audio_buffer.clear")


async def test_conversation_history(runner: Runner) -> None:
    """System and user messages enter the history, and the answer follows them."""
    await runner.run_on_connection(
        snippet("10_conversation_history"), after='await conn.wait_for("response.done", timeout=20)'
    )
    items = [item.to_dict() for item in runner.session.items]
    assert [item.get("role") for item in items] == ["system", "user", "assistant"]


async def test_turn_detection_options(runner: Runner) -> None:
    """Each of the document's turn detection settings is accepted by the service."""
    lines = [line.split("#")[0] for line in snippet("11_turn_detection").splitlines()]
    options = [ast.literal_eval(line.strip()) for line in lines if line.strip()]
    assert len(options) == 4
    for option in options:
        await runner.run_on_connection(
            'await conn.session.update(session={"turn_detection": option})',
            after='await conn.wait_for("session.updated", timeout=20)',
            option=option,
        )
        updated = next(event for event in runner.session.sent if event.type == "session.updated")
        assert updated.session.turn_detection is not None
        assert updated.session.turn_detection.type == option["type"]


ERROR_SNIPPET = snippet("12_error_handling").replace("connect(...)", "connect(**arguments)")


async def test_errors_and_a_close_by_the_service(runner: Runner) -> None:
    """The error example prints the service's errors, then the code and reason it closes with."""
    module = voicelive if runner.kind == "sync" else voicelive.aio
    with LocalService.in_thread(require_session_update=True) as strict:
        runner.arguments["endpoint"] = strict.endpoint
        await runner.run(ERROR_SNIPPET, connect=starts_wrongly(module.connect, runner.kind))
    assert runner.printed[0].startswith("API Error: invalid_session_update_message - ")
    assert runner.printed[-1].startswith("Connection closed: 1008 - ")


def starts_wrongly(connect: Callable[..., Any], kind: str) -> Callable[..., Any]:
    """`connect`, by an application that sends something else than session.update first, five times."""

    def wrapped(**arguments: Any) -> Any:
        connection = connect(**arguments)
        open_ = connection.open

        def open_and_err() -> Any:
            open_()
            for _ in range(5):
                connection.response.create()
            return connection

        async def open_and_err_async() -> Any:
            await open_()
            for _ in range(5):
                await connection.response.create()
            return connection

        connection.open = open_and_err if kind == "sync" else open_and_err_async
        return connection

    return wrapped


async def test_connection_errors(runner: Runner) -> None:
    """The error example prints why a connection could not be opened."""
    runner.service.stop()
    module = voicelive if runner.kind == "sync" else voicelive.aio
    await runner.run(ERROR_SNIPPET, connect=module.connect)
    assert len(runner.printed) == 1
    assert runner.printed[0].startswith("Connection error: ")
    assert "127.0.0.1" in runner.printed[0]


@pytest.mark.parametrize("voice", ["alloy", "echo", "shimmer", "sage", "coral", "ash", "ballad", "verse"])
async def test_voices(runner: Runner, voice: str) -> None:
    """Each voice of the document's table is accepted."""
    await runner.run_on_connection(
        'await conn.session.update(session={"voice": voice})',
        after='await conn.wait_for("session.updated", timeout=20)',
        voice=voice,
    )
    assert "error" not in runner.session.sent_types()


@pytest.mark.filterwarnings("ignore::voicelive.ContractWarning")  # the document's spelling is that of 2025-10-01
@pytest.mark.parametrize("audio_format", ["pcm16", "pcm16-8000hz", "pcm16-16000hz", "g711_ulaw", "g711_alaw"])
async def test_audio_formats(runner: Runner, audio_format: str) -> None:
    """Each audio format of the document's table, in its spelling, is accepted for the answer."""
    await runner.run_on_connection(
        'await conn.session.update(session={"output_audio_format": audio_format})' + ASK,
        after='await conn.wait_for("response.done", timeout=20)',
        audio_format=audio_format,
        question="What is seven times eight?",
    )
    assert "error" not in runner.session.sent_types()
    assert "response.audio.delta" in runner.session.sent_types()

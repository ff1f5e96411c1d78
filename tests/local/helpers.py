"""A plain WebSocket client for the local service, and engines that do as they are told."""

from __future__ import annotations

import asyncio
import base64
import json
import threading
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any
from urllib.parse import urlencode

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from voicelive._audio.wire_formats import AudioEncoder, WireFormat, input_format
from voicelive.local import LocalService
from voicelive.local.engines import (
    ResponderOutput,
    ResponderRequest,
    TextChunk,
    ToneSynthesizer,
    ToneTranscriber,
    Word,
)

Event = dict[str, Any]

DEADLINE = 60.0
"""Seconds that any answer may take; far more than it does."""

PCM16 = input_format()


class Client:
    """One connection, with everything received in order."""

    def __init__(self, websocket: ClientConnection) -> None:
        self._websocket = websocket
        self.events: list[Event] = []

    async def send(self, event_type: str, **fields: Any) -> None:
        """Send one event."""
        await self.send_raw(json.dumps({"type": event_type, **fields}))

    async def send_raw(self, message: str | bytes) -> None:
        """Send any message."""
        await self._websocket.send(message)

    async def speak(self, audio: bytes) -> None:
        """Send audio in pieces of 50 ms (of PCM16 at 24 kHz), as fast as they go."""
        for start in range(0, len(audio), 2400):
            await self.append(audio[start : start + 2400])

    async def append(self, audio: bytes) -> None:
        """Send audio in one piece."""
        await self.send("input_audio_buffer.append", audio=base64.b64encode(audio).decode())

    async def say(self, text: str) -> None:
        """Create a user message."""
        content = [{"type": "input_text", "text": text}]
        await self.create_item({"type": "message", "role": "user", "content": content})

    async def create_item(self, item: dict[str, Any], **fields: Any) -> None:
        """Create an item."""
        await self.send("conversation.item.create", item=item, **fields)

    async def recv(self) -> Event:
        """Return the next event."""
        message = await asyncio.wait_for(self._websocket.recv(), DEADLINE)
        event: Event = json.loads(message)
        self.events.append(event)
        return event

    async def until(self, event_type: str) -> Event:
        """Receive up to the next event of a type and return that."""
        while True:
            event = await self.recv()
            if event["type"] == event_type:
                return event

    async def collect(self, event_type: str) -> list[Event]:
        """Return the next events, up to and including one of a type."""
        first = len(self.events)
        await self.until(event_type)
        return self.events[first:]

    async def error(self) -> dict[str, Any]:
        """Return the inside of the next event, which must be an error."""
        event = await self.recv()
        assert event["type"] == "error", event
        error: dict[str, Any] = event["error"]
        return error

    async def update(self, **session: Any) -> dict[str, Any]:
        """Change the session and return it as it is then."""
        await self.send("session.update", session=session)
        event = await self.recv()
        assert event["type"] == "session.updated", event
        updated: dict[str, Any] = event["session"]
        return updated

    async def closed(self) -> tuple[int | None, str | None]:
        """Wait for the end of the connection; return its code and reason."""
        with suppress(ConnectionClosed):
            while True:
                await self.recv()
        return self._websocket.close_code, self._websocket.close_reason


@asynccontextmanager
async def connected(service: LocalService, model: str = "gpt-4o", **query: str) -> AsyncGenerator[Client, None]:
    """Connect and receive ``session.created``."""
    async with opened(service, model, **query) as client:
        assert (await client.recv())["type"] == "session.created"
        yield client


@asynccontextmanager
async def opened(service: LocalService, model: str = "gpt-4o", **query: str) -> AsyncGenerator[Client, None]:
    """Connect without receiving anything."""
    async with connect(url_of(service.endpoint, model, **query), max_size=None, max_queue=None) as websocket:
        yield Client(websocket)


def url_of(endpoint: str, model: str = "gpt-4o", **query: str) -> str:
    """Return the WebSocket address of a service."""
    parameters = urlencode({"api-version": "2026-07-15", "model": model, **query})
    return f"{endpoint.replace('http', 'ws', 1)}/voice-live/realtime?{parameters}"


def types(events: Sequence[Event], *, runs: bool = True) -> list[str]:
    """Return the types of events; with `runs`, a run of the same delta counts once."""
    result: list[str] = []
    for event in events:
        if runs and event["type"].endswith(".delta") and result[-1:] == [event["type"]]:
            continue
        result.append(event["type"])
    return result


def tones(text: str, wire: WireFormat = PCM16, silence_ms: int = 700) -> bytes:
    """Return `text` as the basic engines speak it, in a wire format, with silence after it."""
    pcm = b"".join(ToneSynthesizer().synthesize(text))
    quiet = bytes(ToneSynthesizer.sample_rate * 2 * silence_ms // 1000)
    return b"".join(AudioEncoder(ToneSynthesizer.sample_rate, wire).stream(iter([pcm, quiet])))


def read_tones(pcm: bytes, rate: int = 24000) -> str:
    """Return the text in tones."""
    return ToneTranscriber().transcribe(pcm, rate).text


def audio_of(events: Sequence[Event]) -> bytes:
    """Join the sound of all audio deltas."""
    deltas = (e["delta"] for e in events if e["type"] == "response.audio.delta")
    return b"".join(base64.b64decode(delta) for delta in deltas)


class Scripted:
    """A responder that answers each request with the next entry of a script, then repeats what was said."""

    def __init__(self, *script: Sequence[ResponderOutput]) -> None:
        self.script: list[Sequence[ResponderOutput]] = list(script)
        self.requests: list[ResponderRequest] = []

    def respond(self, request: ResponderRequest) -> Iterator[ResponderOutput]:
        """Yield the next answer."""
        self.requests.append(request)
        if self.script:
            yield from self.script.pop(0)
            return
        last = request.conversation[-1] if request.conversation else None
        yield TextChunk(f"You said {getattr(last, 'text', '') or getattr(last, 'output', '')}")


class GatedSynthesizer:
    """Speaks `chunks` times 500 ms, then holds its breath until :meth:`release`."""

    sample_rate = 24000

    def __init__(self, chunks: int = 3) -> None:
        self._chunks = chunks
        self._gate = threading.Event()
        self.ended = threading.Event()
        """Set once the service has stopped a synthesis or let it end."""
        self.finished = threading.Event()
        """Set once a synthesis was let run to its end."""

    def release(self) -> None:
        """Let every synthesis go on to its end."""
        self._gate.set()

    def synthesize(
        self,
        text: str,
        voice: str | None = None,
        rate: float = 1.0,
        on_word: Callable[[Word], None] | None = None,
    ) -> Iterator[bytes]:
        """Yield sound, and wait before the last of it."""
        try:
            for _ in range(self._chunks):
                yield b"\x00\x10" * 12000
            self._gate.wait(DEADLINE)
            yield b"\x00\x10" * 12000
            self.finished.set()
        finally:
            self.ended.set()

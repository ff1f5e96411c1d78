"""The clients that are compared, each used as its own documentation shows, each doing the same job.

Receiving is: the event in hand as the client's own type, its ``type`` looked at, its audio as bytes. Sending is: 100 ms
of raw PCM becomes an ``input_audio_buffer.append``. Raw `websockets` does neither; it is the floor. With `encode` it
makes each message of its PCM, which is all that sending is.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic_ns, sleep
from typing import Any

import pybase64

from .frames import STAMP

__all__ = ["CLIENTS", "NAMES", "Client", "wait_until_recorded"]

PATH = "/voice-live/realtime"
GO = '{"type":"input_audio_buffer.clear"}'
# Where the time of sending stands in a message.
_STAMP = slice(len('{"event_id":"event_'), len('{"event_id":"') + len(STAMP))


def look_up(place: str) -> str:
    """Look something up."""
    return place


_LOCAL = frozenset({"voicelive.state", "voicelive.turn_done"})


def _conversation() -> dict[str, Any]:
    from voicelive.conversation import BargeIn

    # All arrives at once here, before anything can have been played: nobody may interrupt.
    return {"barge_in": BargeIn(min_words=1000), "tools": [look_up], "metrics": True}


_exported: list[Any] = []
"""What telemetry is exported by, once in a process."""


def _telemetry() -> dict[str, Any]:
    """Return telemetry by the real SDK, in batches as in production, to exporters that keep nothing."""
    from opentelemetry.sdk._logs import LoggerProvider
    from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import InMemoryMetricReader
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    from voicelive.telemetry import Telemetry

    if not _exported:
        nowhere: Any = _Nowhere()
        spans, logs = TracerProvider(), LoggerProvider()
        spans.add_span_processor(BatchSpanProcessor(nowhere))
        logs.add_log_record_processor(BatchLogRecordProcessor(nowhere))
        meters = MeterProvider(metric_readers=[InMemoryMetricReader()])
        _exported.append(Telemetry(tracer_provider=spans, meter_provider=meters, logger_provider=logs))
    return {"telemetry": _exported[0]}


_recordings: list[tuple[TemporaryDirectory[str], Any]] = []
"""Where recordings go, each to a folder of its own, removed when the process ends; and the recorder of each."""


def _recorder() -> dict[str, Any]:
    """Return a recorder that writes to the disk."""
    from voicelive.recording import Recorder

    folder = TemporaryDirectory(prefix="voicelive-benchmark-")
    recorder = Recorder(Path(folder.name) / "call")
    _recordings.append((folder, recorder))
    return {"recorder": recorder}


def wait_until_recorded() -> None:
    """Wait until the latest recorder has written what it was told: that is part of what recording costs.

    Raises:
        RuntimeError: if it did not write everything.
    """
    _, recorder = _recordings[-1]
    while recorder._put != recorder._taken and recorder.problem is None:
        sleep(0.001)
    if recorder.problem is not None or recorder.dropped:
        raise RuntimeError(
            f"not everything was recorded: {recorder.problem or f'{recorder.dropped} events are missing'}"
        )


def _extras(options: dict[str, Any]) -> dict[str, Any]:
    """Take what is measured with and without out of `options`; return the arguments for it."""
    makers = {"conversation": _conversation, "telemetry": _telemetry, "recorder": _recorder}
    wanted = [make for name, make in makers.items() if options.pop(name, False)]
    return {name: value for make in wanted for name, value in make().items()}


class _Nowhere:
    """An exporter that keeps nothing."""

    def export(self, batch: Any) -> Any:
        from opentelemetry.sdk.trace.export import SpanExportResult

        return SpanExportResult.SUCCESS

    def shutdown(self) -> None: ...

    def force_flush(self, timeout_millis: int = 0) -> bool:
        return True


_AUDIO, _GA_AUDIO = "response.audio.delta", "response.output_audio.delta"


class Client:
    """What the tasks need of a client. `open` gives a context manager; the other methods take what it gives."""

    name: str
    dialect = "dated"
    is_async = True

    def open(self, port: int, query: dict[str, Any], **options: Any) -> Any:
        """Prepare a connection to the replay server; `options` are the client's own."""
        raise NotImplementedError


def _url(port: int, query: dict[str, Any], scheme: str = "ws") -> str:
    return f"{scheme}://127.0.0.1:{port}{PATH}?" + "&".join(f"{name}={value}" for name, value in query.items())


def encoded_append(pcm: bytes) -> bytes:
    """Return the frame's text that the typed clients have to make of `pcm`."""
    # The fastest encoder there is, so that the work is not made to look dearer than it has to be.
    return b'{"type":"input_audio_buffer.append","audio":"%b"}' % pybase64.b64encode(pcm)


class RawAsync(Client):
    """`websockets.asyncio`, messages left as bytes."""

    name = "websockets"

    def open(self, port: int, query: dict[str, Any], **options: Any) -> Any:
        from websockets.asyncio.client import connect

        return connect(_url(port, query), **{"compression": None, "proxy": None, **options})

    async def go(self, connection: Any) -> None:
        await connection.send(GO)

    async def receive(self, connection: Any, count: int, decode: bool | None = False) -> int:
        for _ in range(count):
            await connection.recv(decode)
        return 0

    async def send(self, connection: Any, pcm: bytes, count: int, encode: bool = False) -> None:
        text = encoded_append(pcm)
        for _ in range(count):
            await connection.send(encoded_append(pcm) if encode else text, text=True)

    async def stamps(self, connection: Any, count: int, into: list[int]) -> None:
        for _ in range(count):
            message = await connection.recv(decode=False)
            into.append(monotonic_ns() - int(message[_STAMP]))


class JsonAsync(RawAsync):
    """The least a hand-written client does: `websockets`, `json` and `base64`."""

    name = "websockets + json"

    async def receive(self, connection: Any, count: int, decode: bool | None = False) -> int:
        total = 0
        for _ in range(count):
            event = json.loads(await connection.recv())
            if event["type"] == _AUDIO:
                total += len(base64.b64decode(event["delta"]))
        return total

    async def send(self, connection: Any, pcm: bytes, count: int, encode: bool = True) -> None:
        for _ in range(count):
            audio = base64.b64encode(pcm).decode()
            await connection.send(json.dumps({"type": "input_audio_buffer.append", "audio": audio}))


class AzureAsync(Client):
    """`azure-ai-voicelive`, which has an asyncio client only."""

    name = "azure-ai-voicelive"

    def open(self, port: int, query: dict[str, Any], **options: Any) -> Any:
        from azure.ai.voicelive.aio import connect
        from azure.core.credentials import AzureKeyCredential

        return connect(
            endpoint=f"http://127.0.0.1:{port}",
            credential=AzureKeyCredential("key"),
            model="gpt-realtime",
            query=query,
            **options,
        )

    async def go(self, connection: Any) -> None:
        await connection.input_audio_buffer.clear()

    async def receive(self, connection: Any, count: int) -> int:
        total = 0
        async for event in connection:
            if event.type == _AUDIO:
                total += len(event.delta)
            count -= 1
            if not count:
                break
        return total

    async def send(self, connection: Any, pcm: bytes, count: int) -> None:
        for _ in range(count):
            await connection.input_audio_buffer.append(audio=base64.b64encode(pcm).decode())

    async def stamps(self, connection: Any, count: int, into: list[int]) -> None:
        async for event in connection:
            if event.type == _AUDIO:
                len(event.delta)
            into.append(monotonic_ns() - int(event.event_id[6:]))
            if len(into) == count:
                break


class OpenAIAsync(Client):
    """`openai`'s realtime client; it talks to another service, whose events are nearly the same."""

    name = "openai"
    dialect = "ga"
    client: Any = None

    def open(self, port: int, query: dict[str, Any], **options: Any) -> Any:
        from openai import AsyncOpenAI

        # One for all sessions, as its documentation advises: each makes a TLS context of its own.
        self.client = self.client or AsyncOpenAI(api_key="key", websocket_base_url=f"ws://127.0.0.1:{port}")
        return self.client.realtime.connect(
            model="gpt-realtime", extra_query=query, websocket_connection_options={"proxy": None, **options}
        )

    async def go(self, connection: Any) -> None:
        await connection.input_audio_buffer.clear()

    async def receive(self, connection: Any, count: int) -> int:
        total = 0
        async for event in connection:
            if event.type == _GA_AUDIO:
                total += len(base64.b64decode(event.delta))
            count -= 1
            if not count:
                break
        return total

    async def send(self, connection: Any, pcm: bytes, count: int) -> None:
        for _ in range(count):
            await connection.input_audio_buffer.append(audio=base64.b64encode(pcm).decode())

    async def stamps(self, connection: Any, count: int, into: list[int]) -> None:
        async for event in connection:
            if event.type == _GA_AUDIO:
                len(base64.b64decode(event.delta))
            into.append(monotonic_ns() - int(event.event_id[6:]))
            if len(into) == count:
                break


class VoiceLiveAsync(Client):
    """This project, asyncio."""

    name = "voicelive"

    def open(self, port: int, query: dict[str, Any], **options: Any) -> Any:
        from azure.core.credentials import AzureKeyCredential

        from voicelive.aio import ReconnectPolicy, connect

        policy = ReconnectPolicy() if options.pop("policy", False) else None
        more = _extras(options)
        return connect(
            endpoint=f"http://127.0.0.1:{port}",
            credential=AzureKeyCredential("key"),
            model="gpt-realtime",
            query=query,
            connection_options=options,
            reconnect=policy,
            **more,
        )

    async def go(self, connection: Any) -> None:
        await connection.input_audio_buffer.clear()

    async def receive(self, connection: Any, count: int) -> int:
        total = 0
        async for event in connection:
            if event.type == _AUDIO:
                total += len(event.delta_bytes)
            elif event.type in _LOCAL:
                # Of the connection's own, beside those of the service.
                continue
            count -= 1
            if not count:
                break
        return total

    async def send(self, connection: Any, pcm: bytes, count: int) -> None:
        for _ in range(count):
            await connection.input_audio_buffer.append(audio=pcm)

    async def stamps(self, connection: Any, count: int, into: list[int]) -> None:
        async for event in connection:
            if event.type == _AUDIO:
                len(event.delta_bytes)
            into.append(monotonic_ns() - int(event.event_id[6:]))
            if len(into) == count:
                break


class RawSync(Client):
    """`websockets.sync`, messages left as bytes."""

    name = "websockets (sync)"
    is_async = False

    def open(self, port: int, query: dict[str, Any], **options: Any) -> Any:
        from websockets.sync.client import connect

        return connect(_url(port, query), **{"compression": None, "proxy": None, **options})

    def go(self, connection: Any) -> None:
        connection.send(GO)

    def receive(self, connection: Any, count: int, decode: bool | None = False) -> int:
        for _ in range(count):
            connection.recv(decode=decode)
        return 0

    def send(self, connection: Any, pcm: bytes, count: int, encode: bool = False) -> None:
        text = encoded_append(pcm)
        for _ in range(count):
            connection.send(encoded_append(pcm) if encode else text, text=True)

    def stamps(self, connection: Any, count: int, into: list[int]) -> None:
        for _ in range(count):
            message = connection.recv(decode=False)
            into.append(monotonic_ns() - int(message[_STAMP]))


class OpenAISync(Client):
    """`openai`'s realtime client, blocking."""

    name = "openai (sync)"
    dialect = "ga"
    is_async = False
    client: Any = None

    def open(self, port: int, query: dict[str, Any], **options: Any) -> Any:
        from openai import OpenAI

        self.client = self.client or OpenAI(api_key="key", websocket_base_url=f"ws://127.0.0.1:{port}")
        return self.client.realtime.connect(
            model="gpt-realtime", extra_query=query, websocket_connection_options={"proxy": None, **options}
        )

    def go(self, connection: Any) -> None:
        connection.input_audio_buffer.clear()

    def receive(self, connection: Any, count: int) -> int:
        total = 0
        for event in connection:
            if event.type == _GA_AUDIO:
                total += len(base64.b64decode(event.delta))
            count -= 1
            if not count:
                break
        return total

    def send(self, connection: Any, pcm: bytes, count: int) -> None:
        for _ in range(count):
            connection.input_audio_buffer.append(audio=base64.b64encode(pcm).decode())

    def stamps(self, connection: Any, count: int, into: list[int]) -> None:
        for event in connection:
            if event.type == _GA_AUDIO:
                len(base64.b64decode(event.delta))
            into.append(monotonic_ns() - int(event.event_id[6:]))
            if len(into) == count:
                break


class VoiceLiveSync(Client):
    """This project, blocking."""

    name = "voicelive (sync)"
    is_async = False

    def open(self, port: int, query: dict[str, Any], **options: Any) -> Any:
        from azure.core.credentials import AzureKeyCredential

        from voicelive import ReconnectPolicy, connect

        policy = ReconnectPolicy() if options.pop("policy", False) else None
        more = _extras(options)
        return connect(
            endpoint=f"http://127.0.0.1:{port}",
            credential=AzureKeyCredential("key"),
            model="gpt-realtime",
            query=query,
            connection_options=options,
            reconnect=policy,
            **more,
        )

    def go(self, connection: Any) -> None:
        connection.input_audio_buffer.clear()

    def receive(self, connection: Any, count: int) -> int:
        total = 0
        for event in connection:
            if event.type == _AUDIO:
                total += len(event.delta_bytes)
            elif event.type in _LOCAL:
                # Of the connection's own, beside those of the service.
                continue
            count -= 1
            if not count:
                break
        return total

    def send(self, connection: Any, pcm: bytes, count: int) -> None:
        for _ in range(count):
            connection.input_audio_buffer.append(audio=pcm)

    def stamps(self, connection: Any, count: int, into: list[int]) -> None:
        for event in connection:
            if event.type == _AUDIO:
                len(event.delta_bytes)
            into.append(monotonic_ns() - int(event.event_id[6:]))
            if len(into) == count:
                break


_ALL = (RawAsync, JsonAsync, AzureAsync, OpenAIAsync, VoiceLiveAsync, RawSync, OpenAISync, VoiceLiveSync)
CLIENTS: dict[str, Any] = {cls.name: cls() for cls in _ALL}
NAMES = tuple(CLIENTS)

"""Real exporters, and what they send to a receiver on this machine: OTLP over HTTP, and Azure Monitor."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from google.protobuf.json_format import MessageToDict
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from voicelive.telemetry import Telemetry
from voicelive.testing import ScriptedService

from .exports import SAID, spoken_call
from .harness import Client

pytestmark = pytest.mark.timeout(300)

KINDS: dict[str, Any] = {
    "/v1/traces": ExportTraceServiceRequest,
    "/v1/metrics": ExportMetricsServiceRequest,
    "/v1/logs": ExportLogsServiceRequest,
}


@pytest.fixture
def service() -> Iterator[ScriptedService]:
    with ScriptedService(strict=False, timeout=60) as running:
        yield running


class Receiver:
    """Takes what is posted, and keeps it."""

    def __init__(self, answer: bytes = b"") -> None:
        posted: list[tuple[str, bytes]] = []
        self.posted = posted

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                is_packed = self.headers.get("Content-Encoding") == "gzip"
                posted.append((self.path, gzip.decompress(body) if is_packed else body))
                self.send_response(200)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, format: str, *args: Any) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, name="receiver")
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        """End, and wait for that."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def messages(self, path: str) -> list[dict[str, Any]]:
        """Decode what was posted to a path by OTLP."""
        return [MessageToDict(KINDS[path].FromString(body)) for posted_to, body in self.posted if posted_to == path]


@contextmanager
def receiving(answer: bytes = b"") -> Generator[Receiver]:
    receiver = Receiver(answer)
    try:
        yield receiver
    finally:
        receiver.close()


def found(messages: list[dict[str, Any]], *path: str) -> list[dict[str, Any]]:
    """Walk down lists of objects."""
    for name in path:
        messages = [inner for message in messages for inner in message.get(name, [])]
    return messages


async def test_otlp(client: Client, service: ScriptedService) -> None:
    """Spans, metrics and events of two spoken turns arrive at a receiver of OTLP, and not a byte of what was said."""
    with receiving() as receiver:
        spans, logs = TracerProvider(), LoggerProvider()
        spans.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(f"{receiver.url}/v1/traces")))
        logs.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter(f"{receiver.url}/v1/logs")))
        reader = PeriodicExportingMetricReader(OTLPMetricExporter(f"{receiver.url}/v1/metrics"))
        meters = MeterProvider(metric_readers=[reader])
        telemetry = Telemetry(tracer_provider=spans, meter_provider=meters, logger_provider=logs)
        try:
            await spoken_call(client, service, telemetry=telemetry)
        finally:
            for provider in (spans, meters, logs):
                provider.shutdown()
        traces = found(receiver.messages("/v1/traces"), "resourceSpans", "scopeSpans", "spans")
        names = sorted(one["name"] for one in traces)
        metrics = {
            one["name"] for one in found(receiver.messages("/v1/metrics"), "resourceMetrics", "scopeMetrics", "metrics")
        }
        records = found(receiver.messages("/v1/logs"), "resourceLogs", "scopeLogs", "logRecords")
        sent = b"".join(body for _, body in receiver.posted)
    assert names == ["execute_tool look_up", *["realtime_inference gpt-4o"] * 3]
    assert [one["eventName"].rpartition(".")[2] for one in records] == ["started", "ended"]
    assert {"voicelive.turn.first_audio", "voicelive.turn.voice_to_voice", "voicelive.interruptions"} <= metrics
    assert not [text for text in SAID.values() if text.encode() in sent]
    assert service.session.record.id.encode() in sent


async def test_a_receiver_that_is_gone(
    client: Client, service: ScriptedService, caplog: pytest.LogCaptureFixture
) -> None:
    """The call goes on as if nothing were amiss; what the exporter says of it is its own."""
    with receiving() as receiver:
        url = receiver.url
    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(f"{url}/v1/traces", timeout=1)))
    try:
        caller = await spoken_call(client, service, telemetry=Telemetry(tracer_provider=provider))
    finally:
        provider.shutdown()
    assert caller.of("voicelive.interrupted")
    assert [record for record in caplog.records if record.name.startswith("voicelive.telemetry")] == []


@pytest.mark.parametrize("conventions", ["genai", "azure"])
async def test_azure_monitor(
    client: Client, service: ScriptedService, monkeypatch: pytest.MonkeyPatch, conventions: Any
) -> None:
    """Azure Monitor's exporter sends responses and tools as dependencies with their attributes, and nothing said."""
    for name in ("STATSBEAT_DISABLED_ALL", "SDKSTATS_DISABLED"):
        monkeypatch.setenv(f"APPLICATIONINSIGHTS_{name}", "true")
    from azure.monitor.opentelemetry.exporter import AzureMonitorTraceExporter

    answer = json.dumps({"itemsReceived": 4, "itemsAccepted": 4, "errors": []}).encode()
    with receiving(answer) as receiver:
        key = "00000000-0000-0000-0000-000000000001"
        exporter = AzureMonitorTraceExporter(
            connection_string=f"InstrumentationKey={key};IngestionEndpoint={receiver.url}/;LiveEndpoint={receiver.url}/",
            disable_offline_storage=True,
        )
        provider = TracerProvider()
        provider.add_span_processor(BatchSpanProcessor(exporter))
        telemetry = Telemetry(tracer_provider=provider, conventions=conventions)
        try:
            await spoken_call(client, service, telemetry=telemetry)
        finally:
            provider.shutdown()
        bodies = [body for path, body in receiver.posted if path.endswith("/track")]
    items = [item["data"]["baseData"] for body in bodies for item in json.loads(body)]
    names = sorted(item["name"] for item in items)
    responses = [item for item in items if "gen_ai.response.id" in item["properties"] and "tool" not in item["name"]]
    if conventions == "genai":
        assert names == ["execute_tool look_up", *["realtime_inference gpt-4o"] * 3]
        assert {item["properties"]["gen_ai.live_session.id"] for item in items} == {service.session.record.id}
    else:
        assert names == ["connect", "execute_tool look_up", *["recv response.done"] * 3]
        assert {item["properties"]["gen_ai.voice.session_id"] for item in items} == {service.session.record.id}
        (call,) = [item for item in items if item["name"] == "connect"]
        assert float(call["properties"]["gen_ai.voice.first_token_latency_ms"]) > 0
        assert (
            call["properties"]["gen_ai.voice.turn_count"],
            call["properties"]["gen_ai.voice.interruption_count"],
        ) == (
            "2",
            "1",
        )
    assert len(responses) == 3
    assert not [text for text in SAID.values() if text.encode() in b"".join(bodies)]

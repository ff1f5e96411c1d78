"""The real SDK of OpenTelemetry with exporters that keep what they are given, and the calls to export."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any, cast

from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from voicelive.telemetry import Telemetry
from voicelive.testing import ScriptedService
from voicelive.tools import tool

from .conversing import Caller, calling
from .harness import Client

__all__ = ["QUESTION", "SAID", "Exports", "collecting", "look_up", "spoken_call"]

INSTRUCTIONS = "You are Hedwig, and never tell the codeword heliotrope."
QUESTION = "north wind"
PLACE, FOUND, ANSWER = "Reykjavik harbour", "eleven knots", "about eleven knots of wind"
TYPED = "and what about tomorrow evening?"
SECOND = "rather calm they say, with a little drizzle at the coast"
SAID = {"instructions": INSTRUCTIONS, "question": QUESTION, "argument": PLACE, "result": FOUND, "answer": ANSWER}
"""Every text of :func:`spoken_call` that is the users' business only."""


@tool
def look_up(place: str) -> str:
    """Look up the wind at a place."""
    return FOUND


class Exports:
    """What was exported so far."""

    def __init__(self, *processors: SpanProcessor) -> None:
        self._spans = InMemorySpanExporter()
        # It has no annotations.
        self._logs: Any = cast("Any", InMemoryLogRecordExporter)()
        self._reader = InMemoryMetricReader()
        self.tracers = TracerProvider()
        for processor in (*processors, SimpleSpanProcessor(self._spans)):
            self.tracers.add_span_processor(processor)
        self.meters = MeterProvider(metric_readers=[self._reader])
        self.loggers = LoggerProvider()
        self.loggers.add_log_record_processor(SimpleLogRecordProcessor(self._logs))
        self._points: dict[str, list[Any]] = {}

    def telemetry(self, **arguments: Any) -> Telemetry:
        """Return telemetry that exports to here."""
        return Telemetry(
            tracer_provider=self.tracers, meter_provider=self.meters, logger_provider=self.loggers, **arguments
        )

    @property
    def spans(self) -> list[ReadableSpan]:
        """The spans, in the order in which they ended."""
        return sorted(self._spans.get_finished_spans(), key=lambda span: span.end_time or 0)

    def named(self, beginning: str) -> list[ReadableSpan]:
        """Return the spans whose names begin so."""
        return [span for span in self.spans if span.name.startswith(beginning)]

    @property
    def events(self) -> list[tuple[str, dict[str, Any]]]:
        """The log events: name and attributes."""
        return [(str(one.log_record.event_name), dict(one.log_record.attributes or {})) for one in self._records]

    @property
    def _records(self) -> Any:
        return self._logs.get_finished_logs()

    @property
    def points(self) -> dict[str, list[Any]]:
        """The measurements of each metric."""
        data = self._reader.get_metrics_data()
        for resource in [] if data is None else data.resource_metrics:
            for scope in resource.scope_metrics:
                self._points |= {metric.name: list(metric.data.data_points) for metric in scope.metrics}
        return self._points

    def total(self, name: str) -> float:
        """Return the sum of a metric over all attributes; 0 if there is none."""
        values = [point.sum if hasattr(point, "sum") else point.value for point in self.points.get(name, [])]
        return float(sum(values))

    def count(self, name: str) -> int:
        """Return how often a histogram was measured."""
        return sum(point.count for point in self.points.get(name, []))

    @property
    def text(self) -> str:
        """All of it as text, to be searched."""
        spans = [json.loads(span.to_json()) for span in self.spans]
        records = [json.loads(one.to_json()) for one in self._records]
        metrics = {name: [dict(point.attributes or {}) for point in points] for name, points in self.points.items()}
        # What is JSON within it is read, so that escapes hide nothing.
        return "\n".join(_texts([spans, records, metrics]))

    def close(self) -> None:
        """End the SDK."""
        for provider in (self.tracers, self.meters, self.loggers):
            provider.shutdown()


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield str(key)
            yield from _texts(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _texts(inner)
    elif isinstance(value, str) and value[:1] in ("[", "{"):
        try:
            yield from _texts(json.loads(value))
        except ValueError:
            yield value
    else:
        yield str(value)


@contextmanager
def collecting(*processors: SpanProcessor) -> Generator[Exports]:
    """Collect what is exported meanwhile."""
    exports = Exports(*processors)
    try:
        yield exports
    finally:
        exports.close()


async def spoken_call(client: Client, service: ScriptedService, **arguments: Any) -> Caller:
    """Hold two spoken turns: the first with a tool; the second speaks over the answer."""
    service.call_tools(("look_up", json.dumps({"place": PLACE})))
    service.say(ANSWER)
    service.say(SECOND)
    async with calling(client, service, tools=[look_up], barge_in=True, **arguments) as caller:
        connection = caller.script.connection
        settings: dict[str, Any] = {"instructions": INSTRUCTIONS, "tools": [look_up.definition]}
        if arguments.get("model") == "gpt-realtime":
            settings["input_audio_transcription"] = {"model": "whisper-1"}
        await caller.script.call("session.update", session=settings)
        await caller.until("session.updated")
        await caller.speak(service.speech(QUESTION))
        await caller.until("response.done", lambda event: event.response.output[0].type == "function_call")
        first = await caller.until("response.done")
        await caller.played(300)
        await caller.speak(service.speech("hold on please"))
        await caller.until("response.done", lambda event: event.response.id != first.response.id)
        await caller.played(10)
        assert caller.errors == []
        assert connection.observers_dropped == 0
    return caller

"""Telemetry: what is exported of calls on either client, and that exporting costs the call nothing."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import SpanKind, StatusCode

from voicelive import ConfigurationError, ReconnectPolicy
from voicelive.telemetry import Telemetry
from voicelive.testing import ScriptedService

from .conversing import calling, eventually
from .exports import Exports, collecting, look_up, spoken_call
from .harness import Client

pytestmark = pytest.mark.timeout(300)

QUICK = ReconnectPolicy(initial_delay=0.01, max_delay=0.1, max_connections_per_minute=100_000)
MODELS = [("gpt-4o", "2026-07-15"), ("gpt-realtime", "2026-07-15"), ("gpt-4o", "v1")]


@pytest.fixture
def service() -> Iterator[ScriptedService]:
    with ScriptedService(strict=False, timeout=60) as running:
        yield running


@pytest.fixture
def exports() -> Iterator[Exports]:
    with collecting() as found:
        yield found


def attributes(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


@pytest.mark.parametrize(("model", "version"), MODELS)
async def test_two_spoken_turns(
    client: Client, service: ScriptedService, exports: Exports, model: str, version: str
) -> None:
    """Three responses and a tool are four spans beside each other, the session two events; each turn is measured."""
    await spoken_call(client, service, telemetry=exports.telemetry(), model=model, api_version=version)
    session_id = service.session.record.id
    assert [span.name for span in exports.spans if span.name.startswith("realtime")] == [
        f"realtime_inference {model}"
    ] * 3
    (tool,) = exports.named("execute_tool")
    assert tool.name == "execute_tool look_up"
    assert len(exports.spans) == 4
    assert {span.parent for span in exports.spans} == {None}
    assert {attributes(span)["gen_ai.live_session.id"] for span in exports.spans} == {session_id}
    responses = exports.named("realtime_inference")
    assert [attributes(span)["gen_ai.response.id"] for span in responses] == [
        response["id"] for response in service.session.responses
    ]
    assert {span.kind for span in responses} == {SpanKind.CLIENT}
    assert tool.kind is SpanKind.INTERNAL
    assert {span.status.status_code for span in exports.spans} == {StatusCode.UNSET}
    assert [attributes(span)["gen_ai.response.finish_reasons"] for span in responses] == [
        ("tool_call",),
        ("stop",),
        ("stop",),
    ]
    # The first audio of each response that has any; the figure that the official instrumentation never sets.
    assert [0 < attributes(span).get("voicelive.response.time_to_first_audio", -1) < 60 for span in responses] == [
        False,
        True,
        True,
    ]
    assert exports.total("voicelive.turns") == 2
    assert exports.total("voicelive.interruptions") == 1
    assert exports.count("voicelive.turn.first_audio") == 2
    assert exports.count("voicelive.turn.voice_to_voice") == 2
    used = [response["usage"] for response in service.session.responses]
    assert exports.total("gen_ai.client.inference.usage.input_tokens") == sum(one["input_tokens"] for one in used)
    assert exports.total("gen_ai.client.inference.usage.output_tokens") == sum(one["output_tokens"] for one in used)
    assert [name for name, _ in exports.events] == [
        "gen_ai.client.live_session.started",
        "gen_ai.client.live_session.ended",
    ]
    ended = exports.events[-1][1]
    assert (ended["voicelive.call.turns"], ended["voicelive.call.interruptions"], ended["voicelive.close.code"]) == (
        2,
        1,
        1000,
    )
    assert ended["voicelive.call.audio_bytes_sent"] == len(service.session.audio)


async def test_spans_have_their_own_times(client: Client, service: ScriptedService, exports: Exports) -> None:
    """A span lasts as long as what it shows did, and the tool's lies between the responses that it belongs to."""
    await spoken_call(client, service, telemetry=exports.telemetry())
    first, second, _ = exports.named("realtime_inference")
    (tool,) = exports.named("execute_tool")
    assert first.start_time is not None
    assert second.start_time is not None
    assert tool.start_time is not None
    assert tool.end_time is not None
    assert first.start_time < tool.start_time <= tool.end_time <= second.start_time
    for span in exports.spans:
        assert (span.start_time or 0) <= (span.end_time or 0)


async def test_without_a_conversation(client: Client, service: ScriptedService, exports: Exports) -> None:
    """A connection of raw events is exported too: its responses, a tool that the application runs, an interruption."""
    service.call_tools(("look_up", '{"place": "here"}'))
    service.say("calm")
    async with calling(client, service, telemetry=exports.telemetry()) as caller:
        await caller.script.call("session.update", session={"tools": [look_up.definition]})
        await caller.script.call("response.create")
        called = await caller.until("response.function_call_arguments.done")
        await caller.until("response.done")
        item = {"type": "function_call_output", "call_id": called.call_id, "output": "calm"}
        await caller.script.call("conversation.item.create", item=item)
        await caller.script.call("response.create")
        await caller.until("response.done")
    assert sorted(span.name for span in exports.spans) == [
        "execute_tool look_up",
        "realtime_inference gpt-4o",
        "realtime_inference gpt-4o",
    ]
    (tool,) = exports.named("execute_tool")
    assert attributes(tool)["gen_ai.tool.call.id"] == called.call_id
    # Both responses are of one turn: the tool's output came in between.
    assert exports.total("voicelive.turns") == 1
    assert exports.count("voicelive.turn.first_audio") == 1
    assert exports.count("voicelive.turn.voice_to_voice") == 0


async def test_the_callers_context(client: Client, service: ScriptedService, exports: Exports) -> None:
    """All spans and events are of the trace in which the connection was opened, and the service is told which it is."""
    tracer = trace.get_tracer("test", tracer_provider=exports.tracers)
    service.say("yes")
    with tracer.start_as_current_span("call") as parent:
        async with calling(client, service, telemetry=exports.telemetry()) as caller:
            await caller.script.call("response.create")
            await caller.until("response.done")
    (response,) = exports.named("realtime_inference")
    here = parent.get_span_context()
    assert response.parent is not None
    assert (response.parent.trace_id, response.parent.span_id) == (here.trace_id, here.span_id)
    sent = {name.lower(): value for name, value in service.session.record.headers.items()}
    assert sent["traceparent"].startswith(f"00-{here.trace_id:032x}-{here.span_id:016x}-")
    records: Any = exports._records
    assert {one.log_record.trace_id for one in records} == {here.trace_id}


async def test_a_header_of_the_applications_own_stays(
    client: Client, service: ScriptedService, exports: Exports
) -> None:
    """A traceparent that the application gives itself is sent as it is, once; without a context there is none."""
    own = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    tracer = trace.get_tracer("test", tracer_provider=exports.tracers)
    with tracer.start_as_current_span("call"):
        async with calling(client, service, telemetry=exports.telemetry(), headers={"Traceparent": own}):
            pass
    async with calling(client, service, telemetry=exports.telemetry()):
        pass
    headers = [
        [value for name, value in session.record.headers.items() if name.lower() == "traceparent"]
        for session in service.sessions
    ]
    assert headers == [[own], []]


@pytest.mark.parametrize("how", ["failed", "incomplete", "cancelled"])
async def test_responses_that_do_not_complete(
    client: Client, service: ScriptedService, exports: Exports, how: str
) -> None:
    """Each has its span, ended, with how it ended; only a failure is an error, by its code and not its text."""
    service.fail("the secret word is heliotrope", code="rate_limited", say="one") if how == "failed" else None
    service.break_off("one two", "content_filter") if how == "incomplete" else None
    service.say("one two three four five") if how == "cancelled" else None
    async with calling(client, service, telemetry=exports.telemetry()) as caller:
        await caller.script.call("response.create")
        if how == "cancelled":
            await caller.until("response.created")
            await caller.script.call("response.cancel")
        done = await caller.until("response.done")
    (span,) = exports.spans
    found = attributes(span)
    assert found["voicelive.response.status"] == done.response.status
    if how == "failed":
        assert span.status.status_code is StatusCode.ERROR
        assert (found["error.type"], found["gen_ai.response.finish_reasons"]) == ("rate_limited", ("error",))
        assert "heliotrope" not in exports.text
    elif how == "incomplete":
        assert found["gen_ai.response.finish_reasons"] == ("content_filter",)
        assert "error.type" not in found


async def test_a_connection_that_breaks(client: Client, service: ScriptedService, exports: Exports) -> None:
    """A response that the connection did not outlive has its span, ended; so has the call its event, as an error."""
    service.faults.add("close:1011@event=response.created")
    service.say("one two three")
    async with client.connect(service.endpoint, telemetry=exports.telemetry()) as script:
        await script.call("response.create")
        with pytest.raises(Exception, match="1011"):
            await script.collect()
    (span,) = exports.named("realtime_inference")
    assert attributes(span)["voicelive.response.status"] == "lost"
    assert span.status.status_code is StatusCode.ERROR
    name, ended = exports.events[-1]
    assert (name, ended["error.type"], ended["voicelive.close.code"]) == (
        "gen_ai.client.live_session.ended",
        "1011",
        1011,
    )


@pytest.mark.parametrize("conversing", [False, True])
async def test_a_reconnect(client: Client, service: ScriptedService, exports: Exports, conversing: bool) -> None:
    """Both sessions are events, the second with the first one's id; what the break took is ended, the rest goes on."""
    service.faults.add("abort@event=response.created")
    service.say("one two three")
    service.say("four")
    async with calling(client, service, telemetry=exports.telemetry(), reconnect=QUICK, metrics=conversing) as caller:
        await caller.script.call("response.create")
        restored = await caller.until("voicelive.restored")
        await caller.script.call("response.create")
        await caller.until("response.done")
    assert [name.rpartition(".")[2] for name, _ in exports.events] == ["started", "started", "ended"]
    again, ended = exports.events[1][1], exports.events[2][1]
    assert again["gen_ai.live_session.id"] == restored.session_id == ended["gen_ai.live_session.id"]
    assert again["voicelive.session.previous_id"] == restored.previous_session_id
    assert exports.total("voicelive.reconnects") == ended["voicelive.call.reconnects"] == 1
    statuses = [attributes(span)["voicelive.response.status"] for span in exports.named("realtime_inference")]
    assert statuses == ["lost", "completed"]


class Raising(SpanExporter):
    """Fails in every way that an exporter can."""

    calls = 0

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        self.calls += 1
        raise RuntimeError("no receiver, and heliotrope")


class RaisingProcessor(SpanProcessor):
    """Fails before the SDK can catch it."""

    calls = 0

    def on_end(self, span: ReadableSpan) -> None:
        self.calls += 1
        raise RuntimeError("out of order, and heliotrope")


async def test_exporters_that_raise(client: Client, service: ScriptedService, caplog: pytest.LogCaptureFixture) -> None:
    """The call goes on; a failure is logged once, without its text, and everything else is tried all the same."""
    broken = RaisingProcessor()
    with collecting(SimpleSpanProcessor(Raising()), broken) as exports:
        await spoken_call(client, service, telemetry=exports.telemetry())
        assert broken.calls == 4
        assert exports.total("voicelive.turns") == 2
        assert len(exports.events) == 2
    ours = [record.getMessage() for record in caplog.records if record.name == "voicelive.telemetry"]
    assert ours == ["telemetry of a call failed: builtins.RuntimeError; what follows is tried all the same"]


async def test_an_exporter_that_hangs(
    client: Client, service: ScriptedService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It holds up neither the call nor, for longer than its patience, the end of the connection."""
    monkeypatch.setattr("voicelive._watching.watcher._PATIENCE_S", 0.2)
    gate = threading.Event()

    class Hanging(SpanProcessor):
        def on_end(self, span: ReadableSpan) -> None:
            gate.wait(40)

    with collecting(Hanging()) as exports:
        try:
            caller = await spoken_call(client, service, telemetry=exports.telemetry())
            assert caller.of("voicelive.interrupted")
            assert exports.spans == []
        finally:
            gate.set()
        # What was told meanwhile is exported after all, and the thread ends.
        await eventually(lambda: len(exports.spans) == 4 and len(exports.events) == 2)
        await eventually(lambda: not [one for one in threading.enumerate() if one.name == "voicelive-telemetry"])


async def test_unsampled_calls(client: Client, service: ScriptedService) -> None:
    """Where the caller's trace is not sampled, no span is exported; measurements and events are."""
    from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, use_span

    unsampled = NonRecordingSpan(SpanContext(1, 2, is_remote=True, trace_flags=TraceFlags(0)))
    with collecting() as exports, use_span(unsampled):
        service.say("yes")
        async with calling(client, service, telemetry=exports.telemetry()) as caller:
            await caller.script.call("response.create")
            await caller.until("response.done")
        assert exports.spans == []
        assert exports.total("voicelive.turns") == 1


async def test_many_connections_share_one_telemetry(client: Client, service: ScriptedService, exports: Exports) -> None:
    """One object serves connections beside each other, and keeps them apart."""
    telemetry = exports.telemetry()

    async def call(number: int) -> str:
        async with calling(client, service, telemetry=telemetry) as caller:
            await caller.script.call("response.create")
            done = await caller.until("response.done")
        return str(done.response.id)

    for _ in range(5):
        service.say("yes")
    wanted = await asyncio.gather(*(call(number) for number in range(5)))
    found = {attributes(span)["gen_ai.response.id"]: attributes(span) for span in exports.spans}
    assert sorted(found) == sorted(wanted)
    assert len({one["gen_ai.live_session.id"] for one in found.values()}) == 5
    assert len(exports.events) == 10


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"conventions": "openai"}, "it takes 'genai' or 'azure'"),
        ({"content": "yes"}, "it takes True or False"),
    ],
)
def test_arguments_that_cannot_work(arguments: dict[str, Any], message: str) -> None:
    """Each is named with its value and what it takes."""
    with pytest.raises(ConfigurationError, match=message):
        Telemetry(**arguments)


def test_something_else_as_telemetry(client: Client, service: ScriptedService) -> None:
    """What is not telemetry is refused before anything is opened."""
    with pytest.raises(ConfigurationError, match=r"it takes a voicelive\.telemetry\.Telemetry"):
        client.connect(service.endpoint, telemetry=True)

"""Nothing that was said is exported or logged unless asked for: every export is searched for every text of the call."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from voicelive._core.closing import CloseInfo
from voicelive._core.codec import decode_server_event
from voicelive._core.envelope import Outgoing
from voicelive._core.watching.call_watch import CallWatch
from voicelive._core.watching.facts import About
from voicelive._telemetry.telemetry import exporter_of
from voicelive.testing import ScriptedService

from .exports import SAID, collecting, spoken_call
from .harness import Client

pytestmark = pytest.mark.timeout(300)

LINES = (Path(__file__).parents[1] / "data" / "real-payloads.jsonl").read_text(encoding="utf-8").splitlines()
RECORDED = [(line["direction"], line["payload"]) for line in map(json.loads, LINES)]
MODELS = [("gpt-4o", "2026-07-15"), ("gpt-realtime", "2026-07-15"), ("gpt-4o", "v1")]

CONTENT = {"instructions", "text", "transcript", "delta", "arguments", "output", "audio", "description", "message"}
"""The fields of events that hold what somebody said, wrote or was to be told."""
SHORTEST = 4
"""A shorter piece of text may stand in a name by chance."""


@pytest.fixture
def service() -> Iterator[ScriptedService]:
    with ScriptedService(strict=False, timeout=60) as running:
        yield running


def said(value: object, field: str = "") -> Iterator[str]:
    """Find what was said within an event; of sound a piece that nothing else can be equal to."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from said(inner, name if not isinstance(inner, (Mapping, list)) or name in CONTENT else field)
    elif isinstance(value, list):
        for inner in value:
            yield from said(inner, field)
    elif isinstance(value, str) and field in CONTENT and len(value.strip()) >= SHORTEST:
        yield value.strip()[:60]


def found_in(text: str, pieces: Iterable[str]) -> set[str]:
    return {piece for piece in pieces if piece in text}


@pytest.mark.parametrize(("model", "version"), MODELS)
@pytest.mark.parametrize("conventions", ["genai", "azure"])
async def test_without_content(
    client: Client,
    service: ScriptedService,
    caplog: pytest.LogCaptureFixture,
    conventions: str,
    model: str,
    version: str,
) -> None:
    """Of all texts and sounds of the call, in either direction, none is in a span, event, metric or line of the log."""
    caplog.set_level(logging.DEBUG, logger="voicelive")
    with collecting() as exports:
        telemetry = exports.telemetry(conventions=conventions)
        await spoken_call(client, service, telemetry=telemetry, model=model, api_version=version)
        record = service.session.record
        pieces = set(SAID.values())
        for event in (*record.sent, *record.received):
            pieces |= set(said(event.to_dict()))
        assert len(pieces) > 20
        assert found_in(exports.text, pieces) == set()
        lines = "\n".join(record.getMessage() for record in caplog.records)
        assert found_in(lines, pieces) == set()
        assert record.id in exports.text
        assert record.id in lines


@pytest.mark.parametrize(("model", "version"), MODELS)
@pytest.mark.parametrize("conventions", ["genai", "azure"])
async def test_with_content(
    client: Client, service: ScriptedService, conventions: str, model: str, version: str
) -> None:
    """The same search finds everything that was said in words; sound is exported by neither."""
    with collecting() as exports:
        telemetry = exports.telemetry(conventions=conventions, content=True)
        await spoken_call(client, service, telemetry=telemetry, model=model, api_version=version)
        assert found_in(exports.text, SAID.values()) == set(SAID.values())
        sent: list[Any] = list(service.session.record.sent)
        spoken = {str(event.delta)[:60] for event in sent if event.canonical_type == "response.audio.delta"}
        assert spoken
        assert found_in(exports.text, spoken) == set()


@pytest.mark.parametrize("conventions", ["genai", "azure"])
@pytest.mark.parametrize("content", [False, True])
def test_recorded_sessions_of_the_service(conventions: str, content: bool) -> None:
    """The same of every payload that was recorded on Azure: none of its texts is exported, or those of the answers."""
    about = About(connection_id="connection", host="host", port=443, model="gpt-4o", api_version="2026-07-15")
    watch = CallWatch(content=content, counts_audio=conventions == "azure")
    with collecting() as exports:
        sink = exporter_of(exports.telemetry(conventions=conventions, content=content)).begin(about)
        pieces: set[str] = set()
        for number, (direction, payload) in enumerate(RECORDED):
            pieces |= set(said(payload))
            if direction == "server":
                watch.received(decode_server_event(json.dumps(payload)), number / 10)
            elif "type" in payload:
                watch.sent(Outgoing.of(payload), number / 10)
        watch.ended(CloseInfo(1000, "", "local"), len(RECORDED) / 10)
        while watch.facts:
            sink.take(watch.facts.popleft())
        assert len(pieces) > 50
        assert exports.spans
        found = found_in(exports.text, pieces)
        assert found == set() if not content else len(found) > 10


def test_texts_in_the_wrong_places() -> None:
    """A service that puts texts where codes belong does not get them exported: codes are short words."""
    text = "my name is Hedwig, and I live by the sea"
    details: dict[str, Any] = {"type": "failed", "reason": text, "error": {"type": text, "code": text, "message": text}}
    done = {"type": "response.done", "response": {"id": "resp_1", "status": "failed", "status_details": details}}
    watch = CallWatch()
    watch.received(decode_server_event(json.dumps(done)), 1.0)
    about = About(connection_id="connection", host="host", port=443, model="gpt-4o", api_version="2026-07-15")
    with collecting() as exports:
        sink = exporter_of(exports.telemetry()).begin(about)
        sink.take(watch.facts.popleft())
        assert exports.spans[0].name == "realtime_inference gpt-4o"
        assert "Hedwig" not in exports.text

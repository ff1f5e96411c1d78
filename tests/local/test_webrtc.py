"""Calls over WebRTC: signalling over the WebSocket by both clients, sound over one real peer connection."""

from __future__ import annotations

import asyncio
import importlib.util
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from voicelive import models
from voicelive.errors import InvalidEventError
from voicelive.local import LocalService

from ..clients.harness import Client as Package
from ..clients.harness import Script
from .helpers import DEADLINE, PCM16, read_tones, tones

SAID = "what is two plus two"
CALLS = "/voice-live/realtime/calls"


def example(name: str) -> ModuleType:
    """Load a module of the examples, which are no package."""
    path = Path(__file__).parents[2] / "examples" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


PEER = example("_peer")


@pytest.fixture(params=["sync", "async"])
async def script(request: pytest.FixtureRequest, service: LocalService) -> AsyncIterator[Script]:
    """Each of the two clients, connected for a call."""
    connection = Package(request.param).connect(
        service.endpoint + CALLS, api_version="2026-06-01-preview", contract_check="error"
    )
    async with connection:
        yield connection


async def test_sound_goes_both_ways(script: Script, service: LocalService) -> None:
    """What the caller says is understood, and the answer is heard: no event carries either's sound."""
    caller = PEER.Caller(tones(SAID) + bytes(PCM16.rate), PCM16.rate)
    try:
        await script.call(
            "rtc.call.sdp.create",
            sdp_offer=await caller.offer(),
            session=models.RequestSession(
                turn_detection=models.ServerVad(silence_duration_ms=400),
                input_audio_transcription=models.AudioInputTranscriptionOptions(model="azure-speech"),
            ),
        )
        created = await script.wait_for("rtc.call.sdp.created", timeout=DEADLINE)
        await caller.accept(created.sdp_answer)
        done = (await script.wait_for("response.done", timeout=60)).response
        await caller.silence(seconds=0.5)
    finally:
        await caller.hang_up()
    answer = done.output[0].content[0].transcript
    assert read_tones(bytes(caller.heard)) == answer
    (record,) = service.sessions
    (heard,) = record.heard
    assert heard == SAID
    assert not [event for event in record.sent if event.type == "response.audio.delta"]
    assert not [event for event in record.received if event.type == "input_audio_buffer.append"]


@pytest.mark.parametrize(
    ("offer", "code"), [("no sdp", "invalid_sdp"), ("v=0\r\no=- 0 0 IN IP4 0\r\ns=-\r\nt=0 0\r\n", "invalid_sdp")]
)
async def test_an_offer_that_cannot_be_answered(script: Script, offer: str, code: str) -> None:
    """It is an `rtc.call.error` that says why, and the session goes on."""
    await script.call("rtc.call.sdp.create", sdp_offer=offer)
    error = await script.wait_for("rtc.call.error", timeout=DEADLINE)
    assert (error.operation, error.error.code) == ("sdp.create", code)
    await script.call("session.update", session={"instructions": "Be brief."})
    await script.wait_for("session.updated", timeout=DEADLINE)


async def test_a_session_has_one_call(script: Script) -> None:
    """A second offer is refused, and the first call goes on."""
    caller = PEER.Caller(b"", PCM16.rate)
    try:
        for _ in range(2):
            await script.call("rtc.call.sdp.create", sdp_offer=await caller.offer())
        assert (await script.wait_for("rtc.call.error", timeout=DEADLINE)).error.code == "call_exists"
        assert await script.wait_for("rtc.call.sdp.created", timeout=DEADLINE)
    finally:
        await caller.hang_up()


async def test_without_aiortc_it_is_said_what_to_install(script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    """The package is optional: where it is missing, the error names the extra."""
    monkeypatch.setitem(sys.modules, "voicelive._local.peer", None)
    await script.call("rtc.call.sdp.create", sdp_offer="any")
    error = (await script.wait_for("rtc.call.error", timeout=DEADLINE)).error
    assert error.code == "webrtc_not_available"
    assert 'pip install "voicelive[webrtc]"' in error.message


async def test_versions_without_calls_refuse_them(service: LocalService) -> None:
    """2026-07-15 has no calls: the client warns, and the service says that it has no such event."""
    arguments: dict[str, Any] = {"api_version": "2026-07-15"}
    async with Package("async").connect(service.endpoint + CALLS, **arguments) as connection:
        with pytest.warns(match="rtc.call.sdp.create: not in API version 2026-07-15"):
            await connection.call("rtc.call.sdp.create", sdp_offer="any")
        assert (await connection.wait_for("error", timeout=DEADLINE)).error.code == "invalid_value"
    async with Package("async").connect(service.endpoint + CALLS, contract_check="error", **arguments) as connection:
        with pytest.raises(InvalidEventError):
            await connection.call("rtc.call.sdp.create", sdp_offer="any")
    await asyncio.sleep(0)

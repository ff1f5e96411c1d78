"""Speaking over the answer: what is still handed out, what the service is told, and what it remembers."""

from __future__ import annotations

import asyncio
import base64
import random
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from voicelive import aio
from voicelive.conversation import BargeIn
from voicelive.local import Engines
from voicelive.testing import ScriptedService

from ..local.helpers import GatedSynthesizer, tones
from .conversing import BYTES_PER_MS, Caller, calling, eventually
from .harness import Client

pytestmark = pytest.mark.timeout(300)

SENTENCE = "one two three four five six seven eight nine ten"
MODELS = [("gpt-4o", "2026-07-15"), ("gpt-realtime", "2026-07-15"), ("gpt-4o", "v1")]


@pytest.fixture
def service() -> Iterator[ScriptedService]:
    """A service that makes answers faster than they play."""
    with ScriptedService(strict=False, timeout=60) as running:
        yield running


@pytest.fixture
def mouth() -> GatedSynthesizer:
    """A synthesizer that stops in the middle of its answer."""
    return GatedSynthesizer()


@pytest.fixture
def slow(mouth: GatedSynthesizer) -> Iterator[ScriptedService]:
    """A service whose answers do not end by themselves."""
    with ScriptedService(strict=False, timeout=60, engines=replace(Engines.basic(), synthesizer=mouth)) as running:
        try:
            yield running
        finally:
            mouth.release()


def detection(**settings: Any) -> dict[str, Any]:
    return {"turn_detection": {"type": "server_vad", **settings}}


async def configure(caller: Caller, **session: Any) -> None:
    await caller.script.call("session.update", session=session)
    await caller.until("session.updated")


def sent(service: ScriptedService, event_type: str) -> list[Any]:
    return service.session.events(event_type)


def has_noticed(service: ScriptedService) -> bool:
    """Whether the service has said that the user speaks."""
    return any(event.type == "input_audio_buffer.speech_started" for event in service.session.record.sent)


def assert_nothing_follows(caller: Caller, item_id: str) -> None:
    """Check that no sound of an item was handed out after the interruption."""
    after = caller.events[caller.types.index("voicelive.interrupted") :]
    late = [event for event in after if event.canonical_type == "response.audio.delta" and event.item_id == item_id]
    assert late == []


@pytest.mark.parametrize(("model", "version"), MODELS)
@pytest.mark.parametrize("played_ms", [0, 1, 777, 2000])
async def test_speech_after_the_answer_was_made(
    client: Client, service: ScriptedService, model: str, version: str, played_ms: int
) -> None:
    """The player is flushed, the item truncated where it was heard, and the service remembers what was heard."""
    service.say(SENTENCE)
    flushed: list[bool] = []
    async with calling(client, service, barge_in=True, model=model, api_version=version) as caller:
        caller.script.connection.playback.on_flush(lambda: flushed.append(True))
        await configure(caller, **(detection() if version != "v1" else {}))
        await caller.respond("Count.")
        done = await caller.until("response.done")
        await caller.played(played_ms)
        await caller.speak(tones("wait"))
        interrupted = await caller.until("voicelive.interrupted")
        truncated = await caller.have("conversation.item.truncated")
        await caller.have("response.done", lambda event: event.response.id != done.response.id)
        item = await caller.item(interrupted.item_id)
        received = caller.sound[interrupted.item_id]
        assert caller.errors == []
    (cut,) = sent(service, "conversation.item.truncate")
    assert cut.audio_end_ms == truncated.audio_end_ms == interrupted.heard_ms == played_ms
    assert interrupted.unheard_ms == len(received) // BYTES_PER_MS - played_ms
    # The service drops the transcript of what it cuts, and keeps the sound that was heard.
    assert item["content"][0]["transcript"] == ""
    assert base64.b64decode(item["content"][0].get("audio") or "") == received[: played_ms * BYTES_PER_MS]
    assert f"{interrupted.heard_text} {interrupted.unheard_text}".split() == SENTENCE.split()
    assert sent(service, "response.cancel") == []
    await eventually(lambda: flushed == [True])
    assert_nothing_follows(caller, interrupted.item_id)


@pytest.mark.parametrize(("model", "version"), MODELS)
async def test_speech_while_the_answer_is_made(
    client: Client, slow: ScriptedService, mouth: GatedSynthesizer, model: str, version: str
) -> None:
    """The service cancels by itself; nothing of the answer is handed out any more, and no second cancel is sent."""
    slow.say(SENTENCE)
    async with calling(client, slow, barge_in=True, model=model, api_version=version) as caller:
        await configure(caller, **(detection() if version != "v1" else {}))
        handle = await caller.respond("Count.")
        await caller.until("response.audio.delta", lambda event: len(caller.sound[event.item_id]) >= 48_000)
        await caller.played(500)
        await caller.speak(tones("wait", silence_ms=0))
        interrupted = await caller.until("voicelive.interrupted")
        outcome = await caller.wait(handle)
        mouth.release()
        await caller.until("response.done")
        await caller.have("conversation.item.truncated")
        assert caller.errors == []
    assert outcome.status == "cancelled"
    (cut,) = sent(slow, "conversation.item.truncate")
    assert cut.audio_end_ms == interrupted.heard_ms == 500
    assert sent(slow, "response.cancel") == []
    assert_nothing_follows(caller, interrupted.item_id)


async def test_a_report_before_the_interruption_counts(service: ScriptedService) -> None:
    """What a player's thread reported before speech was noticed counts, although the loop was too busy to count it."""
    service.say(SENTENCE)
    loop = asyncio.get_running_loop()
    async with aio.connect(endpoint=service.endpoint, model="gpt-4o", barge_in=True) as connection:
        await (await connection.respond("Count.")).wait(60)
        player = threading.Thread(target=connection.playback.played, args=(500 * BYTES_PER_MS,))

        def report() -> None:
            # What has arrived stands behind this already, and the report can only stand behind that.
            player.start()
            player.join()

        def hold_up() -> None:
            service.wait_until(lambda: has_noticed(service), 20)
            loop.call_soon(report)

        audio = tones("wait")
        for start in range(0, len(audio), 4800):
            await connection.input_audio_buffer.append(audio=audio[start : start + 4800])
        hold_up()
        interrupted = await connection.wait_for("voicelive.interrupted", timeout=60)
    assert interrupted.heard_ms == 500


async def test_what_waits_to_be_received_is_dropped(client: Client, service: ScriptedService) -> None:
    """Sound that had arrived, but was not handed out when the user began to speak, is not handed out later."""
    service.say(SENTENCE)
    async with calling(client, service, barge_in=True) as caller:
        handle = await caller.respond("Count.")
        await caller.wait(handle)
        # All of it has arrived, and nothing was received.
        interruption = await caller.interrupt()
        await caller.until("conversation.item.truncated")
    assert interruption.heard_ms == 0
    assert interruption.unheard_ms > 2000
    assert caller.of("response.audio.delta") == []
    assert "response.done" in caller.types


async def test_what_wait_for_passed_over_is_dropped(client: Client, service: ScriptedService) -> None:
    """Sound that wait_for() kept for later is not handed out after an interruption."""
    service.say(SENTENCE)
    async with calling(client, service, barge_in=True) as caller:
        await caller.respond("Count.")
        await caller.script.wait_for("response.done")
        await caller.interrupt()
        await caller.until("conversation.item.truncated")
    assert caller.of("response.audio.delta") == []


async def test_what_is_on_its_way_into_the_player_is_flushed(client: Client, service: ScriptedService) -> None:
    """Sound handed out before an interruption may reach the player after the flush: it is flushed once more."""
    service.say(SENTENCE)
    player: list[int] = []
    flushes: list[int] = []

    def flush() -> None:
        flushes.append(len(player))
        player.clear()

    async with calling(client, service, barge_in=True) as caller:
        caller.script.connection.playback.on_flush(flush)
        await caller.respond("Count.")
        delta = await caller.until("response.audio.delta")
        await caller.interrupt()
        await eventually(lambda: len(flushes) == 1)
        player.append(len(delta.delta_bytes))
        await caller.until("voicelive.interrupted")
        await caller.have("response.done")
    assert player == []
    assert flushes == [0, 1]


async def test_a_slow_observer_does_not_hold_up_the_flush(client: Client, service: ScriptedService) -> None:
    """The player is flushed, and before more is handed out, although an observer's hook does not return."""
    service.say(SENTENCE)
    service.say(SENTENCE)
    stuck, release = threading.Event(), threading.Event()
    played: list[str] = []

    class Slow:
        def on_receive(self, event: Any, now: float) -> None:
            stuck.set()
            release.wait(60)

    async with calling(client, service, barge_in=True, observers=[Slow()]) as caller:
        try:
            caller.script.connection.playback.on_flush(played.clear)
            await caller.respond("Count.")
            first = await caller.until("response.audio.delta")
            played.append(first.item_id)
            assert stuck.wait(60)
            await caller.interrupt()
            await eventually(lambda: played == [])
            await caller.respond("Count again.")
            second = await caller.until("response.audio.delta")
            played.append(second.item_id)
            await caller.until("response.done", lambda event: event.response.id == second.response_id)
            assert played == [second.item_id] != [first.item_id]
        finally:
            release.set()


async def test_a_loop_over_the_events_flushes_once_more_too(service: ScriptedService) -> None:
    """What the body of the loop puts into the player after the flush is dropped before the next event."""
    service.say(SENTENCE)
    player: list[bytes] = []
    async with aio.connect(endpoint=service.endpoint, model="gpt-4o", barge_in=True) as connection:
        connection.playback.on_flush(player.clear)
        handle = await connection.respond("Count.")
        await handle.wait(20)
        async for event in connection:
            if event.type == "response.audio.delta":
                await connection.interrupt()
                player.append(event.delta_bytes)
            elif event.type == "response.done":
                break
    assert player == []


async def test_uninterrupted_answers_arrive_byte_for_byte(client: Client, service: ScriptedService) -> None:
    """With barge-in on, sound that nobody speaks over is what a connection without it hands out."""
    sounds: list[bytes] = []
    for options in ({}, {"barge_in": True, "metrics": True}):
        service.say(SENTENCE)
        async with calling(client, service, **options) as caller:
            content = [{"type": "input_text", "text": "Count."}]
            await caller.script.call(
                "conversation.item.create", item={"type": "message", "role": "user", "content": content}
            )
            await caller.script.call("response.create")
            await caller.until("response.done")
            sounds.append(b"".join(caller.sound.values()))
    assert len(sounds[0]) > 48_000
    assert sounds[0] == sounds[1]
    assert service.understand(sounds[1]) == SENTENCE


async def test_all_was_heard(client: Client, service: ScriptedService) -> None:
    """Speech after an answer that was played to its end truncates nothing."""
    service.say(SENTENCE)
    async with calling(client, service, barge_in=True) as caller:
        await caller.respond("Count.")
        await caller.until("response.done")
        await caller.played(60_000)
        assert await caller.interrupt() is None
        await caller.speak(tones("hello"))
        await caller.until("response.done")
        assert "voicelive.interrupted" not in caller.types
    assert sent(service, "conversation.item.truncate") == []


async def test_auto_truncate_leaves_truncating_to_the_service(client: Client, service: ScriptedService) -> None:
    """With auto_truncate the player is flushed, and the item is not cut twice."""
    service.say(SENTENCE)
    async with calling(client, service, barge_in=True) as caller:
        await configure(caller, **detection(auto_truncate=True))
        await caller.respond("Count.")
        await caller.until("response.done")
        await caller.played(500)
        await caller.speak(tones("wait"))
        interrupted = await caller.until("voicelive.interrupted")
        await caller.until("response.done")
    assert interrupted.heard_ms == 500
    assert sent(service, "conversation.item.truncate") == []


async def test_without_interrupt_response_only_interrupt_stops(
    client: Client, slow: ScriptedService, mouth: GatedSynthesizer
) -> None:
    """interrupt_response false: speech leaves the answer alone, and interrupt() cancels and truncates."""
    slow.say(SENTENCE)
    async with calling(client, slow, barge_in=True) as caller:
        await configure(caller, **detection(interrupt_response=False, create_response=False))
        handle = await caller.respond("Count.")
        await caller.until("response.audio.delta", lambda event: len(caller.sound[event.item_id]) >= 48_000)
        await caller.played(200)
        await caller.speak(tones("wait"))
        await caller.until("input_audio_buffer.speech_stopped")
        assert "voicelive.interrupted" not in caller.types
        interruption = await caller.interrupt()
        assert (await caller.wait(handle)).status == "cancelled"
        mouth.release()
        await caller.until("conversation.item.truncated")
        assert caller.errors == []
    assert interruption.heard_ms == 200
    assert len(sent(slow, "response.cancel")) == 1


async def test_push_to_talk(client: Client, slow: ScriptedService, mouth: GatedSynthesizer) -> None:
    """Without turn detection interrupt() on press, commit on release, and respond() gives one response."""
    slow.say(SENTENCE)
    slow.say("yes")
    async with calling(client, slow, barge_in=True) as caller:
        await configure(caller, turn_detection=None)
        first = await caller.respond("Count.")
        await caller.until("response.audio.delta", lambda event: len(caller.sound[event.item_id]) >= 48_000)
        await caller.played(300)
        assert (await caller.interrupt()).heard_ms == 300
        assert (await caller.wait(first)).status == "cancelled"
        mouth.release()
        await caller.speak(tones("stop", silence_ms=0))
        await caller.script.call("input_audio_buffer.commit")
        second = await caller.respond()
        assert (await caller.wait(second)).status == "completed"
        await caller.until("response.done", lambda event: event.response.id == second.response_id)
        assert caller.errors == []
    assert len(sent(slow, "response.cancel")) == 1
    assert len(sent(slow, "response.create")) == 2


async def test_the_missions_own_cancel_and_clear_stay_harmless(client: Client, service: ScriptedService) -> None:
    """An application that cancels and clears by itself on speech_started is not shown an error."""
    service.say(SENTENCE)
    async with calling(client, service, barge_in=True) as caller:
        await caller.respond("Count.")
        await caller.until("response.done")
        await caller.speak(tones("wait", silence_ms=0))
        await caller.until("input_audio_buffer.speech_started")
        await caller.script.call("response.cancel")
        await caller.script.call("output_audio_buffer.clear")
        await caller.until("output_audio_buffer.cleared")
        assert caller.errors == []


async def test_a_cough_lets_the_answer_play_on(client: Client, service: ScriptedService) -> None:
    """resume_false: speech without words truncates nothing, and says from where to play on."""
    service.say(SENTENCE)
    async with calling(client, service, barge_in=BargeIn(resume_false=True)) as caller:
        await caller.respond("Count.")
        await caller.until("response.done")
        await caller.played(400)
        await caller.speak(random.Random(1).randbytes(400 * BYTES_PER_MS) + bytes(800 * BYTES_PER_MS))
        resumed = await caller.until("voicelive.resumed")
    assert resumed.from_ms == 400
    assert sent(service, "conversation.item.truncate") == []


async def test_an_interruption_may_need_words(client: Client, service: ScriptedService) -> None:
    """min_words: the answer goes on until so many words were transcribed, then it is cancelled and truncated."""
    service.say(SENTENCE)
    async with calling(client, service, barge_in=BargeIn(min_words=2)) as caller:
        await configure(caller, **detection(interrupt_response=False, create_response=False))
        await caller.respond("Count.")
        await caller.until("response.done")
        await caller.speak(tones("hm"))
        await caller.until("conversation.item.input_audio_transcription.completed")
        assert "voicelive.interrupted" not in caller.types
        await caller.speak(tones("please stop"))
        await caller.until("voicelive.interrupted")
        await caller.until("conversation.item.truncated")
    assert len(sent(service, "conversation.item.truncate")) == 1


async def test_a_text_only_session_has_nothing_to_interrupt(client: Client, service: ScriptedService) -> None:
    """barge_in on a session without sound is a documented nothing."""
    service.say(SENTENCE)
    async with calling(client, service, barge_in=True) as caller:
        await configure(caller, modalities=["text"])
        await caller.respond("Count.")
        await caller.until("response.done")
        assert await caller.interrupt() is None
        await caller.played(100)
        await caller.played(100, item_id="item_unknown")


async def test_an_application_that_never_receives(client: Client, service: ScriptedService) -> None:
    """Barge-in and truncation happen although nobody receives."""
    service.say(SENTENCE)
    async with calling(client, service, barge_in=True) as caller:
        handle = await caller.respond("Count.")
        await caller.wait(handle)
        await caller.played(600)
        await caller.speak(tones("wait"))
        await service.wait_until_async(lambda: len(sent(service, "conversation.item.truncate")) == 1)
        (cut,) = sent(service, "conversation.item.truncate")
        assert cut.audio_end_ms == 600

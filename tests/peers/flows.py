"""What every client does with the service, and what its user must see: one function a flow."""

from __future__ import annotations

import asyncio

import pytest

from ..local.helpers import read_tones, tones
from . import fault_flows, speech_flows, tool_flows
from .peer import Seen, Setup, soon
from .stage import WEATHER, Flow, Stage, joined, only, types

__all__ = ["FLOWS"]


async def connect(stage: Stage) -> None:
    """Connects with a key; the session it is given is the one that the service has."""
    async with stage.service() as service, stage.client.open(service.endpoint, stage.dialect) as peer:
        events = await stage.receive(peer, "connected")
        (record,) = service.sessions

    assert types(events) == stage.order("connected")
    assert events[0].look("session.id") == record.id
    assert events[0].look("event_id").startswith("event_")
    assert record.model == stage.dialect.model
    assert record.query["api-version"] == stage.dialect.api_version
    assert record.credential in {"api-key", "bearer"}


async def wrong_key(stage: Stage) -> None:
    """A wrong key is refused with 401, and the client's error says so."""
    async with stage.service() as service:
        with pytest.raises(Exception, match="401"):
            async with stage.client.open(service.endpoint, stage.dialect, "not the key"):
                pass
        assert not service.sessions


async def configure(stage: Stage) -> None:
    """Sets instructions, modalities, voice, turn detection, transcription and a tool, and reads them back."""
    setup = Setup(instructions="Speak like a pirate.", silence_ms=321, tools=[WEATHER])
    async with stage.service() as service, stage.connected(service) as peer:
        session = await stage.configured(peer, setup)

    assert session == {
        "instructions": "Speak like a pirate.",
        "voice": "alloy",
        "detection": "server_vad",
        "silence_ms": 321,
        "transcription": stage.dialect.transcription,
        "tools": ["get_weather"],
    }


async def text_turn(stage: Stage) -> None:
    """A typed question is answered in text: the events in the dialect's order, the deltas joining to the answer."""
    async with stage.service() as service, stage.connected(service) as peer:
        await stage.configured(peer, Setup(modalities=("text",)))
        await peer.say("hello")
        said = await stage.receive(peer, "said")
        await peer.ask()
        answer = await stage.receive(peer, "text answer")

    assert types(said) == stage.order("said")
    assert said[0].look("item.role") == "user"
    assert said[0].look("item.content.0.text") == "hello"
    assert types(answer) == stage.order("text answer")
    assert joined(answer, "text.delta") == "You said hello"
    assert only(answer, "text.done").look("text") == "You said hello"
    response = answer[-1]
    assert response.look("response.status") == "completed"
    assert response.look("response.output.0.content.0.text") == "You said hello"
    assert response.look("response.usage.output_tokens") > 0


async def audio_turn(stage: Stage) -> None:
    """Speech is found by server VAD, transcribed and answered in speech: order, transcripts, sound to the byte."""
    async with stage.service() as service, stage.connected(service) as peer:
        await stage.configured(peer, Setup())
        await peer.speak(tones("how are you"))
        events = await stage.receive(peer, "spoken turn")

    assert types(events) == stage.order("spoken turn")
    started, stopped = only(events, "speech_started"), only(events, "speech_stopped")
    heard = only(events, "transcription.completed")
    assert started.look("audio_start_ms") < stopped.look("audio_end_ms")
    assert started.look("item_id") == stopped.look("item_id") == heard.look("item_id")
    assert heard.look("transcript") == "how are you"
    assert joined(events, "transcript.delta") == "You said how are you"
    assert only(events, "audio_transcript.done").look("transcript") == "You said how are you"
    sound = b"".join(event.audio for event in events)
    # Tones are 60 ms a character, PCM16 at 24 kHz 48 bytes a millisecond.
    assert len(sound) > 60 * 48 * len("You said how are you")
    assert read_tones(sound) == "You said how are you"
    assert events[-1].look("response.status") == "completed"


async def barge_in(stage: Stage) -> None:
    """Speech over an answer cuts it: every done event comes, cancelled for turn_detected, then the new turn's own."""
    async with stage.speaking_until_released() as (peer, mouth):
        await stage.configured(peer, Setup())
        await peer.say("tell me a story")
        await peer.ask()
        before: list[Seen] = []
        while sum(bool(event.audio) for event in before) < 4:
            before.append(await soon(peer.next()))
        await peer.speak(tones("stop", silence_ms=0))
        cut = await stage.receive(peer, "interrupted")
        mouth.release()
        await peer.speak(bytes(48 * 700))
        after = await stage.receive(peer, "spoken turn")

    assert [name for name in types(cut) if not name.endswith("audio.delta")] == stage.order("interrupted")
    response = cut[-1]
    assert response.look("response.status") == "cancelled"
    assert response.look("response.status_details.reason") == "turn_detected"
    assert response.look("response.output.0.status") == "incomplete"
    assert only(after, "transcription.completed").look("transcript") == "stop"
    assert after[-1].look("response.status") == "completed"
    assert after[-1].look("response.id") != response.look("response.id")
    assert only(after, "audio_transcript.done").look("transcript") == "You said stop"


async def manual_turn(stage: Stage) -> None:
    """Without turn detection the client commits what it has sent, and asks for the answer itself."""
    async with stage.service() as service, stage.connected(service) as peer:
        session = await stage.configured(peer, Setup(silence_ms=None))
        await peer.speak(tones("over to you", silence_ms=0))
        await peer.commit()
        heard = await stage.receive(peer, "manual turn")
        await peer.ask()
        answer = await stage.receive(peer, "spoken answer")

    assert session["detection"] is None
    assert types(heard) == stage.order("manual turn")
    assert only(heard, "transcription.completed").look("transcript") == "over to you"
    assert only(heard, "committed").look("item_id") == only(heard, "item.created").look("item.id")
    assert types(answer) == stage.order("spoken answer")
    assert read_tones(b"".join(event.audio for event in answer)) == "You said over to you"


async def cancelling(stage: Stage) -> None:
    """Cancelling an answer that is being spoken ends it, cancelled for client_cancelled, with every done event."""
    async with stage.speaking_until_released() as (peer, _):
        await stage.configured(peer, Setup())
        await peer.say("tell me a story")
        await peer.ask()
        sound = 0
        while sound < 4:
            sound += bool((await soon(peer.next())).audio)
        await peer.cancel("my-cancel")
        cut = await stage.receive(peer, "cancelled")

    assert [name for name in types(cut) if not name.endswith("audio.delta")] == stage.order("cancelled")
    assert cut[-1].look("response.status") == "cancelled"
    assert cut[-1].look("response.status_details.reason") == "client_cancelled"


async def history(stage: Stage) -> None:
    """An item is read back and deleted; the others stay."""
    async with stage.service() as service, stage.connected(service) as peer:
        await stage.configured(peer, Setup())
        await peer.say("remember this")
        said = (await stage.receive(peer, "said"))[0].look("item.id")
        await peer.ask()
        answer = (await stage.receive(peer, "spoken answer"))[-1].look("response.output.0.id")
        await peer.retrieve(said)
        retrieved = await soon(peer.next())
        await peer.delete(said)
        deleted = await soon(peer.next())
        left = [item.id for item in service.sessions[0].items]

    assert retrieved.type == "conversation.item.retrieved"
    assert retrieved.look("item.content.0.text") == "remember this"
    assert (deleted.type, deleted.look("item_id")) == ("conversation.item.deleted", said)
    assert retrieved.typed
    assert deleted.typed
    assert left == [answer]


async def truncation(stage: Stage) -> None:
    """A spoken answer is cut where the user stopped hearing it, its transcript with it; never beyond its end."""
    async with stage.service() as service, stage.connected(service) as peer:
        await stage.configured(peer, Setup())
        await peer.say("a long story")
        await stage.receive(peer, "said")
        await peer.ask()
        answer = (await stage.receive(peer, "spoken answer"))[-1].look("response.output.0.id")
        await peer.truncate(answer, 500)
        truncated = await soon(peer.next())
        await peer.truncate(answer, 60_000)
        refused = await soon(peer.next())
        await peer.retrieve(answer)
        retrieved = await soon(peer.next())

    assert (truncated.type, truncated.typed) == ("conversation.item.truncated", True)
    cut = [truncated.look(name) for name in ("item_id", "content_index", "audio_end_ms")]
    assert cut == [answer, 0, 500]
    assert (refused.type, refused.typed) == ("error", True)
    assert refused.look("error.message").endswith("is already shorter than 60000ms")
    assert retrieved.look("item.id") == answer
    assert retrieved.look("item.content.0.transcript") == ""


async def error(stage: Stage) -> None:
    """A value that does not exist and a cancel with nothing to cancel are typed errors; the session goes on."""
    async with stage.service() as service, stage.connected(service) as peer:
        await peer.misconfigure("smell")
        invalid = await soon(peer.next())
        await peer.cancel("my-cancel")
        nothing = await soon(peer.next())
        session = await stage.configured(peer, Setup(instructions="Still here."))

    field = "output_modalities" if stage.dialect.nested else "modalities"
    assert (invalid.type, invalid.typed) == ("error", True)
    assert invalid.look("error.type") == "invalid_request_error"
    assert invalid.look("error.code") == "invalid_value"
    assert invalid.look("error.param").startswith(f"session.{field}")
    assert "smell" in invalid.look("error.message")
    assert nothing.look("error.code") == "response_cancel_not_active"
    assert nothing.look("error.event_id") == "my-cancel"
    assert session["instructions"] == "Still here."


async def closing(stage: Stage) -> None:
    """Closing ends the session with 1000."""
    async with stage.service() as service:
        async with stage.connected(service):
            pass
        await service.stop()  # when this returns, every session has ended
        (record,) = service.sessions

    assert record.closed
    assert record.close_code == 1000


async def stopped(stage: Stage) -> None:
    """A service that stops closes with 1001, and the client tells its user."""
    async with stage.service() as service, stage.connected(service) as peer:
        listening = asyncio.create_task(peer.ending())
        await service.stop()
        told = await soon(listening)
        (record,) = service.sessions

    assert record.close_code == 1001
    # Not every client tells both.
    assert "1001" in told or "the local service is stopping" in told


FLOWS = (
    Flow("connect", connect),
    Flow("wrong key", wrong_key),
    Flow("configure", configure),
    Flow("text turn", text_turn),
    Flow("audio turn", audio_turn),
    Flow("manual turn", manual_turn),
    Flow("barge-in", barge_in),
    Flow("cancel", cancelling),
    *tool_flows.FLOWS,
    *speech_flows.FLOWS,
    Flow("history", history),
    Flow("truncation", truncation),
    Flow("error", error),
    Flow("closing", closing),
    Flow("service stops", stopped),
    *fault_flows.FLOWS,
)

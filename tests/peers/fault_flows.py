"""Flows in which the service does what it rarely does: faults that it commits on demand."""

from __future__ import annotations

from voicelive.local.engines import TextChunk
from voicelive.local.faults import Expire, Malformed, TranscriptionFailure, UnknownEvent

from ..local.helpers import Scripted, read_tones, tones
from .peer import Peer, Seen, Setup, soon
from .stage import Flow, Stage, only, types

__all__ = ["FLOWS"]

FAILED = "conversation.item.input_audio_transcription.failed"


async def transcription_failure(stage: Stage) -> None:
    """What the user said cannot be transcribed: a typed event says why, and the turn is answered all the same."""
    responder = Scripted([TextChunk("Pardon?")])
    async with stage.service(responder=responder) as service, stage.connected(service) as peer:
        await stage.configured(peer, Setup())
        service.faults.add(TranscriptionFailure("audio_unintelligible", "Nothing was understood."))
        await peer.speak(tones("hello"))
        events = await stage.receive(peer, "spoken turn")

    assert types(events) == _failing(stage.order("spoken turn"))
    failed = only(events, FAILED)
    assert failed.look("item_id") == only(events, "committed").look("item_id")
    assert failed.look("error.code") == "audio_unintelligible"
    assert failed.look("error.message") == "Nothing was understood."
    assert read_tones(b"".join(event.audio for event in events)) == "Pardon?"
    assert events[-1].look("response.status") == "completed"


def _failing(order: list[str]) -> list[str]:
    """Return the order of a spoken turn with the failure in the place of the transcript's first event."""
    heard = [name for name in order if "input_audio_transcription" in name]
    first = order.index(heard[0])
    kept = [FAILED if place == first else name for place, name in enumerate(order) if name not in heard[1:]]
    return [name for before, name in zip([None, *kept], kept, strict=False) if name != before]


async def expiry(stage: Stage) -> None:
    """The session's time is up: the typed error session_expired, then 1001, and the client tells its user."""
    async with stage.service() as service, stage.connected(service) as peer:
        service.faults.add(Expire())
        expired = await soon(peer.next())
        told = await soon(peer.ending())
        await service.stop()
        (record,) = service.sessions

    assert (expired.type, expired.typed) == ("error", True)
    assert expired.look("error.code") == "session_expired"
    assert record.close_code == 1001
    # Not every client tells both.
    assert "1001" in told or "session_expired" in told


async def unknown_event(stage: Stage) -> None:
    """An event of a type that no contract has: the session goes on. What the user sees of it is shown below."""
    async with stage.service() as service, stage.connected(service) as peer:
        service.faults.add(UnknownEvent("session.mood", event="session.updated"))
        await peer.configure(Setup(instructions="Still here."))
        events = [await soon(peer.next())]
        while events[-1].type != "session.updated":
            events.append(await soon(peer.next()))
        sent = service.sessions[0].sent_types()

    *before, updated = events
    form = stage.client.told_of_unknown
    unknown = [(event.type, event.form, event.typed) for event in before]
    assert unknown == ([] if form is None else [("session.mood", form, False)])
    assert updated.typed
    assert updated.look("session.instructions") == "Still here."
    assert sent[-1] == "session.updated"


async def told_next(peer: Peer) -> str:
    """Return what the user is told next: an event and its form, or an exception."""
    try:
        seen: Seen = await soon(peer.next())
    except Exception as error:  # noqa: BLE001 - of a class that is the client's own affair; compared by its name
        return f"{type(error).__name__}: {error}"
    return f"{seen.type} as {seen.form}"


async def malformed(stage: Stage) -> None:
    """A message that is not JSON: the session goes on. What the user sees of it is shown below."""
    async with stage.service() as service, stage.connected(service) as peer:
        service.faults.add(Malformed("text", event="session.updated"))
        await peer.configure(Setup(instructions="Lost."))
        told = await told_next(peer)
        await peer.configure(Setup(instructions="Still here."))
        updated = await soon(peer.next())

    assert told.startswith(stage.client.told_of_malformed), told
    assert updated.type == "session.updated"
    assert updated.look("session.instructions") == "Still here."


FLOWS = (
    Flow("transcription failure", transcription_failure),
    Flow("session expiry", expiry),
    Flow("unknown event", unknown_event),
    Flow("malformed message", malformed),
)

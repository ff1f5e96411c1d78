"""Faults on demand: each seen from outside, by a plain WebSocket client."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus

from voicelive._local.faults.order import may_overtake
from voicelive.local import Engines, Fault, InvalidFaultError, LocalService
from voicelive.local.faults import (
    Abort,
    Close,
    ContentFilter,
    Delay,
    Drop,
    Duplicate,
    ErrorEvent,
    Expire,
    Malformed,
    MaxTokens,
    ModelNotFound,
    Oversize,
    Refuse,
    Reorder,
    ResponseFailure,
    Stall,
    TranscriptionFailure,
    UnknownEvent,
    parse_fault,
)

from .helpers import DEADLINE, Client, Event, Scripted, connected, opened, tones, types


@asynccontextmanager
async def faulty(*faults: Fault | str, **options: Any) -> AsyncGenerator[LocalService, None]:
    """Run a service with faults that repeats what it hears."""
    engines = replace(Engines.basic(), responder=Scripted())
    async with LocalService(engines=engines, faults=faults, **options) as running:
        yield running


async def ask(client: Client, text: str = "one two three four five six seven") -> list[Event]:
    """Ask in writing, for a spoken answer; return everything up to its end."""
    await client.say(text)
    await client.send("response.create")
    return await client.collect("response.done")


# --- handshake -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [401, 403, 404, 429, 503])
async def test_a_handshake_is_refused(status: int) -> None:
    """The status, an Azure-like JSON body and Retry-After; the next handshake is accepted."""
    async with faulty(Refuse(status, retry_after=1.2)) as service:
        with pytest.raises(InvalidStatus) as caught:
            async with opened(service):
                pass
        response = caught.value.response
        assert response.status_code == status
        assert response.headers["Retry-After"] == "2"
        assert json.loads(response.body)["error"]["code"] == str(status)
        async with connected(service):
            assert len(service.sessions) == 1


async def test_a_model_is_not_found() -> None:
    """The service's own way of telling: an accepted handshake, the error invalid_model, and 1008."""
    async with faulty(ModelNotFound()) as service, opened(service, "gpt-9") as client:
        error = await client.error()
        assert (error["code"], error["message"]) == ("invalid_model", "Model gpt-9 is not supported in this region.")
        assert (await client.closed())[0] == 1008


# --- moments ---------------------------------------------------------------------------------------------------------


async def test_a_close_at_once_comes_before_anything() -> None:
    """Without a moment, the connection is closed before the first event, and the next one is not."""
    async with faulty(Close(4000, "go away")) as service:
        async with opened(service) as client:
            assert await client.closed() == (4000, "go away")
            assert client.events == []
        async with connected(service) as client:
            assert types(await ask(client))[-1] == "response.done"


async def test_a_close_after_events_comes_after_just_these() -> None:
    """After N events of the session, never one more or less."""
    async with faulty(Close(1011, events=5)) as service, opened(service) as client:
        await client.say("hello")
        await client.send("response.create")
        assert (await client.closed())[0] == 1011
        assert len(client.events) == 5
        assert service.sessions[0].sent_types() == [event["type"] for event in client.events]


async def test_a_close_after_an_event_of_a_type() -> None:
    """The moment may be an event's type, or a pattern of it."""
    async with faulty(Close(event="response.*.delta")) as service, connected(service) as client:
        await client.say("hello")
        await client.send("response.create")
        await client.closed()
        assert client.events[-1]["type"] == "response.audio_transcript.delta"
        assert sum(event["type"].endswith(".delta") for event in client.events) == 1


async def test_a_close_at_an_age() -> None:
    """When the session is so many seconds old, with nothing else going on."""
    async with faulty(Close(age=0.05)) as service, opened(service) as client:
        assert (await client.closed())[0] == 1011


async def test_a_fault_added_later_hits_the_running_session() -> None:
    """What is added happens at once in a session that is running."""
    async with faulty() as service, connected(service) as client:
        (planned,) = service.faults.add("close:1012")
        assert (await client.closed())[0] == 1012
        assert (planned.committed, len(service.faults)) == (1, 0)


async def test_a_fault_hits_only_the_session_named() -> None:
    """With a session's id, the others go on."""
    async with faulty() as service, connected(service) as one, connected(service) as other:
        service.faults.add(Close(session=service.sessions[1].id))
        assert (await other.closed())[0] == 1011
        assert types(await ask(one))[-1] == "response.done"


async def test_a_fault_happens_as_often_as_told() -> None:
    """Twice is twice, in all sessions together."""
    async with faulty(Close(times=2)) as service:
        for _ in range(2):
            async with opened(service) as client:
                await client.closed()
        async with connected(service) as client:
            assert await client.update(modalities=["text"])


@pytest.mark.parametrize("fault", ["abort", "close:1011", "expire"])
async def test_a_session_ends_once(fault: str) -> None:
    """A fault that ends sessions counts once for each, however many of its events are on their way out."""
    async with LocalService(faults=[f"{fault}@event=response.text.delta,times=2"]) as service:
        for _ in range(2):
            async with connected(service) as client:
                await client.update(modalities=["text"])
                await client.say("one two three four five six")
                await client.send("response.create")
                assert (await client.closed())[0] != 1000
        async with connected(service) as client:
            await client.update(modalities=["text"])
            await client.say("hello")
            await client.send("response.create")
            await client.until("response.done")


async def test_an_abort_sends_no_close_frame() -> None:
    """The TCP connection just ends: 1006."""
    async with faulty(Abort(events=1)) as service, opened(service) as client:
        assert (await client.closed())[0] == 1006
        assert len(client.events) == 1


async def test_a_session_expires() -> None:
    """The error session_expired, then 1001, as when the time is up."""
    async with faulty("expire") as service, opened(service) as client:
        assert (await client.closed())[0] == 1001
        assert types(client.events) == ["session.created", "error"]
        assert client.events[-1]["error"]["code"] == "session_expired"


async def test_a_stall_for_good_is_silence_on_an_open_connection() -> None:
    """Nothing comes, not even session.created, and pings are answered."""
    async with faulty("stall") as service, opened(service) as client:
        await client.send("session.update", session={})
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(client._websocket.recv(), 0.2)
        await asyncio.wait_for(await client._websocket.ping(), DEADLINE)


async def test_a_stall_ends_and_loses_nothing() -> None:
    """After the seconds given, what was held back follows in order."""
    async with faulty(Stall(0.1, events=2)) as service, connected(service) as client:
        stalled = types(await ask(client))
    async with faulty() as service, connected(service) as client:
        assert stalled == types(await ask(client))


async def test_an_error_event_leaves_the_session_open() -> None:
    """A rate limit as an event, after the fifth, and the answer goes on."""
    async with faulty(ErrorEvent("rate_limit_exceeded", events=5)) as service, connected(service) as client:
        events = await ask(client)
        assert types(client.events, runs=False)[5] == "error"
        assert client.events[5]["error"]["type"] == "rate_limit_error"
        assert events[-1]["response"]["status"] == "completed"


# --- stream ----------------------------------------------------------------------------------------------------------


async def test_an_event_is_dropped() -> None:
    """It never comes, and is not in the record of what was sent."""
    async with faulty("drop:response.created") as service, connected(service) as client:
        assert "response.created" not in types(await ask(client))
        assert "response.created" not in service.sessions[0].sent_types()


async def test_an_event_is_duplicated() -> None:
    """It comes twice, the same to the last byte."""
    async with faulty(Duplicate("response.done")) as service, connected(service) as client:
        first = (await ask(client))[-1]
        assert await client.recv() == first


async def test_a_delay_holds_up_what_follows() -> None:
    """Order is kept: what comes after the delayed event waits too."""
    async with faulty("delay:100ms@event=response.created") as service, connected(service) as client:
        delayed = types(await ask(client))
    async with faulty() as service, connected(service) as client:
        assert delayed == types(await ask(client))


async def test_an_event_is_overtaken_by_the_next() -> None:
    """The last delta of the transcript comes after the first of the sound; nothing else moves."""
    async with faulty(Reorder("response.audio_transcript.delta", times=None)) as service, connected(service) as client:
        events = await ask(client, "hello")
    names = [event["type"] for event in events]
    last_text = max(i for i, name in enumerate(names) if name == "response.audio_transcript.delta")
    assert names[last_text - 1] == "response.audio.delta"
    text = "".join(event["delta"] for event in events if event["type"] == "response.audio_transcript.delta")
    assert text == next(e["transcript"] for e in events if e["type"] == "response.audio_transcript.done")


async def test_an_order_that_the_contract_fixes_is_kept() -> None:
    """An event that the next may not overtake stays where it is, and does not count."""
    async with faulty(Reorder("response.*", times=1)) as service:
        async with connected(service) as client:
            reordered = [event["type"] for event in await ask(client)]
        assert reordered[-1] == "response.done"
        assert reordered.index("response.created") < reordered.index("response.output_item.added")


@pytest.mark.parametrize(
    ("earlier", "later", "allowed"),
    [
        ("conversation.item.input_audio_transcription.completed", "conversation.item.created", True),
        ("response.created", "conversation.item.input_audio_transcription.completed", True),
        ("input_audio_buffer.committed", "conversation.item.input_audio_transcription.completed", False),
        ("response.audio.delta", "response.audio.delta", False),
        ("response.audio.delta", "response.audio_transcript.delta", True),
        ("response.audio.delta", "response.audio.done", False),
        ("response.created", "response.output_item.added", False),
        ("session.created", "session.updated", False),
    ],
)
def test_which_events_may_change_places(earlier: str, later: str, allowed: bool) -> None:
    """Transcriptions run beside everything else, deltas of different kinds beside each other."""
    place = {"item_id": "item_1", "response_id": "resp_1", "content_index": 0}
    assert may_overtake({"type": later, **place}, {"type": earlier, **place}) is allowed


async def test_an_event_is_oversized() -> None:
    """As many bytes as asked for, and still the event that it was."""
    async with faulty("oversize:100KiB@event=session.created") as service, opened(service) as client:
        message = await asyncio.wait_for(client._websocket.recv(), DEADLINE)
        assert len(message) == 100 * 1024
        assert json.loads(message)["type"] == "session.created"


async def test_an_unknown_event_is_sent() -> None:
    """Before the event that is hit comes one of a type that nobody knows."""
    async with faulty(UnknownEvent("session.mood", event="session.created")) as service, opened(service) as client:
        assert (await client.recv())["type"] == "session.mood"
        assert (await client.recv())["type"] == "session.created"


@pytest.mark.parametrize("form", ["truncated", "text", "array", "no_type", "wrong_types", "nulls", "binary"])
async def test_an_event_is_malformed(form: str) -> None:
    """Each form breaks the event in its own way, the same with the same seed, and the session goes on."""
    seen = []
    for _ in range(2):
        fault = Malformed(form, event="session.updated")  # type: ignore[arg-type]
        async with faulty(fault, fault_seed=3) as service, connected(service) as client:
            await client.send("session.update", session={})
            seen.append(await asyncio.wait_for(client._websocket.recv(), DEADLINE))
            assert await client.update(modalities=["text"])
    assert isinstance(seen[0], bytes) == (form == "binary")
    if form in ("truncated", "text"):
        with pytest.raises(ValueError):
            json.loads(seen[0])
    if form in ("array", "no_type", "wrong_types", "nulls"):
        event = json.loads(seen[0])
        assert isinstance(event, list) == (form == "array")
        if form == "nulls":
            assert event["session"] is None
        if form == "wrong_types":
            assert isinstance(event["session"], str)
    if form in ("text", "binary"):
        assert seen[0] == seen[1]


# --- turns -----------------------------------------------------------------------------------------------------------


async def test_a_transcription_fails() -> None:
    """The event failed in place of completed; the turn becomes an item and is answered all the same."""
    async with faulty(TranscriptionFailure()) as service, connected(service) as client:
        await client.speak(tones("hello"))
        events = await client.collect("response.done")
        (failed,) = [e for e in events if e["type"].startswith("conversation.item.input_audio_transcription")]
        assert failed["type"].endswith(".failed")
        assert failed["error"]["code"] == "transcription_failed"


@pytest.mark.parametrize(
    ("fault", "reason"), [(ContentFilter(), "content_filter"), (MaxTokens(after_tokens=3), "max_output_tokens")]
)
async def test_a_response_stays_incomplete(fault: Fault, reason: str) -> None:
    """It ends early with the reason, what was open is closed, and the next answer is whole."""
    async with faulty(fault) as service, connected(service) as client:
        events = await ask(client)
        response = events[-1]["response"]
        assert (response["status"], response["status_details"]["reason"]) == ("incomplete", reason)
        said = next(e["transcript"] for e in events if e["type"] == "response.audio_transcript.done")
        assert said
        assert "seven" not in said
        assert (await ask(client))[-1]["response"]["status"] == "completed"


async def test_a_response_fails() -> None:
    """The status failed with an error, as the service reports it."""
    async with faulty(ResponseFailure("rate_limit_exceeded")) as service, connected(service) as client:
        response = (await ask(client))[-1]["response"]
        assert response["status"] == "failed"
        assert response["status_details"]["error"]["code"] == "rate_limit_exceeded"


# --- the plan --------------------------------------------------------------------------------------------------------


async def test_a_seed_decides_the_chances() -> None:
    """The same seed drops the same events of each session; another seed drops others."""

    async def dropped(seed: int) -> list[list[str]]:
        fault = Drop("response.audio_transcript.delta", chance=0.5, times=None)
        async with faulty(fault, fault_seed=seed) as service:
            result = []
            for _ in range(2):
                async with connected(service) as client:
                    events = await ask(client, "one two three four five six seven eight nine ten")
                    result.append([e["delta"] for e in events if e["type"] == "response.audio_transcript.delta"])
            return result

    first = await dropped(1)
    assert first == await dropped(1)
    assert first != await dropped(2)
    assert first[0] != first[1]


async def test_faults_are_listed_and_cleared() -> None:
    """What waits is listed with its id; cleared by id or all at once."""
    async with faulty("drop:response.done", Expire(age=500)) as service:
        one, other = service.faults
        assert [str(one.fault), str(other.fault)] == ["drop:response.done", "expire@age=500s"]
        service.faults.clear(one.id)
        assert list(service.faults) == [other]
        with pytest.raises(InvalidFaultError, match=f"no fault {one.id} is waiting; there is: {other.id}"):
            service.faults.clear(one.id)
        service.faults.clear()
        assert len(service.faults) == 0
        async with connected(service) as client:
            assert types(await ask(client))[-1] == "response.done"


def test_faults_work_beside_synchronous_code() -> None:
    """A service in a thread takes faults from the thread that started it."""
    with LocalService.in_thread() as service:

        async def talk() -> int | None:
            async with opened(service) as client:  # type: ignore[arg-type]
                await client.recv()
                await asyncio.to_thread(service.faults.add, Close(1013))
                return (await client.closed())[0]

        assert asyncio.run(talk()) == 1013


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("close", Close()),
        ("close:4001@reason=bye,events=20,times=3", Close(4001, "bye", events=20, times=3)),
        ('close@reason="one, two",chance=0.5', Close(reason="one, two", chance=0.5)),
        ("stall:250ms@age=2m", Stall(0.25, age=120)),
        ("delay:1.5@event=response.done,times=*", Delay(1.5, event="response.done", times=None)),
        ("oversize:8MiB", Oversize(8 * 1024 * 1024)),
        ("refuse:429@retry-after=5", Refuse(429, retry_after=5)),
        ("error:rate_limit_exceeded@param=x", ErrorEvent("rate_limit_exceeded", param="x")),
        ("response-failure:server_error@after_tokens=0", ResponseFailure(after_tokens=0)),
        ("malformed:nulls@session=sess_1", Malformed("nulls", session="sess_1")),
    ],
)
def test_text_says_the_same_as_an_object(text: str, fault: Fault) -> None:
    """Every fault can be written, and what is written is read as the same fault."""
    assert parse_fault(text) == fault
    assert parse_fault(str(fault)) == fault


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "does not begin with the name of a fault: use one of refuse, "),
        ("explode", "there is no fault 'explode': use one of refuse, "),
        ("close:1006", "code cannot be 1006: a close frame cannot carry it"),
        ("close:soon", "close: code cannot be 'soon': give a whole number"),
        ("close@event=a,age=1", "age and event are given: choose one moment"),
        ("close@colour=red", "close has no 'colour': use one of code, reason, events, age, event, session, times"),
        ("close@events=1,events=2", "events is given twice"),
        ("close@events", "'events' should be FIELD=VALUE"),
        ("abort:now", "abort takes no value after a colon"),
        ("delay:3 days", "seconds cannot be '3 days': give seconds such as 250ms"),
        ("drop@chance=2", "chance cannot be 2.0: give a probability above 0 and at most 1"),
        ("drop@times=0", "times cannot be 0: give a whole number from 1"),
        ("malformed:funny", "form cannot be 'funny': use one of truncated, "),
        ("refuse:200", "status cannot be 200: give a whole number from 400 to 599"),
        ("refuse@session=sess_1", "a handshake has no session yet"),
        ('close@reason="open', "cannot read"),
        ("close:1011 extra@events=1", "code cannot be '1011 extra'"),
    ],
)
def test_a_fault_that_cannot_be_is_refused_with_a_remedy(text: str, says: str) -> None:
    """The error names the fault, the value and what could stand there."""
    with pytest.raises(InvalidFaultError) as caught:
        LocalService(faults=[text])
    assert says in str(caught.value)


def test_what_is_no_fault_is_refused() -> None:
    """Neither a number nor the base class is a fault."""
    for value in (5, Fault()):
        with pytest.raises(InvalidFaultError, match="is not a fault"):
            LocalService(faults=[value])  # type: ignore[list-item]


async def test_an_event_that_nothing_overtakes_is_not_lost() -> None:
    """Held back for another that does not come, it is sent after a moment, and does not count."""
    async with faulty(Reorder("response.done")) as service, connected(service) as client:
        assert (await ask(client))[-1]["type"] == "response.done"
        (planned,) = service.faults
        assert planned.committed == 0


async def test_a_close_by_a_fault_is_in_the_record() -> None:
    """The record of the session tells how it ended."""
    async with faulty(Close(4002, "over")) as service, opened(service) as client:
        await client.closed()
    (record,) = service.sessions
    assert (record.closed, record.close_code, record.close_reason) == (True, 4002, "over")

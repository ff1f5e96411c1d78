"""The parts of the service that are only values and functions."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Iterable, Iterator
from itertools import count
from typing import Any

import pytest

from voicelive._audio.wire_formats import output_format
from voicelive._local.dialects import CASCADED, REALTIME, dialect_for
from voicelive._local.handshake import HandshakeRefusedError, read_handshake
from voicelive._local.ids import base62, new_call_id, new_id
from voicelive._local.notifier import Notifier
from voicelive._local.pacing import FAST, REAL, Pacing, resolve_pacing
from voicelive._local.records import MAX_FINISHED_BYTES, EventLog, SessionJournal, share_memory
from voicelive._local.session.configuration import Locks, merge_update
from voicelive._local.session.conversation import Conversation, Entry, item_from_request
from voicelive._local.session.defaults import initial_session
from voicelive._local.session.error_details import RefusedError
from voicelive._local.session.input_audio import InputAudio, Turn, TurnStarted
from voicelive._local.session.response_plan import plan_response
from voicelive._local.session.sender import EventSender
from voicelive._local.session.speech import chunk_audio
from voicelive._local.session.usage import argument_pieces, estimate_usage, tokens
from voicelive._local.workers import Workers
from voicelive.local.engines import EnergyVad, FunctionCallTurn, FunctionOutputTurn, MessageTurn
from voicelive.models import ServerEvent, ServerEventResponseTextDelta

from .helpers import DEADLINE, tones


def session(model: str = "gpt-4o", **changes: Any) -> dict[str, Any]:
    """Return a session as it begins, with some settings changed."""
    dialect = dialect_for(model)
    initial = initial_session(session_id="sess_x", model=model, dialect=dialect, expires_at=0)
    return merge_update(initial, changes, initial=initial, dialect=dialect, model=model, locks=Locks())


def message(item_id: str, role: str = "user", text: str = "hi") -> Entry:
    """Return a typed message."""
    content = [{"type": "input_text", "text": text}]
    return Entry({"id": item_id, "type": "message", "role": role, "content": content}, origin="client")


def answer(item_id: str, milliseconds: int = 0) -> Entry:
    """Return a spoken answer."""
    content = [{"type": "audio", "transcript": "well"}]
    entry = Entry({"id": item_id, "type": "message", "role": "assistant", "content": content}, origin="response")
    entry.audio_ms = milliseconds
    return entry


def spoken(item_id: str) -> Entry:
    """Return something the user said."""
    content = [{"type": "input_audio", "transcript": None}]
    payload = {"id": item_id, "type": "message", "role": "user", "content": content}
    return Entry(payload, origin="speech", heard="hello")


def test_ids_have_the_services_shape() -> None:
    """A prefix and at most 22 base-62 characters of a 128-bit number; call ids have a fixed length."""
    for _ in range(200):
        assert re.fullmatch(r"item_[0-9A-Za-z]{1,22}", new_id("item"))
    assert len({new_id("x") for _ in range(1000)}) == 1000
    assert [base62(n) for n in (0, 61, 62, 2**128 - 1)] == ["0", "z", "10", "7n42DGM5Tflk9n8mt7Fhc7"]
    assert re.fullmatch(r"call_[0-9A-Za-z]{24}", new_call_id(24))


def test_the_models_name_decides_the_dialect() -> None:
    """Names with realtime in them are realtime models, all others cascaded, unless one is asked for."""
    assert dialect_for("gpt-4o-realtime-preview").name == "realtime"
    assert dialect_for("gpt-realtime-2") is REALTIME
    assert dialect_for("gpt-4.1") is CASCADED
    assert dialect_for("gpt-realtime", "cascaded") is CASCADED


def test_pacings_have_names() -> None:
    """fast and real are known by name; a value of one's own is taken as it is."""
    own = Pacing(first_output=1.5)
    assert resolve_pacing("fast") is FAST
    assert resolve_pacing("real") is REAL
    assert resolve_pacing(own) is own


def test_an_update_leaves_its_arguments_alone() -> None:
    """Merging gives a new session; the old one and the update are not touched, and share nothing with it."""
    before = session()
    kept = session()
    update = {"tools": [{"type": "function", "name": "f"}]}
    after = merge_update(before, update, initial=kept, dialect=CASCADED, model="gpt-4o", locks=Locks())
    after["tools"][0]["name"] = "g"
    after["turn_detection"]["threshold"] = 0.9

    assert before == kept
    assert update["tools"][0]["name"] == "f"


def test_a_cascaded_conversation_links_what_was_spoken() -> None:
    """Spoken items link to each other, answers to the spoken question, typed turns by the empty string."""
    conversation = Conversation(CASCADED)
    links = [
        conversation.add(entry)
        for entry in (spoken("u1"), answer("a1"), spoken("u2"), answer("a2"), message("t1"), answer("a3"))
    ]

    assert links == [None, "u1", "u1", "u2", "", ""]


def test_a_realtime_conversation_links_everything() -> None:
    """Every item links to the one before."""
    conversation = Conversation(REALTIME)

    assert [conversation.add(e) for e in (spoken("u1"), answer("a1"), message("t1"))] == [None, "u1", "a1"]


def test_stored_sound_is_bounded() -> None:
    """Beyond the limit the oldest items lose their sound, but not their length."""
    conversation = Conversation(CASCADED, max_audio=1000)
    for name in ("a", "b", "c"):
        entry = spoken(name)
        conversation.add(entry)
        conversation.store_audio(entry, bytes(400), 10)

    assert [len(entry.audio) for entry in conversation.entries] == [0, 400, 400]
    assert [entry.audio_ms for entry in conversation.entries] == [10, 10, 10]


def test_a_truncated_answer_leaves_the_context() -> None:
    """After truncation the responder no longer sees the answer's text."""
    conversation = Conversation(CASCADED)
    conversation.add(spoken("u"))
    conversation.add(answer("a", milliseconds=1000))
    assert conversation.seen()[0] == [MessageTurn("user", "hello"), MessageTurn("assistant", "well")]
    conversation.truncate("a", 400)

    assert conversation.seen()[0] == [MessageTurn("user", "hello")]
    with pytest.raises(RefusedError, match="400ms is already shorter than 401ms"):
        conversation.truncate("a", 401)


def test_a_responder_sees_calls_and_their_outputs() -> None:
    """Items of every kind become the turns that a responder knows."""
    conversation = Conversation(CASCADED)
    call = {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}
    output = {"type": "function_call_output", "call_id": "c", "output": "1"}
    for number, item in enumerate((call, output)):
        conversation.add(Entry(item_from_request(item, f"i{number}"), origin="client"))

    assert conversation.seen()[0] == [FunctionCallTurn("c", "f", "{}"), FunctionOutputTurn("c", "1")]


def test_a_responder_sees_the_latest_of_a_long_conversation() -> None:
    """4,000 items, or 512 Ki characters of them, and the last one whatever its length; the user's sound likewise."""

    def add(texts: Iterable[str]) -> None:
        for text in texts:
            item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}
            entry = Entry(item_from_request(item, f"i{len(conversation.entries)}"), origin="client", audio_ms=10)
            conversation.add(entry)

    conversation = Conversation(CASCADED)
    add(str(number) for number in range(5000))
    turns, spoken_ms = conversation.seen()
    assert turns == [MessageTurn("user", str(number)) for number in range(1000, 5000)]
    assert spoken_ms == 40_000

    add("x" * 2**18 for _ in range(3))
    turns, spoken_ms = conversation.seen()
    assert ([len(turn.text) for turn in turns], spoken_ms) == ([2**18] * 2, 20)  # type: ignore[union-attr]

    add(["x" * 2**20])
    assert [len(turn.text) for turn in conversation.seen()[0]] == [2**20]  # type: ignore[union-attr]


def test_turns_are_found_by_the_audios_own_time() -> None:
    """However the audio is cut, the same turns are found at the same times with the same sound."""
    audio = bytes(24000) + tones("one") + tones("two")

    def turns(step: int) -> list[tuple[object, ...]]:
        listener = InputAudio(EnergyVad)
        listener.configure(session())
        found = [event for start in range(0, len(audio), step) for event in listener.feed(audio[start : start + step])]
        return [
            (e.audio_start_ms,) if isinstance(e, TurnStarted) else (e.audio_end_ms, e.duration_ms, e.pcm) for e in found
        ]

    reference = turns(len(audio))
    assert len(reference) == 4
    for step in (320, 4800, 50_002):
        assert turns(step) == reference


def test_an_endless_turn_is_ended() -> None:
    """A turn that voice activity would let go on forever ends when the buffer is full."""
    listener = InputAudio(EnergyVad, max_buffer_s=2)
    listener.configure(session())
    loud = (b"\x00\x40" * 12 + b"\x00\xc0" * 12) * 100
    found = [event for _ in range(50) for event in listener.feed(loud)]

    assert [type(event) for event in found[:2]] == [TurnStarted, Turn]
    ended = found[1]
    assert isinstance(ended, Turn)
    assert 1900 <= ended.duration_ms <= 2200


def test_silence_is_not_collected() -> None:
    """While nobody speaks the buffer keeps the last half minute only."""
    listener = InputAudio(EnergyVad)
    listener.configure(session(input_audio_sampling_rate=8000))
    for _ in range(40):
        listener.feed(bytes(16000))

    assert listener.buffered_ms == 30_000


@pytest.mark.parametrize("name", ["pcm16", "pcm16_8000hz", "g711_alaw"])
def test_sound_is_cut_by_duration(name: str) -> None:
    """200 ms, 300 ms, then 500 ms in every format, however the sound arrives."""
    wire = output_format(name)
    sound = bytes(wire.size(1700))
    pieces = [sound[i : i + 777] for i in range(0, len(sound), 777)]
    chunks = list(chunk_audio(pieces, wire))

    assert [wire.ms(len(chunk)) for chunk in chunks] == [200, 300, 500, 500, 200]
    assert b"".join(chunks) == sound


def test_text_is_cut_like_tokens() -> None:
    """Words, blanks and signs are pieces of their own; empty arguments stay whole."""
    assert tokens("Well, yes.") == ["Well", ",", " ", "yes", "."]
    assert "".join(tokens("a  b\nc")) == "a  b\nc"
    assert argument_pieces("{}") == ["{}"]


def test_usage_adds_up() -> None:
    """Totals are the sums of their parts; an answer given by the client costs no input."""
    usage = estimate_usage(
        instructions="Be brief.",
        context=[MessageTurn("user", "one two")],
        input_audio_ms=2500,
        output_text="three",
        output_audio_ms=1000,
    )
    given = estimate_usage(
        instructions="x", context=[], input_audio_ms=9999, output_text="x", output_audio_ms=0, generated=False
    )

    assert usage["input_token_details"]["text_tokens"] == 5
    assert usage["input_tokens"] == 5 + 25
    assert usage["output_tokens"] == 1 + 20
    assert usage["total_tokens"] == 51
    assert given["input_tokens"] == 0


def test_a_response_takes_what_it_is_not_given_from_the_session() -> None:
    """Settings of response.create go over those of the session, one by one."""
    plan = plan_response(session(instructions="A", voice="alloy"), {"instructions": "B", "tool_choice": "f"})

    assert plan.instructions == "B"
    assert plan.voice_name == "alloy"
    assert plan.tool_choice == {"type": "function", "name": "f"}
    assert plan.max_output_tokens is None
    assert plan.speaks


def test_a_record_forgets_the_oldest_events() -> None:
    """A log keeps to its limits of number and size, and still counts everything."""
    log: EventLog[int] = EventLog(Notifier(), int, max_events=3, max_bytes=100)
    for number in range(5):
        log.add(str(number), 10)
    assert log.events() == [2, 3, 4]
    log.add("5", 85)

    assert log.events() == [4, 5]
    assert log.total == 6


def test_a_record_reads_a_message_once() -> None:
    """Whoever asks again, also after older events were forgotten, gets the same events as before."""
    read = list[str]()

    def note(message: bytes | str) -> list[bytes | str]:
        read.append(str(message))
        return [message]

    log = EventLog(Notifier(), note, max_events=2)
    for message in "abc":
        log.add(message, 1)
    assert read == []  # nobody has asked yet
    first = log.events()
    log.add("d", 1)
    second = log.events()

    assert (first, second) == ([["b"], ["c"]], [["c"], ["d"]])
    assert second[0] is first[1]
    assert read == ["b", "c", "d"]


@pytest.mark.parametrize(("closed", "kept"), [(False, 16), (True, 4)])
def test_many_records_share_the_memory(closed: bool, kept: int) -> None:
    """One session may fill its own limit; with many, each has an equal part, a smaller one once they have ended."""

    def record() -> SessionJournal:
        return SessionJournal(id="s", model="m", query={}, headers={}, credential=None, closed=closed)

    few, many = [record()], [record() for _ in range(8)]
    message = '{"type":"output_audio_buffer.cleared"}'
    for records in (few, many):
        for _ in range(16):
            records[0].sent_events.add(message, 2**20)
        share_memory(records)

    assert len(few[0].sent) == 16
    assert len(many[0].sent) == kept
    assert MAX_FINISHED_BYTES == 64 * 2**20


def test_a_handshake_keeps_no_credentials() -> None:
    """Keys and tokens of query and headers are left out of what is remembered."""
    target = "/voice-live/realtime?api-version=1&model=m&api-key=s3cret&agent-access-token=s3cret"
    headers = {"api-key": "s3cret", "authorization": "Bearer s3cret", "cookie": "s3cret", "x-mine": "1"}
    handshake = read_handshake(target, headers, "s3cret")

    assert "s3cret" not in repr(handshake)
    assert handshake.headers == {"x-mine": "1"}
    assert handshake.credential == "api-key"


def test_a_handshake_checks_the_key_before_it_explains_itself() -> None:
    """Without the key nothing is said about the rest of the query."""
    with pytest.raises(HandshakeRefusedError) as caught:
        read_handshake("/voice-live/realtime", {}, "s3cret")
    assert caught.value.status == 401


async def test_a_slow_client_holds_back_what_is_generated() -> None:
    """Once 4 MiB wait to be sent, drained() waits too, until the client has taken some of it."""
    reading = asyncio.Event()
    taken: list[bytes] = []

    async def transmit(event: ServerEvent, data: bytes) -> None:
        await reading.wait()
        taken.append(data)

    events = EventSender(transmit)
    sender = asyncio.create_task(events.run())
    for _ in range(4):
        await asyncio.wait_for(events.drained(), DEADLINE)
        events.put(
            ServerEventResponseTextDelta(
                response_id="r", item_id="i", output_index=0, content_index=0, delta="x" * 2**20
            )
        )
    # Four of them are a little more than 4 MiB, with the JSON around the text.
    with pytest.raises(asyncio.TimeoutError):
        await asyncio.wait_for(events.drained(), 0.05)
    reading.set()
    await asyncio.wait_for(events.drained(), DEADLINE)
    events.finish()
    await asyncio.wait_for(sender, DEADLINE)
    assert len(taken) == 4


async def test_an_abandoned_iterator_is_closed_after_its_step() -> None:
    """Leaving an iteration in the middle of a step closes the iterator when the step is over, in its thread."""
    entered, gate, closed = threading.Event(), threading.Event(), threading.Event()

    def steps() -> Iterator[int]:
        try:
            yield 1
            entered.set()
            gate.wait(DEADLINE)
            yield 2
        finally:
            closed.set()

    workers = Workers(1)

    async def consume() -> None:
        async for _ in workers.iterate(steps):
            pass

    task = asyncio.create_task(consume())
    assert await asyncio.to_thread(entered.wait, DEADLINE)
    task.cancel()
    await asyncio.wait({task}, timeout=DEADLINE)
    assert task.cancelled()
    assert not closed.is_set()
    gate.set()
    assert await asyncio.to_thread(closed.wait, DEADLINE)
    workers.close()


async def test_an_iterator_runs_only_a_little_ahead() -> None:
    """Of an endless iterator, a few values are taken before anybody asks for them, and in order."""
    taken: list[int] = []

    def steps() -> Iterator[int]:
        for number in count():
            taken.append(number)
            yield number

    workers = Workers(1)
    iteration = workers.iterate(steps)
    for number in range(20):
        assert await anext(iteration) == number
        await workers.run(lambda: None)  # the one thread has nothing else to do now
        assert len(taken) <= number + 9
    await iteration.aclose()
    workers.close()


async def test_an_iterators_error_reaches_the_caller() -> None:
    """What a step raises is raised where the iteration is."""

    def steps() -> Iterator[int]:
        yield 1
        raise RuntimeError("broken")

    workers = Workers(1)
    iteration = workers.iterate(steps)
    assert await anext(iteration) == 1
    with pytest.raises(RuntimeError, match="broken"):
        await anext(iteration)
    workers.close()


async def test_work_that_nobody_waits_for_is_waited_for() -> None:
    """What a cancelled caller has left in a thread counts as unfinished until the thread is done with it."""
    entered, gate = threading.Event(), threading.Event()

    def work() -> None:
        entered.set()
        gate.wait(DEADLINE)

    workers = Workers(1)
    assert not await workers.unfinished()
    task = asyncio.create_task(workers.run(work))
    assert await asyncio.to_thread(entered.wait, DEADLINE)
    task.cancel()
    await asyncio.wait({task}, timeout=DEADLINE)
    waiting = asyncio.create_task(workers.unfinished())
    done, _ = await asyncio.wait({waiting}, timeout=0.05)
    assert not done
    gate.set()
    assert await asyncio.wait_for(waiting, DEADLINE)
    workers.close()

"""Spoken turns: server VAD, manual turns and turns that the client marks out."""

from __future__ import annotations

import base64
from dataclasses import replace

from voicelive.local import Engines, LocalService

from .helpers import Client, Scripted, audio_of, connected, read_tones, tones, types
from .test_text_turns import SPOKEN_ANSWER

VAD_TURN = [
    "input_audio_buffer.speech_started",
    "input_audio_buffer.speech_stopped",
    "input_audio_buffer.committed",
    "conversation.item.input_audio_transcription.completed",
    "conversation.item.created",
    *SPOKEN_ANSWER,
]

MANUAL_TURN = [
    "input_audio_buffer.committed",
    "conversation.item.input_audio_transcription.completed",
    "conversation.item.created",
]


async def test_a_spoken_turn_has_the_recorded_order(client: Client) -> None:
    """Speech with server VAD gives exactly the recorded events, from speech_started to response.done."""
    await client.speak(tones("what time is it"))
    events = await client.collect("response.done")

    assert types(events) == VAD_TURN
    assert read_tones(audio_of(events)) == "You said what time is it"


async def test_a_spoken_turn_is_one_item_throughout(client: Client) -> None:
    """speech_started names the item that the later events are about, and its transcript is there at once."""
    await client.speak(tones("hello"))
    by_type = {event["type"]: event for event in await client.collect("response.created")}

    started = by_type["input_audio_buffer.speech_started"]
    item_id = started["item_id"]
    assert item_id.startswith("item_")
    for name in VAD_TURN[1:4]:
        assert by_type[name]["item_id"] == item_id
    completed = by_type["conversation.item.input_audio_transcription.completed"]
    assert completed["transcript"] == "hello"
    assert completed["content_index"] == 0
    assert by_type["conversation.item.created"]["item"] == {
        "id": item_id,
        "object": "realtime.item",
        "type": "message",
        "status": "completed",
        "role": "user",
        "content": [{"type": "input_audio", "transcript": "hello"}],
    }


async def test_times_are_of_the_audio_and_in_steps_of_32_ms(client: Client) -> None:
    """The first start clamps at 0, later ones count from the first byte; all are multiples of 32."""
    speech = tones("hello", silence_ms=3000)
    await client.append(speech)
    await client.until("response.done")
    await client.append(speech)
    await client.until("response.done")

    starts = [e["audio_start_ms"] for e in client.events if "audio_start_ms" in e]
    stops = [e["audio_end_ms"] for e in client.events if "audio_end_ms" in e]
    assert starts[0] == 0
    length_ms = len(speech) / 48
    assert length_ms - 400 < starts[1] < length_ms
    assert abs(stops[1] - stops[0] - length_ms) <= 64
    assert all(moment % 32 == 0 for moment in starts + stops)


async def test_spoken_items_link_to_each_other_and_answers_to_the_question(client: Client) -> None:
    """previous_item_id: null for the first spoken item, then the spoken item before; an answer's is the question."""
    for _ in range(2):
        await client.speak(tones("hello"))
        await client.until("response.done")

    committed = [e for e in client.events if e["type"] == "input_audio_buffer.committed"]
    created = [e for e in client.events if e["type"] == "conversation.item.created"]
    first, second = (e["item_id"] for e in committed)
    assert [e["previous_item_id"] for e in committed] == [None, first]
    links = [(e["item"]["role"], e["previous_item_id"]) for e in created]
    assert links == [("user", None), ("assistant", first), ("user", first), ("assistant", second)]


async def test_audio_deltas_are_cut_as_the_service_cuts_them(client: Client) -> None:
    """The sound leaves in 200 ms, 300 ms, then 500 ms pieces; the last is the rest."""
    await client.say("a question that is long enough for several pieces of sound")
    await client.send("response.create")
    events = await client.collect("response.done")

    sizes = [len(base64.b64decode(e["delta"])) for e in events if e["type"] == "response.audio.delta"]
    assert sizes[:2] == [9600, 14400]
    assert set(sizes[2:-1]) == {24000}
    assert 0 < sizes[-1] <= 24000


async def test_usage_counts_audio_by_the_second(client: Client) -> None:
    """About 10 tokens a second of speech in and 20 a second out."""
    await client.speak(tones("hello there"))
    events = await client.collect("response.done")

    usage = events[-1]["response"]["usage"]
    out_s = len(audio_of(events)) / 48000
    assert usage["output_token_details"]["audio_tokens"] == int(out_s * 20)
    heard_s = next(e["audio_end_ms"] for e in events if "audio_end_ms" in e) / 1000
    assert usage["input_token_details"]["audio_tokens"] == int(heard_s * 10)
    assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]


async def test_without_create_response_the_client_asks_for_the_answer(client: Client) -> None:
    """create_response false: the turn becomes an item, and nothing follows before response.create."""
    await client.update(turn_detection={"type": "server_vad", "create_response": False})
    await client.speak(tones("hello"))
    await client.until("conversation.item.created")
    await client.send("response.cancel")

    assert (await client.error())["code"] == "response_cancel_not_active"
    await client.send("response.create")
    assert types(await client.collect("response.done")) == SPOKEN_ANSWER


async def test_a_manual_turn_has_the_recorded_order(client: Client) -> None:
    """Without turn detection a commit gives committed, the transcript, the item; an answer only when asked for."""
    await client.update(turn_detection=None)
    await client.speak(tones("hello"))
    await client.send("input_audio_buffer.commit")
    turn = await client.collect("conversation.item.created")
    await client.send("response.create")
    answer = await client.collect("response.done")

    assert types(turn) == MANUAL_TURN
    assert types(answer) == SPOKEN_ANSWER
    assert read_tones(audio_of(answer)) == "You said hello"


async def test_a_manual_turn_may_be_sent_in_one_go(client: Client) -> None:
    """response.create sent right behind the commit waits for the transcript instead of answering without it."""
    await client.update(turn_detection=None)
    await client.speak(tones("hello"))
    await client.send("input_audio_buffer.commit")
    await client.send("response.create")
    events = await client.collect("response.done")

    assert types(events) == [*MANUAL_TURN, *SPOKEN_ANSWER]
    assert read_tones(audio_of(events)) == "You said hello"


async def test_response_create_can_commit(client: Client) -> None:
    """response.create with commit takes the buffer as the question."""
    await client.update(turn_detection=None)
    await client.speak(tones("hello"))
    await client.send("response.create", response={"commit": True})
    events = await client.collect("response.done")

    assert types(events) == [*MANUAL_TURN, *SPOKEN_ANSWER]


async def test_committing_nothing_is_refused_with_the_amount(client: Client) -> None:
    """An empty or too short buffer gives input_audio_buffer_commit_empty, saying what was there."""
    await client.update(turn_detection=None)
    await client.send("input_audio_buffer.commit")
    empty = await client.error()
    await client.append(bytes(4800 - 48))
    await client.send("input_audio_buffer.commit")
    short = await client.error()

    assert empty["code"] == short["code"] == "input_audio_buffer_commit_empty"
    assert empty["message"] == (
        "Error committing input audio buffer: buffer too small. Expected at least 100ms of audio, "
        "but buffer only has 0.00ms of audio."
    )
    assert empty["param"] is None
    assert "only has 99.00ms of audio" in short["message"]


async def test_clearing_the_buffer_forgets_it(client: Client) -> None:
    """input_audio_buffer.clear is confirmed, and nothing is left to commit."""
    await client.update(turn_detection=None)
    await client.speak(tones("hello"))
    await client.send("input_audio_buffer.clear")
    assert (await client.recv())["type"] == "input_audio_buffer.cleared"
    await client.send("input_audio_buffer.commit")

    assert (await client.error())["code"] == "input_audio_buffer_commit_empty"


async def test_turn_detection_can_be_switched_on_again(client: Client) -> None:
    """After manual turns, server VAD finds turns again, timed from the first byte of the session."""
    await client.update(turn_detection=None)
    await client.append(bytes(48000 * 2))
    await client.send("input_audio_buffer.clear")
    await client.recv()
    await client.update(turn_detection={"type": "server_vad"})
    await client.speak(tones("hello"))
    events = await client.collect("response.done")

    assert types(events) == VAD_TURN
    assert 1600 <= events[0]["audio_start_ms"] <= 2048
    assert read_tones(audio_of(events)) == "You said hello"


async def test_without_transcription_the_item_has_no_transcript(client: Client) -> None:
    """input_audio_transcription null hides the transcript from the client, not from the responder."""
    await client.update(input_audio_transcription=None)
    await client.speak(tones("hello"))
    events = await client.collect("response.done")

    assert "conversation.item.input_audio_transcription.completed" not in types(events)
    user = next(e["item"] for e in events if e["type"] == "conversation.item.created")
    assert user["content"] == [{"type": "input_audio", "transcript": None}]
    assert read_tones(audio_of(events)) == "You said hello"


async def test_a_failing_transcriber_is_reported_for_its_item(service: LocalService) -> None:
    """A transcriber that raises gives transcription.failed for the item; the session goes on."""

    class Deaf:
        def transcribe(self, *args: object) -> object:
            raise RuntimeError("no ears")

    engines = replace(Engines.basic(), transcriber=Deaf(), responder=Scripted())  # type: ignore[arg-type]
    async with LocalService(engines=engines) as deaf, connected(deaf) as client:
        await client.speak(tones("hello"))
        events = await client.collect("response.done")

    failed = next(e for e in events if e["type"].endswith("transcription.failed"))
    assert failed["item_id"] == events[0]["item_id"]
    assert failed["error"]["code"] == "server_error"
    assert events[-1]["response"]["status"] == "completed"


async def test_a_marked_turn_is_heard_and_answered(client: Client) -> None:
    """input_audio.turn.start, append and end make a turn apart from the input buffer."""
    audio = tones("hello", silence_ms=0)
    await client.send("input_audio.turn.start", turn_id="t1")
    for start in range(0, len(audio), 9600):
        piece = base64.b64encode(audio[start : start + 9600]).decode()
        await client.send("input_audio.turn.append", turn_id="t1", audio=piece)
    await client.send("input_audio.turn.end", turn_id="t1")
    events = await client.collect("response.done")

    assert types(events) == [*MANUAL_TURN, *SPOKEN_ANSWER]
    assert read_tones(audio_of(events)) == "You said hello"


async def test_a_cancelled_marked_turn_is_forgotten(client: Client) -> None:
    """input_audio.turn.cancel drops the turn: it is unknown from then on."""
    await client.send("input_audio.turn.start", turn_id="t1")
    await client.send("input_audio.turn.cancel", turn_id="t1")
    await client.send("input_audio.turn.end", turn_id="t1")

    error = await client.error()
    assert error["param"] == "turn_id"
    assert "'t1'" in error["message"]


async def test_clearing_all_input_forgets_marked_turns_too(client: Client) -> None:
    """input_audio.clear drops the buffer and every open turn."""
    await client.send("input_audio.turn.start", turn_id="t1")
    await client.send("input_audio.clear")
    assert (await client.recv())["type"] == "input_audio_buffer.cleared"
    await client.send("input_audio.turn.end", turn_id="t1")

    assert (await client.error())["param"] == "turn_id"

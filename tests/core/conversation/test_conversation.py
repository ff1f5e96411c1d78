"""The conversation as a whole: events of the service in, what the connection is to do out."""

from __future__ import annotations

import base64
import json
from itertools import count
from typing import Any

import pytest

from voicelive._base import Model
from voicelive._core.codec import decode_server_event
from voicelive._core.conversation.actions import AskApproval, CancelTools, End, Flush, RunTool, Send, Tell
from voicelive._core.conversation.barge_in import BargeIn
from voicelive._core.conversation.conversation import Conversation
from voicelive._core.conversation.conversation_events import ConversationState
from voicelive._core.conversation.measure import Observed, measure
from voicelive._core.conversation.responses import DOUBT_S
from voicelive.models import ClientEventInputAudioBufferAppend, ClientEventResponseCreate, ConnectionRestored

MS = 48


def event(kind: str, **fields: Any) -> Model:
    return decode_server_event(json.dumps({"type": kind, "event_id": "e", **fields}))


def decode_local(payload: dict[str, Any]) -> Model:
    return ConnectionRestored.model_validate(payload)


def audio(item_id: str, ms: int, response_id: str = "r1") -> Model:
    delta = base64.b64encode(bytes(ms * MS)).decode()
    ids = {"response_id": response_id, "item_id": item_id, "output_index": 0, "content_index": 0}
    return event("response.audio.delta", delta=delta, **ids)


def created(response_id: str = "r1") -> Model:
    return event("response.created", response={"id": response_id, "status": "in_progress", "output": []})


def done(response_id: str = "r1", status: str = "completed", **fields: Any) -> Model:
    return event("response.done", response={"id": response_id, "status": status, "output": [], **fields})


def session(**settings: Any) -> Model:
    return event("session.updated", session={"id": "s", "turn_detection": {"type": "server_vad"}, **settings})


def speech_started(item_id: str = "user") -> Model:
    return event("input_audio_buffer.speech_started", audio_start_ms=0, item_id=item_id)


def called(number: int, response_id: str = "r1", arguments: str = "{}") -> Model:
    ids = {"response_id": response_id, "item_id": f"fc{number}", "output_index": 0, "call_id": f"call_{number}"}
    return event("response.function_call_arguments.done", name="search", arguments=arguments, **ids)


def refusal(code: str, message: str = "no", event_id: str | None = None) -> Model:
    return event(
        "error", error={"type": "invalid_request_error", "code": code, "message": message, "event_id": event_id}
    )


class Call:
    """A conversation, its clock, and what it asked for since the last look."""

    def __init__(self, **options: Any) -> None:
        numbers = count(1)
        self.conversation = Conversation(new_id=lambda: f"own_{next(numbers)}", **options)
        self.now = 0.0

    def __call__(self, *events: Model) -> list[str]:
        for one in events:
            self.now += 0.1
            self.conversation.received(one, self.now)
        return self.asked()

    def asked(self) -> list[str]:
        """What was asked for, as words."""
        words: list[str] = []
        while self.conversation.actions:
            match self.conversation.actions.popleft():
                case Send(event):
                    words.append(_words(event))
                case Flush():
                    words.append("flush")
                case CancelTools():
                    words.append("cancel tools")
                case RunTool(call):
                    words.append(f"run {call.call_id}")
                case AskApproval(approval):
                    words.append(f"ask {approval.request_id}")
                case End(cause):
                    words.append(f"end for {cause}")
                case Tell(told):
                    words.append(str(told.type).removeprefix("voicelive."))
        return [word for word in words if word != "state"]


def _words(sent: Any) -> str:
    assert sent["event_id"].startswith("own_")
    match sent:
        case {"type": "conversation.item.truncate", "item_id": item_id, "audio_end_ms": ms}:
            return f"truncate {item_id} at {ms}"
        case {"type": "conversation.item.create", "item": {"call_id": call_id, "output": output}}:
            return f"output {call_id} {output}"
        case {"type": "conversation.item.create", "item": {"approval_request_id": request_id, "approve": approve}}:
            return f"approve {request_id} {approve}"
        case {"type": kind}:
            return str(kind)
        case _:
            raise AssertionError(sent)


@pytest.fixture
def call() -> Call:
    call = Call(barge_in=BargeIn(), runs_tools=True)
    call(session())
    return call


def test_an_interruption_after_the_response_was_done(call: Call) -> None:
    """Most come then: the player is flushed, the item truncated where it was heard, and told in ms and words."""
    call(created(), audio("a", 1000), done())
    call.conversation.played(300 * MS, call.now)
    assert call(speech_started()) == ["flush", "cancel tools", "interrupted", "truncate a at 300"]


def test_an_interruption_during_the_response(call: Call) -> None:
    """The service cancels by itself; what still comes of it is late, and no second truncation follows."""
    call(created(), audio("a", 1000))
    assert call(speech_started()) == ["flush", "cancel tools", "interrupted", "truncate a at 0"]
    late = audio("a", 100)
    assert call(late, done(status="cancelled"), speech_started("again")) == ["flush", "cancel tools"]
    assert call.conversation.is_late(late)
    assert not call.conversation.is_late(audio("b", 1, "r2"))


@pytest.mark.parametrize(
    ("before", "shows"),
    [
        ([created()], "before the first audio"),
        ([created(), audio("a", 100), done()], "after all was heard"),
        ([], "before anything was answered"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_interruption_that_cuts_nothing_off(call: Call, before: list[Model], shows: str) -> None:
    """Nothing is truncated where nothing was received, or all was heard; a player is flushed all the same."""
    call(*before)
    call.conversation.played(100 * MS, call.now)
    assert call(speech_started()) == ["flush", "cancel tools"]


def test_the_service_truncates_by_itself(call: Call) -> None:
    """With `auto_truncate` no truncation is sent, or it would be cut twice."""
    call(session(turn_detection={"type": "server_vad", "auto_truncate": True}), created(), audio("a", 100))
    assert call(speech_started()) == ["flush", "cancel tools", "interrupted"]


def test_an_avatar_is_told_to_stop(call: Call) -> None:
    """Where the service plays, it is asked to clear its output."""
    call(session(avatar={"character": "lisa", "customized": False}))
    assert call(speech_started()) == ["output_audio_buffer.clear", "cancel tools"]


def test_push_to_talk(call: Call) -> None:
    """Speech is not told there; interrupt() cancels what is in progress and truncates what was not heard."""
    call(session(turn_detection=None), created(), audio("a", 500))
    call.conversation.played(200 * MS, call.now)
    interruption = call.conversation.interrupt(call.now)
    assert interruption is not None
    assert (interruption.heard_ms, interruption.unheard_ms) == (200, 300)
    assert call.asked() == ["flush", "cancel tools", "interrupted", "truncate a at 200", "response.cancel"]
    call(done(status="cancelled"))
    assert call.conversation.interrupt(call.now) is None
    assert call.asked() == ["flush", "cancel tools"]


def test_without_barge_in_nothing_happens_by_itself() -> None:
    """Who sends raw events sees raw behaviour: speech is left to the application, and so are errors and calls."""
    call = Call()
    call(session(), created(), audio("a", 500))
    assert call(speech_started(), called(1)) == []
    error = refusal("response_cancel_not_active")
    assert call.conversation.received(error, call.now)
    transcript = event(
        "conversation.item.input_audio_transcription.completed", item_id="user", content_index=0, transcript=""
    )
    assert call(transcript) == []
    piece = {"item_id": "user", "content_index": 0, "delta": "stop"}
    assert call(event("conversation.item.input_audio_transcription.delta", **piece)) == []
    call.conversation.tick(call.now)
    assert call.conversation.due() is None
    assert call.asked() == []


def test_an_interruption_that_must_last() -> None:
    """`min_speech_ms`: the clock decides, or the end of the speech does."""
    call = Call(barge_in=BargeIn(min_speech_ms=300))
    call(session(), created(), audio("a", 500), done())
    assert call(speech_started()) == []
    due = call.conversation.due()
    assert due is not None
    call.conversation.tick(due)
    assert call.asked() == ["flush", "cancel tools", "interrupted", "truncate a at 0"]


def test_an_interruption_that_must_have_words() -> None:
    """`min_words`: pieces of the transcript count as they come."""
    call = Call(barge_in=BargeIn(min_words=2))
    call(session(), created(), audio("a", 500), done(), speech_started())
    piece = {"item_id": "user", "content_index": 0}
    kind = "conversation.item.input_audio_transcription.delta"
    assert call(event(kind, delta="wait", **piece)) == []
    assert call(event(kind, delta="wait please", **piece)) == [
        "flush", "cancel tools", "interrupted", "truncate a at 0",
    ]  # fmt: skip


def transcribed(text: str, item_id: str = "user") -> Model:
    kind = "conversation.item.input_audio_transcription.completed"
    return event(kind, item_id=item_id, content_index=0, transcript=text)


@pytest.mark.parametrize(
    ("then", "expected"),
    [
        ([transcribed("")], ["resumed"]),
        ([transcribed("stop")], ["truncate a at 200"]),
        ([speech_started("again")], ["truncate a at 200", "flush", "cancel tools"]),
        ([transcribed("", "another")], ["truncate a at 200"]),
    ],
    ids=["no words", "words", "the user speaks again", "another item"],
)
def test_a_false_interruption_may_be_resumed(then: list[Model], expected: list[str]) -> None:
    """With `resume_false` an answer that was whole is truncated only once there are words; else it plays on."""
    call = Call(barge_in=BargeIn(resume_false=True))
    call(session(), created(), audio("a", 500), done())
    call.conversation.played(200 * MS, call.now)
    assert call(speech_started()) == ["flush", "cancel tools", "interrupted"]
    assert call(*then) == expected
    assert call.conversation.meter.call.interruptions == 1


def test_a_response_that_was_cut_short_is_not_resumed() -> None:
    """While it is in progress the service cancels it, so there is nothing to go on with."""
    call = Call(barge_in=BargeIn(resume_false=True))
    call(session(), created(), audio("a", 500))
    assert call(speech_started()) == ["flush", "cancel tools", "interrupted", "truncate a at 0"]
    assert call(transcribed("")) == []
    assert call.conversation.meter.call.false_interruptions == 1


def test_tools_run_and_are_answered(call: Call) -> None:
    """Two parallel calls, of which one fails: an output for each as it ends, one response when all is done."""
    call(created())
    assert call(called(1), called(2), called(2)) == ["tool_started", "run call_1", "tool_started", "run call_2"]
    call.conversation.tool_finished("call_2", '{"error":"no"}', "failed", call.now, duration_ms=5)
    assert call.asked() == ['output call_2 {"error":"no"}', "tool_done"]
    assert call(done()) == []
    call.conversation.tool_finished("call_1", "7", "completed", call.now)
    assert call.asked() == ["output call_1 7", "tool_done", "response.create"]
    assert call(created("r2"), done("r2")) == []


def test_the_user_speaks_while_a_tool_runs(call: Call) -> None:
    """The output goes out; the response is left to the service, which answers the new turn."""
    call(created(), called(1), done(), speech_started(), transcribed("go on"))
    call.conversation.tool_finished("call_1", "7", "completed", call.now)
    assert call.asked() == ["output call_1 7", "tool_done"]


def test_a_response_that_waits_after_tools_is_not_asked_for_in_a_new_turn(call: Call) -> None:
    """The outputs were there, another response was in progress, and the user spoke: the service answers, once."""
    call(created(), called(1), done(), created("r2"))
    call.conversation.tool_finished("call_1", "7", "completed", call.now)
    assert call.asked() == ["output call_1 7", "tool_done"]
    call(speech_started())
    assert call(done("r2", "cancelled")) == []
    assert call(created("r3"), done("r3")) == []


def test_where_the_application_answers_turns_a_tool_has_its_response(call: Call) -> None:
    """Without `create_response` nobody else would ask for it."""
    call(session(turn_detection={"type": "server_vad", "create_response": False}))
    call(created(), called(1), done(), speech_started())
    call.conversation.tool_finished("call_1", "7", "completed", call.now)
    assert call.asked() == ["output call_1 7", "tool_done", "response.create"]


def test_a_session_that_moves_takes_the_calls_along(call: Call) -> None:
    """What waited goes out, and a call's output too; what the old session was asked for is superseded."""
    asked = call.conversation.request({"a": 1}, call.now)
    call(created(), called(1))
    waiting = call.conversation.request({"b": 2}, call.now)
    call.asked()
    assert call(event("voicelive.restored")) == ["response.create", "turn_done"]
    assert asked.outcome is not None
    assert asked.outcome.status.value == "superseded"
    assert waiting.outcome is None
    call.conversation.tool_finished("call_1", "7", "completed", call.now)
    assert call.asked() == ["output call_1 7", "tool_done"]
    assert call(created("r2"), done("r2")) == ["response.create"]


def test_a_planned_move_interrupts_nothing(call: Call) -> None:
    """A session that moves before its time is up loses nothing that was asked for."""
    restored = decode_local({"type": "voicelive.restored", "planned": True})
    ticket = call.conversation.request(None, call.now)
    call(restored, created("r1"), done("r1"))
    assert ticket.outcome is not None
    assert ticket.outcome.status.value == "completed"


def test_a_tool_that_outlives_the_connection(call: Call) -> None:
    """Its output goes nowhere, and that is told."""
    call(created(), called(1))
    ticket = call.conversation.request({"a": 1}, call.now)
    call.asked()
    call.conversation.ended()
    call.asked()
    call.conversation.tool_finished("call_1", "7", "completed", call.now)
    assert call.asked() == ["tool_done"]
    assert ticket.outcome is not None
    assert ticket.outcome.status.value == "superseded"


def test_requests_wait_for_the_response_in_progress(call: Call) -> None:
    """A request goes out when the other's response is done; a refusal whose event is null is not an error."""
    call(created("r1"))
    ticket = call.conversation.request(None, call.now)
    assert call.asked() == []
    assert call(done("r1")) == ["response.create", "turn_done"]
    assert not call.conversation.received(refusal("conversation_already_has_active_response"), call.now)
    assert call(created("theirs")) == []
    assert call(done("theirs")) == ["response.create", "turn_done"]
    call(created("r2"), done("r2", "failed", status_details={"type": "failed", "error": {"message": "busy"}}))
    assert ticket.outcome is not None
    assert ticket.outcome.reason == "busy"


@pytest.mark.parametrize("named", [True, False], ids=["the event is named", "the event is null"])
@pytest.mark.parametrize("is_own", [True, False], ids=["respond()", "a raw response.create"])
def test_a_request_with_a_bad_parameter_ends(call: Call, is_own: bool, named: bool) -> None:
    """The application sees its error, and the next request goes out: at once, or when no response has come."""
    event_id = "theirs"
    ticket = call.conversation.request({"temperature": 9}, call.now) if is_own else None
    if is_own:
        sent = call.conversation.actions.popleft()
        assert isinstance(sent, Send)
        event_id = sent.event["event_id"]
    else:
        call.conversation.sent("response.create", call.now, event_id=event_id)
    call.conversation.request({"b": 2}, call.now)
    assert call.asked() == []
    error = refusal("invalid_value", "out of range", event_id if named else None)
    assert call.conversation.received(error, call.now)
    if not named:
        assert call.asked() == []
        assert call.conversation.due() == call.now + DOUBT_S
        call.conversation.tick(call.now + DOUBT_S)
    assert call.asked() == ["response.create"]
    if ticket is not None:
        assert ticket.outcome is not None
        assert (ticket.outcome.status.value, ticket.outcome.reason) == ("failed", "out of range")


def test_the_clock_is_asked_for_whatever_is_due_first() -> None:
    """Speech that must last, and an error that may have been for a request, each have their time."""
    call = Call(barge_in=BargeIn(min_speech_ms=300))
    call.conversation.request(None, 0.0)
    call.conversation.received(refusal("", "odd"), 1.0)
    assert call.conversation.due() == 1.0 + DOUBT_S
    call.conversation.received(speech_started(), 2.0)
    assert call.conversation.due() == pytest.approx(2.3)


def test_a_refused_cancel_of_interrupt_is_no_error() -> None:
    """The response ended before the cancel arrived; without barge-in, the application's own refusals are its matter."""
    call = Call()
    call(session(), created(), audio("a", 100))
    call.conversation.interrupt(call.now)
    assert "response.cancel" in call.asked()
    call(done())
    assert not call.conversation.received(refusal("response_cancel_not_active"), call.now)
    assert call.conversation.received(refusal("response_cancel_not_active"), call.now)


def test_an_older_refusal_has_no_code(call: Call) -> None:
    """Matched by its words, the request waits all the same."""
    ticket = call.conversation.request({"a": 1}, call.now)
    call.asked()
    text = "Conversation already has an active response in progress: resp_1. Wait until it is finished."
    assert not call.conversation.received(refusal("", text), call.now)
    assert call(created("theirs"), done("theirs")) == ["response.create", "turn_done"]
    assert ticket.outcome is None


@pytest.mark.parametrize(
    ("settings", "expected"),
    [({}, ["truncate late at 0"]), ({"auto_truncate": True}, [])],
    ids=["the client truncates", "the service truncates"],
)
def test_sound_that_comes_only_after_the_interruption(
    call: Call, settings: dict[str, Any], expected: list[str]
) -> None:
    """Interrupted before its first audio, an answer whose sound was on its way is truncated when it has ended."""
    call(session(turn_detection={"type": "server_vad", **settings}), created(), speech_started())
    late = audio("late", 200)
    assert call(late) == []
    assert call.conversation.is_late(late)
    assert call(done(status="cancelled")) == expected


def restored(**fields: Any) -> Model:
    return decode_local({"type": "voicelive.restored", **fields})


def test_a_break_before_the_answer_was_heard(call: Call) -> None:
    """The new session knows the answer as text: what was not heard is taken out of it by new words, or left out."""
    ids = {"response_id": "r1", "item_id": "a", "output_index": 0, "content_index": 0}
    words = event("response.audio_transcript.delta", delta="one two three four", **ids)
    call(created(), words, audio("a", 400), event("response.audio.done", **ids), done())
    call(created("r2"), audio("b", 400, "r2"), event("voicelive.reconnecting", attempt=1))
    call(restored(interrupted_responses=["r2"]))
    call.conversation.played(200 * MS, call.now)
    call.conversation.received(speech_started(), call.now)
    sent = [action.event for action in call.conversation.actions if isinstance(action, Send)]
    assert [one["type"] for one in sent] == ["conversation.item.create", "conversation.item.delete"]
    assert (sent[0]["previous_item_id"], sent[1]["item_id"]) == ("a", "a")
    assert sent[0]["item"]["content"] == [{"type": "text", "text": "one two"}]


def test_nothing_is_asked_for_during_a_break(call: Call) -> None:
    """Requests and tools that end meanwhile have their responses from the next session, one at a time."""
    under_way = call.conversation.request({"a": 1}, call.now)
    call(created(), called(1), event("voicelive.reconnecting", attempt=1))
    assert under_way.outcome is not None
    assert under_way.outcome.status.value == "superseded"
    waiting = call.conversation.request({"b": 2}, call.now)
    call.conversation.tool_finished("call_1", "7", "completed", call.now)
    assert call.conversation.interrupt(call.now) is None
    assert call.asked() == ["output call_1 7", "tool_done", "flush", "cancel tools"]
    assert call(restored()) == ["response.create", "turn_done"]
    assert call(created("r2"), done("r2")) == ["response.create"]
    assert waiting.outcome is not None


def test_refusals_that_are_no_error_to_the_application(call: Call) -> None:
    """Cancelling what has ended, and truncating beyond what the service has, are passed over; others are shown."""
    assert not call.conversation.received(refusal("response_cancel_not_active"), call.now)
    call(created(), audio("a", 1000), done())
    call.conversation.played(900 * MS, call.now)
    call(speech_started())
    text = "Audio content of 815ms is already shorter than 900ms"
    assert not call.conversation.received(refusal("invalid_value", text), call.now)
    assert call.conversation.received(refusal("invalid_value", text), call.now)
    assert call.conversation.ledger.margin_ms == 185
    assert call.conversation.received(refusal("other"), call.now)


def test_the_states_that_an_interface_shows() -> None:
    """Listening, thinking, running a tool, speaking until all is played, listening again; each told once."""
    call = Call(barge_in=BargeIn(), runs_tools=True)
    # A player that reports, from the beginning on.
    call.conversation.played(0, 0.0)
    states: list[str] = []

    def look() -> None:
        told = [action.event for action in call.conversation.actions if isinstance(action, Tell)]
        states.extend(one.state for one in told if isinstance(one, ConversationState))
        call.conversation.actions.clear()

    stopped = event("input_audio_buffer.speech_stopped", audio_end_ms=500, item_id="user")
    for one in (session(), speech_started(), stopped, created(), called(1), done()):
        call.conversation.received(one, 1.0)
        look()
    call.conversation.tool_finished("call_1", "7", "completed", 2.0)
    for one in (created("r2"), audio("a", 100, "r2"), done("r2")):
        call.conversation.received(one, 3.0)
        look()
    call.conversation.played(100 * MS, 4.0)
    look()
    assert states == ["thinking", "tool", "thinking", "speaking", "listening"]
    call.conversation.received(created("r3"), 5.0)
    call.conversation.received(audio("b", 50, "r3"), 5.0)
    call.conversation.received(audio("b", 50, "r3"), 5.0)
    call.conversation.received(done("r3"), 5.0)
    call.conversation.played(50 * MS, 5.1)
    look()
    assert states[5:] == ["thinking", "speaking"], "what was received is still to be played"


def test_words_with_times_and_ends_of_parts_reach_the_ledger(call: Call) -> None:
    """`response.audio_timestamp.delta` makes the heard words exact."""
    ids = {"response_id": "r1", "item_id": "a", "output_index": 0, "content_index": 0}
    call(
        created(),
        event("response.audio_transcript.delta", delta="one two three", **ids),
        audio("a", 300),
        event("response.audio_timestamp.delta", audio_offset_ms=0, audio_duration_ms=250, text="one", **ids),
        event("response.audio.done", **ids),
        event("response.text.delta", delta="x", **ids),
    )
    call.conversation.played(260 * MS, call.now)
    interruption = call.conversation.interrupt(call.now)
    assert interruption is not None
    assert interruption.heard_text == "one"


def test_events_that_cannot_be_read_change_nothing(call: Call) -> None:
    """Missing and oddly typed fields are passed over: nothing raises, nothing is asked for."""
    ids = {"response_id": 7, "item_id": None, "output_index": "x", "content_index": None}
    odd = [
        event("session.updated"),
        event("response.audio.delta", delta=5, **ids),
        event("response.audio_transcript.delta", delta=None, **ids),
        event("response.audio_timestamp.delta", audio_offset_ms="soon", **ids),
        event("response.audio_timestamp.delta", audio_offset_ms=None, audio_duration_ms=None, **ids),
        event("conversation.item.input_audio_transcription.delta", item_id=7),
        event("response.created"),
        event("response.done", response={"id": 7, "status": 8, "status_details": 9, "usage": "much"}),
        event("response.done", response={"status_details": {"type": "incomplete", "reason": 5}}),
        event("input_audio_buffer.speech_stopped"),
        event("error"),
        event("some.new.event"),
        event("voicelive.restored"),
    ]
    assert all(word in ("turn_done",) for word in call(*odd))


def test_the_application_s_own_requests_are_watched(call: Call) -> None:
    """A raw `response.create` holds the queue back; appended audio makes the timeline of the input."""
    call.conversation.sent("response.create", call.now)
    call.conversation.request({"a": 1}, call.now)
    assert call.asked() == []
    call.conversation.sent("input_audio_buffer.append", 1.0, audio_size=4800)
    call.conversation.sent("session.update", 1.0)
    assert call.conversation.timeline.sent_ms == 100


def spoken_call() -> list[Observed]:
    numbers = count()

    def came(one: Model, time: float) -> Observed:
        next(numbers)
        return Observed(time, "in", one)

    said = ClientEventInputAudioBufferAppend(audio=base64.b64encode(bytes(1000 * MS)).decode())
    turns = {"type": "server_vad", "silence_duration_ms": 200}
    return [
        came(event("session.created", session={"id": "s", "turn_detection": turns}), 0.0),
        Observed(10.0, "out", said),
        came(event("input_audio_buffer.speech_stopped", audio_end_ms=1000, item_id="user"), 10.3),
        came(created(), 10.5),
        came(audio("a", 400), 10.9),
        came(done(usage={"input_tokens": 5}), 11.0),
        Observed(20.0, "out", ClientEventResponseCreate()),
        came(created("r2"), 20.2),
    ]


def test_a_recorded_call_is_measured_like_a_live_one() -> None:
    """From events and what a player reported: the silence that ends a turn is not part of the speech."""
    call = measure(spoken_call(), played=[(11.2, "a", 200 * MS), (30.0, "a", 200 * MS)])
    first, second = call.turns
    assert first.endpointing_ms == pytest.approx(500)
    assert first.voice_to_voice_ms == pytest.approx(1400)
    assert first.generated_ms == 400
    assert first.tokens.input == 5
    assert second.thinking_ms == pytest.approx(200)
    assert second.status is None


def test_an_interruption_that_was_told_is_measured() -> None:
    """What the application cut off by itself shows in a list that holds the connection's own events."""
    told = {"type": "voicelive.interrupted", "item_id": "a", "heard_ms": 100}
    events = [
        Observed(0.0, "in", session().to_dict()),
        Observed(0.1, "in", created()),
        Observed(0.2, "in", audio("a", 500)),
    ]
    call = measure(
        [*events, Observed(0.5, "in", told), Observed(0.6, "in", audio("a", 500))], played=[(0.4, None, 100 * MS)]
    )
    assert call.interruptions == 1
    assert (call.turns[0].interrupted, call.turns[0].generated_ms, call.turns[0].heard_ms) == (True, 500, 100)

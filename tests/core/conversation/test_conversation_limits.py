"""What a conversation watches beside its turns: the user's silence, its budget, and calls of MCP servers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from voicelive._base import Model
from voicelive._core.conversation.actions import Tell
from voicelive._core.conversation.barge_in import BargeIn
from voicelive._core.conversation.budget import Budget
from voicelive._core.conversation.tokens import Price

from .test_conversation import MS, Call, audio, called, created, done, event, refusal, session, speech_started

AWAY = 10.0


def stopped(item_id: str = "user") -> Model:
    return event("input_audio_buffer.speech_stopped", audio_end_ms=500, item_id=item_id)


def transcript(text: str) -> Model:
    kind = "conversation.item.input_audio_transcription.completed"
    return event(kind, item_id="user", content_index=0, transcript=text)


def untranscribed() -> Model:
    error = {"type": "server_error", "message": "no"}
    return event("conversation.item.input_audio_transcription.failed", item_id="user", content_index=0, error=error)


def manual() -> Model:
    return session(turn_detection={"type": "server_vad", "create_response": False})


def user_message(item_id: str = "typed") -> Model:
    item = {"id": item_id, "type": "message", "role": "user", "content": []}
    return event("conversation.item.created", item=item)


def approval_asked(number: int = 1) -> Model:
    item = {"type": "mcp_approval_request", "server_label": "shop", "name": "order", "arguments": "{}"}
    return event("conversation.item.created", item={"id": f"mcpr_{number}", **item})


def remote_begun(number: int = 1, response_id: str = "r1") -> Model:
    item = {"id": f"mcp_{number}", "type": "mcp_call", "server_label": "shop", "name": "order", "arguments": ""}
    return event("response.output_item.added", response_id=response_id, output_index=0, item=item)


def remote(kind: str, number: int = 1) -> Model:
    return event(f"response.mcp_call.{kind}", item_id=f"mcp_{number}", output_index=0)


def silent(call: Call) -> float | None:
    """From when the user's silence counts; the clock is the call's."""
    due = call.conversation.due()
    return None if due is None else round(due - AWAY, 3)


def turn_to(call: Call, now: float) -> list[str]:
    """Turn the clock, and return what was asked for."""
    call.now = now
    call.conversation.tick(now)
    return call.asked()


def play(ms: int, at: float) -> Callable[[Call], None]:
    def played(call: Call) -> None:
        call.now = at
        call.conversation.played(ms * MS, at)

    return played


def tool_ends(at: float) -> Callable[[Call], None]:
    def ended(call: Call) -> None:
        call.now = at
        call.conversation.tool_finished("call_1", "1", "completed", at, wants_response=False)

    return ended


Step = Model | Callable[[Call], None]
SILENCES: list[tuple[str, list[Step], float | None]] = [
    # session.updated comes at 0.1 s, and each event 0.1 s after the one before.
    ("a user who never says anything", [], 0.1),
    ("while the user speaks", [speech_started()], None),
    ("speech that is to be answered", [speech_started(), stopped()], None),
    ("a noise", [speech_started(), stopped(), transcript("")], 0.4),
    ("words that are to be answered", [speech_started(), stopped(), transcript("hi"), transcript("")], None),
    ("speech that cannot be transcribed", [speech_started(), stopped(), untranscribed()], 0.4),
    ("speech that the application answers", [manual(), speech_started(), stopped()], 0.4),
    ("an answer is made", [created()], None),
    ("the sound is estimated without a player", [created(), audio("a", 2000), done()], 2.3),
    ("in an answer without sound", [created(), done()], 0.3),
    ("a player that plays", [created(), audio("a", 2000), done(), play(1000, 1.5)], None),
    ("a player that has played all", [created(), audio("a", 2000), done(), play(1000, 1.5), play(1000, 2.6)], 2.6),
    ("played before the response is done", [created(), audio("a", 100), play(100, 1.0), done()], 1.1),
    ("flushed by a noise", [created(), audio("a", 2000), done(), speech_started(), stopped(), transcript("")], 0.7),
    ("a tool runs", [created(), called(1), done()], None),
    ("a tool has ended that wants no answer", [created(), called(1), done(), tool_ends(4.0)], 4.0),
    ("a message is typed", [created(), done(), user_message()], 0.4),
    ("the answer fails", [created(), done(status="failed")], 0.3),
    ("an MCP server works", [created(), remote_begun(), done(), remote("in_progress")], None),
    ("the session moves", [created(), event("voicelive.restored")], 0.3),
]


@pytest.mark.parametrize(("steps", "since"), [row[1:] for row in SILENCES], ids=[row[0] for row in SILENCES])
def test_from_when_the_user_is_silent(steps: list[Step], since: float | None) -> None:
    """From the end of playback, or whatever else it is the user's turn after; not while something is made or played."""
    call = Call(barge_in=BargeIn(), runs_tools=True, user_away=AWAY)
    call(session())
    for step in steps:
        call(step) if isinstance(step, Model) else step(call)
    assert silent(call) == since


def test_a_silent_user_is_told_once_and_counted() -> None:
    """Asking whether they are there makes it the second time; a word of theirs begins the count anew."""
    call = Call(barge_in=BargeIn(), user_away=AWAY)
    call(session())
    assert turn_to(call, 10.0) == []
    call.now = 10.2
    call.conversation.tick(10.2)
    told = [action.event.to_dict() for action in call.conversation.actions if isinstance(action, Tell)]
    assert [one for one in told if one["type"] == "voicelive.user_away"] == [
        {"type": "voicelive.user_away", "silent_ms": 10_000, "count": 1}
    ]
    call.asked()
    assert turn_to(call, 50.0) == []
    call(created(), done())
    assert turn_to(call, 61.0) == ["user_away"]
    assert call.conversation.silence is not None
    call(speech_started(), stopped(), transcript(""))
    assert turn_to(call, 80.0) == ["user_away"]
    call.conversation.ended()
    assert call.conversation.due() is None


def test_the_next_of_several_times_is_due() -> None:
    """Barge-in that waits to be sure, silence and budget share one timer."""
    call = Call(barge_in=BargeIn(min_speech_ms=300), user_away=AWAY, budget=Budget(seconds=100))
    call(session())
    assert call.conversation.due() == pytest.approx(10.1)
    call(speech_started())
    assert call.conversation.due() == pytest.approx(0.5)
    turn_to(call, 0.6)
    assert call.conversation.due() == pytest.approx(80.1)


def test_time_that_is_used_up_ends_the_call() -> None:
    """A warning, then the end; another session does not prolong it."""
    call = Call(budget=Budget(seconds=100))
    call(session())
    assert turn_to(call, 80.2) == ["budget"]
    call.now = 90.0
    call(event("session.created", session={"id": "s2"}))
    assert turn_to(call, 100.0) == []
    assert turn_to(call, 100.2) == ["budget", "end for budget"]
    assert (turn_to(call, 200.0), call.conversation.due()) == ([], None)


def test_tokens_and_money_that_are_used_up_end_the_call() -> None:
    """What a response used is known when it is done."""
    usage = {"input_tokens": 6, "output_tokens": 3, "input_token_details": {"text_tokens": 6}}
    call = Call(budget=Budget(tokens=17, money=100, price=Price(input_text=10_000_000), warn_at=0.5))
    call(session())
    assert call(created(), done(usage=usage)) == ["budget", "budget"]
    assert call(created("r2"), done("r2")) == []
    assert call(created("r3"), done("r3", usage=usage)) == ["budget", "end for budget"]
    assert call.asked() == []


def test_an_mcp_call_is_approved_once() -> None:
    """The request, which the service may repeat, is asked about once, and answered once."""
    call = Call(decides_approvals=True)
    assert call(session(), approval_asked(), approval_asked()) == ["ask mcpr_1"]
    call.conversation.approval_decided("mcpr_1", "approved")
    assert call.asked() == ["approve mcpr_1 True", "mcp_approval"]
    call.conversation.approval_decided("mcpr_1", "declined")
    assert call.asked() == []
    assert call(approval_asked()) == []


@pytest.mark.parametrize("outcome", ["declined", "refused", "timed_out", "failed"])
def test_whatever_else_comes_of_it_is_a_refusal(outcome: Any) -> None:
    """Nothing is allowed that nobody allowed."""
    call = Call(decides_approvals=True)
    call(session(), approval_asked())
    call.conversation.approval_decided("mcpr_1", outcome)
    assert call.asked() == ["approve mcpr_1 False", "mcp_approval"]


def test_a_request_of_a_session_that_is_over_is_not_answered() -> None:
    """The session that follows does not know it; nor does anybody after the end."""
    moved, ended = Call(decides_approvals=True), Call(decides_approvals=True)
    for call in (moved, ended):
        call(session(), approval_asked())
    moved(event("voicelive.restored"))
    ended.conversation.ended()
    for call in (moved, ended):
        call.asked()
        call.conversation.approval_decided("mcpr_1", "approved")
        assert call.asked() == []


def test_approvals_are_the_applications_without_a_function() -> None:
    """Nothing is asked where nothing was given that decides."""
    call = Call(runs_tools=True)
    assert call(session(), approval_asked()) == []


@pytest.mark.parametrize("ending", ["completed", "failed"])
def test_a_response_follows_an_mcp_call(ending: str) -> None:
    """One, although the service may repeat the end of the call, and it belongs to the turn that made the call."""
    call = Call(decides_approvals=True)
    call(session(), created(), remote_begun(), done())
    assert call(remote("in_progress"), remote(ending), remote(ending)) == ["response.create"]
    assert call(created("r2"), done("r2")) == []
    assert [turn.response_ids for turn in call.conversation.meter.turns] == [("r1", "r2")]


def test_one_response_follows_calls_here_and_there() -> None:
    """A function that ran here and a tool of an MCP server, called by one response: the last to end asks."""
    call = Call(runs_tools=True)
    call(session(), created(), called(1), remote_begun(), done())
    assert call(remote("completed")) == []
    call.conversation.tool_finished("call_1", "1", "completed", call.now)
    assert call.asked() == ["output call_1 1", "tool_done", "response.create"]


@pytest.mark.parametrize(
    ("lost", "follows"),
    [(done(status="cancelled"), []), (event("voicelive.restored"), [])],
    ids=["cancelled", "the session moved"],
)
def test_an_mcp_call_that_is_lost_is_not_waited_for(lost: Model, follows: list[str]) -> None:
    """A response that was cancelled, or a session that is over, makes no more of its calls."""
    call = Call(runs_tools=True)
    call(session(), created(), remote_begun())
    assert call(lost) == follows
    assert not call.conversation.calls.is_busy
    assert call(remote("completed")) == []


def test_mcp_calls_are_the_applications_without_tools() -> None:
    """Without tools, the application asks for the response itself."""
    call = Call(barge_in=BargeIn())
    assert call(session(), created(), remote_begun(), done(), remote("in_progress"), remote("completed")) == []


def sends(call: Call, *kinds: str | dict[str, Any]) -> None:
    for kind in kinds:
        item = None if isinstance(kind, str) else kind
        name = kind if isinstance(kind, str) else "conversation.item.create"
        call.now += 0.1
        call.conversation.sent(name, call.now, item=item)
    call.asked()


OUTPUT = {"type": "function_call_output", "call_id": "call_1", "output": "1"}
WORDS = {"type": "message", "role": "user", "content": []}


@pytest.mark.parametrize(
    ("sent", "turns"),
    [
        ([OUTPUT, "response.create"], [("r1", "r2")]),
        ([OUTPUT, WORDS, "response.create"], [("r1",), ("r2",)]),
        ([OUTPUT, "input_audio_buffer.commit", "response.create"], [("r1",), ("r2",)]),
        (["response.create"], [("r1",), ("r2",)]),
    ],
)
def test_a_response_after_tools_run_by_hand_is_of_the_same_turn(
    sent: list[str | dict[str, Any]], turns: list[tuple[str, ...]]
) -> None:
    """Whoever ran them; something new of the user's begins a turn."""
    call = Call()
    call(session(), created(), called(1), done())
    sends(call, *sent)
    call(created("r2"), done("r2"))
    assert [turn.response_ids for turn in call.conversation.meter.turns] == turns
    assert (call.conversation.meter.turns[0].tool_ms is not None) == (OUTPUT in sent)


def test_a_refused_request_after_tools_is_of_the_same_turn() -> None:
    """Sent again, it still belongs to the turn that called."""
    call = Call(runs_tools=True)
    call(session(), created(), called(1), done())
    call.conversation.tool_finished("call_1", "1", "completed", call.now)
    assert call.asked()[-1] == "response.create"
    assert call(refusal("conversation_already_has_active_response")) == []
    assert call(done("other")) == ["response.create"]
    call(created("r2"), done("r2"))
    assert [turn.response_ids for turn in call.conversation.meter.turns] == [("r1", "r2")]

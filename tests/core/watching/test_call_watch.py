"""What becomes known of a call: each response, tool and turn once, whatever the events are like."""

from __future__ import annotations

import json
import random
from collections.abc import Sized
from pathlib import Path
from typing import Any

import pytest

from voicelive._core.closing import CloseInfo
from voicelive._core.codec import decode_server_event
from voicelive._core.envelope import Incoming, Outgoing
from voicelive._core.watching.call_watch import CallWatch
from voicelive._core.watching.facts import CallEnded, ResponseEnded, SessionBegan, ToolEnded, TurnEnded

LINES = (Path(__file__).parents[2] / "data" / "real-payloads.jsonl").read_text(encoding="utf-8").splitlines()
PAYLOADS = [line["payload"] for line in map(json.loads, LINES) if line["direction"] == "server"]
END = CloseInfo(1000, "", "local")


class Call:
    """Shows a watch what it asks for, and keeps the facts."""

    def __init__(self, **arguments: Any) -> None:
        self.watch = CallWatch(**arguments)
        self.shown: list[str] = []
        self.facts: list[Any] = []

    def receive(self, at: float, kind: str, **fields: Any) -> None:
        """Receive an event, as a connection does."""
        self.take({"type": kind, **fields}, at)

    def take(self, payload: Any, at: float) -> None:
        message = Incoming(json.dumps(payload, separators=(",", ":")).encode())
        if message.kind in self.watch.wanted:
            self.shown.append(payload.get("type", "") if isinstance(payload, dict) else "")
            self.watch.received(decode_server_event(message.data), at)
        self._collect()

    def send(self, at: float, kind: str, **fields: Any) -> None:
        """Send an event."""
        self.watch.sent(Outgoing.of({"type": kind, **fields}), at)
        self._collect()

    def end(self, at: float = 100.0) -> None:
        """End the connection."""
        self.watch.ended(END, at)
        self._collect()

    def of(self, kind: type[Any]) -> list[Any]:
        """Return the facts of a kind."""
        return [fact for fact in self.facts if isinstance(fact, kind)]

    def _collect(self) -> None:
        self.facts.extend(self.watch.facts)
        self.watch.facts.clear()


def response(response_id: str | None, status: str = "completed", **fields: Any) -> dict[str, Any]:
    return {"id": response_id, "status": status, "output": [], **fields}


def test_a_session_without_an_id_begins_once() -> None:
    """However often a service tells of a session without saying which; an id that comes later counts from then on."""
    call = Call()
    call.receive(0.0, "session.created", session={})
    call.receive(1.0, "session.updated")
    call.receive(2.0, "session.updated", session={"id": "sess_1"})
    assert [(fact.at, fact.session_id) for fact in call.of(SessionBegan)] == [(0.0, None)]
    assert call.watch.session_id == "sess_1"


@pytest.mark.parametrize("audio", ["response.audio.delta", "response.output_audio.delta"], ids=["dated versions", "v1"])
def test_a_spoken_turn(audio: str) -> None:
    """The response began with the end of the speech; of its pieces only the first ones are looked at."""
    call = Call()
    call.receive(0.0, "session.created", session={"id": "sess_1", "model": "m"})
    call.receive(1.0, "input_audio_buffer.speech_stopped", item_id="item_1", audio_end_ms=900)
    call.receive(1.25, "response.created", response=response("resp_1", "in_progress"))
    for number in range(10):
        at = 1.5 + number / 10
        call.receive(at, audio, response_id="resp_1", item_id="item_2", delta="AAAA")
        call.receive(at, "response.audio_transcript.delta", response_id="resp_1", item_id="item_2", delta="la")
    usage = {"input_tokens": 5, "output_tokens": 7}
    call.receive(3.0, "response.done", response=response("resp_1", usage=usage))
    call.end()
    (done,) = call.of(ResponseEnded)
    assert (done.session_id, done.response_id, done.model) == ("sess_1", "resp_1", "m")
    assert (done.began, done.first_audio, done.first_text, done.ended) == (1.0, 1.5, 1.5, 3.0)
    assert (done.tokens.input, done.tokens.output, done.finish) == (5, 7, "stop")
    assert [kind for kind in call.shown if "delta" in kind] == [audio, "response.audio_transcript.delta"]
    (turn,) = call.of(TurnEnded)
    assert (turn.turn.number, turn.turn.first_audio_ms) == (1, 250)
    assert [type(fact) for fact in call.facts] == [SessionBegan, ResponseEnded, TurnEnded, CallEnded]


def test_audio_is_counted_where_it_is_wanted() -> None:
    """Then every piece of sound is looked at, and the bytes are exact."""
    call = Call(counts_audio=True)
    call.receive(0.0, "response.created", response=response("resp_1", "in_progress"))
    for text in ("AAAA", "AAA=", "AA=="):
        call.receive(1.0, "response.audio.delta", response_id="resp_1", item_id="item_1", delta=text)
    call.end()
    assert call.of(CallEnded)[0].audio_received == 3 + 2 + 1


def test_tools_of_the_service() -> None:
    """A tool that the service runs is a tool too, by the name that its item has."""
    call = Call()
    call.receive(0.0, "response.created", response=response("resp_1", "in_progress"))
    item = {"id": "mcp_1", "type": "mcp_call", "name": "search", "server_label": "docs"}
    call.receive(0.1, "response.output_item.added", response_id="resp_1", item=item)
    call.receive(0.2, "response.mcp_call.in_progress", item_id="mcp_1")
    call.receive(0.9, "response.mcp_call.failed", item_id="mcp_1")
    (tool,) = call.of(ToolEnded)
    assert (tool.name, tool.is_remote, tool.began, tool.ended, tool.outcome) == ("search", True, 0.2, 0.9, "failed")


def test_a_request_is_where_a_response_begins() -> None:
    """A response that was asked for began when it was, even if the user had spoken before."""
    call = Call()
    call.receive(1.0, "input_audio_buffer.speech_stopped", item_id="item_1", audio_end_ms=900)
    call.send(5.0, "response.create")
    call.receive(5.5, "response.created", response=response("resp_1", "in_progress"))
    call.receive(6.0, "response.done", response=response("resp_1"))
    call.receive(7.0, "response.created", response=response("resp_2", "in_progress"))
    call.receive(8.0, "response.done", response=response("resp_2"))
    assert [done.began for done in call.of(ResponseEnded)] == [5.0, 7.0]


def test_an_answer_that_is_spoken_over_counts_once() -> None:
    """By the service's word or by that of the conversation, whichever comes first."""
    from voicelive.models import ConversationInterrupted

    call = Call()
    call.receive(0.0, "response.created", response=response("resp_1", "in_progress"))
    call.watch.told(ConversationInterrupted(response_id="resp_1"), 0.5)
    details = {"type": "cancelled", "reason": "turn_detected"}
    call.receive(1.0, "response.done", response=response("resp_1", "cancelled", status_details=details))
    call.receive(2.0, "response.created", response=response("resp_2", "in_progress"))
    call.receive(3.0, "response.done", response=response("resp_2", "cancelled", status_details=details))
    call.end()
    assert call.of(CallEnded)[0].interruptions == 2


def test_what_is_under_way_is_bounded() -> None:
    """A service that begins thousands of responses and calls without ending any costs no memory; each is ended."""
    call = Call(content=True)
    for number in range(1000):
        call.receive(number, "response.created", response=response(f"resp_{number}", "in_progress"))
        item = {"id": f"item_{number}", "call_id": f"call_{number}", "type": "function_call", "name": "f"}
        call.receive(number, "response.output_item.added", response_id="r", item=item)
        call.receive(
            number, "response.function_call_arguments.done", call_id=f"call_{number}", arguments="{}", item_id="i"
        )
        text = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "again"}]}
        call.send(number, "conversation.item.create", item=text)
    watch = call.watch
    held: list[Sized] = [watch._responses, watch._tools, watch._names, watch._user, watch._spoken_over]
    assert [len(one) <= 64 for one in held] == [True] * 5
    call.end(2000.0)
    assert len(call.of(ResponseEnded)) == len(call.of(ToolEnded)) == 1000
    assert {fact.response_id for fact in call.of(ResponseEnded)} == {f"resp_{number}" for number in range(1000)}
    assert {fact.status for fact in call.of(ResponseEnded)} == {"lost"}
    assert {fact.name for fact in call.of(ToolEnded)} == {"f"}


def test_the_end_counts_once() -> None:
    """What comes after it is not looked at."""
    call = Call()
    call.end(1.0)
    call.end(2.0)
    assert [fact.at for fact in call.facts] == [1.0]
    assert call.watch.wanted == frozenset()


@pytest.mark.parametrize("content", [False, True])
def test_recorded_sessions(content: bool) -> None:
    """Of everything that the real service sent, each response that began has ended once when the call has."""
    call = Call(content=content, counts_audio=content)
    for number, payload in enumerate(PAYLOADS):
        call.take(payload, number / 10)
    call.end(len(PAYLOADS))
    begun = {one["response"]["id"] for one in PAYLOADS if one.get("type") == "response.created"}
    ended = [fact.response_id for fact in call.of(ResponseEnded)]
    assert begun <= set(ended)
    assert len(ended) >= len(begun)


@pytest.mark.parametrize("seed", range(20))
def test_events_that_are_not_as_they_should_be(seed: int) -> None:
    """Values of any kind anywhere, fields missing, events out of order and of unknown types: no fact is impossible."""
    draw = random.Random(seed)
    call = Call(content=True, counts_audio=True)
    odd: list[Any] = [None, 7, "", "x" * 500, [], [None], {}, {"id": 1}, True, 1e300]
    for number in range(600):
        payload: Any = dict(draw.choice(PAYLOADS))
        for name in draw.sample(sorted(payload), k=min(len(payload), draw.randrange(3))):
            if name != "type":
                payload[name] = draw.choice(odd)
        if draw.random() < 0.1:
            payload["type"] = draw.choice(["voicelive.restored", "voicelive.reconnecting", "of.another.world"])
        if draw.random() < 0.1:
            call.send(number, "conversation.item.create", item=draw.choice(odd))
        call.take(payload, float(number))
    call.end(600.0)
    for fact in (*call.of(ResponseEnded), *call.of(ToolEnded)):
        assert 0 <= fact.began <= fact.ended <= 600
    assert isinstance(call.facts[-1], CallEnded)
    numbers = [fact.turn.number for fact in call.of(TurnEnded)]
    assert numbers == sorted(set(numbers))

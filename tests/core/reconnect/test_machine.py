"""Connections that break: a story each, from what happens to what is done, sent and told."""

from __future__ import annotations

from typing import Any

import pytest

from voicelive import ReconnectPolicy
from voicelive._core.closing import CloseInfo
from voicelive._core.envelope import Incoming, Outgoing
from voicelive._core.reconnect.link_actions import Action
from voicelive._core.reconnect.machine import Close, GiveUp, Open, SendFull, SendLater, SendNow

from .scripted import DROPPED, REFUSED, WALL, Scripted, encoded, item, sound, written

UPDATE = {"voice": "x"}


def talked(**options: Any) -> Scripted:
    """Return a session of some turns, in which all is confirmed, and which the application has received."""
    story = Scripted(**options)
    story.begin(1, "s1")
    story.send("session.update", session=UPDATE)
    story.get(1, "session.updated", session=UPDATE)
    story.send("conversation.item.create", item=item("a"))
    story.get(1, "conversation.item.created", item=item("a"))
    story.told()
    return story


@pytest.mark.parametrize("code", [1001, 1005, 1006, 1011, 1012, 1013, 1014])
def test_a_recoverable_end(code: int) -> None:
    """The application is told, the next link is opened after the wait, restored, and the application is told again."""
    story = talked(draw=0.5)
    story.at(30)
    story.end(1, CloseInfo(code, "why", "server"))
    assert story.actions() == [Open(2, 30.25)]
    (told,) = story.told()
    assert told["type"] == "voicelive.reconnecting"
    assert (told["attempt"], told["delay_ms"], told["code"], told["session_id"]) == (1, 250, code, "s1")
    assert told["reason"].startswith(f"{code} (")
    assert told["reason"].endswith("): why")
    story.at(31)
    assert [event["type"] for event in story.restore(2)] == ["session.update", "conversation.item.create"]
    (told,) = story.told()
    assert told == {
        "type": "voicelive.restored",
        "session_id": "s2",
        "previous_session_id": "s1",
        "planned": False,
        "attempts": 1,
        "downtime_ms": 1000,
        "replayed_items": 1,
        "not_carried_over": [],
        "dropped_items": 0,
        "interrupted_responses": [],
        "completed_items": [],
        "unanswered_requests": 0,
        "applied_truncations": 0,
        "queued_events": 0,
        "dropped_audio_bytes": 0,
        "lost_audio_bytes": 0,
    }
    assert story.line.final is None
    assert story.over(2) == []
    assert not story.line.is_restoring(2)
    assert story.line.due(31) is None


@pytest.mark.parametrize("info", [REFUSED, CloseInfo(1000, "", "server"), CloseInfo(1009, "", "server", "too big")])
def test_a_final_end(info: CloseInfo) -> None:
    """What connecting again cannot help ends the connection, as without a policy."""
    story = talked()
    story.get(1, "response.created", response={"id": "r"})
    story.end(1, info)
    assert story.line.final == info
    assert story.actions() == []
    # What came before is still received.
    assert story.kinds() == ["response.created"]
    assert story.line.due(0) is None
    story.at(1000)
    story.end(1)
    story.get(1, "late")
    assert story.line.final == info
    assert story.told() == []


def test_attempts_wait_longer_and_longer() -> None:
    """Each failed attempt is told with its reason; the waits double; retry_after is a lower bound."""
    story = talked()
    story.end(1)
    for reason, retry_after in (("one", None), ("two", 3.0), ("three", None), ("four", None)):
        (opening,) = story.actions()
        assert isinstance(opening, Open)
        story.fail(opening.link, reason, retry_after=retry_after)
    told = story.told()
    assert [event["delay_ms"] for event in told] == [500, 1000, 3000, 4000, 8000]
    assert [event["attempt"] for event in told] == [1, 2, 3, 4, 5]
    assert [event["reason"] for event in told[1:]] == ["one", "two", "three", "four"]
    assert {event["code"] for event in told[1:]} == {None}
    assert {event["session_id"] for event in told} == {"s1"}
    story.at(20)
    story.restore(6)
    (restored,) = story.told()
    assert (restored["attempts"], restored["downtime_ms"]) == (5, 20_000)


def test_the_budget_of_all_connections_is_kept() -> None:
    """A link is opened when the budget allows it, and the application is told how long that takes."""

    def reserve(at: float) -> float:
        return at + 45

    story = talked(reserve=reserve)
    story.end(1)
    assert story.actions() == [Open(2, 45.5)]
    assert story.told()[0]["delay_ms"] == 45_500


def test_a_connection_that_breaks_at_once_goes_on_waiting_longer() -> None:
    """A session that is restored and ends again and again is no reason to open connections without a pause."""
    story = talked()
    delays: list[int] = []
    for number in (1, 2, 3, 4):
        story.end(number)
        delays.append(story.told()[0]["delay_ms"])
        story.restore(number + 1)
        story.over(number + 1)
        story.told()
    assert delays == [500, 1000, 2000, 4000]
    story.at(story.now + 10)
    story.end(5)
    assert story.told()[0]["delay_ms"] == 500


@pytest.mark.parametrize("by", ["failure", "end"])
def test_an_attempt_that_fails_for_good(by: str) -> None:
    """An attempt that cannot succeed later either, e.g. a key that is not valid any more, ends it all."""
    story = talked()
    story.end(1, CloseInfo(1001, "bye", "server"))
    story.later("response.create")
    story.told()
    if by == "failure":
        story.fail(2, "401", recoverable=False)
        reason = "attempt 1 failed for good: 401"
    else:
        story.line.opened(2, 0)
        story.end(2, REFUSED)
        reason = (
            "attempt 1 failed for good: the service ended the new connection: 1008 (refused by the service's policy) no"
        )
    assert story.told() == [{"type": "voicelive.gave_up", "attempts": 1, "reason": reason, "unsent_events": 1}]
    final = story.line.final
    assert final == CloseInfo(1001, f"bye; {reason}", "server")
    assert final is not None
    assert final.cause == "reconnect"
    assert not story.line.opened(2, 0)
    assert story.line.due(0) is None


@pytest.mark.parametrize(("fails", "text"), [(False, ""), (True, "; the last attempt: busy")])
@pytest.mark.parametrize("opened", [False, True])
def test_the_deadline(fails: bool, text: str, opened: bool) -> None:
    """An interruption that outlasts the deadline ends the connection; a link that is half restored is closed."""
    story = talked(policy=ReconnectPolicy(deadline=15))
    story.end(1)
    if fails:
        story.fail(2)
    link = 3 if fails else 2
    if opened:
        story.line.opened(link, 0)
    story.actions()
    story.told()
    story.at(14.9)
    assert story.told() == []
    story.at(15)
    (told,) = story.told()
    assert told["type"] == "voicelive.gave_up"
    assert told["reason"] == f"no session within 15 s (deadline){text}"
    assert story.actions() == ([Close(link)] if opened else [])
    assert not story.line.opened(link, 16)
    story.fail(link)
    assert story.told() == []


def test_a_session_that_is_not_restored_in_time() -> None:
    """A link over which the session is not restored within restore_timeout is closed, and the next one is tried."""
    story = talked()
    story.end(1)
    story.actions()
    story.at(1)
    assert story.line.opened(2, 1)
    assert story.line.due(1) == 21
    story.at(20.9)
    assert story.actions() == []
    story.at(21)
    assert story.actions() == [Close(2), Open(3, 22)]
    assert story.told()[-1]["reason"] == "the new session was not restored within 20 s (restore_timeout)"
    # What the old link still says is nobody's concern.
    story.begin(2, "late")
    story.end(2)
    assert story.over(2) == []
    assert story.actions() == []


def test_a_new_connection_that_breaks_is_an_attempt_that_failed() -> None:
    """A link that ends before the session is restored counts as a failed attempt."""
    story = talked()
    story.end(1)
    story.line.opened(2, 0)
    story.told()
    story.end(2)
    (told,) = story.told()
    assert told["attempt"] == 2
    assert told["reason"].startswith("the service ended the new connection: 1006")


def test_what_is_sent_meanwhile_follows_once_and_in_order() -> None:
    """Control events are kept and sent after the restoration; audio is dropped and counted; nothing overtakes."""
    story = talked()
    story.end(1)
    story.later("conversation.item.create", item={"type": "message"})
    story.later("input_audio_buffer.append", audio=sound(20))
    story.later("response.create")
    replayed = story.restore(2)
    assert [event["type"] for event in replayed] == ["session.update", "conversation.item.create"]
    told = story.told()[-1]
    assert (told["queued_events"], told["dropped_audio_bytes"]) == (2, 960)
    # While these follow, what is sent waits behind them, audio too.
    story.later("input_audio_buffer.append", audio=sound(20))
    story.later("input_audio_buffer.commit")
    assert story.line.is_restoring(2)
    assert story.over(2) == [
        {"type": "conversation.item.create", "item": {"id": "item_1", "type": "message"}},
        {"type": "response.create"},
        {"type": "input_audio_buffer.append", "audio": sound(20)},
        {"type": "input_audio_buffer.commit"},
    ]
    assert isinstance(story.decide("response.cancel"), SendNow)


def test_the_bound_of_what_is_kept() -> None:
    """Past max_queued_bytes an event is refused to its sender; audio never is."""
    story = talked(policy=ReconnectPolicy(max_queued_bytes=30))
    story.end(1)
    story.later("response.create")
    assert isinstance(story.decide("response.create"), SendFull)
    story.later("input_audio_buffer.append", audio=sound(1))


def test_an_update_of_the_interruption_follows_the_ones_before() -> None:
    """A setting changed meanwhile is sent after the restoration, and the one after that has it as its own."""
    story = talked()
    story.end(1)
    story.later("session.update", session={"voice": "y"})
    assert story.restore(2)[0]["session"] == {"voice": "x"}
    assert story.over(2) == [{"type": "session.update", "session": {"voice": "y"}}]
    story.get(2, "session.updated", session={"voice": "y"})
    story.end(2)
    assert story.restore(3)[0]["session"] == {"voice": "y"}


def test_what_was_under_way_is_reported() -> None:
    """Answers, requests, audio, truncations and what is not known any more are told with the restoration."""
    story = talked()
    story.get(1, "input_audio_buffer.committed", item_id="u")
    story.get(1, "response.created", response={"id": "r"})
    story.get(1, "response.output_item.added", item={"id": "x", "type": "message", "role": "assistant"})
    story.reply(1, "y", "one two three four")
    story.get(1, "response.audio.delta", response_id="r", item_id="y", delta=sound(1000))
    story.get(1, "response.audio.delta", event_id="e" * 300, item_id="y", delta=sound(1000))
    story.get(1, "response.audio.delta", delta=sound(1000))
    story.send("response.create")
    story.send("session.avatar.connect", client_sdp="...")
    story.send("input_audio_buffer.append", audio=sound(20))
    story.end(1)
    story.later("conversation.item.truncate", item_id="y", content_index=0, audio_end_ms=1200)
    story.later("conversation.item.truncate", item_id="a", content_index=0, audio_end_ms=600)
    replayed = story.restore(2)
    assert replayed[-1]["item"]["content"] == [{"type": "text", "text": "one two"}]
    told = story.told()[-1]
    assert told["interrupted_responses"] == ["r"]
    assert (told["unanswered_requests"], told["lost_audio_bytes"], told["applied_truncations"]) == (1, 960, 1)
    assert told["not_carried_over"] == [
        {"type": "message", "item_id": "u", "reason": "what was said is not known: it was not transcribed"},
        {"type": "message", "item_id": "x", "reason": "it was not finished"},
        {"type": "avatar", "item_id": None, "reason": "it belongs to one connection: set it up again"},
    ]
    # The truncation of what cannot be truncated is left to the service to refuse.
    assert [event["item_id"] for event in story.over(2)] == ["a"]


def test_an_interruption_is_reported_once() -> None:
    """The next interruption starts with clean counts."""
    story = talked()
    story.send("response.create")
    story.send("rtc.call.sdp.create")
    story.end(1)
    story.later("input_audio_buffer.append", audio=sound(20))
    story.restore(2)
    story.over(2)
    story.end(2)
    story.restore(3, "s3")
    told = story.told()[-1]
    assert told["not_carried_over"] == []
    assert (told["unanswered_requests"], told["dropped_audio_bytes"], told["previous_session_id"]) == (0, 0, "s2")


def test_a_truncation_while_it_is_restored_is_caught_up_with() -> None:
    """A truncation that comes after the answer was replayed replaces it before the session counts as restored."""
    story = talked()
    story.reply(1, "y", "one two")
    story.end(1)
    story.line.opened(2, 0)
    story.begin(2, "s2")
    replayed = story.over(2)
    story.later("conversation.item.truncate", item_id="y", content_index=0, audio_end_ms=0)
    story.told()
    story.answer(2, replayed)
    assert story.told() == []
    more = story.over(2)
    assert [(event["type"], event["item_id"]) for event in more] == [("conversation.item.delete", "y")]
    story.answer(2, more)
    (told,) = story.told()
    assert (told["replayed_items"], told["applied_truncations"]) == (1, 1)


def failing(story: Scripted, ended_first: bool, outgoing: SendNow) -> bool:
    """Let a send fail while its link dies, before or after the end of the link is known."""
    if ended_first:
        story.end(outgoing.link)
    kept = story.line.unsent(outgoing, story.now)
    if not ended_first:
        story.end(outgoing.link)
    return kept


@pytest.mark.parametrize("ended_first", [False, True])
@pytest.mark.parametrize(
    ("event", "replayed", "queued", "requests"),
    [
        ({"type": "conversation.item.create", "item": item("b")}, ["a", "b"], 0, 0),
        ({"type": "conversation.item.delete", "item_id": "a"}, [], 0, 0),
        ({"type": "session.update", "session": {"voice": "y"}}, ["a"], 0, 0),
        ({"type": "response.create"}, ["a"], 0, 1),
        ({"type": "input_audio_buffer.commit"}, ["a"], 1, 0),
    ],
)
def test_a_send_that_fails_while_the_link_dies(
    event: dict[str, Any], replayed: list[str], queued: int, requests: int, ended_first: bool
) -> None:
    """It is sent again after the restoration, is part of it, or is reported: one of these, never two, never none."""
    story = talked()
    outgoing = story.put(**{"kind" if name == "type" else name: value for name, value in event.items()})
    assert failing(story, ended_first, outgoing)
    events = story.restore(2)
    told = story.told()[-1]
    follow = story.over(2)
    if ended_first:
        assert [sent["item"]["id"] for sent in events if "item" in sent] == replayed
        assert (told["queued_events"], told["unanswered_requests"]) == (queued, requests)
    else:
        # Nothing is known of it but that it did not go out.
        assert [sent["item"]["id"] for sent in events if "item" in sent] == ["a"]
        assert (told["queued_events"], told["unanswered_requests"]) == (1, 0)
    everything = [{name: value for name, value in sent.items() if name != "event_id"} for sent in (*events, *follow)]
    if event["type"] not in ("response.create", "conversation.item.delete"):
        assert everything.count(event) == 1


def test_audio_that_fails_to_go_out_is_dropped() -> None:
    """Audio on its way over a link that dies is stale afterwards."""
    story = talked()
    outgoing = story.put("input_audio_buffer.append", audio=sound(20))
    assert failing(story, False, outgoing)
    story.restore(2)
    assert story.told()[-1]["dropped_audio_bytes"] == 960
    assert story.over(2) == []


def test_a_truncation_that_fails_to_go_out_is_applied() -> None:
    """A truncation on its way over a link that dies cuts what is replayed."""
    story = talked()
    story.reply(1, "y", "one two")
    outgoing = story.put("conversation.item.truncate", item_id="y", content_index=0, audio_end_ms=0)
    assert failing(story, False, outgoing)
    assert [event["item"]["id"] for event in story.restore(2) if "item" in event] == ["a"]
    assert story.told()[-1]["applied_truncations"] == 1
    assert story.over(2) == []


def test_a_send_that_fails_and_cannot_be_kept_is_its_senders() -> None:
    """Where there is no room for an event that did not go out, its sender learns of it."""
    story = talked(policy=ReconnectPolicy(max_queued_bytes=0))
    assert not failing(story, False, story.put("response.create"))


def test_a_link_that_dies_while_the_kept_events_follow() -> None:
    """What had followed is not sent again, what had not follows on the next link, in order, before what came later."""
    story = talked()
    story.end(1)
    for number in range(4):
        story.later("input_text.delta", id="t", text=str(number))
    story.restore(2)
    first = story.line.next_to_send(2, 0)
    assert first is not None
    story.line.sent(first, 0)
    second = story.line.next_to_send(2, 0)
    assert second is not None
    story.later("input_audio_buffer.append", audio=sound(20))
    story.end(2)
    story.later("input_text.delta", id="t", text="4")
    # The send still hangs, so nobody knows yet who sends it: the next session waits for that.
    story.restore(3, "s3")
    assert story.kinds()[-1] == "voicelive.reconnecting"
    assert story.line.unsent(second, 0)
    told = story.told()[-1]
    assert (told["type"], told["queued_events"], told["dropped_audio_bytes"]) == ("voicelive.restored", 4, 960)
    assert [event["text"] for event in story.over(3)] == ["1", "2", "3", "4"]


def test_own_messages_that_fail_are_made_anew() -> None:
    """What restores a session is not kept for the next: that is restored from the start."""
    story = talked()
    story.end(1)
    story.line.opened(2, 0)
    outgoing = story.line.next_to_send(2, 0)
    assert outgoing is not None
    assert outgoing.own
    assert story.line.unsent(outgoing, 0)
    story.end(2)
    assert [event["type"] for event in story.restore(3)] == ["session.update", "conversation.item.create"]
    assert story.over(3) == []


def test_a_final_end_while_events_wait() -> None:
    """Events that waited for a connection that ends for good are reported."""
    story = talked()
    story.end(1)
    story.later("response.create")
    story.restore(2)
    story.told()
    story.end(2, REFUSED)
    assert story.told() == [
        {"type": "voicelive.gave_up", "reason": "1008 (refused by the service's policy): no", "unsent_events": 1}
    ]
    assert story.line.final == REFUSED


def test_what_else_the_new_session_says_comes_after_the_restoration() -> None:
    """Answers to the replay are not the application's; all else reaches it, in order, after voicelive.restored."""
    story = talked(nested=True)
    story.end(1)
    story.line.opened(2, 0)
    story.told()
    story.begin(2, "s2")
    story.get(2, "rate_limits.updated")
    replayed = story.over(2)
    story.get(2, "session.updated", session={})
    story.get(2, "response.created", response={"id": "greeting"})
    story.get(2, "conversation.item.added", item=replayed[1]["item"])
    assert story.kinds() == ["voicelive.restored", "rate_limits.updated", "response.created"]
    # That a replayed item is done is no news either; of others it is.
    story.get(2, "conversation.item.done", item=item("b"))
    story.get(2, "odd", text="conversation.item.done", quoted=["conversation.item.done"])
    story.get(2, "conversation.item.done", item=item("a"))
    assert [event["item"]["id"] for event in story.told() if "item" in event] == ["b"]
    # What was held counts as under way.
    story.end(2)
    story.restore(3)
    assert story.told()[-1]["interrupted_responses"] == ["greeting"]


def test_refused_replays_are_reported() -> None:
    """What the new session refuses is named, and the session goes on without it."""
    story = talked()
    story.end(1)
    story.line.opened(2, 0)
    story.begin(2, "s2")
    replayed = story.over(2)
    story.get(2, "session.updated", session={})
    story.get(2, "error", error={"message": "no", "event_id": replayed[1]["event_id"]})
    told = story.told()[-1]
    assert told["replayed_items"] == 0
    assert told["not_carried_over"] == [
        {"type": "conversation.item.create", "item_id": "a", "reason": "refused by the service: no"}
    ]


def test_half_a_surrogate_pair_is_replayed() -> None:
    """Text that JSON allows and UTF-8 does not comes back as it was."""
    story = talked()
    story.get(1, "conversation.item.created", item=item("b", "\ud83d"))
    story.end(1)
    assert story.restore(2)[-1]["item"]["content"][0]["text"] == "\ud83d"


DIGITS = b"9" * 400
AUDIO_DELTA = b'{"type":"response.audio.delta","item_id":"%b","delta":"' + b"AAAA" * 100 + b'"}'
ODD = [
    *(b"no json", b"[1]", b"[" * 9999, b'{"type":"x","session":5}', b"{}"),
    *(AUDIO_DELTA % item_id for item_id in (b"\xff\xfe", b"\xed\xa0\xbd", b"\\ud83d", b"\\", b'"', b"")),
    *(
        b'{"type":"session.updated","session":{"expires_at":%b}}' % end
        for end in (DIGITS, DIGITS * 20, b"-" + DIGITS, b"1e999", b"NaN", b"Infinity", b"true", b"[]")
    ),
    *(
        b'{"type":"conversation.item.truncated","item_id":"y","audio_end_ms":%b}' % end
        for end in (DIGITS, DIGITS * 20, b"NaN", b"Infinity", b"{}")
    ),
    b'{"type":"conversation.item.created","item":{"id":"odd","type":["x"],"role":{},"content":[{"type":[]},5]}}',
    b'{"type":"response.created","response":{"id":["r"],"conversation_id":{}}}',
    b'{"type":"response.done","response":{"id":"r","conversation_id":null,"output":[5,{"id":[]}]}}',
    b'{"type":"error","error":{"code":["x"],"param":{},"event_id":[]}}',
    b'{"type":"\xff"}',
    b'{"type":"response.text.done","item_id":"y","content_index":%b,"text":"x"}' % DIGITS,
    b'{"type":"x","a":' + b'{"a":' * 500 + b'"\\ud83d"' + b"}" * 501,
]


@pytest.mark.parametrize("data", ODD, ids=range(len(ODD)))
def test_odd_messages_reach_the_application(data: bytes) -> None:
    """What cannot be read is passed on, before and after a restoration."""
    story = talked()
    story.reply(1, "y", "one two")
    story.told()
    story.line.received(1, Incoming(data), 0)
    taken = story.buffer.take()
    assert taken is not None
    assert taken.data == data
    story.at(60)
    story.end(1)
    story.line.opened(2, 0)
    story.line.received(2, Incoming(data), 0)
    story.restore(2)
    story.begin(2, "s2")
    story.answer(2, story.over(2))
    messages: list[bytes] = []
    while (message := story.buffer.take()) is not None:
        messages.append(message.data)
    assert data in messages


WATCHED: list[tuple[dict[str, Any], list[str], float, list[Action]]] = [
    ({"ready_timeout": 3.0}, [], 3, [GiveUp(1, "ready")]),
    ({"ready_timeout": 3.0}, ["session.created"], 100, []),
    ({"stall_timeout": 5.0}, ["session.created", "response.created"], 5, [GiveUp(1, "stall")]),
    ({"stall_timeout": 5.0}, ["response.created", "response.done"], 100, []),
    ({}, ["response.created"], 100, []),
]


@pytest.mark.parametrize(("options", "kinds", "when", "actions"), WATCHED)
def test_a_silent_link_is_given_up_once(
    options: dict[str, Any], kinds: list[str], when: float, actions: list[Action]
) -> None:
    """A link that stays silent when something must come is dropped once, however long its end takes to be known."""
    story = Scripted(**options)
    for kind in kinds:
        story.get(1, kind, response={"id": "r"})
    story.at(when - 0.1)
    assert story.actions() == []
    story.at(when)
    assert story.actions() == actions
    story.at(when + 50)
    assert story.actions() == []
    if actions:
        story.end(1, CloseInfo(4000, "", "timeout", actions[0].cause))  # type: ignore[union-attr]
        assert [type(action) for action in story.actions()] == [Open]


def test_messages_that_are_not_looked_at_keep_a_link_alive() -> None:
    """A response stands still since the last message of any type, also of one that says nothing to the machine."""
    story = talked(stall_timeout=5)
    story.get(1, "response.created", response={"id": "r"})
    story.at(3)
    story.get(1, "response.content_part.added")
    story.line.heard(1)
    story.at(7.9)
    assert story.actions() == []
    story.at(8)
    assert story.actions() == [GiveUp(1, "stall")]
    story.line.close(CloseInfo(1000, "", "local"))
    story.line.heard(9)


def test_a_restored_link_is_watched_too() -> None:
    """An answer that stands still on a restored link is noticed, also if it began before the restoration was done."""
    story = talked(stall_timeout=5)
    story.end(1)
    story.line.opened(2, 0)
    story.get(2, "response.created", response={"id": "r"})
    story.restore(2)
    story.begin(2, "s2")
    story.answer(2, story.over(2))
    story.actions()
    story.at(6)
    assert GiveUp(2, "stall") in story.actions()


def test_closing() -> None:
    """After close() nothing is received, opened or decided any more, whatever still happens."""
    story = talked()
    info = CloseInfo(1000, "done", "local")
    story.line.close(info)
    assert story.line.final == info
    story.line.close(CloseInfo(1001, "again", "local"))
    story.get(1, "late")
    story.end(1)
    story.at(500)
    assert story.line.final == info
    assert story.told() == []
    assert story.actions() == []
    assert not story.line.is_full


def test_closing_during_an_interruption() -> None:
    """A link that opens after close() is not wanted."""
    story = talked()
    story.end(1)
    story.line.close(CloseInfo(1000, "", "local"))
    assert not story.line.opened(2, 0)
    assert story.line.next_to_send(2, 0) is None


def test_reading_pauses_only_while_there_is_a_session() -> None:
    """A full receive buffer pauses reading; but what restores the session is read even if the application sleeps."""
    story = talked(max_messages=1, max_bytes=10_000)
    story.get(1, "one")
    assert not story.line.is_full
    story.get(1, "two")
    assert story.line.is_full
    story.end(1)
    assert not story.line.is_full
    story.restore(2)
    assert story.line.is_full
    assert story.kinds() == ["one", "two", "voicelive.reconnecting", "voicelive.restored"]
    story.get(2, "x" * 10_000)
    assert story.line.is_full


@pytest.mark.parametrize("bound", [{"max_messages": 10}, {"max_bytes": 1000}])
@pytest.mark.parametrize("planned", [False, True])
def test_what_arrives_before_it_is_restored_is_bounded(bound: dict[str, int], planned: bool) -> None:
    """A new session that sends more than is to be held before it is restored is given up; the next one is tried."""
    policy = ReconnectPolicy(rollover_before=60)
    story = talked(policy=policy, **bound)
    if planned:
        story.begin(1, "s1", expires_at=WALL + 200)
        story.at(141)
    else:
        story.end(1)
    story.actions()
    story.told()
    assert story.line.opened(2, story.now)
    story.begin(2, "s2")
    for number in range(100):
        story.get(2, "response.text.delta", delta="x" * 40, number=number)
    assert story.actions()[0] == Close(2)
    if planned:
        # Nobody is troubled: the old session is still there.
        assert story.told() == []
    else:
        (told,) = story.told()
        assert told["type"] == "voicelive.reconnecting"
        assert "sent more than max_queue and max_buffer allow" in told["reason"]
    story.at(story.now + 5)
    story.restore(3, "s3")
    assert story.kinds() == ["voicelive.restored"]


def test_a_black_hole_loses_nothing() -> None:
    """What was sent into a connection that had died long before anybody noticed is carried over, or reported."""
    story = talked()
    story.send("conversation.item.create", item=item("b"))
    story.send("session.update", session={"temperature": 1})
    story.send("response.create")
    story.at(20)
    story.line.tick(20)
    story.end(1, CloseInfo(1011, "keepalive ping timeout", "timeout", "keepalive"))
    events = story.restore(2)
    assert [event["item"]["id"] for event in events if "item" in event] == ["a", "b"]
    assert [event["session"] for event in events if "session" in event] == [{"voice": "x"}, {"temperature": 1}]
    assert story.told()[-1]["unanswered_requests"] == 1
    story.end(2)
    assert story.restore(3)[0]["session"] == {"voice": "x", "temperature": 1}


@pytest.mark.parametrize("ended_first", [False, True])
def test_what_was_sent_into_it_without_a_trace_is_named(ended_first: bool) -> None:
    """Of commits, cancels and the like the restored event says that nobody knows; what did not go out is sent later."""
    story = talked()
    story.send("input_text.delta", id="t", delta="word")
    story.send("input_audio_buffer.commit", event_id="mine")
    outgoing = story.put("response.cancel")
    failing(story, ended_first, outgoing)
    story.restore(2)
    reason = "the service had not confirmed it when the connection ended"
    assert story.told()[-1]["not_carried_over"] == [
        {"type": "input_text.delta", "item_id": None, "event_id": None, "reason": reason},
        {"type": "input_audio_buffer.commit", "item_id": None, "event_id": "mine", "reason": reason},
    ]
    assert [event["type"] for event in story.over(2)] == ["response.cancel"]
    story.end(2)
    story.restore(3)
    assert [lost["type"] for lost in story.told()[-1]["not_carried_over"]] == ["response.cancel"]


def test_a_call_outlives_the_break_after_its_arguments() -> None:
    """A break right after function_call_arguments.done: the new session knows the call, and takes its output."""
    story = talked()
    call = {"id": "f", "type": "function_call", "name": "n", "call_id": "c", "arguments": ""}
    story.get(1, "response.created", response={"id": "r"})
    story.get(1, "response.output_item.added", response_id="r", item=call)
    arguments = '{"a":1}'
    story.get(1, "response.function_call_arguments.done", item_id="f", call_id="c", arguments=arguments)
    story.end(1)
    assert story.restore(2)[-1]["item"] == {**call, "arguments": arguments}
    told = story.told()[-1]
    assert (told["interrupted_responses"], told["completed_items"], told["not_carried_over"]) == (["r"], ["f"], [])


def test_sending_decides_by_what_there_is() -> None:
    """With a session an event goes out, items with an id; without one it is kept."""
    story = talked()
    assert story.send("conversation.item.create", item={"id": "", "type": "message"})["item"]["id"] == "item_1"
    assert story.send("conversation.item.create", item="odd")["item"] == "odd"
    assert isinstance(story.line.sending(Outgoing("x", b"no json"), 0), SendNow)
    story.end(1)
    assert isinstance(story.line.sending(written("x", text='"conversation.item.truncate"'), 0), SendLater)
    assert story.line.next_to_send(7, 0) is None
    assert not story.line.is_restoring(7)


def test_links_that_are_not_there() -> None:
    """News of links that are not wanted, or not any more, change nothing."""
    story = talked()
    assert not story.line.opened(5, 0)
    story.fail(5)
    story.end(5)
    story.get(5, "x")
    assert story.told() == []
    assert story.actions() == []
    story.end(1, DROPPED)
    story.get(2, "before it is open")
    story.end(1, DROPPED)
    assert story.kinds() == ["voicelive.reconnecting"]


@pytest.mark.parametrize("kind", ["session.created", "input_audio_buffer.speech_started", "rate_limits.updated"])
def test_a_session_is_settled_by_its_first_event(kind: str) -> None:
    """Whatever a session begins with: the caller is told that from then on not every message need be shown."""
    story = Scripted(ready_timeout=10)
    assert story.line.settled is None
    assert story.line.received(1, Incoming(encoded(kind)), 1)
    assert story.line.settled == 1
    assert not story.line.received(1, Incoming(encoded("input_audio_buffer.speech_stopped")), 2)

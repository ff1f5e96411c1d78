"""The messages that make a session again, and what the service answers to them."""

from __future__ import annotations

from typing import Any

import pytest

from voicelive._core.reconnect.history import History
from voicelive._core.reconnect.items import LeftOut
from voicelive._core.reconnect.replay import Replay

from .test_history import answer, conversation, create, created, deleted, done, error, played, said, speech, truncate

UPDATE = {"type": "session.update", "session": {"voice": "x"}}
UPDATED = {"type": "session.updated", "session": {"id": "s2"}}
BEGUN = {"type": "session.created", "session": {"id": "s2"}}


def replay_of(*history: Any) -> Replay:
    return Replay(played(*history), prefix="p_")


def all_of(replay: Replay) -> list[dict[str, Any]]:
    """Return all that is to be sent now."""
    replay.catch_up()
    messages: list[dict[str, Any]] = []
    while (message := replay.next_message()) is not None:
        messages.append(message)
    return messages


def brief(messages: list[dict[str, Any]]) -> list[str]:
    """Return what is sent as +id or +id>previous, -id, or the type."""
    short: list[str] = []
    for message in messages:
        if message["type"] == "conversation.item.create":
            previous = message.get("previous_item_id")
            short.append(f"+{message['item']['id']}" + (f">{previous}" if previous else ""))
        elif message["type"] == "conversation.item.delete":
            short.append(f"-{message['item_id']}")
        else:
            short.append(message["type"])
    return short


def test_settings_come_first_then_the_conversation_in_order() -> None:
    """What was in effect is set before the first item; every message has an id of its own; items keep theirs."""
    replay = replay_of(UPDATE, UPDATED, created(said("a")), done(answer("x", "Yes")), created(speech("b")))
    messages = all_of(replay)
    assert messages == [
        {**UPDATE, "event_id": "p_1"},
        create(said("a"), event_id="p_2"),
        create({**answer("x"), "content": [{"type": "text", "text": "Yes"}]}, event_id="p_3"),
    ]
    assert replay.left_out == [LeftOut("b", "message", "what was said is not known: it was not transcribed")]
    assert replay.replayed == 2
    assert all_of(replay) == []


def test_it_is_done_when_all_is_confirmed() -> None:
    """A restoration waits for the session's name and for the answer to each message, whatever came in between."""
    replay = replay_of(UPDATE, UPDATED, created(said("a")))
    assert not replay.is_confirmed
    all_of(replay)
    for event, belongs in (
        (BEGUN, True),
        ({"type": "rate_limits.updated"}, False),
        (UPDATED, True),
        (UPDATED, False),
        (created(said("b")), False),
        (created(None), False),
    ):
        assert replay.received(event) is belongs
        assert not replay.is_confirmed
    assert replay.received(created(said("a")))
    assert replay.is_confirmed
    assert replay.session_id == "s2"
    # The service may repeat itself.
    assert replay.received(created(said("a")))


@pytest.mark.parametrize("session", [None, {}, {"id": None}])
def test_a_session_without_a_name_is_one(session: Any) -> None:
    """A service that does not name the session has begun one all the same."""
    replay = replay_of()
    assert all_of(replay) == []
    assert not replay.is_confirmed
    assert replay.received({"type": "session.created", "session": session})
    assert replay.is_confirmed


def test_newer_versions_say_that_items_are_done() -> None:
    """item.added confirms; item.done of what was replayed belongs to the restoration, once; of others it does not."""
    replay = replay_of(created(said("a")))
    all_of(replay)
    assert replay.received(created(said("a"), "added"))
    assert replay.received(created(said("a"), "done"))
    for item in (said("a"), said("b"), None):
        assert not replay.received(created(item, "done"))


CHANGES: list[tuple[str, list[Any], list[str]]] = [
    ("nothing new", [], []),
    ("one more", [created(said("c"))], ["+c"]),
    ("one less", [deleted("a")], ["-a"]),
    ("one in between", [create(said("c"), previous_item_id="a"), created(said("c"))], ["+c>a"]),
    ("one at the beginning", [create(said("c"), previous_item_id="root"), created(said("c"))], ["+c>root"]),
    ("one that was cut", [{**truncate("x", 500), "type": "conversation.item.truncated"}], ["-x", "+x"]),
    ("one that was not heard", [{**truncate("x", 0), "type": "conversation.item.truncated"}], ["-x"]),
    ("another setting", [{"type": "session.update", "session": {"temperature": 1}}, UPDATED], ["session.update"]),
    (
        "made again",
        [deleted("a"), create(said("a", "2"), previous_item_id="root"), created(said("a", "2"))],
        ["-a", "+a>root"],
    ),
]


@pytest.mark.parametrize(("history", "expected"), [case[1:] for case in CHANGES], ids=[case[0] for case in CHANGES])
def test_catching_up(history: list[Any], expected: list[str]) -> None:
    """What changes in the old session while the new one is restored is all that the new one is told then."""
    ledger = played(UPDATE, UPDATED, created(said("a")), done(answer("x", "one two")))
    ledger.received_audio("x", 48_000)
    replay = Replay(ledger, prefix="p_")
    first = all_of(replay)
    assert brief(first) == ["session.update", "+a", "+x"]
    for step in history:
        (ledger.sent if step["type"] in ("session.update", "conversation.item.create") else ledger.received)(step)
    more = all_of(replay)
    assert brief(more) == expected
    # Answered in order, as a session does.
    replay.received(BEGUN)
    for message in (*first, *more):
        kind = message["type"]
        if kind == "session.update":
            replay.received(UPDATED)
        elif kind == "conversation.item.create":
            replay.received(created(message["item"]))
        else:
            replay.received(deleted(message["item_id"]))
    assert replay.is_confirmed
    items, _ = ledger.conversation.items()
    assert replay.replayed == len(items)
    assert all_of(replay) == []
    replay.adopt()
    assert ledger.conversation.items() == (items, [])


def fresh(ledger: History) -> Replay:
    replay = Replay(ledger, prefix="p_")
    all_of(replay)
    replay.received(BEGUN)
    return replay


@pytest.mark.parametrize(
    ("refusals", "left", "refused"),
    [
        # With an id it is that one, without one the oldest that is not answered.
        ([{"event_id": "p_2", "message": "no"}], ["b=b"], [("a", "conversation.item.create", "no")]),
        ([{"message": "no"}], ["a=a", "b=b"], [(None, "session.update", "no")]),
        (
            [{"code": "c"}, {}],
            ["b=b"],
            [(None, "session.update", "c"), ("a", "conversation.item.create", "no reason given")],
        ),
        (
            [{"event_id": "p_3"}, {"event_id": "p_2"}],
            [],
            [
                ("b", "conversation.item.create", "no reason given"),
                ("a", "conversation.item.create", "no reason given"),
            ],
        ),
    ],
)
def test_refusals_are_reported(
    refusals: list[dict[str, Any]], left: list[str], refused: list[tuple[str | None, str, str]]
) -> None:
    """What the new session refuses is left out and named, not tried again, and does not hold up the rest."""
    ledger = played(UPDATE, None, create(said("a")), create(said("b")), None)
    replay = fresh(ledger)
    for refusal in refusals:
        assert replay.received(error(**refusal))
    for event in (UPDATED, created(said("a")), created(said("b"))):
        replay.received(event)
    assert replay.is_confirmed
    assert all_of(replay) == []
    assert replay.left_out == [LeftOut(item, kind, f"refused by the service: {why}") for item, kind, why in refused]
    assert replay.replayed == len(left)
    replay.adopt()
    assert conversation(ledger) == left
    wanted = [] if (None, "session.update") in [(item, kind) for item, kind, _ in refused] else [UPDATE]
    assert ledger.settings.updates() == wanted


def test_other_errors_are_the_applications() -> None:
    """An error that names another event, or comes when nothing is open, does not belong to the restoration."""
    replay = fresh(played(created(said("a"))))
    assert not replay.received(error(event_id="another"))
    assert replay.received(created(said("a")))
    assert not replay.received(error(message="too late"))
    assert not replay.received({"type": "error"})


def test_a_refused_deletion_does_not_hold_up() -> None:
    """A deletion that the new session refuses is reported, and the restoration goes on."""
    ledger = played(created(said("a")))
    replay = fresh(ledger)
    replay.received(created(said("a")))
    ledger.received(deleted("a"))
    assert brief(all_of(replay)) == ["-a"]
    assert replay.received({"type": "error", "error": None})
    assert replay.is_confirmed
    assert replay.left_out == [LeftOut("a", "conversation.item.delete", "refused by the service: no reason given")]

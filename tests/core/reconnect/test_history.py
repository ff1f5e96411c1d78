"""What the ledger knows of a conversation, as tables of the events that went over the connection."""

from __future__ import annotations

from typing import Any

import pytest

from voicelive._core.reconnect.history import History, Unanswered

CREATED = {"type": "session.created", "session": {"id": "s1", "expires_at": 99}}


def said(item_id: str, text: str | None = None, **more: Any) -> dict[str, Any]:
    content = [{"type": "input_text", "text": text or item_id}]
    return {"id": item_id, "type": "message", "role": "user", "content": content, **more}


def speech(item_id: str, transcript: str | None = None) -> dict[str, Any]:
    content = [{"type": "input_audio", "transcript": transcript}]
    return {"id": item_id, "type": "message", "role": "user", "content": content}


def answer(item_id: str, transcript: str = "", kind: str = "audio") -> dict[str, Any]:
    content = [{"type": kind, "transcript": transcript}] if transcript else []
    return {"id": item_id, "type": "message", "role": "assistant", "content": content}


def create(item: Any, **more: Any) -> dict[str, Any]:
    return {"type": "conversation.item.create", "item": item, **more}


def delete(item_id: str, **more: Any) -> dict[str, Any]:
    return {"type": "conversation.item.delete", "item_id": item_id, **more}


def truncate(item_id: str, end: Any, **more: Any) -> dict[str, Any]:
    return {"type": "conversation.item.truncate", "item_id": item_id, "audio_end_ms": end, **more}


def created(item: Any, kind: str = "created") -> dict[str, Any]:
    return {"type": f"conversation.item.{kind}", "item": item}


def deleted(item_id: str) -> dict[str, Any]:
    return {"type": "conversation.item.deleted", "item_id": item_id}


def heard(item_id: str, text: Any) -> dict[str, Any]:
    kind = "conversation.item.input_audio_transcription.completed"
    return {"type": kind, "item_id": item_id, "transcript": text}


def added(item: Any, response_id: str | None = None) -> dict[str, Any]:
    return {"type": "response.output_item.added", "response_id": response_id, "item": item}


def done(item: Any, response_id: str | None = None) -> dict[str, Any]:
    return {"type": "response.output_item.done", "response_id": response_id, "item": item}


def transcript(
    item_id: Any, text: Any, response_id: str | None = None, kind: str = "audio_transcript", **more: Any
) -> dict[str, Any]:
    ids = {"response_id": response_id, "item_id": item_id, "content_index": 0}
    return {"type": f"response.{kind}.done", **ids, "transcript": text, **more}


def written(item_id: Any, text: Any, kind: str = "text", **more: Any) -> dict[str, Any]:
    return {"type": f"response.{kind}.done", "item_id": item_id, "content_index": 0, "text": text, **more}


def arguments(item_id: str, response_id: str | None = None, **more: Any) -> dict[str, Any]:
    kind = "response.function_call_arguments.done"
    return {"type": kind, "response_id": response_id, "item_id": item_id, "arguments": "{}", **more}


def buffer(what: str, **more: Any) -> dict[str, Any]:
    return {"type": f"input_audio_buffer.{what}", **more}


def error(**fields: Any) -> dict[str, Any]:
    return {"type": "error", "error": fields}


def response(what: str, response_id: str = "r", **more: Any) -> dict[str, Any]:
    return {"type": f"response.{what}", "response": {"id": response_id, **more}}


def aside(what: str, response_id: str = "r", **more: Any) -> dict[str, Any]:
    """Return an event of a response that is not part of the conversation."""
    return response(what, response_id, conversation_id=None, **more)


ASK = {"type": "response.create"}
COMMIT, CLEAR = ({"type": f"input_audio_buffer.{what}"} for what in ("commit", "clear"))
CANCEL = {"type": "response.cancel"}
TEXT = {"type": "input_text.delta", "id": "t", "delta": "word"}
_SENT = {
    *(f"conversation.item.{what}" for what in ("create", "delete", "truncate")),
    *(f"input_audio.turn.{what}" for what in ("start", "end", "cancel")),
    *("response.create", "session.update", "session.avatar.connect", "rtc.call.sdp.create"),
    *(
        "input_audio_buffer.commit",
        "input_audio_buffer.clear",
        "response.cancel",
        "input_text.delta",
        "input_text.done",
    ),
    "x.y",
}


def played(*history: dict[str, Any] | int | None) -> History:
    """Play a history: what the application or the service sends, so many bytes of input audio, None: the end."""
    ledger = History()
    for step in history:
        if step is None:
            ledger.end()
        elif isinstance(step, int):
            ledger.uncommitted += step
        elif step["type"] in _SENT:
            ledger.sent(step)
        else:
            ledger.received(step)
    return ledger


def conversation(ledger: History) -> list[str]:
    """Return each item as id=text, and what is left out as -id."""
    items, left_out = ledger.conversation.items()
    texts = [f"{item['id']}={item['content'][0]['text']}" if "content" in item else item["id"] for item in items]
    return texts + [f"-{found.item_id}" for found in left_out]


CONVERSATIONS: list[tuple[str, list[Any], list[str]]] = [
    (
        "items in order of their confirmation",
        [create(said("a")), created(said("a")), created(said("b"))],
        ["a=a", "b=b"],
    ),
    (
        "what was sent is richer than its echo",
        [create(said("a", "full")), created({"id": "a", "type": "message"})],
        ["a=full"],
    ),
    ("not confirmed while it lives", [create(said("a"))], []),
    ("not confirmed when it ends", [create(said("a")), create(said("b")), None], ["a=a", "b=b"]),
    ("confirmed in another order", [create(said("a")), create(said("b")), created(said("b")), None], ["b=b", "a=a"]),
    (
        "no id, nothing to know it by",
        [create({"type": "message"}), create("odd"), created({}), created("odd"), None],
        [],
    ),
    (
        "in its place",
        [
            *(create(said("a")), created(said("a"))),
            *(create(said("b"), previous_item_id="root"), created(said("b"))),
            *(create(said("c"), previous_item_id="b"), created(said("c"))),
            *(create(said("d"), previous_item_id="unknown"), created(said("d"))),
            *(create(said("e"), previous_item_id=None), created(said("e"))),
        ],
        ["b=b", "c=c", "a=a", "d=d", "e=e"],
    ),
    ("deleted", [created(said("a")), created(said("b")), delete("a"), deleted("a")], ["b=b"]),
    ("deleted, not confirmed", [created(said("a")), delete("a")], ["a=a"]),
    ("deleted, not confirmed, ended", [created(said("a")), delete("a"), None], []),
    ("deleted and made again, not confirmed", [created(said("a")), delete("a"), create(said("a", "2")), None], ["a=2"]),
    ("made and deleted, not confirmed", [create(said("a")), delete("a"), None], []),
    ("made twice, not confirmed", [create(said("a")), create(said("a", "2")), None], ["a=a"]),
    ("repeated after it was deleted", [created(said("a")), deleted("a"), created(said("a")), done(said("a"))], []),
    (
        "made again after it was deleted",
        [created(said("a")), deleted("a"), create(said("a", "2")), created(said("a", "2")), created(said("a"))],
        ["a=2"],
    ),
    # What the user says.
    ("transcript before the item", [heard("a", "Hi"), created(speech("a"))], ["a=Hi"]),
    ("transcript in the item", [created(speech("a", "Hi"))], ["a=Hi"]),
    ("late transcript", [created(speech("a")), response("created"), heard("a", "Hi")], ["a=Hi"]),
    (
        "a second, empty transcript",
        [heard("a", "Hi"), created(speech("a", "Hi")), heard("a", ""), created(speech("a", ""))],
        ["a=Hi"],
    ),
    ("an odd transcript", [created(speech("a")), heard("a", None), heard("a", " ")], ["-a"]),
    ("not transcribed", [created(speech("a"))], ["-a"]),
    ("committed, and not an item yet", [buffer("committed", item_id="a"), None], ["-a"]),
    ("committed and heard, and not an item yet", [buffer("committed", item_id="a"), heard("a", "Hi"), None], ["a=Hi"]),
    ("committed, then an item", [buffer("committed", item_id="a"), created(speech("a", "Hi"))], ["a=Hi"]),
    ("committed without an id", [buffer("committed")], []),
    # What the service says.
    ("an answer", [added(answer("x")), created(answer("x")), done(answer("x", "Yes"))], ["x=Yes"]),
    ("an answer under way", [added(answer("x")), created(answer("x"))], ["-x"]),
    ("an answer that is done twice", [done(answer("x", "Yes")), done(answer("x", "No"))], ["x=Yes"]),
    (
        "an answer in the words of newer versions",
        [created(answer("x"), "added"), created(answer("x", "Yes"), "done")],
        ["x=Yes"],
    ),
    ("odd answers", [added(None), done({}), created(None, "done"), created({"id": 5})], []),
    ("truncated", [done(answer("x", "a b")), {**truncate("x", 0), "type": "conversation.item.truncated"}], []),
    ("truncated, not confirmed", [done(answer("x", "a b")), truncate("x", 0)], ["x=a b"]),
    ("truncated, not confirmed, ended", [done(answer("x", "a b")), truncate("x", 0), None], []),
    ("truncated, but nothing that can be", [created(said("a")), truncate("a", 0), truncate("b", 0), None], ["a=a"]),
    ("truncated to an odd place", [done(answer("x", "a b")), truncate("x", "0"), None], ["x=a b"]),
    *(
        (f"truncated to {end}", [done(answer("x", "a b")), truncate("x", end), None], ["x=a b"])
        for end in (10**400, float("nan"), float("inf"), True)
    ),
    ("truncated before it began", [done(answer("x", "a b")), truncate("x", -5), None], []),
    ("parts of an odd type", [done({**answer("x"), "content": [{"type": ["text"], "text": "Yes"}]})], ["x=Yes"]),
    (
        "calls and outputs",
        [
            added({"id": "f", "type": "function_call", "call_id": "c", "name": "n", "arguments": ""}),
            done({"id": "f", "type": "function_call", "call_id": "c", "name": "n", "arguments": "{}"}),
            create({"id": "o", "type": "function_call_output", "call_id": "c", "output": "1"}),
            None,
        ],
        ["f", "o"],
    ),
    # What is complete before the service says that it is done.
    ("an answer whose transcript is complete", [added(answer("x")), transcript("x", "Yes")], ["x=Yes"]),
    (
        "in the words of newer versions",
        [created(answer("x"), "added"), transcript("x", "Yes", kind="output_audio_transcript")],
        ["x=Yes"],
    ),
    ("a written answer", [added(answer("x")), written("x", "Yes")], ["x=Yes"]),
    ("in the words of newer versions", [added(answer("x")), written("x", "Yes", kind="output_text")], ["x=Yes"]),
    ("of two parts", [added(answer("x")), written("x", "b", content_index=1), written("x", "a")], ["x=a b"]),
    ("whose item was not seen", [written("x", "Yes")], ["x=Yes"]),
    ("the item says it otherwise", [added(answer("x")), transcript("x", "Yes"), done(answer("x", "Yes!"))], ["x=Yes!"]),
    ("the item leaves it out", [added(answer("x")), transcript("x", "Yes"), done(answer("x"))], ["x=Yes"]),
    ("the item came before", [done(answer("x", "Yes")), transcript("x", "No")], ["x=Yes"]),
    ("odd words", [added(answer("x")), transcript("x", None), transcript(None, "a"), written(["x"], "a")], ["-x"]),
    ("an odd place", [added(answer("x")), transcript("x", "Yes", content_index="5")], ["x=Yes"]),
    ("not the user's", [created(said("a")), transcript("a", "No")], ["a=a"]),
    ("deleted meanwhile", [added(answer("x")), deleted("x"), transcript("x", "Yes")], []),
    (
        "a call whose arguments are complete",
        [added({"id": "f", "type": "function_call", "call_id": "c", "name": "n", "arguments": ""}), arguments("f")],
        ["f"],
    ),
    ("a call whose item was not seen", [arguments("f", call_id="c", name="n")], ["f"]),
    ("a call without a name", [arguments("f", call_id="c")], []),
    # What is beside the conversation.
    (
        "an answer beside the conversation",
        [aside("created"), added(answer("x"), "r"), transcript("x", "a", "r"), done(answer("x", "a"), "r")],
        [],
    ),
    ("its item, repeated", [aside("created"), added(answer("x"), "r"), created(answer("x", "a"), "done")], []),
    ("its call", [aside("created"), arguments("f", "r", call_id="c", name="n")], []),
    (
        "that only its end says to be one",
        [response("created"), done(answer("x", "a"), "r"), aside("done", output=[answer("x", "a")])],
        [],
    ),
    (
        "that was asked for as one",
        [{**ASK, "response": {"conversation": "none"}}, response("created"), done(answer("x", "a"), "r")],
        [],
    ),
    (
        "the other of two",
        [
            *({**ASK, "response": {"conversation": "none"}}, ASK),
            *(response("created", "r1", conversation_id="c"), done(answer("x", "Yes"), "r1"), response("done", "r1")),
            *(aside("created", "r2"), done(answer("y", "No"), "r2"), aside("done", "r2")),
        ],
        ["x=Yes"],
    ),
    (
        "a conversation without a name",
        [response("created", conversation_id=""), done(answer("x", "Yes"), "r")],
        ["x=Yes"],
    ),
    # What the service refuses.
    ("refused by its id", [create(said("a"), event_id="e1"), create(said("b")), error(event_id="e1"), None], ["b=b"]),
    ("refused by another's id", [create(said("a"), event_id="e1"), error(event_id="e2"), None], ["a=a"]),
    ("the oldest item is refused", [create(said("a")), create(said("b")), error(param="item.content"), None], ["b=b"]),
    ("refused for its place", [create(said("a")), error(param="previous_item_id"), None], []),
    ("refused for its name", [create(said("a")), error(code="item_create_duplicate_item_id"), None], []),
    (
        "an edit is refused, not the item",
        [create(said("a")), delete("b"), error(code="item_delete_invalid_item_id", param="item_id"), None],
        ["a=a"],
    ),
    (
        "a deletion is refused",
        [created(said("a")), delete("a"), error(code="item_delete_x", param="item_id"), None],
        ["a=a"],
    ),
    (
        "a truncation is refused",
        [done(answer("x", "a")), truncate("x", 0), error(code="item_truncate_x"), None],
        ["x=a"],
    ),
    ("retrieving is refused", [create(said("a")), error(code="item_retrieve_x", param="item_id"), None], ["a=a"]),
    ("refused, and nobody asked", [error(param="item"), error(param="response"), {"type": "error"}, None], []),
]


@pytest.mark.parametrize(
    ("history", "expected"), [case[1:] for case in CONVERSATIONS], ids=[case[0] for case in CONVERSATIONS]
)
def test_conversation(history: list[Any], expected: list[str]) -> None:
    """A new connection is told of each item what is known of it, in order, and what it cannot be told is named."""
    assert conversation(played(*history)) == expected


def test_a_truncation_keeps_the_share_of_words_that_was_heard() -> None:
    """Of an answer of 2 s, truncated at 1 s, half of the words are carried over."""
    ledger = played(added(answer("x")), done(answer("x", "one two three four")))
    ledger.received_audio("x", 2 * 48_000)
    ledger.received_audio("unknown", 5)
    assert ledger.truncate(truncate("x", 1000))
    assert conversation(ledger) == ["x=one two"]


QUIET: list[tuple[str, list[Any], bool]] = [
    ("nothing", [], True),
    ("somebody speaks", [buffer("speech_started")], False),
    ("somebody spoke", [buffer("speech_started"), buffer("speech_stopped")], True),
    ("what was said is dropped", [buffer("speech_started"), buffer("cleared")], True),
    ("a turn waits for its item", [CREATED, buffer("committed", item_id="a")], False),
    ("a turn waits for its answer", [CREATED, buffer("committed", item_id="a"), created(speech("a"))], False),
    ("the answer begins", [buffer("committed", item_id="a"), response("created")], False),
    ("the answer ends", [buffer("committed", item_id="a"), response("created"), response("done")], True),
    ("another answer ends", [response("created"), response("done", "other")], False),
    ("an answer that says nothing", [{"type": "response.created"}, {"type": "response.done"}], True),
    ("asked", [ASK], False),
    ("asked and begun", [ASK, response("created"), response("done")], True),
    ("asked and refused", [ASK, error(code="conversation_already_has_active_response")], True),
    ("asked wrongly", [ASK, error(param="response.tools")], True),
    ("an item is unconfirmed", [create(said("a"))], False),
    ("a deletion is unconfirmed", [delete("a")], False),
    ("it is confirmed", [delete("a"), deleted("a")], True),
    ("another is confirmed", [delete("a"), deleted("b")], False),
    ("a truncation is unconfirmed", [truncate("a", 1), deleted("a")], False),
    ("an update is unconfirmed", [{"type": "session.update", "session": {}}], False),
    ("it is refused", [{"type": "session.update", "session": {}}, error(param="session.voice")], True),
    ("it is taken", [{"type": "session.update", "session": {}}, {"type": "session.updated", "session": {}}], True),
    ("audio while the service ends turns", [CREATED, 960], True),
    ("a turn of its own is open", [{"type": "input_audio.turn.start", "turn_id": "t"}], False),
    ("and over", [{"type": f"input_audio.turn.{what}", "turn_id": "t"} for what in ("start", "end")], True),
    ("or cancelled", [{"type": f"input_audio.turn.{what}", "turn_id": "t"} for what in ("start", "cancel")], True),
    ("a commit is not confirmed", [COMMIT], False),
    ("it is confirmed", [COMMIT, buffer("committed")], True),
    ("text is being sent", [TEXT], False),
    ("it is whole", [TEXT, {"type": "input_text.done", "id": "t"}], True),
    (
        "all ends",
        [COMMIT, TEXT, ASK, buffer("speech_started"), response("created"), create(said("a")), delete("a"), None],
        True,
    ),
]


@pytest.mark.parametrize(("history", "quiet"), [case[1:] for case in QUIET], ids=[case[0] for case in QUIET])
def test_quiet(history: list[Any], quiet: bool) -> None:
    """A session is quiet when nobody speaks, nothing is being answered, and all is confirmed."""
    assert played(*history).is_quiet is quiet


def test_quiet_with_turns_that_the_application_ends() -> None:
    """Where the application ends turns, audio that it has not committed is a turn under way, answered when it asks."""
    ledger = played({"type": "session.created", "session": {"turn_detection": None}}, 960)
    assert not ledger.is_quiet
    ledger.received(buffer("committed", item_id="a"))
    assert not ledger.is_quiet
    ledger.received(created(speech("b")))
    assert not ledger.is_quiet
    ledger.received(created(speech("a")))
    assert ledger.is_quiet


@pytest.mark.parametrize(
    "history",
    [[ASK], [create(said("a"))], [delete("a")], [COMMIT], [TEXT], [CREATED, buffer("committed", item_id="a")]],
)
def test_patience_ends(history: list[Any]) -> None:
    """What the service never answers keeps a session from being quiet for some time only."""
    ledger = played(*history)
    assert not ledger.is_quiet
    ledger.forget_turn()
    assert ledger.is_quiet


def test_losing_patience_loses_nothing() -> None:
    """What nobody waits for any more is carried over or reported all the same, and may still be answered."""
    ledger = played(created(said("a")), ASK, ASK, create(said("b")), delete("a"))
    ledger.forget_turn()
    assert conversation(ledger) == ["b=b"]
    ledger.received(created(said("b", "echo")))
    ledger.received(response("created"))
    assert ledger.end() == Unanswered(("r",), 1, 0)
    assert conversation(ledger) == ["b=b"]


def test_what_was_under_way_is_told() -> None:
    """At the end the ledger names answers under way, counts those that were asked for, and audio without a turn."""
    ledger = played(response("created", "r2"), response("created", "r1"), ASK, 100, buffer("committed"), 200, 300)
    assert ledger.end() == Unanswered(("r1", "r2"), 1, 500)
    assert ledger.end() == Unanswered((), 0, 0)
    ledger.uncommitted += 5
    ledger.received(buffer("cleared"))
    assert ledger.end().input_audio_bytes == 0


@pytest.mark.parametrize(
    "event", [ASK, create(said("a")), delete("a"), truncate("a", 1), {"type": "session.update", "session": {}}]
)
def test_what_was_not_sent_is_taken_back(event: dict[str, Any]) -> None:
    """An event that did not go out leaves no trace, as long as the connection had not ended before that was known."""
    ledger = History()
    mark = ledger.sent(event)
    assert ledger.retract(mark)
    assert ledger.is_quiet
    assert ledger.end() == Unanswered((), 0, 0)
    mark = ledger.sent(event)
    ledger.end()
    assert not ledger.retract(mark)


def test_what_means_nothing_to_the_ledger_is_the_senders() -> None:
    """Events without a lasting effect are always the sender's to send again."""
    ledger = History()
    mark = ledger.sent({"type": "input_audio_buffer.commit"})
    ledger.end()
    assert ledger.retract(mark)


def test_sessions_are_known_by_name_and_time() -> None:
    """The session's id and its end are read where they make sense."""
    ledger = played(CREATED)
    assert (ledger.session_id, ledger.expires_at) == ("s1", 99.0)
    for expires in (None, True, 0, "100", 10**400, float("inf"), float("nan")):
        ledger.received({"type": "session.updated", "session": {"id": "s2", "expires_at": expires}})
    ledger.received({"type": "session.updated"})
    assert (ledger.session_id, ledger.expires_at) == ("s1", 99.0)
    ledger.received({"type": "session.created", "session": {"id": None}})
    assert ledger.session_id is None


def test_what_belongs_to_one_connection_is_noted() -> None:
    """Avatars and calls cannot be carried over; they are noted by name."""
    ledger = played({"type": "session.avatar.connect"}, {"type": "rtc.call.sdp.create"})
    assert set(ledger.only_here) == {"avatar", "WebRTC call"}


def test_events_that_say_nothing_change_nothing() -> None:
    """Unknown and odd events are passed over."""
    ledger = played(*({"type": kind} for kind in ("odd", "response.odd", "conversation.item.odd", "input_audio_odd")))
    ledger.received({})
    assert ledger.is_quiet
    assert ledger.conversation.items() == ([], [])


def test_only_what_the_new_connection_has_is_kept() -> None:
    """After a restoration the conversation is what the new session was told."""
    ledger = played(created(speech("a")), created(said("b")))
    items, _ = ledger.conversation.items()
    ledger.conversation.adopt({item["id"]: (1, item) for item in items})
    assert conversation(ledger) == ["b=b"]


LOST: list[tuple[str, list[Any], list[str]]] = [
    ("sent, and nothing came", [COMMIT, CANCEL, CLEAR, TEXT], ["commit", "cancel", "clear", "delta"]),
    ("a commit that was confirmed", [COMMIT, buffer("committed", item_id="a")], []),
    ("one of two", [COMMIT, COMMIT, buffer("committed", item_id="a")], ["commit"]),
    ("what came before it was taken too", [TEXT, CLEAR, COMMIT, TEXT, buffer("committed")], ["delta"]),
    ("cleared", [CLEAR, buffer("cleared")], []),
    ("cancelled", [response("created"), CANCEL, response("done")], []),
    ("nothing to cancel", [CANCEL, error(code="response_cancel_not_active")], []),
    ("nothing to commit", [COMMIT, error(code="input_audio_buffer_commit_empty")], []),
    ("refused by its id", [CANCEL, {**COMMIT, "event_id": "e"}, CLEAR, error(event_id="e")], ["clear"]),
    ("refused by another's id", [COMMIT, error(event_id="e")], ["commit"]),
    ("taken before an item", [TEXT, create(said("a")), CLEAR, created(said("a"))], ["clear"]),
    ("taken before a response", [TEXT, ASK, CLEAR, response("created")], ["clear"]),
    ("an unknown event", [{"type": "x.y"}], ["y"]),
    (
        "what is replayed or counted is not lost",
        [create(said("a")), ASK, {"type": "session.update", "session": {}}],
        [],
    ),
]


@pytest.mark.parametrize(("history", "lost"), [case[1:] for case in LOST], ids=[case[0] for case in LOST])
def test_what_may_have_been_lost_is_known(history: list[Any], lost: list[str]) -> None:
    """Events that leave no item are lost until the service answers them, or something sent after them."""
    ledger = played(*history, None)
    assert [event.type.rpartition(".")[2] for event in ledger.unconfirmed.take()] == lost
    assert ledger.unconfirmed.take() == []


def test_what_may_have_been_lost_is_named_by_its_id() -> None:
    """The application's own ids are kept; of very many events the last are named, and the others counted."""
    ledger = played({**COMMIT, "event_id": "mine"}, {**COMMIT, "event_id": 5})
    assert [event.event_id for event in ledger.unconfirmed.take()] == ["mine", None]
    ledger = played(*[TEXT] * 1000)
    lost = ledger.unconfirmed.take()
    assert (len(lost), lost[0].earlier, lost[1].earlier) == (256, 744, 0)


def test_what_was_complete_is_told() -> None:
    """At the end the ledger names what of the answers under way had come whole; what is done is not under way."""
    ledger = played(
        response("created"), transcript("x", "Yes"), arguments("f", call_id="c", name="n"), written("y", "a")
    )
    ledger.received(done(answer("y", "a")))
    assert ledger.end() == Unanswered(("r",), 0, 0, ("x", "f"))
    ledger = played(response("created"), transcript("x", "Yes"), response("done"))
    assert ledger.end() == Unanswered((), 0, 0)

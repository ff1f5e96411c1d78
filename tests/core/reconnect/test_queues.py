"""What is kept of what the application sends during an interruption, and what is held for it to receive."""

from __future__ import annotations

import base64
import json
from collections import Counter
from typing import Any

import pytest

from voicelive._core.answer_pieces import AnswerPieces
from voicelive._core.contract import WireContract
from voicelive._core.envelope import Incoming, Outgoing
from voicelive._core.holding import Holding
from voicelive._core.receive_buffer import ReceiveBuffer
from voicelive._core.reconnect.audio_counter import AudioCounter
from voicelive._core.reconnect.send_queue import SendQueue

WIRE = WireContract("2026-06-01-preview")
AUDIO = WIRE.encode_call("input_audio_buffer.append", {"audio": base64.b64encode(bytes(960)).decode()})
TURN = WIRE.encode_call("input_audio.turn.append", {"turn_id": "t", "audio": base64.b64encode(bytes(959)).decode()})
EVENT = WIRE.encode_call("response.create", {})


@pytest.mark.parametrize(
    ("event", "size"),
    [
        (AUDIO, 960),
        (TURN, 959),
        (WIRE.encode_event({"audio": "AAAA" * 200, "type": "input_audio_buffer.append"}), 600),
        (WIRE.encode_event({"event_id": "e1", "type": "input_audio_buffer.append", "audio": "AAA="}), 2),
        (WIRE.encode_call("input_audio_buffer.append", {"audio": bytes(958)}), 958),
        (WIRE.encode_call("input_audio_buffer.append", {"audio": ""}), 0),
        (EVENT, None),
        (WIRE.encode_call("input_audio_buffer.commit", {}), None),
        (Outgoing.of({"type": "x", "item": {"text": '"type":"input_audio_buffer.append"'}}), None),
    ],
)
def test_audio_is_told_from_control_events(event: Outgoing, size: int | None) -> None:
    """Only input audio counts as audio, and its size is that of the sound."""
    assert event.audio_size == size


def test_events_come_back_in_order_within_a_bound() -> None:
    """Kept events come back in order; one that does not fit is refused, and does not disturb the others."""
    queue = SendQueue(60)
    events = [Outgoing("n", b'{"n":%d}' % number) for number in range(3)]
    assert all(queue.put(event, keep_audio=False) for event in events)
    assert not queue.put(Outgoing("x", b"x" * 60), keep_audio=False)
    assert len(queue) == 3
    first = queue.take()
    assert first == events[0]
    queue.put_back(events[0])
    assert [queue.take() for _ in range(4)] == [*events, None]
    # What was taken has left its room.
    assert queue.put(Outgoing("x", b"x" * 60), keep_audio=False)
    assert not queue.put(Outgoing("x", b"x"), keep_audio=False)


@pytest.mark.parametrize(
    ("room", "keep_audio", "kept", "dropped"), [(10_000, True, 1, 0), (10_000, False, 0, 960), (100, True, 0, 960)]
)
def test_audio_is_kept_only_where_it_is_wanted_and_fits(room: int, keep_audio: bool, kept: int, dropped: int) -> None:
    """Audio is never a reason to refuse: it is kept for a moment, or counted and dropped."""
    queue = SendQueue(room)
    assert queue.put(AUDIO, keep_audio=keep_audio)
    assert (len(queue), queue.dropped_audio) == (kept, dropped)


def test_audio_that_was_kept_can_be_dropped() -> None:
    """When a moment becomes an interruption, the audio of it is dropped, and its room is free again."""
    queue = SendQueue(len(AUDIO.data) + len(EVENT.data))
    queue.put(AUDIO, keep_audio=True)
    queue.put(EVENT, keep_audio=True)
    queue.drop_audio()
    assert queue.dropped_audio == 960
    assert queue.put(Outgoing("x", b"x" * len(AUDIO.data)), keep_audio=False)
    assert queue.take() == EVENT


@pytest.mark.parametrize(
    ("limits", "full"),
    [((None, None), [False] * 3), ((2, None), [False, False, True]), ((None, 2 * 515), [False, False, True])],
)
def test_a_buffer_tells_when_it_holds_enough(limits: tuple[Any, Any], full: list[bool]) -> None:
    """Messages come out in order, and it is full from the message or the byte on that passes the limit."""
    buffer = ReceiveBuffer(Holding(*limits))
    messages = [Incoming(data) for data in (b"abc", b"def", b"ghi")]
    assert [buffer.put(message) for message in messages] == full
    assert [buffer.take() for _ in range(4)] == [*messages, None]
    assert not buffer.holding.is_full()
    buffer.put(Incoming(b"abcdef"))
    buffer.clear()
    assert buffer.take() is None
    assert not buffer.holding.is_full()


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b'{"type":"response.text.delta","delta":"x"}', b"response.text.delta"),
        (b'{"event_id": "e", "type": "response.text.delta"}', b"response.text.delta"),
        (b'{"item":{"type":"response.text.delta"},"type":"conversation.item.created"}', b""),
        (b'{"event_id":"\\u0041","type":"response.text.delta"}', b"response.text.delta"),
        (b'{"a":1,"type":"response.text.delta"}', b"response.text.delta"),
        (b'{"a":"{","type":"response.text.delta"}', b""),
        (b'{"a":"\\"type\\":\\"b\\"","type":"response.text.delta"}', b"response.text.delta"),
        (b'{"type":"response.\\u0041"}', b""),
        (b'{"type":"response.text', b""),
        (b'["type"]', b""),
        (b"", b""),
    ],
)
def test_the_type_shows_at_the_beginning_or_the_event_is_read(data: bytes, kind: bytes) -> None:
    """A type is taken from the beginning of a message only where it can be no other's."""
    message = Incoming(data)
    assert message.kind == kind
    assert data[: message.after_kind].endswith(kind)


def test_a_piece_of_audio_is_measured() -> None:
    """Of a piece of audio its place and its size are read, however the item's id and the sound are written."""
    pieces = AnswerPieces()
    for text, expected in (
        (b'"item_id":"x","delta":"AAAA"', ("x", 0, None, 3)),
        (b'"item_id":"x","delta":"AA\\u002BA"', ("x", 0, None, 3)),
        (b'"item_id":"\\u0041","delta":"AAAA"', ("A", 0, None, 3)),
        (b'"item_id":"x","content_index":1,"response_id":"r","delta":"AAA="', ("x", 1, "r", 2)),
        (b'"item_id":"x","content_index":1,"response_id":"r","delta":"AA=="', ("x", 1, "r", 1)),
        (b'"item_id":"x","delta":"AAAA","content_index":2', ("x", 2, None, 3)),
        (b'"item_id":"x","delta":"AAAA","content_index":3', ("x", 3, None, 3)),
        (b'"item_id":5,"content_index":"1","response_id":null,"delta":[]', ("", 0, None, 0)),
        (b'"item_id":"x', ("", 0, None, 0)),
    ):
        size = pieces.size(Incoming(b'{"type":"response.audio.delta",%b}' % text))
        assert (pieces.item_id, pieces.content_index, pieces.response_id, size) == expected, text


@pytest.mark.parametrize("cut", [b'"}', b'A"}', b'AA"}'], ids=["end", "end and a letter", "end and two letters"])
def test_a_piece_of_audio_that_is_cut_off_is_nothing(cut: bytes) -> None:
    """A message that ends within its sound is not an event, also after pieces like it: no bytes are counted for it."""
    pieces = AnswerPieces()
    whole = b'{"type":"response.audio.delta","item_id":"x","delta":"AAAA"}'
    assert pieces.size(Incoming(whole)) == 3
    assert (pieces.size(Incoming(whole.removesuffix(cut))), pieces.item_id) == (0, "")


TRANSCRIPTS = [
    (b'"item_id":"x","delta":"one "', ("x", 0, None, "one ")),
    (b'"item_id":"x","delta":"tw\\u006f "', ("x", 0, None, "two ")),
    (b'"item_id":"x","delta":"\\"three\\""', ("x", 0, None, '"three"')),
    (b'"item_id":"x","delta":"v\xc3\xa9lo"', ("x", 0, None, "v\u00e9lo")),
    (b'"item_id":"x","delta":"v\xe9lo"', ("x", 0, None, "v\ufffdlo")),
    (b'"item_id":"x","delta":"\\ud83d"', ("x", 0, None, "\ud83d")),
    (b'"item_id":"x","content_index":1,"response_id":"r","delta":"a"', ("x", 1, "r", "a")),
    (b'"item_id":"x","content_index":1,"response_id":"r","delta":""', ("x", 1, "r", "")),
    (b'"item_id":"x","content_index":1,"response_id":"r","delta":"b","content_index":2', ("x", 2, "r", "b")),
    (b'"item_id":5,"delta":["a"]', ("", 0, None, "")),
    (b'"item_id":"x","delta":"a', ("", 0, None, "")),
]


@pytest.mark.parametrize("again", [False, True], ids=["first", "after one like it"])
@pytest.mark.parametrize(("text", "expected"), TRANSCRIPTS, ids=range(len(TRANSCRIPTS)))
def test_a_piece_of_transcript_is_read(text: bytes, expected: tuple[str, int, str | None, str], again: bool) -> None:
    """Of a piece of transcript its place and its words are read, however they are written."""
    pieces = AnswerPieces()
    message = Incoming(b'{"type":"response.audio_transcript.delta",%b}' % text)
    if again:
        pieces.text(Incoming(message.data.replace(b'"delta":"', b'"delta":"z')))
    found = pieces.text(message)
    assert (pieces.item_id, pieces.content_index, pieces.response_id, found) == expected


def piece(item_id: str, size: int, **more: Any) -> bytes:
    audio = base64.b64encode(bytes(size)).decode()
    event = {"event_id": f"e{size}", "type": "response.audio.delta", "item_id": item_id, **more, "delta": audio}
    return json.dumps(event, separators=(",", ":")).encode()


@pytest.mark.parametrize(
    "pieces",
    [
        [piece("a", 3), piece("a", 4), piece("a", 5), piece("a", 48_000)],
        [piece("a", 3), piece("b", 4), piece("a", 5)],
        [piece("a", 3, content_index=0), piece("a", 4, content_index=1), piece("a", 4, content_index=1)],
        [piece("\u00e9", 3), piece("\u00e9", 4)],
        [json.dumps(json.loads(piece("a", 7))).encode()] * 3,
        [piece("a", 3), piece("a", 4)[:-1] + b',"delay":"9"}', piece("a", 5)],
        [b'{"type":"response.audio.delta","delta":"AAAA","item_id":"a"}', piece("a", 3)],
        [b'{"type":"response.audio.delta","delta":"AAAA","item_id":"%c"}' % name for name in b"abba"],
        [piece("a", 0), piece("a", 3)],
        [b'{"type":"response.audio.delta"}', piece("a", 3)],
    ],
    ids=range(10),
)
def test_pieces_of_audio_add_up(pieces: list[bytes]) -> None:
    """However alike the pieces are, each item gets the bytes of its own."""
    expected: Counter[str] = Counter()
    for data in pieces:
        event = json.loads(data)
        expected[event.get("item_id", "")] += len(base64.b64decode(event.get("delta", "")))
    counter, counted = AudioCounter(), Counter[str]()
    for data in pieces:
        if (before := counter.add(Incoming(data))) is not None:
            counted[before[0]] += before[1]
    if (rest := counter.take()) is not None:
        counted[rest[0]] += rest[1]
    assert +counted == +expected
    assert counter.take() is None

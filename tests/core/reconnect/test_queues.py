"""What is kept of what the application sends during an interruption, and what is held for it to receive."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from voicelive._core.contract import WireContract
from voicelive._core.envelope import SAY_NOTHING, audio_size, is_audio, kind_of
from voicelive._core.reconnect.receive_buffer import ReceiveBuffer
from voicelive._core.reconnect.send_queue import SendQueue, audio_delta

WIRE = WireContract("2026-06-01-preview")
AUDIO = WIRE.encode_call("input_audio_buffer.append", {"audio": base64.b64encode(bytes(960)).decode()})
TURN = WIRE.encode_call("input_audio.turn.append", {"turn_id": "t", "audio": base64.b64encode(bytes(959)).decode()})
EVENT = b'{"type":"response.create"}'


@pytest.mark.parametrize(
    ("data", "size"),
    [
        (AUDIO, 960),
        (TURN, 959),
        (WIRE.encode_event({"audio": "AAAA" * 200, "type": "input_audio_buffer.append"}), 600),
        (b'{"event_id":"e1", "type": "input_audio_buffer.append", "audio": "AAAA"}', 3),
        (EVENT, None),
        (b'{"type":"input_audio_buffer.commit"}', None),
        (b'{"type":"conversation.item.create","item":{"text":"\\"type\\":\\"input_audio_buffer.append\\""}}', None),
    ],
)
def test_audio_is_told_from_control_events(data: bytes, size: int | None) -> None:
    """Only input audio counts as audio, and its size is that of the sound."""
    assert is_audio(data) is (size is not None)
    if size is not None:
        assert audio_size(data) == size


def test_an_event_without_sound_has_no_size() -> None:
    """What carries no base64 counts nothing."""
    assert audio_size(EVENT) == 0


def test_events_come_back_in_order_within_a_bound() -> None:
    """Kept events come back in order; one that does not fit is refused, and does not disturb the others."""
    queue = SendQueue(60)
    events = [b'{"n":%d}' % number for number in range(3)]
    assert all(queue.put(event, keep_audio=False) for event in events)
    assert not queue.put(b"x" * 60, keep_audio=False)
    assert len(queue) == 3
    first = queue.take()
    assert first == events[0]
    queue.put_back(events[0])
    assert [queue.take() for _ in range(4)] == [*events, None]
    # What was taken has left its room.
    assert queue.put(b"x" * 60, keep_audio=False)
    assert not queue.put(b"x", keep_audio=False)


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
    queue = SendQueue(len(AUDIO) + len(EVENT))
    queue.put(AUDIO, keep_audio=True)
    queue.put(EVENT, keep_audio=True)
    queue.drop_audio()
    assert queue.dropped_audio == 960
    assert queue.put(b"x" * len(AUDIO), keep_audio=False)
    assert queue.take() == EVENT


@pytest.mark.parametrize(
    ("limits", "full"),
    [((None, None), [False] * 3), ((2, None), [False, False, True]), ((None, 2 * 515), [False, False, True])],
)
def test_a_buffer_tells_when_it_holds_enough(limits: tuple[Any, Any], full: list[bool]) -> None:
    """Messages come out in order, and it is full from the message or the byte on that passes the limit."""
    buffer = ReceiveBuffer(*limits)
    seen: list[bool] = []
    for message in (b"abc", b"def", b"ghi"):
        buffer.put(message)
        seen.append(buffer.is_full)
    assert seen == full
    assert [buffer.take() for _ in range(4)] == [b"abc", b"def", b"ghi", None]
    assert not buffer.is_full
    buffer.put(b"abcdef")
    buffer.clear()
    assert buffer.take() is None
    assert not buffer.is_full


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b'{"type":"response.text.delta","delta":"x"}', b"response.text.delta"),
        (b'{"event_id": "e", "type": "response.text.delta"}', b"response.text.delta"),
        (b'{"item":{"type":"response.text.delta"},"type":"conversation.item.created"}', b""),
        (b'{"event_id":"\\u0041","type":"response.text.delta"}', b""),
        (b'["type"]', b""),
        (b"", b""),
    ],
)
def test_the_type_shows_at_the_beginning_or_the_event_is_read(data: bytes, kind: bytes) -> None:
    """A type is taken from the beginning of a message only where it can be no other's."""
    assert kind_of(data) == kind


def test_pieces_say_nothing_and_audio_is_measured() -> None:
    """Each type that is not read in full is one of pieces; of a piece of audio the item and the size are read."""
    assert all(kind.endswith(b".delta") for kind in SAY_NOTHING)
    assert audio_delta(b'{"type":"response.audio.delta","item_id":"x","delta":"AAAA"}') == ("x", 3)
    assert audio_delta(b'{"type":"response.audio.delta","item_id":"\\u0041","delta":"AAAA"}') == ("A", 3)
    assert audio_delta(b'{"type":"response.audio.delta"}') == ("", 0)

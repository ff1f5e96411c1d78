"""Server-sent events, however they are cut."""

from __future__ import annotations

import pytest

from voicelive._local.engines.sse import MAX_EVENT_CHARS, EventStream

STREAM = '\ufeff: a comment\r\ndata: {"a": "é😀"}\r\n\r\nid: 7\ndata:one\ndata: two\n\n\ndata\rdata: last\r\r'
EVENTS = ['{"a": "é😀"}', "one\ntwo", "\nlast"]


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 1000])
def test_events_are_the_same_wherever_the_stream_is_cut(size: int) -> None:
    """Cut in pieces of any size, inside characters and line ends too, the events are the same."""
    stream, data = EventStream(), STREAM.encode()
    pieces = [data[start : start + size] for start in range(0, len(data), size)]
    found = [event for piece in pieces for event in stream.feed(piece)]
    # A line that ends in a carriage return ends for sure when the next byte is known.
    found += stream.feed(b"\n")
    assert found == EVENTS


def test_two_cuts_anywhere_change_nothing() -> None:
    """Every cut in three pieces gives the same events."""
    data = b"data: \xc3\xa9\r\n\r\ndata: b\n\n"
    for first in range(len(data)):
        for second in range(first, len(data)):
            stream = EventStream()
            pieces = (data[:first], data[first:second], data[second:])
            assert [event for piece in pieces for event in stream.feed(piece)] == ["é", "b"]


def test_an_event_without_end_is_refused() -> None:
    """A stream that never ends an event does not fill the memory."""
    stream = EventStream()
    line = b"data: " + b"x" * (MAX_EVENT_CHARS // 2) + b"\n"
    assert list(stream.feed(line)) == []
    with pytest.raises(ValueError, match="longer than"):
        list(stream.feed(line + b"data: more"))

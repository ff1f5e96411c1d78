"""Cutting messages out of the bytes that arrive gives what the protocol of `websockets` gives, however they are cut."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.server import ServerProtocol
from websockets.uri import parse_uri

from voicelive._transport.frames import FrameSplitter

MAX_SIZE = 70_000
TEXT, BINARY, CONT, PING, PONG, CLOSE = 0x1, 0x2, 0x0, 0x9, 0xA, 0x8


def frame(first: int, data: bytes) -> bytes:
    """A frame as a service sends it, without a mask."""
    size = len(data)
    if size < 126:
        return bytes([first, size]) + data
    if size < 1 << 16:
        return bytes([first, 126]) + size.to_bytes(2, "big") + data
    return bytes([first, 127]) + size.to_bytes(8, "big") + data


@st.composite
def payloads(draw: st.DrawFn) -> bytes:
    """Texts of the lengths where the form of a header changes."""
    size = draw(st.sampled_from([0, 1, 2, 3, 30, 125, 126, 127, 300, 65535, 65536, MAX_SIZE, MAX_SIZE + 1]))
    return (b'{"type":"x"}' * (size // 12 + 1))[:size]


@st.composite
def messages(draw: st.DrawFn) -> bytes:
    """A message of any kind, or a ping: mostly whole texts."""
    kind = draw(st.sampled_from([TEXT, TEXT, TEXT, CONT, BINARY, PING, PONG]))
    if kind in (TEXT, BINARY):
        return frame(0x80 | kind, draw(payloads()))
    if kind in (PING, PONG):
        return frame(0x80 | kind, draw(st.binary(max_size=125)))
    parts = draw(st.lists(st.binary(max_size=40), min_size=2, max_size=4))
    pinged = frame(0x80 | PING, b"!") if draw(st.booleans()) else b""
    return (
        frame(TEXT, parts[0])
        + b"".join(frame(CONT, part) for part in parts[1:-1])
        + pinged
        + frame(0x80 | CONT, parts[-1])
    )


ENDINGS = [
    b"",
    frame(0x80 | CLOSE, b"\x03\xe8bye"),
    frame(0x80 | CLOSE, b""),
    frame(0x80 | CONT, b"of nothing"),
    frame(TEXT, b"begun") + frame(0x80 | TEXT, b"another"),
    frame(0xC1, b"compressed, which was not agreed"),
    frame(0x83, b"an opcode that does not exist"),
    b"\x81\x85maskhello",
    frame(0x80 | TEXT, b"cut off")[:5],
]


@st.composite
def streams(draw: st.DrawFn) -> bytes:
    """All that a service sends after its answer, the end of it proper or not."""
    before = draw(st.lists(messages(), max_size=6))
    after = draw(st.sampled_from([b"", frame(0x80 | TEXT, b"too late")]))
    return b"".join(before) + draw(st.sampled_from(ENDINGS)) + after


def opening() -> tuple[ClientProtocol, bytes]:
    """A client that has asked for an upgrade, and the answer to it."""
    client = ClientProtocol(parse_uri("ws://localhost/"), max_size=MAX_SIZE)
    client.send_request(client.connect())
    server = ServerProtocol()
    server.receive_data(b"".join(client.data_to_send()))
    server.send_response(server.accept(server.events_received()[0]))  # type: ignore[arg-type]
    return client, b"".join(server.data_to_send())


def outcome(protocol: ClientProtocol, receive: Any, chunks: list[bytes]) -> list[Any]:
    """What a connection makes of `chunks`: its events in order, what it sends, and its end."""
    seen: list[Any] = []
    sent = b""
    for chunk in chunks:
        receive(chunk)
        for event in protocol.events_received():
            if isinstance(event, Frame):
                seen.append((event.opcode, bytes(event.data), event.fin))
            elif isinstance(event, bytes):
                seen.append((Opcode.TEXT, event, True))
            else:
                assert isinstance(event, Response)
        # The key that masks what a client sends is random: only the kinds and lengths of frames can be compared.
        sent += b"".join(data[:2] for data in protocol.data_to_send())
    protocol.receive_eof()
    closed = (protocol.close_rcvd, protocol.close_sent, type(protocol.parser_exc))
    return [
        seen,
        sent,
        protocol.state,
        closed if not isinstance(protocol.parser_exc, EOFError) else protocol.close_rcvd,
    ]


@settings(max_examples=100, deadline=None)
@example(stream=frame(0x80 | TEXT, b"a" * 126) * 3, cuts=[1, 2, 3, 4, 130, 131, 132, 133], with_answer=False)
@example(stream=frame(0x80 | TEXT, b"a" * 65536), cuts=[1, 2, 9, 10, 11, 65000], with_answer=True)
@given(
    stream=streams(), cuts=st.lists(st.integers(min_value=0, max_value=400_000), max_size=12), with_answer=st.booleans()
)
def test_messages_come_out_as_the_protocol_reads_them(stream: bytes, cuts: list[int], with_answer: bool) -> None:
    """The same messages, pongs and end, whatever frames come and wherever the network cuts them."""
    plain, answer = opening()
    split, answer_to_split = opening()
    splitter = FrameSplitter(split, MAX_SIZE)
    size = len(stream)
    places = sorted({cut % size for cut in cuts} - {0}) if size else []
    chunks = [stream[a:b] for a, b in zip([0, *places], [*places, size], strict=True) if a < b]

    def with_head(head: bytes) -> list[bytes]:
        return [head + (chunks[0] if chunks else b""), *chunks[1:]] if with_answer else [head, *chunks]

    expected = outcome(plain, plain.receive_data, with_head(answer))
    assert outcome(split, splitter.receive_data, with_head(answer_to_split)) == expected


@pytest.mark.parametrize("step", [1, 2, 3, 5, 7])
def test_an_answer_that_comes_in_pieces_is_read(step: int) -> None:
    """Nothing of the answer to the upgrade is taken for a frame, wherever the network cuts it."""
    protocol, answer = opening()
    data = answer + frame(0x80 | TEXT, b"first") + frame(0x80 | TEXT, b"second")
    splitter = FrameSplitter(protocol, MAX_SIZE)
    for at in range(0, len(data), step):
        splitter.receive_data(data[at : at + step])
    events: list[object] = [*protocol.events_received()]
    assert isinstance(events.pop(0), Response)
    assert events == [b"first", b"second"]


def test_a_refusal_is_left_to_the_protocol() -> None:
    """The body of an answer that refuses is no frame."""
    protocol, _ = opening()
    splitter = FrameSplitter(protocol, MAX_SIZE)
    splitter.receive_data(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 4\r\n\r\n")
    splitter.receive_data(b"\x81\x02no")
    (response,) = protocol.events_received()
    assert isinstance(response, Response)
    assert response.status_code == 401
    assert response.body == b"\x81\x02no"

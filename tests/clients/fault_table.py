"""Every way a misbehaving server can fail, and the error that both clients then give: one row each.

`test_faults.py` runs the table against both clients; the page about errors holds the same rows.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Iterator
from typing import Any, NamedTuple

from voicelive import errors

from .servers import RawBehaviour, event
from .test_closing import accept_upgrade

__all__ = ["FAULTS", "OPTIONS", "Fault"]

OPTIONS: dict[str, Any] = {
    "open_timeout": 100.0,
    "close_timeout": 0.5,
    "ready_timeout": 100,
    "stall_timeout": 100,
    "ping_interval": 20,
    "ping_timeout": 100,
}
"""Where a row is not about a time, a busy machine has all it needs."""
SHORT_OPENING = {"open_timeout": 0.7}
SHORT_READY = {"ready_timeout": 1}
SHORT_STALL = {"stall_timeout": 0.5}
FAST_PINGS = {"ping_interval": 0.2, "ping_timeout": 0.4}
BOUND = 100.0
"""Seconds within which each row ends; the largest ones take the most, and more when their coverage is measured."""

TEXT, BINARY, CLOSE, PING, CONT, FIN = 0x1, 0x2, 0x8, 0x9, 0x0, 0x80
CREATED = event("session.created").encode()
MIB = 1024 * 1024


class Fault(NamedTuple):
    """What a server does, and what comes of it."""

    group: str
    """The row of the documentation's table it belongs to."""
    name: str
    behaviour: RawBehaviour
    error: type[errors.ConnectionError] | None
    """None: nothing breaks; the connection goes on and is closed by the server with 1000."""
    code: int | None = None
    """The close code, or the HTTP status."""
    initiator: str | None = None
    events: int | None = 0
    """How many events are received before the end; None where nobody counts."""
    options: dict[str, Any] = {}  # noqa: RUF012 - never written


def frame(opcode: int, payload: bytes = b"", *, fin: bool = True, mask: bool = False) -> bytes:
    """Build a WebSocket frame by hand, however wrong."""
    head = bytes([(FIN if fin else 0) | opcode])
    bit = 0x80 if mask else 0
    if len(payload) < 126:
        head += bytes([bit | len(payload)])
    elif len(payload) < 65536:
        head += struct.pack("!BH", bit | 126, len(payload))
    else:
        head += struct.pack("!BQ", bit | 127, len(payload))
    return head + (bytes(4) if mask else b"") + payload


def close_frame(code: int, reason: bytes = b"") -> bytes:
    return frame(CLOSE, struct.pack("!H", code) + reason)


def writes(*pieces: bytes, stall: bool = False) -> RawBehaviour:
    """Upgrade, write `pieces`, then hang up; or say nothing more and wait."""

    async def behaviour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await accept_upgrade(reader, writer)
        # Reads what the client sends, so that nothing of ours is lost when this side hangs up.
        reading = asyncio.ensure_future(reader.read(-1))
        try:
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
            if stall:
                await reading
            writer.write_eof()
            await asyncio.wait({reading}, timeout=BOUND)
        finally:
            reading.cancel()

    return behaviour


def answers(*lines: str, body: str = "") -> RawBehaviour:
    """Answer the opening request with a status line and headers."""

    async def behaviour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = "\r\n".join((*lines, f"Content-Length: {len(body)}", "Connection: close"))
        writer.write(f"{head}\r\n\r\n{body}".encode())
        await writer.drain()

    return behaviour


def raw(*pieces: bytes, stall: bool) -> RawBehaviour:
    """Read the opening request and answer it with `pieces`, which may be anything."""

    async def behaviour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for piece in pieces:
            writer.write(piece)
        await writer.drain()
        if stall:
            await reader.read()

    return behaviour


async def reads_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Accept the connection, and that is all."""
    await asyncio.sleep(30)


async def resets(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Upgrade, then break the connection hard."""
    await accept_upgrade(reader, writer)
    writer.transport.abort()


def chunks(payload: bytes, size: int) -> Iterator[bytes]:
    """Split a message into frames of `size` bytes."""
    for start in range(0, len(payload), size):
        last = start + size >= len(payload)
        yield frame(CONT if start else TEXT, payload[start : start + size], fin=last)


def closing_rows() -> Iterator[Fault]:
    """A close frame with each code."""
    yield Fault("close 1000", "close 1000", writes(close_frame(1000, b"bye")), None, 1000, "server")
    kinds = {1009: errors.MessageTooBigError}
    sendable = [1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4001, 4999]
    for code in sendable:
        kind = kinds.get(code, errors.ConnectionClosed)
        group = f"close {code}" if code < 3000 else "close 3000 to 4999"
        yield Fault(
            group, f"close {code}", writes(frame(TEXT, CREATED), close_frame(code, b"x")), kind, code, "server", 1
        )
    for code in (0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535):
        yield Fault(
            "close with a code that nobody may send",
            f"close {code}",
            writes(frame(TEXT, CREATED), close_frame(code)),
            errors.ConnectionClosed,
            1002,
            "local",
            1,
        )
    yield Fault("close without a code", "close", writes(frame(CLOSE)), errors.ConnectionClosed, 1005, "server")
    yield Fault(
        "close with half a code", "half a code", writes(frame(CLOSE, b"\x03")), errors.ConnectionClosed, 1002, "local"
    )
    yield Fault(
        "close with a reason that is not UTF-8",
        "reason",
        writes(close_frame(1000, b"\xff")),
        errors.ConnectionClosed,
        1007,
        "local",
    )
    yield Fault(
        "close after error event `session_expired`",
        "expired",
        writes(frame(TEXT, event("error", error={"code": "session_expired"}).encode()), close_frame(1001)),
        errors.SessionExpiredError,
        1001,
        "server",
        1,
    )
    yield Fault(
        "close 1001 at `expires_at`",
        "expires_at",
        writes(frame(TEXT, event("session.created", session={"expires_at": 1}).encode()), close_frame(1001)),
        errors.SessionExpiredError,
        1001,
        "server",
        1,
    )
    refused = event("error", error={"code": "invalid_session_update_message", "param": "type"}).encode()
    yield Fault(
        "close 1008 after a refused configuration",
        "configuration",
        writes(frame(TEXT, CREATED), frame(TEXT, refused), close_frame(1008)),
        errors.ConfigurationRejectedError,
        1008,
        "server",
        2,
    )


def breaking_rows() -> Iterator[Fault]:
    """The connection breaks, at each place of a message."""
    half = frame(TEXT, CREATED)
    places = {
        "between messages": half,
        "in the header of a frame": half + half[:1],
        "in the length of a frame": half + frame(TEXT, bytes(300))[:3],
        "in a frame": half + half[:-5],
        "in a message of several frames": half + frame(TEXT, b"{", fin=False),
    }
    for place, data in places.items():
        yield Fault("hangs up, anywhere", place, writes(data), errors.ConnectionClosed, 1006, "network", 1)
    yield Fault("breaks the connection", "reset", resets, errors.ConnectionClosed, 1006, "network")


def stalling_rows() -> Iterator[Fault]:
    """The server says nothing more, at each stage."""
    timeout = errors.ConnectTimeoutError
    yield Fault("never answers the opening", "after TCP", reads_nothing, timeout, options=SHORT_OPENING)
    yield Fault("never answers the opening", "after the request", raw(stall=True), timeout, options=SHORT_OPENING)
    for name, start in (
        ("in the status line", b"HTTP/1.1 10"),
        ("in a header", b"HTTP/1.1 101 Switching Protocols\r\nUpgr"),
    ):
        yield Fault("stalls in its answer", name, raw(start, stall=True), timeout, options=SHORT_OPENING)
    ready = errors.ReadyTimeoutError
    nothing, half = writes(stall=True), writes(b"\x81\x7e", stall=True)
    yield Fault("stalls after the upgrade", "after the upgrade", nothing, ready, 4000, "timeout", 0, SHORT_READY)
    yield Fault("stalls in its first message", "first message", half, ready, 4000, "timeout", 0, SHORT_READY)
    begun = frame(TEXT, CREATED) + frame(TEXT, event("response.created", response={"id": "r"}).encode())
    stalled = errors.ResponseStalledError
    still = writes(begun, stall=True)
    yield Fault("stalls in a response", "response", still, stalled, 4001, "timeout", 2, SHORT_STALL)
    yield Fault(
        "stalls in a message during a response",
        "message of a response",
        writes(begun + frame(TEXT, b"{", fin=False), stall=True),
        stalled,
        4001,
        "timeout",
        2,
        SHORT_STALL,
    )
    for name, data in (("between messages", b""), ("in a frame", b"\x81\x05x")):
        yield Fault(
            "answers no ping",
            name,
            writes(frame(TEXT, CREATED) + data, stall=True),
            errors.KeepaliveTimeoutError,
            1011,
            "timeout",
            1,
            FAST_PINGS,
        )


def content_rows() -> Iterator[Fault]:
    """Frames and messages that are wrong, large or many."""
    closed, too_big = errors.ConnectionClosed, errors.MessageTooBigError
    big = frame(TEXT, bytes(64 * MIB + 1))
    yield Fault("sends 64 MiB and one byte", "one frame", writes(big), too_big, 1009, "local")
    pieces = b"".join(chunks(bytes(4097), 1024))
    yield Fault("sends 64 MiB and one byte", "in frames", writes(pieces), too_big, 1009, "local", 0, {"max_size": 4096})
    bye = close_frame(1000)
    whole = frame(TEXT, bytes(64 * MIB))
    yield Fault("sends 64 MiB", "one frame", writes(whole + bye), None, 1000, "server", 1)
    yield Fault(
        "sends an event in frames of one byte",
        "one byte",
        writes(b"".join(chunks(CREATED, 1)) + bye),
        None,
        1000,
        "server",
        1,
    )
    yield Fault(
        "sends text that is not UTF-8 (a `MalformedServerEvent`)",
        "utf-8",
        writes(frame(TEXT, b"\xff\xfe") + bye),
        None,
        1000,
        "server",
        1,
    )
    for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15):
        yield Fault("uses a reserved opcode", f"opcode {opcode}", writes(frame(opcode, b"x")), closed, 1002, "local")
    for bit in (0x40, 0x20, 0x10):
        yield Fault("uses a reserved bit", f"bit {bit}", writes(frame(TEXT | bit, b"x")), closed, 1002, "local")
    yield Fault("masks its frames", "masked", writes(frame(TEXT, CREATED, mask=True)), closed, 1002, "local")
    yield Fault("continues no message", "continuation", writes(frame(CONT, b"x")), closed, 1002, "local")
    yield Fault(
        "begins a message in a message",
        "nested",
        writes(frame(TEXT, b"{", fin=False) + frame(TEXT, b"{")),
        closed,
        1002,
        "local",
    )
    yield Fault("sends a ping that is too long", "long ping", writes(frame(PING, bytes(126))), closed, 1002, "local")
    yield Fault("sends a ping in parts", "ping in parts", writes(frame(PING, b"x", fin=False)), closed, 1002, "local")
    flood = writes(*[frame(PING, b"0123456789") * 500] * 40, frame(TEXT, CREATED), bye)
    yield Fault("floods with pings", "20,000 pings", flood, None, 1000, "server", 1)
    tiny = frame(TEXT, b'{"type":"x"}') * 1000
    many = writes(*[tiny] * 100, bye)
    yield Fault("sends a hundred thousand tiny events", "tiny", many, None, 1000, "server", 100_000)
    unread = {"max_queue": 100, "ping_interval": 0.5, "ping_timeout": 1.0}
    yield Fault(
        "sends what nobody receives",
        "unread",
        writes(*[tiny] * 1000, stall=True),
        errors.ReceiveOverflowError,
        4002,
        "local",
        None,
        unread,
    )


def answering_rows() -> Iterator[Fault]:
    """HTTP in place of an upgrade."""
    kinds: dict[int, type[errors.HandshakeError]] = {
        400: errors.BadRequestError,
        401: errors.AuthenticationError,
        403: errors.AuthenticationError,
        404: errors.NotFoundError,
        429: errors.ThrottledError,
    }
    for status in (200, 204, 400, 401, 402, 403, 404, 405, 408, 410, 418, 421, 426, 429, 451, 500, 501, 502, 503):
        kind = kinds.get(status, errors.HandshakeError)
        group = f"answers {status}" if status in kinds else "answers any other status"
        yield Fault(group, f"answers {status}", answers(f"HTTP/1.1 {status} Some", "Retry-After: 3"), kind, status)
    for status in (301, 302, 303, 304, 305, 306, 307, 308):
        for where in ("/elsewhere", "http://localhost:9/", "https://other.example/voice-live/realtime"):
            yield Fault(
                "answers with a redirect, to anywhere",
                f"redirect {status} to {where}",
                answers(f"HTTP/1.1 {status} Moved", f"Location: {where}"),
                errors.RedirectError,
                status,
            )
    handshake = errors.HandshakeError
    yield Fault("hangs up in place of an answer", "no answer", raw(stall=False), handshake)
    yield Fault("hangs up in its answer", "half a header", raw(b"HTTP/1.1 101 Sw\r\nUpgr", stall=False), handshake)
    yield Fault("speaks no HTTP", "no HTTP", raw(b"220 mail.example\r\n\r\n", stall=False), handshake)
    yield Fault(
        "upgrades against the rules",
        "no accept",
        raw(b"HTTP/1.1 101 Ok\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n", stall=False),
        handshake,
    )
    endless = raw(b"HTTP/1.1 101 Ok\r\nX: " + b"x" * 100_000, stall=False)
    yield Fault("sends an endless header", "endless", endless, handshake)
    many = raw(b"HTTP/1.1 101 Ok\r\n" + b"X: y\r\n" * 2000 + b"\r\n", stall=False)
    yield Fault("sends an endless header", "many", many, handshake)


FAULTS: tuple[Fault, ...] = (
    *closing_rows(),
    *breaking_rows(),
    *stalling_rows(),
    *content_rows(),
    *answering_rows(),
)


def documented() -> str:
    """Write the table as the documentation has it: one line for each group of rows."""
    lines = ["| What the service does | What you get | Code | Who ended it |", "| --- | --- | --- | --- |"]
    groups: dict[str, list[Fault]] = {}
    for fault in FAULTS:
        groups.setdefault(fault.group, []).append(fault)
    for group, faults in groups.items():
        (kind,) = {fault.error for fault in faults}
        codes = sorted({fault.code for fault in faults if fault.code is not None})
        initiators = {fault.initiator for fault in faults if fault.initiator is not None}
        shown = "-" if not codes else str(codes[0]) if len(codes) == 1 else f"{codes[0]} … {codes[-1]}"
        what = "no error: it is received" if kind is None else f"`{kind.__name__}`"
        if group == "close 1000":
            what = "iteration ends; `recv` raises `ConnectionClosed`"
        lines.append(f"| {group} | {what} | {shown} | {' '.join(initiators) or '-'} |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(documented())

"""A WebSocket server that replays messages encoded before, so that it costs far less than any client it is used on.

Runs in a process of its own: ``python -m benchmarks.server`` prints its port. What it does on a connection stands in
the query of the client's URL:

``mode=flood``
    once the client has sent a message: the first `first` of `count` messages of `mix`, as fast as the client reads;
    once it has sent another one, the rest. Without `first`, all of them at once.
``mode=sink``
    reads and drops; after `first` messages, and after `count`, it answers with one.
``mode=stamp``
    once the client has sent a message: `count` messages at `rate` a second, each with the time it was sent.
``mode=paced``
    the same without end, at 20 a second, for many connections at once.
``mode=hello``
    sends one ``session.created`` at once.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
import select
import sys
import threading
import time
from functools import cache
from typing import cast
from urllib.parse import parse_qsl, urlsplit

from .frames import frame, messages, split_at_stamp

PACED_SLOTS = 50
"""Milliseconds between two messages of a paced connection."""

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_BATCH = 8
_BACKLOG_LIMIT = 1 << 20


@cache
def frames_of(mix: str, dialect: str, deflate: bool) -> list[bytes]:
    """Return the frames of a mix."""
    return [frame(message, deflate=deflate) for message in messages(mix, dialect)]


@cache
def stamped_frames(mix: str, dialect: str) -> list[tuple[bytes, bytes]]:
    """Return the frames of a mix, each split where the time of sending goes."""
    return [split_at_stamp(framed) for framed in frames_of(mix, dialect, False)]


class Wheel:
    """Sends to every paced connection once in 50 ms, spread evenly."""

    def __init__(self) -> None:
        self._slots: list[dict[Replay, None]] = [{} for _ in range(PACED_SLOTS)]
        self._task: asyncio.Task[None] | None = None
        self._joined = 0

    def join(self, connection: Replay) -> None:
        """Start sending to `connection`."""
        self._slots[(self._joined * 7) % PACED_SLOTS][connection] = None
        self._joined += 1
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._turn())

    def leave(self, connection: Replay) -> None:
        """Stop sending to `connection`."""
        for slot in self._slots:
            slot.pop(connection, None)

    async def _turn(self) -> None:
        start, tick = time.monotonic(), 0
        while any(self._slots):
            late = time.monotonic() - start - tick / 1000
            # Yields even when it is late, so that what clients send is read.
            await asyncio.sleep(max(0.0, -late))
            for connection in list(self._slots[tick % PACED_SLOTS]):
                connection.send_stamped()
            tick += 1
        self._task = None


class Replay(asyncio.Protocol):
    """One connection."""

    def __init__(self, wheel: Wheel) -> None:
        self._wheel = wheel
        self._held = b""
        self._skip = 0
        self._opcode = 0
        self._upgraded = False
        self._going = False
        self._received = 0
        self._sent = 0
        self._limit = 0
        self._writable = True
        self._query: dict[str, str] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop sending."""
        self._writable = False
        self._wheel.leave(self)

    def pause_writing(self) -> None:
        """Stop until the client has read some."""
        self._writable = False

    def resume_writing(self) -> None:
        """Go on."""
        self._writable = True
        if self._query.get("mode") == "flood" and self._going:
            self._flood()

    def data_received(self, data: bytes) -> None:
        """Take the upgrade request, then skip through frames."""
        if not self._upgraded:
            head, end, data = (self._held + data).partition(b"\r\n\r\n")
            if not end:
                self._held = head
                return
            self._held = b""
            self._upgrade(head.decode("latin-1"))
        self._read_frames(data)

    def _upgrade(self, head: str) -> None:
        request, *lines = head.split("\r\n")
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        self._query = dict(parse_qsl(urlsplit(request.split(" ")[1]).query))
        digest = hashlib.sha1(headers["sec-websocket-key"].encode() + _GUID).digest()
        answer = (
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Accept: {base64.b64encode(digest).decode()}\r\n"
        )
        self._deflate = "permessage-deflate" in headers.get("sec-websocket-extensions", "")
        if self._deflate:
            answer += "Sec-WebSocket-Extensions: permessage-deflate; "
            answer += "server_no_context_takeover; client_no_context_takeover\r\n"
        self._transport.write(f"{answer}\r\n".encode())
        self._upgraded = True
        self._mode = self._query.get("mode", "hello")
        self._mix, self._dialect = self._query.get("mix", "turn"), self._query.get("dialect", "dated")
        self._count = int(self._query.get("count", "1"))
        self._answered = {int(self._query.get("first", "1")), self._count}
        if self._mode == "hello":
            self._transport.write(frames_of("hello", self._dialect, self._deflate)[0])

    def _read_frames(self, data: bytes) -> None:
        if self._held:
            data, self._held = self._held + data, b""
        position, size = 0, len(data)
        while True:
            if self._skip:
                taken = min(self._skip, size - position)
                position += taken
                self._skip -= taken
                if self._skip:
                    return
                self._message()
            if position >= size:
                return
            rest = data[position : position + 14]
            length = rest[1] & 0x7F if len(rest) > 1 else 0
            start = 2 + {126: 2, 127: 8}.get(length, 0)
            control = rest[0] & 0x08
            if len(rest) < start or (control and size - position < start + 4 + length):
                self._held = data[position:]
                return
            self._opcode = rest[0] & 0x0F
            if length >= 126:
                length = int.from_bytes(rest[2:start], "big")
            if control:
                body = data[position + start : position + start + 4 + length]
                self._control(bytes(byte ^ body[index % 4] for index, byte in enumerate(body[4:])))
                position += start + 4 + length
            else:
                position += start
                self._skip = 4 + length

    def _control(self, body: bytes) -> None:
        if self._opcode == 8:
            self._transport.write(b"\x88" + bytes([len(body)]) + body)
            self._transport.close()
        elif self._opcode == 9:
            self._transport.write(b"\x8a" + bytes([len(body)]) + body)

    def _message(self) -> None:
        self._received += 1
        if self._mode == "sink" and self._received in self._answered:
            self._transport.write(frames_of("hello", self._dialect, self._deflate)[0])
        if self._going:
            if self._mode == "flood":
                self._flood_to(self._count)
            return
        self._going = True
        if self._mode == "flood":
            self._flood_to(int(self._query.get("first", self._count)))
        elif self._mode == "paced":
            self._wheel.join(self)
        elif self._mode == "stamp":
            threading.Thread(target=self._stamp, args=(float(self._query["rate"]),), daemon=True).start()

    def _flood_to(self, limit: int) -> None:
        self._limit = limit
        self._flood()

    def _flood(self) -> None:
        cycle = frames_of(self._mix, self._dialect, self._deflate)
        while self._writable and self._sent < self._limit:
            last = min(self._sent + _BATCH, self._limit)
            self._transport.write(b"".join(cycle[index % len(cycle)] for index in range(self._sent, last)))
            self._sent = last

    def send_stamped(self) -> None:
        """Send the next message with the time; drop it where the client is far behind."""
        if self._transport.get_write_buffer_size() > _BACKLOG_LIMIT:
            return
        cycle = stamped_frames(self._mix, self._dialect)
        before, after = cycle[self._sent % len(cycle)]
        self._sent += 1
        self._transport.write(b"%b%019d%b" % (before, time.monotonic_ns(), after))

    def _stamp(self, rate: float) -> None:
        # A thread that sleeps is more exact than the event loop, whose clock has milliseconds.
        cycle = stamped_frames(self._mix, self._dialect)
        descriptor = os.dup(self._transport.get_extra_info("socket").fileno())
        try:
            start = time.monotonic()
            for index in range(self._count):
                wait = start + index / rate - time.monotonic()
                if wait > 0:
                    time.sleep(wait)
                before, after = cycle[index % len(cycle)]
                _write_all(descriptor, b"%b%019d%b" % (before, time.monotonic_ns(), after))
        except OSError:
            return  # the client has gone
        finally:
            os.close(descriptor)


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        try:
            view = view[os.write(descriptor, view) :]
        except BlockingIOError:
            select.select([], [descriptor], [], 5)


async def main() -> None:
    """Serve until standard input ends."""
    loop = asyncio.get_running_loop()
    wheel = Wheel()
    server = await loop.create_server(lambda: Replay(wheel), "127.0.0.1", 0, backlog=2048)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main())

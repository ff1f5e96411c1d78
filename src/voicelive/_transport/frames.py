"""Takes whole text messages straight out of the bytes that arrive.

The frame parser of `websockets` is a generator that is resumed several times for each frame; that is most of what it
takes to receive an event. Nearly all that the service sends is text in a single frame without extensions, which takes
no more than reading its length. Such frames are cut out here; every other byte goes to the protocol of `websockets`, in
the same order, so that there is one judge of everything unusual: control frames, fragments, compression, errors.
"""

from __future__ import annotations

from typing import Any, Protocol

from websockets.protocol import State

__all__ = ["FrameSplitter", "cut_out_messages"]

_WHOLE_TEXT = 0x81
"""The first byte of a text frame that is the whole message and uses no extension."""
_CONTROL = 0x08
_FIN = 0x80
_HEADERS_END = b"\r\n\r\n"


class _Protocol(Protocol):
    """What is used of the protocol of `websockets`."""

    events: list[Any]
    extensions: Any

    @property
    def state(self) -> State: ...

    def receive_data(self, data: bytes) -> None: ...


class FrameSplitter:
    """Feeds a protocol, but appends whole text messages to its events itself, as ``bytes``.

    It sees every byte of a connection from the answer to the upgrade on, so that it always knows where a frame begins.
    """

    __slots__ = (
        "_header",
        "_in_fragments",
        "_last",
        "_leaves",
        "_max_size",
        "_missing",
        "_others",
        "_parse",
        "_parts",
        "_protocol",
        "_splits",
    )

    def __init__(self, protocol: _Protocol, max_size: int | None) -> None:
        self._protocol = protocol
        self._parse = protocol.receive_data
        self._max_size = float("inf") if max_size is None else max_size
        self._splits = False
        # Whether the protocol reads everything from now on.
        self._leaves = False
        self._last = b""
        self._in_fragments = False
        # What has arrived of a frame's header, or of a message, and how much of the latter is missing.
        self._header = b""
        self._parts: list[bytes] = []
        self._missing = 0
        # How much of the frame that the protocol reads has not arrived.
        self._others = 0

    def receive_data(self, data: bytes) -> None:
        """Take the next bytes of the connection."""
        if not self._splits:
            data = self._until_open(data)
        if data:
            if self._protocol.state is State.OPEN and self._splits:
                self._split(data)
            else:
                self._leave(data)

    def _until_open(self, data: bytes) -> bytes:
        """Give the protocol what belongs to the answer to the upgrade, and return the rest."""
        if self._leaves:
            return data
        before = len(self._last)
        seen = self._last + data
        end = seen.find(_HEADERS_END)
        if end < 0:
            self._last = seen[-len(_HEADERS_END) + 1 :]
            self._parse(data)
            return b""
        end += len(_HEADERS_END) - before
        self._parse(data[:end])
        self._splits = self._protocol.state is State.OPEN and not self._protocol.extensions
        self._leaves = not self._splits
        return data[end:]

    def _leave(self, data: bytes) -> None:
        """Give the protocol what is held, and everything from now on."""
        if self._splits:
            self._splits, self._leaves = False, True
            data = self._header + data
            if self._missing:
                held = b"".join(self._parts)
                data = _header(len(held) + self._missing) + held + data
        if data:
            self._parse(data)

    def _split(self, data: bytes) -> None:
        if self._header:
            data = self._header + data
            self._header = b""
        at = self._rest(data)
        size = len(data)
        events = self._protocol.events
        while size - at >= 2:
            length = data[at + 1]
            start = at + 2
            if length >= 126:
                if length > 127:
                    # Masked, which no service may do.
                    self._leave(data[at:])
                    return
                start += 2 if length == 126 else 8
                if start > size:
                    break
                length = int.from_bytes(data[at + 2 : start], "big")
            end = start + length
            if data[at] == _WHOLE_TEXT and length <= self._max_size and not self._in_fragments:
                if end > size:
                    self._parts.append(data[start:])
                    self._missing = end - size
                    return
                events.append(data[start:end])
            elif not self._pass_on(data, at, end):
                return
            at = end
        if at < size:
            self._header = data[at:]

    def _rest(self, data: bytes) -> int:
        """Take what belongs to the frame that has begun to arrive, and return how much of `data` that was."""
        size = len(data)
        if self._missing:
            at = min(self._missing, size)
            # Put together once at the end: a large message is not copied for each of its parts.
            self._parts.append(data if at == size else data[:at])
            self._missing -= at
            if not self._missing:
                self._protocol.events.append(b"".join(self._parts))
                self._parts = []
            return at
        if self._others:
            at = min(self._others, size)
            self._others -= at
            return at if self._pass_bytes(data[:at], data[at:]) else size
        return 0

    def _pass_on(self, data: bytes, at: int, end: int) -> bool:
        """Give the protocol the frame that begins there; return whether frames are still cut out afterwards."""
        if not data[at] & _CONTROL:
            self._in_fragments = not data[at] & _FIN
        self._others = max(0, end - len(data))
        return self._pass_bytes(data[at:end], data[end:])

    def _pass_bytes(self, data: bytes, after: bytes) -> bool:
        self._parse(data)
        if self._protocol.state is State.OPEN:
            return True
        # Closed by the service, or given up because of this frame.
        self._leave(after)
        return False


def cut_out_messages(connection: Any, max_size: int | None) -> None:
    """Make `connection` of `websockets` find whole text messages among its events as ``bytes``."""
    protocol = connection.protocol
    # With the log on, the protocol writes down every frame that it reads.
    if not protocol.debug:
        protocol.receive_data = FrameSplitter(protocol, max_size).receive_data


def _header(length: int) -> bytes:
    """Return the header that a whole text message of this length has."""
    if length < 126:
        return bytes([_WHOLE_TEXT, length])
    if length < 1 << 16:
        return bytes([_WHOLE_TEXT, 126]) + length.to_bytes(2, "big")
    return bytes([_WHOLE_TEXT, 127]) + length.to_bytes(8, "big")

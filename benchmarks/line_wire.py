"""The far ends of lines and the service as cheap as can be: frames made beforehand, and as little read as is needed.

What makes the load shall not be what ends first. So no library for WebSockets: every message is one frame, and the mask
is zero, which changes nothing.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import os
import time
import uuid
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from websockets.speedups import apply_mask

__all__ = ["FRAME_MS", "STAMP", "FarEnd", "Kind", "Session", "kind_of", "stamp", "stamped_at"]

FRAME_MS = 20
STAMP = 9
"""Bytes at the beginning of each frame of sound that say whose it is, and when it left; twelve characters of base64."""
_TEXT, _BINARY, _CLOSE, _PING, _PONG = 1, 2, 8, 9, 10


def stamp(number: int, now: float) -> bytes:
    """Return what a frame of a caller's begins with."""
    return number.to_bytes(2, "big") + int(now * 1e6).to_bytes(7, "big")


def stamped_at(sound: bytes, start: int) -> float:
    """Return when a frame left."""
    return int.from_bytes(sound[start + 2 : start + STAMP], "big") / 1e6


def _frame(payload: bytes, opcode: int = _TEXT, *, masked: bool) -> bytes:
    size, mask = len(payload), 0x80 if masked else 0
    if size < 126:
        head = bytes((0x80 | opcode, mask | size))
    elif size < 65_536:
        head = bytes((0x80 | opcode, mask | 126)) + size.to_bytes(2, "big")
    else:
        head = bytes((0x80 | opcode, mask | 127)) + size.to_bytes(8, "big")
    return head + (bytes(4) if masked else b"") + payload


class _Socket(asyncio.Protocol, ABC):
    """One end of a WebSocket whose messages are frames."""

    masks = False

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._is_open = False
        self.transport: Any = None
        self.closed = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.closed.done():
            self.closed.set_result(None)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._is_open:
            head, found, rest = bytes(self._buffer).partition(b"\r\n\r\n")
            if not found:
                return
            self._is_open, self._buffer = True, bytearray(rest)
            self.opened(head)
        for opcode, payload in self._messages():
            if opcode == _CLOSE:
                self.write(payload[:2], _CLOSE)
                self.transport.close()
                return
            if opcode == _PING:
                self.write(payload, _PONG)
            elif opcode in (_TEXT, _BINARY):
                self.received(payload, is_text=opcode == _TEXT)

    def write(self, payload: bytes, opcode: int = _TEXT) -> None:
        self.transport.write(_frame(payload, opcode, masked=self.masks))

    @abstractmethod
    def opened(self, head: bytes) -> None:
        """Take the head of the other side's opening."""

    @abstractmethod
    def received(self, payload: bytes, *, is_text: bool) -> None:
        """Take a message."""

    def _messages(self) -> Iterator[tuple[int, bytes]]:
        buffer, at = self._buffer, 0
        while len(buffer) - at >= 2:
            size, start = buffer[at + 1] & 0x7F, at + 2
            if size > 125:
                width = 2 if size == 126 else 8
                size, start = int.from_bytes(buffer[start : start + width], "big"), start + width
            mask = b""
            if buffer[at + 1] & 0x80:
                mask, start = bytes(buffer[start : start + 4]), start + 4
            if len(buffer) < start + size:
                break
            payload = bytes(buffer[start : start + size])
            yield buffer[at] & 0x0F, apply_mask(payload, mask) if mask else payload
            at = start + size
        del buffer[:at]


@dataclass(frozen=True)
class Kind:
    """What a line's messages look like."""

    name: str
    ms_bytes: int
    before: bytes = b""
    """What stands before the base64 of a caller's frame; empty where sound is binary."""
    after: bytes = b""
    sound_key: bytes = b""
    """What stands before the base64 of an answer."""
    clear: bytes = b""

    @property
    def frame(self) -> int:
        """Bytes of one frame of sound."""
        return FRAME_MS * self.ms_bytes


def kind_of(line: str) -> Kind:
    """Return what a line's messages look like."""
    if line == "acs":
        return Kind(line, 48, b'{"kind":"AudioData","audioData":{"data":"', b'"}}', b'"Data":"', b"StopAudio")
    if line == "genesys":
        return Kind(line, 8, clear=b'"barge_in"')
    media = b'{"event":"media","streamSid":"MZ1","media":{"track":"inbound","payload":"'
    return Kind(line, 8, media, b'"}}', b'"payload":"', b'"clear"')


class FarEnd(_Socket):
    """One caller: sends frames of sound when told, plays what it is sent, and returns marks."""

    masks = True

    def __init__(self, kind: Kind, number: int) -> None:
        super().__init__()
        self._kind = kind
        self.number = number
        self.is_ready = False
        sound = b"\x55" * (kind.frame - STAMP)
        self._rest = base64.b64encode(sound) + kind.after if kind.before else sound
        size = len(kind.before) + len(base64.b64encode(bytes(kind.frame))) + len(kind.after)
        self._head = _frame(bytes(size if kind.before else kind.frame), masked=True)
        self._head = self._head[: len(self._head) - (size if kind.before else kind.frame)] + kind.before
        if not kind.before:
            self._head = bytes((0x80 | _BINARY,)) + self._head[1:]
        self._play_end = 0.0
        self._marks: deque[tuple[float, bytes]] = deque()
        self.played_bytes = 0
        self.on_sound: Callable[[float], None] | None = None
        self.on_clear: Callable[[float], None] | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        key = base64.b64encode(os.urandom(16)).decode()
        transport.write(
            f"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )

    def opened(self, head: bytes) -> None:
        if b" 101 " not in head.split(b"\r\n")[0]:
            raise ConnectionError(f"the bridge answers {head[:80]!r}")
        if self._kind.name == "twilio":
            start = {"streamSid": "MZ1", "callSid": f"CA{self.number}"}
            self.write(json.dumps({"event": "start", "streamSid": "MZ1", "start": start}).encode())
        elif self._kind.name == "acs":
            shape = {"subscriptionId": str(uuid.uuid4()), "encoding": "PCM", "sampleRate": 24000, "channels": 1}
            self.write(json.dumps({"kind": "AudioMetadata", "audioMetadata": shape}).encode())
        else:
            media = [{"type": "audio", "format": "PCMU", "channels": ["external"], "rate": 8000}]
            parameters = {"conversationId": str(uuid.uuid4()), "media": media}
            message = {"version": "2", "id": str(uuid.uuid4()), "type": "open", "seq": 1, "parameters": parameters}
            self.write(json.dumps(message).encode())
        self.is_ready = True

    def send(self, now: float) -> None:
        """Send 20 ms of sound."""
        name = stamp(self.number, now)
        self.transport.write(self._head + (base64.b64encode(name) if self._kind.before else name) + self._rest)

    def hang_up(self) -> None:
        """Close with 1000."""
        self.write((1000).to_bytes(2, "big"), _CLOSE)

    def tick(self, now: float) -> None:
        """Return the marks that were reached."""
        while self._marks and self._marks[0][0] <= now:
            self._return(self._marks.popleft()[1])

    def received(self, payload: bytes, *, is_text: bool) -> None:
        now, kind = time.monotonic(), self._kind
        if not is_text:
            self._play(len(payload), now)
        elif kind.sound_key and (start := payload.find(kind.sound_key, 0, 90)) > 0:
            start += len(kind.sound_key)
            end = payload.index(b'"', start)
            self._play((end - start) * 3 // 4 - payload.count(b"=", end - 2, end), now)
        elif b'"mark"' in payload:
            start = payload.index(b'"name":"') + 8
            self._marks.append((self._play_end, payload[start : payload.index(b'"', start)]))
        elif kind.clear in payload:
            self._play_end = now
            while self._marks:
                self._return(self._marks.popleft()[1])
            if self.on_clear is not None:
                self.on_clear(now)

    def _play(self, size: int, now: float) -> None:
        self.played_bytes += size
        self._play_end = max(self._play_end, now) + size / self._kind.ms_bytes / 1000
        if self.on_sound is not None:
            self.on_sound(now)

    def _return(self, name: bytes) -> None:
        self.write(b'{"event":"mark","streamSid":"MZ1","mark":{"name":"' + name + b'"}}')


@dataclass
class Told:
    """What the service has noted."""

    arrived: int = 0
    delays_ms: list[float] = field(default_factory=list[float])


class Session(_Socket):
    """One session at the service: takes sound, and speaks when told."""

    def __init__(self, kind: Kind, told: Told, sessions: dict[int, Session]) -> None:
        super().__init__()
        self._kind = kind
        self._told = told
        self._sessions = sessions
        self._turn = 0
        self.number: int | None = None
        delta = base64.b64encode(b"\x2a" * (200 * kind.ms_bytes)).decode()
        self._delta = f'"delta":"{delta}"'

    def opened(self, head: bytes) -> None:
        key = next(line for line in head.split(b"\r\n") if line.lower().startswith(b"sec-websocket-key")).split()[-1]
        accept = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()).decode()
        self.transport.write(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Accept: {accept}\r\n\r\n".encode()
        )
        self._tell({"type": "session.created", "event_id": "e", "session": {"id": "s", "model": "m"}})

    def received(self, payload: bytes, *, is_text: bool) -> None:
        now = time.monotonic()
        start = payload.find(b'"audio":"')
        if start >= 0:
            sound = base64.b64decode(payload[start + 9 : payload.index(b'"', start + 9)])
            if self.number is None:
                self.number = int.from_bytes(sound[:2], "big")
                self._sessions[self.number] = self
            for at in range(0, len(sound), self._kind.frame):
                self._told.arrived += 1
                self._told.delays_ms.append((now - stamped_at(sound, at)) * 1000)
        elif b'"session.update"' in payload:
            session = {"id": "s", "model": "m", **json.loads(payload)["session"]}
            self._tell({"type": "session.updated", "event_id": "u", "session": session})
        elif b'"conversation.item.truncate"' in payload:
            found = json.loads(payload)
            cut = {name: found[name] for name in ("item_id", "content_index", "audio_end_ms")}
            self._tell({"type": "conversation.item.truncated", "event_id": "t", **cut})

    def answer(self, seconds: float) -> None:
        """Speak for some seconds, all at once, as a service does that is faster than sound."""
        self._turn += 1
        turn = self._turn
        # What is asked is not told of; that it was asked begins a turn.
        said = {"audio_end_ms": 0, "item_id": f"u{turn}"}
        self._tell({"type": "input_audio_buffer.speech_stopped", "event_id": f"p{turn}", **said})
        response = {"id": f"r{turn}", "object": "realtime.response", "status": "in_progress", "output": []}
        self._tell({"type": "response.created", "event_id": f"c{turn}", "response": response})
        ids = f'"response_id":"r{turn}","item_id":"i{turn}","output_index":0,"content_index":0'
        frames = (
            f'{{"type":"response.audio.delta","event_id":"d{turn}.{number}",{ids},{self._delta}}}'.encode()
            for number in range(round(seconds / 0.2))
        )
        self.transport.writelines([_frame(one, masked=False) for one in frames])
        self.write(f'{{"type":"response.audio.done","event_id":"a{turn}",{ids}}}'.encode())
        self._tell({"type": "response.done", "event_id": f"f{turn}", "response": {**response, "status": "completed"}})

    def hear(self) -> None:
        """Say that the caller speaks: what plays is interrupted."""
        begun = {"audio_start_ms": 0, "item_id": f"u{self._turn}"}
        self._tell({"type": "input_audio_buffer.speech_started", "event_id": f"s{self._turn}", **begun})

    def _tell(self, event: dict[str, Any]) -> None:
        self.write(json.dumps(event, separators=(",", ":")).encode())

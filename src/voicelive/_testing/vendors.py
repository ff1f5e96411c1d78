"""The vendors' side of each line: what they send, and what they make of what they are sent."""

from __future__ import annotations

import base64
import json
import uuid
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from .._audio.formats import PCM16, AudioFormat

__all__ = ["Heard", "Vendor", "vendor"]


@dataclass(frozen=True)
class Heard:
    """What a message from the agent's side means to the telephone."""

    kind: Literal["sound", "mark", "clear", "end", "opened", "closed", "other"]
    audio: bytes = b""
    name: str = ""


class Vendor(ABC):
    """One vendor's side of one call."""

    audio_format: ClassVar[AudioFormat] = AudioFormat(8000, 1)
    format: ClassVar[dict[str, Any]] = {"audio_format": "g711_ulaw", "rate": 8000}
    silence: ClassVar[bytes] = b"\xff"
    """One sample of it."""
    waits_for_opened: ClassVar[bool] = False

    def __init__(self, caller: str, called: str, parameters: Mapping[str, str]) -> None:
        self.caller, self.called, self.parameters = caller, called, dict(parameters)
        self.call_id = str(uuid.uuid4())

    @abstractmethod
    def opening(self) -> list[str]:
        """Return what is sent first."""

    @abstractmethod
    def sound(self, audio: bytes, ms: int) -> str | bytes:
        """Write 20 ms of the caller's sound, `ms` after the beginning."""

    @abstractmethod
    def key(self, digit: str) -> str:
        """Write a key."""

    def mark(self, name: str) -> str | None:
        """Write a mark that was reached."""
        return None

    def ending(self) -> str | None:
        """Write that the caller hung up; None if closing the WebSocket says so."""
        return None

    @abstractmethod
    def read(self, message: str | bytes) -> Heard:
        """Read a message of the agent's side."""


class _Twilio(Vendor):
    def __init__(self, caller: str, called: str, parameters: Mapping[str, str]) -> None:
        super().__init__(caller, called, parameters)
        self.call_id = "CA" + uuid.uuid4().hex
        self.stream_id = "MZ" + uuid.uuid4().hex
        self._count = 0

    def opening(self) -> list[str]:
        start = {
            "streamSid": self.stream_id,
            "accountSid": "AC" + "0" * 32,
            "callSid": self.call_id,
            "tracks": ["inbound"],
            "customParameters": {"caller": self.caller, "called": self.called, **self.parameters},
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
        }
        connected = json.dumps({"event": "connected", "protocol": "Call", "version": "1.0.0"})
        return [connected, self._write("start", start=start)]

    def sound(self, audio: bytes, ms: int) -> str:
        payload = base64.b64encode(audio).decode()
        media = {"track": "inbound", "chunk": str(ms // 20 + 1), "timestamp": str(ms), "payload": payload}
        return self._write("media", media=media)

    def key(self, digit: str) -> str:
        return self._write("dtmf", dtmf={"track": "inbound_track", "digit": digit})

    def mark(self, name: str) -> str:
        return self._write("mark", mark={"name": name})

    def ending(self) -> str:
        return self._write("stop", stop={"accountSid": "AC" + "0" * 32, "callSid": self.call_id})

    def read(self, message: str | bytes) -> Heard:
        found = json.loads(message)
        if found["streamSid"] != self.stream_id:
            raise ValueError(f"a message is for the stream {found['streamSid']!r}")
        match found["event"]:
            case "media":
                return Heard("sound", base64.b64decode(found["media"]["payload"], validate=True))
            case "mark":
                return Heard("mark", name=found["mark"]["name"])
            case "clear":
                return Heard("clear")
            case other:
                raise ValueError(f"Twilio does not know the event {other!r}")

    def _write(self, event: str, **more: Any) -> str:
        self._count += 1
        return json.dumps({"event": event, "sequenceNumber": str(self._count), "streamSid": self.stream_id, **more})


class _Acs(Vendor):
    audio_format = PCM16
    format: ClassVar[dict[str, Any]] = {"audio_format": "pcm16", "rate": 24000}
    silence = b"\0\0"

    def opening(self) -> list[str]:
        shape = {"subscriptionId": self.call_id, "encoding": "PCM", "sampleRate": 24000, "channels": 1, "length": 960}
        return [json.dumps({"kind": "AudioMetadata", "audioMetadata": shape})]

    def sound(self, audio: bytes, ms: int) -> str:
        stamp = f"2026-01-01T{ms // 3_600_000:02}:{ms // 60_000 % 60:02}:{ms // 1000 % 60:02}.{ms % 1000:03}Z"
        data = {"timestamp": stamp, "data": base64.b64encode(audio).decode(), "silent": not any(audio)}
        return json.dumps({"kind": "AudioData", "audioData": data})

    def key(self, digit: str) -> str:
        return json.dumps({"kind": "DtmfData", "dtmfData": {"data": digit}})

    def read(self, message: str | bytes) -> Heard:
        found = json.loads(message)
        match found["Kind"]:
            case "AudioData":
                return Heard("sound", base64.b64decode(found["AudioData"]["Data"], validate=True))
            case "StopAudio":
                return Heard("clear")
            case other:
                raise ValueError(f"the service does not know the kind {other!r}")


class _Genesys(Vendor):
    waits_for_opened = True

    def __init__(self, caller: str, called: str, parameters: Mapping[str, str]) -> None:
        super().__init__(caller, called, parameters)
        self._id = str(uuid.uuid4())
        self._seq = 0
        self._serverseq = 0
        self.disconnected: dict[str, Any] | None = None

    def opening(self) -> list[str]:
        channels = (["external", "internal"], ["external"])
        return [
            self._write(
                "open",
                organizationId=str(uuid.uuid4()),
                conversationId=self.call_id,
                participant={"id": str(uuid.uuid4()), "ani": self.caller, "aniName": "", "dnis": self.called},
                media=[{"type": "audio", "format": "PCMU", "channels": one, "rate": 8000} for one in channels],
                language="en-US",
                inputVariables=self.parameters,
            )
        ]

    def sound(self, audio: bytes, ms: int) -> bytes:
        return audio

    def key(self, digit: str) -> str:
        return self._write("dtmf", digit=digit)

    def ending(self) -> str:
        return self._write("close", reason="end")

    def read(self, message: str | bytes) -> Heard:
        if isinstance(message, bytes):
            return Heard("sound", message)
        found = json.loads(message)
        if (found["version"], found["id"], found["seq"]) != ("2", self._id, self._serverseq + 1):
            raise ValueError(f"the message {found['type']!r} is out of order, or of another session")
        self._serverseq = found["seq"]
        match found["type"]:
            case "event":
                kinds = [one["type"] for one in found["parameters"]["entities"]]
                return Heard("clear" if "barge_in" in kinds else "other")
            case "disconnect":
                self.disconnected = found["parameters"]
                return Heard("end")
            case "opened" | "closed" as kind:
                return Heard(kind)
            case _:
                return Heard("other")

    def _write(self, kind: str, **parameters: Any) -> str:
        self._seq += 1
        message = {
            "version": "2",
            "id": self._id,
            "type": kind,
            "seq": self._seq,
            "serverseq": self._serverseq,
            "position": "PT0S",
            "parameters": parameters,
        }
        return json.dumps(message)


_VENDORS: dict[str, type[Vendor]] = {"twilio": _Twilio, "acs": _Acs, "genesys": _Genesys}


def vendor(line: str, caller: str, called: str, parameters: Mapping[str, str]) -> Vendor:
    """Return the vendor's side of a new call."""
    if line not in _VENDORS:
        raise ValueError(f"there is no line {line!r}; there are {', '.join(_VENDORS)}")
    return _VENDORS[line](caller, called, parameters)

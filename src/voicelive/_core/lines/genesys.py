"""Genesys AudioHook and Audio Connector, version 2: JSON text for control, µ-law at 8 kHz as binary messages."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from ..._audio.formats import AudioFormat
from ..._public import public_in
from ..numbers import is_whole
from .events import (
    AudioReceived,
    CallEnded,
    CallHeld,
    CallStarted,
    DigitPressed,
    LineEvent,
    LineFault,
    PlaybackCompleted,
    Reply,
)
from .line import Line, LineMessageError, digit, part, read_object, text, texts

__all__ = ["GenesysLine"]

_NOBODY = "00000000-0000-0000-0000-000000000000"
_LARGEST_AUDIO = 64_000
"""What Genesys's own sample of a server sends at most; its documents name the rates, five a second, but no size."""


@public_in("voicelive.telephony")
class GenesysLine(Line):
    """A call by Genesys AudioHook (Audio Connector). Its open, close and ping transactions are answered by it.

    The line does not say how far it has played, only when it has played everything; and it takes five binary messages a
    second, so they hold 250 ms each. At a barge-in it is told to drop what it has.
    """

    name: ClassVar[str] = "genesys"
    audio_format: AudioFormat = AudioFormat(8000, 1)
    piece_ms: ClassVar[int] = 250
    lead_ms: ClassVar[int] = 500

    def __init__(self) -> None:
        super().__init__()
        self.output_variables: dict[str, str] = {}
        """What the call's flow in Genesys is given when this side ends the call."""
        self._id = ""
        self._sent = 0
        self._received = 0
        self._channels = 1

    def read(self, message: str | bytes) -> Iterator[LineEvent]:
        """Read a message of Genesys's."""
        if isinstance(message, bytes):
            yield self._audio(message)
            return
        found = read_object(message)
        kind = text(found, "type", needed=True)
        seq = found.get("seq")
        if is_whole(seq):
            expected, self._received = self._received + 1, seq
            if seq != expected:
                yield LineFault("out_of_order", f"message {seq} came where {expected} was due")
        parameters = found.get("parameters")
        yield from self._read(kind, parameters if isinstance(parameters, dict) else {}, found)

    def _read(self, kind: str, parameters: Mapping[str, Any], message: Mapping[str, Any]) -> Iterator[LineEvent]:
        if kind == "open":
            yield from self._open(parameters, message)
        elif self.started is None:
            raise LineMessageError("before_start", f"{kind[:20]!r} came before 'open'")
        elif kind == "ping":
            yield Reply(self._write("pong", {}))
        elif kind == "close":
            yield Reply(self._write("closed", {}))
            yield CallEnded(text(parameters, "reason") or "close")
        elif kind == "dtmf":
            yield DigitPressed(digit(text(parameters, "digit", needed=True)))
        elif kind == "playback_completed":
            yield PlaybackCompleted()
        elif kind in ("paused", "resumed"):
            yield CallHeld(kind == "paused")
        elif kind == "update":
            yield Reply(self._write("updated", {}))
        elif kind == "error":
            yield LineFault("refused", f"Genesys says {parameters.get('code')!r}: {text(parameters, 'message')[:200]}")

    def write_audio(self, audio: bytes) -> bytes:
        """Write a binary message."""
        return audio

    def write_clear(self) -> str:
        """Write the event ``barge_in``."""
        return self._write("event", {"entities": [{"type": "barge_in", "data": {}}]})

    def write_end(self, reason: str = "completed") -> str:
        """Write a ``disconnect``: Genesys then closes the session, and the call's flow goes on."""
        known = reason if reason in ("completed", "unauthorized", "error") else "completed"
        return self._write("disconnect", {"reason": known, "outputVariables": self.output_variables})

    def _audio(self, message: bytes) -> AudioReceived:
        if len(message) > _LARGEST_AUDIO:
            raise LineMessageError("too_large", f"sound of {len(message)} bytes; at most {_LARGEST_AUDIO} are taken")
        # The caller is the first of two channels.
        return AudioReceived(message if self._channels == 1 else message[::2])

    def _open(self, parameters: Mapping[str, Any], message: Mapping[str, Any]) -> Iterator[LineEvent]:
        if self.started is not None:
            raise LineMessageError("second_stream", "'open' came again during a session")
        self._id = text(message, "id", needed=True)
        media = self._choose(parameters.get("media"))
        if media is None:
            yield Reply(self.write_end("error"))
            yield LineFault("unsupported_format", "Genesys does not offer the caller in µ-law at 8 kHz", is_fatal=True)
            return
        self._channels = len(media["channels"])
        participant = part(parameters, "participant") if "participant" in parameters else {}
        conversation = text(parameters, "conversationId")
        yield CallStarted(
            call_id=conversation,
            stream_id=self._id,
            caller=text(participant, "ani"),
            called=text(participant, "dnis"),
            parameters=texts(parameters, "inputVariables"),
            is_probe=conversation == _NOBODY,
        )
        yield Reply(self._write("opened", {"startPaused": False, "media": [media]}))

    @staticmethod
    def _choose(offered: object) -> dict[str, Any] | None:
        found: list[Any] = offered if isinstance(offered, list) else []
        usable: list[dict[str, Any]] = [
            one
            for one in found
            if isinstance(one, dict)
            and (one.get("type"), one.get("format"), one.get("rate")) == ("audio", "PCMU", 8000)
            and one.get("channels") in (["external"], ["external", "internal"])
        ]
        # Mono first: the other channel would only be thrown away.
        return min(usable, key=lambda one: len(one["channels"]), default=None)

    def _write(self, kind: str, parameters: Mapping[str, Any]) -> str:
        self._sent += 1
        message = {
            "version": "2",
            "type": kind,
            "seq": self._sent,
            "clientseq": self._received,
            "id": self._id,
            "parameters": parameters,
        }
        return json.dumps(message, separators=(",", ":"))

"""Twilio Media Streams, in both directions: JSON text, µ-law at 8 kHz as base64."""

from collections.abc import Iterator
from typing import Any, ClassVar

import pybase64

from ..._audio.formats import AudioFormat
from ..._public import public_in
from ..json_values import mapping
from .events import AudioReceived, CallEnded, CallStarted, DigitPressed, LineEvent, MarkReturned
from .line import Line, LineMessageError, digit, part, read_object, sound, text, texts

__all__ = ["TwilioLine"]

_HEADS = ("connected", "start")


@public_in("voicelive.telephony")
class TwilioLine(Line):
    """A call by Twilio Media Streams (``<Connect><Stream>``), or by any of the vendors that took the protocol over.

    Twilio keeps all sound that is sent until it has played, and says by marks how far that is. Who calls is in the
    parameters ``caller`` and ``called`` of the stream, where the TwiML gave them.
    """

    name: ClassVar[str] = "twilio"
    audio_format: AudioFormat = AudioFormat(8000, 1)
    has_marks: ClassVar[bool] = True
    piece_ms: ClassVar[int] = 200
    lead_ms: ClassVar[int] = 5000

    def read(self, message: str | bytes) -> Iterator[LineEvent]:
        """Read a message of Twilio's."""
        found = read_object(message)
        kind = text(found, "event", needed=True)
        if kind not in _HEADS:
            self._check_stream(found)
        if kind == "media":
            media = part(found, "media")
            # With both tracks, the other one is what this side said.
            if text(media, "track") in ("", "inbound"):
                yield AudioReceived(sound(media.get("payload")))
        elif kind == "mark":
            yield MarkReturned(text(part(found, "mark"), "name", needed=True))
        elif kind == "dtmf":
            yield DigitPressed(digit(text(part(found, "dtmf"), "digit", needed=True)))
        elif kind == "start":
            yield self._start(part(found, "start"), found)
        elif kind == "stop":
            yield CallEnded("stop")

    def write_audio(self, audio: bytes) -> str:
        """Write a ``media`` message."""
        payload = pybase64.b64encode(audio).decode()
        return f'{{"event":"media","streamSid":"{self._stream_id}","media":{{"payload":"{payload}"}}}}'

    def write_clear(self) -> str:
        """Write a ``clear`` message."""
        return f'{{"event":"clear","streamSid":"{self._stream_id}"}}'

    def write_mark(self, name: str) -> str:
        """Write a ``mark`` message."""
        return f'{{"event":"mark","streamSid":"{self._stream_id}","mark":{{"name":"{name}"}}}}'

    @property
    def _stream_id(self) -> str:
        return "" if self.started is None else self.started.stream_id

    def _start(self, start: Any, message: Any) -> CallStarted:
        media = mapping(start.get("mediaFormat"))
        shape = (media.get("encoding", "audio/x-mulaw"), media.get("sampleRate", 8000), media.get("channels", 1))
        if shape != ("audio/x-mulaw", 8000, 1):
            raise LineMessageError(
                "unsupported_format", f"Twilio offers {str(shape)[:80]}; µ-law at 8 kHz is needed", is_fatal=True
            )
        stream_id = text(start, "streamSid") or text(message, "streamSid", needed=True)
        if not (stream_id.isascii() and stream_id.isalnum()):
            # It goes into what is written, as it is.
            raise LineMessageError(
                "not_understood", "the stream's id holds more than letters and digits", is_fatal=True
            )
        parameters = texts(start, "customParameters")
        return CallStarted(
            call_id=text(start, "callSid"),
            stream_id=stream_id,
            caller=parameters.get("caller", ""),
            called=parameters.get("called", ""),
            parameters=parameters,
        )

    def _check_stream(self, message: Any) -> None:
        if self.started is None:
            raise LineMessageError("before_start", f"{text(message, 'event')[:20]!r} came before 'start'")
        stream_id = text(message, "streamSid")
        if stream_id and stream_id != self.started.stream_id:
            raise LineMessageError("second_stream", "a message belongs to another stream than this WebSocket's")

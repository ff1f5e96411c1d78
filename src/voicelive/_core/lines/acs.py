"""Azure Communication Services, media streaming: JSON text, PCM16 at 16 or 24 kHz as base64."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import pybase64

from ..._audio.formats import PCM16, AudioFormat
from ..._public import public_in
from .events import AudioReceived, CallStarted, DigitPressed, LineEvent
from .line import Line, LineMessageError, digit, read_object, sound, text

__all__ = ["AcsLine"]

_RATES = (16_000, 24_000)
_LEADING = {"audioData": "data", "audioMetadata": "encoding", "dtmfData": "data"}
"""A name by which each part shows that its names begin in small letters, as nearly all do."""


@public_in("voicelive.telephony")
class AcsLine(Line):
    """A call by the media streaming of Azure Communication Services, with ``enable_bidirectional``.

    The line does not say what was played, so sound goes out as it plays, 200 ms ahead at most. Packets that are marked
    silent count as time. Ask for 24 kHz (``AudioFormat.PCM24_K_MONO``); 16 kHz is taken too.

    Args:
        call_id: the call's id, from the header ``x-ms-call-connection-id`` of the WebSocket's opening request: the
            messages do not tell it.
        caller: who calls, as the incoming call's event said.
        called: the number that was called, likewise.
    """

    name: ClassVar[str] = "acs"
    piece_ms: ClassVar[int] = 100
    lead_ms: ClassVar[int] = 200

    def __init__(self, *, call_id: str = "", caller: str = "", called: str = "") -> None:
        super().__init__()
        self.audio_format: AudioFormat = PCM16
        self._call_id, self._caller, self._called = call_id, caller, called
        self._participant: str | None = None

    def read(self, message: str | bytes) -> Iterator[LineEvent]:
        """Read a message of the service's."""
        # What it sends begins in small letters, what it takes in capitals; either is read.
        found = read_object(message)
        if "kind" not in found:
            found = _small(found)
        kind = text(found, "kind", needed=True)
        if kind == "AudioData":
            yield from self._audio(_part(found, "audioData"))
        elif kind == "AudioMetadata":
            yield self._start(_part(found, "audioMetadata"))
        elif kind == "DtmfData":
            yield DigitPressed(digit(text(_part(found, "dtmfData"), "data", needed=True)))

    def write_audio(self, audio: bytes) -> str:
        """Write an ``AudioData`` message."""
        data = pybase64.b64encode(audio).decode()
        return f'{{"Kind":"AudioData","AudioData":{{"Data":"{data}"}},"StopAudio":null}}'

    def write_clear(self) -> str:
        """Write a ``StopAudio`` message."""
        return '{"Kind":"StopAudio","AudioData":null,"StopAudio":{}}'

    def _start(self, metadata: Mapping[str, Any]) -> CallStarted:
        encoding, rate = text(metadata, "encoding") or "PCM", metadata.get("sampleRate", 16_000)
        channels = metadata.get("channels", 1)
        if encoding.upper() != "PCM" or rate not in _RATES or channels != 1:
            raise LineMessageError(
                "unsupported_format",
                f"the line offers {encoding[:20]} at {rate!r} Hz with {channels!r} channels; it has to be one channel "
                "of PCM at 16 or 24 kHz (audio_channel_type MIXED)",
                is_fatal=True,
            )
        if self.started is None:
            self.audio_format = AudioFormat(rate, 2)
        subscription = text(metadata, "subscriptionId")
        return CallStarted(
            call_id=self._call_id or subscription, stream_id=subscription, caller=self._caller, called=self._called
        )

    def _audio(self, data: Mapping[str, Any]) -> Iterator[LineEvent]:
        participant = text(data, "participantRawID")
        if participant:
            # Unmixed: who speaks first is the caller, the others would overlap in time.
            if self._participant is None:
                self._participant = participant
            if participant != self._participant:
                raise LineMessageError(
                    "second_stream", "sound of another participant; ask for the audio channel type MIXED"
                )
        audio = sound(data.get("data") or "")
        if data.get("silent") is True:
            audio = bytes(len(audio)) or self.silence(20)
            yield AudioReceived(audio, is_silent=True)
        elif audio:
            yield AudioReceived(audio)


def _small(found: Mapping[str, Any]) -> dict[str, Any]:
    return {name[:1].lower() + name[1:]: value for name, value in found.items()}


def _part(found: Mapping[str, Any], name: str) -> dict[str, Any]:
    inner = found.get(name)
    if not isinstance(inner, dict):
        raise LineMessageError("not_understood", f"a message lacks the object {name!r}")
    return inner if _LEADING.get(name) in inner else _small(inner)

"""What every line has in common: the order of a stream, limits, and how a message that cannot be is told."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import pybase64
from pydantic_core import from_json

from ..._audio.formats import AudioFormat
from ..._public import public_in
from .events import AudioReceived, CallEnded, CallStarted, FaultKind, LineEvent, LineFault

__all__ = ["LARGEST_MESSAGE", "Line", "LineMessageError", "digit", "part", "read_object", "sound", "text", "texts"]

LARGEST_MESSAGE = 262_144
"""No vendor's message comes near it: 20 ms of sound take 1.3 kB as base64."""
_SHOWN = 60


@public_in("voicelive.telephony")
class LineMessageError(Exception):
    """A message that is not valid, for :meth:`Line.read` to raise; it becomes a :class:`LineFault`."""

    def __init__(self, kind: FaultKind, detail: str, *, is_fatal: bool = False) -> None:
        super().__init__(detail)
        self.fault: LineFault = LineFault(kind, detail, is_fatal)


@public_in("voicelive.telephony")
class Line(ABC):
    """One call's stream of a vendor's: reads its messages and writes them. One object a call; no sockets, no clock.

    For a line of your own, derive from it: :meth:`read`, :meth:`write_audio` and :meth:`write_clear` are the least.
    """

    name: ClassVar[str] = "line"
    """The vendor, in one word."""
    audio_format: AudioFormat
    """The format of both directions, which the session is given too: nothing is converted."""
    has_marks: ClassVar[bool] = False
    """Whether the line says what was played. If not, sound is sent as it plays."""
    piece_ms: ClassVar[int] = 200
    """How much sound goes out in one message."""
    lead_ms: ClassVar[int] = 200
    """How much may be sent before it plays."""

    def __init__(self) -> None:
        self.started: CallStarted | None = None
        """The call, once the line has said which."""
        self.ended: CallEnded | None = None
        """How the call ended, once the line has said so."""

    @property
    def session(self) -> dict[str, Any]:
        """The settings of the session that take the line's sound as it is."""
        if self.audio_format.width == 1:
            return {
                "input_audio_format": "g711_ulaw",
                "input_audio_sampling_rate": 8000,
                "output_audio_format": "g711_ulaw",
            }
        rate = self.audio_format.rate
        output = "pcm16" if rate == 24_000 else f"pcm16_{rate}hz"
        return {"input_audio_format": "pcm16", "input_audio_sampling_rate": rate, "output_audio_format": output}

    def silence(self, ms: int) -> bytes:
        """Return silence in the line's format."""
        size = self.audio_format.size(ms)
        return (b"\xff" if self.audio_format.width == 1 else b"\0") * size

    def receive(self, message: str | bytes) -> list[LineEvent]:
        """Read a message of the line's. Never raises: what is not valid is a :class:`LineFault`."""
        events: list[LineEvent] = []
        try:
            if len(message) > LARGEST_MESSAGE:
                raise LineMessageError(
                    "too_large", f"a message of {len(message)} bytes; at most {LARGEST_MESSAGE} are taken"
                )
            # One after the other: reading on depends on what came before.
            events.extend(map(self._in_order, self.read(message)))
        except LineMessageError as error:
            events.append(error.fault)
        return events

    @abstractmethod
    def read(self, message: str | bytes) -> Iterator[LineEvent]:
        """Read a message; raise :class:`LineMessageError` for one that is not valid."""

    @abstractmethod
    def write_audio(self, audio: bytes) -> str | bytes:
        """Write sound to be played after what was sent before."""

    @abstractmethod
    def write_clear(self) -> str | bytes:
        """Write that everything not played yet is to be dropped."""

    def write_mark(self, name: str) -> str | bytes:
        """Write a mark that comes back when everything before it was played."""
        raise NotImplementedError(f"{self.name} has no marks")

    def write_end(self, reason: str = "completed") -> str | bytes | None:
        """Write that the call is to end; None where closing the WebSocket says so."""
        return None

    def _in_order(self, event: LineEvent) -> LineEvent:
        if isinstance(event, AudioReceived):
            if self.started is None:
                raise LineMessageError("before_start", "sound came before the line said which call it is")
            if self.ended is not None:
                raise LineMessageError("after_end", "sound came after the end of the call")
            if len(event.audio) % self.audio_format.width:
                raise LineMessageError(
                    "odd_length", f"sound of {len(event.audio)} bytes ends in the middle of a sample"
                )
        elif isinstance(event, CallStarted):
            if self.started is not None:
                raise LineMessageError(
                    "second_stream", f"the stream {event.stream_id[:_SHOWN]!r} began during another one"
                )
            self.started = event
        elif isinstance(event, CallEnded):
            self.ended = event
        return event


def read_object(message: str | bytes) -> dict[str, Any]:
    """Read a JSON object."""
    try:
        # Names come again, ids do not: nothing is gained by keeping those.
        found: object = from_json(message, cache_strings="keys")
    except ValueError:
        raise LineMessageError("not_json", f"a message of {len(message)} bytes is not JSON") from None
    if not isinstance(found, dict):
        raise LineMessageError("not_understood", f"a message is a JSON {type(found).__name__}, not an object")
    return found


def part(message: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return an object within an object."""
    found = message.get(name)
    if not isinstance(found, dict):
        raise LineMessageError("not_understood", f"a message lacks the object {name!r}")
    return found


def text(message: Mapping[str, Any], name: str, *, needed: bool = False) -> str:
    """Return a text of an object; empty where it is missing or something else."""
    found = message.get(name)
    if isinstance(found, str) and found:
        return found
    if needed:
        raise LineMessageError("not_understood", f"a message lacks the text {name!r}")
    return ""


def texts(message: Mapping[str, Any], name: str) -> dict[str, str]:
    """Return the texts and numbers of an object within an object; nothing where it is missing."""
    found = message.get(name)
    if not isinstance(found, dict):
        return {}
    return {str(key): str(value) for key, value in found.items() if isinstance(value, (str, int, float))}


def sound(payload: object) -> bytes:
    """Return sound that came as base64."""
    if not isinstance(payload, str):
        raise LineMessageError("not_understood", f"sound came as {type(payload).__name__}, not as base64 text")
    try:
        return pybase64.b64decode(payload, validate=True)
    except ValueError:
        raise LineMessageError("not_base64", f"sound of {len(payload)} characters is not base64") from None


def digit(found: str) -> str:
    """Return a key of the telephone's as one character."""
    known = _DIGITS.get(found.lower(), found.upper())
    if known not in _KEYS:
        raise LineMessageError("not_understood", f"{found[:_SHOWN]!r} is not a key of a telephone")
    return known


_KEYS = frozenset("0123456789*#ABCD")
_NAMES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_DIGITS = {name: str(number) for number, name in enumerate(_NAMES)} | {
    "asterisk": "*",
    "star": "*",
    "pound": "#",
    "hash": "#",
}

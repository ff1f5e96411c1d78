"""The lines of ``call.jsonl``: what each says, and how it is written and read. The format itself is in the manual."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from .._core.envelope import compact, encoded
from .._core.json_values import mapping
from .._public import public_in
from .sound_fields import references
from .sounds import PCM16_24K, SoundFormat, SoundReference

__all__ = [
    "CALL_LINES",
    "CALL_SOUND",
    "FORMAT",
    "MARK",
    "Direction",
    "HeardStretch",
    "RecordedEvent",
    "RecordingHeader",
    "Side",
    "line",
]

FORMAT = 1
"""The version of the format that this module writes, and the newest that it knows."""
MARK = "voicelive_recording"
"""The header's field that says what the file is; its value is the version of the format."""
CALL_LINES, CALL_SOUND = "call.jsonl", "call.wav"

Direction = Literal["sent", "received", "local"]
Side = Literal["user", "assistant"]


@public_in("voicelive.recording")
@dataclass(frozen=True, kw_only=True)
class RecordingHeader:
    """What the first line of a recording says of the call."""

    started: str = ""
    """When, as ISO 8601 in UTC."""
    format: int = FORMAT
    """The version of the format."""
    library: str = ""
    """What wrote it, such as ``voicelive 0.1.0``."""
    api_version: str = ""
    model: str | None = None
    agent: str | None = None
    """The name of the agent that was talked to instead of a model."""
    host: str | None = None
    """The service's host, without scheme, path and query."""
    input: SoundFormat = PCM16_24K
    """The session's input when the call began; a line ``format`` says where it changed."""
    output: SoundFormat = PCM16_24K
    content: bool = True
    """Whether text and sound are in it."""

    def write(self) -> bytes:
        """Return the line."""
        return line(
            {
                MARK: self.format,
                "library": self.library,
                "api_version": self.api_version,
                "model": self.model,
                "agent": self.agent,
                "host": self.host,
                "started": self.started,
                "audio": {"input": vars(self.input), "output": vars(self.output)},
                "content": self.content,
            }
        )

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> "RecordingHeader":
        """Read it from the line's values; what is missing or cannot be has its default."""
        audio, version = mapping(values.get("audio")), values.get(MARK)
        return cls(
            started=_text(values.get("started")) or "",
            format=version if isinstance(version, int) else FORMAT,
            library=_text(values.get("library")) or "",
            api_version=_text(values.get("api_version")) or "",
            model=_text(values.get("model")),
            agent=_text(values.get("agent")),
            host=_text(values.get("host")),
            input=SoundFormat.read(audio.get("input")),
            output=SoundFormat.read(audio.get("output")),
            content=values.get("content") is not False,
        )


@public_in("voicelive.recording")
@dataclass(frozen=True)
class RecordedEvent:
    """An event of the call."""

    time: float
    """When, in seconds from the beginning of the recording."""
    direction: Direction
    """``sent`` by the application, ``received`` from the service, or ``local``: the library's own."""
    payload: dict[str, Any] = field(hash=False)
    """The event as on the wire, with a reference in the place of sound; empty if it was not JSON."""
    raw: str | None = None
    """Its text, if it was not a JSON object."""
    number: int = 0
    """Its line in ``call.jsonl``, from 1."""

    @property
    def type(self) -> str:
        """Its type; nothing if it has none."""
        return _text(self.payload.get("type")) or ""

    @property
    def sounds(self) -> list[SoundReference]:
        """The references in it."""
        return references(self.payload)


@public_in("voicelive.recording")
@dataclass(frozen=True)
class HeardStretch:
    """A stretch of one channel of ``call.wav``: whose it is, and what lies there."""

    side: Side
    at: float
    """Where in ``call.wav`` it begins, in seconds."""
    from_ms: float
    """What begins there: a place in the input's timeline, or in the item's sound."""
    to_ms: float
    """Where the stretch ends, on the same scale."""
    item_id: str | None = None
    """The item, of the assistant's."""
    content_index: int = 0

    @property
    def seconds(self) -> float:
        """How long it is."""
        return (self.to_ms - self.from_ms) / 1000


def line(values: Mapping[str, Any]) -> bytes:
    """Return values as a line: JSON in ASCII, because half a surrogate pair, which JSON allows, has no UTF-8."""
    text = compact(values)
    # Most lines hold ids and figures only, which the standard library takes several times as long for.
    return (text if text.isascii() else encoded(values)) + b"\n"


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None

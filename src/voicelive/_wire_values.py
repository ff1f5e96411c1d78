"""Values that JSON has no form of its own for: audio as base64 text, times as seconds, numbers that came as texts.

Also enums that the service may extend, and values of which nothing is known.
"""

from __future__ import annotations

import base64
import re
import sys
from datetime import UTC, datetime
from enum import Enum
from typing import Annotated, Any, Self

from pybase64 import b64decode, b64encode_as_string
from pydantic import AfterValidator, BeforeValidator, Field, GetCoreSchemaHandler, PlainSerializer, WithJsonSchema
from pydantic_core import SchemaValidator, core_schema

from ._public import public_in

__all__ = [
    "OPEN",
    "Base64",
    "Buffer",
    "OpenEnum",
    "ReadFloat",
    "ReadInt",
    "Unchecked",
    "UnixTime",
    "decode_base64",
    "decode_leniently",
    "decode_standard",
    "encode_base64",
    "raw_audio",
    "standard_base64",
    "time_to",
]

Buffer = bytes | bytearray | memoryview

# Any: the declared type of validate_strings lists mappings only.
_validate_base64: Any = SchemaValidator(
    core_schema.bytes_schema(), core_schema.CoreConfig(val_json_bytes="base64")
).validate_strings


def decode_base64(text: str) -> bytes:
    """Decode standard or URL-safe base64 `text`, with or without padding.

    Raises:
        ValueError: if `text` holds anything else.
    """
    decoded = decode_standard(text)
    # pydantic-core reads the other forms, and says what is wrong with the rest; it takes several times as long.
    return _validate_base64(text) if decoded is None else decoded


def decode_standard(text: str) -> bytes | None:
    """Decode `text` if it has the one form that the service sends, standard and padded; None for everything else."""
    # Callers try whatever arrived as text, and the decoder would take bytes too.
    if not isinstance(text, str):
        return None
    try:
        decoded = b64decode(text, None, True)
    except ValueError:
        return None
    # The decoder passes over the spare bits before the padding, so that several texts would mean the same bytes.
    if text.endswith("=") and b64encode_as_string(decoded[-(len(decoded) % 3) :]) != text[-4:]:
        return None
    return decoded


def encode_base64(audio: bytes | bytearray | memoryview) -> str:
    """Encode raw bytes with the standard alphabet, the only one the service documents."""
    if isinstance(audio, memoryview) and not audio.c_contiguous:
        audio = audio.tobytes()
    return b64encode_as_string(audio)


def standard_base64(text: str) -> str:
    """Return base64 `text` as the service documents it: standard alphabet, padded.

    Raises:
        ValueError: if `text` is not base64 in any form.
    """
    return text if decode_standard(text) is not None else encode_base64(_validate_base64(text))


def decode_leniently(text: object) -> tuple[bytes, str | None]:
    """Decode what is not clean base64 text, as far as that goes; the second is what is wrong with it."""
    if text is None:
        return b"", None
    if isinstance(text, str):
        try:
            # Skips characters outside the alphabet, such as line breaks.
            decoded = base64.b64decode(text)
        except ValueError as error:
            return b"", f"not base64: {error}"
        return decoded, "not clean base64: other characters were skipped"
    return b"", "not base64 text"


# What base64 text consists of. Raw audio with that many bytes that are all letters, digits or two signs does not occur.
_BASE64_TEXT = re.compile(rb"[A-Za-z0-9+/_-]*={0,2}")
_SHORTEST_TEXT, _SHORTEST_PADDED_TEXT = 32, 8
_PADDING = ord("=")
# PCM of 16 bits, or bytes of any meaning.
_RAW_FORMATS = {"b", "B", "c", "h", "H"}
_OWN_ORDER = "<" if sys.byteorder == "little" else ">"


def raw_audio(audio: object) -> Buffer | None:
    """Return the bytes of a chunk of audio for encoding as they stand; None where it needs a closer look."""
    if type(audio) is bytes or type(audio) is bytearray:
        return None if _looks_like_base64(audio) else audio
    try:
        view = memoryview(audio)  # type: ignore[arg-type]
    except (TypeError, BufferError):
        return None
    return view if view.c_contiguous and _audio_problem(view) is None else None


def _looks_like_base64(audio: Buffer) -> bool:
    size = len(audio)
    if size % 4 or size < _SHORTEST_PADDED_TEXT or (size < _SHORTEST_TEXT and audio[-1] != _PADDING):
        return False
    return _BASE64_TEXT.fullmatch(audio) is not None


def _base64_from(value: object) -> object:
    if isinstance(value, str):
        return value
    try:
        view = memoryview(value)  # type: ignore[arg-type]
    except (TypeError, BufferError):
        return value
    if (problem := _audio_problem(view)) is not None:
        raise ValueError(problem)
    return encode_base64(view)


def _audio_problem(view: memoryview) -> str | None:
    """Say why the bytes of `view` cannot be the audio that is meant; None where they can."""
    # Byte order and size as the struct module has them; numpy writes the order out, too.
    kind = view.format.removeprefix("@").removeprefix("=").removeprefix(_OWN_ORDER)
    if kind in ("e", "f", "d", "g"):
        return (
            "an array of floats: the audio is 16-bit PCM, so scale to whole numbers first, "
            "e.g. (audio.clip(-1, 1) * 32767).astype('int16')"
        )
    if kind not in _RAW_FORMATS:
        return f"an array of items {view.format!r}: the audio is 16-bit PCM, so convert it first, e.g. .astype('int16')"
    shape = [size for size in view.shape or () if size != 1]
    if len(shape) > 1:
        return (
            f"an array of the shape {view.shape}: the audio has one channel, so take one, e.g. audio[:, 0]; "
            "interleaved channels that are meant as such are passed as .tobytes()"
        )
    if kind in ("B", "b", "c") and view.c_contiguous and _looks_like_base64(view.cast("B")):
        return "base64 text given as bytes: bytes are raw audio; pass the text as str, or decode it first"
    return None


def _checked_base64(text: str) -> str:
    try:
        return standard_base64(text)
    except ValueError:
        raise ValueError("neither raw bytes nor base64 text: pass the audio as bytes, or as base64 text") from None


Base64 = Annotated[str, BeforeValidator(_base64_from), AfterValidator(_checked_base64)]
"""Base64 text in a message to the service; raw bytes-like values are encoded on the way in."""


def _time_from(value: object) -> object:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        try:
            return datetime.fromtimestamp(value, tz=UTC)
        except (ValueError, OverflowError, OSError):
            raise ValueError("not a Unix time in seconds") from None
    return value


def time_to(value: object) -> object:
    if isinstance(value, datetime):
        seconds = value.timestamp()
        return int(seconds) if seconds.is_integer() else seconds
    return value


UnixTime = Annotated[
    datetime,
    BeforeValidator(_time_from),
    PlainSerializer(time_to, return_type=Any),
    WithJsonSchema({"type": "number", "description": "Seconds since 1970-01-01 UTC."}),
]
"""A time that travels as whole seconds since 1970-01-01 UTC."""


class ReadInt(int):
    """An integer that arrived as something else, such as a text; it is given back as it came."""

    wire: object
    """What arrived."""

    def __new__(cls, number: int, wire: object = None) -> Self:
        """Make the number, remembering what it was read from."""
        made = super().__new__(cls, number)
        made.wire = number if wire is None else wire
        return made


class ReadFloat(float):
    """A number that arrived as something else; see :class:`ReadInt`."""

    wire: object
    """What arrived."""

    def __new__(cls, number: float, wire: object = None) -> Self:
        """Make the number, remembering what it was read from."""
        made = super().__new__(cls, number)
        made.wire = number if wire is None else wire
        return made


class OpenEnum(str, Enum):
    """A string enum that the service may extend: an unknown value stays a plain ``str``."""

    def __str__(self) -> str:
        return str.__str__(self)

    def __format__(self, format_spec: str) -> str:
        return str.__format__(self, format_spec)


OPEN: Any = Field(union_mode="left_to_right")
"""Marks ``SomeEnum | str``: try the enum first, keep any other text as it is."""


@public_in("voicelive.types")
class Unchecked:
    """The type of values of which a type checker knows nothing, such as those of parsed JSON.

    ``Mapping[str, Unchecked]`` takes a ``dict[str, Any]``, and no mapping whose values have a known type: that one is
    compared with what the service knows. Nothing is ever an instance of this class.
    """

    @classmethod
    def __get_pydantic_core_schema__(cls, source: object, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.any_schema()

"""What every generated model is built on.

Generated code imports from here and from pydantic only, so this module must stay free of sockets, clocks and clients.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Annotated, Any, ClassVar, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    PlainSerializer,
    TypeAdapter,
)
from pydantic_core import core_schema, to_json

from ._building import building

__all__ = [
    "OPEN",
    "RECEIVED",
    "Base64",
    "FieldIssue",
    "Model",
    "OpenEnum",
    "OrInstanceOf",
    "ReadFloat",
    "ReadInt",
    "TaggedModel",
    "UnixTime",
    "decode_base64",
    "encode_base64",
    "plain_model",
    "plain_value",
    "standard_base64",
]


@dataclass(frozen=True)
class FieldIssue:
    """One field that did not fit its declared type.

    On a received event (:attr:`Model.issues`) it says what could not be read as declared; on an
    :class:`~voicelive.errors.InvalidEventError` it says which field was refused and why.
    """

    path: str
    """Where the field is, e.g. ``session.turn_detection.threshold`` or ``response.output[0].status``."""
    message: str
    """What is wrong with it."""
    value: object = None
    """The value as it was given."""

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        import pickle

        # The value may be anything that an application passed by mistake; an error with it must pickle all the same.
        value = self.value
        try:
            pickle.dumps(value)
        except Exception:  # noqa: BLE001 - pickling runs the value's own code
            value = repr(value)
        return FieldIssue, (self.path, self.message, value)

    def __str__(self) -> str:
        shown = repr(self.value)
        if len(shown) > 80:
            shown = shown[:77] + "..."
        return f"{self.path or '(event)'}: {self.message} (got {shown})"


class OpenEnum(str, Enum):
    """A string enum that the service may extend: an unknown value stays a plain ``str``."""

    def __str__(self) -> str:
        return str.__str__(self)

    def __format__(self, format_spec: str) -> str:
        return str.__format__(self, format_spec)


OPEN: Any = Field(union_mode="left_to_right")
"""Marks ``SomeEnum | str``: try the enum first, keep any other text as it is."""


class Model(BaseModel):
    """Base of all generated models: lenient about what it does not know, exact about null and absence.

    A field that was never given reads ``None`` and is not sent; a field set to ``None`` is sent as JSON ``null``.
    Names that the schema does not know are kept, readable as attributes, and sent.
    """

    model_config = ConfigDict(
        extra="allow",
        # Building every validator at import would cost about 0.2 s; each is built when first used.
        defer_build=True,
        protected_namespaces=(),
        validate_assignment=True,
        # JSON has no NaN or infinity, so a field that holds one could not be sent as it is.
        allow_inf_nan=False,
        # Where one arrives all the same, it is given back as it came.
        ser_json_inf_nan="constants",
        regex_engine="rust-regex",
    )

    # Slots, not private attributes: they cost nothing on the events that never need them.
    __slots__ = ("_decoded", "_issues")

    __tags__: ClassVar[tuple[str, ...]] = ()
    """Names of the fields that hold the constants which say what kind of object this is."""

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        own = "__tags__" not in cls.__dict__ and "type" in cls.__annotations__
        if own and isinstance(cls.model_fields["type"].default, str):
            # A model of an application's own, for an event or an item that the schema lacks.
            cls.__tags__ = ("type",)

    @classmethod
    def model_rebuild(
        cls,
        *,
        force: bool = False,
        raise_errors: bool = True,
        _parent_namespace_depth: int = 2,
        _types_namespace: Any = None,
    ) -> bool | None:
        """Build the validator, where that has not been done; see :meth:`pydantic.BaseModel.model_rebuild`."""
        if cls.__pydantic_complete__ and not force:
            return None
        with building():
            return super().model_rebuild(
                force=force,
                raise_errors=raise_errors,
                # This method is one more frame on the way to the caller's names.
                _parent_namespace_depth=_parent_namespace_depth and _parent_namespace_depth + 1,
                _types_namespace=_types_namespace,
            )

    @property
    def issues(self) -> tuple[FieldIssue, ...]:
        """What of a received payload did not fit the contract; empty where all of it did.

        Each such field still holds the value that arrived (or a lossless reading of it).
        """
        try:
            found: tuple[FieldIssue, ...] = object.__getattribute__(self, "_issues")
        except AttributeError:
            return ()
        return found

    def to_dict(self) -> dict[str, Any]:
        """Return the wire form as JSON-ready Python values: what was given, nulls kept, nothing filled in."""
        return plain_model(self)

    def to_json(self) -> bytes:
        """Return the wire form as compact JSON text, UTF-8 encoded."""
        payload = self.to_dict()
        try:
            return to_json(payload)
        except ValueError:
            # Half of a surrogate pair, which only an escape can hold; received texts may have one.
            return json.dumps(payload, separators=(",", ":")).encode("ascii")

    def _decoded_field(self, name: str) -> bytes:
        """Return the decoded bytes of base64 field `name`, decoding on first use only."""
        try:
            known: dict[str, bytes] = _slot_of_decoded(self)
        except AttributeError:
            known = {}
            _decoded.__set__(self, known)
        if name in known:
            return known[name]
        text = self.__dict__.get(name)
        try:
            value: bytes = _validate_base64(text)
        except ValueError:
            value, issue = _decode_leniently(name, text)
            if issue is not None:
                object.__setattr__(self, "_issues", (*self.issues, issue))
        known[name] = value
        return value

    def __copy__(self) -> Self:
        return self._with_issues(super().__copy__())

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> Self:
        return self._with_issues(super().__deepcopy__(memo))

    def _with_issues(self, copied: Self) -> Self:
        if self.issues:
            object.__setattr__(copied, "_issues", self.issues)
        return copied

    def __getstate__(self) -> dict[Any, Any]:
        state = super().__getstate__()
        if self.issues:
            state["__voicelive_issues__"] = self.issues
        return state

    def __setstate__(self, state: dict[Any, Any]) -> None:
        issues = state.pop("__voicelive_issues__", None)
        super().__setstate__(state)
        if issues:
            object.__setattr__(self, "_issues", issues)

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        # What is remembered of the old value must not outlive it.
        if hasattr(self, "_decoded"):
            object.__delattr__(self, "_decoded")
        if self.issues:
            left = (issue for issue in self.issues if re.split(r"[.\[]", issue.path, maxsplit=1)[0] != name)
            object.__setattr__(self, "_issues", tuple(left))


# The slot itself: half the time of object.__getattribute__().
_decoded: Any = Model.__dict__["_decoded"]
_slot_of_decoded = _decoded.__get__


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


class OrInstanceOf:
    """Lets instances of `base` through a union of its known kinds.

    That is how a kind that the schema lacks is sent. Type checkers see the known kinds only, so that comparing the
    constant narrows; a received object of an unknown kind arrives as the base itself.
    """

    def __init__(self, base: type[Model]) -> None:
        self.base = base

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        known = handler(source)
        other = core_schema.is_instance_schema(self.base)
        return core_schema.union_schema([known, other], mode="left_to_right")


RECEIVED = object()
"""The validation context of what comes from the service."""


class TaggedModel(Model):
    """A model with constants (``type``, ``role``) that count as given, because the wire needs them."""

    def model_post_init(self, context: Any, /) -> None:
        # What arrives has its constants, or really lacks them.
        if context is not RECEIVED:
            self.__pydantic_fields_set__.update(self.__tags__)


def plain_model(model: Model, *, keep_bare: bool = False) -> dict[str, Any]:
    """Return the fields of `model` that were given, its constants and its unknown fields, as JSON-ready values.

    Written out, because pydantic's own serializer refuses some of what a lenient reading holds.
    With `keep_bare`, instances of a bare base (a kind of object that the schema lacks) stay as they are.
    """
    given = model.__pydantic_fields_set__
    # Constants have defaults, which pydantic counts as unset; the wire needs those of an event that was built here.
    tags = () if isinstance(model, TaggedModel) else model.__tags__
    fields = {
        name: plain_value(value, keep_bare=keep_bare)
        for name, value in model.__dict__.items()
        if name in given or name in tags
    }
    for name, value in (model.__pydantic_extra__ or {}).items():
        fields[name] = plain_value(value, keep_bare=keep_bare)
    return fields


def plain_value(value: Any, *, keep_bare: bool = False) -> Any:
    """Return `value` with models, enums, times and raw bytes in it turned into what JSON can hold."""
    if value is None or type(value) in (str, int, float, bool):
        return value
    if isinstance(value, (ReadInt, ReadFloat)):
        return value.wire
    if isinstance(value, Model):
        bare = keep_bare and isinstance(value, TaggedModel) and not value.__tags__
        return value if bare else plain_model(value, keep_bare=keep_bare)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return {str(key): plain_value(entry, keep_bare=keep_bare) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain_value(entry, keep_bare=keep_bare) for entry in value]
    if isinstance(value, (bytes, bytearray, memoryview)):
        return encode_base64(value)
    return _time_to(value)


# Any: the declared type of validate_strings lists mappings only.
_validate_base64: Any = TypeAdapter(bytes, config=ConfigDict(val_json_bytes="base64")).validator.validate_strings


def decode_base64(text: str) -> bytes:
    """Decode standard or URL-safe base64 `text`, with or without padding.

    Raises:
        ValueError: if `text` holds anything else.
    """
    # pydantic-core's decoder takes a third to a seventh of the time of the standard library's.
    decoded: bytes = _validate_base64(text)
    return decoded


def encode_base64(audio: bytes | bytearray | memoryview) -> str:
    """Encode raw bytes with the standard alphabet, the only one the service documents."""
    if isinstance(audio, memoryview) and not audio.c_contiguous:
        audio = audio.tobytes()
    return binascii.b2a_base64(audio, newline=False).decode("ascii")


def standard_base64(text: str) -> str:
    """Return base64 `text` as the service documents it: standard alphabet, padded.

    Raises:
        ValueError: if `text` is no base64 in any form.
    """
    decoded = decode_base64(text)
    if len(text) % 4 == 0 and "-" not in text and "_" not in text:
        return text
    return encode_base64(decoded)


def _decode_leniently(name: str, text: object) -> tuple[bytes, FieldIssue | None]:
    """Decode what is no clean base64 text, as far as that goes."""
    if text is None:
        return b"", None
    if isinstance(text, str):
        try:
            # Skips characters outside the alphabet, such as line breaks.
            decoded = base64.b64decode(text)
        except ValueError as error:
            return b"", FieldIssue(name, f"not base64: {error}", text)
        return decoded, FieldIssue(name, "not clean base64: other characters were skipped", text)
    return b"", FieldIssue(name, "not base64 text", text)


def _base64_from(value: object) -> object:
    if isinstance(value, (bytes, bytearray, memoryview)):
        return encode_base64(value)
    if isinstance(value, str):
        return value
    try:
        view = memoryview(value)  # type: ignore[arg-type]
    except TypeError:
        return value
    return encode_base64(view)


def _checked_base64(text: str) -> str:
    try:
        return standard_base64(text)
    except ValueError:
        raise ValueError("neither raw bytes nor base64 text: pass the audio as bytes, or base64-encode it") from None


Base64 = Annotated[str, BeforeValidator(_base64_from), AfterValidator(_checked_base64)]
"""Base64 text in a message to the service; raw bytes-like values are encoded on the way in."""


def _time_from(value: object) -> object:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        try:
            return datetime.fromtimestamp(value, tz=UTC)
        except (ValueError, OverflowError, OSError):
            raise ValueError("not a Unix time in seconds") from None
    return value


def _time_to(value: object) -> object:
    if isinstance(value, datetime):
        seconds = value.timestamp()
        return int(seconds) if seconds.is_integer() else seconds
    return value


UnixTime = Annotated[datetime, BeforeValidator(_time_from), PlainSerializer(_time_to, return_type=Any)]
"""A time that travels as whole seconds since 1970-01-01 UTC."""

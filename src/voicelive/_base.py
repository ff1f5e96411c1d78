"""What every generated model is built on.

Generated code imports from here and from pydantic only, so this module must stay free of sockets, clocks and clients.
"""

import inspect
import json
import re
from collections.abc import Callable, ItemsView, Iterator, KeysView, Mapping, ValuesView
from enum import Enum
from typing import Any, ClassVar, Self, TypeVar, cast, get_args

from pydantic import (
    BaseModel,
    ConfigDict,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    SerializationInfo,
    model_serializer,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import core_schema, to_json, to_jsonable_python

from ._building import building, signals_deferred
from ._describing import ModelFields, Signature, description_of
from ._field_issue import FieldIssue
from ._public import public_in
from ._unions import TaggedUnion, alias_value, building_for, is_met_later, kinds_met_later, met_later
from ._wire_values import (
    OPEN,
    Base64,
    OpenEnum,
    ReadFloat,
    ReadInt,
    Unchecked,
    UnixTime,
    decode_base64,
    decode_leniently,
    decode_standard,
    encode_base64,
    raw_audio,
    standard_base64,
    time_to,
)

__all__ = [
    "OPEN",
    "RECEIVED",
    "Base64",
    "BaseEvent",
    "FieldIssue",
    "Model",
    "OpenEnum",
    "OrInstanceOf",
    "ReadFloat",
    "ReadInt",
    "TaggedModel",
    "TaggedUnion",
    "Unchecked",
    "UnixTime",
    "alias_value",
    "decode_base64",
    "encode_base64",
    "expect_decoding",
    "models_in",
    "plain_model",
    "plain_value",
    "raw_audio",
    "standard_base64",
]


MethodT = TypeVar("MethodT", bound=Callable[..., Any])


def _with_its_signature(method: MethodT) -> MethodT:
    # pydantic looks at it again for each class that is built.
    cast("Any", method).__signature__ = inspect.signature(method)
    return method


_SIGNATURE = Signature()


@public_in("voicelive.models")
class Model(BaseModel):
    """Base of all generated models: lenient about what it does not know, exact about null and absence.

    A field that was never given reads ``None`` and is not sent; a field set to ``None`` is sent as JSON ``null``.
    Names that the schema does not know are kept, readable as attributes, and sent.
    """

    model_config: ClassVar[ConfigDict] = ConfigDict(
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
        # Names come again, ids do not: each would stay in a cache of the process for the next 16,384 strings.
        cache_strings="keys",
    )

    # Slots, not private attributes: they cost nothing on the events that never need them.
    __slots__ = ("_decoded", "_issues")

    __tags__: ClassVar[tuple[str, ...]] = ()
    """Names of the fields that hold the constants which say what kind of object this is."""
    __meets_later__: ClassVar[bool] = False
    """Whether its parts are built when one is first met: for what is sent, because whoever makes it waits for it."""

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        own = "__tags__" not in cls.__dict__ and "type" in cls.__annotations__
        if own and isinstance(cls.__pydantic_fields__["type"].default, str):
            # A model of an application's own, for an event or an item that the schema lacks.
            cls.__tags__ = ("type",)
        cast("Any", cls).__signature__ = _SIGNATURE

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
        if cls.__module__ == _CONTRACT and not cls.__meets_later__:
            # What it holds first: each would be described again in whatever else holds it, and this in one long step.
            with signals_deferred():
                fields = cls.__pydantic_fields__.values()
                for part in (part for field in fields for part in models_in(field.annotation)):
                    part.model_rebuild()
        with building(), kinds_met_later(cls if cls.__meets_later__ else None):
            built = super().model_rebuild(
                force=force,
                raise_errors=raise_errors,
                # This method is one more frame on the way to the caller's names.
                _parent_namespace_depth=_parent_namespace_depth and _parent_namespace_depth + 1,
                _types_namespace=_types_namespace,
            )
        # Which the builder has replaced; the signature is the same before and after.
        cast("Any", cls).__signature__ = _SIGNATURE
        return built

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

    def as_dict(self) -> dict[str, Any]:
        """Return :meth:`to_dict`, under the name that the official package has for it."""
        return self.to_dict()

    def __getitem__(self, name: str) -> Any:
        """Return the field `name`; ``KeyError`` where it was not given, although the attribute reads None there."""
        return self._given()[name]

    def __contains__(self, name: object) -> bool:
        """Return whether the field `name` was given: whether it is in :meth:`to_dict`."""
        return name in self._given()

    def get(self, name: str, default: Any = None) -> Any:
        """Return the field `name`, or `default` where it was not given."""
        return self._given().get(name, default)

    def __eq__(self, other: object) -> bool:
        """Return whether `other` is a model of the same class and fields, or a mapping that is sent as this is."""
        if isinstance(other, Mapping):
            return bool(self.to_dict() == plain_value(other))
        return super().__eq__(other)

    def keys(self) -> KeysView[str]:
        """Return the names of the fields that were given, the constants and the unknown ones among them."""
        return self._given().keys()

    def values(self) -> ValuesView[Any]:
        """Return the values of the fields that were given."""
        return self._given().values()

    def items(self) -> ItemsView[str, Any]:
        """Return the fields that were given, name and value."""
        return self._given().items()

    def _given(self) -> dict[str, Any]:
        given = self.__pydantic_fields_set__
        tags = () if isinstance(self, TaggedModel) else self.__tags__
        fields = {name: value for name, value in self.__dict__.items() if name in given or name in tags}
        return {**fields, **(self.__pydantic_extra__ or {})}

    @model_serializer(mode="plain")
    @_with_its_signature
    def _serialized(self, info: SerializationInfo) -> dict[str, Any]:
        # Null means something on the wire, so what was never set is left out on every way that pydantic has of writing.
        fewer = info.exclude_none or info.exclude_defaults
        payload = _without(self, nulls=info.exclude_none) if fewer else self.to_dict()
        if info.include is None and info.exclude is None:
            return payload
        chosen: dict[str, Any] = to_jsonable_python(
            # Any: two descriptions of the same forms, which type checkers do not know to be one.
            payload,
            include=cast("Any", info.include),
            exclude=cast("Any", info.exclude),
            inf_nan_mode="constants",
        )
        return chosen

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler, /) -> core_schema.CoreSchema:
        holder = building_for()
        later = holder is not None and holder is not cls and not cls.__pydantic_complete__
        return met_later(cls) if later else handler(source)

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler, /
    ) -> JsonSchemaValue:
        # The serializer above says only that it writes an object; the fields say which.
        fields = cast("core_schema.CoreSchema", {key: part for key, part in schema.items() if key != "serialization"})
        if is_met_later(schema):
            cls.model_rebuild()
            return handler(cls.__pydantic_core_schema__)
        described = handler(fields)
        for name, part in handler.resolve_ref_schema(described).get("properties", {}).items():
            text, of_type = description_of(cls, name), part.get("description", "")
            # Where a type has words of its own, such as the unit of a time, they come after those of the field; the
            # field's may be there, if somebody asked for them before its model was built.
            if text and not of_type.startswith(text):
                part["description"] = f"{text}\n\n{of_type}".strip()
        return described

    def _decoded_field(self, name: str) -> bytes:
        """Return the decoded bytes of base64 field `name`, decoding on first use only."""
        known: dict[str, bytes] | None
        try:
            known = _slot_of_decoded(self)
        except AttributeError:
            known = None
        if known is None:
            known = {}
            _set_decoded(self, known)
        elif name in known:
            return known[name]
        # Any: whatever arrived is tried.
        text: Any = self.__dict__.get(name)
        value = decode_standard(text)
        known[name] = value = self._decoded_otherwise(name, text) if value is None else value
        return value

    def _decoded_otherwise(self, name: str, text: Any) -> bytes:
        """Return the bytes of what is not base64 in the service's own form, and note what is wrong with it."""
        problem = None
        try:
            value = decode_base64(text)
        except ValueError:
            value, problem = decode_leniently(text)
        if problem is not None:
            object.__setattr__(self, "_issues", (*self.issues, FieldIssue(name, problem, text)))
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


cast("Any", Model).model_fields = ModelFields()

# The slot itself: half the time of object.__getattribute__().
_decoded: Any = Model.__dict__["_decoded"]
_slot_of_decoded, _set_decoded = _decoded.__get__, _decoded.__set__


def expect_decoding(event: Model) -> None:
    """Note that nothing of an event is decoded yet: to find its slot empty takes as long as to decode its audio."""
    _set_decoded(event, None)


class BaseEvent(Model):
    """Base of the events of either side."""

    __read__: "ClassVar[Callable[[type[BaseEvent], Any], BaseEvent]]"
    """Reads a stored event as leniently as a received one; the codec puts it here."""

    @classmethod
    def from_json(cls, data: bytes | bytearray | memoryview | str) -> Self:
        """Read a stored event from its JSON text, as leniently as from the wire: misfits are in :attr:`Model.issues`.

        ``ServerEvent.from_json`` and ``ClientEvent.from_json`` give the class that the event's type has; an unknown
        type gives ``UnknownServerEvent`` or ``ClientEvent`` itself, and what is not a JSON object gives
        ``MalformedServerEvent``.

        Raises:
            InvalidEventError: if it is not an event of this class; of ``ClientEvent``, if it is not a JSON object.
        """
        return cast("Self", BaseEvent.__read__(cls, data))

    @classmethod
    def from_dict(cls, payload: Mapping[str, Any]) -> Self:
        """Read a stored event from its wire form as a mapping, such as :meth:`Model.to_dict` gives; see
        :meth:`from_json`.

        Raises:
            InvalidEventError: if it is not an event of this class.
        """
        return cast("Self", BaseEvent.__read__(cls, payload))


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


_CONTRACT = "voicelive.models"


def models_in(annotation: Any) -> Iterator[type[Model]]:
    """Yield the models of the contract that a field of this type may hold."""
    if isinstance(annotation, type):
        if issubclass(annotation, Model) and annotation.__module__ == _CONTRACT:
            yield annotation
    elif (value := alias_value(annotation)) is not None:
        yield from models_in(value)
    for argument in get_args(annotation):
        yield from models_in(argument)


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
    With `keep_bare`, instances of a bare base (a kind of object that the schema lacks) and raw bytes stay as they are:
    the validation looks at both.
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
        return value if keep_bare else encode_base64(value)
    return time_to(value)


def _without(value: Any, *, nulls: bool | None) -> Any:
    """Return the wire form of `value` without fields that are null or, if not only `nulls`, at their defaults."""
    if isinstance(value, Model):
        defaults = {} if nulls else {name: field.default for name, field in type(value).__pydantic_fields__.items()}
        return {
            name: _without(entry, nulls=nulls)
            for name, entry in value.items()
            if (entry is not None if nulls else name not in defaults or entry != defaults[name])
        }
    if isinstance(value, (list, tuple)):
        return [_without(entry, nulls=nulls) for entry in value]
    return plain_value(value)

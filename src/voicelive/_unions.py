"""Unions of the contract's classes, of which a class is defined when something of its kind is first met."""

import threading
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeAlias, Union, cast

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationError, ValidationInfo
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import core_schema, to_json
from typing_extensions import TypeAliasType

from ._building import building

__all__ = ["Kinds", "TaggedUnion", "alias_value", "building_for", "is_met_later", "kinds_met_later", "met_later"]

Kinds: TypeAlias = "tuple[str, Mapping[str, str | Kinds]]"
"""The field that tells the kinds apart, and for each of its constants the name of a class or what tells further."""


# Any: type checkers take names only where an alias is assigned.
_new_alias: Any = TypeAliasType


class TaggedUnion:
    """The alias of a union whose kinds are told apart by constants; stands in annotations as any other alias does.

    A session's first event names a dozen unions, of some hundred classes, and holds four of those.

    Args:
        name: the name of the alias.
        module: where users import it from.
        define: returns the union itself, having defined all of its classes.
        kinds: which constants mean which class.
        find: gives the class of a name.
        texts: the name of the enum of the texts that may stand in place of an object.
    """

    def __init__(
        self,
        name: str,
        module: str,
        define: Callable[[], Any],
        kinds: Kinds,
        find: Callable[[str], Any],
        texts: str | None = None,
    ) -> None:
        self.__name__ = self.__qualname__ = name
        self.__module__ = module
        self._define = define
        self._kinds = kinds
        self._find = find
        self._texts = texts
        self._names = frozenset(_names(kinds))
        self._whole: Any = None
        self._lock = threading.Lock()
        self._alias: Any = None

    def __repr__(self) -> str:
        return self.__name__

    def __reduce__(self) -> str:
        return self.__name__

    @property
    def __value__(self) -> Any:
        """The union itself, as of any other alias."""
        return self._plain_alias().__value__

    def _plain_alias(self) -> TypeAliasType:
        if self._alias is None:
            alias = _new_alias(self.__name__, self._define())
            with self._lock:
                # The first one, should two threads have come here: pydantic knows an alias by its identity.
                if self._alias is None:
                    self._alias = alias
        return cast("TypeAliasType", self._alias)

    @property
    def texts(self) -> Any:
        """The enum of the texts that may stand in place of an object, if there is one."""
        return None if self._texts is None else self._find(self._texts)

    def kind_of(self, payload: Mapping[str, Any]) -> Any:
        """Return the class that the constants in `payload` name; None if they name none of the union's."""
        found: Any = self._kinds
        while isinstance(found, tuple):
            constant = payload.get(found[0])
            found = found[1].get(constant) if isinstance(constant, str) else None
        return None if found is None else self._find(found)

    def kinds(self) -> Iterator[Any]:
        """Yield each class of the union, which is defined if it has to be."""
        for name in sorted(self._names):
            yield self._find(name)

    def __or__(self, other: Any) -> Any:
        return Union[self, other]  # noqa: UP007 - this is what `|` means

    def __ror__(self, other: Any) -> Any:
        return Union[other, self]  # noqa: UP007

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        if building_for() is None:
            return handler.generate_schema(self._plain_alias())
        return _read_by(self._read, self._read_strictly)

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return handler(self._adapter().core_schema if is_met_later(schema) else schema)

    def _read(self, value: Any, info: ValidationInfo) -> Any:
        if info.mode == "python":
            kind = type(value)
            if kind is dict:
                found = self.kind_of(value)
                if found is not None:
                    found.model_rebuild()
                    try:
                        return found.__pydantic_validator__.validate_python(value, context=info.context)
                    except ValidationError:
                        pass  # which the whole union says in its own words
            elif kind.__name__ in self._names and self._find(kind.__name__) is kind:
                return value
            elif self._texts is not None and (kind is str or kind is self.texts):
                return self.texts._value2member_map_.get(value, value)
        return self._read_whole(value, info, strict=None)

    def _read_strictly(self, value: Any, info: ValidationInfo) -> Any:
        return self._read_whole(value, info, strict=True)

    def _read_whole(self, value: Any, info: ValidationInfo, *, strict: bool | None) -> Any:
        return _validated(self._adapter().validator, value, info, strict)

    def prepare(self) -> None:
        """Build what is otherwise built when a value is of no kind of the union, or of none that is told at once."""
        self._adapter()

    def _adapter(self) -> Any:
        if self._whole is None:
            from pydantic import TypeAdapter

            for kind in self.kinds():
                kind.model_rebuild()
            with building():
                self._whole = TypeAdapter(cast("Any", self._plain_alias()))
        return self._whole


Read: TypeAlias = Callable[[Any, ValidationInfo], Any]

_holder = threading.local()


@contextmanager
def kinds_met_later(model: Any) -> Generator[None]:
    """Let what is built meanwhile for `model` build what that holds when something of it is first met; None: at once.

    What is sent is met in the application's own steps, little of it in each; what is received is read in one call.
    """
    before = building_for()
    _holder.model = model
    try:
        yield
    finally:
        _holder.model = before


def building_for() -> Any:
    """Return the class that is being built, if it is one whose parts are built later."""
    return getattr(_holder, "model", None)


def met_later(model: Any) -> core_schema.CoreSchema:
    """Return the schema of a `model` that is built when one is first met."""

    def read(value: Any, info: ValidationInfo, strict: bool | None = None) -> Any:
        model.model_rebuild()
        return _validated(model.__pydantic_validator__, value, info, strict)

    return _read_by(read, lambda value, info: read(value, info, strict=True))


def is_met_later(schema: core_schema.CoreSchema) -> bool:
    """Return whether a schema is one of those."""
    return bool(schema["type"] == "lax-or-strict")


def _read_by(read: Read, read_strictly: Read) -> core_schema.CoreSchema:
    return core_schema.lax_or_strict_schema(
        core_schema.with_info_plain_validator_function(read),
        core_schema.with_info_plain_validator_function(read_strictly),
    )


def _validated(validator: Any, value: Any, info: ValidationInfo, strict: bool | None) -> Any:
    if info.mode == "json":
        # Of JSON's values it says other things than of Python's, and of some it takes others.
        text = to_json(value, inf_nan_mode="constants")
        return validator.validate_json(text, strict=strict, context=info.context)
    return validator.validate_python(value, strict=strict, context=info.context)


def alias_value(annotation: Any) -> Any:
    """Return what `annotation` stands for if it is an alias of either sort, else None."""
    return annotation.__value__ if isinstance(annotation, (TypeAliasType, TaggedUnion)) else None


def _names(kinds: Any) -> Iterator[str]:
    if isinstance(kinds, str):
        yield kinds
    else:
        for kind in kinds[1].values():
            yield from _names(kind)

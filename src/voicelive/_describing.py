"""What a model says of itself when somebody asks: descriptions of its fields, and the signature of its constructor.

Programs that only talk to the service never ask, so the texts are read, and signatures made, at the first question.
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Iterator
from functools import reduce
from operator import or_
from types import UnionType
from typing import Annotated, Any, Union, cast, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic.warnings import PydanticDeprecatedSince211

__all__ = ["ModelFields", "Signature", "description_of"]


def description_of(cls: type[BaseModel], name: str) -> str | None:
    """Return what the contract says of a field of a generated model, or of a class derived from one."""
    from ._generated.descriptions import DESCRIPTIONS

    texts = (DESCRIPTIONS.get(base.__name__, {}).get(name) for base in cls.__mro__ if base.__module__ == _CONTRACT)
    return next((text for text in texts if text is not None), None)


_CONTRACT = "voicelive.models"


class ModelFields:
    """In place of pydantic's ``model_fields``: the same, with descriptions."""

    def __get__(self, instance: BaseModel | None, owner: type[BaseModel]) -> dict[str, FieldInfo]:
        if instance is not None:
            # As pydantic does.
            message = "'model_fields' of an instance is deprecated; ask its class"
            warnings.warn(message, PydanticDeprecatedSince211, stacklevel=2)
        fields = owner.__pydantic_fields__
        for name, field in fields.items():
            if field.description is None:
                field.description = description_of(owner, name)
        return fields


class Signature:
    """The signature of a model's constructor; pydantic has one only once the model's validator is built."""

    def __get__(self, instance: BaseModel | None, owner: type[BaseModel]) -> inspect.Signature:
        if instance is not None or owner.__init__ is not BaseModel.__init__:
            # A class that has a constructor of its own says itself what that takes.
            raise AttributeError("__signature__")
        return inspect.Signature([*_parameters(owner)])


def _parameters(cls: type[BaseModel]) -> Iterator[inspect.Parameter]:
    kind = inspect.Parameter.KEYWORD_ONLY
    for name, field in _drafts_last(cls):
        default = inspect.Parameter.empty if field.is_required() else field.default
        yield inspect.Parameter(name, kind, default=default, annotation=_bare(field.annotation))
    # What the schema lacks is sent all the same.
    yield inspect.Parameter("extra", inspect.Parameter.VAR_KEYWORD, annotation=Any)


def _bare(annotation: Any) -> Any:
    """Return a type without what pydantic notes beside it, which takes more room than the type itself."""
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _bare(parts[0])
    if origin in (Union, UnionType):
        return reduce(or_, (_bare(part) for part in parts))
    if origin is list or origin is dict:
        return cast("Any", origin)[tuple(_bare(part) for part in parts)]
    return annotation


def _drafts_last(cls: type[BaseModel]) -> list[tuple[str, FieldInfo]]:
    """The fields in their order, but those that only drafts have after the others, also across a class and its base."""
    from ._generated.versions import DRAFTS, FIELDS

    name = next((base.__name__ for base in cls.__mro__ if base.__module__ == _CONTRACT), "")
    drafts = {field for field, versions in FIELDS.get(name, {}).items() if set(versions) <= set(DRAFTS)}
    return sorted(cls.__pydantic_fields__.items(), key=lambda entry: entry[0] in drafts)

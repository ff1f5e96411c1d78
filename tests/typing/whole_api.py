"""Writes `api.py`: a program that uses everything public, with the types that are read at run time.

Both type checkers check it, so what they see of the package is at least what is there when a program runs, and each
type is the same to them. The file is committed, so that a changed type shows in a review.
"""

from __future__ import annotations

import collections.abc
import inspect
import re
import types
import typing
from collections.abc import Iterator
from enum import Enum
from importlib import import_module
from typing import Any

from tests.typing.test_runtime_annotations import FACES

__all__ = ["program"]

HEAD = '''"""Uses everything public, with its types.

Written by `tests/typing/whole_api.py`; `VOICELIVE_PUBLIC_API=write pytest tests/test_public_api.py` renews it.
"""

# ruff: noqa: E501
# fmt: off
# pyright: reportDeprecated=false

from __future__ import annotations

{imports}


def used(*things: object) -> None:
    """Take what is there, and cannot be called with arguments of one type."""
'''
NAMES: dict[int, str] = {}
"""Where a public thing is found, by its identity."""


GENERATED = {"voicelive.models", "voicelive.types"}
"""Named, but not used one by one: what is generated is the same throughout."""
TYPED_DICTS = {"voicelive.ConnectionOptions"}
"""What is a mapping with known keys to type checkers, and made otherwise at run time."""


class _UnwritableError(Exception):
    """A type that has no name of its own, such as a type variable."""


def program() -> str:
    """Return the text of `api.py`."""
    modules: set[str] = set()
    for face in FACES:
        for name in sorted(getattr(import_module(face), "__all__", ())):
            thing = getattr(import_module(face), name)
            if not isinstance(thing, (str, int, float, bool)):
                NAMES.setdefault(id(thing), f"{face}.{name}")
    parts = [text for face in FACES for text in _face(face)]
    body = "\n\n\n".join(parts)
    modules = {
        line
        for line in (
            "collections.abc",
            "concurrent.futures",
            "contextlib",
            "datetime",
            "pathlib",
            "ssl",
            "types",
            "typing",
        )
        if re.search(rf"(?<![\w.]){re.escape(line)}\.", body)
    }
    azure = {line for line in ("azure.core.credentials", "azure.core.credentials_async") if f"{line}." in body}
    groups = ["\n".join(f"import {module}" for module in sorted(group)) for group in (modules, azure, set(FACES))]
    return HEAD.format(imports="\n\n".join(groups)) + "\n\n" + body + "\n"


def _face(face: str) -> Iterator[str]:
    module = import_module(face)
    # Not every `__all__` has an order.
    names = sorted(getattr(module, "__all__", ()))
    plain = ", ".join(f"{face}.{name}" for name in names)
    yield f"used({plain})"
    for name in names:
        thing = getattr(module, name)
        if NAMES.get(id(thing)) != f"{face}.{name}" or face in GENERATED:
            continue
        if inspect.isclass(thing) and not issubclass(thing, (BaseException, Enum)):
            yield from _class(face, name, thing)
        elif inspect.isfunction(thing):
            yield _use(_label(face, name), [], [(f"{face}.{name}", thing, False)])


def _class(face: str, name: str, cls: type) -> Iterator[str]:
    # Every kind of call has its own function: two parameters of one name may have two types.
    uses: list[tuple[str, Any, bool]] = []
    attributes: list[str] = []
    hints = _hints(cls)
    if typing.is_typeddict(cls) or face + "." + name in TYPED_DICTS:
        keys = [f'used(it.get("{key}"))' for key in sorted(hints)]
        yield _use(_label(face, name), keys, [], it=f"{face}.{name}")
        return
    whole = f"{face}.{name}" + ("[typing.Any]" if getattr(cls, "__parameters__", ()) else "")
    for member in _members(cls):
        value = inspect.getattr_static(cls, member, None)
        if isinstance(value, property):
            attributes.append(_assertion(f"it.{member}", _hints(value.fget).get("return")))
        elif isinstance(value, (classmethod, staticmethod)):
            uses.append((f"{face}.{name}.{member}", value.__func__, isinstance(value, classmethod)))
        elif inspect.isfunction(value):
            uses.append((f"it.{member}", value, True))
        elif member in hints:
            attributes.append(_assertion(f"it.{member}", hints[member]))
        else:
            attributes.append(f"used(it.{member})")
    yield _use(_label(face, name), attributes, [], it=whole)
    for place, function, bound in uses:
        yield _use(f"{_label(face, name)}_{function.__name__}", [], [(place, function, bound)], it=whole)


def _members(cls: type) -> list[str]:
    own = [base for base in cls.__mro__ if base.__module__.startswith("voicelive")]
    declared = {name for base in own for name in (*vars(base), *vars(base).get("__annotations__", ()))}
    return sorted(name for name in declared if not name.startswith("_"))


def _use(label: str, lines: list[str], calls: list[tuple[str, Any, bool]], *, it: str | None = None) -> str:
    parameters = [] if it is None else [f"it: {it}"]
    is_async = False
    for place, function, bound in calls:
        try:
            found, arguments = _arguments(function, bound)
            parameters += found
            result = _hints(function).get("return")
            wait = "await " if inspect.iscoroutinefunction(function) else ""
            is_async = is_async or bool(wait)
            call = f"{wait}{place}({', '.join(arguments)})"
            if result is Any:
                # Type checkers may know more, by overloads.
                lines.append(f"used({call})")
            else:
                lines.append(call if result in (None, type(None)) else _assertion(call, result, it))
        except (_UnwritableError, _Overloaded):
            lines.append(f"used({place})")
    body = "\n    ".join(lines or ["used(it)"])
    return f"{'async ' if is_async else ''}def {label}({', '.join(parameters)}) -> None:\n    {body}"


class _Overloaded(Exception):
    """A function that type checkers see otherwise than it is written."""


def _arguments(function: Any, bound: bool) -> tuple[list[str], list[str]]:
    if typing.get_overloads(function) or not inspect.signature(function):
        raise _Overloaded
    hints = _hints(function)
    parameters: list[str] = []
    arguments: list[str] = []
    for each in list(inspect.signature(function).parameters.values())[bound:]:
        if each.kind in (each.VAR_KEYWORD, each.VAR_POSITIONAL):
            continue
        if each.name not in hints:
            raise _UnwritableError
        parameters.append(f"{each.name}: {_written(hints[each.name])}")
        is_named = each.kind is each.KEYWORD_ONLY
        arguments.append(f"{each.name}={each.name}" if is_named else each.name)
    return parameters, arguments


def _assertion(expression: str, hint: Any, it: str | None = None) -> str:
    try:
        written = it if hint is typing.Self and it else _written(hint)
    except _UnwritableError:
        return f"used({expression})"
    return f"typing.assert_type({expression}, {written})"


def _hints(thing: Any) -> dict[str, Any]:
    try:
        return typing.get_type_hints(thing)
    except (NameError, TypeError):
        return {}


def _label(face: str, name: str) -> str:
    return f"{face.removeprefix('voicelive').replace('.', '_')}_{name}".lstrip("_") if face != "voicelive" else name


def _written(hint: Any) -> str:
    """Write a type as source."""
    if hint is None or hint is type(None):
        return "None"
    if hint is Any:
        return "typing.Any"
    if hint is ...:
        return "..."
    if id(hint) in NAMES:
        return NAMES[id(hint)]
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Literal:
        return f"typing.Literal[{', '.join(map(repr, parts))}]"
    if origin is typing.Annotated:
        return _written(parts[0])
    if origin in (typing.Union, types.UnionType):
        return " | ".join(map(_written, parts))
    if origin is collections.abc.Callable:
        taken = "..." if parts[0] is ... else f"[{', '.join(map(_written, parts[0]))}]"
        return f"collections.abc.Callable[{taken}, {_written(parts[1])}]"
    if origin is not None:
        return f"{_written(origin)}[{', '.join(map(_written, parts))}]"
    if inspect.isclass(hint) and not hint.__module__.startswith("voicelive"):
        # Executors, and from Python 3.13 on paths, are defined in a private module of the standard library.
        module = hint.__module__.removesuffix("._base").removesuffix("._local")
        if module.startswith("locust"):
            raise _UnwritableError(f"{module} patches the process that imports it")
        return hint.__qualname__ if module == "builtins" else f"{module}.{hint.__qualname__}"
    raise _UnwritableError

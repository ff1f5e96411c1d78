"""Becomes the `conftest.py` beside the official unit tests: stands in for what is private in the official package.

Tests that import private names still load, so that those beside them run; whoever uses such a name fails with
:class:`PrivateNameError`. Public names that tests import from a private module are this package's public ones.
"""

from __future__ import annotations

import sys
import types
from typing import Any, NoReturn

import voicelive.aio

PRIVATE = (
    "voicelive._utils",
    "voicelive._utils.serialization",
    "voicelive.aio._patch",
)


class PrivateNameError(Exception):
    """A test uses a name that is private in the official package."""


class StandIn:
    """In place of a private class or function."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, *arguments: object, **keywords: object) -> NoReturn:
        raise PrivateNameError(self.name)

    def __getattr__(self, name: str) -> NoReturn:
        raise AttributeError(name) if name.startswith("__") else PrivateNameError(f"{self.name}.{name}")


class PrivateModule(types.ModuleType):
    """In place of a private module: has any name."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        # What has one is a package, so that its modules are looked for.
        self.__path__ = []

    def __getattr__(self, name: str) -> StandIn:
        if name.startswith("__"):
            raise AttributeError(name)
        return StandIn(f"{self.__name__}.{name}")


for module in PRIVATE:
    sys.modules[module] = PrivateModule(module)
connection: Any = sys.modules["voicelive.aio._patch"]
for public in voicelive.aio.__all__:
    setattr(connection, public, getattr(voicelive.aio, public))
number: Any = sys.modules["voicelive._version"]
number.VERSION = StandIn("voicelive._version.VERSION")

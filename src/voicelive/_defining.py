"""Classes that are defined when they are first met, and what maps names to them.

A program needs a quarter of the contract's classes, and making one takes as long as reading fifty events.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Generic, TypeVar

from ._building import signals_deferred
from ._collector import collector_paused
from ._public import without_line

__all__ = ["PREFIX", "Definitions", "LazyClasses"]

PREFIX = "_define_"
"""What the functions that define a class are called, before the name of the class."""

# One at a time, or two threads would each make a class of their own. It is never held while something waits.
_one_at_a_time = threading.RLock()

ClassT = TypeVar("ClassT", bound=type)


class Definitions:
    """The names of a module that has, for each, a function that defines it.

    Args:
        namespace: the module's globals.
        elsewhere: what has the names that the module only uses.
    """

    def __init__(self, namespace: dict[str, Any], elsewhere: Callable[[str], Any] | None = None) -> None:
        self._namespace = namespace
        self._elsewhere = elsewhere
        self._depth = 0

    def need(self, *names: str) -> None:
        """Define those of `names` that are not defined yet."""
        for name in names:
            if name not in self._namespace:
                self.get(name)

    def get(self, name: str) -> Any:
        """Return what `name` stands for, defining it if it has to be; the module's ``__getattr__``.

        Raises:
            AttributeError: if the module does not have the name.
        """
        define = self._namespace.get(PREFIX + name)
        if define is None:
            if self._elsewhere is None or name.startswith("_"):
                raise AttributeError(f"module {self._namespace['__name__']!r} has no attribute {name!r}")
            value = self._namespace[name] = self._elsewhere(name)
            return value
        with _one_at_a_time:
            # Another thread may have done it meanwhile.
            if name not in self._namespace:
                self._define(define)
                # The generated modules give themselves the name of the public one.
                without_line(self._namespace[name])
            return self._namespace[name]

    def _define(self, define: Callable[[], None]) -> None:
        if self._depth:
            # For the sake of another one, which has seen to the rest.
            define()
            return
        self._depth = 1
        try:
            # Before Python 3.12 what a signal handler raises within a class body comes out as another error.
            with signals_deferred(), collector_paused():
                define()
        finally:
            self._depth = 0


class LazyClasses(Mapping[str, ClassT], Generic[ClassT]):
    """A mapping to classes that defines each when it is asked for; a copy of it would define all of them.

    Args:
        names: for each key, the name of the class.
        find: gives the class of a name.
        others: classes that are there, which come before those.
    """

    def __init__(
        self, names: Mapping[str, str], find: Callable[[str], Any], others: Mapping[str, ClassT] | None = None
    ) -> None:
        self._names = names
        self._find = find
        self._classes: dict[str, ClassT] = dict(others or {})
        self._keys = {**names, **self._classes}

    def with_others(self, others: Mapping[str, ClassT]) -> LazyClasses[ClassT]:
        """Return a mapping that has `others` too, in place of what has their keys here."""
        return LazyClasses(self._names, self._find, {**self._classes, **others})

    def __getitem__(self, key: str) -> ClassT:
        found = self._classes.get(key)
        if found is None:
            found = self._classes[key] = self._find(self._names[key])
        return found

    def get(self, key: object, default: Any = None) -> Any:
        """Return the class of `key`, or `default`."""
        found = self._classes.get(key)  # type: ignore[call-overload]
        if found is None and key in self._names:
            found = self[key]  # type: ignore[index]
        return default if found is None else found

    def __contains__(self, key: object) -> bool:
        return key in self._keys

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)

"""Where users import from what is defined in a private module: tracebacks, pickles and documentation name that module.

Set where a thing is defined, not where it is imported from: the public module may not be loaded when an error of it is
raised, or an event is pickled. Classes with annotated fields need annotations that are types, not text (no
``from __future__ import annotations`` in their module): text is looked up in the module that a class says it is from.
"""

# Type checkers know this name; importing `typing` for it would take most of what importing `connect` takes.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    T = TypeVar("T", bound=Callable[..., object])

__all__ = ["public_in", "without_line"]


def public_in(module: str) -> "Callable[[T], T]":
    """Let a class or function say that it is from a public module, which has to export it under its name."""

    def publish(thing: "T") -> "T":
        thing.__module__ = module
        without_line(thing)
        return thing

    return publish


def without_line(thing: object) -> None:
    """Forget in which line a class is defined that says it is from another module.

    From Python 3.13 on `inspect.getsource` would show what stands in that line of the other module.
    """
    if "__firstlineno__" in getattr(thing, "__dict__", ()):
        delattr(thing, "__firstlineno__")

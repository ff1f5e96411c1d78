"""Unknown keyword arguments, answered with the nearest known name."""

from __future__ import annotations

from functools import wraps

# Type checkers know this name; importing `typing` for it would take most of what importing `connect` takes.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import ParamSpec, TypeVar

    P = ParamSpec("P")
    R = TypeVar("R")

__all__ = ["suggest_keywords"]


def suggest_keywords(function: Callable[P, R]) -> Callable[P, R]:
    """Make `function` raise a ``TypeError`` that names the nearest keyword when it gets an unknown one."""
    code = function.__code__
    known: tuple[str, ...] = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]

    @wraps(function)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R:
        for name in kwargs:
            if name not in known:
                raise TypeError(f"{function.__name__}() has no argument {name!r}: {_hint(name, known)}")
        return function(*args, **kwargs)

    return checked


def _hint(name: str, known: tuple[str, ...]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, known, n=1)
    return f"did you mean {near[0]!r}?" if near else f"known are: {', '.join(known)}"

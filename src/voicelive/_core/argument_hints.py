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
    """Make `function` raise a ``TypeError`` that names the nearest keyword when it gets an unknown one.

    The arguments may be secret: no frame that holds them is in the traceback of that, or of a ConfigurationError.
    """
    code = function.__code__
    known: tuple[str, ...] = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]

    @wraps(function)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R:
        unknown = next((name for name in kwargs if name not in known), None)
        failure: Exception
        if unknown is None:
            try:
                return function(*args, **kwargs)
            except ValueError as error:
                from ..errors import ConfigurationError

                if not isinstance(error, ConfigurationError):
                    raise
                failure = error.with_traceback(None)
        else:
            failure = TypeError(f"{function.__name__}() has no argument {unknown!r}: {_hint(unknown, known)}")
        del args, kwargs
        try:
            raise failure
        finally:
            # Or it would keep itself alive by this frame.
            del failure

    return checked


def _hint(name: str, known: tuple[str, ...]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, known, n=1)
    return f"did you mean {near[0]!r}?" if near else f"it takes {', '.join(known)}"

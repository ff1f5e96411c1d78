"""Annotations whose names are imported when somebody reads them.

Frameworks read annotations when a program runs: FastAPI, pydantic, dependency injectors, agent toolkits. What is only
imported for type checkers is missing then, and importing it for everybody would make every program wait for it.
"""

from __future__ import annotations

# Type checkers know this name; importing `typing` for it would take most of what importing `connect` takes.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, ItemsView, Iterator, KeysView, Mapping, ValuesView
    from typing import Any, TypeVar

    C = TypeVar("C", bound=type)
    F = TypeVar("F", bound=Callable[..., Any])

__all__ = ["TakenAsItIs", "resolved_when_read", "taken_as_it_is"]


class TakenAsItIs:
    """Annotates a type that pydantic does not know: whatever is built on it passes any value on, to be checked here."""

    def __get_pydantic_core_schema__(self, source: object, handler: object) -> dict[str, str]:
        return {"type": "any"}

    # So that what holds it, such as a pickled alias, is equal to its copy.
    def __eq__(self, other: object) -> bool:
        return isinstance(other, TakenAsItIs)

    def __hash__(self) -> int:
        return hash(TakenAsItIs)


def taken_as_it_is(cls: C) -> C:
    """Let pydantic pass any value on in the place of an object of this class: `connect()` checks it, and says more."""
    setattr(cls, "__get_pydantic_core_schema__", TakenAsItIs().__get_pydantic_core_schema__)  # noqa: B010
    return cls


def resolved_when_read(*mappings: str, **modules: str) -> Callable[[F], F]:
    """Let the annotations of a function be real types for whoever reads them.

    Args:
        mappings: names that the function's module imports for type checkers only, of types of mappings and of
            their values. Any mapping is taken when a program runs, so that is what they are read as.
        modules: for each name that the function's module imports for type checkers only, the module that has it;
            one that begins with a dot is found from the function's own.
    """

    def resolve(function: F) -> F:
        function.__annotations__ = _Annotations(function, mappings, modules)
        return function

    return resolve


class _Annotations(dict[str, object]):
    """The annotations of a function, evaluated on the first look at a value."""

    # A dict, because functions take nothing else; each way to read one is overridden, so that copies are right too.

    def __init__(self, function: Callable[..., Any], mappings: tuple[str, ...], modules: Mapping[str, str]) -> None:
        super().__init__(function.__annotations__)
        self._globals = function.__globals__
        self._mappings = mappings
        self._modules = modules
        self._resolved = False

    def _resolve(self) -> None:
        if self._resolved:
            return
        from importlib import import_module

        names: dict[str, object] = {}
        if self._mappings:
            from collections.abc import Mapping
            from typing import Any

            names |= dict.fromkeys(self._mappings, Mapping[str, Any]) | {"Unchecked": Any}
        for name, module in self._modules.items():
            names[name] = getattr(import_module(module, self._globals["__package__"]), name)
        values = {name: eval(text, self._globals, names) for name, text in super().items() if isinstance(text, str)}
        self.update(values)
        self._resolved = True

    def __getitem__(self, name: str) -> object:
        self._resolve()
        return super().__getitem__(name)

    def __iter__(self) -> Iterator[str]:
        # Also makes dict(...) of this one read it by keys() and __getitem__().
        return super().__iter__()

    def get(self, name: str, default: Any = None) -> Any:
        self._resolve()
        return super().get(name, default)

    def keys(self) -> KeysView[str]:  # type: ignore[override]
        self._resolve()
        return super().keys()

    def items(self) -> ItemsView[str, object]:  # type: ignore[override]
        self._resolve()
        return super().items()

    def values(self) -> ValuesView[object]:  # type: ignore[override]
        self._resolve()
        return super().values()

    def copy(self) -> dict[str, object]:
        self._resolve()
        return super().copy()

    def __eq__(self, other: object) -> bool:
        self._resolve()
        return super().__eq__(other)

    __hash__ = None

    def __repr__(self) -> str:
        self._resolve()
        return super().__repr__()

"""Agents, as `voicelive answer` and the evaluation take them: coroutine functions of an open connection."""

import importlib
import sys
from collections.abc import Awaitable, Callable, Mapping
from inspect import iscoroutinefunction
from typing import Any, TypeAlias, TypeVar

from ._public import public_in
from .errors import ConfigurationError

__all__ = ["Agent", "agent", "load_agent", "options_of"]

Agent: TypeAlias = Callable[[Any], Awaitable[None]]
"""Takes an open :class:`voicelive.aio.VoiceLiveConnection`, and returns when the call is over for it."""

F = TypeVar("F", bound=Callable[..., Any])

_OPTIONS = "__voicelive_options__"


@public_in("voicelive.agents")
def agent(**options: Any) -> Callable[[F], F]:
    """Say which options of ``connect()`` an agent needs, such as its model and its tools.

    Example::

        @agent(model="gpt-4o", tools=[get_weather])
        async def answer(connection):
            await connection.session.update(session={"instructions": "Be brief."})
            async for event in connection:
                ...

    Args:
        options: arguments of :func:`voicelive.aio.connect`. ``barge_in`` is on unless they say otherwise.
    """

    def give(function: F) -> F:
        setattr(function, _OPTIONS, dict(options))
        return function

    return give


@public_in("voicelive.agents")
def options_of(given: Agent) -> dict[str, Any]:
    """Return the options that an agent says it needs; none for one that was not decorated."""
    found = getattr(given, _OPTIONS, {})
    return dict(found) if isinstance(found, Mapping) else {}


@public_in("voicelive.agents")
def load_agent(agent: str | Agent) -> Agent:
    """Return an agent: the one that ``module:name`` names, or the one that is given. The current folder counts too.

    Raises:
        ConfigurationError: if there is no such module or name, or it is not a coroutine function.
    """
    found: Any = _named(agent) if isinstance(agent, str) else agent
    call = found if iscoroutinefunction(found) or not callable(found) else found.__call__
    if not iscoroutinefunction(call):
        raise ConfigurationError(
            f"the agent {agent!r} is not a coroutine function: write `async def answer(connection): ...`"
        )
    return found  # type: ignore[no-any-return]


def _named(name: str) -> Any:
    module_name, _, attribute = name.partition(":")
    if not module_name or not attribute:
        raise ConfigurationError(f"agent is {name!r}: it takes module:name, such as my_agent:answer")
    if "" not in sys.path:
        sys.path.insert(0, "")
    try:
        return getattr(importlib.import_module(module_name), attribute)
    except ModuleNotFoundError as error:
        # A module that the agent's own lacks is not a misspelt name.
        if error.name is None or not f"{module_name}.".startswith(f"{error.name}."):
            raise
        raise ConfigurationError(
            f"agent {name!r}: there is no module {error.name!r} in the current folder, or among what is installed"
        ) from None
    except AttributeError:
        raise ConfigurationError(f"agent {name!r}: the module {module_name!r} has no {attribute!r}") from None


def __dir__() -> list[str]:
    return sorted(__all__)

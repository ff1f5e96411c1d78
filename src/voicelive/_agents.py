"""Agents as `voicelive answer` and the evaluation take them: a coroutine function of an open connection."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Awaitable, Callable, Mapping
from inspect import iscoroutinefunction
from typing import Any, TypeAlias

from .errors import ConfigurationError

__all__ = ["Agent", "connect_options", "load_agent"]

Agent: TypeAlias = Callable[[Any], Awaitable[None]]
"""Takes an open :class:`voicelive.aio.VoiceLiveConnection`; the call ends when it returns.

What its connection needs (`tools`, `model`, ...) stands in its attribute ``connect_options``, a mapping of arguments of
:func:`voicelive.aio.connect`, or a function that returns one for each call.
"""


def load_agent(name: str) -> Agent:
    """Return the agent that ``module:attribute`` names; the current folder is searched too.

    Raises:
        ConfigurationError: if there is no such module or attribute, or it is not a coroutine function.
    """
    module_name, colon, attribute = name.partition(":")
    if not module_name or not colon or not attribute:
        raise ConfigurationError(f"agent is {name!r}: it takes module:function, such as my_agent:answer")
    if "" not in sys.path:
        sys.path.insert(0, "")
    try:
        agent = getattr(importlib.import_module(module_name), attribute)
    except ModuleNotFoundError as error:
        # One that the module itself lacks is not a misspelt name.
        if error.name is None or not (module_name == error.name or module_name.startswith(f"{error.name}.")):
            raise
        raise ConfigurationError(
            f"agent {name!r}: there is no module {error.name!r} in the current folder, or among what is installed"
        ) from None
    except AttributeError:
        raise ConfigurationError(f"agent {name!r}: the module {module_name!r} has no {attribute!r}") from None
    return checked_agent(agent, name)


def checked_agent(agent: Any, name: str) -> Agent:
    """Return the agent, if it can be one.

    Raises:
        ConfigurationError: if it is not a coroutine function.
    """
    call = agent if iscoroutinefunction(agent) or not callable(agent) else agent.__call__
    if not iscoroutinefunction(call):
        raise ConfigurationError(f"agent {name!r} is not a coroutine function: write `async def {name}(connection):`")
    return agent  # type: ignore[no-any-return]


def connect_options(agent: Agent) -> dict[str, Any]:
    """Return what the agent asks of its connection.

    Raises:
        ConfigurationError: if ``connect_options`` is neither a mapping nor a function that returns one.
    """
    given = getattr(agent, "connect_options", {})
    options = given() if callable(given) else given
    if not isinstance(options, Mapping):
        raise ConfigurationError(
            f"the agent's connect_options is {options!r}: it takes a mapping of connect()'s arguments"
        )
    return dict(options)

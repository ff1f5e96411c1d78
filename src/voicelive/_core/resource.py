"""The places of a connection that have methods, such as ``connection.session``."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from typing import Annotated, Any, Generic, NoReturn, TypeAlias, TypeVar, overload

from .annotations import TakenAsItIs

__all__ = ["AudioInput", "Resource"]

AudioInput: TypeAlias = Annotated[bytes | bytearray | memoryview | str, TakenAsItIs()]
"""Raw audio, or audio as base64 text."""

R = TypeVar("R")


class Resource(Generic[R]):
    """A resource: made when an instance is first asked for it, and kept there.

    The class has one too, which cannot send: what is made after a class, such as a mock with its specification, finds
    the methods there.

    Args:
        made_by: the resource's class.
        awaited: whether its methods are coroutine functions.
    """

    def __init__(self, made_by: Callable[[Callable[[str, dict[str, Any]], Any]], R], *, awaited: bool = False) -> None:
        self._made_by = made_by
        self._awaited = awaited
        self._name = ""
        if awaited:
            # Mocks of 3.13 look here; those before ask the class for its resource.
            _mark_as_awaited(self)

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, instance: None, owner: type) -> R: ...

    @overload
    def __get__(self, instance: object, owner: type | None = None) -> R: ...

    def __get__(self, instance: Any, owner: type | None = None) -> R:
        # What has resources, a connection or another resource, has a method `_send_call` for them.
        if instance is None:
            return self._make(_of_no_connection)
        # What another thread has made meanwhile stays.
        made: R = instance.__dict__.setdefault(self._name, self._make(instance._send_call))
        return made

    def _make(self, send_call: Callable[[str, dict[str, Any]], Any]) -> R:
        made = self._made_by(send_call)
        if self._awaited and send_call is _of_no_connection:
            _mark_as_awaited(made)
        return made


def _of_no_connection(event_type: str, fields: dict[str, Any]) -> NoReturn:
    raise TypeError(f"{event_type} is sent by a connection, not by its class")


def _mark_as_awaited(resource: Any) -> None:
    """Make mocks of what has the resource give it methods that can be awaited: they look for this mark only."""
    if sys.version_info >= (3, 12):
        inspect.markcoroutinefunction(resource)
    elif (coroutines := sys.modules.get("asyncio.coroutines")) is not None:
        # The mark before 3.12. Mocks import asyncio; nobody else asks.
        resource._is_coroutine = coroutines._is_coroutine

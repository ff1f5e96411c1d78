"""Observers of a connection: who they are, and the thread that calls them, where they hold nothing up."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

from ..errors import ConfigurationError

__all__ = ["HOOKS", "CallbackThread", "Observers", "check_observers"]

HOOKS = ("on_open", "on_send", "on_receive", "on_heard", "on_tool", "on_reconnect", "on_close")
"""What an observer may have; each is a plain function, in both clients."""

_MOST = 8192
"""How many calls may wait for slow observers before the oldest are dropped."""

_logger = logging.getLogger("voicelive.observers")

_Hook = Callable[..., Any]


def check_observers(observers: Iterable[object]) -> list[object]:
    """Return the observers as a list.

    Raises:
        ConfigurationError: if one has none of the hooks, or a coroutine function as one.
    """
    from inspect import iscoroutinefunction

    found = list(observers)
    for observer in found:
        hooks = [name for name in HOOKS if callable(getattr(observer, name, None))]
        if not hooks:
            raise ConfigurationError(f"{observer!r} is not an observer: it has none of {', '.join(HOOKS)}")
        for name in hooks:
            if iscoroutinefunction(getattr(observer, name)):
                raise ConfigurationError(
                    f"{type(observer).__name__}.{name} is a coroutine function: write a plain 'def'"
                )
    return found


class CallbackThread:
    """Calls functions of the application, in order, where they hold nothing up. What waits is bounded."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[Callable[..., None], tuple[Any, ...]]] = deque()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._is_closing = False
        self.dropped = 0
        """How many calls were dropped because those before took too long."""

    def call(self, function: Callable[..., None], *arguments: Any) -> None:
        """Have a function called soon; returns at once. It must not raise."""
        if self._is_closing:
            return
        with self._changed:
            self._waiting.append((function, arguments))
            if len(self._waiting) > _MOST:
                self._waiting.popleft()
                self.dropped += 1
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="voicelive-callbacks", daemon=True)
                self._thread.start()
            self._changed.notify()

    def close(self) -> None:
        """Call what waits, and end the thread after it; returns at once."""
        with self._changed:
            self._is_closing = True
            self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._waiting:
                    if self._is_closing:
                        return
                    self._changed.wait()
                function, arguments = self._waiting.popleft()
            function(*arguments)
            del function, arguments


class Observers:
    """Calls the hooks of a connection's observers. One that raises is reported and removed."""

    def __init__(
        self,
        observers: list[object],
        thread: CallbackThread,
        *,
        ask: Callable[[Any], None],
        failed: Callable[[object, Exception], None],
    ) -> None:
        """Prepare.

        Args:
            observers: those to call.
            thread: where.
            ask: takes the client events that a hook returned.
            failed: takes an observer that raised, and what.
        """
        # Looked up once: a hook that nobody has costs one look into a dictionary.
        self._hooks: dict[str, list[tuple[object, _Hook]]] = {
            name: [(one, getattr(one, name)) for one in observers if callable(getattr(one, name, None))]
            for name in HOOKS
        }
        self._thread = thread
        self._ask = ask
        self._failed = failed

    def wants(self, *hooks: str) -> bool:
        """Whether any observer has one of these hooks."""
        return any(self._hooks[hook] for hook in hooks)

    def call(self, hook: str, *arguments: Any) -> None:
        """Have a hook called soon; returns at once."""
        if self._hooks[hook]:
            self._thread.call(self._call_all, hook, arguments)

    def _call_all(self, hook: str, arguments: tuple[Any, ...]) -> None:
        for observer, function in tuple(self._hooks[hook]):
            self._call(observer, function, arguments)

    def _call(self, observer: object, function: _Hook, arguments: tuple[Any, ...]) -> None:
        try:
            wanted = function(*arguments)
            if wanted is not None:
                # Raises for what cannot be an event.
                self._ask(wanted)
        except Exception as error:
            for hooks in self._hooks.values():
                hooks[:] = [entry for entry in hooks if entry[0] is not observer]
            _logger.exception("the observer %s failed and was removed", type(observer).__name__)
            self._failed(observer, error)

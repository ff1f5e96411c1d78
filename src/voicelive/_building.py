"""How the validator of a model is built when it is first needed: by one thread at a time, and to its end."""

from __future__ import annotations

import inspect
import signal
import sys
import threading
from collections.abc import Generator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from types import ModuleType
from typing import Any

from pydantic import VERSION

from ._collector import collector_paused

__all__ = ["building", "signals_deferred"]

_SIGNALS = [
    getattr(signal, name)
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGALRM", "SIGUSR1", "SIGUSR2", "SIGBREAK")
    if hasattr(signal, name)
]

# Before 2.14 two threads that met one model for the first time could each take away what the other had just made. From
# then on pydantic has a lock of its own; a second one around it could be taken in the other order by other threads.
_HAS_LOCK = tuple(int(part) for part in VERSION.split(".")[:2]) >= (2, 14)
_one_at_a_time: AbstractContextManager[Any] = nullcontext() if _HAS_LOCK else threading.RLock()


@contextmanager
def building() -> Generator[None]:
    """Hold back other builders, and signals until the end: pydantic-core turns what a handler raises into other errors.

    A Ctrl-C would come out as a ``SchemaError``, or not at all. Building one model takes a few milliseconds.
    """
    with _one_at_a_time, signals_deferred(), _without_plugins, collector_paused():
        yield


class _NoPlugins(ModuleType):
    """In place of the module that looks for plugins of pydantic: in the metadata of everything that is installed."""

    def __init__(self) -> None:
        super().__init__("pydantic.plugin._loader")
        self._lock = threading.Lock()
        self._before: ModuleType | None = None
        self._users = 0

    def get_plugins(self) -> tuple[()]:
        return ()

    def __enter__(self) -> None:
        with self._lock:
            self._users += 1
            if self._users == 1:
                self._before = sys.modules.get(self.__name__)
                sys.modules[self.__name__] = self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._users -= 1
            if self._users:
                return
            if self._before is None:
                sys.modules.pop(self.__name__, None)
            else:
                sys.modules[self.__name__] = self._before


_is_deferring = False


# Plugins are for the models of an application. Looking for them takes longer than building what a first turn needs.
_without_plugins = _NoPlugins()


@contextmanager
def signals_deferred() -> Generator[None]:
    """Hold back the main thread's signals until the end."""
    global _is_deferring
    if threading.current_thread() is not threading.main_thread() or _is_deferring:
        # Handlers run in the main thread only, and a block around this one has seen to them.
        yield
        return
    arrived: list[int] = []
    handlers = {number: signal.getsignal(number) for number in _SIGNALS}
    with ExitStack() as stack:
        for number, handler in handlers.items():
            if callable(handler):
                # Each is restored even where the handler of another one raises.
                stack.callback(_restore, number, handler, arrived)
                signal.signal(number, lambda received, _: arrived.append(received))
        _is_deferring = True
        try:
            yield
        finally:
            _is_deferring = False


def _restore(number: int, handler: Any, arrived: list[int]) -> None:
    signal.signal(number, handler)
    if number in arrived:
        frame = inspect.currentframe()
        handler(number, frame and frame.f_back)

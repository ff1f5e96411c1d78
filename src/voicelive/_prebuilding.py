"""Defines the models of a session's first events in a thread, while the first connection opens; builds them later.

Otherwise an event loop would stand still for it when it decodes the first of each. Until they are built, events are
read field by field.
"""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Iterator

from ._base import Model
from ._collector import collector_paused
from ._core.first_events import first_models, first_to_build, models_to_build

__all__ = ["Builder", "start_building"]

_OPENING_S = 0.05
"""How long an opening may take before the time it takes is used to build."""
_LATER_S = 0.25
"""How long building waits once a connection has opened, so as not to delay its first events."""

_lock = threading.Lock()
# Held for one model at a time; fork() waits for it, so that no child finds a lock taken by a thread that it lacks.
_building = threading.Lock()
_builders: dict[str, Builder] = {}


def start_building(api_version: str) -> Builder:
    """Start defining and building the models of a session's first events, unless that was started before."""
    builder = _builders.get(api_version)
    if builder is None:
        with _lock:
            builder = _builders.get(api_version)
            if builder is None:
                builder = _builders[api_version] = Builder(api_version)
                builder.start()
    return builder


class Builder(threading.Thread):
    """The thread that does it: one per process and API version."""

    def __init__(self, api_version: str) -> None:
        super().__init__(name="voicelive-models", daemon=True)
        self._api_version = api_version
        self._waiting: list[tuple[asyncio.AbstractEventLoop, asyncio.Future[None]]] = []
        self._opened = threading.Event()
        self.is_done = False
        self.is_finished = False

    def opened(self) -> None:
        """Let building wait: a connection has opened, and its first events come."""
        self._opened.set()

    async def done(self) -> None:
        """Wait until those of the first events are defined; the event loop goes on."""
        if self.is_done:
            return
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()
        with _lock:
            if self.is_done:
                return
            self._waiting.append((loop, future))
        await future

    def run(self) -> None:
        """Define, and build."""
        try:
            with collector_paused(lasting=True):
                for _ in _each(first_models(self._api_version)):
                    pass  # asking for one defines it
                with _building:
                    first_to_build().model_rebuild()
        finally:
            # What failed here fails again, and is told, where an event is decoded.
            with _lock:
                self.is_done = True
            for loop, future in self._waiting:
                try:
                    loop.call_soon_threadsafe(_finish, future)
                except RuntimeError:
                    continue  # that loop is closed
            self._waiting.clear()
        self._build()

    def _build(self) -> None:
        self._opened.wait(_OPENING_S)
        has_rested = False
        for model in _each(models_to_build(self._api_version)):
            if not has_rested and self._opened.is_set():
                has_rested = True
                time.sleep(_LATER_S)
            with _building:
                model.model_rebuild()
        self.is_finished = True


def _each(models: Iterator[type[Model]]) -> Iterator[type[Model]]:
    while True:
        with _building:
            model = next(models, None)
        if model is None:
            return
        yield model
        # Gives way to a loop that waits for the interpreter.
        time.sleep(0)


def _finish(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


def _forget_in_child() -> None:
    _building.release()
    for api_version, builder in list(_builders.items()):
        if not builder.is_finished:
            # Its thread is the parent's.
            del _builders[api_version]


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_building.acquire, after_in_parent=_building.release, after_in_child=_forget_in_child)

"""Keeps the garbage collector from walking through what is only being made."""

from __future__ import annotations

import gc

__all__ = ["collector_paused"]


class collector_paused:  # noqa: N801 - used as a block, like the context managers of contextlib, which takes long to load
    """A block during which the collector rests; it is on afterwards only if it was before."""

    __slots__ = ("_was_on",)

    def __enter__(self) -> None:
        self._was_on = gc.isenabled()
        gc.disable()

    def __exit__(self, *_: object) -> None:
        if self._was_on:
            gc.enable()

"""Keeps the garbage collector from walking through what is only being made."""

from __future__ import annotations

import gc

__all__ = ["collector_paused"]


class collector_paused:  # noqa: N801 - used as a block, like the context managers of contextlib, which takes long to load
    """A block during which the collector rests; it is on afterwards only if it was before.

    Args:
        lasting: what the block makes is there to stay, such as modules and classes. The collector would walk through
            all of it twice, each time for as long as a tenth of what it took to make, before it counts as old.
    """

    __slots__ = ("_lasting", "_was_on")

    def __init__(self, *, lasting: bool = False) -> None:
        self._lasting = lasting

    def __enter__(self) -> None:
        self._was_on = gc.isenabled()
        gc.disable()

    def __exit__(self, *_: object) -> None:
        if not self._was_on:
            return
        # Freezing and back makes everything old. What an application has frozen itself stays frozen.
        if self._lasting and not gc.get_freeze_count():
            gc.freeze()
            gc.unfreeze()
        gc.enable()

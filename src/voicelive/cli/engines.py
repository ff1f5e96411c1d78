"""Which speech engines a local service gets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from enum import Enum

from ..local.engines import Engines, EngineUnavailableError
from .display import notice
from .failures import CommandError, error_line

__all__ = ["EngineChoice", "loaded_engines"]

_INSTALL = 'pip install "voicelive[local,cli]"'


class EngineChoice(str, Enum):
    """The values of the option ``--engines``."""

    AUTO = "auto"
    SPEECH = "speech"
    BASIC = "basic"


@asynccontextmanager
async def loaded_engines(choice: EngineChoice, *, needs_speech: bool = False) -> AsyncGenerator[Engines, None]:
    """Load the engines asked for, ready to work; ``auto`` takes the speech engines where they are installed.

    Raises:
        CommandError: if the speech engines are asked for or needed and cannot be used; it says what to install.
    """
    engines = _choose(choice, needs_speech)
    try:
        # Loading takes seconds, in which Ctrl-C must work.
        await asyncio.to_thread(engines.prepare)
        yield engines
    finally:
        await asyncio.to_thread(engines.close)


def _choose(choice: EngineChoice, needs_speech: bool) -> Engines:
    if choice is EngineChoice.BASIC:
        return Engines.basic()
    try:
        return Engines.speech()
    except EngineUnavailableError as error:
        if choice is EngineChoice.SPEECH or needs_speech:
            raise CommandError(error_line(error)) from error
        notice(f"no speech engines are installed, so answers are tones; for a voice: {_INSTALL}")
        return Engines.basic()

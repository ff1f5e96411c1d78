"""Which speech engines a local service gets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from .._local.engines.bundle import Engines
from .._local.engines.protocols import EngineUnavailableError
from .._local.engines.registry import EngineOptionsError, with_engines
from .display import notice
from .failures import CommandError, error_line

__all__ = ["EngineChoice", "NamedEngines", "loaded_engines"]

_INSTALL = 'pip install "voicelive[local,cli]"'


class EngineChoice(str, Enum):
    """The values of the option ``--engines``."""

    AUTO = "auto"
    SPEECH = "speech"
    BASIC = "basic"


@dataclass(frozen=True)
class NamedEngines:
    """Engines asked for by name, in the place of those of the bundle."""

    vad: str | None = None
    transcriber: str | None = None
    responder: str | None = None
    synthesizer: str | None = None
    responder_options: Mapping[str, Any] = field(default_factory=dict[str, Any])


@asynccontextmanager
async def loaded_engines(
    choice: EngineChoice, named: NamedEngines | None = None, *, needs_speech: bool = False
) -> AsyncGenerator[Engines, None]:
    """Load the engines asked for, ready to work; ``auto`` takes the speech engines where they are installed.

    Raises:
        CommandError: if the speech engines are asked for or needed and cannot be used, or an engine that is named; it
            says what to install, or what there is.
    """
    engines = _choose(choice, needs_speech)
    if named is not None:
        engines = _replaced(engines, named)
    try:
        # Loading takes seconds, in which Ctrl-C must work.
        await asyncio.to_thread(engines.prepare)
        yield engines
    finally:
        await asyncio.to_thread(engines.close)


def _replaced(engines: Engines, named: NamedEngines) -> Engines:
    if named.responder_options and named.responder is None:
        given = ", ".join(map(_option, named.responder_options))
        raise CommandError(f"{given}: works only with a named responder, such as --responder openai")
    try:
        return with_engines(
            engines,
            vad=named.vad,
            transcriber=named.transcriber,
            responder=named.responder,
            synthesizer=named.synthesizer,
            responder_options=named.responder_options,
        )
    except EngineOptionsError as error:
        raise CommandError(error.phrase(_option)) from error
    except EngineUnavailableError as error:
        raise CommandError(error_line(error)) from error


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


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

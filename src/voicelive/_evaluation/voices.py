"""The sound of what a caller says: synthesized, or from a file; and what is recognized in an agent's sound."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING, Literal, TypeAlias

from ..audio import AudioConverter, WavSource
from .caller import RATE, Act, Pause, Press, Utterance, Wait
from .scenario import Keys, Play, Say, Scenario, Silence, Step, WaitFor

if TYPE_CHECKING:
    from ..local.engines import Engines

__all__ = ["EngineKind", "acts_of", "engines_of", "recognize", "speak"]

EngineKind: TypeAlias = Literal["auto", "speech", "basic"]


@cache
def engines_of(kind: EngineKind) -> Engines:
    """Return the engines of this process, made once: a caller's voice and ears, and those of the local service."""
    from ..local.engines import Engines

    engines = {"auto": Engines.best, "speech": Engines.speech, "basic": Engines.basic}[kind]()
    engines.prepare()
    return engines


@lru_cache(maxsize=512)
def speak(kind: EngineKind, text: str, voice: str | None, rate: float = 1.0) -> bytes:
    """Return a text's sound: PCM16 at 24 kHz."""
    synthesizer = engines_of(kind).synthesizer
    return _at_session_rate(b"".join(synthesizer.synthesize(text, voice, rate)), synthesizer.sample_rate)


def recognize(kind: EngineKind, pcm: bytes) -> str:
    """Return the words in PCM16 at 24 kHz."""
    return engines_of(kind).transcriber.transcribe(pcm, RATE).text


def acts_of(scenario: Scenario, kind: EngineKind) -> list[Act]:
    """Return what the caller does, with its sound.

    Raises:
        ConfigurationError: if a recording cannot be read.
    """
    return [_act(step, scenario, kind) for step in scenario.caller]


def _act(step: Step, scenario: Scenario, kind: EngineKind) -> Act:
    match step:
        case Say():
            pcm = speak(kind, step.say, step.voice or scenario.voice, step.rate)
            return Utterance(step.say, pcm, step.after, step.interrupt_after_ms)
        case Play():
            return Utterance(step.text, WavSource(step.play).pcm, step.after, step.interrupt_after_ms)
        case Silence():
            return Pause(step.silence_ms)
        case WaitFor():
            return Wait(step.wait_for, step.timeout_ms)
        case Keys():
            return Press(step.keys)


def _at_session_rate(pcm: bytes, rate: int) -> bytes:
    if rate == RATE:
        return pcm
    converter = AudioConverter(rate, session_rate=RATE)
    return converter.feed(pcm) + converter.flush()

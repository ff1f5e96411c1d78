"""The engines of the local service: the built-in ones, and the protocols for one of your own."""

from .._local.engines.bundle import Engines
from .._local.engines.energy import EnergyVad
from .._local.engines.protocols import (
    VAD_RATE,
    VAD_WINDOW_BYTES,
    VAD_WINDOW_MS,
    AnyResponder,
    AsyncResponder,
    ConversationTurn,
    EngineUnavailableError,
    FileSearch,
    FunctionCall,
    FunctionCallTurn,
    FunctionOutputTurn,
    Incomplete,
    LightDetector,
    MessageTurn,
    Responder,
    ResponderError,
    ResponderOutput,
    ResponderRequest,
    Synthesizer,
    TextChunk,
    Transcriber,
    Transcript,
    VoiceActivityDetector,
    WebSearch,
    Word,
)
from .._local.engines.registry import (
    ENTRY_POINT_GROUPS,
    EngineNotFoundError,
    EngineOptionsError,
    engine_names,
    make_engine,
    with_engines,
)
from .._local.engines.scripted import Script, ScriptedResponder, ScriptedTurn
from .._local.engines.tones import ToneSynthesizer, ToneTranscriber
from .._local.engines.turn_detectors import SpeechStarted, SpeechStopped, TurnDetector, TurnEvent, TurnParams, TurnState

__all__ = [
    "ENTRY_POINT_GROUPS",
    "VAD_RATE",
    "VAD_WINDOW_BYTES",
    "VAD_WINDOW_MS",
    "AnyResponder",
    "AsyncResponder",
    "ConversationTurn",
    "EnergyVad",
    "EngineNotFoundError",
    "EngineOptionsError",
    "EngineUnavailableError",
    "Engines",
    "FileSearch",
    "FunctionCall",
    "FunctionCallTurn",
    "FunctionOutputTurn",
    "Incomplete",
    "LightDetector",
    "MessageTurn",
    "Responder",
    "ResponderError",
    "ResponderOutput",
    "ResponderRequest",
    "Script",
    "ScriptedResponder",
    "ScriptedTurn",
    "SpeechStarted",
    "SpeechStopped",
    "Synthesizer",
    "TextChunk",
    "ToneSynthesizer",
    "ToneTranscriber",
    "Transcriber",
    "Transcript",
    "TurnDetector",
    "TurnEvent",
    "TurnParams",
    "TurnState",
    "VoiceActivityDetector",
    "WebSearch",
    "Word",
    "engine_names",
    "make_engine",
    "with_engines",
]


def __dir__() -> list[str]:
    return sorted(__all__)

"""Speech engines of the local service: what it asks of them, and those it brings."""

from __future__ import annotations

from .bundle import Engines
from .energy import EnergyVad
from .protocols import (
    VAD_RATE,
    VAD_WINDOW_BYTES,
    VAD_WINDOW_MS,
    AnyResponder,
    AsyncResponder,
    ConversationTurn,
    EngineUnavailableError,
    FunctionCall,
    FunctionCallTurn,
    FunctionOutputTurn,
    Incomplete,
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
    Word,
)
from .scripted import Script, ScriptedResponder, ScriptedTurn
from .tones import ToneSynthesizer, ToneTranscriber
from .turns import SpeechStarted, SpeechStopped, TurnDetector, TurnEvent, TurnParams, TurnState

__all__ = [
    "VAD_RATE",
    "VAD_WINDOW_BYTES",
    "VAD_WINDOW_MS",
    "AnyResponder",
    "AsyncResponder",
    "ConversationTurn",
    "EnergyVad",
    "EngineUnavailableError",
    "Engines",
    "FunctionCall",
    "FunctionCallTurn",
    "FunctionOutputTurn",
    "Incomplete",
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
    "Word",
]

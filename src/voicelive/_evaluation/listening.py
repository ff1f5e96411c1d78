"""Collects what an agent understood, said and did, from the events of its connection."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from ..conversation import split_heard
from .record import HeardWords, SaidWords, ToolUse

__all__ = ["Listener"]

_MOST_LINES = 10_000
_FINISHED_MS = 500
"""An agent that has been silent for so long had said everything."""


@dataclass
class _Answer:
    """One item of the agent's with sound."""

    text: str = ""
    at_ms: int | None = None
    generated_ms: float = 0.0
    heard_ms: int = 0
    is_cut: bool = False


@dataclass
class _Use:
    at_ms: int
    name: str
    arguments: str
    outcome: str | None = None


@dataclass
class Listener:
    """An observer. Its hooks are called in one thread; read it after the connection has ended."""

    now_ms: Callable[[], int]
    """The time of the call."""
    silent_ms: Callable[[], int]
    """For how long the agent has not been heard."""
    _answers: dict[str, _Answer] = field(default_factory=dict[str, _Answer])
    _heard: dict[str, HeardWords] = field(default_factory=dict[str, HeardWords])
    _stopped: dict[str, int] = field(default_factory=dict[str, int])
    _tools: dict[str, _Use] = field(default_factory=dict[str, _Use])
    errors: list[str] = field(default_factory=list[str])
    """What the service said went wrong."""

    def on_receive(self, event: Any, _at: float) -> None:
        """Take an event of the service."""
        handle = self._HANDLERS.get(event.type)
        if handle is not None and len(self._answers) + len(self._heard) + len(self._tools) < _MOST_LINES:
            handle(self, event)

    def on_send(self, event: Mapping[str, Any], _at: float) -> None:
        """Take an event of the client: a truncation says that an answer was cut."""
        if event.get("type") == "conversation.item.truncate":
            answer = self._answers.get(str(event.get("item_id")))
            # Silence at the end of an answer may be cut without a word of it.
            if answer is not None and self.silent_ms() < _FINISHED_MS:
                answer.is_cut = True
                answer.heard_ms = int(event.get("audio_end_ms") or 0)

    def on_heard(self, item_id: str, _content_index: int, ms: int) -> None:
        """Take how much of an answer was heard."""
        answer = self._answers.setdefault(item_id, _Answer())
        if not answer.is_cut:
            answer.heard_ms = ms
        if ms > 0 and answer.at_ms is None:
            answer.at_ms = self.now_ms()

    def on_tool(self, event: Any) -> None:
        """Take how a tool ended."""
        if event.type == "voicelive.tool_done" and event.call_id in self._tools:
            self._tools[event.call_id].outcome = event.outcome

    def lines(self) -> tuple[HeardWords | SaidWords | ToolUse, ...]:
        """Return everything in the order in which it happened."""
        found: list[HeardWords | SaidWords | ToolUse] = [one for one in self._heard.values() if one.text.strip()]
        found += [line for answer in self._answers.values() if (line := _said(answer)) is not None]
        found += [ToolUse(use.at_ms, use.name, _arguments(use.arguments), use.outcome) for use in self._tools.values()]
        return tuple(sorted(found, key=lambda line: line.at_ms))

    def _speech_stopped(self, event: Any) -> None:
        self._stopped[event.item_id] = self.now_ms()

    def _understood(self, event: Any) -> None:
        at = self._stopped.get(event.item_id, self.now_ms())
        self._heard[event.item_id] = HeardWords(at, event.transcript or "")

    def _sound(self, event: Any) -> None:
        answer = self._answers.setdefault(event.item_id, _Answer())
        # The device asks for PCM16 at 24 kHz.
        answer.generated_ms += len(event.delta) * 3 / 4 / 48

    def _transcript(self, event: Any) -> None:
        self._answers.setdefault(event.item_id, _Answer()).text += event.delta

    def _transcript_done(self, event: Any) -> None:
        self._answers.setdefault(event.item_id, _Answer()).text = event.transcript

    def _called(self, event: Any) -> None:
        self._tools[event.call_id] = _Use(self.now_ms(), event.name or "", event.arguments or "")

    def _failed(self, event: Any) -> None:
        if len(self.errors) < 100:
            self.errors.append(str(event.error.message))

    _HANDLERS: ClassVar[dict[str, Callable[[Any, Any], None]]] = {
        "input_audio_buffer.speech_stopped": _speech_stopped,
        "conversation.item.input_audio_transcription.completed": _understood,
        "response.audio.delta": _sound,
        "response.audio_transcript.delta": _transcript,
        "response.audio_transcript.done": _transcript_done,
        "response.function_call_arguments.done": _called,
        "error": _failed,
    }


def _said(answer: _Answer) -> SaidWords | None:
    if answer.at_ms is None:
        return None
    text = answer.text
    if answer.is_cut:
        text, _ = split_heard(text, answer.heard_ms, answer.generated_ms)
    return SaidWords(answer.at_ms, text, answer.is_cut)


def _arguments(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    # What is not an object is kept as it is, where a report shows it.
    return found if isinstance(found, dict) else {"": text}

"""One turn of the conversation as its events report it: what was heard and answered, and whether it has ended.

How long everything took is measured by the connection: see :class:`voicelive.conversation.TurnMetrics`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from ..models import (
    AnyServerEvent,
    Response,
    ResponseCancelledDetails,
    ResponseFailedDetails,
    ResponseIncompleteDetails,
    ServerEventConversationItemInputAudioTranscriptionCompleted,
    ServerEventConversationItemInputAudioTranscriptionFailed,
    ServerEventError,
    ServerEventInputAudioBufferCommitted,
    ServerEventInputAudioBufferSpeechStarted,
    ServerEventInputAudioBufferSpeechStopped,
    ServerEventResponseAudioDelta,
    ServerEventResponseCreated,
    ServerEventResponseDone,
)

__all__ = ["BENIGN_ERRORS", "Progress", "Turn", "TurnKind", "describe_error"]

BENIGN_ERRORS = frozenset(
    {
        "conversation_already_has_active_response",
        "input_audio_buffer_commit_empty",
        "response_cancel_not_active",
    }
)
"""Codes of errors that come from ordinary races and leave the turn going."""


class TurnKind(Enum):
    """How the user's part of a turn is given."""

    SPOKEN = "spoken"
    TYPED = "typed"


class Progress(Enum):
    """How far a turn has come, in the words of the message that says what was waited for."""

    SPEECH = "the service to notice speech (input_audio_buffer.speech_started)"
    END_OF_SPEECH = "the service to notice the end of speech (input_audio_buffer.speech_stopped)"
    RESPONSE = "the answer to begin (response.created)"
    END_OF_RESPONSE = "the answer to end (response.done)"
    ANSWERED = "nothing: the turn is answered"


@dataclass
class Turn:
    """A turn, filled in by :meth:`take`."""

    number: int
    kind: TurnKind
    label: str
    """What the user gave: the file's name, or the text."""
    input_ms: int = 0
    """Length of the recording; 0 for text."""

    heard: dict[str, str] = field(default_factory=dict[str, str])
    """What was heard, an entry for each committed piece of speech; empty text until it is transcribed."""
    audio: bytearray = field(default_factory=bytearray)
    """The answer's speech: 24 kHz PCM16."""
    failure: str | None = None
    """Why the turn cannot go on."""
    notices: list[str] = field(default_factory=list[str])
    """What the user should know about a turn that goes on; whoever shows them empties the list."""

    _progress: Progress = Progress.RESPONSE
    _current: set[str] = field(default_factory=set[str])
    """Ids of the responses that answer what was said last."""
    _untranscribed: set[str] = field(default_factory=set[str])

    def __post_init__(self) -> None:
        if self.kind is TurnKind.SPOKEN:
            self._progress = Progress.SPEECH

    @property
    def progress(self) -> Progress:
        """What the turn waits for."""
        return self._progress

    @property
    def answered(self) -> bool:
        """Whether the answer to what was said last has ended."""
        return self._progress is Progress.ANSWERED

    @property
    def transcribed(self) -> bool:
        """Whether all that was heard is transcribed."""
        return not self._untranscribed

    def take(self, event: AnyServerEvent) -> None:
        """Take one event, in the order of arrival."""
        match event:
            case ServerEventInputAudioBufferSpeechStarted():
                self._begin_speech()
            case ServerEventInputAudioBufferSpeechStopped():
                self._progress = Progress.RESPONSE
            case ServerEventInputAudioBufferCommitted():
                self.heard.setdefault(event.item_id, "")
                self._untranscribed.add(event.item_id)
            case ServerEventConversationItemInputAudioTranscriptionCompleted():
                self._take_transcript(event.item_id, event.transcript or "")
            case ServerEventConversationItemInputAudioTranscriptionFailed():
                self._untranscribed.discard(event.item_id)
                self.notices.append(f"the speech could not be transcribed: {event.error.message}")
            case ServerEventResponseCreated():
                self._begin_response(event.response)
            case ServerEventResponseAudioDelta():
                self.audio += event.delta_bytes
            case ServerEventResponseDone():
                self._end_response(event.response)
            case ServerEventError():
                if event.error.code in BENIGN_ERRORS:
                    self.notices.append(describe_error(event))
                else:
                    self.failure = describe_error(event)
            case _:
                pass

    def _begin_speech(self) -> None:
        self._progress = Progress.END_OF_SPEECH
        # A pause in the recording made the service answer early: what counts is the answer to the last words.
        self._current.clear()

    def _take_transcript(self, item_id: str, transcript: str) -> None:
        self._untranscribed.discard(item_id)
        # The service may send a second, empty transcript for an item that has one.
        if transcript.strip() or item_id not in self.heard:
            self.heard[item_id] = transcript.strip()

    def _begin_response(self, response: Response) -> None:
        if self._progress is Progress.END_OF_SPEECH:
            return  # the user has begun to speak over it; the service will cancel it
        self._current.add(response.id or "")
        self._progress = Progress.END_OF_RESPONSE

    def _end_response(self, response: Response) -> None:
        details = response.status_details
        if response.status == "failed":
            error = details.error if isinstance(details, ResponseFailedDetails) else None
            self.failure = "the answer failed" + (f": {_error_text(error)}" if error is not None else "")
            return
        if (response.id or "") not in self._current:
            return
        if response.status == "cancelled":
            reason = details.reason if isinstance(details, ResponseCancelledDetails) else None
            if reason != "turn_detected":
                self.failure = f"the answer was cancelled ({reason or 'no reason given'})"
            return
        if response.status == "incomplete":
            reason = details.reason if isinstance(details, ResponseIncompleteDetails) else None
            self.notices.append(f"the answer is incomplete ({reason or 'no reason given'})")
        self._progress = Progress.ANSWERED


def describe_error(event: ServerEventError) -> str:
    """Return the service's error as one line with its code and the field it is about."""
    return _error_text(event.error)


def _error_text(error: object) -> str:
    # The service leaves out, or sends as null, fields that its schema requires.
    def field_of(name: str) -> object:
        return error.get(name) if isinstance(error, Mapping) else getattr(error, name, None)

    message = field_of("message") or "no message"
    code = field_of("code") or field_of("type")
    param = field_of("param")
    return f"{message}" + (f" [{code}]" if code else "") + (f" (field {param})" if param else "")

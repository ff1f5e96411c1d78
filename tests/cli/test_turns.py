"""When a turn has ended, whatever order its events come in."""

from __future__ import annotations

from typing import Any

import pytest

from voicelive._cli.turns import Progress, Turn, TurnKind
from voicelive.models import (
    AnyServerEvent,
    ServerEventConversationItemInputAudioTranscriptionCompleted,
    ServerEventConversationItemInputAudioTranscriptionFailed,
    ServerEventError,
    ServerEventInputAudioBufferCommitted,
    ServerEventInputAudioBufferSpeechStarted,
    ServerEventInputAudioBufferSpeechStopped,
    ServerEventResponseCreated,
    ServerEventResponseDone,
)

STARTED = ServerEventInputAudioBufferSpeechStarted(audio_start_ms=0, item_id="item_1")
STOPPED = ServerEventInputAudioBufferSpeechStopped(audio_end_ms=960, item_id="item_1")
COMMITTED = ServerEventInputAudioBufferCommitted(item_id="item_1")


def created(response: str) -> AnyServerEvent:
    """The response `response` begins."""
    return ServerEventResponseCreated(response={"id": response, "status": "in_progress"})


def done(response: str, status: str = "completed", **details: Any) -> AnyServerEvent:
    """The response `response` ends."""
    status_details = {"type": status, **details} if details else None
    return ServerEventResponseDone(response={"id": response, "status": status, "status_details": status_details})


def heard(text: str) -> AnyServerEvent:
    """The speech is transcribed."""
    return ServerEventConversationItemInputAudioTranscriptionCompleted(
        item_id="item_1", content_index=0, transcript=text
    )


def error(code: str | None) -> AnyServerEvent:
    """The service reports an error."""
    return ServerEventError(error={"type": "invalid_request_error", "code": code, "message": "No.", "param": "session"})


def played(kind: TurnKind, *events: AnyServerEvent) -> Turn:
    """A turn that takes `events`."""
    turn = Turn(1, kind, "a.wav")
    for event in events:
        turn.take(event)
    return turn


@pytest.mark.parametrize(
    ("events", "progress"),
    [
        ((), Progress.SPEECH),
        ((STARTED,), Progress.END_OF_SPEECH),
        ((STARTED, STOPPED), Progress.RESPONSE),
        ((STARTED, STOPPED, COMMITTED, created("r1")), Progress.END_OF_RESPONSE),
        ((STARTED, STOPPED, COMMITTED, created("r1"), done("r1")), Progress.ANSWERED),
        # A pause, answered at once, then more speech: the first answer is cut off and does not count.
        ((STARTED, STOPPED, created("r1"), STARTED), Progress.END_OF_SPEECH),
        ((STARTED, STOPPED, created("r1"), STARTED, STOPPED), Progress.RESPONSE),
        (
            (STARTED, STOPPED, created("r1"), STARTED, done("r1", "cancelled", reason="turn_detected"), STOPPED),
            Progress.RESPONSE,
        ),
        ((STARTED, STOPPED, created("r1"), done("r1"), STARTED, STOPPED), Progress.RESPONSE),
        (
            (STARTED, STOPPED, created("r1"), done("r1"), STARTED, STOPPED, created("r2"), done("r2")),
            Progress.ANSWERED,
        ),
        # The end of a response that began before the last words.
        ((STARTED, STOPPED, created("r1"), STARTED, STOPPED, created("r2"), done("r1")), Progress.END_OF_RESPONSE),
    ],
)
def test_a_spoken_turn_waits_for_the_answer_to_the_last_words(
    events: tuple[AnyServerEvent, ...], progress: Progress
) -> None:
    """Only the end of the response to what was said last ends the turn."""
    assert played(TurnKind.SPOKEN, *events).progress is progress


def test_a_written_turn_ends_with_its_response() -> None:
    """Text needs no speech to be noticed first."""
    turn = played(TurnKind.TYPED, created("r1"), done("r1"))
    assert turn.answered


def test_a_second_empty_transcript_does_not_replace_the_first() -> None:
    """The service repeats itself at times, with nothing in it."""
    turn = played(TurnKind.SPOKEN, COMMITTED, heard("hello"), heard(""))
    assert turn.heard == {"item_1": "hello"}
    assert turn.transcribed


def test_a_transcript_is_missed_until_it_comes() -> None:
    """A realtime model's transcript may come after the answer; a failed transcription ends the wait too."""
    turn = played(TurnKind.SPOKEN, STARTED, STOPPED, COMMITTED, created("r1"), done("r1"))
    assert turn.answered
    assert not turn.transcribed
    turn.take(
        ServerEventConversationItemInputAudioTranscriptionFailed(
            item_id="item_1", content_index=0, error={"type": "server_error", "message": "too noisy"}
        )
    )
    assert turn.transcribed
    assert turn.notices == ["the speech could not be transcribed: too noisy"]


@pytest.mark.parametrize("code", ["invalid_value", None])
def test_an_error_ends_the_turn(code: str | None) -> None:
    """What the service says is kept as the reason, with code and field."""
    turn = played(TurnKind.TYPED, created("r1"), error(code))
    assert turn.failure == f"No. [{code or 'invalid_request_error'}] (field session)"


@pytest.mark.parametrize("code", ["response_cancel_not_active", "conversation_already_has_active_response"])
def test_an_error_of_an_ordinary_race_does_not(code: str) -> None:
    """Such an error is shown, and the turn goes on."""
    turn = played(TurnKind.TYPED, created("r1"), error(code))
    assert turn.failure is None
    assert len(turn.notices) == 1


@pytest.mark.parametrize(
    ("status", "details", "failure"),
    [
        ("failed", {"error": {"code": "server_error", "message": "Oops."}}, "the answer failed: Oops. [server_error]"),
        ("failed", {}, "the answer failed"),
        ("cancelled", {"reason": "client_cancelled"}, "the answer was cancelled (client_cancelled)"),
    ],
)
def test_a_response_that_fails_ends_the_turn(status: str, details: dict[str, Any], failure: str) -> None:
    """A failed or cancelled response is no answer."""
    assert played(TurnKind.TYPED, created("r1"), done("r1", status, **details)).failure == failure


def test_an_incomplete_answer_is_an_answer() -> None:
    """A response that hit a limit ends the turn, with a notice."""
    turn = played(TurnKind.TYPED, created("r1"), done("r1", "incomplete", reason="max_output_tokens"))
    assert turn.answered
    assert turn.notices == ["the answer is incomplete (max_output_tokens)"]

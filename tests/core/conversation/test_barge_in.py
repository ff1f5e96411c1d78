"""Barge-in: what follows from the user's speech by the session's settings, and what waits to be sure."""

from __future__ import annotations

from typing import Any

import pytest

from voicelive import ConfigurationError
from voicelive._audio.formats import AudioFormat
from voicelive._core.conversation.barge_in import BargeIn, BargeInPolicy, Reaction
from voicelive._core.conversation.session_view import SessionView

FLUSH_AND_TRUNCATE = Reaction(flush=True, truncate=True)
NOTHING = Reaction()

TABLE = [
    ("server VAD as the service has it", {}, FLUSH_AND_TRUNCATE),
    ("semantic VAD", {"detection": "azure_semantic_vad"}, FLUSH_AND_TRUNCATE),
    ("the service does not interrupt", {"interrupt_response": False}, NOTHING),
    ("the application asks for answers", {"create_response": False}, FLUSH_AND_TRUNCATE),
    ("the service truncates by itself", {"auto_truncate": True}, Reaction(flush=True)),
    ("push to talk", {"detection": None}, NOTHING),
    ("an avatar, or WebRTC: the service plays", {"service_plays": True}, Reaction(clear_output=True)),
]


@pytest.mark.parametrize(("shows", "settings", "expected"), TABLE, ids=[row[0] for row in TABLE])
def test_what_follows_when_the_user_speaks(shows: str, settings: dict[str, Any], expected: Reaction) -> None:
    """Each row: the session's settings, and what `speech_started` is answered with; once for each speech."""
    policy = BargeInPolicy(session=SessionView(**settings))
    assert policy.speech_started("item", 1.0) == expected
    assert policy.speech_stopped(2.0) == NOTHING
    assert policy.due() is None


@pytest.mark.parametrize("active", [True, False])
@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"detection": None}, {"flush": True, "truncate": True}),
        ({"interrupt_response": False}, {"flush": True, "truncate": True}),
        ({"auto_truncate": True}, {"flush": True}),
        ({"service_plays": True}, {"clear_output": True}),
    ],
    ids=["push to talk", "the service does not interrupt", "the service truncates", "the service plays"],
)
def test_what_follows_when_the_application_interrupts(
    settings: dict[str, Any], expected: dict[str, bool], active: bool
) -> None:
    """interrupt() cancels a response only if one is in progress, and truncates unless the service does."""
    policy = BargeInPolicy(session=SessionView(**settings))
    assert policy.interrupt(active=active) == Reaction(cancel=active, **expected)


def test_speech_must_last() -> None:
    """With `min_speech_ms` the answer stops only once the user has spoken for so long; a shorter sound passes."""
    policy = BargeInPolicy(BargeIn(min_speech_ms=300))
    assert policy.due() is None
    assert policy.speech_started("a", 1.0) == NOTHING
    assert policy.due() == pytest.approx(1.3)
    assert policy.tick(1.2) == NOTHING
    assert policy.tick(1.3) == FLUSH_AND_TRUNCATE
    assert policy.tick(1.4) == NOTHING
    assert policy.speech_started("b", 2.0) == NOTHING
    assert policy.speech_stopped(2.1) == NOTHING
    assert policy.due() is None
    assert policy.tick(9.0) == NOTHING


def test_speech_that_lasted_until_it_stopped_counts() -> None:
    """If nobody looked at the clock meanwhile, the end of the speech decides."""
    policy = BargeInPolicy(BargeIn(min_speech_ms=300))
    policy.speech_started("a", 1.0)
    assert policy.speech_stopped(1.5) == FLUSH_AND_TRUNCATE


def test_words_must_be_heard() -> None:
    """With `min_words` the answer stops only once so many words were transcribed, of this speech."""
    policy = BargeInPolicy(BargeIn(min_words=2))
    assert policy.transcript("a", "too early to count") == NOTHING
    assert policy.speech_started("a", 1.0) == NOTHING
    assert policy.transcript("a", "wait") == NOTHING
    assert policy.transcript("b", "another one's words") == NOTHING
    assert policy.transcript("a", "wait please") == FLUSH_AND_TRUNCATE
    assert policy.transcript("a", "wait please stop") == NOTHING


def test_both_conditions_must_be_met() -> None:
    """`min_speech_ms` and `min_words` together: whichever comes last decides."""
    policy = BargeInPolicy(BargeIn(min_speech_ms=100, min_words=1))
    policy.speech_started("a", 1.0)
    assert policy.tick(1.2) == NOTHING
    assert policy.transcript("a", "stop") == FLUSH_AND_TRUNCATE


def test_this_side_cancels_where_the_service_was_told_not_to() -> None:
    """With `interrupt_response` off and a condition of its own, the client interrupts in the service's place."""
    policy = BargeInPolicy(BargeIn(min_words=1), SessionView(interrupt_response=False))
    policy.speech_started("a", 1.0)
    assert policy.transcript("a", "stop") == Reaction(flush=True, cancel=True, truncate=True)


@pytest.mark.parametrize(
    ("item_id", "text", "expected"), [("a", " ", True), ("a", "", True), ("a", "stop", False), ("b", "", False)]
)
def test_an_interruption_without_words_is_false(item_id: str, text: str, expected: bool) -> None:
    """Speech that interrupted and holds no words, such as a cough, was not an interruption."""
    policy = BargeInPolicy()
    assert not policy.is_false("a", "")
    policy.speech_started("a", 1.0)
    assert policy.is_false(item_id, text) is expected


def test_stopping_without_having_started_is_nothing() -> None:
    """A `speech_stopped` whose start was in another session changes nothing."""
    assert BargeInPolicy().speech_stopped(1.0) == NOTHING


@pytest.mark.parametrize("options", [{"min_speech_ms": -1}, {"min_words": 1.5}, {"min_words": True}])
def test_options_that_cannot_be_are_refused(options: dict[str, Any]) -> None:
    """The error names the option and its value."""
    with pytest.raises(ConfigurationError, match=next(iter(options))):
        BargeIn(**options)


@pytest.mark.parametrize(
    ("session", "expected"),
    [
        ({}, SessionView()),
        (
            {"turn_detection": None, "output_audio_format": "g711_ulaw", "modalities": ["text"]},
            SessionView(detection=None, output=AudioFormat(8000, 1), speaks=False),
        ),
        (
            {
                "turn_detection": {
                    "type": "azure_semantic_vad",
                    "create_response": False,
                    "interrupt_response": False,
                    "auto_truncate": True,
                    "silence_duration_ms": 500,
                },
                "avatar": {"character": "lisa"},
                "input_audio_sampling_rate": 16000,
            },
            SessionView(
                detection="azure_semantic_vad",
                create_response=False,
                interrupt_response=False,
                auto_truncate=True,
                service_plays=True,
                silence_ms=500,
                input=AudioFormat(16_000, 2),
            ),
        ),
        (
            {
                "output_modalities": ["audio"],
                "audio": {
                    "input": {"format": {"type": "audio/pcm", "rate": 16000}, "turn_detection": {"type": "server_vad"}},
                    "output": {"format": {"type": "audio/pcma"}},
                },
            },
            SessionView(input=AudioFormat(16_000, 2), output=AudioFormat(8000, 1)),
        ),
        (
            {"input_audio_echo_cancellation": {"type": "server_echo_cancellation", "channels": 2}},
            SessionView(input=AudioFormat(24_000, 4)),
        ),
        ({"turn_detection": {"silence_duration_ms": "soon"}, "audio": 7}, SessionView()),
    ],
    ids=[
        "nothing said",
        "push to talk on a telephone",
        "everything switched",
        "v1",
        "a reference beside the microphone",
        "what cannot be read",
    ],
)
def test_a_session_is_read_as_the_service_reports_it(session: dict[str, Any], expected: SessionView) -> None:
    """The flat form and v1's nested one; null is not the same as absent."""
    assert SessionView.of(session) == expected

"""The session's effective settings, read from updates, confirmations, and what the service reports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from voicelive._core.reconnect.settings import Settings

DEFAULTS = {"voice": "ava", "temperature": 0.8, "tools": [], "turn_detection": {"type": "server_vad"}}


def update(event_id: str | None = None, **session: Any) -> dict[str, Any]:
    return {"type": "session.update", "session": session, **({"event_id": event_id} if event_id else {})}


def settings_of(*history: Any, defaults: Mapping[str, Any] = DEFAULTS) -> Settings:
    """Play a history: an update is sent, a mapping reported in session.updated, a text refused, None is the end."""
    settings = Settings()
    settings.received("session.created", defaults)
    for step in history:
        if step is None:
            settings.end()
        elif isinstance(step, str):
            settings.refused(step or None)
        elif "type" in step:
            settings.sent(step)
        else:
            settings.received("session.updated", {**defaults, **step})
    return settings


BYOM = {"type": "byom_credential.update", "token": "t1"}

CASES: list[tuple[str, list[Any], list[dict[str, Any]]]] = [
    ("nothing was set", [], []),
    ("one update", [update(voice="ryan"), {"voice": "ryan"}], [update(voice="ryan")]),
    ("an update of nothing still comes first", [update(), {}], [update()]),
    (
        "merged by the service",
        [update(voice="ryan"), {"voice": "ryan"}, update(temperature=0.6), {"voice": "ryan", "temperature": 0.6}],
        [update(voice="ryan", temperature=0.6)],
    ),
    (
        "replaced by the service",
        [update(voice="ryan"), {"voice": "ryan"}, update(temperature=0.6), {"temperature": 0.6}],
        [update(temperature=0.6)],
    ),
    (
        "the service ignores a setting that was never in effect",
        [update(voice="ryan"), {}, update(temperature=0.6), {"temperature": 0.6}],
        [update(voice="ryan", temperature=0.6)],
    ),
    (
        "what the service does not report is kept",
        [update(hidden=1), {}, update(temperature=0.6), {"temperature": 0.6}],
        [update(hidden=1, temperature=0.6)],
    ),
    (
        "set back by the application",
        [update(voice="ryan"), {"voice": "ryan"}, update(voice="ava"), {}],
        [update(voice="ava")],
    ),
    ("None is a value", [update(turn_detection=None), {"turn_detection": None}], [update(turn_detection=None)]),
    ("refused by its id", [update("e1", voice="x"), update("e2", tools=[1]), "e1", {}], [update(tools=[1])]),
    ("refused without an id means the oldest", [update(voice="x"), update(tools=[1]), "", {}], [update(tools=[1])]),
    ("refused by an id that nobody knows", [update("e1", voice="x"), "e2", {}], [update(voice="x")]),
    ("not confirmed", [update("e1", voice="x"), update(tools=[1]), None], [update(voice="x"), update(tools=[1])]),
    ("refused after it counted as taken", [update("e1", voice="x"), None, "e1"], []),
    ("reported without being asked", [{"voice": "x"}], []),
    (
        "a session that is none sets nothing",
        [{"type": "session.update", "session": "x"}, {}, update(voice="x"), {}],
        [update(voice="x")],
    ),
]


@pytest.mark.parametrize(("history", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_effective_settings(history: list[Any], expected: list[dict[str, Any]]) -> None:
    """A new connection is asked for what was in effect on the old one, then for what was not confirmed there."""
    assert settings_of(*history).updates() == expected


def nested(**groups: Any) -> dict[str, Any]:
    return update(audio=groups)


NESTED_DEFAULTS = {"audio": {"input": {"format": 1, "turn_detection": 1}, "output": {"voice": 1, "speed": 1}}}


def reported(**groups: Any) -> dict[str, Any]:
    audio = NESTED_DEFAULTS["audio"]
    return {"audio": {group: {**audio[group], **groups.get(group, {})} for group in audio}}


NESTED_CASES: list[tuple[str, list[Any], list[dict[str, Any]]]] = [
    (
        "members of a group merge",
        [
            nested(output={"voice": 2}, input={"format": 2}),
            reported(output={"voice": 2}, input={"format": 2}),
            nested(output={"speed": 2}),
            reported(output={"voice": 2, "speed": 2}, input={"format": 2}),
        ],
        [nested(input={"format": 2}, output={"voice": 2, "speed": 2})],
    ),
    (
        "members of a group are replaced",
        [
            nested(output={"voice": 2}, input={"format": 2}),
            reported(output={"voice": 2}, input={"format": 2}),
            nested(output={"speed": 2}),
            reported(output={"speed": 2}),
        ],
        [nested(output={"speed": 2})],
    ),
    (
        "a setting is one value",
        [
            nested(input={"turn_detection": {"type": "a", "x": 1}}),
            reported(input={"turn_detection": {"type": "a", "x": 1}}),
            nested(input={"turn_detection": {"type": "b"}}),
            reported(input={"turn_detection": {"type": "b"}}),
        ],
        [nested(input={"turn_detection": {"type": "b"}})],
    ),
    ("a group that is gone", [nested(output={"voice": 2}), {}, nested(output=None), {}], [nested(output=None)]),
    ("and back", [nested(output=None), {}, nested(output={"voice": 2}), {}], [nested(output={"voice": 2})]),
]


@pytest.mark.parametrize(
    ("history", "expected"), [case[1:] for case in NESTED_CASES], ids=[case[0] for case in NESTED_CASES]
)
def test_nested_settings(history: list[Any], expected: list[dict[str, Any]]) -> None:
    """In versions with nested sessions each member of audio.input and audio.output is a setting of its own."""
    assert settings_of(*history, defaults=NESTED_DEFAULTS).updates() == expected


def test_credentials_are_replaced_as_a_whole() -> None:
    """Of two credentials the later one counts, and nothing of the earlier one."""
    settings = Settings()
    for event in ({**BYOM, "old": 1}, {**BYOM, "token": "t2", "event_id": "e"}):
        settings.sent(event)
        assert settings.unconfirmed
        settings.received("byom_credential.updated", {})
    assert not settings.unconfirmed
    assert settings.updates() == [{"type": "byom_credential.update", "token": "t2"}]


def test_what_was_asked_for_again_is_settled() -> None:
    """What was unsure merges with the rest once a new connection was asked for it, unless it refused it."""
    settings = settings_of(update(voice="x"), {"voice": "x"}, update("e1", tools=[1]), update(temperature=1), None)
    assert settings.updates() == [update(voice="x"), update(tools=[1]), update(temperature=1)]
    settings.drop_unsure(update(tools=[1]))
    settings.settle()
    assert settings.updates() == [update(voice="x", temperature=1)]


def test_an_update_that_was_not_sent_is_the_senders() -> None:
    """An update is taken back only as long as it will not be asked for again anyway."""
    settings = Settings()
    first, second, other = update(voice="x"), update(voice="x"), {"type": "response.create"}
    for event in (first, second, other):
        settings.sent(event)
    assert settings.retract(second)
    assert settings.retract(other)
    settings.end()
    assert not settings.retract(first)
    assert settings.updates() == [update(voice="x")]


@pytest.mark.parametrize(
    ("session", "manual", "answers"),
    [
        ({}, False, True),
        ({"turn_detection": None}, True, False),
        ({"turn_detection": {"type": "none"}}, True, False),
        ({"turn_detection": {"type": "server_vad"}}, False, True),
        ({"turn_detection": {"type": "server_vad", "create_response": None}}, False, True),
        ({"turn_detection": {"type": "server_vad", "create_response": False}}, False, False),
        ({"audio": {"input": {"turn_detection": None}}}, True, False),
        ({"audio": {"input": {"turn_detection": {"create_response": False}}}}, False, False),
        ({"audio": {"input": None}}, False, True),
    ],
)
def test_who_ends_turns(session: dict[str, Any], manual: bool, answers: bool) -> None:
    """Whether the application ends turns, and whether the service answers them unasked, is read from the report."""
    settings = Settings()
    settings.received("session.created", session)
    assert (settings.manual_turns, settings.answers_by_itself) == (manual, answers)


@pytest.mark.parametrize(
    ("session", "into", "out"),
    [
        ({}, 48, 48),
        ({"input_audio_format": "pcm16", "input_audio_sampling_rate": 16000}, 32, 48),
        ({"input_audio_format": "g711_ulaw", "output_audio_format": "pcm16_16000hz"}, 8, 32),
        ({"output_audio_format": "pcm16-8000hz"}, 48, 16),
        ({"output_audio_format": None}, 48, 48),
        ({"audio": {"input": {"format": {"type": "audio/pcmu"}}, "output": {"format": {"type": "audio/pcm"}}}}, 8, 48),
        ({"audio": {"input": {"format": {}}, "output": {"format": {"type": "audio/pcma"}}}}, 48, 8),
    ],
)
def test_bytes_a_millisecond(session: dict[str, Any], into: int, out: int) -> None:
    """How many bytes a millisecond of sound has, either way, is read from the report."""
    settings = Settings()
    settings.received("session.created", session)
    assert (settings.input_bytes_per_ms, settings.output_bytes_per_ms) == (into, out)

"""Which way of dealing with echo the service is asked for, and when the microphone is heard in half duplex."""

from __future__ import annotations

from typing import Any

import pytest

from voicelive._core.devices.echo import EchoNegotiation, HalfDuplexGate, check_echo
from voicelive.errors import ConfigurationError


def negotiation(choice: str = "auto", *, may_use_client: bool = True) -> EchoNegotiation:
    return EchoNegotiation(choice, may_use_client=may_use_client, event_id="own")


def asked(negotiating: EchoNegotiation, now: float = 0.0) -> str | None:
    """What is asked for now: a reference, "nothing", or None if no request goes out."""
    request = negotiating.request(now)
    if request is None:
        return None
    echo: dict[str, Any] = request["session"].get("input_audio_echo_cancellation") or {}
    return str(echo.get("reference_source", "nothing"))


REFUSALS = [
    {"event_id": "own_1"},
    {"event_id": None, "param": "session.input_audio_echo_cancellation.channels"},
    {"event_id": None, "code": "ec_not_supported"},
    {"event_id": None, "code": "invalid_ec_channels_requires_client"},
]


@pytest.mark.parametrize("refusal", REFUSALS)
def test_what_is_refused_gives_way_to_the_next(refusal: dict[str, Any]) -> None:
    """This side's reference, then the service's own, then half duplex; each refusal is known as one's own."""
    negotiating = negotiation()
    assert asked(negotiating) == "client"
    assert asked(negotiating) is None
    assert negotiating.refused(refusal)
    assert asked(negotiating) == "server"
    assert negotiating.refused({"event_id": "own_2"})
    assert asked(negotiating) == "nothing"
    assert negotiating.mode is None
    negotiating.updated(None, 0.0)
    assert negotiating.mode == "half_duplex"


@pytest.mark.parametrize(
    ("choice", "may_use_client", "first"),
    [
        ("auto", True, "client"),
        ("auto", False, "server"),
        ("client", False, "client"),
        ("server", True, "server"),
        ("half_duplex", True, "nothing"),
        ("off", True, "nothing"),
    ],
)
def test_what_is_asked_for_first(choice: str, may_use_client: bool, first: str) -> None:
    """`auto` tries this side's reference only where it may be used; what was chosen is tried anyway."""
    assert asked(negotiation(choice, may_use_client=may_use_client)) == first


@pytest.mark.parametrize(("reference", "mode"), [("client", "client"), ("server", "server")])
def test_what_the_service_reports_is_on(reference: str, mode: str) -> None:
    """Also if it is another kind than was asked for."""
    negotiating = negotiation()
    asked(negotiating)
    negotiating.updated(reference, 0.0)
    assert negotiating.mode == mode


@pytest.mark.parametrize(("choice", "mode"), [("half_duplex", "half_duplex"), ("off", "off")])
def test_what_needs_nothing_of_the_service_is_on_with_its_answer(choice: str, mode: str) -> None:
    """As soon as the formats are settled."""
    negotiating = negotiation(choice)
    asked(negotiating)
    negotiating.updated(None, 0.0)
    assert negotiating.mode == mode


def test_an_answer_to_an_earlier_update_is_not_taken_for_ones_own() -> None:
    """The next answer, if it comes within a second, says what is on."""
    negotiating = negotiation()
    asked(negotiating)
    negotiating.updated(None, 1.0)
    negotiating.tick(1.9)
    assert negotiating.mode is None
    negotiating.updated("client", 1.9)
    assert negotiating.mode == "client"


@pytest.mark.parametrize(("answers", "settled_at"), [([], 10.0), ([1.0], 2.0)])
def test_silence_of_the_service_settles_on_half_duplex(answers: list[float], settled_at: float) -> None:
    """If it passes over what was asked for, or never answers, nothing waits for ever."""
    negotiating = negotiation()
    asked(negotiating)
    for now in answers:
        negotiating.updated(None, now)
    negotiating.tick(settled_at - 0.01)
    assert negotiating.mode is None
    negotiating.tick(settled_at)
    assert negotiating.mode == "half_duplex"


def test_errors_of_others_are_left_alone() -> None:
    """An error about anything else goes to the application."""
    negotiating = negotiation()
    asked(negotiating)
    assert not negotiating.refused({"event_id": "theirs", "code": "invalid_request_error", "param": "session.voice"})
    negotiating.updated("client", 0.0)
    assert not negotiating.refused({"param": "session.input_audio_echo_cancellation"})


def test_what_is_turned_off_later_shows() -> None:
    """If the application turns the cancellation off, half duplex takes over."""
    negotiating = negotiation()
    asked(negotiating)
    negotiating.updated("client", 0.0)
    negotiating.updated(None, 1.0)
    assert negotiating.mode == "half_duplex"


def test_push_to_talk_turns_detection_off() -> None:
    """It is asked for with the formats."""
    plain = EchoNegotiation("off", may_use_client=False, event_id="own")
    pressed = EchoNegotiation("off", may_use_client=False, event_id="own", detection=False)
    assert "turn_detection" not in plain.session
    assert pressed.session["turn_detection"] is None


def test_an_unknown_choice_is_refused() -> None:
    """The message names those there are."""
    with pytest.raises(ConfigurationError, match="auto, client, server, half_duplex, off"):
        check_echo("duplex")


def test_half_duplex_is_silent_while_something_plays_and_shortly_after() -> None:
    """350 ms, and what the device takes, after the last sample."""
    gate = HalfDuplexGate()
    assert gate.is_open(plays=False, latency=0.05, now=0.0)
    assert not gate.is_open(plays=True, latency=0.05, now=1.0)
    assert not gate.is_open(plays=False, latency=0.05, now=1.39)
    assert gate.is_open(plays=False, latency=0.05, now=1.41)

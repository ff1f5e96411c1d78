"""Figures of turns and calls: what each measures, and that what is not known is None."""

from __future__ import annotations

import pytest

from voicelive._audio.formats import audio_format
from voicelive._core.conversation.input_timeline import InputTimeline
from voicelive._core.conversation.metrics import CallMetrics, Spread, TurnMeter
from voicelive._core.conversation.tokens import Price, TokenCounts

MS = 48
USAGE = {
    "input_tokens": 100,
    "output_tokens": 50,
    "input_token_details": {"text_tokens": 60, "audio_tokens": 40, "cached_tokens": 30},
    "output_token_details": {"text_tokens": 10, "audio_tokens": 40},
}


def test_a_spoken_turn() -> None:
    """Every figure of a turn, from the end of the speech to the first sample at the ear."""
    meter = TurnMeter()
    meter.speech_stopped("user", 10.0, 10.5)
    meter.transcribed("user", 10.7)
    meter.transcribed("user", 99.0)
    meter.created("r1", 10.8)
    meter.text(11.0)
    meter.text(11.1)
    meter.audio(400, 11.2)
    meter.audio(600, 11.3)
    meter.played("a", 100, 11.4, latency_ms=50)
    meter.played("a", 1000, 12.3)
    meter.underrun()
    meter.done("completed", TokenCounts.of(USAGE))
    (turn,) = meter.turns
    times = {
        name: round(value)
        for name, value in vars(turn).items()
        if name.endswith("_ms") and value is not None and name not in ("heard_ms", "generated_ms")
    }
    assert times == {
        "endpointing_ms": 500,
        "transcription_ms": 200,
        "thinking_ms": 300,
        "first_text_ms": 200,
        "first_audio_ms": 400,
        "voice_to_voice_ms": 1450,
    }
    assert (turn.number, turn.user_item_id, turn.response_ids, turn.status) == (1, "user", ("r1",), "completed")
    assert (turn.generated_ms, turn.heard_ms, turn.underruns, turn.interrupted) == (1000, 1000, 1, False)
    assert turn.tokens == TokenCounts.of(USAGE)


def test_what_is_not_known_is_none() -> None:
    """A typed turn without a player, whose service says no tokens, has no figure that it could not have."""
    meter = TurnMeter()
    meter.requested(1.0)
    meter.created(None, 1.2)
    meter.done("completed", TokenCounts.of({"input_tokens": "many"}))
    (turn,) = meter.turns
    assert turn.thinking_ms == pytest.approx(200)
    for name in ("endpointing_ms", "transcription_ms", "first_text_ms", "first_audio_ms", "voice_to_voice_ms"):
        assert getattr(turn, name) is None
    assert turn.heard_ms is turn.generated_ms is turn.underruns is turn.tool_ms is turn.tokens.input is None


def test_tools_are_part_of_the_turn_that_called_them() -> None:
    """The response after a tool belongs to the same turn; tools beside each other count once."""
    meter = TurnMeter()
    meter.speech_stopped("user", None, 1.0)
    meter.created("r1", 1.1)
    meter.tool_started("a", 2.0)
    meter.tool_started("b", 2.5)
    meter.tool_done("a", 3.0)
    meter.tool_done("b", 4.0)
    meter.tool_done("unknown", 5.0)
    assert meter.requested(4.1, follows_tools=True) is None
    meter.created("r2", 4.2)
    (turn,) = meter.turns
    assert turn.response_ids == ("r1", "r2")
    assert turn.tool_ms == pytest.approx(2000)


def test_a_pause_is_not_a_turn() -> None:
    """The user goes on before anything was answered: one turn, measured from its last words."""
    meter = TurnMeter()
    meter.speech_stopped("one", 1.0, 1.5)
    assert meter.speech_stopped("two", 3.0, 3.5) is None
    (turn,) = meter.turns
    assert turn.user_item_id == "two"
    assert turn.endpointing_ms == pytest.approx(500)


def test_turns_follow_each_other() -> None:
    """A turn ends where the next begins, by speech, by a request, or by a response that nobody asked for."""
    meter = TurnMeter()
    meter.created("greeting", 0.5)
    meter.played("g", 300, 0.9)
    meter.interrupted()
    ended = meter.speech_stopped("user", None, 2.0)
    assert ended is not None
    assert ended.interrupted
    assert ended.heard_ms == 300
    meter.created("r1", 2.1)
    ended = meter.requested(5.0)
    assert ended is not None
    assert ended.number == 2
    assert not ended.interrupted
    assert meter.requested(5.1) is None
    assert meter.end() is not None
    assert meter.end() is None
    assert [turn.number for turn in meter.turns] == [1, 2, 3]


def test_what_comes_outside_of_a_turn_is_passed_over() -> None:
    """Text, audio, playback, tools and ends without a turn change no figure; interruptions still count."""
    meter = TurnMeter()
    meter.text(1.0)
    meter.audio(10, 1.0)
    meter.played("a", 10, 1.0)
    meter.underrun()
    meter.done("completed", TokenCounts())
    meter.transcribed("a", 1.0)
    meter.tool_started("t", 1.0)
    meter.tool_done("t", 2.0)
    meter.interrupted()
    meter.false_interruption()
    meter.reconnected()
    assert meter.call == CallMetrics(interruptions=1, false_interruptions=1, reconnects=1)


def test_a_call_sums_up_its_turns() -> None:
    """Spreads over the turns that have a figure, and tokens and cost over all of them."""
    meter = TurnMeter()
    for number in range(10):
        meter.speech_stopped(f"u{number}", number, number + 0.1 * (number + 1))
        meter.created(f"r{number}", number + 1.0)
        meter.done("completed", TokenCounts.of(USAGE))
    call = meter.call
    spread = call.spread("endpointing_ms")
    assert spread is not None
    assert spread.count == 10
    assert spread.p50 == pytest.approx(550)
    assert spread.p95 == pytest.approx(955)
    assert call.spread("voice_to_voice_ms") is None
    assert call.tokens.input == 1000
    assert call.tokens.cached == 300
    price = Price(input_text=4, input_audio=32, cached=0.4, output_text=16, output_audio=64)
    expected = (30 * 4 + 40 * 32 + 30 * 0.4 + 10 * 16 + 40 * 64) * 10 / 1e6
    assert call.cost(price) == pytest.approx(expected)


def test_a_spread_of_one() -> None:
    """A single value is its own median; none at all is no spread."""
    assert Spread.of([None, 7.0]) == Spread(count=1, p50=7.0, p95=7.0, p99=7.0)
    assert Spread.of([None]) is None


def test_a_spread_of_many() -> None:
    """Between two values the percentiles are interpolated, whatever their order."""
    assert Spread.of([float(value) for value in range(100, -1, -1)]) == Spread(count=101, p50=50.0, p95=95.0, p99=99.0)
    assert Spread.of([0.0, 10.0]) == Spread(count=2, p50=5.0, p95=9.5, p99=9.9)


def test_cached_audio_is_taken_off_the_audio() -> None:
    """More cached tokens than text: the rest was audio."""
    assert Price(input_audio=10, input_text=1).of(TokenCounts(input_text=5, input_audio=20, cached=15)) == (
        pytest.approx(100 / 1e6)
    )


def test_long_calls_keep_the_latest_turns() -> None:
    """Memory is bounded; the sum of the tokens still holds every turn."""
    meter = TurnMeter(max_turns=3)
    for number in range(10):
        meter.requested(float(number))
        meter.created(f"r{number}", float(number))
        meter.done("completed", TokenCounts(input=1))
    meter.end()
    assert [turn.number for turn in meter.turns] == [8, 9, 10]
    assert meter.call.tokens.input == 10


def test_positions_of_the_input_are_mapped_to_the_clock() -> None:
    """A position within a chunk lies as much before its sending as audio follows it; what was not sent has no time."""
    timeline = InputTimeline()
    assert timeline.time_of(0) is None
    timeline.sent(100 * MS, 10.0)
    timeline.sent(100 * MS, 10.1)
    assert timeline.sent_ms == 200
    assert timeline.time_of(100) == pytest.approx(10.0)
    assert timeline.time_of(150) == pytest.approx(10.05)
    assert timeline.time_of(201) is None
    timeline.use_format(audio_format("g711_ulaw"))
    assert timeline.sent_ms == 1200, "the format that the service names counts for audio sent before its answer too"
    timeline.restart(audio_format("pcm16"))
    timeline.use_format(audio_format("g711_ulaw"))
    timeline.sent(800, 20.0)
    assert timeline.time_of(100) == pytest.approx(20.0)


def test_marks_of_long_ago_are_forgotten() -> None:
    """A position from before what is remembered has no time, rather than a wrong one."""
    timeline = InputTimeline()
    for number in range(20_000):
        timeline.sent(MS, number / 1000)
    assert timeline.time_of(10) is None
    assert timeline.time_of(19_000) == pytest.approx(18.999)

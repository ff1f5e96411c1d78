"""What goes out to a line and when, and how much of it counts as heard: with a clock that the tests turn."""

from __future__ import annotations

import json

import pytest

from voicelive._core.lines.digits import DigitCollector, key_messages
from voicelive._core.lines.hearing import Hearing
from voicelive._core.lines.playout import Playout
from voicelive.telephony import AcsLine, GenesysLine, Line, TwilioLine

from . import frames

MS = 8
"""Bytes of a millisecond of µ-law."""


def twilio() -> Line:
    line = TwilioLine()
    line.receive(frames.TWILIO_START)
    return line


def acs() -> Line:
    line = AcsLine()
    line.receive(frames.acs_metadata())
    return line


def kinds(messages: list[str | bytes]) -> list[str]:
    """Name what goes out to Twilio."""
    return [json.loads(message)["event"] for message in messages]


def test_a_line_with_marks_gets_five_seconds_ahead() -> None:
    """Sound goes out in pieces of 200 ms, each with a mark; what is beyond five seconds waits for marks."""
    playout = Playout(twilio())
    playout.add(bytes(6000 * MS))
    messages = playout.step(0.0)
    assert kinds(messages) == ["media", "mark"] * 25
    assert json.loads(messages[1])["mark"]["name"] == "v1"
    assert playout.due(0.0) == pytest.approx(0.2)
    # The mark is late: the clock alone does not let it go on.
    assert playout.step(0.4) == []
    assert playout.due(0.4) is None
    playout.marked("v1", 0.4)
    assert kinds(playout.step(0.4)) == ["media", "mark"]


def test_what_was_heard_goes_by_marks_and_within_them_by_the_clock() -> None:
    """Up to a mark the clock says how far it has come, and never beyond one that has not come back."""
    playout = Playout(twilio())
    playout.add(bytes(600 * MS))
    playout.step(10.0)
    assert playout.take_played(10.0) == 0
    assert playout.take_played(10.15) == 150 * MS
    assert playout.take_played(10.5) == 50 * MS - 1
    playout.marked("v1", 10.5)
    assert playout.take_played(10.5) == 1
    assert playout.take_played(10.6) == 100 * MS
    playout.marked("v3", 10.7)
    assert playout.take_played(10.7) == 300 * MS
    assert playout.is_idle
    assert playout.unplayed_ms == 0


def test_clear_takes_back_what_was_not_heard() -> None:
    """After `clear` nothing of before counts, though all its marks come back at once."""
    playout = Playout(twilio())
    playout.add(bytes(1000 * MS))
    playout.step(0.0)
    playout.marked("v1", 0.2)
    assert kinds(playout.flush(0.3)) == ["clear"]
    assert playout.stats.heard == 300 * MS
    assert playout.stats.cleared == 700 * MS
    for number in range(2, 6):
        playout.marked(f"v{number}", 0.31)
    assert playout.take_played(0.5) == 0
    playout.add(bytes(200 * MS))
    assert json.loads(playout.step(0.6)[1])["mark"]["name"] == "v6"
    assert playout.take_played(0.7) == 100 * MS


def test_a_line_without_marks_gets_its_sound_as_it_plays() -> None:
    """Never more than 200 ms ahead of the clock, in pieces of 100 ms."""
    playout = Playout(acs())
    playout.add(bytes(1000 * 48))
    sent_ms, now = 0, 0.0
    while playout.unplayed_ms:
        sent_ms += 100 * len(playout.step(now))
        assert sent_ms <= now * 1000 + 200.001
        playout.take_played(now)
        due = playout.due(now)
        now = due if due is not None else now + 0.05
    assert sent_ms == 1000
    assert now == pytest.approx(1.0, abs=0.06)


def test_a_pause_of_the_service_does_not_count_as_heard() -> None:
    """Where nothing was left to play the clock stands still, and the next answer begins at zero."""
    playout = Playout(acs())
    playout.add(bytes(100 * 48))
    playout.step(0.0)
    assert playout.take_played(5.0) == 100 * 48
    playout.add(bytes(100 * 48))
    playout.step(5.0)
    assert playout.take_played(5.05) == 50 * 48


def test_genesys_says_when_everything_was_played() -> None:
    """It takes few messages a second: 250 ms each, two ahead; `playback_completed` ends the guess."""
    line = GenesysLine()
    line.receive(frames.genesys_open())
    playout = Playout(line)
    playout.add(bytes(1000 * MS))
    assert [len(message) for message in playout.step(0.0)] == [250 * MS, 250 * MS]
    assert playout.due(0.0) == pytest.approx(0.25)
    playout.completed(0.1)
    assert playout.take_played(0.1) == 500 * MS


def test_more_than_is_kept_is_dropped_and_counted() -> None:
    """An answer without end takes no memory without end."""
    playout = Playout(twilio(), keeps_ms=1000)
    playout.add(bytes(700 * MS))
    playout.add(bytes(700 * MS))
    playout.add(bytes(700 * MS))
    assert playout.stats.dropped == 1100 * MS
    assert playout.unplayed_ms == 1000


def test_silence_is_put_in_where_the_line_sends_none() -> None:
    """After half a second without sound, silence takes its place at the pace of the clock; until then lines falter."""
    hearing = Hearing(twilio(), 0.0)
    hearing.add(frames.SOUND, 1.0)
    assert hearing.take() == frames.SOUND
    hearing.fill(1.4)
    assert hearing.take() == b""
    hearing.fill(1.51)
    assert hearing.take() == b"\xff" * (500 * MS)
    hearing.fill(1.56)
    assert hearing.take() == b"\xff" * (60 * MS)
    hearing.add(frames.SOUND, 1.6)
    hearing.fill(1.7)
    assert hearing.take() == frames.SOUND
    assert hearing.filled == 560 * MS


def test_what_the_service_does_not_take_is_bounded() -> None:
    """The oldest is dropped and counted; what waits goes as one piece."""
    hearing = Hearing(twilio(), 0.0, keeps_ms=100)
    for number in range(10):
        hearing.add(bytes([number]) * 160, 0.02 * number)
    assert hearing.take() == b"".join(bytes([number]) * 160 for number in range(5, 10))
    assert hearing.dropped == 5 * 160


def test_keys_that_belong_together() -> None:
    """`#` or a pause ends a number; more than any number has is cut."""
    collector = DigitCollector(pause=2.0, most=4)
    assert [collector.press(key, 0.1) for key in "12#"] == [None, None, "12"]
    assert collector.press("#", 1.0) == "#"
    assert collector.press("7", 1.0) is None
    assert collector.tick(2.9) is None
    assert collector.tick(3.0) == "7"
    assert collector.tick(9.0) is None
    assert [collector.press(key, 0.1) for key in "1234"] == [None, None, None, "1234"]


def test_keys_are_told_to_the_model_the_same_way_everywhere() -> None:
    """On a line and in an evaluation: what belongs together is one message, and `#` alone is one too."""
    told = [message.removeprefix("The caller pressed ") for message in key_messages("12#7#34")]
    assert told == [f"{digits} on the telephone's keys." for digits in ("12", "7", "34")]
    assert key_messages("#") == ["The caller pressed # on the telephone's keys."]

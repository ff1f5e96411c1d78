"""The user's silence: from when it counts, what ends it, and that each is told once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from voicelive import ConfigurationError
from voicelive._core.conversation.silence import SilenceWatch

Step = tuple[str, float]

TABLE: list[tuple[str, list[Step], float | None]] = [
    ("before anything", [], None),
    ("the user's turn", [("rest", 2.0)], 12.0),
    ("noted again", [("rest", 2.0), ("rest", 5.0)], 12.0),
    ("an answer is made", [("rest", 2.0), ("busy", 3.0)], None),
    ("and has been played", [("rest", 2.0), ("busy", 3.0), ("rest", 7.0)], 17.0),
    ("playback that ends later", [("rest", 20.0)], 30.0),
    ("the user speaks", [("rest", 2.0), ("user_began", 3.0)], None),
    ("and has the word meanwhile", [("user_began", 3.0), ("rest", 4.0)], None),
    ("and has spoken", [("user_began", 3.0), ("user_ended", 5.0), ("rest", 5.0)], 15.0),
    ("the user writes", [("rest", 2.0), ("user_wrote", 6.0)], 16.0),
    ("the user writes while an answer is made", [("user_wrote", 6.0)], None),
]


def take(watch: SilenceWatch, steps: list[Step]) -> None:
    for name, at in steps:
        method: Callable[..., Any] = getattr(watch, name)
        method(at) if name in ("rest", "user_wrote") else method()


@pytest.mark.parametrize(("steps", "due"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_from_when_a_silence_counts(steps: list[Step], due: float | None) -> None:
    """It begins when it is the user's turn, and whatever the user or the assistant does ends it."""
    watch = SilenceWatch(10)
    take(watch, steps)
    assert watch.due() == due
    if due is not None:
        assert watch.tick(due - 0.001) == 0
        assert watch.tick(due) == 1
    assert watch.due() is None


def test_a_silence_is_told_once() -> None:
    """Told, it is not told again before something happens, however often the user's turn is noted."""
    watch = SilenceWatch(10)
    watch.rest(0.0)
    assert watch.tick(10.0) == 1
    watch.rest(11.0)
    assert (watch.due(), watch.tick(99.0)) == (None, 0)


def test_silences_in_a_row_are_counted() -> None:
    """What the assistant says in between does not break the row; a word of the user's does, spoken or written."""
    watch = SilenceWatch(10)
    for count, at in enumerate((0.0, 20.0, 40.0), start=1):
        watch.busy()
        watch.rest(at)
        assert watch.tick(at + 10) == count
    watch.user_began()
    watch.user_ended()
    watch.rest(60.0)
    assert watch.tick(70.0) == 1
    watch.user_wrote(71.0)
    watch.busy()
    watch.rest(72.0)
    assert watch.tick(82.0) == 1


@pytest.mark.parametrize("seconds", [0, -1, True, "10", float("nan"), float("inf"), 5_000_000])
def test_what_is_not_a_time_is_refused(seconds: Any) -> None:
    """The error names the option and the value."""
    with pytest.raises(ConfigurationError, match="user_away is"):
        SilenceWatch(seconds)

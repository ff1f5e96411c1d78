"""What a policy takes, how long attempts wait, and how many connections a minute there may be."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicelive import ConfigurationError, ReconnectPolicy
from voicelive._core.reconnect import check_policy, local_events_of
from voicelive._core.reconnect.policy import Backoff, ConnectionBudget
from voicelive.models import ConnectionGaveUp, ConnectionReconnecting, ConnectionRestored


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"initial_delay": 0}, "initial_delay is 0; it takes seconds above 0"),
        ({"initial_delay": -1}, "initial_delay is -1; it takes seconds above 0"),
        ({"max_delay": math.inf}, "max_delay is inf; it takes seconds"),
        ({"deadline": math.nan}, "deadline is nan; it takes seconds"),
        ({"deadline": "60"}, "deadline is '60'; it takes seconds"),
        ({"restore_timeout": True}, "restore_timeout is True; it takes seconds"),
        ({"rollover_before": 0}, "rollover_before is 0; it takes seconds"),
        ({"max_connections_per_minute": 0}, "max_connections_per_minute is 0; it takes a whole number above 0"),
        ({"max_connections_per_minute": 1.5}, "max_connections_per_minute is 1.5; it takes a whole number"),
        ({"max_queued_bytes": -1}, "max_queued_bytes is -1; it takes bytes, 0 or more"),
        ({"max_history_items": -1}, "max_history_items is -1; it takes a whole number, 0 or more"),
        ({"max_history_bytes": 1.5}, "max_history_bytes is 1.5; it takes bytes, 0 or more"),
        ({"condense": "shorter"}, "condense is 'shorter'; it takes a function of a list of items"),
        ({"rollover_overlap_ms": True}, "rollover_overlap_ms is True; it takes milliseconds"),
        ({"initial_delay": 11}, r"initial_delay \(11 s\) is above max_delay \(10 s\)"),
        ({"max_delay": 121}, r"max_delay \(121 s\) is above deadline \(120 s\)"),
    ],
)
def test_impossible_policies_are_refused(values: dict[str, Any], said: str) -> None:
    """A policy that cannot work is refused where it is built, with the value and the remedy."""
    with pytest.raises(ConfigurationError, match=said):
        ReconnectPolicy(**values)


def test_limits_themselves_are_allowed() -> None:
    """The least values that make sense are taken, and None switches the planned move off."""
    ReconnectPolicy(1, 1, 1, 0.001, 1, 0, None, 0)


def test_only_a_policy_is_a_policy() -> None:
    """`reconnect=True` is refused with what it takes instead."""
    check_policy(ReconnectPolicy())
    with pytest.raises(ConfigurationError, match=r"takes a ReconnectPolicy\(\), or None for none, not True"):
        check_policy(True)


def test_local_events_are_named() -> None:
    """A connection with a policy has three events of its own."""
    assert set(local_events_of()) == {ConnectionReconnecting, ConnectionRestored, ConnectionGaveUp}


@pytest.mark.parametrize(
    ("draw", "retry_after", "delays"),
    [
        (1.0, None, [0.5, 1, 2, 4, 8, 10, 10]),
        (0.0, None, [0, 0, 0]),
        (0.25, None, [0.125, 0.25, 0.5]),
        (0.5, 3.0, [3, 3, 3, 3, 4, 5]),
        (1.0, 0.1, [0.5, 1]),
    ],
)
def test_waits_grow_with_full_jitter(draw: float, retry_after: float | None, delays: list[float]) -> None:
    """Each wait is drawn between 0 and a limit that doubles up to max_delay, and is never below retry_after."""
    backoff = Backoff(ReconnectPolicy(), lambda: draw)
    assert [backoff.delay(retry_after) for _ in delays] == delays


def test_waits_stay_finite() -> None:
    """However many attempts fail, the wait is max_delay."""
    backoff = Backoff(ReconnectPolicy(), lambda: 1.0)
    assert [backoff.delay() for _ in range(2000)][-1] == 10


@pytest.mark.parametrize(
    ("per_minute", "earliest", "times"),
    [
        (1, [0, 0, 0], [0, 60, 120]),
        (2, [0, 0, 0, 0, 0], [0, 0, 60, 60, 120]),
        (2, [0, 30, 40, 90.5], [0, 30, 60, 90.5]),
        (2, [0, 61, 62], [0, 61, 62]),
        # A long wait is no reason for others to wait.
        (2, [3000, 0, 0, 0], [3000, 0, 0, 60]),
        (1, [100, 50], [100, 160]),
        (1, [0, 5000, 0], [0, 5000, 0]),
        (30, [0] * 31, [0] * 30 + [60]),
    ],
)
def test_connections_a_minute(per_minute: int, earliest: Sequence[float], times: list[float]) -> None:
    """Reservations take the first place at which no minute holds too many, whatever their order."""
    budget = ConnectionBudget()
    assert [budget.reserve(at, per_minute) for at in earliest] == times


@given(st.integers(1, 4), st.lists(st.floats(0, 600), max_size=25))
def test_no_minute_holds_too_many(per_minute: int, earliest: list[float]) -> None:
    """For any order of requests: none is before its time, and no minute holds more than the budget."""
    budget = ConnectionBudget()
    times = [budget.reserve(at, per_minute) for at in earliest]
    assert all(time >= at for time, at in zip(times, earliest, strict=True))
    ordered = sorted(times)
    # The sums are rounded, the differences a second time.
    assert all(later - first > 59.999 for first, later in zip(ordered, ordered[per_minute:], strict=False))

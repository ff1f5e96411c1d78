"""What a call may use: warned of once, ended once, and nonsense refused when it is given."""

from __future__ import annotations

from typing import Any

import pytest

from voicelive import ConfigurationError
from voicelive._core.conversation.budget import Budget, BudgetMeter, BudgetUse
from voicelive._core.conversation.tokens import Price, TokenCounts

DOLLAR_A_TOKEN = Price(input_text=1_000_000, output_audio=2_000_000)


def told(meter: BudgetMeter, now: float = 0.0) -> list[tuple[str, float, bool]]:
    return [(use.limit, use.used, use.is_exceeded) for use in meter.check(now)]


def test_time_is_warned_of_and_ends() -> None:
    """The clock is needed at the warning, then at the end, then no more; the call counts from its first beginning."""
    meter = BudgetMeter(Budget(seconds=100))
    assert (meter.due(), told(meter, 500.0)) == (None, [])
    meter.begin(10.0)
    meter.begin(60.0)
    assert meter.due() == 90.0
    assert told(meter, 89.0) == []
    assert told(meter, 90.0) == [("seconds", 80.0, False)]
    assert (meter.due(), told(meter, 95.0)) == (110.0, [])
    assert told(meter, 110.0) == [("seconds", 100.0, True)]
    assert (meter.due(), told(meter, 200.0)) == (None, [])


def test_tokens_are_warned_of_and_end() -> None:
    """Input and output count together; what the service does not say counts as nothing."""
    meter = BudgetMeter(Budget(tokens=100, warn_at=0.5))
    meter.spend(TokenCounts(input=30, output=10))
    assert told(meter) == []
    meter.spend(TokenCounts(output=15))
    assert told(meter) == [("tokens", 55, False)]
    meter.spend(TokenCounts())
    assert told(meter) == []
    meter.spend(TokenCounts(input=60))
    assert told(meter) == [("tokens", 115, True)]
    assert meter.due() is None


def test_money_follows_from_the_prices() -> None:
    """Each kind of token has its own price."""
    meter = BudgetMeter(Budget(money=10, price=DOLLAR_A_TOKEN))
    meter.spend(TokenCounts(input_text=4, output_audio=2, input=4, output=2))
    assert told(meter) == [("money", 8.0, False)]
    meter.spend(TokenCounts(output_audio=1))
    assert told(meter) == [("money", 10.0, True)]


def test_all_at_once() -> None:
    """Past its end a limit is not warned of first, and only the first that is used up ends the call."""
    meter = BudgetMeter(Budget(seconds=10, tokens=10, money=10, price=DOLLAR_A_TOKEN))
    meter.begin(0.0)
    meter.spend(TokenCounts(input=20, input_text=20))
    assert told(meter, 9.0) == [("seconds", 9.0, False), ("tokens", 20, True)]
    assert told(meter, 11.0) == []


def test_a_limit_can_be_warned_of_only_at_its_end() -> None:
    """warn_at=1: the end is the only event."""
    meter = BudgetMeter(Budget(seconds=10, warn_at=1))
    meter.begin(0.0)
    assert (meter.due(), told(meter, 9.9)) == (10.0, [])
    assert meter.check(10.0) == [BudgetUse(limit="seconds", used=10.0, allowed=10)]


NAN = float("nan")
REFUSED: list[tuple[dict[str, Any], str]] = [
    ({}, "without a limit"),
    ({"warn_at": 0.5}, "without a limit"),
    ({"seconds": 0}, r"Budget\(seconds=…\) takes a number above 0, not 0"),
    ({"seconds": "60"}, "not '60'"),
    ({"seconds": NAN}, "not nan"),
    ({"seconds": 5_000_000}, "at most 4e"),
    ({"tokens": 0}, r"Budget\(tokens=…\) takes a whole number above 0, not 0"),
    ({"tokens": 1.5}, "not 1.5"),
    ({"tokens": True}, "not True"),
    ({"money": -1, "price": Price()}, "not -1"),
    ({"money": 1}, "go together"),
    ({"seconds": 1, "price": Price()}, "go together"),
    ({"money": 1, "price": 0.5}, "takes a Price, not 0.5"),
    ({"seconds": 1, "warn_at": 0}, r"warn_at=…\) takes a number above 0"),
    ({"seconds": 1, "warn_at": None}, r"warn_at=…\) takes a number above 0"),
    ({"seconds": 1, "warn_at": 1.1}, "at most 1, not 1.1"),
]


@pytest.mark.parametrize(("fields", "message"), REFUSED)
def test_what_cannot_be_a_budget_is_refused(fields: dict[str, Any], message: str) -> None:
    """When it is made, and the error names the field and the value."""
    with pytest.raises(ConfigurationError, match=message):
        Budget(**fields)


@pytest.mark.parametrize("price", [-1, NAN, "1", True, None])
def test_what_cannot_be_a_price_is_refused(price: Any) -> None:
    """A price is a number, 0 or more."""
    with pytest.raises(ConfigurationError, match=r"Price\(cached=…\) takes a number, 0 or more"):
        Price(cached=price)

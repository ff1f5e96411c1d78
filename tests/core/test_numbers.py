"""What counts as a number where an option takes one."""

from __future__ import annotations

import math

import pytest

from voicelive._core.numbers import is_number, is_whole
from voicelive.conversation import Budget
from voicelive.errors import ConfigurationError


@pytest.mark.parametrize(
    ("value", "number", "whole"),
    [
        (0, True, True),
        (-3, True, True),
        (1.5, True, False),
        (2.0, True, False),
        (10**400, False, True),
        (math.inf, False, False),
        (math.nan, False, False),
        (True, False, False),
        ("1", False, False),
        (None, False, False),
    ],
)
def test_numbers_and_integers(value: object, number: bool, whole: bool) -> None:
    """A number is what a float can hold, an integer is one of any size, and a boolean is neither."""
    assert is_number(value) is number
    assert is_whole(value) is whole


def test_an_integer_may_be_too_small() -> None:
    """The least that is allowed is allowed, and what is below it is not."""
    assert is_whole(3, 3)
    assert not is_whole(2, 3)


def test_an_option_that_no_float_can_hold_is_refused() -> None:
    """An integer beyond every float is refused like any other value that is not valid."""
    with pytest.raises(ConfigurationError, match="money"):
        Budget(money=10**400)

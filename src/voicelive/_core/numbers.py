"""What counts as a number where an option takes one, or a message holds one."""

from __future__ import annotations

import math
import sys
from typing import TypeGuard

__all__ = ["is_number", "is_whole"]

_LARGEST = sys.float_info.max


def is_number(value: object) -> TypeGuard[float]:
    """Return whether a value is a number that a float can hold; ``True`` and ``False`` are not."""
    # Compared, as math.isfinite() raises for an integer that is too large.
    return isinstance(value, (int, float)) and not isinstance(value, bool) and -_LARGEST <= value <= _LARGEST


def is_whole(value: object, least: float = -math.inf) -> TypeGuard[int]:
    """Return whether a value is an integer of at least this size; ``True`` and ``False`` are not."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= least

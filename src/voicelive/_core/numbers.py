"""What counts as a number where an option takes one."""

from __future__ import annotations

import math
from typing import TypeGuard

__all__ = ["is_number"]


def is_number(value: object) -> TypeGuard[float]:
    """Return whether a value is a finite number; ``True`` and ``False`` are not."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)

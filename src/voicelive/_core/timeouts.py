"""What may be given as a time to wait."""

from __future__ import annotations

from ..errors import ConfigurationError
from .numbers import is_number

__all__ = ["LONGEST", "check_timeout"]

LONGEST = 4_000_000.0
"""The longest limit, in seconds: 46 days. Some systems cannot wait longer in one go."""


def check_timeout(timeout: object) -> None:
    """Refuse what is not a time to wait: seconds from 0 to :data:`LONGEST`, or None for no limit.

    Raises:
        ConfigurationError: naming the value.
    """
    if timeout is None:
        return
    if not is_number(timeout) or not 0 <= timeout <= LONGEST:
        raise ConfigurationError(
            f"timeout is {timeout!r}; it takes seconds from 0 to {LONGEST:g}, or None for no limit"
        )

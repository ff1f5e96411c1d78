"""What is there in JSON from elsewhere, without trusting its types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["mapping"]


def mapping(value: object) -> Mapping[str, Any]:
    """Return a JSON object, or an empty one for anything else."""
    return value if isinstance(value, Mapping) else {}

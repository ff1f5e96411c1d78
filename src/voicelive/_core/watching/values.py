"""Values of events, which may be of any type, as facts hold them."""

from __future__ import annotations

from ..._base import Model
from ..conversation.fields import field_of
from ..numbers import is_whole

__all__ = ["as_int", "as_text", "as_wire", "int_of", "reason_code"]

_LONGEST_CODE = 64


def reason_code(details: object) -> str | None:
    """Return why a response ended as it did, as a code; a message of the service's may repeat what somebody said."""
    error = field_of(details, "error")
    return _code(field_of(error, "code")) or _code(field_of(error, "type")) or _code(field_of(details, "reason"))


def _code(value: object) -> str | None:
    """Return a text that can only be a code: one short word."""
    text = as_text(value)
    return text if text and len(text) <= _LONGEST_CODE and text.replace("_", "").replace(".", "").isalnum() else None


def as_wire(value: object) -> object:
    """Return a list with each event or item in its wire form; anything else as it is."""
    return [item.to_dict() if isinstance(item, Model) else item for item in value] if isinstance(value, list) else value


def as_text(value: object) -> str | None:
    """Return a text that is not empty; None for anything else."""
    return value if isinstance(value, str) and value else None


def as_int(value: object) -> int | None:
    """Return an integer; None for anything else."""
    return value if is_whole(value) else None


def int_of(event: Model, name: str, default: int) -> int:
    """Return the integer of a field, or `default`."""
    value = as_int(getattr(event, name, None))
    return default if value is None else value

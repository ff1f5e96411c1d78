"""Reading the fields of events, which may be missing, null or of another kind than the contract says."""

from __future__ import annotations

from collections.abc import Mapping

from .. import envelope

__all__ = ["base64_size", "field_of", "index_of", "reason_of", "text_of", "texts_of"]


def text_of(holder: object, name: str) -> str | None:
    """Return a text, or None."""
    value = getattr(holder, name, None)
    if type(value) is str:
        return value
    # Members of the open enums are texts too.
    return str.__str__(value) if isinstance(value, str) else None


def texts_of(holder: object, name: str) -> list[str]:
    """Return the texts of a list; what else is in it is passed over."""
    value = getattr(holder, name, None)
    return [text for text in value if isinstance(text, str)] if isinstance(value, list) else []


def index_of(event: object) -> int:
    """Return the content index, or 0."""
    value = getattr(event, "content_index", None)
    return value if isinstance(value, int) else 0


def field_of(holder: object, name: str) -> object:
    """Return a field of an object or of a mapping, or None."""
    if type(holder) is dict:
        return holder.get(name)
    value = getattr(holder, name, None)
    # Asked last, as it takes longest.
    return holder.get(name) if value is None and isinstance(holder, Mapping) else value


def base64_size(text: object) -> int:
    """Return how many bytes a base64 text stands for; 0 for anything else."""
    return envelope.base64_size(text) if isinstance(text, str) else 0


def reason_of(details: object) -> str | None:
    """Return what the status details of a response say of why."""
    error = field_of(details, "error")
    reason = field_of(details, "reason") if error is None else field_of(error, "message")
    return str.__str__(reason) if isinstance(reason, str) else None

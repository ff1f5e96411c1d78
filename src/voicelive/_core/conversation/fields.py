"""Reading the fields of events, which may be missing, null or of another kind than the contract says."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["base64_size", "index_of", "reason_of", "text_of", "texts_of"]


def text_of(holder: object, name: str) -> str | None:
    """Return a text; None where there is none."""
    value = getattr(holder, name, None)
    # Members of the open enums are texts too.
    return str.__str__(value) if isinstance(value, str) else None


def texts_of(holder: object, name: str) -> list[str]:
    """Return the texts of a list; what else is in it is passed over."""
    value = getattr(holder, name, None)
    return [text for text in value if isinstance(text, str)] if isinstance(value, list) else []


def index_of(event: object) -> int:
    """Return the content index; 0 where there is none."""
    value = getattr(event, "content_index", None)
    return value if isinstance(value, int) else 0


def base64_size(text: object) -> int:
    """Return how many bytes a base64 text stands for."""
    if not isinstance(text, str):
        return 0
    return len(text) * 3 // 4 - (2 if text.endswith("==") else 1 if text.endswith("=") else 0)


def reason_of(details: object) -> str | None:
    """Return what the status details of a response say of why."""
    if not isinstance(details, Mapping):
        return None
    error = details.get("error")
    reason = error.get("message") if isinstance(error, Mapping) else details.get("reason")
    return reason if isinstance(reason, str) else None

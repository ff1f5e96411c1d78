"""What to write instead of the commonest wrong shapes: those of other interfaces, and short forms that look likely."""

from __future__ import annotations

import re
from collections.abc import Mapping

__all__ = ["hint_for"]

_SHORT_FORMS = {
    "turn_detection": "type",
    "input_audio_noise_reduction": "type",
    "input_audio_echo_cancellation": "type",
    "input_audio_transcription": "model",
    "avatar": "character",
}
"""Objects that are given as the text of one of their fields, and that field."""

_MISSING_TYPES = {
    "tools": '"type": "function"',
    "tool_choice": '"type": "function"',
    "turn_detection": '"type": "server_vad" or another one',
    "voice": '"type": "azure-standard" or another one; an OpenAI voice is given by its name alone',
    "content": '"type": "input_text" or another one',
    "item": '"type": "message" or another one',
    "input": '"type": "message" or another one',
}
"""What is left out where the kind of an object is not given, by the field that holds it."""


def hint_for(path: str, error: str, value: object) -> str | None:
    """Return how to write what was meant, where that can be told.

    Args:
        path: the place of the error.
        error: pydantic's name of the error.
        value: what stands there; the object around it, for a field that is missing.
    """
    field = re.sub(r"\[\d+\]", "", path).rpartition(".")[2]
    if error == "missing":
        return _of_nested(value, inside=True)
    if error == "union_tag_not_found":
        return _of_nested(value, inside=False) or _of_kind(field, value)
    if isinstance(value, str):
        return _of_text(field, path.endswith("]"), error, value)
    if field in ("output", "arguments") and error == "string_type" and isinstance(value, (Mapping, list)):
        return "give it as JSON text, by json.dumps()"
    if error == "list_type" and isinstance(value, Mapping):
        return "put it in a list"
    if field == "turn_detection" and value is False:
        return "None turns it off"
    return None


def _of_nested(value: object, *, inside: bool) -> str | None:
    """Hint at fields that were put into an object named after the kind, as Chat Completions does with functions."""
    if not isinstance(value, Mapping):
        return None
    if inside:
        kind = value.get("type")
        if isinstance(kind, str) and isinstance(value.get(kind), Mapping):
            return f'the fields in "{kind}" belong next to "type", not in a separate object'
        return None
    names = list(value)
    if len(names) == 1 and isinstance(value[names[0]], Mapping):
        return f'write {{"type": "{names[0]}", ...}}, with the fields in "{names[0]}" beside "type"'
    return None


def _of_kind(field: str, value: object) -> str | None:
    if isinstance(value, Mapping) and "type" in value:
        # It is the second field that tells the kinds apart: that of messages.
        return 'add "role": "user" or another one'
    return f"add {_MISSING_TYPES[field]}" if field in _MISSING_TYPES else None


def _of_text(field: str, is_entry: bool, error: str, value: str) -> str | None:
    if field == "content" and error in ("list_type", "model_attributes_type", "model_type"):
        part = '{"type": "input_text", "text": "..."}'
        return f"write {part if is_entry else f'[{part}]'}"
    if error == "list_type":
        return "put it in a list"
    if field in _SHORT_FORMS and error in ("model_attributes_type", "model_type"):
        return f'write {{"{_SHORT_FORMS[field]}": "{value}"}}'
    return None

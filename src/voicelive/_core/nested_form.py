"""One way to write a session, for every API version: the draft v1 nests what the dated versions keep flat.

The tables say which flat field is which nested one, and which values have another spelling; the functions apply them in
both directions to plain JSON objects. What has no counterpart is an error that says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from .._base import FieldIssue, Model
from ..errors import InvalidEventError

__all__ = [
    "AUDIO_FORMATS",
    "format_name",
    "from_nested",
    "item_to_nested",
    "read_flat",
    "response_to_nested",
    "session_to_nested",
]

Payload = dict[str, Any]
Path = tuple[str, ...]


class NoCounterpart(Exception):  # noqa: N818 - a signal between the functions here, never seen outside
    """A value that the other form cannot say; the message names it."""


def _same(value: Any) -> Any:
    return value


class Rule(NamedTuple):
    """One flat field, the place of its nested counterpart, and how the values are turned into one another."""

    flat: str
    nested: Path
    to_nested: Callable[[Any], Any] = _same
    to_flat: Callable[[Any], Any] = _same


def _only(*known: str) -> Callable[[Any], Any]:
    """Let through what v1 knows; of a list, every entry."""

    def check(value: Any) -> Any:
        for entry in value if isinstance(value, (list, tuple)) else [value]:
            if isinstance(entry, str) and entry not in known:
                raise NoCounterpart(f"{str(entry)!r} has none; known there: {', '.join(map(repr, known))}")
        return value

    return check


AUDIO_FORMATS: dict[str, Payload] = {
    "pcm16": {"type": "audio/pcm", "rate": 24000},
    "g711_ulaw": {"type": "audio/pcmu"},
    "g711_alaw": {"type": "audio/pcma"},
}
"""The name of an audio format in the dated versions to its object in v1."""


def _format_object(value: Any) -> Any:
    if isinstance(value, Mapping) or value is None:
        return value
    if str(value) not in AUDIO_FORMATS:
        raise NoCounterpart(f"{str(value)!r} has none; known there: {', '.join(map(repr, AUDIO_FORMATS))}")
    return dict(AUDIO_FORMATS[str(value)])


def format_name(value: Any) -> Any:
    """Return the name of a format's object; what has none as it is."""
    kind = value.get("type") if isinstance(value, Mapping) else getattr(value, "type", None)
    return next((name for name, known in AUDIO_FORMATS.items() if known["type"] == kind), value)


def _voice_id(value: Any) -> Any:
    if isinstance(value, Mapping) and value.get("type") == "openai":
        return value.get("name")
    if isinstance(value, Mapping) and "type" in value:
        raise NoCounterpart(f"a voice of type {value['type']!r} has none in a response: set it in the session")
    return value


_TEXT_AND_AUDIO = _only("text", "audio")
_EFFORTS = _only("minimal", "low", "medium", "high", "xhigh")

SESSION = (
    Rule("modalities", ("output_modalities",), _TEXT_AND_AUDIO),
    Rule("voice", ("audio", "output", "voice")),
    Rule("output_audio_format", ("audio", "output", "format")),
    Rule("output_audio_timestamp_types", ("audio", "output", "timestamp_types")),
    Rule("input_audio_format", ("audio", "input", "format")),
    Rule("input_audio_sampling_rate", ("audio", "input", "sampling_rate")),
    Rule("input_audio_transcription", ("audio", "input", "transcription")),
    Rule("input_audio_noise_reduction", ("audio", "input", "noise_reduction")),
    Rule("input_audio_echo_cancellation", ("audio", "input", "echo_cancellation")),
    Rule("turn_detection", ("audio", "input", "turn_detection")),
    Rule("max_response_output_tokens", ("max_output_tokens",)),
    Rule("reasoning_effort", ("reasoning", "effort"), _EFFORTS),
)
"""``session`` of ``session.update``, ``session.created`` and ``session.updated``."""

SESSION_VALUES = {"include": _only("item.input_audio_transcription.logprobs")}
"""Fields of a session with the same name in both forms, and fewer values in v1."""

RESPONSE = (
    Rule("modalities", ("output_modalities",), _TEXT_AND_AUDIO),
    Rule("voice", ("audio", "output", "voice"), _voice_id),
    Rule("output_audio_format", ("audio", "output", "format"), _format_object, format_name),
    Rule("reasoning_effort", ("reasoning", "effort"), _EFFORTS),
)
"""``response`` of ``response.create``, and of the events that report a response."""

ASSISTANT_PARTS = {"text": "output_text", "audio": "output_audio"}
"""Content part types of assistant messages: the dated versions' name to v1's."""


def session_to_nested(session: Mapping[str, Any]) -> Payload:
    """Return a session in the nested form; one that is nested already comes back equal.

    Raises:
        InvalidEventError: if a field has no counterpart, or is given in both forms.
    """
    result = _to_nested("session", session, SESSION)
    for name, check in SESSION_VALUES.items():
        if result.get(name) is not None:
            _apply(check, result[name], "session", name)
    return {"type": "realtime", **result}


def response_to_nested(response: Mapping[str, Any]) -> Payload:
    """Return the parameters of a response in the nested form; raises as :func:`session_to_nested` does."""
    result = _to_nested("response", response, RESPONSE)
    prepared = result.get("pre_generated_assistant_message")
    if isinstance(prepared, Mapping):
        result["pre_generated_assistant_message"] = item_to_nested(prepared)
    for name in ("input_items", "append_input_items"):
        items = result.get(name)
        if isinstance(items, list):
            result[name] = [item_to_nested(item) if isinstance(item, Mapping) else item for item in items]
    return result


def item_to_nested(item: Mapping[str, Any]) -> Payload:
    """Return a conversation item with the content part types of v1."""
    result = dict(item)
    content = item.get("content")
    if item.get("role") == "assistant" and isinstance(content, list):
        result["content"] = [
            {**part, "type": ASSISTANT_PARTS.get(str(part.get("type")), part.get("type"))}
            if isinstance(part, Mapping)
            else part
            for part in content
        ]
    return result


def from_nested(nested: Mapping[str, Any], rules: tuple[Rule, ...] = SESSION) -> Payload:
    """Return the flat form of a nested session (or, with `rules` :data:`RESPONSE`, of a response).

    What has no flat counterpart keeps its nested place.
    """
    result: Payload = _copy(nested)
    for rule in rules:
        found, value = _take(result, rule.nested)
        if found:
            result[rule.flat] = rule.to_flat(value)
    if rules is SESSION and result.get("type") == "realtime":
        del result["type"]
    return result


def read_flat(event: Model) -> None:
    """Let the session or response of a received event be read by the flat names too.

    The flat fields hold what the nested ones hold, but do not count as given: the event still gives back exactly what
    it carried.
    """
    for name, rules in (("session", SESSION), ("response", RESPONSE)):
        holder: Any = getattr(event, name, None)
        if not isinstance(holder, Model):
            continue
        given, values = holder.__pydantic_fields_set__, vars(holder)
        for rule in rules:
            if rule.flat in given or rule.flat not in type(holder).__pydantic_fields__:
                continue
            value: Any = holder
            for key in rule.nested:
                value = getattr(value, key, None) if isinstance(value, Model) else None
            if value is not None:
                values[rule.flat] = rule.to_flat(value)


def _to_nested(where: str, flat: Mapping[str, Any], rules: tuple[Rule, ...]) -> Payload:
    result: Payload = _copy(flat)
    for rule in rules:
        if rule.flat not in result:
            continue
        value = result.pop(rule.flat)
        node = result
        for key in rule.nested[:-1]:
            below = node.setdefault(key, {})
            if not isinstance(below, dict):
                raise _conflict(where, rule, below)
            node = below
        if rule.nested[-1] in node:
            raise _conflict(where, rule, value)
        node[rule.nested[-1]] = value if value is None else _apply(rule.to_nested, value, where, rule.flat)
    return result


def _apply(check: Callable[[Any], Any], value: Any, where: str, name: str) -> Any:
    try:
        return check(value)
    except NoCounterpart as error:
        message = f"no counterpart in API version v1: {error}"
        issue = FieldIssue(f"{where}.{name}", message, value)
        raise InvalidEventError(str(issue), event_type=None, issues=(issue,)) from None


def _conflict(where: str, rule: Rule, value: Any) -> InvalidEventError:
    place = ".".join((where, *rule.nested))
    issue = FieldIssue(f"{where}.{rule.flat}", f"given twice: here and as {place}; give one of them", value)
    return InvalidEventError(str(issue), event_type=None, issues=(issue,))


def _copy(value: Any) -> Any:
    """Copy objects, so that the caller's stay as they are; the leaves are shared."""
    if isinstance(value, Mapping):
        return {key: _copy(entry) for key, entry in value.items()}
    return value


def _take(payload: Payload, path: Path) -> tuple[bool, Any]:
    """Remove the value at `path`, and the objects that this leaves empty; return whether it was there."""
    parents: list[Payload] = []
    node: Any = payload
    for key in path[:-1]:
        parents.append(node)
        node = node.get(key)
        if not isinstance(node, dict):
            return False, None
    if path[-1] not in node:
        return False, None
    value = node.pop(path[-1])
    for parent, key in zip(reversed(parents), reversed(path[:-1]), strict=True):
        if not parent[key]:
            del parent[key]
    return True, value

"""What pydantic finds wrong with an event, told by the application's own names and in plain words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .._base import FieldIssue
from .shape_hints import hint_for

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

__all__ = ["field_issues", "printable", "surrogate_issues"]

_TAGS = ("type", "role")
"""The fields by whose value a union's member is chosen."""

_KINDS = {
    "string_type": "a string",
    "string_unicode": "text without halves of surrogate pairs",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "list_type": "a list",
    "dict_type": "an object",
    "mapping_type": "an object",
    "model_type": "an object",
    "model_attributes_type": "an object",
    "datetime_type": "a time",
    "datetime_parsing": "a time",
}
"""What is wanted in place of a value of the wrong kind, by pydantic's name of the error."""

_LIMITS = {
    "greater_than": ("more than", "gt"),
    "greater_than_equal": ("at least", "ge"),
    "less_than": ("less than", "lt"),
    "less_than_equal": ("at most", "le"),
}

_PATTERNS = {"^[a-zA-Z0-9_-]{1,64}$": "1 to 64 letters, digits, '_' and '-'"}

_AUDIO = "must be raw audio as bytes, or base64 text"

_NAMES = ("enum", "literal_error", "string_type")
"""What a union says of an object where the name of something would do too."""


def field_issues(errors: Sequence[ErrorDetails], payload: dict[str, Any]) -> list[FieldIssue]:
    """Return one issue a place of the payload, in the order of the errors."""
    places: dict[str, list[ErrorDetails]] = {}
    for details in errors:
        path = path_of(details["loc"], payload, missing=details["type"] == "missing")
        places.setdefault(path, []).append(details)
    issues: list[FieldIssue] = []
    for path, found in places.items():
        telling = [details for details in found if not _misses_the_point(details, path, places)]
        if telling:
            value = telling[0].get("input")
            hint = hint_for(path, telling[0]["type"], value)
            message = _AUDIO if _is_audio(path, telling[0]) else _describe(telling)
            issues.append(FieldIssue(path, f"{message}: {hint}" if hint else message, value))
    return issues


def _is_audio(path: str, details: ErrorDetails) -> bool:
    return details["type"] == "string_type" and path.rpartition(".")[2] == "audio"


def path_of(location: Sequence[int | str], payload: Any, *, missing: bool) -> str:
    """Name the place of an error as the application knows it: pydantic puts the members of unions in between."""
    path, node = "", payload
    tags = _tags_of(node)
    for index, part in enumerate(location):
        if part in tags and isinstance(node, dict) and (part not in node or index + 1 < len(location)):
            # Also where the object has a field of this name: pydantic names the kind first, then the field.
            tags.discard(part)
        elif isinstance(node, dict) and (part in node or (missing and index == len(location) - 1)):
            path += f".{part}" if path else str(part)
            node = node.get(part)
            tags = _tags_of(node)
        elif isinstance(node, list) and isinstance(part, int) and part < len(node):
            path += f"[{part}]"
            node = node[part]
            tags = _tags_of(node)
    return path


def _tags_of(node: object) -> set[object]:
    values = [node.get(name) for name in _TAGS] if isinstance(node, dict) else []
    return {value for value in values if isinstance(value, str)}


def _misses_the_point(details: ErrorDetails, path: str, places: Mapping[str, list[ErrorDetails]]) -> bool:
    """Whether an error of one member of a union says nothing beside those of the others."""
    others = [other for other in places[path] if other is not details]
    inside = any(other.startswith((f"{path}.", f"{path}[")) for other in places)
    if details["type"] == "is_instance_of":
        # The escape for unknown kinds was not used.
        return bool(others) or inside
    # Who gives an object where a name would do too has not misspelt the name.
    is_object = isinstance(details.get("input"), Mapping) and details["type"] in _NAMES
    return is_object and (inside or any(other["type"] not in (*_NAMES, "is_instance_of") for other in others))


def _describe(found: list[ErrorDetails]) -> str:
    """Say what all members of a union want together."""
    kinds = [kind for details in found if (kind := _wanted(details)) is not None]
    if "a string" in kinds:
        # Every enum is open: any other string does too.
        kinds = [kind for kind in kinds if not kind.startswith("one of ")]
    if kinds:
        return f"must be {' or '.join(dict.fromkeys(kinds))}"
    return _sentence(found[0])


def _wanted(details: ErrorDetails) -> str | None:
    """Return what a value must be, for errors that say so."""
    context: dict[str, Any] = details.get("ctx") or {}
    kind = details["type"]
    if kind in _LIMITS:
        words, name = _LIMITS[kind]
        return f"{words} {context[name]:g}"
    if kind in ("enum", "literal_error"):
        expected = str(context["expected"])
        return f"one of {expected.replace(' or ', ', ')}" if " or " in expected else expected
    if kind == "string_pattern_mismatch":
        pattern = str(context["pattern"])
        return _PATTERNS.get(pattern, f"text that matches {pattern}")
    if kind == "is_instance_of":
        return "an object"
    return _KINDS.get(kind)


def _sentence(details: ErrorDetails) -> str:
    context: dict[str, Any] = details.get("ctx") or {}
    if details["type"] == "missing":
        return "is required"
    if details["type"] == "union_tag_not_found":
        return f"needs a {_plain(context['discriminator'])}"
    if details["type"] == "union_tag_invalid":
        tag, expected = context["tag"], context["expected_tags"]
        return f"has the {_plain(context['discriminator'])} {tag!r}, which is not one of {expected}"
    if details["type"] == "value_error":
        return str(context["error"])
    return details["msg"].replace("Input should be", "must be").replace("a valid ", "a ")


def _plain(discriminator: object) -> str:
    return f"`{str(discriminator).strip(chr(39))}`"


_HALF = "holds half of a surrogate pair, which UTF-8 cannot: it was decoded wrongly, or cut apart"


def surrogate_issues(payload: object, path: str = "") -> list[FieldIssue]:
    """Return one issue for each text of a payload, names included, that UTF-8 cannot hold."""
    if isinstance(payload, str):
        return [] if printable(payload) == payload else [FieldIssue(path, _HALF, payload)]
    found: list[FieldIssue] = []
    if isinstance(payload, Mapping):
        for name, value in payload.items():
            shown = printable(str(name))
            inner = f"{path}.{shown}" if path else shown
            if shown != str(name):
                found.append(FieldIssue(inner, f"the name {_HALF}", name))
            found += surrogate_issues(value, inner)
    elif isinstance(payload, list | tuple):
        for index, value in enumerate(payload):
            found += surrogate_issues(value, f"{path}[{index}]")
    return found


def printable(text: str) -> str:
    """Return `text` with halves of surrogate pairs escaped: who logs it is not to fail at them."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")

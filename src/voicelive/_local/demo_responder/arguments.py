"""Filling a function's parameters from the words of a question."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from .numbers import find_numbers
from .schema import is_place, name_words, properties, required, types
from .words import STOP_WORDS, alike, normalise, tokens, vocabulary

__all__ = ["fill_arguments"]

_PLACE_MARKS = ("in", "for", "at", "near", "around")
_LESS_LIKELY_PLACE_MARKS = ("of", "to")
_ANY_MARKS = ("for", "about", "of", "named", "called", "to", "on", "in", "at", "with")
_FROM = frozenset(vocabulary("origin from source departure start"))
_TO = frozenset(vocabulary("destination to target arrival end"))
_WHEN = frozenset(vocabulary("date day time when"))
_WHOLE = frozenset(vocabulary("question query text message input prompt expression request content"))
_PERSON = frozenset(vocabulary("name person contact recipient"))
# Words that end a phrase begun by a preposition.
_PHRASE_ENDS = frozenset(
    vocabulary(
        "today tomorrow tonight now right currently please this next at on in for from to with by",
        "is are like and then and, if because using",
    )
)
_DAYS = vocabulary("today tomorrow tonight yesterday monday tuesday wednesday thursday friday saturday sunday")
_NO = frozenset(vocabulary("off no not without disable never stop"))
_MOST_PLACES = 8


def fill_arguments(tool: Mapping[str, Any], question: str) -> list[dict[str, Any]]:
    """The arguments of the call, or of several where a place is named more than once.

    What the question does not tell is left out; where the tool requires it, it gets a
    neutral value of its type, so that every call fits the tool's schema.
    """
    needed = required(tool)
    arguments: dict[str, Any] = {}
    places: tuple[str, list[str]] | None = None
    numbers = find_numbers(normalise(question))
    for name, schema in properties(tool).items():
        if _is_single_place(name, schema):
            found = _places(name, question)
            if len(found) > 1 and places is None:
                places = (name, found)
            value: Any = found[0] if found else None
        else:
            value = _value(name, schema, question, numbers)
        if value is None and name in needed:
            value = _neutral(schema, question, name)
        if value is not None:
            arguments[name] = value
    if places is None:
        return [arguments]
    return [{**arguments, places[0]: place} for place in places[1]]


def _is_single_place(name: str, schema: Mapping[str, Any]) -> bool:
    return is_place(name) and "string" in types(schema) and "enum" not in schema


def _value(name: str, schema: Mapping[str, Any], question: str, numbers: list[Any]) -> Any:
    choices = schema.get("enum")
    if isinstance(choices, (list, tuple)):
        return _mentioned(choices, question)
    kinds = types(schema)
    if "integer" in kinds or "number" in kinds:
        number = numbers.pop(0) if numbers else None
        if number is None:
            return None
        return int(number) if number.denominator == 1 or "number" not in kinds else float(number)
    if "boolean" in kinds:
        words = set(normalise(question))
        if words & _NO:
            return False
        return True if any(alike(w, part) for w in words for part in name_words(name)) else None
    if "array" in kinds:
        items = schema.get("items")
        return _items(name, items if isinstance(items, Mapping) else {}, question, numbers)
    return _string(name, question) if "string" in kinds else None


def _mentioned(choices: Sequence[Any], question: str) -> Any:
    words = normalise(question)
    for choice in choices:
        parts = [part for part in name_words(str(choice)) if part]
        if parts and all(any(alike(word, part) for word in words) for part in parts):
            return choice
    return None


def _items(name: str, items: Mapping[str, Any], question: str, numbers: list[Any]) -> list[Any] | None:
    kinds = types(items)
    if "integer" in kinds or "number" in kinds:
        values = [int(n) if n.denominator == 1 else float(n) for n in numbers]
        numbers.clear()
        return values or None
    if is_place(name.removesuffix("s")) or is_place(name):
        return _places(name, question) or None
    phrase = _phrase(question, _ANY_MARKS, keep_and=True)
    return _split_and(phrase) if phrase else None


def _string(name: str, question: str) -> str | None:
    parts = set(name_words(name))
    if parts & _WHEN:
        return _when(question)
    if parts & _WHOLE:
        return question.strip().rstrip("?!.") or None
    if parts & _PERSON:
        return _phrase(question, ("named", "called", "to", "with", "for", "is")) or _subject(question)
    if parts & _FROM:
        return _phrase(question, ("from",))
    if parts & _TO:
        return _phrase(question, ("to",))
    if phrase := _phrase(question, _ANY_MARKS):
        return phrase
    return None


def _when(question: str) -> str | None:
    words = normalise(question)
    said = [word for word in words if word in _DAYS]
    clock = re.search(r"\bat ((?:\d[\d:.]*|\w+)(?: thirty| fifteen)?(?: ?[ap]\.?m\b)?)", question, re.I)
    if clock and find_numbers(normalise(clock[1]))[:1]:
        said.append(clock[1])
    return " ".join(dict.fromkeys(said)) or None


def _places(name: str, question: str) -> list[str]:
    parts = set(name_words(name))
    if parts & _FROM - {"start"}:
        phrase = _phrase(question, ("from",), keep_and=True)
    elif parts & _TO - {"end"}:
        phrase = _phrase(question, ("to", "in", "for", "at"), keep_and=True)
    else:
        phrase = _phrase(question, _PLACE_MARKS, keep_and=True) or _phrase(
            question, _LESS_LIKELY_PLACE_MARKS, keep_and=True
        )
    if not phrase:
        return []
    return [_capitalised(place) for place in _split_and(phrase)][:_MOST_PLACES]


def _phrase(question: str, marks: Sequence[str], keep_and: bool = False) -> str | None:
    """The words after the first word of ``marks`` that has a phrase behind it."""
    words = re.findall(r"[^\s?!;:]+", question)
    for place, mark in enumerate(words):
        if mark.lower() not in marks:
            continue
        phrase: list[str] = []
        for word in words[place + 1 :]:
            plain = word.lower().strip(",.'\"")
            is_joint = plain == "and" and keep_and and phrase
            if plain in _PHRASE_ENDS and not is_joint:
                break
            phrase.append(word)
            if word.endswith("."):
                break
        text = " ".join(phrase).strip(" ,.\"'")
        text = re.sub(r"^(?:the|a|an|me|my|us)\b\s*|\s+and$", "", text, flags=re.I)
        if text:
            return text
    return None


def _subject(question: str) -> str | None:
    """The question's words that are not of the common stock."""
    said = [token for token in tokens(question) if token.lower() not in STOP_WORDS]
    return " ".join(said) or None


def _split_and(phrase: str) -> list[str]:
    if not re.search(r"\band\b", phrase):
        return [phrase]  # a comma alone joins a city and its state
    return [part.strip(" ,.") for part in re.split(r",|\band\b", phrase) if part.strip(" ,.")]


def _capitalised(place: str) -> str:
    return place if place != place.lower() else place.title()


def _neutral(schema: Mapping[str, Any], question: str, name: str) -> Any:
    if "default" in schema:
        return schema["default"]
    choices = schema.get("enum")
    if isinstance(choices, (list, tuple)) and choices:
        return choices[0]
    kind = types(schema)[0]
    if kind == "string":
        return "here" if is_place(name) else question
    values: dict[str, Any] = {"boolean": True, "array": [], "object": {}}
    return values.get(kind, 0)

"""Which of a session's function tools a question calls for."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ..engines.protocols import FunctionCall
from .arguments import fill_arguments
from .schema import name_words
from .words import STOP_WORDS, alike, normalise, vocabulary

__all__ = ["choose_calls"]

_NAME_WEIGHT = 3
_ENOUGH = 3
_MOST_CALLS = 8
# Words of a tool's name that say nothing about its subject.
_VERBS = frozenset(
    vocabulary(
        "get fetch find look up lookup search show read list query check retrieve current set",
        "function tool call api a the for of by in on to and with from given user users",
        "return returns",
    )
)
_QUESTION_STARTS = frozenset(
    vocabulary(
        "what whats when where who how which is are do does can could tell give show get find",
        "check turn set play start stop book order send call look search",
    )
)


def choose_calls(
    question: str,
    tools: Sequence[Mapping[str, Any]],
    tool_choice: str | Mapping[str, Any] | None = "auto",
) -> list[FunctionCall]:
    """The calls that answer a question, none when no tool matches it.

    ``tool_choice`` is obeyed: ``none`` calls nothing, ``required`` and a named function
    call even where nothing matches. A question in two parts may give several calls.
    """
    functions = [t for t in tools if t.get("type", "function") == "function" and t.get("name")]
    if tool_choice == "none" or not functions:
        return []
    if named := _named(tool_choice):
        functions = [tool for tool in functions if tool["name"] == named]
        return _calls(functions[0], question) if functions else []
    calls: list[FunctionCall] = []
    for part in _parts(question):
        tool = _best(part, functions)
        if tool:
            calls.extend(_calls(tool, part))
    if not calls and tool_choice == "required":
        calls = _calls(functions[0], question)
    return list(dict.fromkeys(calls))[:_MOST_CALLS]


def _named(tool_choice: str | Mapping[str, Any] | None) -> str | None:
    if not isinstance(tool_choice, Mapping):
        return None
    function = tool_choice.get("function")
    nested = function.get("name") if isinstance(function, Mapping) else None
    name = tool_choice.get("name", nested)
    return name if isinstance(name, str) else None


def _parts(question: str) -> list[str]:
    """The questions joined by "and": only where the second begins like a question."""
    words = question.split()
    parts: list[list[str]] = [[]]
    for place, word in enumerate(words):
        following = words[place + 1].lower().strip(",.'’?!") if place + 1 < len(words) else ""  # noqa: RUF001
        if word.lower() == "and" and following in _QUESTION_STARTS:
            parts.append([])
        else:
            parts[-1].append(word)
    return [" ".join(part) for part in parts if part]


def _best(question: str, tools: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    words = [word for word in normalise(question) if word not in STOP_WORDS]
    scored = [(_score(words, tool), -place) for place, tool in enumerate(tools)]
    score, place = max(scored)
    return tools[-place] if score >= _ENOUGH else None


def _score(words: Sequence[str], tool: Mapping[str, Any]) -> int:
    """How well a tool fits: words of its name count most, then its description's."""
    subject = [word for word in name_words(str(tool["name"])) if word not in _VERBS]
    in_name = sum(any(alike(word, part) for word in words) for part in subject)
    if subject and in_name * 2 < len(subject):
        in_name = 0  # "user name" is not asked for by "name" in something else alone
    described = {
        word for word in normalise(str(tool.get("description") or "")) if word not in STOP_WORDS and word not in _VERBS
    }
    said = sum(any(alike(word, part) for part in described) for word in set(words))
    return in_name * _NAME_WEIGHT + (said if in_name or said >= 2 else 0) + (said >= 2)


def _calls(tool: Mapping[str, Any], question: str) -> list[FunctionCall]:
    return [
        FunctionCall(str(tool["name"]), json.dumps(arguments, ensure_ascii=False, separators=(",", ":")))
        for arguments in fill_arguments(tool, question)
    ]

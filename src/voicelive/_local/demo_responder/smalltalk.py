"""What the assistant answers by itself: the rules, in the order they are tried."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime

from .arithmetic import answer_sum
from .facts import JOKES, answer_fact
from .numbers import find_numbers, say_number
from .schema import name_words
from .words import has, normalise

__all__ = ["NOT_UNDERSTOOD", "answer_question", "say_understood"]

NOT_UNDERSTOOD = "Sorry, I did not catch that."
"""Said when nothing was understood."""

SKILLS = "I can tell the time, do sums, know a few facts, and tell a joke."

_MOST_WORDS_REPEATED = 12
_MOST_TOOLS_NAMED = 5
_SHORTEST_WORD = 3

_REPEAT = re.compile(r"\b(?:repeat|say) (?:this )?after me\b[\s,.:;]*(?P<text>.+)", re.I | re.S)
_NAME = re.compile(r"\bmy name is (?P<name>[^\W\d_]+)", re.I)
_LONGEST_COUNT = 50
_GREETINGS = ("hello", "hi", "hey", "greetings")

_Clock = Callable[[], datetime]


def answer_question(question: str, said_before: Sequence[str], clock: _Clock) -> str | None:
    """The answer to a question, or None when no rule knows one.

    ``said_before`` is what the same speaker said earlier, oldest first.
    """
    words = normalise(question)
    if repeated := _REPEAT.search(question):
        return repeated["text"].strip()
    return (
        _joke(words, said_before)
        or _count(words)
        or (None if "(" in question else answer_sum(words))
        or _name(words, question, said_before)
        or answer_fact(words)
        or _time(words, clock)
        or _manners(words)
    )


def say_understood(question: str, tool_names: Sequence[str] = ()) -> str:
    """What to say to a question that no rule answers: what was understood of it, and what can be asked instead.

    ``tool_names`` are the names of the functions that can be called.
    """
    if not any(len(word) >= _SHORTEST_WORD for word in normalise(question)):
        return NOT_UNDERSTOOD
    words = question.split()
    repeated = " ".join(words[:_MOST_WORDS_REPEATED]).rstrip(" .,;:!?")
    if len(words) > _MOST_WORDS_REPEATED:
        repeated += " and so on"
    answer = f'I understood "{repeated}", but I have no answer to that. {SKILLS}'
    named = [" ".join(name_words(name)) for name in tool_names[:_MOST_TOOLS_NAMED]]
    if named:
        answer += f" I can also call the {'tool' if len(named) == 1 else 'tools'} {' and '.join(named)}."
    return answer


def _joke(words: Sequence[str], said_before: Sequence[str]) -> str | None:
    if not _wants_joke(words):
        return None
    told = sum(_wants_joke(normalise(text)) for text in said_before)
    return JOKES[told % len(JOKES)]


def _wants_joke(words: Sequence[str]) -> bool:
    # "job" is what a recogniser makes of "joke" at times.
    return has(words, ("joke", "jokes", "laugh")) or words[:4] == ["tell", "me", "a", "job"]


def _count(words: Sequence[str]) -> str | None:
    if not has(words, ("count", "counting")):
        return None
    numbers = [int(number) for number in find_numbers(words) if number.denominator == 1]
    if not numbers:
        return None
    first, last = (1, numbers[0]) if len(numbers) == 1 else (numbers[0], numbers[1])
    if abs(last - first) >= _LONGEST_COUNT:
        return f"I only count {_LONGEST_COUNT} numbers at a time."
    step = 1 if last >= first else -1
    return ", ".join(say_number(n) for n in range(first, last + step, step)).capitalize() + "."


def _name(words: Sequence[str], question: str, said_before: Sequence[str]) -> str | None:
    if told := _NAME.search(question):
        return f"Nice to meet you, {told['name'].capitalize()}."
    if not has(words, "name"):
        return None
    if "my" in words:
        for text in reversed(said_before):
            if told := _NAME.search(text):
                return f"Your name is {told['name'].capitalize()}."
        return "You have not told me your name."
    return "I am the voice live local assistant." if "your" in words else None


def _time(words: Sequence[str], clock: _Clock) -> str | None:
    now = clock()
    if "time" in words and "times" not in words:
        return f"It is {_clock_time(now)}."
    if "times" in words and {"what", "is", "it"} <= set(words):
        return f"It is {_clock_time(now)}."
    if has(words, "year") and "what" in words:
        return f"It is the year {now.year}."
    asked = ("what" in words or "which" in words or "tell" in words) and ("day" in words or "date" in words)
    if asked or has(words, "today", "date"):
        return f"Today is {now:%A}, the {_ordinal(now.day)} of {now:%B}."
    return None


def _clock_time(now: datetime) -> str:
    hour = say_number(now.hour % 12 or 12)
    half = "in the morning" if now.hour < 12 else "in the afternoon"
    if now.hour >= 18:
        half = "in the evening"
    if now.minute == 0:
        return f"{hour} o'clock {half}"
    minute = say_number(now.minute) if now.minute > 9 else f"oh {say_number(now.minute)}"
    return f"{hour} {minute} {half}"


def _ordinal(day: int) -> str:
    suffix = "th" if day in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return f"{day}{suffix}"


def _manners(words: Sequence[str]) -> str | None:
    joined = " ".join(words)
    if has(words, ("thank", "thanks")):
        return "You are welcome."
    if has(words, ("goodbye", "bye")) or "see you" in joined:
        return "Goodbye!"
    if "how are you" in joined:
        return "I am fine, thank you. How can I help you?"
    if "who are you" in joined or "what are you" in joined:
        return "I am the voice live local assistant."
    if "help" in words or "what can you do" in joined:
        return SKILLS
    for part in ("morning", "afternoon", "evening"):
        if has(words, "good", part):
            return f"Good {part}! How can I help you?"
    if any(word in _GREETINGS for word in words):
        return "Hello! How can I help you?"
    return None

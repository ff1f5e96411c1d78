"""Reading what people say, allowing for the slips of a small recogniser."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher

__all__ = ["STOP_WORDS", "alike", "has", "normalise", "tokens", "vocabulary"]

_TOKEN = re.compile(r"[^\W_]+(?:['’][^\W_]+)*(?:\.\d+)?|[+*/×÷−-](?=\s*[\d(])|%")  # noqa: RUF001
_MULTIPLIED = re.compile(r"(\d)\s*[xX×*]\s*(?=\d)")  # noqa: RUF001
_CONTRACTIONS = {
    "what's": "what is",
    "whats": "what is",
    "who's": "who is",
    "where's": "where is",
    "how's": "how is",
    "when's": "when is",
    "it's": "it is",
    "that's": "that is",
    "i'm": "i am",
    "i'd": "i would",
    "let's": "let us",
    "can't": "can not",
    "don't": "do not",
    "didn't": "did not",
    "won't": "will not",
}


def vocabulary(*lines: str) -> tuple[str, ...]:
    """The words of some lines, for lists of words that are easier to read as text."""
    return tuple(" ".join(lines).split())


STOP_WORDS = frozenset(
    vocabulary(
        "a an the is are was were be am do does did will would can could should shall may might",
        "i you he she it we they me my your his her its our their this that these those there",
        "what which who whom whose when where why how of in on at to for from with by about as",
        "and or but if so not no please now then than just some any all tell show give want like",
        "know let us hey hi hello ok okay",
    )
)

_SHORTEST_FUZZY = 5
_ALIKE = 0.8


def tokens(text: str) -> list[str]:
    """The words and numbers of a text, as written."""
    return _TOKEN.findall(text)


def normalise(text: str) -> list[str]:
    """The words of a text in lower case, contractions written out."""
    words: list[str] = []
    for token in tokens(_MULTIPLIED.sub(r"\1 times ", text)):
        word = token.lower().replace("’", "'")  # noqa: RUF001
        words.extend(_CONTRACTIONS.get(word, word.removesuffix("'s")).split())
    return words


def alike(word: str, other: str) -> bool:
    """Whether two words are the same, allowing for a slip or an ending in longer ones."""
    if word == other:
        return True
    short, long = sorted((word, other), key=len)
    if (short, long) == ("time", "times"):  # a clock and a product
        return False
    if len(short) >= 3 and long in (short + "s", short + "es", short + "ed", short + "ing"):
        return True
    if len(short) < _SHORTEST_FUZZY or short[0] != long[0]:
        return False
    return SequenceMatcher(None, word, other).ratio() >= _ALIKE


def has(words: Sequence[str], *wanted: str | Iterable[str]) -> bool:
    """Whether each wanted word, or one of each wanted group, is among the words."""
    for want in wanted:
        options = (want,) if isinstance(want, str) else tuple(want)
        if not any(alike(word, option) for word in words for option in options):
            return False
    return True

"""How alike two names, two lists of values or two sets of fields are, each from 0 (nothing alike) to 1 (equal)."""

from __future__ import annotations

import re
from collections.abc import Collection, Hashable
from difflib import SequenceMatcher
from functools import cache

__all__ = ["names_alike", "overlap", "words"]

WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


@cache
def words(name: str) -> tuple[str, ...]:
    """The words of a name in any spelling, in small letters: ``serverVad``, ``server_vad`` and ``Server-VAD`` agree."""
    return tuple(word.lower() for word in WORD.findall(name))


def overlap(first: Collection[Hashable], second: Collection[Hashable]) -> float:
    """The share of what both have in what either has; two empty collections are equal."""
    one, two = set(first), set(second)
    return len(one & two) / len(one | two) if one | two else 1.0


@cache
def names_alike(first: str, second: str) -> float:
    """How alike two names are, by words and by letters; a namespace before the last dot of a type's name is left out.

    A name whose words all occur in the other one counts at least 0.6.
    """
    one, two = words(first), words(second)
    shared = overlap(one, two)
    if one and two and (set(one) <= set(two) or set(two) <= set(one)):
        shared = max(shared, 0.6)
    return max(shared, SequenceMatcher(None, " ".join(one), " ".join(two), autojunk=False).ratio())

"""Numbers in words and digits, both ways."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from .words import vocabulary

__all__ = ["find_numbers", "read_number", "say_number"]

_UNITS = vocabulary(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen",
    "fifteen sixteen seventeen eighteen nineteen",
)
_TENS = vocabulary("zero ten twenty thirty forty fifty sixty seventy eighty ninety")
_SCALES = {"thousand": 1000, "million": 1_000_000, "billion": 1_000_000_000}
_VALUES = {
    **{word: value for value, word in enumerate(_UNITS)},
    **{word: value * 10 for value, word in enumerate(_TENS) if value > 1},
    "fourty": 40,
    "dozen": 12,
}
_MAX_DIGITS = 15


def read_number(words: Sequence[str], start: int = 0) -> tuple[Fraction, int] | None:
    """Read the number that begins at word ``start``: its value, and the words it takes.

    Words are in lower case. None if no number is there.
    """
    digits = _digits(words[start]) if start < len(words) else None
    if digits is not None:
        return digits, 1
    total = group = 0
    place, seen = start, False
    last = 0  # value of the unit or ten just read: "five six" is two numbers
    while place < len(words):
        word = words[place]
        if word in _VALUES:
            value = _VALUES[word]
            if seen and last and not (last >= 20 and last % 10 == 0 and 0 < value < 10):
                break
            group, last, seen = group + value, value, True
        elif word == "hundred" and (seen or place == start):
            group, last, seen = max(1, group) * 100, 0, True
        elif word in _SCALES and (seen or place == start):
            total, group, last, seen = total + max(1, group) * _SCALES[word], 0, 0, True
        elif not (word == "and" and seen and last == 0 and _follows(words, place + 1)):
            break
        place += 1
    if not seen:
        return None
    number = Fraction(total + group)
    if words[place : place + 1] == ["point"]:
        decimals = _decimals(words[place + 1 :])
        if decimals:
            number += Fraction(int(decimals), 10 ** len(decimals))
            place += 1 + len(decimals)
    return number, place - start


def find_numbers(words: Sequence[str]) -> list[Fraction]:
    """All numbers among the words, in their order."""
    numbers: list[Fraction] = []
    place = 0
    while place < len(words):
        found = read_number(words, place)
        if found:
            numbers.append(found[0])
        place += found[1] if found else 1
    return numbers


def say_number(value: Fraction | int) -> str:
    """A number as it is said: words up to a billion, at most three decimals."""
    value = Fraction(value)
    if value < 0:
        return "minus " + say_number(-value)
    whole, rest = divmod(round(value * 1000), 1000)
    text = _say_whole(whole)
    if rest:
        text += " point " + " ".join(_UNITS[int(digit)] for digit in f"{rest:03}".rstrip("0"))
    return text


def _say_whole(value: int) -> str:
    if value < 20:
        return _UNITS[value]
    if value < 100:
        tens, unit = divmod(value, 10)
        return _TENS[tens] + (" " + _UNITS[unit] if unit else "")
    if value < 1000:
        hundreds, rest = divmod(value, 100)
        return f"{_UNITS[hundreds]} hundred" + (" and " + _say_whole(rest) if rest else "")
    for name, scale in reversed(_SCALES.items()):
        if scale <= value < scale * 1000:
            count, rest = divmod(value, scale)
            joint = " and " if 0 < rest < 100 else " "
            return f"{_say_whole(count)} {name}" + (joint + _say_whole(rest) if rest else "")
    return str(value)


def _follows(words: Sequence[str], place: int) -> bool:
    """Whether a number goes on at ``place``, as after "one hundred and"."""
    return place < len(words) and words[place] in _VALUES


def _digits(word: str) -> Fraction | None:
    whole, _, decimals = word.partition(".")
    if not (whole + decimals).isascii() or not whole.isdigit() or len(word) > _MAX_DIGITS:
        return None
    return Fraction(word) if not decimals or decimals.isdigit() else None


def _decimals(words: Sequence[str]) -> str:
    digits = ""
    for word in words:
        if word not in _UNITS[:10]:
            break
        digits += str(_UNITS.index(word))
    return digits

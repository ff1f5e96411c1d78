"""Sums asked in words or digits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

from .numbers import read_number, say_number

__all__ = ["answer_sum"]

_LARGEST = 10**12
_LARGEST_POWER = 40

_OPERATORS = {
    ("plus",): "+",
    ("and",): "+",
    ("added", "to"): "+",
    ("+",): "+",
    ("minus",): "-",
    ("less",): "-",
    ("take", "away"): "-",
    ("-",): "-",
    ("−",): "-",  # noqa: RUF001
    ("times",): "*",
    ("time",): "*",
    ("multiplied", "by"): "*",
    ("x",): "*",
    ("*",): "*",
    ("×",): "*",  # noqa: RUF001
    ("divided", "by"): "/",
    ("divide", "by"): "/",
    ("over",): "/",
    ("/",): "/",
    ("÷",): "/",
    ("to", "the", "power", "of"): "^",
}
_SPOKEN = {"+": "plus", "-": "minus", "*": "times", "/": "divided by", "^": "to the power of"}
_RANK = {"+": 1, "-": 1, "*": 2, "/": 2, "^": 3}
# What a recogniser makes of a number where only a number can stand.
_MISHEARD = {"a": "eight", "ate": "eight", "to": "two", "too": "two", "for": "four", "won": "one"}


def answer_sum(words: Sequence[str]) -> str | None:
    """The answer to the sum among the words, or None."""
    for start in range(len(words)):
        parsed = _parse(words, start)
        if parsed:
            return _say(*parsed)
    return _powers(words)


def _parse(words: Sequence[str], start: int) -> tuple[list[Fraction], list[str]] | None:
    first = _operand(words, start)
    if not first:
        return None
    values, operators = [first[0]], list[str]()
    place = start + first[1]
    while operator := _operator(words, place):
        name, width = operator
        following = _operand(words, place + width) or _misheard(words, place + width)
        if not following:
            break
        values.append(following[0])
        operators.append(name)
        place += width + following[1]
    # "two and three" alone is not a sum; "two plus three" is.
    if not operators or all(words[i] == "and" for i in range(start, place) if _operator(words, i)):
        return None
    return values, operators


def _operator(words: Sequence[str], place: int) -> tuple[str, int] | None:
    for phrase, name in _OPERATORS.items():
        if tuple(words[place : place + len(phrase)]) == phrase:
            return name, len(phrase)
    return None


def _operand(words: Sequence[str], place: int) -> tuple[Fraction, int] | None:
    """A number, with or without a minus before it."""
    if place < len(words) and words[place] in ("minus", "negative", "-"):
        found = read_number(words, place + 1)
        return (-found[0], found[1] + 1) if found else None
    return read_number(words, place)


def _misheard(words: Sequence[str], place: int) -> tuple[Fraction, int] | None:
    word = _MISHEARD.get(words[place]) if place < len(words) else None
    return read_number([word]) if word else None


def _say(values: list[Fraction], operators: list[str]) -> str:
    question = say_number(values[0])
    for operator, value in zip(operators, values[1:], strict=True):
        question += f" {_SPOKEN[operator]} {say_number(value)}"
    result = _evaluate(list(values), list(operators))
    if isinstance(result, str):
        return result
    approximate = (result * 1000).denominator != 1
    return f"{question[0].upper()}{question[1:]} is {'about ' * approximate}{say_number(result)}."


def _evaluate(values: list[Fraction], operators: list[str]) -> Fraction | str:
    apply: dict[str, Callable[[Fraction, Fraction], Fraction]] = {
        "+": lambda a, b: a + b,
        "-": lambda a, b: a - b,
        "*": lambda a, b: a * b,
        "/": lambda a, b: a / b,
        "^": lambda a, b: a ** int(b),
    }
    for rank in (3, 2, 1):
        place = 0
        while place < len(operators):
            operator = operators[place]
            if _RANK[operator] != rank:
                place += 1
                continue
            left, right = values[place : place + 2]
            if operator == "/" and right == 0:
                return "Nothing can be divided by zero."
            if operator == "^" and (right.denominator != 1 or right > _LARGEST_POWER):
                return "That number is too large for me."
            result = apply[operator](left, right)
            if abs(result) > _LARGEST:
                return "That number is too large for me."
            values[place : place + 2] = [result]
            del operators[place]
    return values[0]


def _powers(words: Sequence[str]) -> str | None:
    if "squared" in words:
        place = words.index("squared")
        for start in range(max(0, place - 6), place):
            found = read_number(words, start)
            if found and start + found[1] == place:
                return _say([found[0], Fraction(2)], ["^"])
        return None
    if "root" not in words or "of" not in words[words.index("root") :]:
        return None
    found = read_number(words, words.index("of", words.index("root")) + 1)
    if not found:
        return None
    root = Fraction(round(float(found[0]) ** 0.5, 3)).limit_denominator(1000)
    about = "" if root * root == found[0] else "about "
    return f"The square root of {say_number(found[0])} is {about}{say_number(root)}."

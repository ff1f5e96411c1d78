"""A few things the assistant knows."""

from __future__ import annotations

from collections.abc import Sequence

from .words import alike, has

__all__ = ["JOKES", "answer_fact"]

JOKES = (
    "Why did the chicken cross the road? To get to the other side.",
    "Why do bees hum? Because they have forgotten the words.",
    "What is brown and sticky? A stick.",
    "Why was the math book sad? It had too many problems.",
)

_CAPITALS = {
    "Argentina": "Buenos Aires",
    "Australia": "Canberra",
    "Austria": "Vienna",
    "Belgium": "Brussels",
    "Brazil": "Brasilia",
    "Canada": "Ottawa",
    "China": "Beijing",
    "Denmark": "Copenhagen",
    "Egypt": "Cairo",
    "England": "London",
    "Finland": "Helsinki",
    "France": "Paris",
    "Germany": "Berlin",
    "Greece": "Athens",
    "India": "New Delhi",
    "Ireland": "Dublin",
    "Italy": "Rome",
    "Japan": "Tokyo",
    "Mexico": "Mexico City",
    "Netherlands": "Amsterdam",
    "Norway": "Oslo",
    "Poland": "Warsaw",
    "Portugal": "Lisbon",
    "Russia": "Moscow",
    "Spain": "Madrid",
    "Sweden": "Stockholm",
    "Switzerland": "Bern",
    "Turkey": "Ankara",
}
_TWO_WORD_CAPITALS = {
    ("united", "kingdom"): ("the United Kingdom", "London"),
    ("united", "states"): ("the United States", "Washington"),
    ("new", "zealand"): ("New Zealand", "Wellington"),
    ("south", "korea"): ("South Korea", "Seoul"),
}

_BIGGEST = ("largest", "biggest", "greatest", "large", "big")
_FACTS: tuple[tuple[tuple[str | tuple[str, ...], ...], str], ...] = (
    (
        (_BIGGEST, ("lake", "lay", "lakes"), ("freshwater", "fresh", "sweet")),
        "The largest freshwater lake in the world is Lake Superior, by area.",
    ),
    ((("deepest", "deep"), "lake"), "The deepest lake in the world is Lake Baikal."),
    (
        (_BIGGEST, ("lake", "lay", "lakes")),
        "The largest lake in the world is the Caspian Sea.",
    ),
    ((_BIGGEST, "ocean"), "The largest ocean is the Pacific Ocean."),
    ((_BIGGEST, "planet"), "The largest planet of the solar system is Jupiter."),
    ((_BIGGEST, "country"), "The largest country in the world is Russia."),
    ((_BIGGEST, "desert"), "The largest hot desert in the world is the Sahara."),
    (
        (("highest", "tallest"), "mountain"),
        "The highest mountain in the world is Mount Everest.",
    ),
    (("longest", "river"), "The longest river in the world is the Nile."),
)


def answer_fact(words: Sequence[str]) -> str | None:
    """The answer to a question of knowledge, or None when it is not known."""
    for wanted, answer in _FACTS:
        if has(words, *wanted):
            return answer
    return _capital(words) if has(words, "capital") else None


def _capital(words: Sequence[str]) -> str:
    for pair, (country, capital) in _TWO_WORD_CAPITALS.items():
        if all(word in words for word in pair):
            return f"The capital of {country} is {capital}."
    for country, capital in _CAPITALS.items():
        if any(alike(word, country.lower()) for word in words):
            article = "the " if country == "Netherlands" else ""
            return f"The capital of {article}{country} is {capital}."
    return "Sorry, I do not know that capital."

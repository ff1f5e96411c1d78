"""Words that fill a pause, as ``remove_filler_words`` leaves them out of what was said."""

from __future__ import annotations

import re

from ..demo_responder.words import vocabulary

__all__ = ["without_fillers"]

_ANYWHERE = vocabulary("uh uhh uhm umm hm hmm hmmm mm mmm mhm äh ähm öh öhm euh")
_IN_ENGLISH = vocabulary("um er erm ah eh")
"""In other languages some of these are words: "um" and "er" in German, "ah" and "eh" in many."""


def _pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    # With the comma or the dots that set it off, but not with the end of the sentence.
    return re.compile(rf"(?<![\w'’-])(?:{'|'.join(words)})(?![\w'’-])(?:,|\.\.\.|…)?\s*", re.IGNORECASE)  # noqa: RUF001


_OTHERWISE = _pattern(_ANYWHERE)
_ENGLISH = _pattern((*_ANYWHERE, *_IN_ENGLISH))
_WORD = re.compile(r"\w")


def without_fillers(text: str, language: str | None = None) -> str:
    """Return `text` without filler words; the empty string where it has no others.

    Args:
        text: what was understood.
        language: the session's language, such as ``en-US``; English by default.
    """
    pattern = _ENGLISH if not language or language.lower().startswith("en") else _OTHERWISE
    kept = pattern.sub("", text).strip()
    if kept == text.strip():
        return text
    if not _WORD.search(kept):
        return ""
    kept = re.sub(r"[\s,]+([.!?])", r"\1", kept)
    return kept[0].upper() + kept[1:] if text.lstrip()[:1].isupper() else kept

"""Words as they are compared: spelling, punctuation and case aside; and how many differ."""

import re
import unicodedata

from .._public import public_in
from ..errors import ConfigurationError

__all__ = ["error_within", "normalized", "word_error_rate"]

_NOT_WORDS = re.compile(r"[^\w\s']")


def normalized(text: str) -> list[str]:
    """Return the words of a text in lower case, without punctuation."""
    plain = unicodedata.normalize("NFKC", text).casefold().replace("\u2019", "'")
    return [word for piece in _NOT_WORDS.sub(" ", plain).split() if (word := piece.strip("'"))]


@public_in("voicelive.evaluation")
def word_error_rate(expected: str, actual: str) -> float | None:
    """Return how many words must be changed, added or taken out, for each expected one; None if none is expected.

    Case and punctuation do not count. More than 1 is possible, where more was said than expected.

    Raises:
        ConfigurationError: if jiwer is not installed; says how to install it.
    """
    wanted, found = normalized(expected), normalized(actual)
    if not wanted:
        return None
    if not found:
        return 1.0
    try:
        import jiwer
    except ImportError:
        raise ConfigurationError('word error rates need jiwer: pip install "voicelive[evaluation]"') from None
    return float(jiwer.wer(" ".join(wanted), " ".join(found)))


def error_within(expected: str, actual: str) -> float:
    """Return the share of the expected words that are missing or other ones, in the best-fitting part of a text."""
    wanted, found = normalized(expected), normalized(actual)
    if not wanted:
        return 0.0
    # Edit distance to any stretch of the text: what stands before and after it costs nothing.
    row = [0] * (len(found) + 1)
    for number, word in enumerate(wanted, 1):
        above, row = row, [number]
        for index, other in enumerate(found):
            row.append(min(above[index] + (word != other), above[index + 1] + 1, row[index] + 1))
    return min(row) / len(wanted)

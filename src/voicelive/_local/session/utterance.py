"""Whether what was heard so far sounds like all that somebody wants to say: the end of an utterance, by its words."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..demo_responder.words import vocabulary
from .fillers import without_fillers

if TYPE_CHECKING:
    from ..engines.protocols import Transcriber

__all__ = ["is_finished", "sounds_finished_in"]

logger = logging.getLogger("voicelive.local")

_UNFINISHED = frozenset(
    vocabulary(
        "a an the my your his her its our their this that these those some any every each",
        "and or but because so if when while which who than as although unless until since",
        "about at by for from in into of on onto over per to under with without",
        "is are was were am be been do does did have has had can could will would shall should may might must",
        "very really just also even only um uh er erm hmm well like",
    )
)
"""Words that something follows."""

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?")
_SHORT = 3


def is_finished(text: str, level: str | None = None) -> bool:
    """Return whether `text` may be the end of what is being said.

    It is not where it ends with a comma, dots or a dash, or with a word that something follows, such as "the", "and"
    or "um". An empty text is finished: waiting would not help.

    Args:
        text: what was understood.
        level: how certain to be: with ``high``, a text of fewer than three words must end like a sentence too.
    """
    stripped = text.strip().lower()
    words = _WORD.findall(stripped)
    if not words:
        return True
    if stripped.endswith((",", ";", ":", "-", "–", "—", "…", "...")):  # noqa: RUF001
        return False
    if stripped.endswith((".", "!", "?", "。", "？", "！")):  # noqa: RUF001
        return True
    if words[-1] in _UNFINISHED:
        return False
    return level != "high" or len(words) >= _SHORT


def sounds_finished_in(session: Mapping[str, Any], transcriber: Transcriber, pcm: bytes, rate: int) -> bool:
    """Return whether what is said in `pcm` sounds finished, by the session's settings as they are now; blocks."""
    settings = session["input_audio_transcription"] or {}
    detection = session["turn_detection"] or {}
    try:
        heard = transcriber.transcribe(pcm, rate, settings.get("language") or None)
    except Exception:
        # Whatever an engine raises is reported to the client once the turn has ended and is transcribed as a whole.
        logger.exception("judging whether a turn is finished failed")
        return True
    text = heard.text
    if detection.get("remove_filler_words"):
        text = without_fillers(text, settings.get("language"))
    return is_finished(text, (detection.get("end_of_utterance_detection") or {}).get("threshold_level"))

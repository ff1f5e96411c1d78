"""Estimates of the tokens that a response would have cost."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from ..engines.protocols import (
    ConversationTurn,
    FunctionCallTurn,
    FunctionOutputTurn,
)

__all__ = ["argument_pieces", "estimate_usage", "text_tokens", "tokens"]

_TOKEN = re.compile(r"\w+|\s+|[^\w\s]")

_MAX_COUNTED = 10_000
"""Characters that are looked at one by one; counting a megabyte would hold up everybody else."""

_MAX_PIECES = 1000

_INPUT_AUDIO_TOKENS_PER_S = 10
_OUTPUT_AUDIO_TOKENS_PER_S = 20


def tokens(text: str) -> list[str]:
    """Cut `text` into pieces the size of tokens: words, runs of blanks, single signs."""
    return _TOKEN.findall(text)


def argument_pieces(arguments: str) -> list[str]:
    """Cut JSON arguments as they arrive: an empty object whole, others in pieces, long ones in longer pieces."""
    if len(arguments) <= 2:
        return [arguments]
    if len(arguments) <= _MAX_COUNTED:
        return tokens(arguments)
    size = len(arguments) // _MAX_PIECES + 1
    return [arguments[start : start + size] for start in range(0, len(arguments), size)]


def text_tokens(text: str) -> int:
    """Estimate the tokens of `text`; of a long one by its beginning."""
    counted = sum(1 for token in tokens(text[:_MAX_COUNTED]) if not token.isspace())
    return counted if len(text) <= _MAX_COUNTED else counted * len(text) // _MAX_COUNTED


def estimate_usage(
    *,
    instructions: str,
    context: Iterable[ConversationTurn],
    input_audio_ms: int,
    output_text: str,
    output_audio_ms: int,
    generated: bool = True,
) -> dict[str, Any]:
    """Return the ``usage`` of a response.

    Args:
        instructions: the instructions in force.
        context: the conversation that was answered.
        input_audio_ms: milliseconds of audio in it; 10 tokens per second.
        output_text: the text and arguments that came out.
        output_audio_ms: milliseconds of audio that came out; 20 tokens per second.
        generated: False where the answer was given by the client, which costs no input.
    """
    text_in = audio_in = 0
    if generated:
        text_in = text_tokens(instructions) + sum(text_tokens(_text(turn)) for turn in context)
        audio_in = input_audio_ms * _INPUT_AUDIO_TOKENS_PER_S // 1000
    text_out = text_tokens(output_text)
    audio_out = output_audio_ms * _OUTPUT_AUDIO_TOKENS_PER_S // 1000
    return {
        "total_tokens": text_in + audio_in + text_out + audio_out,
        "input_tokens": text_in + audio_in,
        "output_tokens": text_out + audio_out,
        "input_token_details": {
            "cached_tokens": 0,
            "text_tokens": text_in,
            "audio_tokens": audio_in,
            "image_tokens": 0,
            "cached_tokens_details": {"text_tokens": 0, "audio_tokens": 0, "image_tokens": 0},
        },
        "output_token_details": {
            "text_tokens": text_out,
            "audio_tokens": audio_out,
            "reasoning_tokens": 0,
        },
    }


def _text(turn: ConversationTurn) -> str:
    if isinstance(turn, FunctionCallTurn):
        return f"{turn.name} {turn.arguments}"
    if isinstance(turn, FunctionOutputTurn):
        return turn.output
    return turn.text

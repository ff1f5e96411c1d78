"""Interim responses: what is said meanwhile, and when."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

__all__ = ["LOCAL_TEXTS", "bridged", "complete_interim_response", "interim_text", "threshold_s"]

LOCAL_TEXTS = ("One moment, please.", "Just a second.", "Let me see.")
"""What the local service says where a language model would find the words, or a static response has none."""

_STATIC: Mapping[str, Any] = {"triggers": ["latency"], "latency_threshold_ms": 2000, "texts": None}
_LLM: Mapping[str, Any] = {
    "triggers": ["latency"],
    "latency_threshold_ms": 2000,
    "model": "gpt-4.1-mini",
    "instructions": None,
    "max_completion_tokens": 50,
}

T = TypeVar("T")


def complete_interim_response(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of interim responses with their defaults filled in."""
    defaults = _STATIC if given["type"] == "static_interim_response" else _LLM
    return {**defaults, **{key: value for key, value in given.items() if value is not None}}


def threshold_s(settings: Mapping[str, Any] | None) -> float | None:
    """Return after how many seconds without output an interim response is due; None for never."""
    if settings is None or "latency" not in settings["triggers"]:
        return None
    return float(settings["latency_threshold_ms"]) / 1000


def interim_text(settings: Mapping[str, Any]) -> str:
    """Return what to say: one of the session's texts at random, or one of the service's own."""
    texts: Sequence[str] = settings.get("texts") or LOCAL_TEXTS
    return random.choice(texts)


async def bridged(
    outputs: AsyncGenerator[T, None],
    patience_s: float | None,
    bridge: Callable[[], Awaitable[None]],
) -> AsyncGenerator[T, None]:
    """Yield `outputs`; where the first is not there after `patience_s`, run `bridge` to its end before yielding it."""
    if patience_s is not None:
        first = asyncio.ensure_future(anext(outputs))
        try:
            await asyncio.wait({first}, timeout=patience_s)
            if not first.done():
                await bridge()
            value = await first
        except StopAsyncIteration:
            return
        finally:
            if not first.done():
                first.cancel()
                await asyncio.wait({first})
        yield value
    async for value in outputs:
        yield value

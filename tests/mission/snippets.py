"""The snippets of the usage document, word for word, and how they are run.

Only the import path is changed, `azure.ai.voicelive` to `voicelive`. The sync twin of a snippet is made by rule, not by
hand: `async` and `await` go, the asynchronous modules become their synchronous ones. So what runs here in both forms is
the same text, and a method that only one client has cannot pass.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).with_name("snippets")

RULES = [
    (r"\basync (with|for|def)\b", r"\1"),
    (r"\bawait ", ""),
    (r"\basyncio\.run\((.*)\)", r"\1"),
    (r"^import asyncio\n", ""),
    (r"\b(voicelive|azure\.identity)\.aio\b", r"\1"),
]


def snippet(name: str) -> str:
    """The text of a snippet, importing from this package."""
    return (FOLDER / f"{name}.txt").read_text(encoding="utf-8").replace("azure.ai.voicelive", "voicelive")


def sync_twin(source: str) -> str:
    """The same snippet for the sync client."""
    for pattern, replacement in RULES:
        source = re.sub(pattern, replacement, source, flags=re.MULTILINE)
    assert not re.search(r"\b(async|await|asyncio|aio)\b", source), source
    return source


def run_sync(source: str, names: dict[str, Any]) -> None:
    """Run the sync twin of a snippet with `names` as its globals."""
    exec(compile(sync_twin(source), "<sync twin>", "exec"), names)


async def run_async(source: str, names: dict[str, Any]) -> None:
    """Run a snippet that may await at its top level, with `names` as its globals."""
    code = compile(source, "<snippet>", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    result = eval(code, names)
    if inspect.iscoroutine(result):
        await result


def awaited(function: Callable[..., Any]) -> Callable[..., Coroutine[Any, Any, Any]]:
    """An `async` function that does what `function` does, for what a snippet awaits."""

    async def call(*arguments: Any) -> Any:
        return function(*arguments)

    return call

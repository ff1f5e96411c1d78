"""Finds the instrumentation of azure-ai-voicelive in a program, and says what takes its place."""

from __future__ import annotations

import ast

__all__ = ["INSTRUMENTOR", "is_instrumentation", "telemetry_argument"]

INSTRUMENTOR = "VoiceLiveInstrumentor"
_CONTENT = "enable_content_recording"


def is_instrumentation(node: ast.AST) -> bool:
    """Return whether `node` is the call ``VoiceLiveInstrumentor().instrument(…)``."""
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "instrument"
        and isinstance(made := node.func.value, ast.Call)
        and isinstance(made.func, ast.Name)
        and made.func.id == INSTRUMENTOR
    )


def telemetry_argument(tree: ast.Module) -> str | None:
    """Return the argument of ``connect()`` that does what the program's instrumentation does.

    None if the program has none, one whose options are only known when it runs, or one that is imported within a
    function: whether that is called is only known then too, and the name is not there for ``connect()``.
    """
    imported = {alias.name for node in tree.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    if INSTRUMENTOR not in imported:
        return None
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and is_instrumentation(node)]
    if len(calls) != 1:
        return None
    options = {keyword.arg: keyword.value for keyword in calls[0].keywords}
    content = options.pop(_CONTENT, ast.Constant(value=None))
    if options or calls[0].args or not isinstance(content, ast.Constant):
        return None
    return f'telemetry=Telemetry(conventions="azure"{", content=True" if content.value else ""})'

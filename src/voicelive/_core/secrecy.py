"""Keeps keys, tokens and passwords out of what a traceback, a debugger or a log shows of variables."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["Secret", "SecretMapping"]


class Secret(str):
    """A text that is used like any other, but that its repr does not show."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'(hidden)'"


class SecretMapping(dict[str, str]):
    """A copy of a mapping, such as the environment, whose repr shows the names only."""

    def __init__(self, values: Mapping[str, str]) -> None:
        super().__init__(values)

    def __repr__(self) -> str:
        return f"<{len(self)} values, hidden>"

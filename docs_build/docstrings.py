"""What mkdocstrings calls: turns the few reStructuredText marks of the docstrings into Markdown."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import griffe

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Roles", "to_markdown"]

_ROLE = re.compile(r":(?:class|func|meth|mod|attr|data|exc):`([^`]+)`")
_LITERAL_BLOCK = re.compile(r"::$", re.MULTILINE)


def to_markdown(text: str) -> str:
    """Roles such as ``:class:`Model``` as code, and ``::`` before a code block as a colon."""
    text = _ROLE.sub(lambda role: f"`{_shown(role[1])}`", text)
    return _LITERAL_BLOCK.sub(":", text)


def _shown(target: str) -> str:
    # A tilde shows the last part alone.
    return target[1:].rpartition(".")[2] if target.startswith("~") else target


class Roles(griffe.Extension):
    """Applies :func:`to_markdown` to every docstring."""

    def on_package(self, *, pkg: griffe.Module, **_: Any) -> None:
        """Called once for a package that has been read whole."""
        self._visit(pkg)

    def _visit(self, obj: griffe.Object) -> None:
        if obj.docstring is not None:
            obj.docstring.value = to_markdown(obj.docstring.value)
        members: Sequence[griffe.Object | griffe.Alias] = list(obj.members.values())
        for member in members:
            if isinstance(member, griffe.Object):
                self._visit(member)

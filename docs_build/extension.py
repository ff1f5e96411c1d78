"""What mkdocstrings calls: every docstring as Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import griffe

from docs_build.docstrings import to_markdown

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Roles"]


class Roles(griffe.Extension):
    """Applies :func:`~docs_build.docstrings.to_markdown` to every docstring."""

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

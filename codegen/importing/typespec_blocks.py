"""The parts of what is written as TypeSpec: whole declarations, and members to be put into those that there are."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Block"]


@dataclass(frozen=True)
class Block:
    """Some lines of TypeSpec.

    Attributes:
        group: ``model``, ``enum`` or ``union``.
        name: what the lines declare; of members, what they belong to.
        lines: the declaration, or the members alone.
        inside: whether these are members.
    """

    group: str
    name: str
    lines: list[str]
    inside: bool = False

    def text(self, file: str) -> str:
        """The lines as they can stand in a file of their own; `file` says where members belong."""
        if not self.inside:
            return "\n".join(self.lines) + "\n"
        note = f"// To paste into the {self.group} {self.name}{file}."
        if self.group == "model":
            opening, closing = f"alias AddedTo{self.name} = {{", "};"
        else:
            # A template that is never used: it is checked, but stays out of the emitted documents.
            opening, closing = f"union AddedTo{self.name}<Unused> {{", "}"
        return "\n".join([note, opening, *self.lines, closing]) + "\n"

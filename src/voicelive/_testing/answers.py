"""What the scripted service answers: its script, and without one whatever the engines bring."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

from .._local.engines.protocols import AnyResponder, ResponderOutput, ResponderRequest
from .._local.engines.scripted import Script, ScriptedResponder

__all__ = ["Answers"]


class Answers:
    """A responder that goes by a script from the first turn that it is given."""

    def __init__(self, unscripted: AnyResponder) -> None:
        self.script = ScriptedResponder()
        self.requests: list[ResponderRequest] = []
        """Everything that was asked, oldest first."""
        self._unscripted = unscripted
        self._scripted = False

    def add(self, turn: Script) -> None:
        """Add a turn to the script."""
        self._scripted = True
        self.script.add(turn)

    def respond(self, request: ResponderRequest) -> Iterator[ResponderOutput] | AsyncIterator[ResponderOutput]:
        """Yield the next turn of the script, or without a script an answer of the engines' own responder."""
        self.requests.append(request)
        responder = self.script if self._scripted else self._unscripted
        return responder.respond(request)

    def prepare(self) -> None:
        """Prepare the engines' own responder."""
        if prepare := getattr(self._unscripted, "prepare", None):
            prepare()

    def close(self) -> None:
        """Close the engines' own responder."""
        if close := getattr(self._unscripted, "close", None):
            close()

    def complaints(self) -> list[str]:
        """Say where script and requests do not fit: turns that nobody asked for, requests without a turn."""
        found: list[str] = []
        if unused := self.script.unused:
            turns = ", ".join(repr(turn) for turn in unused)
            found.append(f"{len(unused)} turn(s) of the script were never asked for: {turns}")
        if unexpected := self.script.unexpected:
            last = unexpected[-1].conversation[-1] if unexpected[-1].conversation else "nothing"
            found.append(
                f"{len(unexpected)} request(s) came after the end of the script; the last one to answer {last}"
            )
        return found

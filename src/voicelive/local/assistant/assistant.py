"""The assistant: from a conversation to an answer, by rules."""

from __future__ import annotations

from collections.abc import Iterator

from ..engines.protocols import MessageTurn, ResponderOutput, ResponderRequest, TextChunk

__all__ = ["Assistant"]


class Assistant:
    """Answers a few kinds of questions in short sentences fit to be spoken."""

    def respond(self, request: ResponderRequest) -> Iterator[ResponderOutput]:
        """Yield the answer to the conversation's last turn."""
        last = request.conversation[-1] if request.conversation else None
        text = last.text if isinstance(last, MessageTurn) else ""
        if "lake" in text.lower():
            yield TextChunk("The largest lake in the world is the Caspian Sea.")
        else:
            yield TextChunk("Sorry, I did not catch that.")

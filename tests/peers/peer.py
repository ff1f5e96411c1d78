"""What the flows ask of a client, and what they see of it: the same for all, each written in its own way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from .dialects import Dialect

__all__ = ["DEADLINE", "KEY", "PIECE_BYTES", "Client", "Peer", "Seen", "Setup", "Tool", "walk"]

DEADLINE = 60.0
"""Seconds that anything may take; far more than it does."""

KEY = "the key of the local service"

AZURE_VOICE = "en-US-AvaNeural"
"""A voice that comes with timestamps and visemes."""

PIECE_BYTES = 4800
"""Bytes of one append: 100 ms of PCM16 at 24 kHz."""


@dataclass(frozen=True)
class Tool:
    """A function that the model may call."""

    name: str
    description: str
    parameters: dict[str, Any]


@dataclass(frozen=True)
class Setup:
    """What a flow sets in its session."""

    instructions: str = "Be brief."
    modalities: tuple[str, ...] = ("text", "audio")
    silence_ms: int | None = 250
    """Silence that ends a turn, in ms; None for no turn detection."""
    tools: Sequence[Tool] = ()
    mcp_url: str | None = None
    """An MCP server, labelled ``shop``, each of whose calls needs approval."""
    marks: bool = False
    """Whether an Azure voice speaks, with a timestamp for every word and a viseme for every sound."""
    interim: str | None = None
    """What an Azure voice says at once while an answer is awaited."""

    @property
    def voice(self) -> str | None:
        """The Azure voice that these settings need; None where OpenAI's ``alloy`` does."""
        return AZURE_VOICE if self.marks or self.interim is not None else None


@dataclass(frozen=True)
class Seen:
    """An event as the client's user gets it."""

    type: str
    form: str
    """The client's own name for the kind of event: its class, or the handler that was called."""
    typed: bool
    """Whether that is made for this type of event, rather than one for any."""
    look: Callable[[str], Any]
    """Reads a field by its path, such as ``response.output.0.status``, as the client's user would."""
    audio: bytes = b""
    """The sound in the event, decoded as the client has its user do it."""


class Peer(Protocol):
    """A client with an open connection."""

    async def configure(self, setup: Setup) -> None:
        """Send ``session.update``."""
        ...

    async def misconfigure(self, modality: str) -> None:
        """Send ``session.update`` with a modality that there is not."""
        ...

    async def say(self, text: str) -> None:
        """Create a user message."""
        ...

    async def ask(self) -> None:
        """Send ``response.create``."""
        ...

    async def speak(self, audio: bytes) -> None:
        """Append PCM16 of 24 kHz, in pieces of `PIECE_BYTES`."""
        ...

    async def commit(self) -> None:
        """Send ``input_audio_buffer.commit``."""
        ...

    async def retrieve(self, item_id: str) -> None:
        """Send ``conversation.item.retrieve``."""
        ...

    async def truncate(self, item_id: str, audio_end_ms: int) -> None:
        """Send ``conversation.item.truncate`` for the first part of an item."""
        ...

    async def delete(self, item_id: str) -> None:
        """Send ``conversation.item.delete``."""
        ...

    async def give_output(self, call_id: str, output: str) -> None:
        """Send what a function returned."""
        ...

    async def approve(self, request_id: str) -> None:
        """Send an ``mcp_approval_response`` that approves."""
        ...

    async def greet(self, text: str) -> None:
        """Send ``response.create`` with a ``pre_generated_assistant_message``."""
        ...

    async def type(self, item_id: str, *pieces: str) -> None:
        """Send ``input_text.delta`` for every piece, then ``input_text.done``."""
        ...

    async def cancel(self, event_id: str) -> None:
        """Send ``response.cancel``."""
        ...

    async def next(self) -> Seen:
        """Receive an event."""
        ...

    async def ending(self) -> str:
        """Receive until the service has ended the connection; return what the user is told of it."""
        ...

    def session(self, seen: Seen) -> dict[str, Any]:
        """Return what ``session.created`` and ``session.updated`` say of the things that a `Setup` sets."""
        ...


class Client(Protocol):
    """A client."""

    name: str
    heading: str
    """Its name in the document."""
    told_of_unknown: str | None
    """The form, made for other types, in which its user sees an event of an unknown one; None if it is kept back."""
    told_of_malformed: str
    """What its user sees of a message that is no JSON: the event and its form, or the exception, as it begins."""

    def open(self, endpoint: str, dialect: Dialect, key: str = KEY) -> AbstractAsyncContextManager[Peer]:
        """Connect; leaving the context closes the connection as the client's user would."""
        ...


def walk(event: Any, path: str) -> Any:
    """Follow a path of attributes and list indices, as in ``event.response.output[0].status``."""
    for name in path.split("."):
        event = event[int(name)] if name.isdigit() else getattr(event, name)
    return event


async def soon(work: Any) -> Any:
    """Await `work` for no longer than the deadline."""
    return await asyncio.wait_for(work, DEADLINE)

"""A caller with a player, on either client: what the tests of the conversation have in common."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

from voicelive.testing import ScriptedService

from .harness import Client, Script

BYTES_PER_MS = 48
"""Of PCM16 at 24 kHz."""

DEADLINE = 60.0


class Caller:
    """Receives, and keeps what an application would hand to its player."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.events: list[Any] = []
        self.sound: dict[str, bytes] = defaultdict(bytes)
        """What was handed out of each item."""

    async def until(self, event_type: str, predicate: Callable[[Any], bool] = lambda event: True) -> Any:
        """Receive up to an event of a type."""
        deadline = time.monotonic() + DEADLINE
        while True:
            assert time.monotonic() < deadline, self.types
            event: Any = await self.script.recv(DEADLINE)
            self.events.append(event)
            if event.canonical_type == "response.audio.delta":
                self.sound[event.item_id] += event.delta_bytes
            if event.canonical_type == event_type and predicate(event):
                return event

    async def have(self, event_type: str, predicate: Callable[[Any], bool] = lambda event: True) -> Any:
        """Return the event of a type that was received already, or receive up to it: two may come in any order."""
        found = [event for event in self.of(event_type) if predicate(event)]
        return found[0] if found else await self.until(event_type, predicate)

    async def played(self, ms: int, **more: Any) -> None:
        """Report that so many ms were played."""
        await self.script.do(lambda connection: connection.playback.played(ms * BYTES_PER_MS, **more))

    async def speak(self, audio: bytes) -> None:
        """Send audio in pieces of 100 ms."""
        for start in range(0, len(audio), 4800):
            await self.script.call("input_audio_buffer.append", audio=audio[start : start + 4800])

    async def respond(self, *arguments: Any, **fields: Any) -> Any:
        """Ask for a response; returns its handle."""
        return await self.script.do(lambda connection: connection.respond(*arguments, **fields))

    async def wait(self, handle: Any, timeout: float | None = DEADLINE) -> Any:
        """Wait for the outcome of a handle."""
        return await self.script.do(lambda connection: handle.wait(timeout))

    async def interrupt(self) -> Any:
        """Interrupt the answer."""
        return await self.script.do(lambda connection: connection.interrupt())

    async def item(self, item_id: str) -> dict[str, Any]:
        """Ask the service for an item."""
        await self.script.call("conversation.item.retrieve", item_id=item_id)
        found: dict[str, Any] = (await self.until("conversation.item.retrieved")).item.to_dict()
        return found

    @property
    def types(self) -> list[str]:
        """What was received, in order."""
        return [event.type for event in self.events]

    def of(self, event_type: str) -> list[Any]:
        """Return what was received of a type."""
        return [event for event in self.events if event.canonical_type == event_type]

    @property
    def errors(self) -> list[str]:
        """What the service refused, as far as the application was told."""
        return [event.error.message for event in self.of("error")]


@asynccontextmanager
async def calling(client: Client, service: ScriptedService, **arguments: Any) -> AsyncGenerator[Caller, None]:
    """Connect, and receive ``session.created``."""
    async with client.connect(service.endpoint, **arguments) as script:
        caller = Caller(script)
        await caller.until("session.created")
        yield caller


async def eventually(predicate: Callable[[], bool]) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + DEADLINE
    while not predicate():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)

"""What the tests of the bridge have in common: agents that keep what they received."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from voicelive.aio import VoiceLiveConnection

LINES = ["twilio", "acs", "genesys"]
DEADLINE = 60.0


class Agent:
    """Receives until the call ends, and keeps the events with their times."""

    def __init__(self, **session: Any) -> None:
        self.session = session
        self.events: list[Any] = []
        self.at: list[float] = []
        self.connection: VoiceLiveConnection | None = None

    async def __call__(self, connection: VoiceLiveConnection) -> None:
        self.connection = connection
        if self.session:
            await connection.session.update(session=self.session)
        async for event in connection:
            self.events.append(event)
            self.at.append(time.monotonic())

    @property
    def types(self) -> list[str]:
        return [event.type for event in self.events]

    def of(self, kind: str) -> list[Any]:
        return [event for event in self.events if event.type == kind]

    async def until(self, kind: str, count: int = 1) -> Any:
        """Wait for the `count`-th event of a type."""
        deadline = time.monotonic() + DEADLINE
        while len(found := self.of(kind)) < count:
            assert time.monotonic() < deadline, self.types
            await asyncio.sleep(0.01)
        return found[count - 1]

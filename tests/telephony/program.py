"""The agent of the server's tests: found by its name, in processes of the server's own."""

from __future__ import annotations

from voicelive.agents import agent
from voicelive.aio import VoiceLiveConnection


@agent(model="gpt-4o")
async def reception(connection: VoiceLiveConnection) -> None:
    await connection.say("Hello.")
    async for _ in connection:
        pass

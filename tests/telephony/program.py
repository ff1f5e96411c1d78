"""The agent of the server's tests: found by its name, in processes of the server's own."""

from __future__ import annotations

from voicelive.agents import agent
from voicelive.aio import VoiceLiveConnection
from voicelive.telephony import call_of


@agent(model="gpt-4o")
async def reception(connection: VoiceLiveConnection) -> None:
    await connection.say("Hello.")
    async for event in connection:
        if event.type == "voicelive.dtmf" and event.digit == "0":
            await connection.say("Goodbye.")
            call_of(connection).hang_up()

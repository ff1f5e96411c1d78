"""Agents for the tests: a good one, and some that are worse on purpose."""

from __future__ import annotations

import asyncio
from typing import Any

from voicelive.agents import agent
from voicelive.tools import Tools

__all__ = ["breaks", "forgets_its_tool", "good", "hangs_up", "mumbles", "talks_over"]


def get_weather(location: str) -> dict[str, str | int]:
    """Return the current weather in a city."""
    return {"location": location, "weather": "sunny", "temperature": 21}


TOOLS = Tools([get_weather])


async def _answer(connection: Any, **session: Any) -> None:
    await connection.session.update(session={"tools": TOOLS.definitions, **session})
    async for _ in connection:
        pass


@agent(tools=TOOLS)
async def good(connection: Any) -> None:
    """Do everything right."""
    await _answer(connection)


@agent(tools=TOOLS)
async def forgets_its_tool(connection: Any) -> None:
    """Know of no tool."""
    await _answer(connection, tools=[])


@agent(tools=TOOLS)
async def mumbles(connection: Any) -> None:
    """Speak far faster than one can understand."""
    await _answer(connection, voice={"type": "azure-standard", "name": "en-US-AvaNeural", "rate": "4.0"})


@agent(tools=TOOLS)
async def talks_over(connection: Any) -> None:
    """Speak whenever the caller begins to."""
    await connection.session.update(
        session={"tools": TOOLS.definitions, "turn_detection": {"type": "server_vad", "interrupt_response": False}}
    )
    async for event in connection:
        if event.type == "input_audio_buffer.speech_started":
            await connection.say("Let me tell you something.")


@agent(tools=TOOLS)
async def hangs_up(connection: Any) -> None:
    """End the call after the first answer."""
    await connection.session.update(session={"tools": TOOLS.definitions})
    async for event in connection:
        if event.type == "response.done":
            await asyncio.sleep(1)
            return


async def breaks(connection: Any) -> None:
    """Fail."""
    await connection.session.update(session={})
    raise KeyError("no such customer")

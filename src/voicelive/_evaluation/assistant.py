"""The built-in agent: what scenarios are tried with, and the example of one."""

from __future__ import annotations

from .._public import public_in
from ..agents import agent
from ..aio import VoiceLiveConnection
from ..tools import Tools

__all__ = ["assistant"]


def get_weather(location: str) -> dict[str, str | int]:
    """Return the current weather in a city."""
    return {"location": location, "weather": "sunny", "temperature": 21}


_tools = Tools([get_weather])


@public_in("voicelive.evaluation")
@agent(tools=_tools)
async def assistant(connection: VoiceLiveConnection) -> None:
    """Answer a call: an assistant with one tool, ``get_weather(location)``."""
    await connection.session.update(session={"tools": _tools.definitions})
    async for _ in connection:
        pass

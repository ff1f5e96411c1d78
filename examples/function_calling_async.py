"""Let the assistant call a function of this program, and speak the result. Asynchronous."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from _service import voice_service

from voicelive.aio import connect
from voicelive.models import FunctionTool, RequestSession

WEATHER = FunctionTool(
    name="get_weather",
    description="Get the current weather in a city",
    parameters={"type": "object", "properties": {"location": {"type": "string"}}, "required": ["location"]},
)


def get_weather(location: str) -> dict[str, Any]:
    """Stand in for a weather service."""
    return {"location": location, "weather": "sunny", "temperature": 21}


async def main() -> None:
    with voice_service() as options:
        async with connect(**options) as conn:
            await conn.session.update(
                session=RequestSession(modalities=["text", "audio"], tools=[WEATHER], tool_choice="auto")
            )
            await conn.wait_for("session.updated", timeout=20)
            await conn.conversation.item.create(
                item={
                    "type": "message",
                    "role": "user",
                    "content": [{"type": "input_text", "text": "What is the weather in Paris?"}],
                }
            )
            await conn.response.create()
            outputs = 0
            async for event in conn:
                if event.type == "response.function_call_arguments.done":
                    result = get_weather(**json.loads(event.arguments))
                    print(f"Called {event.name}({event.arguments}): {json.dumps(result)}")
                    await conn.conversation.item.create(
                        item={"type": "function_call_output", "call_id": event.call_id, "output": json.dumps(result)}
                    )
                    outputs += 1
                elif event.type == "response.audio_transcript.done":
                    print(f"Assistant: {event.transcript}")
                elif event.type == "response.done":
                    if not outputs:
                        break
                    # Only one response can be active, so the next is asked for when the one that called has ended.
                    outputs = 0
                    await conn.response.create()


if __name__ == "__main__":
    asyncio.run(main())

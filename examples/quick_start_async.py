"""Connect, configure the session, ask one question, print every event and the answer. Asynchronous."""

from __future__ import annotations

import asyncio

from _service import voice_service

from voicelive.aio import connect


async def main() -> None:
    with voice_service() as options:
        async with connect(**options) as conn:
            await conn.session.update(
                session={
                    "instructions": "You are a helpful assistant.",
                    "modalities": ["text", "audio"],
                    "voice": "alloy",
                }
            )
            await conn.conversation.item.create(
                item={"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Tell me a joke."}]}
            )
            await conn.response.create()
            async for event in conn:
                print(f"Event: {event.type}")
                if event.type == "response.audio_transcript.done":
                    print(f"Transcript: {event.transcript}")
                elif event.type == "response.done":
                    break


if __name__ == "__main__":
    asyncio.run(main())

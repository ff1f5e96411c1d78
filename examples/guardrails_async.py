"""Watch what is said while it is said: an answer that goes where it must not is cut off and replaced."""

from __future__ import annotations

import asyncio

from _service import voice_service

from voicelive.aio import connect

FORBIDDEN = ("paris",)
INSTEAD = "I may not speak about that."


async def main() -> None:
    with voice_service() as options:
        async with connect(**options, barge_in=True) as conn:
            await conn.session.update(session={"modalities": ["text", "audio"]})
            await conn.respond("What is the capital of France?")
            said: dict[str, str] = {}
            async for event in conn:
                if event.type == "response.audio_transcript.delta":
                    said[event.item_id] = said.get(event.item_id, "") + event.delta
                    if any(word in said[event.item_id].lower() for word in FORBIDDEN):
                        print(f"Stopped: {said.pop(event.item_id)}")
                        # What is played is flushed, the rest is cancelled, and the model knows what was heard.
                        await conn.interrupt()
                        await conn.say(INSTEAD)
                elif event.type == "response.audio_transcript.done" and event.transcript == INSTEAD:
                    print(f"Assistant: {event.transcript}")
                    break


if __name__ == "__main__":
    asyncio.run(main())

"""Ask as text; print the answer as it arrives and save it as speech. Asynchronous."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from _audio import write_wav
from _service import voice_service

from voicelive.aio import connect
from voicelive.models import InputTextContentPart, RequestSession, UserMessageItem


async def main() -> None:
    question = "What is seven times eight?"
    speech = bytearray()
    with voice_service() as options:
        async with connect(**options) as conn:
            await conn.session.update(session=RequestSession(modalities=["text", "audio"], output_audio_format="pcm16"))
            await conn.wait_for("session.updated", timeout=20)
            print(f"You: {question}")
            await conn.conversation.item.create(item=UserMessageItem(content=[InputTextContentPart(text=question)]))
            await conn.response.create()
            print("Assistant: ", end="", flush=True)
            async for event in conn:
                if event.type == "response.audio_transcript.delta":
                    print(event.delta, end="", flush=True)
                elif event.type == "response.audio.delta":
                    speech += event.delta_bytes
                elif event.type == "response.done":
                    print()
                    break
    target = Path(sys.argv[1] if len(sys.argv) > 1 else "reply.wav")
    write_wav(target, bytes(speech), 24_000)
    print(f"Saved {len(speech) / 48_000:.1f} s of speech: {target}")


if __name__ == "__main__":
    asyncio.run(main())

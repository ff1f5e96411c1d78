"""No turn detection: the application says where a turn ends, and asks for the answer. Asynchronous."""

from __future__ import annotations

import asyncio

from _audio import AUDIO, chunks, read_wav
from _service import voice_service

from voicelive.aio import connect
from voicelive.models import RequestSession


async def main() -> None:
    speech, rate = read_wav(AUDIO / "largest_lake.wav")
    with voice_service() as options:
        async with connect(**options) as conn:
            # None is sent as null, which switches turn detection off; leaving the field out would keep it on.
            await conn.session.update(
                session=RequestSession(
                    modalities=["text", "audio"],
                    input_audio_sampling_rate=rate,
                    input_audio_transcription={"model": "azure-speech"},
                    turn_detection=None,
                )
            )
            await conn.wait_for("session.updated", timeout=20)
            for chunk in chunks(speech, rate // 5):  # 100 ms
                await conn.input_audio_buffer.append(audio=chunk)
            await conn.input_audio_buffer.commit()  # the end of the user's turn
            await conn.response.create()  # ask for the answer
            async for event in conn:
                if event.type == "input_audio_buffer.committed":
                    print(f"Committed: {event.item_id}")
                elif event.type == "conversation.item.input_audio_transcription.completed":
                    print(f"User said: {event.transcript}")
                elif event.type == "response.audio_transcript.done":
                    print(f"Assistant: {event.transcript}")
                elif event.type == "response.done":
                    print(f"Response complete: {event.response.status}")
                    break


if __name__ == "__main__":
    asyncio.run(main())

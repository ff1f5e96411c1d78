"""A telephone call: G.711 µ-law at 8 kHz both ways, in the 20 ms packets of a telephone line. Asynchronous."""

from __future__ import annotations

import asyncio

from _audio import AUDIO, chunks, read_telephone_wav
from _service import voice_service

from voicelive.aio import VoiceLiveConnection, connect

PACKET = 160  # bytes: 20 ms at 8 kHz, one byte a sample
SILENCE = b"\xff" * PACKET  # silence in µ-law is not zero


async def speak(conn: VoiceLiveConnection, call: bytes) -> None:
    """Be the telephone line: a packet every 20 ms."""
    for packet in [*chunks(call, PACKET), *[SILENCE] * 50]:
        await asyncio.sleep(0.02)
        await conn.input_audio_buffer.append(audio=packet)


async def main() -> None:
    call = read_telephone_wav(AUDIO / "what_time_is_it_telephone.wav")
    answer = bytearray()
    with voice_service() as options:
        async with connect(**options) as conn:
            await conn.session.update(
                session={
                    "modalities": ["text", "audio"],
                    "input_audio_format": "g711_ulaw",
                    "input_audio_sampling_rate": 8000,
                    "output_audio_format": "g711_ulaw",
                    "input_audio_transcription": {"model": "azure-speech"},
                    "turn_detection": {"type": "server_vad", "silence_duration_ms": 500},
                }
            )
            await conn.wait_for("session.updated", timeout=20)
            line = asyncio.create_task(speak(conn, call))
            async for event in conn:
                if event.type == "conversation.item.input_audio_transcription.completed":
                    print(f"Caller said: {event.transcript}")
                elif event.type == "response.audio_transcript.done":
                    print(f"Assistant: {event.transcript}")
                elif event.type == "response.audio.delta":
                    answer += event.delta_bytes
                elif event.type == "response.done":
                    break
            await line
    print(f"Answer: {len(answer)} bytes of µ-law, {len(answer) / 8000:.1f} s")


if __name__ == "__main__":
    asyncio.run(main())

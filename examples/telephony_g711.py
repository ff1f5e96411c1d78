"""A telephone call: G.711 µ-law at 8 kHz both ways, in the 20 ms packets of a telephone line."""

from __future__ import annotations

import time

from _audio import AUDIO, chunks, read_telephone_wav
from _service import voice_service

from voicelive import connect

PACKET = 160  # bytes: 20 ms at 8 kHz, one byte a sample
SILENCE = b"\xff" * PACKET  # silence in µ-law is not zero


def main() -> None:
    call = read_telephone_wav(AUDIO / "what_time_is_it_telephone.wav")
    answer = bytearray()
    with voice_service() as options, connect(**options) as conn:
        conn.session.update(
            session={
                "modalities": ["text", "audio"],
                "input_audio_format": "g711_ulaw",
                "input_audio_sampling_rate": 8000,
                "output_audio_format": "g711_ulaw",
                "input_audio_transcription": {"model": "azure-speech"},
                "turn_detection": {"type": "server_vad", "silence_duration_ms": 500},
            }
        )
        conn.wait_for("session.updated", timeout=20)
        for packet in [*chunks(call, PACKET), *[SILENCE] * 50]:
            conn.input_audio_buffer.append(audio=packet)
            time.sleep(0.02)
        for event in conn:
            if event.type == "conversation.item.input_audio_transcription.completed":
                print(f"Caller said: {event.transcript}")
            elif event.type == "response.audio_transcript.done":
                print(f"Assistant: {event.transcript}")
            elif event.type == "response.audio.delta":
                answer += event.delta_bytes
            elif event.type == "response.done":
                break
    print(f"Answer: {len(answer)} bytes of µ-law, {len(answer) / 8000:.1f} s")


if __name__ == "__main__":
    main()

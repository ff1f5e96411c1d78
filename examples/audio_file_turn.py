"""Speak a recording as a microphone would; the service hears where the question ends and answers by itself."""

from __future__ import annotations

import time

from _audio import AUDIO, chunks, read_wav
from _service import voice_service

from voicelive import connect

CHUNK_MS = 50


def main() -> None:
    speech, rate = read_wav(AUDIO / "largest_lake.wav")
    # A microphone goes on after the last word; the service needs to hear the silence.
    recording = speech + bytes(rate * 2)
    with voice_service() as options, connect(**options) as conn:
        conn.session.update(
            session={
                "modalities": ["text", "audio"],
                "input_audio_format": "pcm16",
                "input_audio_sampling_rate": rate,
                "input_audio_transcription": {"model": "azure-speech"},
                "turn_detection": {"type": "server_vad", "threshold": 0.5, "silence_duration_ms": 500},
            }
        )
        conn.wait_for("session.updated", timeout=20)
        for chunk in chunks(recording, rate * 2 * CHUNK_MS // 1000):
            conn.input_audio_buffer.append(audio=chunk)
            time.sleep(CHUNK_MS / 1000)
        for event in conn:
            match event.type:
                case "input_audio_buffer.speech_started":
                    print(f"Speech started at {event.audio_start_ms} ms")
                case "input_audio_buffer.speech_stopped":
                    print(f"Speech stopped at {event.audio_end_ms} ms")
                case "conversation.item.input_audio_transcription.completed":
                    print(f"User said: {event.transcript}")
                case "response.audio_transcript.done":
                    print(f"Assistant: {event.transcript}")
                case "error":
                    print(f"Error: {event.error.message}")
                    break
                case "response.done":
                    break
                case _:
                    pass


if __name__ == "__main__":
    main()

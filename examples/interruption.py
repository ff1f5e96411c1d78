"""The user speaks over the answer: playback stops at once, and the new question is answered."""

from __future__ import annotations

import threading
import time

from _audio import AUDIO, Loudspeaker, chunks, read_wav
from _service import voice_service

from voicelive import ConnectionClosed, VoiceLiveConnection, connect

CHUNK_MS = 50


def speak(conn: VoiceLiveConnection, speech: bytes, rate: int) -> None:
    """Be the microphone; runs in a thread of its own while the main thread receives."""
    try:
        for chunk in chunks(speech + bytes(rate * 2), rate * 2 * CHUNK_MS // 1000):
            conn.input_audio_buffer.append(audio=chunk)
            time.sleep(CHUNK_MS / 1000)
    except ConnectionClosed:
        pass  # the answer came before the silence had ended


def main() -> None:
    speech, rate = read_wav(AUDIO / "largest_lake.wav")
    loudspeaker = Loudspeaker()
    microphone: threading.Thread | None = None
    interrupted = False
    with voice_service(pacing="real") as options, connect(**options) as conn:
        conn.session.update(
            session={
                "modalities": ["text", "audio"],
                "input_audio_sampling_rate": rate,
                "input_audio_transcription": {"model": "azure-speech"},
                "turn_detection": {"type": "server_vad", "silence_duration_ms": 500},
            }
        )
        conn.wait_for("session.updated", timeout=20)
        conn.conversation.item.create(
            item={"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Count to twenty."}]}
        )
        conn.response.create()
        for event in conn:
            if event.type == "response.audio.delta":
                loudspeaker.play(event.delta_bytes)
                if microphone is None:
                    microphone = threading.Thread(target=speak, args=(conn, speech, rate))
                    microphone.start()
            elif event.type == "input_audio_buffer.speech_started":
                # The answer is often complete by now, but not played: dropping the rest is what stops it.
                print(f"Interrupted: {loudspeaker.stop():.1f} s of speech not played")
                interrupted = True
                conn.response.cancel()
                conn.output_audio_buffer.clear()
            elif event.type == "conversation.item.input_audio_transcription.completed":
                print(f"User said: {event.transcript}")
            elif event.type == "response.audio_transcript.done":
                print(f"Assistant: {event.transcript}")
            elif event.type == "error" and event.error.code != "response_cancel_not_active":
                # With nothing left to cancel, that code is not an error.
                print(f"Error: {event.error.message}")
            elif event.type == "response.done":
                print(f"Response {event.response.status}")
                if interrupted and event.response.status == "completed":
                    break
    if microphone is not None:
        microphone.join(timeout=10)


if __name__ == "__main__":
    main()

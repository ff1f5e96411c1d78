"""A call over WebRTC: events over the WebSocket, sound over a peer connection of aiortc, which runs in a thread."""

from __future__ import annotations

import os
from pathlib import Path

from _audio import AUDIO, read_wav, write_wav
from _peer import HEARD_RATE, calling
from _service import voice_service

from voicelive import connect

CALLS = "/voice-live/realtime/calls"


def main() -> None:
    speech, rate = read_wav(AUDIO / "what_time_is_it.wav")
    with voice_service() as options:
        endpoint = options.pop("endpoint", None) or os.environ["AZURE_VOICELIVE_ENDPOINT"]
        with (
            connect(endpoint=endpoint + CALLS, api_version="2026-06-01-preview", **options) as conn,
            calling(speech, rate) as (caller, run),
        ):
            conn.session.update(
                session={
                    "input_audio_transcription": {"model": "azure-speech"},
                    "turn_detection": {"type": "server_vad", "threshold": 0.5, "silence_duration_ms": 500},
                }
            )
            conn.wait_for("session.updated", timeout=20)
            conn.rtc.call.sdp.create(sdp_offer=run(caller.offer()))
            created = conn.wait_for("rtc.call.sdp.created", timeout=20)
            run(caller.accept(created.sdp_answer))
            print(f"Call: {created.rtc_call_id}")
            for event in conn:
                match event.type:
                    case "conversation.item.input_audio_transcription.completed":
                        print(f"User said: {event.transcript}")
                    case "response.audio_transcript.done":
                        print(f"Assistant: {event.transcript}")
                    case "rtc.call.error" | "error":
                        print(f"Error: {event.error.message}")
                        break
                    case "response.done":
                        break
                    case _:
                        pass
            run(caller.silence(seconds=1))
    write_wav(Path("webrtc_call.wav"), bytes(caller.heard), HEARD_RATE)
    print(f"Saved {len(caller.heard) / 2 / HEARD_RATE:.1f} s of the call")


if __name__ == "__main__":
    main()

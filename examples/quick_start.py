"""Connect, configure the session, ask one question, print every event and the answer."""

from __future__ import annotations

from _service import voice_service

from voicelive import connect


def main() -> None:
    with voice_service() as options, connect(**options) as conn:
        conn.session.update(
            session={"instructions": "You are a helpful assistant.", "modalities": ["text", "audio"], "voice": "alloy"}
        )
        conn.conversation.item.create(
            item={"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Tell me a joke."}]}
        )
        conn.response.create()
        for event in conn:
            print(f"Event: {event.type}")
            if event.type == "response.audio_transcript.done":
                print(f"Transcript: {event.transcript}")
            elif event.type == "response.done":
                break


if __name__ == "__main__":
    main()

"""Put earlier messages into the conversation, ask on top of them, then read and delete one."""

from __future__ import annotations

from _service import voice_service

from voicelive import connect
from voicelive.models import ServerEventConversationItemDeleted, ServerEventConversationItemRetrieved


def main() -> None:
    with voice_service() as options, connect(**options) as conn:
        conn.session.update(session={"modalities": ["text", "audio"]})
        conn.conversation.item.create(
            item={"type": "message", "role": "system", "content": [{"type": "input_text", "text": "Be concise."}]}
        )
        conn.conversation.item.create(
            item={"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hello!"}]}
        )
        conn.conversation.item.create(
            item={"type": "message", "role": "assistant", "content": [{"type": "text", "text": "Hello to you."}]}
        )
        conn.conversation.item.create(
            item={
                "id": "msg_question",
                "type": "message",
                "role": "user",
                "content": [{"type": "input_text", "text": "What is the capital of France?"}],
            }
        )
        conn.response.create()
        for event in conn:
            if event.type == "conversation.item.created" and event.item is not None:
                print(f"Item: {event.item.type} {event.item.id}")
            elif event.type == "response.audio_transcript.done":
                print(f"Assistant: {event.transcript}")
            elif event.type == "error":
                print(f"Error: {event.error.message}")
            elif event.type == "response.done":
                break
        conn.conversation.item.retrieve(item_id="msg_question")
        retrieved = conn.wait_for(ServerEventConversationItemRetrieved, timeout=20)
        print(f"Retrieved: {retrieved.to_dict()['item']['content']}")
        conn.conversation.item.delete(item_id="msg_question")
        deleted = conn.wait_for(ServerEventConversationItemDeleted, timeout=20)
        print(f"Deleted: {deleted.item_id}")


if __name__ == "__main__":
    main()

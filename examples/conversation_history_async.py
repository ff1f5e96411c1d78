"""Put earlier messages into the conversation, ask on top of them, then read and delete one. Asynchronous."""

from __future__ import annotations

import asyncio

from _service import voice_service

from voicelive.aio import connect
from voicelive.models import ServerEventConversationItemDeleted, ServerEventConversationItemRetrieved


async def main() -> None:
    with voice_service() as options:
        async with connect(**options) as conn:
            await conn.session.update(session={"modalities": ["text", "audio"]})
            await conn.conversation.item.create(
                item={"type": "message", "role": "system", "content": [{"type": "input_text", "text": "Be concise."}]}
            )
            await conn.conversation.item.create(
                item={"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hello!"}]}
            )
            await conn.conversation.item.create(
                item={"type": "message", "role": "assistant", "content": [{"type": "text", "text": "Hello to you."}]}
            )
            await conn.conversation.item.create(
                item={
                    "id": "msg_question",
                    "type": "message",
                    "role": "user",
                    "content": [{"type": "input_text", "text": "What is the capital of France?"}],
                }
            )
            await conn.response.create()
            async for event in conn:
                if event.type == "conversation.item.created" and event.item is not None:
                    print(f"Item: {event.item.type} {event.item.id}")
                elif event.type == "response.audio_transcript.done":
                    print(f"Assistant: {event.transcript}")
                elif event.type == "error":
                    print(f"Error: {event.error.message}")
                elif event.type == "response.done":
                    break
            await conn.conversation.item.retrieve(item_id="msg_question")
            retrieved = await conn.wait_for(ServerEventConversationItemRetrieved, timeout=20)
            print(f"Retrieved: {retrieved.to_dict()['item']['content']}")
            await conn.conversation.item.delete(item_id="msg_question")
            deleted = await conn.wait_for(ServerEventConversationItemDeleted, timeout=20)
            print(f"Deleted: {deleted.item_id}")


if __name__ == "__main__":
    asyncio.run(main())

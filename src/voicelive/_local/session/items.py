"""Client events about items: create, retrieve, delete, truncate, and text that is typed bit by bit."""

from __future__ import annotations

import json
from typing import Any

from ..._base import decode_base64, encode_base64
from ..._generated import models
from ..ids import new_id
from ..limits import MAX_CONVERSATION_BYTES, MAX_EVENT_CHARS, MAX_ITEMS
from . import error_details as errors
from .context import Context, item_model
from .conversation import Entry, item_from_request
from .error_details import RefusedError
from .mcp_servers import McpServers
from .turns import Turns

__all__ = ["MAX_TYPED_CHARS", "MAX_TYPED_TEXTS", "Items"]

MAX_TYPED_TEXTS = 32
"""How many texts may be typed at once."""

MAX_TYPED_CHARS = MAX_EVENT_CHARS
"""Characters of all texts that are being typed."""


class Items:
    """The client's view of the conversation."""

    def __init__(self, context: Context, turns: Turns, mcp: McpServers) -> None:
        self._context = context
        self._turns = turns
        self._mcp = mcp
        self._typed: dict[str, list[str]] = {}
        self._typed_chars = 0

    async def create(self, event: models.ClientEventConversationItemCreate) -> None:
        """Add an item and send ``conversation.item.created``.

        Raises:
            RefusedError: if there is no item, its type cannot be created, it cannot be put where it should go, or
                the conversation is full.
        """
        if event.item is None:
            raise RefusedError(errors.missing_item())
        request = event.item.to_dict()
        entry = Entry(item_from_request(request, request.get("id") or new_id("item")), origin="client")
        if self._context.conversation.find(entry.id) is not None:
            raise RefusedError(errors.duplicate_item(entry.id))
        if request["type"] == "function_call_output" and "unknown_call_outputs" not in self._context.quirks:
            self._context.conversation.check_call(request["call_id"])
        if request.get("role") == "user":
            await self._hear_parts(entry, request["content"])
        self._add(entry, event.previous_item_id)
        if request["type"] == "mcp_approval_response":
            self._mcp.decide(request["approval_request_id"], request["approve"])

    def _add(self, entry: Entry, after: str | None = None) -> None:
        conversation = self._context.conversation
        entry.size = len(json.dumps(entry.payload))
        if len(conversation.entries) >= MAX_ITEMS:
            raise RefusedError(errors.conversation_full(f"{MAX_ITEMS} items"))
        if conversation.size + entry.size > MAX_CONVERSATION_BYTES:
            raise RefusedError(errors.conversation_full(f"{conversation.size} bytes of items"))
        previous = conversation.add(entry, after)
        self._context.announce(entry, previous)

    async def _hear_parts(self, entry: Entry, parts: list[dict[str, Any]]) -> None:
        """Keep the sound of a created user message, and find out what it says where the client did not."""
        audio_format = self._turns.audio_format
        for index, part in enumerate(parts):
            if part["type"] != "input_audio" or not part.get("audio"):
                continue
            data = decode_base64(part["audio"])
            audio_format.check(data)
            pcm = audio_format.decode(data)
            duration_ms = len(pcm) // 2 * 1000 // audio_format.rate
            self._context.conversation.store_audio(entry, pcm, duration_ms)
            if part.get("transcript") is None:
                heard = await self._turns.hear(pcm, audio_format.rate)
                entry.payload["content"][index]["transcript"] = heard.text

    async def retrieve(self, event: models.ClientEventConversationItemRetrieve) -> None:
        """Send an item, with its sound as far as it is kept.

        The sound is base64 text in ``content[0].audio``: what the user said as PCM16 at the session's input rate,
        an answer in the format in which it was sent.

        Raises:
            RefusedError: for an unknown item.
        """
        entry = self._context.conversation.find(event.item_id)
        if entry is None:
            raise RefusedError(errors.unknown_item("retrieve", event.item_id))
        item = item_model(entry.payload).to_dict()
        if entry.audio and item.get("content"):
            item["content"][0]["audio"] = encode_base64(entry.audio)
        self._context.send(models.ServerEventConversationItemRetrieved(item=item_model(item)))

    async def delete(self, event: models.ClientEventConversationItemDelete) -> None:
        """Remove an item and send ``conversation.item.deleted``.

        Raises:
            RefusedError: for an unknown item.
        """
        self._context.conversation.remove(event.item_id)
        self._context.send(models.ServerEventConversationItemDeleted(item_id=event.item_id))

    async def truncate(self, event: models.ClientEventConversationItemTruncate) -> None:
        """Cut a spoken answer to what was heard of it and send ``conversation.item.truncated``.

        Raises:
            RefusedError: for an unknown item, one that is not a spoken answer, or a time beyond its end.
        """
        early = "early_truncation" in self._context.quirks
        self._context.conversation.truncate(event.item_id, event.audio_end_ms, early=early)
        self._context.send(
            models.ServerEventConversationItemTruncated(
                item_id=event.item_id,
                content_index=event.content_index,
                audio_end_ms=event.audio_end_ms,
                item=self._context.item(event.item_id),
            )
        )

    async def type_delta(self, event: models.ClientEventInputTextDelta) -> None:
        """Collect typed text; not acknowledged.

        Raises:
            RefusedError: if too many texts are being typed at once, or they are too long.
        """
        if event.id not in self._typed and len(self._typed) >= MAX_TYPED_TEXTS:
            raise RefusedError(errors.too_many_texts(MAX_TYPED_TEXTS))
        if self._typed_chars + len(event.delta) > MAX_TYPED_CHARS:
            raise RefusedError(errors.typed_text_too_long(MAX_TYPED_CHARS))
        self._typed_chars += len(event.delta)
        self._typed.setdefault(event.id, []).append(event.delta)

    async def type_done(self, event: models.ClientEventInputTextDone) -> None:
        """Make the typed text a user message with the id it was typed under.

        Raises:
            RefusedError: if nothing was typed under this id, or an item has it already.
        """
        try:
            text = "".join(self._typed.pop(event.id))
        except KeyError:
            raise RefusedError(errors.nothing_typed(event.id)) from None
        self._typed_chars -= len(text)
        request = {
            "type": "message",
            "role": "user",
            "content": [{"type": "input_text", "text": text}],
        }
        self._add(Entry(item_from_request(request, event.id), origin="client"))

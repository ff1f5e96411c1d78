"""`openai`'s realtime client: made for another service, whose sessions and events the draft v1 follows."""

from __future__ import annotations

import base64
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, get_args

from websockets.exceptions import ConnectionClosed

from .dialects import Dialect
from .peer import KEY, PIECE_BYTES, Seen, Setup, walk

if TYPE_CHECKING:
    from openai.resources.realtime.realtime import AsyncRealtimeConnection

__all__ = ["OpenAIPython"]


class OpenAIPython:
    """`openai`."""

    name = "openai"
    heading = "openai (Python)"
    told_of_unknown: str | None = "ConversationCreatedEvent"
    told_of_malformed = "JSONDecodeError"

    @asynccontextmanager
    async def open(self, endpoint: str, dialect: Dialect, key: str = KEY) -> AsyncGenerator[OpenAIPeer, None]:
        """Connect; the address of the endpoint takes the place of the other service's."""
        # Where it is needed only: it is long in being imported.
        from openai import AsyncOpenAI

        options: Any = {"proxy": None}
        base = endpoint.replace("http", "ws", 1) + "/voice-live"
        async with AsyncOpenAI(api_key=key, websocket_base_url=base) as client:
            manager = client.realtime.connect(
                model=dialect.model,
                extra_query={"api-version": dialect.api_version},
                websocket_connection_options=options,
            )
            async with manager as connection:
                yield OpenAIPeer(connection, dialect)


class OpenAIPeer:
    """A connection."""

    def __init__(self, connection: AsyncRealtimeConnection, dialect: Dialect) -> None:
        self._connection: Any = connection  # what is sent goes beyond the other service's types
        self._dialect = dialect

    async def configure(self, setup: Setup) -> None:
        """Send a nested session; audio includes its transcript there."""
        detection = None
        if setup.silence_ms is not None:
            detection = {"type": "server_vad", "silence_duration_ms": setup.silence_ms}
        tools: list[dict[str, Any]] = [
            {"type": "function", "name": tool.name, "description": tool.description, "parameters": tool.parameters}
            for tool in setup.tools
        ]
        if setup.mcp_url is not None:
            server = {"server_label": "shop", "server_url": setup.mcp_url, "require_approval": "always"}
            tools.append({"type": "mcp", **server})
        beyond: dict[str, Any] = {}
        output: dict[str, Any] = {"voice": "alloy"}
        if setup.voice is not None:
            output["voice"] = {"type": "azure-standard", "name": setup.voice}
        if setup.marks:
            beyond = {"animation": {"outputs": ["viseme_id"]}}
            output["timestamp_types"] = ["word"]
        if setup.interim is not None:
            interim = {"texts": [setup.interim], "triggers": ["latency"], "latency_threshold_ms": 0}
            beyond["interim_response"] = {"type": "static_interim_response", **interim}
        modality = "audio" if "audio" in setup.modalities else "text"
        await self._connection.session.update(
            session={
                "type": "realtime",
                "instructions": setup.instructions,
                "output_modalities": [modality],
                "audio": {
                    "input": {
                        "transcription": {"model": self._dialect.transcription},
                        "turn_detection": detection,
                    },
                    "output": output,
                },
                "tools": tools,
                **beyond,
            }
        )

    async def misconfigure(self, modality: str) -> None:
        """Send a nested session: nothing is checked before it is sent."""
        await self._connection.session.update(session={"type": "realtime", "output_modalities": [modality]})

    async def say(self, text: str) -> None:
        """Send a user message."""
        content = [{"type": "input_text", "text": text}]
        await self._connection.conversation.item.create(item={"type": "message", "role": "user", "content": content})

    async def ask(self) -> None:
        """Ask for a response."""
        await self._connection.response.create()

    async def speak(self, audio: bytes) -> None:
        """Append audio in base64."""
        for start in range(0, len(audio), PIECE_BYTES):
            text = base64.b64encode(audio[start : start + PIECE_BYTES]).decode()
            await self._connection.input_audio_buffer.append(audio=text)

    async def commit(self) -> None:
        """Commit the audio."""
        await self._connection.input_audio_buffer.commit()

    async def retrieve(self, item_id: str) -> None:
        """Retrieve an item."""
        await self._connection.conversation.item.retrieve(item_id=item_id)

    async def truncate(self, item_id: str, audio_end_ms: int) -> None:
        """Truncate an item."""
        await self._connection.conversation.item.truncate(item_id=item_id, content_index=0, audio_end_ms=audio_end_ms)

    async def delete(self, item_id: str) -> None:
        """Delete an item."""
        await self._connection.conversation.item.delete(item_id=item_id)

    async def give_output(self, call_id: str, output: str) -> None:
        """Send what the function returned."""
        item = {"type": "function_call_output", "call_id": call_id, "output": output}
        await self._connection.conversation.item.create(item=item)

    async def approve(self, request_id: str) -> None:
        """Send the approval as an item."""
        item = {"type": "mcp_approval_response", "approval_request_id": request_id, "approve": True}
        await self._connection.conversation.item.create(item=item)

    async def greet(self, text: str) -> None:
        """Ask for a response with a setting that the other service lacks."""
        content = [{"type": "output_text", "text": text}]
        message = {"type": "message", "role": "assistant", "content": content}
        await self._connection.response.create(response={"pre_generated_assistant_message": message})

    async def type(self, item_id: str, *pieces: str) -> None:
        """Send events that the other service lacks."""
        for piece in pieces:
            await self._connection.send({"type": "input_text.delta", "id": item_id, "delta": piece})
        await self._connection.send({"type": "input_text.done", "id": item_id})

    async def cancel(self, event_id: str) -> None:
        """Cancel the response."""
        await self._connection.response.cancel(event_id=event_id)

    async def next(self) -> Seen:
        """Receive an event. What is of no known type arrives as some other event's class."""
        event = await self._connection.recv()
        declared = getattr(type(event), "model_fields", {}).get("type")
        typed = declared is not None and event.type in get_args(declared.annotation)
        return Seen(
            type=event.type,
            form=type(event).__name__,
            typed=typed,
            look=lambda path: walk(event, path),
            audio=base64.b64decode(event.delta) if typed and event.type == "response.output_audio.delta" else b"",
        )

    async def ending(self) -> str:
        """Receive until the exception of its WebSocket library."""
        try:
            while True:
                await self._connection.recv()
        except ConnectionClosed as closed:
            return str(closed.rcvd)

    def session(self, seen: Seen) -> dict[str, Any]:
        """Read the nested session."""
        session = seen.look("session")
        heard = session.audio.input
        return {
            "instructions": session.instructions,
            "voice": _name(session.audio.output.voice),
            "detection": heard.turn_detection and heard.turn_detection.type,
            "silence_ms": heard.turn_detection and heard.turn_detection.silence_duration_ms,
            "transcription": heard.transcription.model,
            "tools": [tool.name for tool in session.tools],
        }


def _name(voice: Any) -> str:
    # The other service reports a voice by its name, this one as an object.
    return str(voice if isinstance(voice, str) else voice.name if hasattr(voice, "name") else voice["name"])

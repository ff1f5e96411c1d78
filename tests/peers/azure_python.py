"""The official Python client, `azure-ai-voicelive`: asyncio alone, dated versions alone."""

from __future__ import annotations

import base64
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from azure.ai.voicelive import models
from azure.ai.voicelive.aio import ConnectionClosed, VoiceLiveConnection, connect
from azure.core.credentials import AzureKeyCredential

from .dialects import Dialect
from .peer import KEY, PIECE_BYTES, Seen, Setup, walk

__all__ = ["AzurePython"]


class AzurePython:
    """`azure-ai-voicelive`."""

    name = "azure-python"
    heading = "azure-ai-voicelive (Python)"
    told_of_unknown: str | None = "ServerEvent"
    told_of_malformed = "ConnectionError: Failed to parse message"

    @asynccontextmanager
    async def open(self, endpoint: str, dialect: Dialect, key: str = KEY) -> AsyncGenerator[AzurePeer, None]:
        """Connect."""
        manager = connect(
            endpoint=endpoint,
            credential=AzureKeyCredential(key),
            model=dialect.model,
            api_version=dialect.api_version,
        )
        async with manager as connection:
            yield AzurePeer(connection, dialect)


class AzurePeer:
    """A connection."""

    def __init__(self, connection: VoiceLiveConnection, dialect: Dialect) -> None:
        self._connection = connection
        self._dialect = dialect

    async def configure(self, setup: Setup) -> None:
        """Send a `RequestSession`."""
        tools: list[models.Tool] = [
            models.FunctionTool(name=tool.name, description=tool.description, parameters=tool.parameters)
            for tool in setup.tools
        ]
        if setup.mcp_url is not None:
            always = models.MCPApprovalType.ALWAYS
            tools.append(models.MCPServer(server_label="shop", server_url=setup.mcp_url, require_approval=always))
        voice: models.OpenAIVoice | models.AzureStandardVoice = models.OpenAIVoice(name=models.OpenAIVoiceName.ALLOY)
        if setup.voice is not None:
            voice = models.AzureStandardVoice(name=setup.voice)
        session = models.RequestSession(
            instructions=setup.instructions,
            modalities=[models.Modality(name) for name in setup.modalities],
            voice=voice,
            input_audio_transcription=models.AudioInputTranscriptionOptions(model=self._dialect.transcription),
            tools=tools,
        )
        if setup.marks:
            session.output_audio_timestamp_types = [models.AudioTimestampType.WORD]
            session.animation = models.Animation(outputs=[models.AnimationOutputType.VISEME_ID])
        if setup.interim is not None:
            session.interim_response = models.StaticInterimResponseConfig(
                texts=[setup.interim], triggers=[models.InterimResponseTrigger.LATENCY], latency_threshold_ms=0
            )
        # Set like this because the constructor takes None for nothing said.
        detection = None if setup.silence_ms is None else models.ServerVad(silence_duration_ms=setup.silence_ms)
        session["turn_detection"] = detection
        await self._connection.session.update(session=session)

    async def misconfigure(self, modality: str) -> None:
        """Send a mapping: nothing is checked before it is sent."""
        await self._connection.session.update(session={"modalities": [modality]})

    async def say(self, text: str) -> None:
        """Send a `UserMessageItem`."""
        item = models.UserMessageItem(content=[models.InputTextContentPart(text=text)])
        await self._connection.conversation.item.create(item=item)

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
        """Send a `FunctionCallOutputItem`."""
        item = models.FunctionCallOutputItem(call_id=call_id, output=output)
        await self._connection.conversation.item.create(item=item)

    async def approve(self, request_id: str) -> None:
        """Send an `MCPApprovalResponseRequestItem`."""
        item = models.MCPApprovalResponseRequestItem(approval_request_id=request_id, approve=True)
        await self._connection.conversation.item.create(item=item)

    async def greet(self, text: str) -> None:
        """Ask for a response with a prepared `AssistantMessageItem`."""
        message = models.AssistantMessageItem(content=[models.OutputTextContentPart(text=text)])
        response = models.ResponseCreateParams(pre_generated_assistant_message=message)
        await self._connection.response.create(response=response)

    async def type(self, item_id: str, *pieces: str) -> None:
        """Send the events themselves."""
        for piece in pieces:
            await self._connection.send(models.ClientEventInputTextDelta(id=item_id, delta=piece))
        await self._connection.send(models.ClientEventInputTextDone(id=item_id))

    async def cancel(self, event_id: str) -> None:
        """Cancel the response."""
        await self._connection.response.cancel(event_id=event_id)

    async def next(self) -> Seen:
        """Receive an event."""
        event = await self._connection.recv()
        return Seen(
            type=str(event["type"]),
            form=type(event).__name__,
            typed=type(event) is not models.ServerEvent,
            look=lambda path: walk(event, path),
            audio=event.delta if isinstance(event, models.ServerEventResponseAudioDelta) else b"",
        )

    async def ending(self) -> str:
        """Receive until `ConnectionClosed`, whose text holds the code, and no reason."""
        try:
            while True:
                await self._connection.recv()
        except ConnectionClosed as closed:
            return str(closed)

    def session(self, seen: Seen) -> dict[str, Any]:
        """Read the session."""
        session = seen.look("session")
        detection = session.turn_detection
        return {
            "instructions": session.instructions,
            "voice": session.voice["name"],  # a union of types: given as plain JSON
            "detection": detection and detection.type,
            "silence_ms": detection and detection.silence_duration_ms,
            "transcription": session.input_audio_transcription.model,
            "tools": [tool.name for tool in session.tools],
        }

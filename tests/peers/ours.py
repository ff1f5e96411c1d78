"""This project's two clients."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from azure.core.credentials import AzureKeyCredential

from voicelive import errors, models

from ..clients.harness import Client as Package
from ..clients.harness import Flavour, Script
from .dialects import Dialect
from .peer import DEADLINE, KEY, PIECE_BYTES, Seen, Setup, walk

__all__ = ["Ours"]


class Ours:
    """`voicelive` or `voicelive.aio`; an event that does not fit the contract fails the flow."""

    told_of_unknown: str | None = "UnknownServerEvent"
    told_of_malformed = "voicelive.malformed as MalformedServerEvent"

    def __init__(self, flavour: Flavour) -> None:
        self.name = f"voicelive-{flavour}"
        self.heading = "voicelive" if flavour == "sync" else "voicelive.aio"
        self._package = Package(flavour)

    @asynccontextmanager
    async def open(self, endpoint: str, dialect: Dialect, key: str = KEY) -> AsyncGenerator[OurPeer, None]:
        """Connect."""
        script = self._package.connect(
            endpoint,
            credential=AzureKeyCredential(key),
            model=dialect.model,
            api_version=dialect.api_version,
        )
        async with script:
            yield OurPeer(script, dialect)


class OurPeer:
    """A connection; settings are written flat, whatever the version."""

    def __init__(self, script: Script, dialect: Dialect) -> None:
        self._script = script
        self._dialect = dialect

    async def configure(self, setup: Setup) -> None:
        """Send a `RequestSession`."""
        tools: list[models.FunctionTool | models.MCPServer] = [
            models.FunctionTool(name=tool.name, description=tool.description, parameters=tool.parameters)
            for tool in setup.tools
        ]
        if setup.mcp_url is not None:
            tools.append(models.MCPServer(server_label="shop", server_url=setup.mcp_url, require_approval="always"))
        voice: models.OpenAIVoice | models.AzureStandardVoice = models.OpenAIVoice(name="alloy")
        if setup.voice is not None:
            voice = models.AzureStandardVoice(name=setup.voice)
        session = models.RequestSession(
            instructions=setup.instructions,
            modalities=list(setup.modalities),
            voice=voice,
            turn_detection=None if setup.silence_ms is None else models.ServerVad(silence_duration_ms=setup.silence_ms),
            input_audio_transcription=models.AudioInputTranscriptionOptions(model=self._dialect.transcription),
            tools=tools,
        )
        if setup.marks:
            session.output_audio_timestamp_types = ["word"]
            session.animation = models.Animation(outputs=["viseme_id"])
        if setup.interim is not None:
            session.interim_response = models.StaticInterimResponseConfig(
                texts=[setup.interim], triggers=["latency"], latency_threshold_ms=0
            )
        await self._script.call("session.update", session=session)

    async def misconfigure(self, modality: str) -> None:
        """Send it as a program would that builds its own JSON: the typed way refuses it before."""
        field = "output_modalities" if self._dialect.nested else "modalities"
        await self._script.send({"type": "session.update", "session": {field: [modality]}})

    async def say(self, text: str) -> None:
        """Send a `UserMessageItem`."""
        item = models.UserMessageItem(content=[models.InputTextContentPart(text=text)])
        await self._script.call("conversation.item.create", item=item)

    async def ask(self) -> None:
        """Ask for a response."""
        await self._script.call("response.create")

    async def speak(self, audio: bytes) -> None:
        """Append raw audio."""
        for start in range(0, len(audio), PIECE_BYTES):
            await self._script.call("input_audio_buffer.append", audio=audio[start : start + PIECE_BYTES])

    async def commit(self) -> None:
        """Commit the audio."""
        await self._script.call("input_audio_buffer.commit")

    async def retrieve(self, item_id: str) -> None:
        """Retrieve an item."""
        await self._script.call("conversation.item.retrieve", item_id=item_id)

    async def truncate(self, item_id: str, audio_end_ms: int) -> None:
        """Truncate an item."""
        await self._script.call(
            "conversation.item.truncate", item_id=item_id, content_index=0, audio_end_ms=audio_end_ms
        )

    async def delete(self, item_id: str) -> None:
        """Delete an item."""
        await self._script.call("conversation.item.delete", item_id=item_id)

    async def give_output(self, call_id: str, output: str) -> None:
        """Send a `FunctionCallOutputItem`."""
        item = models.FunctionCallOutputItem(call_id=call_id, output=output)
        await self._script.call("conversation.item.create", item=item)

    async def approve(self, request_id: str) -> None:
        """Send an `MCPApprovalResponseRequestItem`."""
        item = models.MCPApprovalResponseRequestItem(approval_request_id=request_id, approve=True)
        await self._script.call("conversation.item.create", item=item)

    async def greet(self, text: str) -> None:
        """Ask for a response with a prepared `AssistantMessageItem`."""
        message = models.AssistantMessageItem(content=[models.OutputTextContentPart(text=text)])
        response = models.ResponseCreateParams(pre_generated_assistant_message=message)
        await self._script.call("response.create", response=response)

    async def type(self, item_id: str, *pieces: str) -> None:
        """Send the pieces."""
        for piece in pieces:
            await self._script.call("input_text.delta", id=item_id, delta=piece)
        await self._script.call("input_text.done", id=item_id)

    async def cancel(self, event_id: str) -> None:
        """Cancel the response."""
        await self._script.call("response.cancel", event_id=event_id)

    async def next(self) -> Seen:
        """Receive an event."""
        event = await self._script.recv(DEADLINE)
        assert event.issues == ()
        return Seen(
            type=event.type,
            form=type(event).__name__,
            typed=not isinstance(event, (models.UnknownServerEvent, models.MalformedServerEvent)),
            look=lambda path: walk(event, path),
            audio=event.delta_bytes if isinstance(event, models.ServerEventResponseAudioDelta) else b"",
        )

    async def ending(self) -> str:
        """Receive until `ConnectionClosed`."""
        try:
            while True:
                await self._script.recv(DEADLINE)
        except errors.ConnectionClosed as closed:
            return f"{closed.code} {closed.reason}"

    def session(self, seen: Seen) -> dict[str, Any]:
        """Read the session by flat names."""
        session = seen.look("session")
        detection = session.turn_detection
        return {
            "instructions": session.instructions,
            "voice": session.voice.name,
            "detection": detection and detection.type,
            "silence_ms": detection and detection.silence_duration_ms,
            "transcription": session.input_audio_transcription.model,
            "tools": [tool.name for tool in session.tools],
        }

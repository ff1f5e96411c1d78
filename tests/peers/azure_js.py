"""The official JavaScript client, `@azure/ai-voicelive`, under Node: `js/driver.mjs` uses it, led from here."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import re
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from typing import Any

from .dialects import Dialect
from .node import DRIVER, node
from .peer import DEADLINE, KEY, PIECE_BYTES, Seen, Setup

__all__ = ["AzureJs", "JsError"]

_LINE_BYTES = 32 * 1024 * 1024


class JsError(Exception):
    """A call of the client threw; the text is its error's name and message."""


class AzureJs:
    """`@azure/ai-voicelive`."""

    name = "azure-js"
    heading = "@azure/ai-voicelive (JavaScript)"
    told_of_unknown: str | None = None
    told_of_malformed = "error as onServerError"

    @asynccontextmanager
    async def open(self, endpoint: str, dialect: Dialect, key: str = KEY) -> AsyncGenerator[JsPeer, None]:
        """Start the program and have it connect."""
        # The client would reach for a proxy even on the way to this machine.
        environment = {name: text for name, text in os.environ.items() if not name.lower().endswith("_proxy")}
        command = (str(await asyncio.to_thread(node)), str(DRIVER))
        process = await asyncio.create_subprocess_exec(
            *command, stdin=PIPE, stdout=PIPE, env=environment, limit=_LINE_BYTES
        )
        peer = JsPeer(process, dialect)
        reading = asyncio.create_task(peer.read())
        try:
            await peer.do("open", endpoint=endpoint, key=key, model=dialect.model, apiVersion=dialect.api_version)
            yield peer
            await peer.do("close")
        finally:
            assert process.stdin is not None
            process.stdin.close()
            try:
                await asyncio.wait_for(process.wait(), DEADLINE)
            finally:
                with suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
                await reading


class JsPeer:
    """A running program with a session."""

    def __init__(self, process: Process, dialect: Dialect) -> None:
        self._process = process
        self._dialect = dialect
        self._told: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._connection: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._answers: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def read(self) -> None:
        """Sort what the program writes until it ends."""
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            told = json.loads(line)
            queue = self._told if "event" in told else self._connection if "connection" in told else self._answers
            queue.put_nowait(told)
        self._answers.put_nowait({"failed": "everything", "kind": "Error", "message": "the program has ended"})

    async def do(self, name: str, **argument: Any) -> None:
        """Have the program do something.

        Raises:
            JsError: if the client threw.
        """
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": name, **argument}).encode() + b"\n")
        await self._process.stdin.drain()
        answer = await asyncio.wait_for(self._answers.get(), DEADLINE)
        if "failed" in answer:
            raise JsError(f"{answer['kind']}: {answer['message']}")

    async def configure(self, setup: Setup) -> None:
        """Call `updateSession`."""
        detection = {"type": "server_vad", "silenceDurationInMs": setup.silence_ms}
        tools: list[dict[str, Any]] = [
            {"type": "function", "name": tool.name, "description": tool.description, "parameters": tool.parameters}
            for tool in setup.tools
        ]
        if setup.mcp_url is not None:
            server = {"serverLabel": "shop", "serverUrl": setup.mcp_url, "requireApproval": "always"}
            tools.append({"type": "mcp", **server})
        session: dict[str, Any] = {
            "instructions": setup.instructions,
            "modalities": list(setup.modalities),
            "voice": {"type": "openai", "name": "alloy"},
            "turnDetection": None if setup.silence_ms is None else detection,
            "inputAudioTranscription": {"model": self._dialect.transcription},
            "tools": tools,
        }
        if setup.voice is not None:
            session["voice"] = {"type": "azure-standard", "name": setup.voice}
        if setup.marks:
            session["outputAudioTimestampTypes"] = ["word"]
            session["animation"] = {"outputs": ["viseme_id"]}
        if setup.interim is not None:
            session["interimResponse"] = {
                "type": "static_interim_response",
                "texts": [setup.interim],
                "triggers": ["latency"],
                "latencyThresholdInMs": 0,
            }
        await self.do("configure", session=session)

    async def misconfigure(self, modality: str) -> None:
        """Call `updateSession`: nothing is checked before it is sent."""
        await self.do("configure", session={"modalities": [modality]})

    async def say(self, text: str) -> None:
        """Call `addConversationItem`."""
        await self.do("say", text=text)

    async def ask(self) -> None:
        """Send the event `response.create`."""
        await self.do("send", event={"type": "response.create"})

    async def speak(self, audio: bytes) -> None:
        """Call `sendAudio` with bytes."""
        await self.do("speak", audio=base64.b64encode(audio).decode(), pieceBytes=PIECE_BYTES)

    async def commit(self) -> None:
        """Send the event `input_audio_buffer.commit`."""
        await self.do("send", event={"type": "input_audio_buffer.commit"})

    async def retrieve(self, item_id: str) -> None:
        """Send the event `conversation.item.retrieve`."""
        await self.do("send", event={"type": "conversation.item.retrieve", "itemId": item_id})

    async def truncate(self, item_id: str, audio_end_ms: int) -> None:
        """Send the event `conversation.item.truncate`."""
        event = {"itemId": item_id, "contentIndex": 0, "audioEndInMs": audio_end_ms}
        await self.do("send", event={"type": "conversation.item.truncate", **event})

    async def delete(self, item_id: str) -> None:
        """Send the event `conversation.item.delete`."""
        await self.do("send", event={"type": "conversation.item.delete", "itemId": item_id})

    async def give_output(self, call_id: str, output: str) -> None:
        """Call `addConversationItem`."""
        await self.do("giveOutput", callId=call_id, output=output)

    async def approve(self, request_id: str) -> None:
        """Call `addConversationItem`."""
        await self.do("approve", requestId=request_id)

    async def greet(self, text: str) -> None:
        """Send the event `response.create` with a prepared message."""
        message = {"type": "message", "role": "assistant", "content": [{"type": "text", "text": text}]}
        response = {"preGeneratedAssistantMessage": message}
        await self.do("send", event={"type": "response.create", "response": response})

    async def type(self, item_id: str, *pieces: str) -> None:
        """Send the events."""
        for piece in pieces:
            await self.do("send", event={"type": "input_text.delta", "id": item_id, "delta": piece})
        await self.do("send", event={"type": "input_text.done", "id": item_id})

    async def cancel(self, event_id: str) -> None:
        """Send the event `response.cancel`."""
        await self.do("send", event={"type": "response.cancel", "eventId": event_id})

    async def next(self) -> Seen:
        """Wait for the client to call its handlers."""
        told = await self._told.get()
        event, handler = told["event"], told["handler"]
        delta = event.get("delta")
        return Seen(
            type=event["type"],
            form=handler or "onServerEvent",
            typed=handler is not None,
            look=lambda path: _walk(event, path),
            audio=base64.b64decode(delta["base64"]) if isinstance(delta, dict) else b"",
        )

    async def ending(self) -> str:
        """Wait for `onDisconnected`, which always has code 1006, and `onError`, which has the service's reason."""
        texts: list[str] = []
        while "onError" not in texts:
            told = await self._connection.get()
            texts += [told["connection"], told.get("message") or ""]
        assert "onDisconnected" in texts
        return texts[-1]

    def session(self, seen: Seen) -> dict[str, Any]:
        """Read the session."""
        session = seen.look("session")
        detection = session["turnDetection"]
        return {
            "instructions": session["instructions"],
            "voice": session["voice"]["name"],
            "detection": detection and detection["type"],
            "silence_ms": detection and detection["silenceDurationInMs"],
            "transcription": session["inputAudioTranscription"]["model"],
            "tools": [tool["name"] for tool in session["tools"]],
        }


def _walk(event: Any, path: str) -> Any:
    """Follow a path as the client names it: camel case, and times as `…InMs`."""
    for name in path.split("."):
        if name.isdigit():
            event = event[int(name)]
            continue
        camel = re.sub("_([a-z])", lambda match: match.group(1).upper(), name)
        event = event[re.sub("Ms$", "InMs", camel)]
    return event

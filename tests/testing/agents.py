"""Small agents to test with the scripted service."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import voicelive
import voicelive.aio
from voicelive.types import FunctionCallOutputItemParam, FunctionToolParam

__all__ = ["DEADLINE", "OPTIONS", "Converse", "ask", "ask_async", "call_tools", "speak"]

DEADLINE = 60.0
OPTIONS: Any = {"receive_timeout": DEADLINE}

Converse = Callable[[str], str]


def question(text: str) -> dict[str, Any]:
    """Return the user's message."""
    return {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}


def ask(endpoint: str, *texts: str, **session: Any) -> list[str]:
    """Ask in writing; return the answers, or the errors of the responses that failed."""
    answers: list[str] = []
    with voicelive.connect(endpoint=endpoint, model="gpt-4o", connection_options=OPTIONS) as conn:
        settings: dict[str, Any] = {"modalities": ["text"], **session}
        conn.session.update(session=settings)
        for text in texts:
            conn.conversation.item.create(item=question(text))
            conn.response.create()
            answers.append(told(conn.wait_for("response.done", timeout=DEADLINE)))
    return answers


async def ask_async(endpoint: str, *texts: str) -> list[str]:
    """Ask in writing, asynchronously."""
    answers: list[str] = []
    async with voicelive.aio.connect(endpoint=endpoint, model="gpt-4o", connection_options=OPTIONS) as conn:
        await conn.session.update(session={"modalities": ["text"]})
        for text in texts:
            await conn.conversation.item.create(item=question(text))
            await conn.response.create()
            answers.append(told(await conn.wait_for("response.done", timeout=DEADLINE)))
    return answers


def told(event: Any) -> str:
    """Return the answer of a finished response."""
    details = event.response.status_details
    if event.response.status != "completed":
        return f"{event.response.status}: {details.to_dict()}"
    return "".join(
        part.get("text") or part.get("transcript") or ""
        for item in event.response.to_dict()["output"]
        for part in item.get("content", ())
    )


def speak(endpoint: str, audio: bytes, **session: Any) -> bytes:
    """Speak to the service with voice activity detection on; return the sound of the answer, PCM16 at 24 kHz."""
    answer = bytearray()
    with voicelive.connect(endpoint=endpoint, model="gpt-4o", connection_options=OPTIONS) as conn:
        settings: dict[str, Any] = {"turn_detection": {"type": "server_vad"}, **session}
        conn.session.update(session=settings)
        conn.input_audio_buffer.append(audio=audio)
        for event in conn:
            if event.type == "response.audio.delta":
                answer += event.delta_bytes
            elif event.type == "response.done":
                break
    return bytes(answer)


def call_tools(endpoint: str, tools: dict[str, Callable[..., Any]]) -> str:
    """Ask something, answer every call that comes, and return what is said in the end."""
    with voicelive.connect(endpoint=endpoint, model="gpt-4o", connection_options=OPTIONS) as conn:
        definitions: list[FunctionToolParam] = [
            {"type": "function", "name": name, "parameters": {"type": "object"}} for name in tools
        ]
        conn.session.update(session={"modalities": ["text"], "tools": definitions})
        conn.conversation.item.create(item=question("go"))
        conn.response.create()
        while True:
            done: Any = conn.wait_for("response.done", timeout=DEADLINE)
            calls = [item for item in done.response.to_dict()["output"] if item["type"] == "function_call"]
            if not calls:
                return told(done)
            for call in calls:
                output = json.dumps(tools[call["name"]](**json.loads(call["arguments"])))
                item: FunctionCallOutputItemParam = {
                    "type": "function_call_output",
                    "call_id": call["call_id"],
                    "output": output,
                }
                conn.conversation.item.create(item=item)
            conn.response.create()

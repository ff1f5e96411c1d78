"""A chat endpoint on a real socket: speaks the streaming protocol of the Chat Completions API as it is told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

from aiohttp import web

__all__ = ["ChatEndpoint", "aborts", "calls", "events", "fails", "hangs", "stalls", "streams", "text"]

Answer: TypeAlias = Callable[[web.Request], Coroutine[Any, Any, web.StreamResponse]]


class ChatEndpoint:
    """Answers each request with the next answer, and keeps what was posted."""

    def __init__(self, *answers: Answer) -> None:
        self._answers = list(answers)
        self.bodies: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.base_url = ""
        self.dropped = asyncio.Event()
        """Set once a client has left in the middle of an answer."""

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        self.headers.append({name.lower(): value for name, value in request.headers.items()})
        try:
            self.bodies.append(await request.json())
            return await self._answers.pop(0)(request)
        except asyncio.CancelledError:
            self.dropped.set()
            raise

    @asynccontextmanager
    async def serving(self) -> AsyncGenerator[ChatEndpoint, None]:
        """Listen on loopback."""
        app = web.Application()
        app.router.add_post("/v1/chat/completions", self._handle)
        runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=1.0)
        await runner.setup()
        try:
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            host, port = runner.addresses[0][:2]
            self.base_url = f"http://{host}:{port}/v1"
            yield self
        finally:
            await runner.cleanup()


def events(*chunks: dict[str, Any], done: bool = True) -> bytes:
    """Return chunks as a stream of server-sent events."""
    lines = [f"data: {json.dumps(chunk, ensure_ascii=False)}\n\n" for chunk in chunks]
    return "".join([": a comment\n\n", *lines, "data: [DONE]\n\n" if done else ""]).encode()


def _chunk(finish: str | None = None, **delta: Any) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}


def text(*pieces: str, finish: str | None = "stop") -> list[dict[str, Any]]:
    """Return the chunks of a text."""
    chunks = [_chunk(role="assistant", content=""), *(_chunk(content=piece) for piece in pieces)]
    return [*chunks, _chunk(finish)] if finish else chunks


def calls(*named: tuple[str, str], piece: int = 3) -> list[dict[str, Any]]:
    """Return the chunks of parallel calls, the arguments in alternating fragments of `piece` characters."""
    begins = [
        {"index": index, "id": f"call_{index}", "type": "function", "function": {"name": name, "arguments": ""}}
        for index, (name, _) in enumerate(named)
    ]
    longest = max(len(arguments) for _, arguments in named)
    fragments = [
        {"index": index, "function": {"arguments": arguments[start : start + piece]}}
        for start in range(0, longest, piece)
        for index, (_, arguments) in enumerate(named)
        if start < len(arguments)
    ]
    return [*(_chunk(tool_calls=[fragment]) for fragment in [*begins, *fragments]), _chunk("tool_calls")]


def streams(chunks: Sequence[dict[str, Any]], *, cut: int | None = None, done: bool = True) -> Answer:
    """Answer with a stream, sent in writes of `cut` bytes each, or whole."""
    data = events(*chunks, done=done)

    async def answer(request: web.Request) -> web.StreamResponse:
        response = await _begin(request)
        for start in range(0, len(data), cut or len(data)):
            await response.write(data[start : start + (cut or len(data))])
            # Lets the loop send each write as a packet of its own.
            await asyncio.sleep(0)
        await response.write_eof()
        return response

    return answer


def stalls(chunks: Sequence[dict[str, Any]]) -> Answer:
    """Answer with the beginning of a stream, and then with nothing until the client leaves."""

    async def answer(request: web.Request) -> web.StreamResponse:
        response = await _begin(request)
        await response.write(events(*chunks, done=False))
        await asyncio.Event().wait()
        return response

    return answer


def aborts(chunks: Sequence[dict[str, Any]]) -> Answer:
    """Answer with the beginning of a stream, then break the connection."""

    async def answer(request: web.Request) -> web.StreamResponse:
        response = await _begin(request)
        await response.write(events(*chunks, done=False))
        assert request.transport is not None
        request.transport.abort()
        return response

    return answer


def hangs() -> Answer:
    """Take the request and never answer."""

    async def answer(request: web.Request) -> web.StreamResponse:
        await asyncio.Event().wait()
        return web.Response()

    return answer


def fails(status: int, body: Any = None, **headers: str) -> Answer:
    """Refuse the request; a `body` of text goes out as it is, any other as JSON."""

    async def answer(request: web.Request) -> web.StreamResponse:
        content = body if isinstance(body, str) else json.dumps(body)
        return web.Response(status=status, text=content, headers=headers)

    return answer


async def _begin(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream; charset=utf-8"})
    await response.prepare(request)
    return response

"""The bridge on every framework's WebSocket: the same call, carried by each of them for real."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
import uvicorn
from aiohttp import web
from fastapi import FastAPI, WebSocket
from flask import Flask
from flask_sock import Sock
from quart import Quart
from quart import websocket as quart_websocket
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from werkzeug.serving import make_server

from voicelive import ReceiveTimeoutError
from voicelive import VoiceLiveConnection as SyncConnection
from voicelive._testing.line_servers import serving_in_threads
from voicelive.telephony import CallSummary, TwilioLine, answer, answer_sync
from voicelive.testing import Caller, ScriptedService

from ..clients.conversing import eventually
from .agents import DEADLINE, Agent

Take = Callable[[Any], Awaitable[None]]
pytestmark = pytest.mark.voicelive(timeout=60)


def free_socket() -> socket.socket:
    found = socket.socket()
    found.bind(("127.0.0.1", 0))
    return found


@asynccontextmanager
async def on_uvicorn(app: Any) -> AsyncGenerator[int]:
    listening = free_socket()
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off", ws="websockets-sansio"))
    task = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        await eventually(lambda: server.started)
        yield listening.getsockname()[1]
    finally:
        server.should_exit = True
        await task
        listening.close()


def starlette(take: Take) -> Any:
    async def endpoint(websocket: WebSocket) -> None:
        await websocket.accept()
        await take(websocket)

    return on_uvicorn(Starlette(routes=[WebSocketRoute("/", endpoint)]))


def fastapi(take: Take) -> Any:
    app = FastAPI()

    @app.websocket("/")
    async def endpoint(websocket: WebSocket) -> None:
        await websocket.accept()
        await take(websocket)

    return on_uvicorn(app)


def quart(take: Take) -> Any:
    app = Quart("calls")

    @app.websocket("/")
    async def endpoint() -> None:
        await quart_websocket.accept()
        await take(quart_websocket)

    return on_uvicorn(app)


@asynccontextmanager
async def aiohttp(take: Take) -> AsyncGenerator[int]:
    async def endpoint(request: web.Request) -> web.WebSocketResponse:
        response = web.WebSocketResponse()
        await response.prepare(request)
        await take(response)
        return response

    app = web.Application()
    app.router.add_get("/", endpoint)
    runner = web.AppRunner(app, shutdown_timeout=5)
    await runner.setup()
    listening = free_socket()
    try:
        await web.SockSite(runner, listening).start()
        yield listening.getsockname()[1]
    finally:
        await runner.cleanup()
        listening.close()


@pytest.mark.parametrize("serving", [starlette, fastapi, aiohttp, quart])
@pytest.mark.parametrize("who", ["the caller hangs up", "the agent ends"])
async def test_a_call_on_each_framework(
    voicelive_environment: ScriptedService, serving: Callable[[Take], Any], who: str
) -> None:
    """Speech goes both ways, and the end of either side is the end of the other."""
    service, speaking = voicelive_environment, Agent()
    service.say("At nine.")
    summaries: list[CallSummary] = []
    done = asyncio.Event()

    async def take(stream: Any) -> None:
        try:
            summaries.append(await answer(speaking, stream, TwilioLine(), model="gpt-4o"))
        finally:
            done.set()

    async with serving(take) as port:
        async with Caller("twilio", f"ws://127.0.0.1:{port}/") as caller:
            await caller.say(service.speech("When?", **caller.format))
            await caller.quiet()
            if who == "the agent ends":
                assert speaking.connection is not None
                await speaking.connection.close()
                await caller.until_ended()
        await asyncio.wait_for(done.wait(), DEADLINE)
    assert service.understand(caller.heard, **caller.format) == "At nine."
    outcomes = [one.outcome for one in summaries]
    if serving is quart and who == "the caller hangs up":
        # Quart cancels the function that serves the WebSocket, unless the vendor's word that the call is over has ended
        # it before; the session ends in either case.
        assert outcomes in ([], ["hung_up"])
        connection = speaking.connection
        assert connection is not None
        await eventually(lambda: connection.close_info is not None)
    else:
        assert outcomes == ["hung_up" if who == "the caller hangs up" else "service_ended"]


@asynccontextmanager
async def flask_sock(take: Callable[[Any], None]) -> AsyncGenerator[int]:
    app = Flask("calls")
    Sock(app).route("/")(take)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port
    finally:
        await asyncio.to_thread(server.shutdown)
        await asyncio.to_thread(thread.join)
        server.server_close()


@pytest.mark.parametrize("serving", [flask_sock, serving_in_threads])
@pytest.mark.parametrize("who", ["the caller hangs up", "the agent ends"])
async def test_a_call_on_each_framework_that_blocks(
    voicelive_environment: ScriptedService, serving: Callable[[Callable[[Any], None]], Any], who: str
) -> None:
    """The same for a synchronous agent, in the framework's own thread."""
    service = voicelive_environment
    service.say("At nine.")
    summaries: list[CallSummary] = []
    done, enough = threading.Event(), threading.Event()

    def speaking(connection: SyncConnection) -> None:
        while not enough.is_set():
            with suppress(ReceiveTimeoutError):
                connection.recv(timeout=0.05)

    def take(stream: Any) -> None:
        summaries.append(answer_sync(speaking, stream, TwilioLine(), model="gpt-4o"))
        done.set()

    async with serving(take) as port:
        async with Caller("twilio", f"ws://127.0.0.1:{port}/") as caller:
            await caller.say(service.speech("When?", **caller.format))
            await caller.quiet()
            if who == "the agent ends":
                enough.set()
                await caller.until_ended()
        assert await asyncio.to_thread(done.wait, DEADLINE)
    assert service.understand(caller.heard, **caller.format) == "At nine."
    assert [one.outcome for one in summaries] == ["hung_up" if who == "the caller hangs up" else "finished"]


class Cancelling:
    """Quart's WebSocket cancels whoever waits for a message when the peer goes."""

    def __init__(self, *messages: str) -> None:
        self.messages = list(messages)

    async def receive(self) -> str:
        if self.messages:
            return self.messages.pop(0)
        raise asyncio.CancelledError

    async def send(self, message: str | bytes) -> None:
        pass


async def test_a_framework_that_cancels_when_the_peer_goes(voicelive_environment: ScriptedService) -> None:
    """That is the end of the call, not of the server's task."""
    from tests.core.lines import frames

    summary = await answer(Agent(), Cancelling(frames.TWILIO_START), TwilioLine(), model="gpt-4o")
    assert summary.outcome == "hung_up"

"""The server's application: WebSockets of calls, webhooks, health, figures; and a drain before it stops."""

from __future__ import annotations

import asyncio
import json
import logging
import signal
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket

from .._core.lines.events import CallStarted
from .._core.lines.limits import CallLimits, CallSummary
from .._generated.connect_async import warmup
from .._telephony.answering import answer
from .._telephony.edges import close_line, wait_for_start
from .._telephony.streams import line_stream
from ..agents import Agent, load_agent
from .admission import Admission
from .metrics import CONTENT_TYPE, Figures
from .settings import AnswerSettings, Secrets
from .vendors import Vendor, body_of, vendor_of

__all__ = ["AnswerServer", "application", "from_environment"]

_logger = logging.getLogger("voicelive.answer")


class AnswerServer:
    """One worker."""

    def __init__(self, settings: AnswerSettings, agent: Agent, vendor: Vendor) -> None:
        self._settings = settings
        self._agent = agent
        self._vendor = vendor
        self._limits = CallLimits(seconds=settings.max_seconds)
        self.admission = Admission(settings.max_calls, settings.max_per_caller)
        self.figures = Figures()
        self._empty = asyncio.Event()
        self._stopping: asyncio.Task[None] | None = None

    def routes(self) -> list[BaseRoute]:
        """Return what is answered where."""
        return [
            Route("/healthz", self._health),
            Route("/readyz", self._ready),
            Route("/metrics", self._metrics),
            WebSocketRoute(self._vendor.stream_path, self._stream),
            *(Route(path, self._webhook, methods=["POST"]) for path in self._vendor.webhooks),
        ]

    @asynccontextmanager
    async def lifespan(self, app: Starlette) -> AsyncGenerator[None]:
        """Have SIGTERM wait for the calls: uvicorn by itself closes every WebSocket at once."""
        await asyncio.to_thread(warmup, freeze=False)
        self.figures.capacity.set(self._settings.max_calls)
        loop = asyncio.get_running_loop()
        theirs = signal.getsignal(signal.SIGTERM)

        def drain(number: int, frame: Any) -> None:
            loop.call_soon_threadsafe(self._drain, theirs, number)

        signal.signal(signal.SIGTERM, drain)
        try:
            yield
        finally:
            signal.signal(signal.SIGTERM, theirs)
            self.figures.capacity.set(0)
            if self._stopping is not None:
                await self._stopping

    def _drain(self, theirs: Any, number: int) -> None:
        if self._stopping is None:
            self.admission.is_draining = True
            self.figures.capacity.set(0)
            self._stopping = asyncio.create_task(self._stop(theirs, number))

    async def _stop(self, theirs: Any, number: int) -> None:
        seconds = self._settings.drain_seconds
        _log("draining", calls=self.admission.active, seconds=seconds)
        try:
            async with asyncio.timeout(seconds):
                while self.admission.active:
                    self._empty.clear()
                    await self._empty.wait()
        except TimeoutError:
            _log("drain_is_over", calls=self.admission.active)
        if callable(theirs):
            theirs(number, None)

    # What is asked.

    async def _health(self, request: Request) -> Response:
        return JSONResponse({"status": "alive"})

    async def _ready(self, request: Request) -> Response:
        refusal = self.admission.refusal()
        status = {"status": refusal or "ready", "calls": self.admission.active}
        return JSONResponse(status, status_code=503 if refusal else 200)

    async def _metrics(self, request: Request) -> Response:
        return Response(self.figures.text(), media_type=CONTENT_TYPE)

    async def _webhook(self, request: Request) -> Response:
        body = await body_of(request)
        if body is None:
            return Response(status_code=413)
        response: Response = await self._vendor.webhooks[request.url.path](request, body, self.admission.refusal())
        if response.status_code == 403:
            self._refused("signature")
        return response

    async def _stream(self, websocket: WebSocket) -> None:
        if self._settings.validate and not await self._vendor.may_open(websocket):
            self._refused("signature")
            await _deny(websocket, Response(status_code=403))
            return
        if (refusal := self.admission.refusal()) is not None:
            self._refused(refusal)
            await _deny(websocket, Response(status_code=503, headers={"retry-after": "1"}))
            return
        self.admission.begin()
        self.figures.active.inc()
        admitted: list[CallStarted] = []
        try:
            await websocket.accept()
            await self._call(websocket, admitted)
        finally:
            self.figures.active.dec()
            self.admission.end(*((one.caller, one.call_id) for one in admitted))
            if not self.admission.active:
                self._empty.set()

    async def _call(self, websocket: WebSocket, admitted: list[CallStarted]) -> None:
        line, stream = self._vendor.line(websocket), line_stream(websocket)
        began = time.monotonic()
        failed = await wait_for_start(stream, line, self._limits)
        started = line.started
        if failed is not None or started is None:
            outcome, detail = failed or ("not_started", "")
            self._ended(CallSummary(outcome=outcome, detail=detail, line=line.name))
            await stream.close()
            return
        refusal: str | None = None
        if self._settings.validate and not self._vendor.may_call(started):
            refusal = "token"
        elif (refusal := self.admission.identify(started.caller, started.call_id)) is None:
            admitted.append(started)
        if refusal is not None:
            self._refused(refusal)
            await close_line(stream, line, "unauthorized" if refusal == "token" else "error")
            return
        _log("call_started", line=line.name, call_id=started.call_id, after_ms=_ms(began))
        summary = await answer(
            self._agent,
            websocket,
            line,
            limits=self._limits,
            control=self._vendor.control,
            digits=self._settings.digits,
            **dict(self._settings.connect),
        )
        self._ended(summary)

    def _ended(self, summary: CallSummary) -> None:
        self.figures.count(summary)
        told = asdict(summary)
        # People's numbers are not for a log.
        del told["caller"], told["called"]
        _log("call_ended", **told)

    def _refused(self, reason: str) -> None:
        self.figures.refused.labels(reason).inc()
        _log("refused", reason=reason)


def application(settings: AnswerSettings, *, agent: Agent | None = None, secrets: Secrets | None = None) -> Starlette:
    """Return the application of one worker.

    Raises:
        ConfigurationError: if the agent cannot be found, or a secret is missing.
    """
    vendor = vendor_of(settings, secrets or Secrets.of(settings))
    server = AnswerServer(settings, agent or load_agent(settings.agent), vendor)
    app = Starlette(routes=server.routes(), lifespan=server.lifespan)
    app.state.server = server
    return app


def from_environment() -> Starlette:
    """Return the application that the environment tells: what uvicorn's workers call."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    # Its clients tell of each request in a dozen lines.
    logging.getLogger("azure").setLevel(logging.WARNING)
    return application(AnswerSettings.kept())


async def _deny(websocket: WebSocket, response: Response) -> None:
    await websocket.send_denial_response(response)
    # uvicorn logs an error unless it has closed the connection by the time this returns.
    await asyncio.sleep(0)


def _log(event: str, **fields: Any) -> None:
    record = {"event": event, "time": round(time.time(), 3), **fields}
    _logger.info(json.dumps(record, default=str))


def _ms(began: float) -> int:
    return round((time.monotonic() - began) * 1000)

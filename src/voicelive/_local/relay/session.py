"""One relayed session: what each side sends goes to the other, is noted on the way, and waits for who reads slowly."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from websockets.asyncio.server import ServerConnection

from ..._core.codec import decode_server_event
from ..._core.envelope import Outgoing
from ..._core.events import AnyClientEvent, MalformedServerEvent
from ..._core.watchdog import Watch
from ..._generated import models
from ..._transport.websocket import ConnectionClosed, WebSocketTransport
from ...errors import InvalidEventError
from ..faults.schedule import Opportunities
from ..limits import read_client_event, weight_of
from ..records import SessionJournal
from ..session import error_details as errors
from ..session.error_details import ErrorDetails, RefusedError
from ..session_socket import SessionSocket
from ..workers import Workers
from .refusals import NOT_VOICE_LIVE, end_for_client, end_for_upstream
from .relay import Link

__all__ = ["RelayedSession"]

_FLUSH_S = 5.0
"""Seconds that a client gets to read what arrived before the upstream connection ended."""

_LOOK_S = 1.0
"""Seconds between two looks at whether the upstream service has stalled."""

_READ_AT_ONCE = 16 * 1024
"""Length of the messages that are read for the record without a change of thread."""

_MOST_HEARD = 1000
_DEFAULTS = {"input_audio_format": "pcm16", "input_audio_sampling_rate": 24000, "output_audio_format": "pcm16"}


class RelayedSession:
    """A client's session at the upstream service."""

    def __init__(
        self,
        connection: ServerConnection,
        channel: SessionSocket,
        journal: SessionJournal,
        link: Link,
        *,
        workers: Workers,
        faults: Opportunities,
        max_seconds: float | None,
        announce: Callable[[], None],
    ) -> None:
        """Prepare it; `announce` is called when its id is known, which the upstream service gives it."""
        self._connection = connection
        self._channel = channel
        self._journal = journal
        self._link = link
        self._workers = workers
        self._faults = faults
        self._max_seconds = max_seconds
        self._announce = announce
        self._announced = False
        self._watch = Watch(ready_timeout=link.ready_timeout, stall_timeout=link.stall_timeout)
        self._over = asyncio.Event()
        self._end: tuple[int, str] | None = None
        self._settings: dict[str, Any] = dict(_DEFAULTS)
        self._heard: deque[str] = deque(maxlen=_MOST_HEARD)
        journal.read_from(items=list, settings=lambda: self._settings, heard=lambda: list(self._heard))

    @property
    def why(self) -> str:
        """Why the relay or the upstream service has ended it; empty where the client did."""
        return self._end[1] if self._end is not None else ""

    def end(self, code: int, reason: str) -> None:
        """Let :meth:`run` close both connections and return."""
        if self._end is None:
            self._end = code, reason
            self._over.set()

    def expire(self) -> None:
        """Tell the client that the session's time is up, and end it."""
        self._fail_and_end(errors.session_expired(self._max_seconds or 0), 1001)

    async def run(self, refused: ErrorDetails | None = None) -> None:
        """Relay until one side ends, then end the other in the same way, and leave nothing open.

        Args:
            refused: why there is to be no session; the client is told, and the connection closed.
        """
        transport = self._link.transport
        try:
            if refused is None and self._link.refusal is not None:
                refused = ErrorDetails(str(self._link.refusal), code="upstream_unavailable", type="server_error")
            if refused is not None or transport is None:
                await self._refuse(refused)
                return
            await self._relay(transport)
            await asyncio.gather(self._end_client(transport), self._end_upstream(transport))
        finally:
            self._introduce(None)
            if transport is not None:
                transport.abort()

    async def _refuse(self, refused: ErrorDetails | None) -> None:
        self._introduce(None)
        if refused is not None:
            await self._channel.fail(refused)
        self._end = (1014 if self._link.refusal is not None else 1008), (refused and refused.code) or ""
        await self._channel.close(*self._end)

    async def _relay(self, transport: WebSocketTransport) -> None:
        self._watch.open(time.monotonic())
        down = asyncio.create_task(self._down(transport))
        gone = asyncio.Event()
        transport.when_ended(lambda _: gone.set())
        others = [
            asyncio.create_task(work)
            for work in (self._up(transport), self._look(transport), self._limit(), self._over.wait(), gone.wait())
        ]
        try:
            done, _ = await asyncio.wait({down, *others}, return_when=asyncio.FIRST_COMPLETED)
            if gone.is_set() and self._end is None and not _reads_too_slowly(transport):
                # What came before the end is still on its way to the client.
                await asyncio.wait({down}, timeout=_FLUSH_S)
            for task in done:
                task.result()
        finally:
            for task in (down, *others):
                task.cancel()
            await asyncio.wait({down, *others})

    async def _down(self, transport: WebSocketTransport) -> None:
        """Pass on what the upstream service sends; the client that reads slowly holds it up."""
        with suppress(ConnectionClosed):
            while True:
                message = await transport.recv()
                self._watch.see(message)
                data = message.data
                for secret in self._link.secrets:
                    if secret in data:
                        data = data.replace(secret, b"(hidden)")
                event = decode_server_event(data)
                self._introduce(event)
                if self._end is None:
                    self._note(event)
                    await self._channel.send(event, data)

    async def _up(self, transport: WebSocketTransport) -> None:
        """Pass on what the client sends; an upstream service that reads slowly holds it up."""
        with suppress(ConnectionClosed):
            async for message in self._channel.messages():
                await self._note_received(message)
                try:
                    data = message.encode() if isinstance(message, str) else message
                    data.decode()
                except UnicodeError:
                    self.end(1007, "a message is not UTF-8 text")
                    return
                if (rest := transport.begin(Outgoing("", data))) is not None:
                    await rest

    async def _look(self, transport: WebSocketTransport) -> None:
        """Give the upstream connection up where it stalls."""
        while True:
            due = self._watch.due(transport.last_arrival)
            left = _LOOK_S if due is None else due[0] - time.monotonic()
            if due is not None and left <= 0:
                transport.give_up(due[1])
                return
            await asyncio.sleep(min(left, _LOOK_S))

    async def _limit(self) -> None:
        """End the session when it has lasted as long as it may."""
        await asyncio.sleep(self._max_seconds if self._max_seconds is not None else float("inf"))
        details = errors.session_expired(self._max_seconds or 0)
        await self._channel.fail(details)
        self.end(1008, f"the relay ends sessions after {self._max_seconds:g} seconds")

    def _fail_and_end(self, details: ErrorDetails, code: int) -> None:
        async def tell() -> None:
            await self._channel.fail(details)
            self.end(code, details.code or "")

        self._telling = asyncio.create_task(tell())

    # --- noting what goes by -----------------------------------------------------------------------------------------

    def _introduce(self, event: models.ServerEvent | None) -> None:
        """Give the record the session's id, when the first event has come or none ever will, and show it."""
        if self._announced:
            return
        self._announced = True
        if isinstance(event, MalformedServerEvent) or (event is not None and not isinstance(event.type, str)):
            self.end(*NOT_VOICE_LIVE)
        if isinstance(event, models.ServerEventSessionCreated):
            session_id = _payload(event).get("id")
            if isinstance(session_id, str) and session_id:
                self._journal.id = session_id
                self._faults.belong_to(session_id)
        self._announce()

    def _note(self, event: models.ServerEvent) -> None:
        if isinstance(event, (models.ServerEventSessionCreated, models.ServerEventSessionUpdated)):
            given = _payload(event)
            self._settings = {**given, **{name: given.get(name) or text for name, text in _DEFAULTS.items()}}
        elif isinstance(event, models.ServerEventConversationItemInputAudioTranscriptionCompleted):
            self._heard.append(event.transcript or "")

    async def _note_received(self, message: bytes | str) -> None:
        if len(message) <= _READ_AT_ONCE:
            event = _read(message)
        else:
            event = await self._workers.read(_read, message)
        if event is not None:
            self._journal.received_events.add(message, weight_of(message))

    # --- the end -----------------------------------------------------------------------------------------------------

    async def _end_client(self, transport: WebSocketTransport) -> None:
        if self._end is None and (info := transport.end(None)) is not None:
            self._end = end_for_client(info)
        await self._channel.close(*(self._end or (1000, "")))

    async def _end_upstream(self, transport: WebSocketTransport) -> None:
        if self._end is None:
            await transport.close(*end_for_upstream(self._connection.close_code, self._connection.close_reason or ""))
        else:
            await transport.close(1000, "")


def _payload(event: models.ServerEventSessionCreated | models.ServerEventSessionUpdated) -> dict[str, Any]:
    """Return the session in an event, whatever the upstream service has put in its place."""
    session = event.to_dict().get("session")
    return session if isinstance(session, dict) else {}


def _reads_too_slowly(transport: WebSocketTransport) -> bool:
    info = transport.end(None)
    return info is not None and info.cause == "overflow"


def _read(message: bytes | str) -> AnyClientEvent | None:
    try:
        return read_client_event(message)
    except (InvalidEventError, RefusedError):
        return None  # whether it is an event is for the upstream service to say

"""The control endpoint: small JSON messages over a WebSocket.

A viewer asks ``{"id": 1, "do": "faults.add", "faults": ["close:1011"]}`` and is answered ``{"reply": 1, …}``, with
``error`` in it where that was refused. Without being asked it gets ``{"push": "sessions", …}`` and
``{"push": "faults", …}`` when they change, and ``{"push": "events", …}`` of the session that it watches.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from ..._base import encode_base64
from ...errors import VoiceLiveError
from ..faults.kinds import KINDS
from ..faults.schedule import FaultSchedule
from ..faults.text import describe_kind
from .sound import SoundMemory
from .timeline import Timeline

if TYPE_CHECKING:
    from ..records import SessionJournal

__all__ = ["CONTROL_PATH", "Control"]

CONTROL_PATH = "/control"

_MAX_REQUEST = 64 * 1024
_BATCH = 250  # events in one message
_MAX_SOUND = 1024 * 1024  # bytes of sound in one answer, after which no further event's is added
_PAUSE_S = 0.05  # what happens within it is sent in one message


class _RequestError(Exception):
    """A request that cannot be answered as asked."""


class Control:
    """What all viewers of a service look at."""

    def __init__(self, records: Callable[[], Sequence[SessionJournal]], faults: FaultSchedule) -> None:
        self._records = records
        self._faults = faults
        self._viewers: set[_Viewer] = set()
        self._sound = SoundMemory()

    def timeline(self) -> Timeline:
        """Return the timeline of a session that begins."""
        return Timeline(self.changed, self._sound.begin())

    def changed(self) -> None:
        """Let the viewers know that there is something new."""
        for viewer in self._viewers:
            viewer.changed.set()

    async def close(self) -> None:
        """Send every viewer away with 1001."""
        closing = [viewer.connection.close(1001, "the local service is stopping") for viewer in self._viewers]
        await asyncio.gather(*closing)

    async def serve(self, connection: ServerConnection) -> None:
        """Answer one viewer until it goes."""
        loop = asyncio.get_running_loop()

        def faults_changed() -> None:
            with suppress(RuntimeError):  # a loop that was closed meanwhile has no viewers left
                loop.call_soon_threadsafe(self.changed)

        viewer = _Viewer(connection, self._records, self._faults)
        self._viewers.add(viewer)
        end = self._faults.listen(faults_changed)
        pushing = asyncio.create_task(viewer.push())
        try:
            await viewer.answer()
        finally:
            end()
            self._viewers.discard(viewer)
            pushing.cancel()
            await asyncio.wait({pushing})


class _Viewer:
    def __init__(
        self, connection: ServerConnection, records: Callable[[], Sequence[SessionJournal]], faults: FaultSchedule
    ) -> None:
        self.connection = connection
        self._records = records
        self._faults = faults
        self._watched: str | None = None
        self._next = 0
        self._told: dict[str, str] = {}
        self.changed = asyncio.Event()
        self.changed.set()

    # --- what is asked for -------------------------------------------------------------------------------------------

    async def answer(self) -> None:
        """Answer requests until the connection ends."""
        with suppress(ConnectionClosed):
            async for message in self.connection:
                await self.connection.send(json.dumps(self._answer(message)))
                self.changed.set()

    def _answer(self, message: bytes | str) -> dict[str, Any]:
        number: object = None
        try:
            request = _read(message)
            number = request.get("id")
            return {"reply": number, **self._carry_out(request)}
        except (_RequestError, VoiceLiveError) as error:
            return {"reply": number, "error": str(error)}

    def _carry_out(self, request: Mapping[str, Any]) -> dict[str, Any]:
        action = request.get("do")
        if action == "sessions":
            return {"sessions": self._sessions()}
        if action == "watch":
            return self._watch(request.get("session"))
        if action == "audio":
            return self._audio(request)
        if action == "faults.list":
            return {"faults": self._planned()}
        if action == "faults.add":
            added = self._faults.add(*_texts(request, "faults"))
            return {"faults": [{"id": planned.id, "fault": str(planned.fault)} for planned in added]}
        if action == "faults.clear":
            self._faults.clear(*_texts(request, "ids"))
            return {"faults": self._planned()}
        if action == "faults.kinds":
            return {"kinds": [describe_kind(kind) for kind in KINDS.values()]}
        known = "sessions, watch, audio, faults.list, faults.add, faults.clear, faults.kinds"
        raise _RequestError(f"cannot do {action!r}: use one of {known}")

    def _audio(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Return the sound of the events asked for, as far as it is kept and fits in one answer."""
        numbers = request.get("events")
        if not isinstance(numbers, list) or not all(isinstance(number, int) for number in numbers):
            raise _RequestError("'events' is a list of the numbers of events")
        timeline = self._record(request.get("session")).shown
        sound = timeline.sound if timeline is not None else None
        found: list[dict[str, Any]] = []
        size = looked_at = 0
        while sound is not None and looked_at < len(numbers) and size < _MAX_SOUND:
            piece = sound.find(numbers[looked_at])
            looked_at += 1
            if piece is not None:
                size += len(piece.pcm)
                found.append({"n": piece.number, "rate": piece.rate, "pcm": encode_base64(piece.pcm)})
        return {"audio": found, "left": numbers[looked_at:] if sound is not None else []}

    def _record(self, session_id: object) -> SessionJournal:
        for record in self._records():
            if record.id == session_id:
                return record
        raise _RequestError(f"there is no session {session_id!r}, or it has been forgotten")

    def _watch(self, session_id: object) -> dict[str, Any]:
        if session_id is not None:
            self._record(session_id)
        self._watched = None if session_id is None else str(session_id)
        self._next = 0
        return {"session": self._watched}

    # --- what is sent ------------------------------------------------------------------------------------------------

    async def push(self) -> None:
        """Send what is new until cancelled, or the connection ends."""
        with suppress(ConnectionClosed):
            while True:
                await self.changed.wait()
                self.changed.clear()
                await self._tell("sessions", self._sessions())
                await self._tell("faults", self._planned())
                await self._tell_events()
                await asyncio.sleep(_PAUSE_S)

    async def _tell(self, what: str, value: object) -> None:
        text = json.dumps(value)
        if self._told.get(what) != text:
            self._told[what] = text
            await self.connection.send(f'{{"push":"{what}","{what}":{text}}}')

    async def _tell_events(self) -> None:
        while True:
            watched = self._watched
            record = next((record for record in self._records() if record.id == watched), None)
            timeline = record.shown if record is not None else None
            if timeline is None or self._next >= timeline.next:
                return
            first = max(self._next, timeline.first)
            events = timeline.since(first, _BATCH)
            self._next = first + len(events)
            # As JSON once made: every entry is a JSON text already.
            head = f'{{"push":"events","session":{json.dumps(watched)},"forgotten":{timeline.first}'
            await self.connection.send(f'{head},"events":[{",".join(events)}]}}')

    def _sessions(self) -> list[dict[str, Any]]:
        return [
            {
                "id": record.id,
                "model": record.model,
                "api_version": record.query.get("api-version", ""),
                "opened_at": record.opened_at,
                "received": record.received_events.total,
                "sent": record.sent_events.total,
                "closed": record.closed,
                "close_code": record.close_code,
                "close_reason": record.close_reason,
            }
            for record in self._records()
        ]

    def _planned(self) -> list[dict[str, Any]]:
        return [
            {
                "id": planned.id,
                "fault": str(planned.fault),
                "session": planned.fault.session,
                "committed": planned.committed,
                "times": planned.fault.times,
            }
            for planned in self._faults
        ]


def _read(message: bytes | str) -> dict[str, Any]:
    if len(message) > _MAX_REQUEST:
        raise _RequestError(f"a request of {len(message)} bytes is too long: at most {_MAX_REQUEST} are read")
    try:
        request = json.loads(message)
    except (ValueError, RecursionError):
        raise _RequestError('a request is a JSON object, such as {"id": 1, "do": "sessions"}') from None
    if not isinstance(request, dict):
        raise _RequestError('a request is a JSON object, such as {"id": 1, "do": "sessions"}')
    return request


def _texts(request: Mapping[str, Any], name: str) -> list[str]:
    value = request.get(name, [])
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        raise _RequestError(f"{name!r} is a list of texts")
    return value

"""`voicelive replay`: the service's side of a recording for any client, or the user's side for a service."""

from __future__ import annotations

import asyncio
import difflib
import json
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, Literal

from .._generated.versions import DEFAULT_API_VERSION
from .._recording.renaming import Renaming
from ..aio import VoiceLiveConnection, connect
from ..errors import ConnectionClosed, RecordingError
from ..local import LocalService, Replay
from ..recording import RecordedEvent, Recording
from .failures import CommandError, ConversationFailed
from .output import Output
from .signals import handled

__all__ = ["ReplaySettings", "replay", "replay_against"]


@dataclass(frozen=True)
class ReplaySettings:
    """Everything `voicelive replay` can be told."""

    path: Path
    host: str = "127.0.0.1"
    port: int = 8765
    match: Literal["strict", "order", "loose"] = "loose"
    pacing: Literal["fast", "recorded"] = "recorded"
    against: str | None = None
    """The service that the user's side is sent to; None to serve the service's side."""
    timeout: float = 30.0


async def replay(settings: ReplaySettings) -> None:
    """Serve the recorded service's side until SIGINT or SIGTERM; or speak the user's side, and show what differs.

    Raises:
        CommandError: if there is no recording, or what the service did differs from it.
        LocalServiceError: if the port is in use.
    """
    try:
        recording = Recording.open(settings.path)
    except RecordingError as error:
        raise CommandError(str(error)) from None
    if settings.against is not None:
        await replay_against(recording, settings.against, settings)
        return
    for problem in await asyncio.to_thread(recording.check):
        _tell(f"note: {problem}")
    stopped = asyncio.Event()
    played = Replay(recording, match=settings.match, pacing=settings.pacing)
    with handled((signal.SIGINT, signal.SIGTERM), lambda _: stopped.set()):
        async with LocalService(settings.host, settings.port, replay=played) as service:
            _tell(f"{settings.path} is replayed at {service.endpoint}, model {recording.header.model or '(agent)'}")
            _tell("Ctrl-C stops it.")
            await stopped.wait()
    for problem in played.problems:
        _tell(problem)


async def replay_against(recording: Recording, endpoint: str, settings: ReplaySettings) -> None:
    """Send the recorded user's side to a service, and show where it answers differently.

    Raises:
        CommandError: if it does.
    """
    header = recording.header
    if not header.content:
        raise CommandError(f"{recording.path} was recorded without content: there is nothing to say to a service")
    steps = [event for event in recording.events if event.direction != "local" and event.raw is None]
    found: list[dict[str, Any]] = []
    async with connect(
        endpoint=endpoint,
        model=header.model,
        contract_check="ignore",
        api_version=header.api_version or DEFAULT_API_VERSION,
    ) as connection:
        await _User(recording, connection, steps, found, settings).speak()
    expected = [recording.wire(step) for step in steps if step.direction == "received"]
    lines = list(difflib.unified_diff(outline(expected), outline(found), "recorded", endpoint, lineterm="", n=2))
    for line in lines:
        _tell(line)
    if lines:
        raise ConversationFailed(f"{endpoint} answers differently from {recording.path}")
    _tell(f"{endpoint} answers as recorded: {len(expected)} events")


class _User:
    """Says what was recorded, each thing when the service has come as far as it had then."""

    def __init__(
        self,
        recording: Recording,
        connection: VoiceLiveConnection,
        steps: list[RecordedEvent],
        found: list[dict[str, Any]],
        settings: ReplaySettings,
    ) -> None:
        self._recording = recording
        self._connection = connection
        self._steps = steps
        self._found = found
        self._settings = settings
        self._seen = Counter[str]()
        self._arrived = asyncio.Event()
        self._ids = Renaming()
        self._recorded: dict[str, list[RecordedEvent]] = {}
        for step in steps:
            if step.direction == "received":
                self._recorded.setdefault(step.type, []).append(step)

    async def speak(self) -> None:
        """Say all of it, and wait for the last answer."""
        receiving = asyncio.create_task(self._receive())
        try:
            needed = Counter[str]()
            begin, offset = time.monotonic(), 0.0
            for step in self._steps:
                if step.direction == "received":
                    if not step.type.endswith((".delta", ".created")):
                        needed[step.type] += 1
                    continue
                is_sound = step.type.endswith(".append")
                if not is_sound:
                    await self._until(needed)
                if self._settings.pacing == "recorded":
                    await asyncio.sleep(max(0.0, begin + offset + step.time - time.monotonic()))
                    offset = max(offset, time.monotonic() - begin - step.time)
                await self._connection.send(self._ids.rename(self._recording.wire(step)))
            await self._until(needed)
        finally:
            receiving.cancel()
            with suppress(asyncio.CancelledError, ConnectionClosed):
                await receiving

    async def _receive(self) -> None:
        async for event in self._connection:
            payload: dict[str, Any] = json.loads(event.to_json())
            self._found.append(payload)
            kind = str(event.type)
            recorded = self._recorded.get(kind, [])
            if self._seen[kind] < len(recorded):
                self._ids.learn(recorded[self._seen[kind]].payload, payload)
            self._seen[kind] += 1
            self._arrived.set()

    async def _until(self, needed: Counter[str]) -> None:
        """Wait until the service has sent what it had sent by then; not forever, since it may never."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._settings.timeout):
                while needed - self._seen:
                    self._arrived.clear()
                    await self._arrived.wait()


def outline(events: list[dict[str, Any]]) -> list[str]:
    """Return events in short, a line each; pieces of one thing are one line."""
    lines: list[str] = []
    for kind, run in groupby(events, key=lambda event: str(event.get("type"))):
        for event in [next(run)] if kind.endswith(".delta") else run:
            gist = "" if kind.endswith(".delta") else ", ".join(_gist(event))
            lines.append(f"{kind}  {gist}".rstrip())
    return lines


_TOLD = ("status", "name", "arguments", "transcript", "text", "code", "message", "role")


def _gist(value: Mapping[str, Any]) -> Iterator[str]:
    for name, each in sorted(value.items()):
        if name in _TOLD and isinstance(each, (str, int)):
            yield f"{name} {json.dumps(each, ensure_ascii=False)}"
        elif name in ("response", "item", "part", "error") and isinstance(each, dict):
            yield from _gist(each)


def _tell(line: str) -> None:
    output = Output(sys.stdout, "standard output")
    output.write(f"{line}\n")
    output.flush()

"""Faults that happen at a moment of a session: noticing the moment, and doing what was asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from fnmatch import fnmatchcase
from typing import Protocol

from ..session import error_details as errors
from .base import MomentFault
from .kinds import Abort, Close, ErrorEvent, Expire, Stall
from .schedule import FaultSchedule, Opportunities, PlannedFault

__all__ = ["Triggers", "FaultTarget"]


class FaultTarget(Protocol):
    """What a fault can do to a session."""

    async def end(self, code: int, reason: str) -> None:
        """Close the connection."""
        ...

    def abort(self) -> None:
        """Cut the connection."""
        ...

    def expire(self) -> None:
        """Let the session's time be up."""
        ...

    def stall(self, seconds: float | None) -> None:
        """Send nothing for some seconds, or ever again."""
        ...

    async def fail(self, details: errors.ErrorDetails) -> None:
        """Send an ``error`` event."""
        ...


_ENDS = (Abort, Close, Expire)


class Triggers:
    """Watches for the moments of one session."""

    def __init__(self, faults: FaultSchedule, opportunities: Opportunities, target: FaultTarget) -> None:
        self._faults = faults
        self._opportunities = opportunities
        self._target = target
        self._sent = 0
        self._seen: set[PlannedFault[MomentFault]] = set()
        self._scheduled: set[PlannedFault[MomentFault]] = set()
        self._began = 0.0
        self._end: Callable[[], None] = lambda: None
        self._timers: list[asyncio.TimerHandle] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Begin the session: commit what happens at once, and watch for the rest until :meth:`stop`."""
        loop = asyncio.get_running_loop()
        self._began = loop.time()

        def changed() -> None:
            with suppress(RuntimeError):  # a loop that was closed meanwhile has no session left to tell
                loop.call_soon_threadsafe(self._look)

        self._end = self._faults.listen(changed)
        for planned in self._opportunities.waiting(MomentFault):
            if self._is_immediate(planned):
                await self._commit(planned)
        self._look()

    def stop(self) -> None:
        """Stop watching."""
        self._end()
        for timer in self._timers:
            timer.cancel()
        for task in self._tasks:
            task.cancel()

    async def sent(self, event_type: str) -> None:
        """Commit what happens after the event that has just left."""
        self._sent += 1
        for planned in self._opportunities.waiting(MomentFault):
            fault = planned.fault
            if fault.event is not None:
                if fnmatchcase(event_type, fault.event):
                    await self._commit(planned)
            elif planned not in self._seen and (
                self._is_immediate(planned) or (fault.events is not None and self._sent >= fault.events)
            ):
                await self._commit(planned)

    def _look(self) -> None:
        """See which faults there are by now."""
        loop = asyncio.get_running_loop()
        for planned in self._opportunities.waiting(MomentFault):
            if planned in self._seen or planned in self._scheduled:
                continue
            age = planned.fault.age
            if age is not None:
                self._scheduled.add(planned)
                self._timers.append(loop.call_at(self._began + age, self._commit_soon, planned))
            elif self._is_immediate(planned):
                self._scheduled.add(planned)
                self._commit_soon(planned)

    def _is_immediate(self, planned: PlannedFault[MomentFault]) -> bool:
        return planned.fault.immediate and self._sent >= planned.fault.first_event

    def _commit_soon(self, planned: PlannedFault[MomentFault]) -> None:
        task = asyncio.create_task(self._commit(planned))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _commit(self, planned: PlannedFault[MomentFault]) -> None:
        # A session ends once, although events may still leave before it has.
        if planned in self._seen and (planned.fault.event is None or isinstance(planned.fault, _ENDS)):
            return
        self._seen.add(planned)
        if self._opportunities.take(planned):
            await self._do(planned.fault)

    async def _do(self, fault: MomentFault) -> None:
        target = self._target
        if isinstance(fault, Close):
            await target.end(fault.code, fault.reason)
        elif isinstance(fault, Abort):
            target.abort()
        elif isinstance(fault, Expire):
            target.expire()
        elif isinstance(fault, Stall):
            target.stall(fault.seconds)
        elif isinstance(fault, ErrorEvent):
            await target.fail(errors.ordered(fault.code, fault.message, fault.type, fault.param))

"""How a call of a line begins and how it ends, before and after anything is carried."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from contextlib import suppress

from .._core.lines.events import LineFault, Reply
from .._core.lines.limits import CallLimits, CallOutcome
from .._core.lines.line import Line
from .streams import LineStream, StreamEnded

__all__ = ["CLOSING_S", "close_line", "finish_in_time", "wait_for_start"]

CLOSING_S = 3.0
"""How long anything of a call's end may take."""


async def wait_for_start(stream: LineStream, line: Line, limits: CallLimits) -> tuple[CallOutcome, str] | None:
    """Wait until the line has said which call it is; return what became of it if there is none."""
    faults = 0
    try:
        async with asyncio.timeout(limits.start_seconds):
            while line.started is None:
                for event in line.receive(await stream.receive()):
                    if isinstance(event, Reply):
                        await stream.send(event.message)
                    elif isinstance(event, LineFault):
                        faults += 1
                        if event.is_fatal or faults >= limits.faults:
                            return "faulty", event.detail
    except StreamEnded as end:
        return "not_started", str(end)
    except TimeoutError:
        return "not_started", f"the line did not say within {limits.start_seconds:g} s which call it is"
    return None


async def close_line(stream: LineStream, line: Line, reason: str) -> None:
    """End a call of which nothing was carried."""
    if line.started is not None:
        message = None if line.started.is_probe else line.write_end(reason)
        await finish_in_time(_end_session(stream, line, message))
    await finish_in_time(stream.close())


async def _end_session(stream: LineStream, line: Line, message: str | bytes | None) -> None:
    """Have a vendor that closes its sessions itself do so, and answer it."""
    if message is not None:
        await stream.send(message)
    elif line.started is None or not line.started.is_probe:
        return
    while line.ended is None:
        for event in line.receive(await stream.receive()):
            if isinstance(event, Reply):
                await stream.send(event.message)


async def finish_in_time(job: Awaitable[object]) -> None:
    """Give what belongs to the end of a call a few seconds; whatever fails of it is over with the call."""
    with suppress(Exception):
        async with asyncio.timeout(CLOSING_S):
            await job

"""Answering: waits for a call on a line, connects to the service, and lets an agent speak with the caller."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

from .._clients.async_connection import VoiceLiveConnection
from .._core.lines.limits import CallLimits, CallSummary
from .._core.lines.line import Line
from .._generated.connect_async import connect
from .._public import public_in
from ..agents import Agent, options_of
from ..errors import ConfigurationError, ConnectionClosed, VoiceLiveError
from .bridge import Bridge, Digits, check_bridge
from .call import CallControl
from .edges import close_line, wait_for_start
from .streams import LineStream, line_stream

__all__ = ["agent_failed", "answer", "unanswered", "unreached", "until_started"]

_logger = logging.getLogger("voicelive.telephony")
_LOOK_S = 0.005


@public_in("voicelive.telephony")
async def answer(
    agent: Agent,
    stream: Any,
    line: Line,
    *,
    limits: CallLimits | None = None,
    control: CallControl | None = None,
    digits: Digits = "event",
    **options: Any,
) -> CallSummary:
    """Answer one call: wait until the line says which, connect to the service, and run an agent until the call is over.

    No session is opened for a WebSocket on which nobody calls. When the agent returns, the call ends once what it has
    said was heard; when the caller hangs up, the connection closes, so that the agent's iteration ends.

    Args:
        agent: what speaks with the caller: a coroutine function that takes the connection. Options given to it by
            :func:`voicelive.agents.agent` are used.
        stream: the line's WebSocket; see :func:`bridge`.
        line: what speaks the vendor's protocol, new for this call.
        limits: what the call may take.
        control: what can end and transfer the vendor's calls.
        digits: what becomes of keys; see :func:`bridge`.
        options: arguments of :func:`voicelive.aio.connect`; they count before the agent's own.

    Returns:
        What became of the call; also where the service could not be reached, or the agent raised.

    Raises:
        ConfigurationError: if an argument is not valid.
        ConnectionStateError: if the line was used before.
    """
    check_bridge(line, limits, digits)
    if not callable(agent):
        raise ConfigurationError(f"agent takes a coroutine function that takes the connection, not {agent!r}")
    limits = limits or CallLimits()
    opened = line_stream(stream)
    failed = await until_started(opened, line, limits)
    if failed is not None:
        return failed
    arguments: dict[str, Any] = {"barge_in": True, **options_of(agent), **options}
    connection = connect(**arguments)
    try:
        await connection.open()
    except VoiceLiveError as error:
        return await unreached(opened, line, error)
    except BaseException:
        await close_line(opened, line, "error")
        raise
    return await _with_agent(agent, Bridge(connection, opened, line, limits, control, digits), connection)


async def _with_agent(agent: Agent, call: Bridge, connection: VoiceLiveConnection) -> CallSummary:
    speaking = asyncio.create_task(_speak(agent, call, connection), name="voicelive-agent")
    call.before_closing = partial(_received, connection, speaking)
    try:
        summary = await call.run()
    finally:
        # The connection is closed: an agent that iterates ends by itself, another one is told to.
        await asyncio.wait({speaking}, timeout=1.0)
        speaking.cancel()
        await asyncio.wait({speaking})
    failed = None if speaking.cancelled() else speaking.exception()
    if failed is not None and not isinstance(failed, ConnectionClosed):
        return agent_failed(summary, failed)
    return summary


async def _received(connection: VoiceLiveConnection, speaking: asyncio.Task[None]) -> None:
    """Wait until the agent has received what has arrived: closing drops it, and the end of the call is among it."""
    playback: Any = connection.playback
    holding = playback.layer.transport.holding
    while holding.messages > len(holding.kept) and not speaking.done():  # noqa: ASYNC110
        await asyncio.sleep(_LOOK_S)


async def _speak(agent: Agent, call: Bridge, connection: VoiceLiveConnection) -> None:
    try:
        await agent(connection)
    except ConnectionClosed:
        # How a call that is hung up ends for an agent that waits for something.
        return
    except Exception:
        call.finish("agent_failed")
        raise
    if call.call is not None:
        call.call.hang_up()


async def until_started(stream: LineStream, line: Line, limits: CallLimits) -> CallSummary | None:
    """Wait for a call; return what became of it if it is not one to be answered."""
    if line.started is None:
        failed = await wait_for_start(stream, line, limits)
        if failed is not None:
            return await unanswered(stream, line, *failed)
    if line.started is not None and line.started.is_probe:
        return await unanswered(stream, line, "probe", "the vendor tried whether somebody answers")
    return None


async def unreached(stream: LineStream, line: Line, error: VoiceLiveError) -> CallSummary:
    """End a call for which no session could be opened."""
    _logger.warning("a call of %s was not answered: %s", line.name, error)
    return await unanswered(stream, line, "service_ended", f"{type(error).__name__}: {error}")


def agent_failed(summary: CallSummary, error: BaseException) -> CallSummary:
    """Return what became of a call whose agent raised."""
    _logger.error("the agent failed", exc_info=error)
    return replace(summary, outcome="agent_failed", detail=f"the agent raised {type(error).__name__}")


async def unanswered(stream: LineStream, line: Line, outcome: Any, detail: str) -> CallSummary:
    """End a call that nobody spoke with, and tell what became of it."""
    with suppress(Exception):
        await close_line(stream, line, "completed" if outcome == "probe" else "error")
    started = line.started
    return CallSummary(
        outcome=outcome,
        detail=detail,
        line=line.name,
        call_id=started.call_id if started else "",
        caller=started.caller if started else "",
        called=started.called if started else "",
    )

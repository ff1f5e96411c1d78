"""Answering and bridging for WebSockets that block and connections of ``voicelive.connect()``.

The call itself is carried by the same bridge, on the loop that all synchronous connections run on.
"""

from __future__ import annotations

import asyncio
import inspect
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import partial
from typing import Any

from .._clients.sync_connection import VoiceLiveConnection
from .._core.lines.limits import CallLimits, CallSummary
from .._core.lines.line import Line
from .._generated.connect_sync import connect
from .._loop import LoopThread, lease
from .._public import public_in
from ..agents import options_of
from ..errors import ConfigurationError, ConnectionClosed, VoiceLiveError
from .answering import agent_failed, unanswered, unreached, until_started
from .bridge import Bridge, Digits, check_bridge
from .call import CallControl, SyncCall, remember
from .on_loop import ConnectionOnLoop
from .threaded_stream import ThreadedStream

__all__ = ["answer_sync", "bridge_sync"]

_RECEIVING_S = 3.0
"""How long whoever receives has for what arrived before the end of a call."""
_LOOK_S = 0.005


@public_in("voicelive.telephony")
def bridge_sync(
    connection: VoiceLiveConnection,
    stream: Any,
    line: Line,
    *,
    limits: CallLimits | None = None,
    control: CallControl | None = None,
    digits: Digits = "event",
) -> CallSummary:
    """Carry a call between a line's WebSocket and a connection, until either ends; then both are closed.

    What :func:`bridge` is for asyncio. Blocks until the call is over; the connection's events are received in another
    thread. Two threads more are the WebSocket's.

    Args:
        connection: one of :func:`voicelive.connect` that is open, opened with ``barge_in``.
        stream: the line's WebSocket, accepted: of Flask-Sock, `simple-websocket`, or `websockets.sync`, or any object
            whose ``send`` and ``receive`` block.
        line: what speaks the vendor's protocol, new for this call: such as ``TwilioLine()``.
        limits: what the call may take.
        control: what can end and transfer the vendor's calls.
        digits: ``event``: keys arrive as ``voicelive.dtmf`` only; ``message``: keys that belong together also become
            a message of the user's, which is answered.

    Returns:
        What became of the call.

    Raises:
        ConfigurationError: if an argument is not valid.
        ConnectionStateError: if the connection is not open, or the line was used before.
    """
    check_bridge(line, limits, digits)
    if not isinstance(connection, VoiceLiveConnection):
        raise ConfigurationError("bridge_sync() takes a connection of voicelive; bridge() one of voicelive.aio")
    side = ConnectionOnLoop(connection)
    with _leased() as engine, _threads_of(stream, engine) as opened:
        try:
            call = _Carried(engine, connection, side, opened, (line, limits or CallLimits(), control, digits))
            summary = call.wait()
            call.let_receive()
            return summary
        finally:
            connection.close()


@public_in("voicelive.telephony")
def answer_sync(
    agent: Callable[[VoiceLiveConnection], None],
    stream: Any,
    line: Line,
    *,
    limits: CallLimits | None = None,
    control: CallControl | None = None,
    digits: Digits = "event",
    **options: Any,
) -> CallSummary:
    """Answer one call: wait until the line says which, connect to the service, and run an agent until the call is over.

    What :func:`answer` is for asyncio. The agent runs in the thread that calls this. When it returns, the call ends
    once what it has said was heard; when the caller hangs up, the connection closes, so that the agent's iteration
    ends. An agent that does something else then keeps this waiting until it returns.

    Args:
        agent: what speaks with the caller: a function that takes the connection. Options given to it by
            :func:`voicelive.agents.agent` are used.
        stream: the line's WebSocket; see :func:`bridge_sync`.
        line: what speaks the vendor's protocol, new for this call.
        limits: what the call may take.
        control: what can end and transfer the vendor's calls.
        digits: what becomes of keys; see :func:`bridge_sync`.
        options: arguments of :func:`voicelive.connect`; they count before the agent's own.

    Returns:
        What became of the call; also where the service could not be reached, or the agent raised.

    Raises:
        ConfigurationError: if an argument is not valid.
        ConnectionStateError: if the line was used before.
    """
    check_bridge(line, limits, digits)
    if not callable(agent) or inspect.iscoroutinefunction(agent):
        raise ConfigurationError(f"agent takes a function that takes the connection and blocks, not {agent!r}")
    limits = limits or CallLimits()
    with _leased() as engine, _threads_of(stream, engine) as opened:
        failed = engine.call(lambda: until_started(opened, line, limits))
        if failed is not None:
            return failed
        decorated: Any = agent
        arguments: dict[str, Any] = {"barge_in": True, **options_of(decorated), **options}
        connection = connect(**arguments)
        try:
            connection.open()
        except VoiceLiveError as error:
            return engine.call(partial(unreached, opened, line, error))
        except BaseException:
            engine.call(lambda: unanswered(opened, line, "cancelled", ""))
            raise
        side = ConnectionOnLoop(connection)
        call = _Carried(engine, connection, side, opened, (line, limits, control, digits))
        return _with_agent(agent, call, connection)


def _with_agent(
    agent: Callable[[VoiceLiveConnection], None], call: _Carried, connection: VoiceLiveConnection
) -> CallSummary:
    closing = threading.Thread(target=call.close_at_end, name="voicelive-call-end", daemon=True)
    closing.start()
    failed: Exception | None = None
    try:
        agent(connection)
        call.hang_up()
    except ConnectionClosed:
        # How a call that is hung up ends for an agent that waits for something.
        pass
    except Exception as error:  # noqa: BLE001 - told below, as what became of the call
        failed = error
        call.finish("agent_failed")
    except BaseException:
        call.finish("cancelled")
        call.nobody_receives.set()
        closing.join()
        raise
    call.nobody_receives.set()
    closing.join()
    summary = call.wait()
    return summary if failed is None else agent_failed(summary, failed)


class _Carried:
    """A call that is carried on the loop, as threads see it."""

    def __init__(
        self,
        engine: LoopThread,
        connection: VoiceLiveConnection,
        side: ConnectionOnLoop,
        stream: ThreadedStream,
        arguments: tuple[Line, CallLimits, CallControl | None, Digits],
    ) -> None:
        self._engine = engine
        self._connection = connection
        self.nobody_receives = threading.Event()
        """Set once the agent is done."""
        self._bridge, self._task = engine.call(lambda: _begun(connection, side, stream, arguments, engine))

    def wait(self) -> CallSummary:
        """Wait for the end of the call; interrupted, the call is ended."""
        return self._engine.call(lambda: _result(self._task))

    def close_at_end(self) -> None:
        """Close the connection when the call is over: the agent learns by that."""
        self._engine.call(lambda: _ended(self._task))
        self.let_receive()
        self._connection.close()

    def let_receive(self) -> None:
        """Wait until what has arrived was received, for a while at most: closing drops it, and the end is among it."""
        connection: Any = self._connection
        deadline = time.monotonic() + _RECEIVING_S
        while connection._bridge.arrived and time.monotonic() < deadline:
            if self.nobody_receives.wait(_LOOK_S):
                return

    def hang_up(self) -> None:
        """End the call once what is being said has been heard."""
        self._engine.post(self._hang_up)

    def finish(self, outcome: Any) -> None:
        """End the call now."""
        self._engine.post(self._bridge.finish, outcome)

    def _hang_up(self) -> None:
        if self._bridge.call is not None:
            self._bridge.call.hang_up()


async def _begun(
    connection: VoiceLiveConnection,
    side: ConnectionOnLoop,
    stream: ThreadedStream,
    arguments: tuple[Line, CallLimits, CallControl | None, Digits],
    engine: LoopThread,
) -> tuple[Bridge, asyncio.Task[CallSummary]]:
    """Begin to carry a call; where the line has said which it is, :func:`call_of` finds it from now on."""
    bridge = Bridge(side, stream, *arguments)
    bridge.on_start = lambda call: remember(connection, SyncCall(call, engine.call))
    task = asyncio.create_task(bridge.run(), name="voicelive-call-sync")
    await asyncio.sleep(0)
    return bridge, task


async def _result(task: asyncio.Task[CallSummary]) -> CallSummary:
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        task.cancel()
        await asyncio.wait({task})
        raise


async def _ended(task: asyncio.Task[CallSummary]) -> None:
    await asyncio.wait({task})


@contextmanager
def _leased() -> Generator[LoopThread]:
    engine = lease()
    try:
        yield engine
    finally:
        engine.release()


@contextmanager
def _threads_of(stream: Any, engine: LoopThread) -> Generator[ThreadedStream]:
    opened = ThreadedStream(stream, engine)
    try:
        yield opened
    finally:
        opened.finish()

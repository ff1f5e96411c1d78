"""The bridge: a telephone line's WebSocket on one side, a connection to the service on the other, until either ends."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Literal

from .._clients.async_connection import VoiceLiveConnection
from .._core.conversation.conversation_events import KeyPressed, LineChanged
from .._core.lines.digits import DigitCollector, key_message
from .._core.lines.events import (
    AudioReceived,
    CallEnded,
    CallHeld,
    DigitPressed,
    LineEvent,
    LineFault,
    MarkReturned,
    PlaybackCompleted,
    Reply,
)
from .._core.lines.hearing import Hearing
from .._core.lines.limits import CallLimits, CallOutcome, CallSummary
from .._core.lines.line import Line
from .._core.lines.playout import Playout
from .._public import public_in
from ..errors import ConfigurationError, ConnectionClosed, ConnectionStateError, VoiceLiveError
from .call import Call, CallControl, remember
from .edges import CLOSING_S, finish_in_time, wait_for_start
from .link import LinePlayer
from .on_loop import ConnectionOnLoop
from .streams import LineStream, StreamEnded, line_stream

__all__ = ["Bridge", "Digits", "bridge", "check_bridge"]

Digits = Literal["event", "message"]

_TICK_S = 0.2
_ON_ITS_WAY_S = 0.5
"""How long sound may take to the ear of a line that does not say what it played: network and buffers."""
_BY_THIS_SIDE = ("finished", "too_long", "service_ended", "agent_failed", "silent", "faulty", "cancelled")

_logger = logging.getLogger("voicelive.telephony")


@public_in("voicelive.telephony")
async def bridge(
    connection: VoiceLiveConnection,
    stream: Any,
    line: Line,
    *,
    limits: CallLimits | None = None,
    control: CallControl | None = None,
    digits: Digits = "event",
) -> CallSummary:
    """Carry a call between a line's WebSocket and a connection, until either ends; then both are closed.

    The session is given the line's format. Every piece of the caller's sound goes to the service, silence included.
    At a barge-in the line drops what it has, and what was heard counts by its marks or by the clock. Whoever calls this
    receives the connection's events in another task; among them are ``voicelive.line`` and ``voicelive.dtmf``.

    Args:
        connection: one that is open, opened with ``barge_in``.
        stream: the line's WebSocket, accepted: of Starlette, FastAPI, aiohttp, Quart or `websockets`, or any object
            whose ``send`` and ``receive`` are coroutines.
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
    if not hasattr(connection, "__aenter__"):
        raise ConfigurationError("bridge() takes a connection of voicelive.aio; bridge_sync() one of voicelive")
    return await Bridge(connection, line_stream(stream), line, limits or CallLimits(), control, digits).run()


def check_bridge(line: object, limits: object, digits: object) -> None:
    """Refuse what cannot be bridged."""
    if not isinstance(line, Line):
        raise ConfigurationError(f"line takes a line such as TwilioLine(), not {line!r}")
    if limits is not None and not isinstance(limits, CallLimits):
        raise ConfigurationError(f"limits takes CallLimits, not {type(limits).__name__}")
    if digits not in ("event", "message"):
        raise ConfigurationError(f"digits is {digits!r}; it takes 'event' or 'message'")
    if line.ended is not None:
        raise ConnectionStateError("this line has had its call: make one for each call")


class Bridge:
    """One call under way."""

    def __init__(
        self,
        connection: VoiceLiveConnection | ConnectionOnLoop,
        stream: LineStream,
        line: Line,
        limits: CallLimits,
        control: CallControl | None,
        digits: Digits,
    ) -> None:
        playback: Any = connection.playback
        self._layer: Any = playback.layer
        if not self._layer.interrupts:
            raise ConfigurationError("a call needs a connection that was opened with barge_in=True")
        self._connection = connection
        self._stream = stream
        self._line = line
        self._limits = limits
        self._control = control
        self._began = time.monotonic()
        self._playout = Playout(line, keeps_ms=int(limits.output_ms))
        self._hearing = Hearing(line, self._began, keeps_ms=int(limits.input_ms))
        self._player = LinePlayer(line, self._playout, wake=self._wake_writer, ended=self._service_ended)
        self._to_write = asyncio.Event()
        self._to_send = asyncio.Event()
        self._outcome: asyncio.Future[tuple[CallOutcome, str]] = asyncio.get_running_loop().create_future()
        self._faults: Counter[str] = Counter()
        self._digits = 0
        self._collector = DigitCollector() if digits == "message" else None
        self._progress = (0, self._began)
        self._tasks: set[asyncio.Task[None]] = set()
        self._line_gone = asyncio.Event()
        self.call: Call | None = None
        self.on_start: Callable[[Call], None] | None = None
        """Is told of the call when it begins."""
        self.before_closing: Callable[[], Awaitable[None]] | None = None
        """Is awaited, for a while at most, before the connection is closed."""

    async def run(self) -> CallSummary:
        """Carry the call."""
        outcome: CallOutcome = "cancelled"
        detail = ""
        try:
            if self._line.started is None:
                failed = await wait_for_start(self._stream, self._line, self._limits)
                if failed is not None:
                    outcome, detail = failed
                    return self._summary(outcome, detail)
            outcome, detail = await self._carry()
        finally:
            await asyncio.shield(asyncio.ensure_future(self._close(outcome)))
        return self._summary(outcome, detail)

    async def _carry(self) -> tuple[CallOutcome, str]:
        started = self._line.started
        assert started is not None
        self.call = Call(self._line, started, self._control, self._until_played)
        remember(self._connection, self.call)
        if self.on_start is not None:
            self.on_start(self.call)
        self._layer.add_player(self._player, {"type": "session.update", "session": self._line.session})
        self._tell_line("started")
        jobs = (self._read(), self._send(), self._write(), self._tick(), self._end_by_agent(self.call))
        self._tasks = {asyncio.create_task(job, name="voicelive-call") for job in jobs}
        for task in self._tasks:
            task.add_done_callback(self._task_ended)
        return await self._outcome

    def finish(self, outcome: CallOutcome, detail: str = "") -> None:
        """End the call, unless it ends already."""
        if not self._outcome.done():
            self._outcome.set_result((outcome, detail))

    # From the line.

    async def _read(self) -> None:
        while True:
            try:
                message = await self._stream.receive()
            except StreamEnded as end:
                self._line_gone.set()
                self.finish("hung_up", str(end))
                return
            now = time.monotonic()
            for event in self._line.receive(message):
                self._take(event, now)

    def _take(self, event: LineEvent, now: float) -> None:
        match event:
            case AudioReceived(audio):
                self._hearing.add(audio, now)
                self._to_send.set()
            case MarkReturned(name):
                self._playout.marked(name, now)
                self._to_write.set()
            case Reply(message):
                self._player.urgent.append(message)
                self._to_write.set()
            case PlaybackCompleted():
                self._playout.completed(now)
                self._to_write.set()
            case LineFault():
                self._fault(event)
            case _:
                self._take_rare(event, now)

    def _take_rare(self, event: LineEvent, now: float) -> None:
        match event:
            case DigitPressed(digit):
                self._digits += 1
                self._layer.tell(KeyPressed(digit=digit))
                if self._collector is not None:
                    self._pressed(self._collector.press(digit, now))
            case CallHeld(is_held):
                self._tell_line("held" if is_held else "resumed")
            case CallEnded(reason):
                self._line_gone.set()
                self.finish("hung_up", reason)
            case _:
                pass

    def _fault(self, fault: LineFault) -> None:
        self._faults[fault.kind] += 1
        if self._faults[fault.kind] == 1:
            _logger.warning("a message of the %s line was left out: %s", self._line.name, fault.detail)
        if fault.is_fatal or self._faults.total() >= self._limits.faults:
            self.finish("faulty", fault.detail)

    def _pressed(self, digits: str | None) -> None:
        if digits:
            task = asyncio.create_task(self._respond(key_message(digits)), name="voicelive-call-digits")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _respond(self, text: str) -> None:
        with suppress(VoiceLiveError):
            await self._connection.interrupt()
            await self._connection.respond(text)

    # To the service.

    async def _send(self) -> None:
        append = self._connection.input_audio_buffer.append
        while True:
            await self._to_send.wait()
            self._to_send.clear()
            size = len(audio := self._hearing.take())
            if not audio:
                continue
            try:
                await append(audio=self._player.to_service(audio))
            except (ConnectionClosed, ConnectionStateError):
                self._service_ended()
                return
            except VoiceLiveError:
                # A long outage of a connection that reconnects.
                self._hearing.dropped += size

    def _service_ended(self) -> None:
        info = self._connection.close_info
        self.finish("service_ended", "" if info is None else f"{info.code} {info.reason}".strip())

    # To the line.

    def _wake_writer(self) -> None:
        self._to_write.set()

    async def _write(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            message = self._player.next_message()
            if message is None:
                now = time.monotonic()
                due = self._playout.due(now)
                timer = None if due is None else loop.call_later(max(0.0, due - now), self._to_write.set)
                await self._to_write.wait()
                self._to_write.clear()
                if timer is not None:
                    timer.cancel()
                continue
            try:
                async with asyncio.timeout(self._limits.stalled_seconds):
                    await self._stream.send(message)
            except TimeoutError:
                self.finish("stalled", "the line did not read what it was sent")
                return
            except StreamEnded as end:
                self._line_gone.set()
                self.finish("hung_up", str(end))
                return

    # The clock.

    async def _tick(self) -> None:
        was_late = False
        while True:
            before = time.monotonic()
            await asyncio.sleep(_TICK_S)
            now = time.monotonic()
            # If the loop stood still, what the line sent meanwhile is read before the next tick, and counts first.
            was_late = not was_late and now - before > 2 * _TICK_S
            if not was_late:
                self._hearing.fill(now)
                self._check_limits(now)
            self._to_send.set()
            self._layer.report_played()
            if self._collector is not None:
                self._pressed(self._collector.tick(now))

    def _check_limits(self, now: float) -> None:
        limits = self._limits
        heard = self._playout.stats.heard
        if heard != self._progress[0] or self._playout.is_idle:
            self._progress = (heard, now)
        if now - self._began > limits.seconds:
            self.finish("too_long", f"the call took {limits.seconds:g} s, the most that it may take")
        elif now - self._hearing.last_at > limits.silent_seconds:
            self.finish("silent", f"the line has sent nothing for {limits.silent_seconds:g} s")
        elif now - self._progress[1] > limits.stalled_seconds:
            self.finish("stalled", f"the line has played nothing for {limits.stalled_seconds:g} s")

    # The end.

    async def _end_by_agent(self, call: Call) -> None:
        await call.until_ending()
        await self._until_played()
        self.finish("transferred" if call.was_transferred else "finished")

    async def _until_played(self) -> None:
        """Wait until what is being said has been heard; the limits hold meanwhile."""
        while not self._layer.conversation.queue.is_idle or not self._playout.is_idle:
            await asyncio.sleep(_TICK_S / 4)
            self._layer.report_played()
        if not self._line.has_marks:
            # By the clock alone: the last words may not have arrived yet.
            await asyncio.sleep(_ON_ITS_WAY_S)

    def _task_ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None and not self._outcome.done():
            self._outcome.set_exception(error)

    async def _close(self, outcome: CallOutcome) -> None:
        if self._tasks:
            self._tell_line("ended")
            with suppress(Exception):
                await self._end_line(outcome)
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
            await finish_in_time(self._send_replies())
        self._layer.remove_player(self._player)
        await asyncio.gather(finish_in_time(self._stream.close()), self._close_connection())

    async def _close_connection(self) -> None:
        if self.before_closing is not None:
            await finish_in_time(self.before_closing())
        await self._connection.close()

    async def _end_line(self, outcome: CallOutcome) -> None:
        if outcome not in _BY_THIS_SIDE and outcome != "transferred":
            return
        if outcome != "transferred" and self.call is not None:
            await self._end_at_vendor(self.call)
        reason = "completed" if outcome in ("finished", "transferred") else "error"
        if not self._line_gone.is_set() and (message := self._line.write_end(reason)) is not None:
            # The line closes the session itself; until then it is listened and answered to.
            self._player.urgent.append(message)
            self._to_write.set()
            await finish_in_time(self._line_gone.wait())

    async def _end_at_vendor(self, call: Call) -> None:
        try:
            async with asyncio.timeout(CLOSING_S):
                await call.end_at_vendor()
        except Exception as error:  # noqa: BLE001 - whatever the vendor's package raises
            # It may go on at the vendor's, and be charged for; what the error says may name a number.
            _logger.warning("the call %s could not be ended at the vendor: %s", call.call_id, type(error).__name__)

    async def _send_replies(self) -> None:
        while self._player.urgent:
            await self._stream.send(self._player.urgent.popleft())

    def _tell_line(self, state: Any) -> None:
        started = self._line.started
        self._layer.tell(
            LineChanged(
                state=state,
                line=self._line.name,
                call_id=started.call_id if started else "",
                caller=started.caller if started else "",
            )
        )

    def _summary(self, outcome: CallOutcome, detail: str) -> CallSummary:
        started, stats, ms = self._line.started, self._playout.stats, self._line.audio_format.ms
        return CallSummary(
            outcome=outcome,
            detail=detail,
            line=self._line.name,
            call_id=started.call_id if started else "",
            caller=started.caller if started else "",
            called=started.called if started else "",
            seconds=time.monotonic() - self._began,
            received_ms=ms(self._hearing.received),
            filled_ms=ms(self._hearing.filled),
            input_dropped_ms=ms(self._hearing.dropped),
            sent_ms=ms(stats.sent),
            heard_ms=ms(stats.heard),
            cleared_ms=ms(stats.cleared),
            output_dropped_ms=ms(stats.dropped),
            interruptions=stats.interruptions,
            digits=self._digits,
            faults=dict(self._faults),
        )

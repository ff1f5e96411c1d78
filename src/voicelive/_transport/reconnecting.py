"""The asyncio transport that outlasts its connections: carries out what the state machine decides."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from typing import Any, TypeVar

from .._core.closing import ENDS_FOR_GOOD, GIVEN_UP, Cause, CloseInfo, broken
from .._core.envelope import AUDIO_DELTAS, Incoming, Outgoing
from .._core.handshake import OpeningRequest
from .._core.holding import Holding
from .._core.reconnect.history import LEARNED_FROM
from .._core.reconnect.machine import Close, Condense, Open, SendFull, SendNow
from .alarm import Alarm
from .logs import transport_logger
from .receive_queue import Sink
from .reconnect_setup import ReconnectSetup, condensed, end_signal, failure_of, queue_full, raising
from .websocket import ConnectionClosed, WebSocketTransport, open_transport

__all__ = ["ReconnectingTransport"]

ResultT = TypeVar("ResultT")

_OPENING, _CONDENSING = "voicelive-open", "voicelive-condense"

_SENT_PER_BREAK = 32
"""Messages of a long replay between two moments in which the rest of the event loop gets its turn."""


class ReconnectingTransport:
    """A :class:`Transport` over one WebSocket connection after the other.

    A timer watches the time, and each link but the first has a task that opens it and sends what restores it. If one of
    them fails, or the state machine does, the connection ends with that as its cause: nobody else would notice.
    """

    def __init__(self, setup: ReconnectSetup, request: Callable[[], Awaitable[OpeningRequest]]) -> None:
        self._setup = setup
        self._request = request
        self._queue = setup.queue()
        self._machine = setup.machine(self._queue)
        self.recv: Callable[[], Coroutine[Any, Any, Incoming]] = self._queue.recv
        """Return the next message; a call that is cancelled loses nothing."""
        self.take: Callable[[], Incoming | None] = self._queue.take
        """Return the next message if it is there already, else None."""
        self._sink: Sink | None = None
        self._tell_end: Callable[[object], None] | None = None
        self._aside: deque[Incoming] | None = None
        self._is_handing_on = False
        self._broken: CloseInfo | None = None
        self._links: dict[int, WebSocketTransport] = {}
        self._settled: int | None = None
        """The link of whose messages the state machine need not see all; renewed whenever something has changed."""
        self._up: int | None = None
        """The link over which audio goes out at once; renewed in the same way."""
        # Bound once: these run for every piece of audio.
        self._note_audio = self._machine.note_audio
        self._goes_on = self._machine.history.audio.goes_on
        self._tasks: list[asyncio.Task[None]] = []
        self._waiting: list[asyncio.Future[None]] = []
        self._closing: tuple[int, str] | None = None
        self._alarm = Alarm(self._tick)
        self._last_arrival = time.monotonic()

    async def open(self) -> None:
        """Open the first link.

        Raises:
            ConnectionError: as :func:`open_transport` does; the first link is not tried again.
        """
        transport = await open_transport(await self._request(), self._setup.options)
        number = self._machine.start(time.monotonic())
        self._links[number] = transport
        self._follow(number, transport)
        self._look()
        self._set_alarm(time.monotonic())

    def deliver_to(self, sink: Sink, ended: Callable[[object], None]) -> None:
        """Hand each message to `sink` when it arrives, and call `ended` at the end, instead of keeping any here."""
        self._sink, self._tell_end = sink, ended
        aside = self._aside = deque[Incoming]()

        def put_aside(message: Incoming) -> bool:
            # Handed on only when a step of the state machine is done: what takes it may answer at once.
            aside.append(message)
            return False

        self._queue.drain_into(sink)
        self._machine.deliver = put_aside
        self._notify()

    def _hand_on(self) -> bool:
        """Hand on what the state machine has delivered; return whether no more is to be read for now."""
        is_full = False
        if self._sink is not None and not self._is_handing_on:
            self._is_handing_on = True
            try:
                while self._aside:
                    is_full = self._sink(self._aside.popleft())
            finally:
                self._is_handing_on = False
        return is_full

    def hide(self, text: str, /) -> str:
        """Take the credentials of the links out of what the service said."""
        for transport in tuple(self._links.values()):
            text = transport.hide(text)
        return text

    @property
    def holding(self) -> Holding:
        """Counts what arrived and was not handed out, also what waits elsewhere than here."""
        return self._machine.holding

    def nudge(self) -> None:
        """End the wait of the task that receives, if one does, as if its time were up."""
        self._queue.nudge()

    def begin(self, event: Outgoing) -> Coroutine[Any, Any, None] | None:
        """Send an event, or keep it while there is no connection; return what is left to be awaited, if anything.

        That raises :exc:`SendQueueFullError` if there is no room to keep it.
        """
        machine, up = self._machine, self._up
        if up is not None and (size := event.audio_size) is not None:
            # Most of what is sent. Nothing is decided, and nothing waits for it.
            self._note_audio(event, size)
            transport = self._links[up]
            rest = transport.begin(event)
            return None if rest is None else self._begun(transport, SendNow(up, event), rest)
        if self._broken is not None or machine.final is not None:
            return raising(end_signal())
        try:
            decision = machine.sending(event, time.monotonic())
        except Exception as error:
            self._break(error)
            raise end_signal() from error
        if self._waiting:
            self._notify()
        if type(decision) is SendNow:
            # A link that can still be sent over is among these: it leaves them after the state machine knows its end.
            transport = self._links[decision.link]
            rest = transport.begin(decision.event)
            return None if rest is None else self._begun(transport, decision, rest)
        return raising(queue_full(self._setup.policy, event)) if isinstance(decision, SendFull) else None

    def _begun(
        self, transport: WebSocketTransport, sending: SendNow, rest: Coroutine[Any, Any, None]
    ) -> Coroutine[Any, Any, None]:
        self._machine.begun(sending)
        return self._write(transport, sending, rest)

    @property
    def is_ready(self) -> bool:
        """Whether what is sent now can go out at once: not while a link is made, and gets what waits."""
        number = self._machine.up
        link = None if number is None else self._links.get(number)
        return link is not None and link.is_ready

    @property
    def last_arrival(self) -> float:
        """When the last message arrived over any link, by the monotonic clock."""
        return max((link.last_arrival for link in self._links.values()), default=self._last_arrival)

    def end(self, requested: tuple[int, str] | None) -> CloseInfo | None:
        """Return how the connection ended for good; None while it lives."""
        return self._final

    def give_up(self, cause: Cause) -> None:
        """Drop the links there are, for a reason of this side's own.

        A new one is opened if the policy allows it, unless the reason ends the connection for good.
        """
        if cause in ENDS_FOR_GOOD:
            self._finish(CloseInfo(*GIVEN_UP[cause], "local", cause))
            for task in self._tasks:
                if task.get_name() in (_OPENING, _CONDENSING):
                    task.cancel()
            self._notify()
        for link in tuple(self._links.values()):
            link.give_up(cause)

    def abort(self) -> None:
        """Drop the connection at once, and end every task."""
        self._finish(CloseInfo(1006, "", "local"))
        self._queue.clear()
        self._notify()
        for transport in self._links.values():
            transport.abort()
        for task in self._tasks:
            task.cancel()

    async def close(self, code: int, reason: str) -> None:
        """Send a close frame, and end every task."""
        self._closing = (code, reason)
        self._finish(CloseInfo(code, reason, "local"))
        self._queue.clear()
        self._notify()
        for task in self._tasks:
            if task.get_name() in (_OPENING, _CONDENSING):
                task.cancel()
        try:
            await asyncio.gather(*(transport.close(code, reason) for transport in list(self._links.values())))
            deadline = time.monotonic() + self._setup.options.close_timeout
            # One may have begun another just before it saw that all is over.
            while (tasks := self._other_tasks()) and (left := deadline - time.monotonic()) > 0:
                await asyncio.wait(tasks, timeout=left)
        finally:
            for task in self._other_tasks():
                task.cancel()

    # How it ends.

    @property
    def _final(self) -> CloseInfo | None:
        return self._broken or self._machine.final

    def _finish(self, info: CloseInfo) -> None:
        try:
            self._machine.close(info)
        except Exception as error:  # noqa: BLE001 - whatever it is, the connection is closed
            self._break(error)

    def _break(self, error: BaseException) -> None:
        """End the connection because something failed that nobody waits for: those who wait learn of it."""
        if self._final is not None:
            if isinstance(error, Exception):
                transport_logger().debug("a connection that has ended: %s", type(error).__name__, exc_info=error)
            return
        self._broken = broken(error)
        for transport in self._links.values():
            transport.abort()
        for task in self._other_tasks():
            task.cancel()
        self._notify()

    def _decide(self, decision: Callable[..., ResultT], *arguments: object) -> ResultT:
        """Ask the state machine on behalf of the application; if that fails, the connection ends."""
        try:
            return decision(*arguments)
        except Exception as error:
            self._break(error)
            raise end_signal() from error

    # The tasks.

    def _start(self, work: Coroutine[Any, Any, None], name: str = "voicelive") -> None:
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.append(task)
        task.add_done_callback(self._ended)

    def _other_tasks(self) -> list[asyncio.Task[None]]:
        """Return all tasks but the one that asks, if it is one of them."""
        current = asyncio.current_task()
        return [task for task in self._tasks if task is not current]

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.remove(task)
        # Somebody else, such as a library that cancels every task of the loop, ends the connection too.
        error = asyncio.CancelledError() if task.cancelled() else task.exception()
        if error is not None:
            self._break(error)

    def _notify(self) -> None:
        self._look()
        self._hand_on()
        if self._final is not None:
            self._queue.end()
            if self._tell_end is not None:
                tell, self._tell_end = self._tell_end, None
                tell(None)
        for waiting in self._waiting:
            if not waiting.done():
                waiting.set_result(None)

    def _look(self) -> None:
        """Look which links need no decision for most of what goes over them."""
        if self._final is None:
            self._settled, self._up = self._machine.settled, self._machine.up
        else:
            self._settled = self._up = None

    async def _change(self) -> None:
        """Wait until something has changed."""
        waiting = asyncio.get_running_loop().create_future()
        self._waiting.append(waiting)
        try:
            await waiting
        finally:
            self._waiting.remove(waiting)

    def _now(self) -> float:
        """Return the time, after telling the state machine when the latest message arrived that it was not shown."""
        if self._settled is not None:
            self._machine.heard(self._links[self._settled].last_arrival)
        return time.monotonic()

    def _set_alarm(self, now: float) -> None:
        """Have the state machine told of the time when something is due, at the latest."""
        due = None if self._final is not None else self._machine.due(now)
        self._alarm.set(None if due is None else due - now)

    def _tick(self) -> None:
        """Have the state machine do what is due, and carry it out."""
        try:
            if self._final is None:
                self._machine.tick(self._now())
            self._act()
        except Exception as error:  # noqa: BLE001 - whatever it is, it ends the connection
            self._break(error)

    def _act(self) -> None:
        """Carry out what the state machine asks for."""
        while self._machine.actions:
            action = self._machine.actions.pop(0)
            if isinstance(action, Open):
                self._start(self._make(action.link, action.at), name=_OPENING)
            elif isinstance(action, Condense):
                self._start(self._condense(action.items), name=_CONDENSING)
            elif action.link in self._links:
                transport = self._links[action.link]
                if isinstance(action, Close):
                    self._start(transport.close(1000, ""))
                else:
                    transport.give_up(action.cause)
        self._set_alarm(self._now())
        self._notify()

    async def _condense(self, items: list[dict[str, Any]]) -> None:
        """Let the application condense what is oldest."""
        made = await condensed(self._setup.policy, items)
        if not self._machine.condensed(made, time.monotonic()) and made is not None:
            transport_logger().warning("condense returned %s, which is not a list of items", type(made).__name__)
        self._act()

    async def _make(self, number: int, at: float) -> None:
        """Open a link when its time has come, and send what restores it."""
        await asyncio.sleep(max(0.0, at - time.monotonic()))
        if self._final is not None:
            return
        try:
            transport = await open_transport(await self._request(), self._setup.options)
        except Exception as error:  # noqa: BLE001 - a credential is foreign code; the attempt has failed, whatever it was
            failure = failure_of(error)
            now = time.monotonic()
            self._machine.failed(number, failure.reason, failure.recoverable, failure.retry_after, now)
            self._act()
            return
        if self._broken is not None:
            transport.abort()
            return
        self._links[number] = transport
        if self._machine.opened(number, time.monotonic()):
            self._follow(number, transport)
            self._act()
            await self._restore(number, transport)
        else:
            self._links.pop(number, None)
            await transport.close(*(self._closing or (1000, "")))

    async def _restore(self, number: int, transport: WebSocketTransport) -> None:
        sent = 0
        while True:
            outgoing = self._machine.next_to_send(number, time.monotonic())
            while outgoing is None and self._final is None and self._machine.is_restoring(number):
                await self._change()
                outgoing = self._machine.next_to_send(number, time.monotonic())
            if outgoing is None:
                self._notify()
                return
            try:
                await self._write(transport, outgoing, transport.begin(outgoing.event))
            except ConnectionClosed:
                # Nothing that was to be sent then can be: the link's end says so to whoever receives.
                return
            sent += 1
            if sent % _SENT_PER_BREAK == 0:
                await asyncio.sleep(0)

    async def _write(
        self, transport: WebSocketTransport, sending: SendNow, rest: Coroutine[Any, Any, None] | None
    ) -> None:
        try:
            if rest is not None:
                await rest
        except ConnectionClosed:
            self._not_sent(transport, sending)
        except BaseException:
            # Cancelled: whether it went out is not known, as with any connection. It is not sent a second time.
            self._was_sent(sending)
            raise
        else:
            self._was_sent(sending)

    def _was_sent(self, sending: SendNow) -> None:
        self._decide(self._machine.sent, sending, time.monotonic())
        self._act()

    def _follow(self, number: int, transport: WebSocketTransport) -> None:
        """Take what a link delivers, and its end, also where the application does not receive."""
        ended = partial(self._link_ended, number, transport)
        transport.deliver_to(partial(self._arrived, number), ended, self._machine.holding)

    def _arrived(self, number: int, message: Incoming) -> bool:
        """Take a message of a link, when it arrives; return whether no more is to be read for now."""
        kind, machine = message.kind, self._machine
        try:
            if number == self._settled and kind not in LEARNED_FROM:
                # Most of what arrives. Nothing changes by it but when the latest arrived, and how much audio there is.
                if kind in AUDIO_DELTAS and not self._goes_on(message):
                    machine.count(message)
                is_full = machine.deliver(message)
                return self._hand_on() and machine.is_full if self._aside else is_full
            if machine.received(number, message, time.monotonic()):
                self._tick()
                return machine.is_full
            if self._aside:
                return self._hand_on() and machine.is_full
        except Exception as error:  # noqa: BLE001 - whatever it is, it ends the connection
            self._break(error)
        return False

    def _link_ended(self, number: int, transport: WebSocketTransport, _: object) -> None:
        info = transport.end(None) or CloseInfo(1006, "", "network")
        try:
            self._machine.ended(number, info, time.monotonic())
            self._act()
        except Exception as error:  # noqa: BLE001 - whatever it is, it ends the connection
            self._break(error)
        self._links.pop(number, None)
        self._last_arrival = max(self._last_arrival, transport.last_arrival)
        for link in self._links.values():
            # What is read now restores the session.
            link.go_on()
        self._start(transport.close(1000, ""))

    def _not_sent(self, transport: WebSocketTransport, sending: SendNow) -> None:
        info = transport.end(None)
        kept = self._decide(self._machine.unsent, sending, time.monotonic())
        self._act()
        final = self._final or (info if info is not None and not info.recoverable else None)
        if final is not None:
            closed = self._setup.closed_error(final, sending.event)
            raise closed from closed.__cause__
        if not kept:
            raise queue_full(self._setup.policy, sending.event) from None

"""A caller on a simulated telephone line: speaks, listens, presses keys, hangs up, and misbehaves when told to."""

from __future__ import annotations

import asyncio
import inspect
import random
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from types import TracebackType
from typing import Any, Literal, Self

from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection as SyncServerConnection

from .._core.lines.limits import CallSummary
from .._public import public_in
from .._telephony.answering import answer
from .._telephony.answering_sync import answer_sync
from ..agents import Agent
from ..telephony import AcsLine, GenesysLine, Line, TwilioLine
from .far_end import FarEnd
from .line_servers import serving, serving_in_threads
from .vendors import Vendor, vendor

__all__ = ["Caller", "LineName", "phone_call"]

LineName = Literal["twilio", "acs", "genesys"]

_FRAME_MS = 20


@public_in("voicelive.testing")
class Caller:
    """Calls an agent as a vendor would: over a WebSocket, 20 ms at a time, at the pace of sound.

    What the agent says is played as a telephone plays it, so that :attr:`heard` is what a caller hears, to the
    millisecond: marks come back when they are reached, and a barge-in cuts off what was not played. While nothing else
    is said, silence is sent.

    Example::

        async with Caller("twilio", "ws://127.0.0.1:8080/twilio/stream") as caller:
            await caller.say(service.speech("What time is it?", **caller.format))
            await caller.quiet()

    Args:
        line: the vendor: ``twilio``, ``acs`` or ``genesys``.
        url: where the vendor would connect to.
        caller: who calls.
        called: the number that is called.
        parameters: what the vendor's side gives to the call.
        headers: headers of the WebSocket's opening request, such as a signature.
        jitter_ms: by how much frames may be late, at random; none is lost, and none overtakes another.
        speed: how many times faster than sound the line runs.
        seed: makes the jitter the same each time.
    """

    def __init__(
        self,
        line: LineName,
        url: str,
        *,
        caller: str = "+15550100",
        called: str = "+15550199",
        parameters: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        jitter_ms: float = 0,
        speed: float = 1.0,
        seed: int = 0,
    ) -> None:
        self._vendor: Vendor = vendor(line, caller, called, parameters or {})
        self._url = url
        self._headers = dict(headers or {})
        self._jitter = jitter_ms / 1000
        self._speed = speed
        self._random = random.Random(seed)
        self._socket: ClientConnection | None = None
        self._far_end: FarEnd | None = None
        self._speech = bytearray()
        self._spoken = asyncio.Event()
        self._opened = asyncio.Event()
        self._ended = asyncio.Event()
        self._changed = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._is_dead = False
        self.frames_sent: int = 0
        """How many frames of 20 ms were sent."""
        self.late_ms: list[float] = []
        """By how much each frame left late, against the clock: what the test's own machine adds."""
        self._summary: CallSummary | None = None

    # What it is like.

    @property
    def format(self) -> dict[str, Any]:
        """The line's format, as arguments of ``ScriptedService.speech()`` and ``understand()``."""
        return dict(self._vendor.format)

    @property
    def call_id(self) -> str:
        """The vendor's id of the call."""
        return self._vendor.call_id

    @property
    def heard(self) -> bytes:
        """Everything heard since the call began, in the line's format, with silence where nothing was played."""
        end = self._ear
        if not self._ended.is_set():
            end.advance(time.monotonic())
        return bytes(end.heard)

    @property
    def heard_ms(self) -> int:
        """How much sound was played, in ms, without the silence in between."""
        return self._vendor.audio_format.ms(self._ear.sounded)

    @property
    def waiting_ms(self) -> int:
        """How much sound waits to be played, in ms."""
        return self._vendor.audio_format.ms(self._ear.waiting)

    @property
    def clears(self) -> int:
        """How often the agent's side took back what was not played."""
        return len(self._ear.clears)

    @property
    def has_ended(self) -> bool:
        """Whether the call is over."""
        return self._ended.is_set()

    @property
    def output_variables(self) -> dict[str, str] | None:
        """What the agent's side gave to the flow in Genesys when it ended the call; None if it did not."""
        found: dict[str, Any] | None = getattr(self._vendor, "disconnected", None)
        return None if found is None else dict(found.get("outputVariables") or {})

    @property
    def summary(self) -> CallSummary:
        """What became of the call, where :func:`phone_call` answered it; known once that is left."""
        if self._summary is None:
            raise RuntimeError("what became of the call is known once `async with phone_call(…)` has ended")
        return self._summary

    def keep(self, summary: CallSummary) -> None:
        """Keep what became of the call."""
        self._summary = summary

    @property
    def _ear(self) -> FarEnd:
        if self._far_end is None:
            raise RuntimeError("this caller has not called yet: use `async with`")
        return self._far_end

    # What it does.

    async def __aenter__(self) -> Self:
        socket = self._socket = await connect(
            self._url,
            additional_headers=self._headers,
            compression=None,
            max_size=None,
            proxy=None,
            ping_interval=None,
            close_timeout=5,
        )
        far = self._vendor
        self._far_end = FarEnd(far.audio_format, far.silence, time.monotonic(), speed=self._speed)
        for message in far.opening():
            await socket.send(message)
        jobs = (self._listen(socket), self._speak(socket), self._return_marks(socket))
        self._tasks = [asyncio.create_task(job) for job in jobs]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if not self._ended.is_set():
            await self.hang_up()
        await self._stop()

    async def say(self, audio: bytes, *, timeout: float = 60.0) -> None:
        """Say something, in the line's format; returns once it was said."""
        self._spoken.clear()
        self._speech += audio
        async with asyncio.timeout(timeout):
            while self._speech and not self._ended.is_set():
                await self._spoken.wait()
                self._spoken.clear()

    async def press(self, digits: str) -> None:
        """Press keys, one after the other."""
        for digit in digits:
            await self._send(self._vendor.key(digit))

    async def quiet(self, ms: int = 600, *, timeout: float = 30.0) -> None:
        """Wait until something was heard, everything that was sent has been played, and nothing more came for `ms`."""
        async with asyncio.timeout(timeout):
            await self.hears(timeout=timeout)
            last, since = -1, time.monotonic()
            while not self._ended.is_set():
                self._ear.advance(time.monotonic())
                if self._ear.sounded != last or self._ear.waiting:
                    last, since = self._ear.sounded, time.monotonic()
                elif (time.monotonic() - since) * 1000 * self._speed >= ms:
                    return
                await asyncio.sleep(0.01)

    async def hears(self, ms: int = 1, *, timeout: float = 30.0) -> None:
        """Wait until at least `ms` of sound were played, counted from the call's beginning."""
        size = self._vendor.audio_format.size(ms)
        async with asyncio.timeout(timeout):
            while self._ear.sounded < size and not self._ended.is_set():
                self._ear.advance(time.monotonic())
                await asyncio.sleep(0.005)

    async def until_ended(self, *, timeout: float = 30.0) -> None:
        """Wait until the agent's side has ended the call."""
        async with asyncio.timeout(timeout):
            await self._ended.wait()

    async def hang_up(self) -> None:
        """Hang up, as the vendor does it."""
        with suppress(ConnectionClosed, TimeoutError):
            if self._socket is not None:
                # What was heard by now is said before the end.
                self._ear.advance(time.monotonic())
                await self._return(self._socket)
            # No sound follows the end.
            self._is_dead = True
            if (message := self._vendor.ending()) is not None:
                await self._send(message)
                if self._vendor.waits_for_opened:
                    async with asyncio.timeout(5):
                        await self._ended.wait()
        if self._socket is not None:
            await self._socket.close()
        self._over()

    async def drop(self) -> None:
        """Let the network break: the WebSocket ends without a close frame."""
        if self._socket is not None:
            self._socket.transport.abort()
        self._over()

    def go_silent(self) -> None:
        """Send nothing from now on, not even silence; the WebSocket stays open."""
        self._is_dead = True

    async def send_raw(self, message: str | bytes) -> None:
        """Send any message, such as one that is not valid."""
        await self._send(message)

    # Inside.

    async def _send(self, message: str | bytes) -> None:
        if self._socket is None:
            raise RuntimeError("this caller has not called yet: use `async with`")
        await self._socket.send(message)

    async def _speak(self, socket: ClientConnection) -> None:
        if self._vendor.waits_for_opened:
            await self._opened.wait()
        size = self._vendor.audio_format.size(_FRAME_MS)
        samples = size // self._vendor.audio_format.width
        step = _FRAME_MS / 1000 / self._speed
        due = time.monotonic()
        with suppress(ConnectionClosed):
            while True:
                late = self._random.uniform(0, self._jitter) if self._jitter else 0.0
                await asyncio.sleep(max(0.0, due + late - time.monotonic()))
                self.late_ms.append(max(0.0, time.monotonic() - due - late) * 1000)
                frame = bytes(self._speech[:size])
                del self._speech[:size]
                if not self._speech:
                    self._spoken.set()
                frame += self._vendor.silence * (samples - len(frame) // self._vendor.audio_format.width)
                if not self._is_dead:
                    await socket.send(self._vendor.sound(frame, self.frames_sent * _FRAME_MS))
                    self.frames_sent += 1
                due += step

    async def _listen(self, socket: ClientConnection) -> None:
        try:
            async for message in socket:
                await self._hear(socket, message)
        except ConnectionClosed:
            pass
        finally:
            self._over()

    async def _hear(self, socket: ClientConnection, message: str | bytes) -> None:
        now = time.monotonic()
        heard = self._vendor.read(message)
        match heard.kind:
            case "sound":
                self._ear.add(heard.audio, now)
            case "mark":
                self._ear.mark(heard.name, now)
            case "clear":
                self._ear.clear(now)
            case "opened":
                self._opened.set()
            case "end":
                # The vendor closes the session when it is asked to.
                self._is_dead = True
                if (ending := self._vendor.ending()) is not None:
                    await socket.send(ending)
            case "closed":
                await socket.close()
            case _:
                pass
        self._changed.set()
        await self._return(socket)

    async def _return_marks(self, socket: ClientConnection) -> None:
        with suppress(ConnectionClosed):
            while True:
                due = self._ear.due()
                with suppress(TimeoutError):
                    async with asyncio.timeout(None if due is None else max(0.0, due - time.monotonic())):
                        await self._changed.wait()
                        self._changed.clear()
                self._ear.advance(time.monotonic())
                await self._return(socket)

    async def _return(self, socket: ClientConnection) -> None:
        for name in self._ear.take_reached():
            if (message := self._vendor.mark(name)) is not None:
                await socket.send(message)

    def _over(self) -> None:
        if not self._ended.is_set():
            if self._far_end is not None:
                self._far_end.advance(time.monotonic())
            self._ended.set()
            self._spoken.set()

    async def _stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        if self._socket is not None:
            await self._socket.close()
        for task in self._tasks:
            if not task.cancelled() and (error := task.exception()) is not None:
                raise error


def _line(name: LineName, caller: str, called: str) -> Line:
    if name == "acs":
        # Its messages do not tell; the event of the incoming call does.
        return AcsLine(call_id="acs-call", caller=caller, called=called)
    return TwilioLine() if name == "twilio" else GenesysLine()


@public_in("voicelive.testing")
def phone_call(
    agent: Agent | Callable[[Any], None],
    line: LineName = "twilio",
    *,
    caller: str = "+15550100",
    called: str = "+15550199",
    parameters: Mapping[str, str] | None = None,
    jitter_ms: float = 0,
    **options: Any,
) -> AbstractAsyncContextManager[Caller]:
    """Call an agent on a simulated line, without a telephone and without a server.

    Example::

        async def test_opening_hours(voicelive_environment):
            voicelive_environment.say("We open at nine.")
            async with phone_call(reception) as caller:
                await caller.say(voicelive_environment.speech("When do you open?", **caller.format))
                await caller.quiet()
            assert voicelive_environment.understand(caller.heard, **caller.format) == "We open at nine."

    Args:
        agent: what answers: a coroutine function that takes the connection; or a plain function, which is given a
            synchronous one, in a thread.
        line: the vendor.
        caller: who calls.
        called: the number that is called.
        parameters: what the vendor's side gives to the call.
        jitter_ms: by how much frames may be late, at random.
        options: further arguments of :func:`voicelive.telephony.answer`, or of ``answer_sync``, such as ``limits``, and
            of ``connect()``.

    Returns:
        The caller, on the line, for ``async with``. Afterwards its ``summary`` tells what became of the call.
    """
    return _calling(agent, line, caller, called, parameters, jitter_ms, options)


@asynccontextmanager
async def _calling(
    agent: Any,
    line: LineName,
    caller: str,
    called: str,
    parameters: Mapping[str, str] | None,
    jitter_ms: float,
    options: dict[str, Any],
) -> AsyncGenerator[Caller]:
    taken: Future[CallSummary] = Future()

    async def take(socket: ServerConnection) -> None:
        try:
            taken.set_result(await answer(agent, socket, _line(line, caller, called), **options))
        except Exception as error:  # noqa: BLE001 - raised below, where the test sees it
            taken.set_exception(error)

    def take_in_thread(socket: SyncServerConnection) -> None:
        try:
            taken.set_result(answer_sync(agent, socket, _line(line, caller, called), **options))
        except Exception as error:  # noqa: BLE001 - the same
            taken.set_exception(error)

    call = agent if inspect.isroutine(agent) else agent.__call__
    is_async = inspect.iscoroutinefunction(call)
    async with serving(take) if is_async else serving_in_threads(take_in_thread) as port:
        far = Caller(
            line,
            f"ws://127.0.0.1:{port}",
            caller=caller,
            called=called,
            parameters=parameters,
            jitter_ms=jitter_ms,
        )
        async with far:
            yield far
        async with asyncio.timeout(30):
            far.keep(await asyncio.wrap_future(taken))

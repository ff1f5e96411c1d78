"""A call as the agent sees it: who calls, how to end it, and how to hand it to somebody else."""

from __future__ import annotations

import asyncio
import inspect
import weakref
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import TYPE_CHECKING, Any, Protocol, overload

from .._core.lines.events import CallStarted
from .._core.lines.line import Line
from .._public import public_in
from ..errors import ConfigurationError, ConnectionStateError

if TYPE_CHECKING:
    from .._clients.async_connection import VoiceLiveConnection as AsyncConnection
    from .._clients.sync_connection import VoiceLiveConnection as SyncConnection

__all__ = ["Call", "CallControl", "SyncCall", "call_of", "remember", "transfer_from_tool"]


@public_in("voicelive.telephony")
class CallControl(Protocol):
    """What only the vendor's interface for calls can do; written with the vendor's package.

    The methods may be coroutine functions, or plain functions that block: those are called in a thread.
    """

    def hang_up(self, call: Call) -> Awaitable[None] | None:
        """End a call. Called before the WebSocket is closed."""
        ...

    def transfer(self, call: Call, target: str) -> Awaitable[None] | None:
        """Connect the caller with `target`, a number or an address."""
        ...


class CallFacts:
    """What the line said of a call when it began."""

    def __init__(self, line: Line, started: CallStarted) -> None:
        self.started = started
        self.line: Line = line
        """The line, such as a :class:`TwilioLine`."""
        self.call_id: str = started.call_id
        """The vendor's id of the call."""
        self.stream_id: str = started.stream_id
        """The vendor's id of the stream."""
        self.caller: str = started.caller
        """Who calls, where the line says so."""
        self.called: str = started.called
        """The number that was called, where the line says so."""
        self.parameters: Mapping[str, str] = started.parameters
        """What was given to the call on the vendor's side."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__} line={self.line.name!r} call_id={self.call_id!r}>"


@public_in("voicelive.telephony")
class Call(CallFacts):
    """A call that is bridged to a connection; :func:`call_of` returns it."""

    def __init__(
        self,
        line: Line,
        started: CallStarted,
        control: CallControl | None = None,
        until_played: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        super().__init__(line, started)
        self._control = control
        self._until_played = until_played
        self._ending = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._is_ending = self._transferred = False

    @property
    def is_ending(self) -> bool:
        """Whether this side has decided to end the call: once what is being said has been heard."""
        return self._is_ending

    @property
    def was_transferred(self) -> bool:
        """Whether the caller was handed to somebody else."""
        return self._transferred

    def hang_up(self) -> None:
        """End the call once what is being said has been heard. Returns at once; any thread may call it."""
        self._is_ending = True
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._ending.set)

    async def transfer(self, target: str) -> None:
        """Hand the caller to somebody else, once what is being said has been heard.

        Args:
            target: a number, or an address that the vendor knows.

        Raises:
            ConfigurationError: if nothing was given that can transfer calls of this line.
        """
        transfer = self._transfer()
        if self._until_played is not None:
            await self._until_played()
        await transfer(target)
        self._transferred = True
        self.hang_up()

    def _transfer(self) -> Callable[[str], Awaitable[None]]:
        control, line = self._control, self.line
        if control is not None:
            return lambda target: _asked(control.transfer, self, target)
        variables: dict[str, str] | None = getattr(line, "output_variables", None)
        if variables is None:
            raise ConfigurationError(
                f"calls of {line.name} cannot be transferred without the vendor's interface: give bridge() a control"
            )

        async def by_flow(target: str) -> None:
            variables["transfer_to"] = target

        return by_flow

    async def until_ending(self) -> None:
        """Wait until this side decides to end the call."""
        self._loop = asyncio.get_running_loop()
        if not self._is_ending:
            await self._ending.wait()

    async def end_at_vendor(self) -> None:
        """Have the vendor end the call, where closing the WebSocket does not."""
        if self._control is not None and not self._transferred:
            await _asked(self._control.hang_up, self)


@public_in("voicelive.telephony")
class SyncCall(CallFacts):
    """A call that is bridged to a synchronous connection; :func:`call_of` returns it. Any thread may use it."""

    def __init__(self, call: Call, run: Callable[[Callable[[], Coroutine[Any, Any, None]]], None]) -> None:
        super().__init__(call.line, call.started)
        self._call = call
        self._run = run

    @property
    def is_ending(self) -> bool:
        """Whether this side has decided to end the call: once what is being said has been heard."""
        return self._call.is_ending

    @property
    def was_transferred(self) -> bool:
        """Whether the caller was handed to somebody else."""
        return self._call.was_transferred

    def hang_up(self) -> None:
        """End the call once what is being said has been heard. Returns at once; any thread may call it."""
        self._call.hang_up()

    def transfer(self, target: str) -> None:
        """Hand the caller to somebody else, once what is being said has been heard.

        Args:
            target: a number, or an address that the vendor knows.

        Raises:
            ConfigurationError: if nothing was given that can transfer calls of this line.
        """
        self._run(lambda: self._call.transfer(target))


async def _asked(method: Callable[..., Awaitable[None] | None], *arguments: Any) -> None:
    """Call a method of a control: where it is not a coroutine function it may block, and is called in a thread."""
    if inspect.iscoroutinefunction(method):
        await method(*arguments)
        return
    found = await asyncio.to_thread(method, *arguments)
    if found is not None:
        await found


_calls: weakref.WeakKeyDictionary[Any, Call | SyncCall] = weakref.WeakKeyDictionary()


def remember(connection: Any, call: Call | SyncCall) -> None:
    """Let :func:`call_of` find a call."""
    _calls[connection] = call


async def transfer_from_tool(connection: Any, target: str) -> None:
    """Transfer the call of a connection of either client."""
    call = _found(connection)
    if isinstance(call, SyncCall):
        await asyncio.to_thread(call.transfer, target)
    else:
        await call.transfer(target)


@overload
def call_of(connection: SyncConnection) -> SyncCall: ...
@overload
def call_of(connection: AsyncConnection) -> Call: ...
@public_in("voicelive.telephony")
def call_of(connection: Any) -> Any:
    """Return the call that is bridged to a connection; a :class:`SyncCall` for one of ``voicelive.connect()``.

    Raises:
        ConnectionStateError: if there is none.
    """
    return _found(connection)


def _found(connection: Any) -> Call | SyncCall:
    found = _calls.get(connection)
    if found is None:
        raise ConnectionStateError("no telephone call is bridged to this connection: see voicelive.telephony.bridge()")
    return found

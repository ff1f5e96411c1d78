"""A call as the agent sees it: who calls, how to end it, and how to hand it to somebody else."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

from .._core.lines.events import CallStarted
from .._core.lines.line import Line
from .._public import public_in
from ..errors import ConfigurationError, ConnectionStateError

__all__ = ["Call", "CallControl", "call_of", "remember"]


@public_in("voicelive.telephony")
class CallControl(Protocol):
    """What only the vendor's interface for calls can do; written with the vendor's package."""

    async def hang_up(self, call: Call) -> None:
        """End a call. Called before the WebSocket is closed."""
        ...

    async def transfer(self, call: Call, target: str) -> None:
        """Connect the caller with `target`, a number or an address."""
        ...


@public_in("voicelive.telephony")
class Call:
    """A call that is bridged to a connection; :func:`call_of` returns it."""

    def __init__(
        self,
        line: Line,
        started: CallStarted,
        control: CallControl | None = None,
        until_played: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
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
        self._control = control
        self._until_played = until_played
        self._ending = asyncio.Event()
        self._transferred = False

    def __repr__(self) -> str:
        return f"<Call line={self.line.name!r} call_id={self.call_id!r}>"

    @property
    def is_ending(self) -> bool:
        """Whether this side has decided to end the call: once what is being said has been heard."""
        return self._ending.is_set()

    @property
    def was_transferred(self) -> bool:
        """Whether the caller was handed to somebody else."""
        return self._transferred

    def hang_up(self) -> None:
        """End the call once what is being said has been heard. Returns at once."""
        self._ending.set()

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
        self._ending.set()

    def _transfer(self) -> Callable[[str], Awaitable[None]]:
        control, line = self._control, self.line
        if control is not None:
            return lambda target: control.transfer(self, target)
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
        await self._ending.wait()

    async def end_at_vendor(self) -> None:
        """Have the vendor end the call, where closing the WebSocket does not."""
        if self._control is not None and not self._transferred:
            await self._control.hang_up(self)


_calls: weakref.WeakKeyDictionary[Any, Call] = weakref.WeakKeyDictionary()


def remember(connection: Any, call: Call) -> None:
    """Let :func:`call_of` find a call."""
    _calls[connection] = call


@public_in("voicelive.telephony")
def call_of(connection: Any) -> Call:
    """Return the call that is bridged to a connection.

    Raises:
        ConnectionStateError: if there is none.
    """
    found = _calls.get(connection)
    if found is None:
        raise ConnectionStateError("no telephone call is bridged to this connection: see voicelive.telephony.bridge()")
    return found

"""How the state machine is set up, and what a failed attempt means, for both clients."""

from __future__ import annotations

import asyncio
import inspect
import random
import secrets
import threading
import time
from functools import partial
from typing import Any, NamedTuple

from websockets.exceptions import ConnectionClosedError

from .._core.closing import CloseInfo, closed_error
from .._core.envelope import Outgoing
from .._core.handshake import Handshake
from .._core.holding import Holding
from .._core.receive_buffer import ReceiveBuffer
from .._core.reconnect.link_changes import MachineOptions
from .._core.reconnect.machine import ReconnectMachine
from .._core.reconnect.policy import ConnectionBudget, ReconnectPolicy
from ..errors import ConnectionClosed, ConnectionError, HandshakeError, SendQueueFullError, VoiceLiveError
from .logs import transport_logger
from .options import TransportOptions
from .receive_queue import ReceiveQueue

__all__ = ["Failure", "ReconnectSetup", "condensed", "end_signal", "failure_of", "queue_full", "raising"]

_budgets: dict[str, ConnectionBudget] = {}
_budgets_lock = threading.Lock()


class ReconnectSetup(NamedTuple):
    """What a reconnecting transport needs to know, beside the credential."""

    handshake: Handshake
    options: TransportOptions
    policy: ReconnectPolicy
    nested: bool
    """Whether the API version nests sessions."""

    def queue(self) -> ReceiveQueue:
        """Return the queue of one connection."""
        return ReceiveQueue(Holding(self.options.max_queue, self.options.max_buffer))

    def machine(self, buffer: ReceiveBuffer) -> ReconnectMachine:
        """Return the state machine of one connection, which puts what is for the application into `buffer`."""
        options = self.options
        given = MachineOptions(
            policy=self.policy,
            nested=self.nested,
            ready_timeout=options.ready_timeout,
            stall_timeout=options.stall_timeout,
            max_messages=options.max_queue,
            max_bytes=options.max_buffer,
            draw=random.random,
            reserve=partial(_reserve, self.handshake.endpoint.authority, self.policy.max_connections_per_minute),
            wall=time.time,
            new_id=_new_item_id,
        )
        return ReconnectMachine(given, buffer)

    def closed_error(self, info: CloseInfo, event: Outgoing) -> ConnectionClosed:
        """Build the error for an event that was not sent."""
        return closed_error(info, self.handshake.endpoint.authority, event.unsent)


def _reserve(authority: str, per_minute: int, earliest: float) -> float:
    # Many connections may break at once, and all count against one limit of the service.
    with _budgets_lock:
        return _budgets.setdefault(authority, ConnectionBudget()).reserve(earliest, per_minute)


def _new_item_id() -> str:
    return f"item_{secrets.token_hex(12)}"


class Failure(NamedTuple):
    """Why an attempt failed."""

    reason: str
    recoverable: bool
    retry_after: float | None = None


def failure_of(error: Exception) -> Failure:
    """Return what a failed attempt means for the next."""
    if isinstance(error, HandshakeError):
        return Failure(str(error), error.recoverable, error.retry_after)
    if isinstance(error, ConnectionError):
        return Failure(str(error), error.recoverable)
    if isinstance(error, VoiceLiveError):
        return Failure(str(error), recoverable=False)
    # What a foreign credential raised: its text may say anything, so only its kind is shown.
    return Failure(f"the attempt ended with {type(error).__name__}", recoverable=False)


def queue_full(policy: ReconnectPolicy, event: Outgoing) -> SendQueueFullError:
    """Build the error for an event that was not kept."""
    unsent = event.unsent
    return SendQueueFullError(
        f"{unsent.type} ({unsent.size} bytes) was not kept: the connection is being made again, and "
        f"{policy.max_queued_bytes} bytes wait already; send it after voicelive.restored, or raise max_queued_bytes",
        unsent=unsent,
    )


def end_signal() -> ConnectionClosedError:
    """Build the transport's own signal that a connection has ended."""
    return ConnectionClosedError(None, None)


async def raising(error: Exception) -> None:
    """Raise an error where what it is about is awaited."""
    raise error


async def condensed(policy: ReconnectPolicy, items: list[dict[str, Any]]) -> object:
    """Return what the application makes of its oldest items, None if it fails; in a thread, as it may take its time."""
    condense = policy.condense
    assert condense is not None
    try:
        made: object = await asyncio.to_thread(condense, items)
        return await made if inspect.isawaitable(made) else made
    except Exception as error:  # noqa: BLE001 - the application's function; the items are dropped, and that is counted
        transport_logger().warning("condense failed, so the oldest items are dropped: %s", type(error).__name__)
        return None

"""Reads what a client sends: within the limits, as its version says it, and one session never at others' cost."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from ..._generated import models
from ...errors import InvalidEventError
from ..limits import TooLargeError, read_client_event
from . import error_details as errors
from .error_details import ErrorDetails
from .version_wire import Wire

if TYPE_CHECKING:
    from ..._core.events import AnyClientEvent
    from ..workers import Workers

__all__ = ["MessageReader", "UnreadableMessageError"]

_READ_AT_ONCE = 16 * 1024
"""Length of the messages that are read without a change of thread."""

_FEW_VALUES = 50
"""Commas of a message, as short as that, which cannot take long to read: nearly all sound comes in such, and asking the
system for the time that a thread has worked takes longer than reading them."""

_READ_S = 0.002
"""Seconds of work for one message that are nobody's business."""

_PAUSE_FACTOR = 4
"""How much longer a session whose messages take longer pauses afterwards: it gets a fifth of a core."""


class UnreadableMessageError(Exception):
    """A message that is not an event, or not one of the version, or passes a limit."""

    def __init__(self, details: ErrorDetails, event_id: str | None) -> None:
        super().__init__(details.message)
        self.details = details
        self.event_id = event_id


class MessageReader:
    """Reads the messages of one session, in order."""

    def __init__(self, wire: Wire, workers: Workers) -> None:
        self._wire = wire
        self._workers = workers

    async def read(self, message: bytes | str) -> models.ClientEvent:
        """Read a message, whatever the version calls things.

        Raises:
            UnreadableMessageError: says what to tell the client.
        """
        try:
            received = await self._decode(message)
        except TooLargeError as error:
            raise UnreadableMessageError(error.details, error.event_id) from error
        except InvalidEventError as error:
            raise UnreadableMessageError(_details_of(error), error.event_id) from error
        try:
            return self._wire.inbound(received)
        except InvalidEventError as error:
            # What it says is an event, but not of this version: refused as the session refuses values it lacks.
            details = replace(_details_of(error), code="invalid_value")
            raise UnreadableMessageError(details, error.event_id) from error

    async def _decode(self, message: bytes | str) -> AnyClientEvent:
        """Read a message: a long one beside the event loop, and after what took long, a while later."""
        if len(message) <= _READ_AT_ONCE:
            commas = message.count(",") if isinstance(message, str) else message.count(b",")
            if commas <= _FEW_VALUES:
                return read_client_event(message)
            event, seconds = _timed(message)
        else:
            event, seconds = await self._workers.read(_timed, message)
        if seconds > _READ_S:
            await asyncio.sleep(seconds * _PAUSE_FACTOR)
        if isinstance(event, Exception):
            raise event
        return event


def _timed(message: bytes | str) -> tuple[AnyClientEvent | TooLargeError | InvalidEventError, float]:
    """Read a message; return the event, or why it is not one, and the seconds of work that it took."""
    began = time.thread_time()
    read: AnyClientEvent | TooLargeError | InvalidEventError
    try:
        read = read_client_event(message)
    except (TooLargeError, InvalidEventError) as error:
        read = error
    return read, time.thread_time() - began


def _details_of(error: InvalidEventError) -> ErrorDetails:
    if error.event_type is None and not error.issues:
        return errors.not_json(str(error))
    for issue in error.issues:
        if issue.path == "type":
            return errors.unknown_event(issue.value)
    return errors.invalid_event(error.event_type, str(error), error.issues)

"""What is shown a call's messages, and tells the log and telemetry what they amount to.

The log is written at once. Telemetry is told in a thread of its own: exporters may take their time, or fail.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Protocol

from .._core.closing import CloseInfo
from .._core.conversation.conversation import Conversation
from .._core.envelope import Outgoing
from .._core.watching.call_watch import CallWatch
from .._core.watching.facts import About, Fact
from .call_log import CallLog
from .delivery import Delivery

__all__ = ["CallSink", "CallWatcher", "TelemetryFace"]

_PATIENCE_S = 2.0
"""How long the end of a connection waits for telemetry to take what it was told."""

_logger = logging.getLogger("voicelive.telemetry")


class CallSink(Protocol):
    """Takes what is known of one call, in order."""

    def take(self, fact: Fact) -> None:
        """Take a fact."""


class TelemetryFace(Protocol):
    """What a connection needs of telemetry."""

    @property
    def content(self) -> bool:
        """Whether what is said may be exported."""
        ...

    @property
    def counts_audio(self) -> bool:
        """Whether the answers' audio is to be counted."""
        ...

    def headers(self) -> Mapping[str, str]:
        """Return what the opening request carries of the caller's context."""
        ...

    def begin(self, about: About) -> CallSink:
        """Begin a call, in the caller's context."""
        ...


class CallWatcher:
    """The watcher of one call."""

    def __init__(self, about: About, *, log: CallLog | None, telemetry: TelemetryFace | None) -> None:
        """Prepare, in the context of whoever opens the connection.

        Args:
            about: which call it is.
            log: writes the lines of the call; None if nobody reads them.
            telemetry: what exports it; None for nothing.
        """
        content = telemetry is not None and telemetry.content
        counts_audio = telemetry is not None and telemetry.counts_audio
        self._watch = CallWatch(content=content, counts_audio=counts_audio)
        self.wanted: frozenset[bytes] = self._watch.wanted
        """The kinds of message to be shown at the moment."""
        self._log = log
        self._sink = None if telemetry is None else telemetry.begin(about)
        self._delivery = None if self._sink is None else Delivery(self._deliver, self._finish)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._settled: asyncio.Event | None = None
        self._failures = 0

    def follow(self, conversation: Conversation) -> None:
        """Take the turns from a conversation that is kept anyway."""
        self._watch.follow(conversation)

    def start(self) -> None:
        """Begin, on the connection's loop."""
        self._loop = asyncio.get_running_loop()
        self._settled = asyncio.Event()

    def received(self, event: Any, now: float) -> None:
        """Take an event that arrived."""
        self._watch.received(event, now)
        self.wanted = self._watch.wanted
        self._hand_out()

    def sent(self, event: Outgoing, now: float) -> None:
        """Take an event that is sent."""
        self._watch.sent(event, now)
        if self._watch.facts:
            self._hand_out()

    def told(self, event: Any) -> None:
        """Take what the conversation tells the application."""
        self._watch.told(event, time.monotonic())
        self._hand_out()

    def ended(self, info: CloseInfo, now: float) -> None:
        """Take the end of the connection."""
        self._watch.ended(info, now)
        self.wanted = self._watch.wanted
        self._hand_out()
        if self._delivery is not None:
            self._delivery.close()

    async def settled(self) -> None:
        """Wait until telemetry has taken all that it was told, for a time: an exporter may hang."""
        if self._delivery is not None and self._settled is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(_PATIENCE_S):
                    await self._settled.wait()

    def _hand_out(self) -> None:
        facts = self._watch.facts
        while facts:
            fact = facts.popleft()
            if self._log is not None:
                self._log.take(fact)
            if self._delivery is not None:
                self._delivery.put(fact)

    # In the thread.

    def _deliver(self, fact: Fact) -> None:
        assert self._sink is not None
        try:
            self._sink.take(fact)
        except Exception as error:  # noqa: BLE001 - an SDK or an exporter is foreign code
            self._failures += 1
            if self._failures == 1:
                # Its text may hold what was exported.
                _logger.warning("telemetry of a call failed: %s; what follows is tried all the same", _named(error))

    def _finish(self, dropped: int) -> None:
        if dropped:
            _logger.warning("%d facts of a call were dropped: telemetry took too long", dropped)
        if self._loop is not None and self._settled is not None:
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._settled.set)


def _named(error: Exception) -> str:
    return f"{type(error).__module__}.{type(error).__qualname__}"

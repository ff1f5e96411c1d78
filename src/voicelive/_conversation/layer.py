"""What binds the conversation to a connection, the same for both clients: options, player, tools, observers."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from .._base import Model
from .._core.closing import CloseInfo
from .._core.conversation.approvals import Approval
from .._core.conversation.barge_in import BargeIn
from .._core.conversation.budget import Budget
from .._core.conversation.conversation import Conversation
from .._core.conversation.conversation_events import CONVERSATION_EVENTS, ApprovalOutcome, ObserverFailed
from .._core.conversation.ledger import Heard
from .._core.conversation.silence import SilenceWatch
from .._core.conversation.tool_calls import Call
from .._core.envelope import Incoming, Outgoing
from .._core.handshake import Handshake
from .._core.numbers import is_whole
from .._transport.conversing import ConversationTransport
from .._transport.transport import DeliveringTransport, Transport
from ..errors import ConfigurationError
from ..tools import Tools
from .approval_runner import ApprovalRunner
from .observers import CallbackThread, Observers, check_observers
from .players import Player, Players
from .taps import Tap, Taps, check_tap
from .tool_runner import ToolRunner

__all__ = ["CONVERSATION_EVENTS", "ConversationLayer", "ConversationOptions", "conversation_options"]

_OF_TOOLS = ("voicelive.tool_started", "voicelive.tool_done", "voicelive.mcp_approval")

_logger = logging.getLogger("voicelive.conversation")


@dataclass(frozen=True)
class ConversationOptions:
    """What ``connect()`` was given for the conversation."""

    barge_in: BargeIn | None
    tools: Tools | None
    observers: tuple[object, ...]
    user_away: float | None = None
    budget: Budget | None = None
    recorder: Tap | None = None


def conversation_options(
    barge_in: bool | BargeIn,
    tools: Tools | Iterable[Any],
    observers: Iterable[object],
    metrics: bool,
    user_away: float | None = None,
    budget: Budget | None = None,
    recorder: object = None,
) -> ConversationOptions | None:
    """Check the options; None if none is on.

    Raises:
        ConfigurationError: naming the one that is not valid.
    """
    if not isinstance(barge_in, (bool, BargeIn)):
        raise ConfigurationError(f"barge_in is {barge_in!r}; it takes True, False or a BargeIn")
    if not isinstance(tools, Iterable) or isinstance(tools, (str, bytes, Mapping)):
        raise ConfigurationError(f"tools takes Tools or a list of tools, not {type(tools).__name__}")
    if not isinstance(observers, Iterable):
        raise ConfigurationError(f"observers takes a list of observers, not {type(observers).__name__}")
    if budget is not None and not isinstance(budget, Budget):
        raise ConfigurationError(f"budget is {budget!r}; it takes a Budget, or None")
    if user_away is not None:
        SilenceWatch(user_away)
    given = tools if isinstance(tools, Tools) else Tools(tools)
    running = given or None
    watching = tuple(check_observers(observers))
    tap = None if recorder is None else check_tap(recorder)
    is_on = barge_in is not False or running or watching or metrics
    if not is_on and user_away is None and budget is None and tap is None:
        return None
    options = BargeIn() if barge_in is True else barge_in or None
    return ConversationOptions(options, running, watching, user_away, budget, tap)


class CallListener(Protocol):
    """Who watches the call: the log, and telemetry."""

    def follow(self, conversation: Conversation) -> None:
        """Take the figures of the turns from a conversation."""

    def told(self, event: Any) -> None:
        """Take what the application is told."""


class ConversationLayer:
    """The application's side of one connection's conversation: a :class:`Listener` of its transport."""

    def __init__(
        self,
        options: ConversationOptions,
        *,
        event_of: Callable[[Incoming], Any],
        encode: Callable[[Mapping[str, Any] | Model], Outgoing],
        connection: Callable[[], Any],
        opened_with: Callable[[], Handshake],
        is_own_loop: bool,
    ) -> None:
        """Prepare.

        Args:
            options: what ``connect()`` was given.
            event_of: returns the event of a message.
            encode: writes an event.
            connection: gives the connection, for tools and observers.
            opened_with: gives what the connection was opened with.
            is_own_loop: whether the transport's loop is the application's own.
        """
        self._options = options
        self._event_of = event_of
        self.encode = encode
        self._connection = connection
        self._opened_with = opened_with
        self._is_own_loop = is_own_loop
        self.conversation = Conversation(
            barge_in=options.barge_in,
            runs_tools=options.tools is not None and len(options.tools) > 0,
            decides_approvals=options.tools is not None and options.tools.approve is not None,
            user_away=options.user_away,
            budget=options.budget,
            new_id=lambda: f"voicelive_{uuid.uuid4().hex}",
        )
        self.transport: ConversationTransport | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._runner: ToolRunner | None = None
        self._approvals: ApprovalRunner | None = None
        self._observers: Observers | None = None
        self._flushes: list[Callable[[], Any]] = []
        self._players = Players()
        self._taps = Taps()
        self._reported: deque[tuple[int, str | None]] = deque()
        self.is_told_all = False
        """Whether there is somebody who is told of each event that arrives: an observer or a player."""
        self.is_recorded = False
        """Whether there is, or was, somebody who records the call."""
        self._handed_out: Any = None
        self._has_flushed = self._was_flushed = False
        self._flushes_wanted = self._flushes_done = 0
        self._flushing = threading.RLock()
        self._callbacks = CallbackThread()
        # Of its own: an observer that is slow must not hold up the player.
        self._flush_thread = CallbackThread()
        self._watcher: CallListener | None = None

    @property
    def observers_dropped(self) -> int:
        """How many calls of observers were dropped because they were too slow."""
        return self._callbacks.dropped

    @property
    def interrupts(self) -> bool:
        """Whether the user's speech interrupts what the player plays."""
        return self._options.barge_in is not None

    def start(self, inner: DeliveringTransport, watcher: CallListener | None = None) -> Transport:
        """Keep the conversation over a transport that is open; on its loop.

        Args:
            inner: the transport.
            watcher: is told what the application is told.
        """
        self._loop = asyncio.get_running_loop()
        if watcher is not None:
            watcher.follow(self.conversation)
            self._watcher = watcher
        if self._options.tools is not None:
            self._runner = ToolRunner(
                self._options.tools, self._tool_finished, self._connection, is_own_loop=self._is_own_loop
            )
            self._approvals = ApprovalRunner(
                self._options.tools, self._approval_decided, self._connection, is_own_loop=self._is_own_loop
            )
        if self._options.observers:
            self._observers = Observers(
                list(self._options.observers), self._callbacks, ask=self._asked, failed=self._observer_failed
            )
        self._set_told_all()
        self.transport = ConversationTransport(
            inner, self.conversation, self, event_of=self._event_of, encode=self.encode
        )
        if self._observers is not None:
            self._observers.call("on_open", self._connection())
        if self._options.recorder is not None:
            try:
                self._tap(self._options.recorder, self.transport)
            except Exception:
                # One that cannot be used, such as for a second call: nothing is left open.
                inner.abort()
                self._callbacks.close()
                raise
        self.transport.start()
        return self.transport

    def on_flush(self, callback: Callable[[], Any]) -> None:
        """Have `callback` called whenever the player is to drop what it holds."""
        if not callable(callback):
            raise ConfigurationError(f"on_flush takes a function without arguments, not {callback!r}")
        self._flushes.append(callback)

    # As the transport's listener, on its loop.

    def flush(self) -> None:
        """Have the player drop what it holds."""
        self._players.flush()
        # In this order: whoever receives looks at the flag, and then at the count.
        self._flushes_wanted += 1
        self._has_flushed = self._was_flushed = True
        if self._is_own_loop:
            self._call_flushes()
        elif self._flushes:
            self._flush_thread.call(self._call_flushes)

    def _call_flushes(self, *, once_more: bool = False) -> None:
        """Call the application's callbacks, unless somebody has since the last flush; wait for whoever does now."""
        with self._flushing:
            if self._flushes_done == self._flushes_wanted and not once_more:
                return
            self._flushes_done = self._flushes_wanted
            for callback in self._flushes:
                try:
                    callback()
                except Exception:
                    _logger.exception("an on_flush callback failed")

    def run_tool(self, call: Call) -> None:
        """Begin to run a tool."""
        if self._runner is not None:
            self._runner.run(call)

    def ask_approval(self, approval: Approval) -> None:
        """Have the call of an MCP tool decided."""
        if self._approvals is not None:
            self._approvals.ask(approval)

    def cancel_tools(self) -> None:
        """Cancel the tools that are to stop when the user interrupts."""
        if self._runner is not None:
            self._runner.cancel_interrupted()

    def settle(self) -> None:
        """Count what was played up to now, before something is decided by it."""
        if self.transport is None:
            return
        while self._reported:
            self.transport.played(*self._reported.popleft())
        if self._players and (size := self._players.take_played()):
            self.transport.played(size)

    def is_shown(self, event: Any) -> bool:
        """Hand an event to the players; return whether the application is to see it."""
        return self._players.take(event)

    def arrived(self, message: Incoming, now: float) -> None:
        """Take a message that arrived, before anything is made of it."""
        # Those of the transport's own come the same way.
        is_own = message.kind.startswith(b"voicelive.")
        self._taps.call(Tap.told if is_own else Tap.received, message.data, now)

    def received(self, event: Any, now: float) -> None:
        """Take an event that arrived."""
        if self._observers is None:
            return
        self._observers.call("on_receive", event, now)
        if event.type in ("voicelive.reconnecting", "voicelive.restored", "voicelive.gave_up"):
            self._observers.call("on_reconnect", event)

    def told(self, message: Incoming, event: Any) -> None:
        """Take an event of the connection's own."""
        if self.is_told_all:
            self._players.take(event)
        if self.is_recorded:
            self._taps.call(Tap.told, message.data, time.monotonic())
        if self._watcher is not None:
            self._watcher.told(event)
        if self._observers is not None and event.type in _OF_TOOLS:
            self._observers.call("on_tool", event)

    def sent(self, event: Outgoing, now: float) -> None:
        """Take an event that was sent."""
        self._taps.call(Tap.sent, event.data, now)
        if self._observers is not None and self._observers.wants("on_send"):
            self._observers.call("on_send", json.loads(event.data), now)

    def heard(self, heard: list[Heard]) -> None:
        """Take how far items have been played."""
        if self._taps:
            self._taps.call(Tap.heard, heard, time.monotonic() + self.conversation.latency_ms / 1000)
        if self._observers is not None:
            for one in heard:
                self._observers.call("on_heard", one.item_id, one.content_index, one.ms)

    def ended(self, info: CloseInfo | None) -> None:
        """Take the end of the connection."""
        self._players.ended()
        if self._runner is not None:
            self._runner.close()
        if self._approvals is not None:
            self._approvals.close()
        if self._observers is not None:
            self._observers.call("on_close", info)
        self._taps.call(Tap.ended, info, time.monotonic())
        self._callbacks.close()
        self._flush_thread.close()

    # For the connection's face, from any thread.

    def is_late(self, event: Any) -> bool:
        """Whether an event, about to be handed out, is audio of something that was interrupted meanwhile."""
        if not self._has_flushed:
            self._handed_out = event
            return False
        if self._was_flushed:
            self._was_flushed = False
            before = self._handed_out
            # What was handed out may have reached the player only after the player was flushed. And what is handed out
            # now is not to reach it before.
            self._call_flushes(once_more=before is not None and self.conversation.is_late(before))
        if self.conversation.is_late(event):
            return True
        self._handed_out = event
        return False

    def played(self, size: int, item_id: str | None) -> None:
        """Take how many bytes were played."""
        if not is_whole(size, 0):
            raise ConfigurationError(f"played() takes the number of bytes that were played, 0 or more; not {size!r}")
        if self._loop is None or self._loop.is_closed():
            return
        # Kept until the loop counts it: an interruption that the loop decides first has to know of it.
        self._reported.append((size, item_id))
        self.report_played()

    def add_player(self, player: Player, *first: Mapping[str, Any]) -> None:
        """Have a player of this package told of everything; what it asks for first is sent at once."""
        self._on_loop(partial(self._add_player, player, first))

    def add_tap(self, tap: Tap) -> None:
        """Have a recorder told of everything from now on."""
        self._on_loop(partial(self._tap, tap))

    def remove_player(self, player: Player) -> None:
        """Leave a player alone from now on."""
        self._players.remove(player)
        self._set_told_all()

    def _add_player(
        self, player: Player, first: tuple[Mapping[str, Any], ...], transport: ConversationTransport
    ) -> None:
        self._players.add(player)
        self._set_told_all()
        # So that the state follows it from now on.
        transport.played(0)
        for event in first:
            transport.ask(event)

    def _set_told_all(self) -> None:
        observed = self._observers is not None and self._observers.wants("on_receive", "on_reconnect")
        self.is_told_all = bool(self._players) or observed

    def report_played(self) -> None:
        """Have what was played counted soon."""
        self._on_loop(lambda transport: self.settle())

    def tell(self, event: Model) -> None:
        """Hand the application an event of the connection's own."""
        self._on_loop(partial(_tell, event))

    def underrun(self) -> None:
        """Take that the player had nothing to play in the midst of an answer."""
        self._on_loop(lambda transport: transport.conversation.meter.underrun())

    def _on_loop(self, action: Callable[[ConversationTransport], object]) -> None:
        transport, loop = self.transport, self._loop
        if transport is None or loop is None or loop.is_closed():
            return
        try:
            is_there = asyncio.get_running_loop() is loop
        except RuntimeError:
            is_there = False
        if is_there:
            action(transport)
        else:
            loop.call_soon_threadsafe(action, transport)

    def _tap(self, tap: Tap, transport: ConversationTransport) -> None:
        tap.begin(self._opened_with(), time.monotonic(), transport.hide, self.tell)
        self._taps.add(tap)
        self.is_recorded = True

    # From tools and observers.

    def _tool_finished(self, call_id: str, output: str, end: Any, *, duration_ms: int, wants_response: bool) -> None:
        if self.transport is not None:
            self.transport.tool_finished(call_id, output, end, duration_ms=duration_ms, wants_response=wants_response)

    def _approval_decided(self, request_id: str, outcome: ApprovalOutcome) -> None:
        if self.transport is not None:
            self.transport.approval_decided(request_id, outcome)

    def _asked(self, wanted: Any) -> None:
        events = [wanted] if isinstance(wanted, (Mapping, Model)) else list(wanted)
        for event in events:
            # Raises for what cannot be sent, here, where it is the observer's failure.
            self.encode(event)
            self._on_loop(partial(_ask, event))

    def _observer_failed(self, observer: object, error: Exception) -> None:
        self.tell(ObserverFailed(observer=type(observer).__name__, reason=type(error).__name__))


def _ask(event: Mapping[str, Any] | Model, transport: ConversationTransport) -> None:
    transport.ask(event)


def _tell(event: Model, transport: ConversationTransport) -> None:
    transport.tell(event)

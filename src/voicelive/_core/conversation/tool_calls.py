"""Function calls: which tool to run on which arguments, and one output for every call, whatever becomes of it."""

import json
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any

from ..._public import public_in
from ..recent_ids import RecentIds

__all__ = ["ArgumentsError", "Call", "ToolCalls", "error_output", "parse_arguments"]

_REMEMBERED = 256
"""Ids of calls that were answered, kept to recognize an event that repeats one."""


@public_in("voicelive.conversation")
class ArgumentsError(ValueError):
    """The model gave arguments that are not a JSON object; the text is for the model."""


@public_in("voicelive.conversation")
@dataclass(frozen=True, kw_only=True)
class Call:
    """One call of a tool, as the service announced it."""

    call_id: str
    name: str
    arguments: str
    """JSON, as the model wrote it."""
    response_id: str | None = None
    item_id: str | None = None


@dataclass
class _Batch:
    """The calls of one response."""

    turn: int
    open: set[str] = field(default_factory=set[str])
    is_done: bool = False
    wants_response: bool = False


@public_in("voicelive.conversation")
def parse_arguments(text: str | None) -> dict[str, Any]:
    """Return the arguments of a call; empty text means none.

    Raises:
        ArgumentsError: if the text is not a JSON object. A tool is not run on arguments that nobody gave.
    """
    if not text or not text.strip():
        return {}
    try:
        value = json.loads(text)
    except ValueError as error:
        raise ArgumentsError(f"the arguments are not valid JSON ({error}): send a JSON object") from None
    if not isinstance(value, dict):
        raise ArgumentsError(f"the arguments are a JSON {type(value).__name__}: send a JSON object")
    return value


@public_in("voicelive.conversation")
def error_output(message: str) -> str:
    """Return the output that tells the model what went wrong."""
    return json.dumps({"error": message}, ensure_ascii=False, separators=(",", ":"))


@public_in("voicelive.conversation")
class ToolCalls:
    """Keeps account of the calls under way: each is answered once, and one response follows those of one response."""

    def __init__(self) -> None:
        self._open: dict[str, Call] = {}
        self._remote: dict[str, str | None] = {}
        self._answered = RecentIds(_REMEMBERED)
        self._batches: dict[str | None, _Batch] = {}
        self._turn = 0

    @property
    def running(self) -> Collection[Call]:
        """The calls that have no output yet."""
        return self._open.values()

    @property
    def is_busy(self) -> bool:
        """Whether any call has no output yet, also of those that the service makes by itself."""
        return bool(self._open or self._remote)

    def called(self, call: Call) -> bool:
        """Take a call (``response.function_call_arguments.done``).

        Returns:
            Whether to run it: False for one that was taken before.
        """
        if call.call_id in self._open or call.call_id in self._answered:
            return False
        self._open[call.call_id] = call
        batch = self._batches.setdefault(call.response_id, _Batch(self._turn))
        batch.open.add(call.call_id)
        return True

    def finished(self, call_id: str, *, wants_response: bool = True) -> Call | None:
        """Take the end of a call.

        Returns:
            The call to send the output for; None if it has one already, or belonged to a session that is over.
        """
        call = self._open.pop(call_id, None)
        if call is None:
            return None
        self._answered.add(call_id)
        batch = self._batches[call.response_id]
        batch.open.discard(call_id)
        batch.wants_response = batch.wants_response or wants_response
        return call

    def remote_began(self, item_id: str, response_id: str | None) -> None:
        """Take a call that the service makes by itself, of an MCP server's tool (an item of type ``mcp_call``).

        Its result is part of the conversation without an output from here, and waits for a response as others do.
        """
        self._remote[item_id] = response_id
        self._batches.setdefault(response_id, _Batch(self._turn)).open.add(item_id)

    def remote_ended(self, item_id: str) -> None:
        """Take the end of such a call, whatever it was; the service may repeat it."""
        if item_id in self._remote:
            batch = self._batches[self._remote.pop(item_id)]
            batch.open.discard(item_id)
            batch.wants_response = True

    def response_done(self, response_id: str | None, *, is_whole: bool = True) -> None:
        """Note ``response.done``: no more calls of that response come.

        Args:
            response_id: the response.
            is_whole: whether it came to its end; else the service need not make the calls that it began to write.
        """
        if not is_whole:
            self._forget_remote(lambda of: of == response_id)
        if (batch := self._batches.get(response_id)) is not None:
            batch.is_done = True

    def user_turn(self) -> None:
        """Note that the user began a new turn, which the service will respond to by itself."""
        self._turn += 1

    def take_follow_up(self) -> bool:
        """Whether to ask for a response now, because all calls of a response have their outputs; True once for each.

        No response is asked for if the user began a new turn meanwhile: the service answers that, and sees the outputs.
        """
        complete = [key for key, batch in self._batches.items() if batch.is_done and not batch.open]
        wanted = False
        for key in complete:
            batch = self._batches.pop(key)
            wanted = wanted or (batch.wants_response and batch.turn == self._turn)
        return wanted

    def session_moved(self) -> None:
        """Note that another session took the place of the one that made the calls: its responses end nowhere.

        The calls go on, and their outputs go to the new session, which knows the calls. Those that the service made are
        lost.
        """
        self._forget_remote(lambda of: True)
        for batch in self._batches.values():
            batch.is_done = True

    def clear(self) -> list[Call]:
        """Forget every call: the session that made them is over. Returns those that were under way."""
        lost = list(self._open.values())
        self._open.clear()
        self._remote.clear()
        self._batches.clear()
        return lost

    def _forget_remote(self, matches: Callable[[str | None], bool]) -> None:
        for item_id, response_id in [entry for entry in self._remote.items() if matches(entry[1])]:
            del self._remote[item_id]
            self._batches[response_id].open.discard(item_id)

"""Function calls: which tool to run on which arguments, and one output for every call, whatever becomes of it."""

import json
from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from ..._public import public_in

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
        self._answered: OrderedDict[str, None] = OrderedDict()
        self._batches: dict[str | None, _Batch] = {}
        self._turn = 0

    @property
    def running(self) -> Collection[Call]:
        """The calls that have no output yet."""
        return self._open.values()

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
        self._answered[call_id] = None
        if len(self._answered) > _REMEMBERED:
            self._answered.popitem(last=False)
        batch = self._batches[call.response_id]
        batch.open.discard(call_id)
        batch.wants_response = batch.wants_response or wants_response
        return call

    def response_done(self, response_id: str | None) -> None:
        """Note ``response.done``: no more calls of that response come."""
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

        The calls go on, and their outputs go to the new session, which knows the calls.
        """
        for batch in self._batches.values():
            batch.is_done = True

    def clear(self) -> list[Call]:
        """Forget every call: the session that made them is over. Returns those that were under way."""
        lost = list(self._open.values())
        self._open.clear()
        self._batches.clear()
        return lost

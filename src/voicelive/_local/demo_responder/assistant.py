"""The assistant: from a conversation to an answer, by rules."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from ..engines.protocols import (
    ConversationTurn,
    FunctionCallTurn,
    FunctionOutputTurn,
    MessageTurn,
    Responder,
    ResponderOutput,
    ResponderRequest,
    TextChunk,
)
from .results import say_result
from .smalltalk import answer_question, say_understood
from .tools import choose_calls

__all__ = ["Assistant"]

_PIECE = re.compile(r"\s*\S+\s*")


class Assistant:
    """Answers a few kinds of questions in short sentences fit to be spoken.

    It keeps no state: everything it says follows from the request and the clock, so one
    serves all sessions at once. ``clock`` gives the local time, for tests.
    """

    def __init__(self, clock: Callable[[], datetime] | None = None) -> None:
        self._clock = clock or _local_time

    def respond(self, request: ResponderRequest) -> Iterator[ResponderOutput]:
        """Yield the answer to what was said last: text word by word, or function calls."""
        conversation = _outputs_after_calls(request.conversation)
        results = _new_results(conversation)
        if results:
            sentences = [say_result(call, output.output) for call, output in results]
            yield from _pieces(" ".join(sentences))
            return
        question = _last_question(conversation)
        calls = choose_calls(question, request.tools, request.tool_choice)
        if calls:
            yield from calls
            return
        said_before = [turn.text for turn in conversation[:-1] if isinstance(turn, MessageTurn) and turn.role == "user"]
        answer = answer_question(question, said_before, self._clock) if question else None
        yield from _pieces(answer or say_understood(question, _names(request.tools)))


def _local_time() -> datetime:
    return datetime.now().astimezone()


def _pieces(text: str) -> Iterator[TextChunk]:
    return (TextChunk(piece) for piece in _PIECE.findall(text))


def _last_question(conversation: Sequence[ConversationTurn]) -> str:
    for turn in reversed(conversation):
        if isinstance(turn, MessageTurn) and turn.role == "user":
            return turn.text.strip()
    return ""


def _names(tools: Sequence[Mapping[str, Any]]) -> list[str]:
    return [str(tool["name"]) for tool in tools if tool.get("type", "function") == "function" and tool.get("name")]


def _outputs_after_calls(conversation: Sequence[ConversationTurn]) -> list[ConversationTurn]:
    """The conversation with every output that stands before its call moved to right after it."""
    made: set[str] = set()
    early: dict[str, list[ConversationTurn]] = {}
    calls = {turn.call_id for turn in conversation if isinstance(turn, FunctionCallTurn)}
    ordered: list[ConversationTurn] = []
    for turn in conversation:
        if isinstance(turn, FunctionOutputTurn) and turn.call_id in calls and turn.call_id not in made:
            early.setdefault(turn.call_id, []).append(turn)
            continue
        ordered.append(turn)
        if isinstance(turn, FunctionCallTurn):
            made.add(turn.call_id)
            ordered += early.pop(turn.call_id, [])
    return ordered


def _new_results(
    conversation: Sequence[ConversationTurn],
) -> list[tuple[FunctionCallTurn | None, FunctionOutputTurn]]:
    """The function outputs that nobody has answered yet, each with its call."""
    calls = {turn.call_id: turn for turn in conversation if isinstance(turn, FunctionCallTurn)}
    outputs: list[FunctionOutputTurn] = []
    for turn in reversed(conversation):
        if isinstance(turn, MessageTurn):
            break
        if isinstance(turn, FunctionOutputTurn):
            outputs.insert(0, turn)
    return [(calls.get(output.call_id), output) for output in outputs]


_: type[Responder] = Assistant

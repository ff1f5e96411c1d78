"""A conversation in the words of the Chat Completions API, and an answer out of its stream."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .protocols import (
    ConversationTurn,
    FunctionCall,
    FunctionCallTurn,
    FunctionOutputTurn,
    Incomplete,
    MessageTurn,
    ResponderError,
    ResponderOutput,
    ResponderRequest,
    TextChunk,
)

__all__ = ["ChatAnswer", "chat_request", "error_of"]

_NO_OUTPUT = "(no output was given)"


def chat_request(request: ResponderRequest, model: str) -> dict[str, Any]:
    """Return the body to post: the conversation, the functions, and that the answer is to be streamed."""
    body: dict[str, Any] = {"model": model, "stream": True, "messages": _messages(request)}
    tools = [_tool(tool) for tool in request.tools if tool.get("type") == "function"]
    if tools:
        body["tools"] = tools
        body["tool_choice"] = _tool_choice(request.tool_choice)
    return body


def _messages(request: ResponderRequest) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = []
    if request.instructions:
        messages.append({"role": "system", "content": request.instructions})
    turns = list(request.conversation)
    outputs = {turn.call_id: turn.output for turn in turns if isinstance(turn, FunctionOutputTurn)}
    called = {turn.call_id for turn in turns if isinstance(turn, FunctionCallTurn)}
    index = 0
    while index < len(turns):
        turn = turns[index]
        if isinstance(turn, FunctionCallTurn):
            calls = _run_of_calls(turns, index)
            index += len(calls)
            messages += _call_messages(calls, outputs)
            continue
        index += 1
        if isinstance(turn, MessageTurn):
            messages.append({"role": turn.role, "content": turn.text})
        elif turn.call_id not in called:
            # A tool message without its call would be refused: the application has deleted the call, or made it up.
            messages.append({"role": "system", "content": f"A function answered: {turn.output}"})
    return messages


def _run_of_calls(turns: Sequence[ConversationTurn], start: int) -> list[FunctionCallTurn]:
    calls: list[FunctionCallTurn] = []
    for turn in turns[start:]:
        if not isinstance(turn, FunctionCallTurn):
            break
        calls.append(turn)
    return calls


def _call_messages(calls: Sequence[FunctionCallTurn], outputs: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return calls made at once, and right after them their outputs, as the API insists, wherever they came."""
    made = [
        {"id": call.call_id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
        for call in calls
    ]
    answered = [
        {"role": "tool", "tool_call_id": call.call_id, "content": outputs.get(call.call_id, _NO_OUTPUT)}
        for call in calls
    ]
    return [{"role": "assistant", "content": None, "tool_calls": made}, *answered]


def _tool(tool: Mapping[str, Any]) -> dict[str, Any]:
    function = {name: tool[name] for name in ("name", "description", "parameters") if tool.get(name) is not None}
    return {"type": "function", "function": function}


def _tool_choice(choice: str | Mapping[str, Any] | None) -> Any:
    if isinstance(choice, Mapping):
        return {"type": "function", "function": {"name": choice.get("name")}}
    return choice or "auto"


@dataclass
class _Call:
    id: str | None
    name: str = ""
    arguments: str = ""


MAX_CALL_CHARS = 1024 * 1024
"""Characters of one call's name and arguments."""

MAX_CALLS = 128
"""Calls of one answer."""


@dataclass
class ChatAnswer:
    """Puts together what the chunks of a stream bring."""

    finish_reason: str | None = None
    """Why the answer has ended; None before its end."""
    _calls: list[_Call] = field(default_factory=list[_Call])
    _places: dict[int, _Call] = field(default_factory=dict[int, _Call])

    def feed(self, chunk: Mapping[str, Any]) -> Iterator[ResponderOutput]:
        """Take the next chunk; yield the text in it.

        Raises:
            ResponderError: if the chunk is an error.
        """
        if chunk.get("error"):
            raise error_of(chunk, "the chat endpoint broke off the answer")
        for choice in chunk.get("choices") or ():
            delta = choice.get("delta") or {}
            # A refusal is said like anything else.
            if text := delta.get("content") or delta.get("refusal"):
                yield TextChunk(text)
            for fragment in delta.get("tool_calls") or ():
                self._add(fragment)
            self.finish_reason = choice.get("finish_reason") or self.finish_reason

    def end(self) -> Iterator[ResponderOutput]:
        """Yield the calls, whole now, and what cut the answer short if anything did.

        Raises:
            ResponderError: if the stream has ended before the answer did.
        """
        if self.finish_reason is None:
            raise ResponderError("the chat endpoint's stream ended before its answer did", code="stream_ended")
        if self.finish_reason == "length":
            # The arguments of a call cut short are not JSON.
            yield Incomplete("max_output_tokens")
            return
        if self.finish_reason == "content_filter":
            yield Incomplete("content_filter")
            return
        for call in self._calls:
            yield FunctionCall(call.name, call.arguments or "{}")

    def _add(self, fragment: Mapping[str, Any]) -> None:
        function = fragment.get("function") or {}
        call = self._call_of(fragment.get("index"), fragment.get("id"), bool(function.get("name")))
        call.name += function.get("name") or ""
        call.arguments += function.get("arguments") or ""
        if len(call.arguments) + len(call.name) > MAX_CALL_CHARS or len(self._calls) > MAX_CALLS:
            raise ResponderError(
                f"the chat endpoint sent more than {MAX_CALLS} calls, or one of more than {MAX_CALL_CHARS} characters",
                code="answer_too_long",
            )

    def _call_of(self, index: int | None, call_id: str | None, named: bool) -> _Call:
        """Return the call that a fragment belongs to.

        By its index. But some servers give several whole calls the same index, or none: there a new id, or a name
        where no index is, begins a new call.
        """
        latest = self._calls[-1] if self._calls else None
        known = self._places.get(index) if index is not None else (None if named else latest)
        if known is not None and (not call_id or known.id in (None, call_id) or not named):
            return known
        call = _Call(call_id)
        self._calls.append(call)
        if index is not None:
            self._places[index] = call
        return call


def error_of(payload: Any, context: str, *, code: str | None = None) -> ResponderError:
    """Return the error that a JSON body of the API reports, in whatever of its known shapes.

    Args:
        payload: the body.
        context: what was going on, for the message.
        code: the code where the body has none.
    """
    error = payload.get("error") if isinstance(payload, Mapping) else None
    if not isinstance(error, Mapping):
        return ResponderError(f"{context}: {error}" if error else context, code=code)
    message = error.get("message")
    given = error.get("code")
    return ResponderError(
        f"{context}: {message}" if message else context,
        code=str(given) if given is not None else code,
        type=str(error.get("type") or "server_error"),
    )

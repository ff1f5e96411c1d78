"""Making one response: the responder's answer, then its sound."""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import aclosing
from typing import Any

from ..._generated import models
from ..engines.protocols import (
    ConversationTurn,
    FileSearch,
    FunctionCall,
    Incomplete,
    ResponderError,
    ResponderOutput,
    ResponderRequest,
    WebSearch,
)
from ..faults.base import ResponseFault
from ..faults.kinds import ContentFilter, ResponseFailure
from . import error_details as errors
from .avatar import Avatar
from .context import Context
from .conversation import turns_of
from .interim import bridged, interim_text, threshold_s
from .mcp_servers import McpCall, McpServers
from .response_plan import ResponsePlan, interim_plan
from .speech import spoken
from .tool_offer import Offer
from .usage import estimate_usage, tokens
from .writer import ResponseWriter

__all__ = ["MAX_OUTPUT_TOKENS", "Generation"]


MAX_OUTPUT_TOKENS = 16_384
"""Tokens of an answer where the session sets no limit, as gpt-4o has it; the responder may never come to an end."""

_TOKENS_AT_ONCE = 64
"""Tokens that are sent before the other sessions have their turn."""

_WORD = re.compile(r"\w+")


class Generation:
    """One response in the making."""

    def __init__(
        self,
        context: Context,
        plan: ResponsePlan,
        avatar: Avatar,
        mcp: McpServers,
        ready: asyncio.Event | None,
    ) -> None:
        """Prepare a response that begins once `ready` is set: when it is known what the user said."""
        self.plan = plan
        self.writer = ResponseWriter(context, plan)
        self.first_audio_at: float | None = None
        """The event loop's time, in seconds, of the first audio delta."""
        self.mcp_calls: list[McpCall] = []
        """The calls to carry out once the response is done."""
        self._context = context
        self._avatar = avatar
        self._mcp = mcp
        self._ready = ready
        self._written = 0
        self._asked: Sequence[ConversationTurn] = ()
        self._asked_ms = 0
        self._fault: ResponseFault | None = None
        self._bridge: Generation | None = None
        self._accompanying: deque[models.ServerEvent] = deque()

    def waits_for(self, ready: asyncio.Event) -> bool:
        """Whether the response answers the turn whose words are known once `ready` is set."""
        return self._ready is ready

    def accompany(self, events: Iterable[models.ServerEvent]) -> None:
        """Send `events` during the output: one after the first text, one after the first sound, the rest at the end."""
        self._accompanying.extend(events)

    def _send_accompanying(self, count: int = 1) -> None:
        for _ in range(min(count, len(self._accompanying))):
            self._context.send(self._accompanying.popleft())

    def _send_all_accompanying(self) -> None:
        self._send_accompanying(len(self._accompanying))

    async def run(self) -> None:
        """Send the whole response; whoever cancels this also finishes the writer."""
        context, writer, plan = self._context, self.writer, self.plan
        if self._ready is not None:
            await self._ready.wait()
        await context.pacing.pause(context.pacing.first_output)
        self._fault = context.faults.take_first(ResponseFault)
        cut_short = await self._write_answer()
        if isinstance(self._fault, ResponseFailure):
            fault = errors.ordered(self._fault.code, self._fault.message)
            raise ResponderError(fault.message, type=fault.type, code=fault.code)
        if self._fault is not None:
            filtered = isinstance(self._fault, ContentFilter)
            cut_short = Incomplete("content_filter" if filtered else "max_output_tokens")
        self._send_accompanying()
        if writer.message_open and plan.speaks:
            await context.pacing.pause(context.pacing.first_audio)
            await self._speak()
        self._send_all_accompanying()
        if cut_short is None:
            writer.finish("completed", usage=self.usage())
        else:
            details = {"type": "incomplete", "reason": cut_short.reason}
            writer.finish("incomplete", usage=self.usage(), details=details)

    async def _write_answer(self) -> Incomplete | None:
        """Send text and calls; return what cut the answer short, if anything did."""
        if self.plan.given_text is not None:
            return await self._write_text(self.plan.given_text)
        self._asked = self._conversation()
        offer = self._mcp.offer(self.plan.tools, self.plan.tool_choice)
        request = ResponderRequest(
            conversation=self._asked,
            instructions=self.plan.instructions,
            tools=offer.tools,
            tool_choice=offer.tool_choice,
            metadata=self.plan.metadata or {},
        )
        steps = self._context.workers.iterate(self._context.engines.responder.respond, request)
        # A call goes out only when it is known what follows it. So a response that ends with a call is done the moment
        # the call is, and an application that answers the call at once does not meet a response still active.
        call: FunctionCall | None = None
        async with aclosing(steps) as answer, aclosing(self._bridged(answer)) as outputs:
            async for output in outputs:
                if call is not None:
                    self._write_call(call, offer)
                    call = None
                if isinstance(output, FunctionCall):
                    call = output
                    continue
                if isinstance(output, FileSearch | WebSearch):
                    self.writer.search(output)
                    continue
                cut_short = output if isinstance(output, Incomplete) else await self._write_text(output.text)
                if cut_short is not None:
                    return cut_short
        if call is not None:
            self._write_call(call, offer)
        return None

    def _bridged(self, answer: AsyncGenerator[ResponderOutput, None]) -> AsyncGenerator[ResponderOutput, None]:
        settings = self.plan.interim
        return bridged(answer, threshold_s(settings), lambda: self._speak_meanwhile(settings or {}))

    async def _speak_meanwhile(self, settings: Mapping[str, Any]) -> None:
        """Say something while the answer is awaited, as a response of its own."""
        plan = interim_plan(self._context.session, interim_text(settings))
        self._bridge = Generation(self._context, plan, self._avatar, self._mcp, None)
        self._bridge.writer.created()
        await self._bridge.run()

    def finish(self, status: str, details: dict[str, Any]) -> None:
        """End what is unfinished: this response, and before it the one that bridges the wait for it."""
        self._send_all_accompanying()
        if self._bridge is not None and not self._bridge.writer.finished:
            self._bridge.finish(status, details)
        self.writer.finish(status, usage=self.usage(), details=details)

    def _write_call(self, call: FunctionCall, offer: Offer) -> None:
        target = offer.targets.get(call.name)
        if target is None:
            self.writer.function_call(call.name, call.arguments)
            return
        entry, index = self.writer.mcp_call(target.server["server_label"], target.tool.name, call.arguments)
        self.mcp_calls.append(self._mcp.prepare(target, entry, self.writer.id, index))

    def _conversation(self) -> list[ConversationTurn]:
        if self.plan.input_items is None:
            turns, self._asked_ms = self._context.conversation.seen()
        else:
            turns = [turn for item in self.plan.input_items for turn in turns_of(item)]
        turns += [turn for item in self.plan.appended_items for turn in turns_of(item)]
        return turns

    async def _write_text(self, text: str) -> Incomplete | None:
        if not text:
            return None
        writer, limit = self.writer, self.plan.max_output_tokens or MAX_OUTPUT_TOKENS
        if self._fault is not None:
            limit = min(self._fault.after_tokens, limit)
        if not writer.message_open:
            writer.open_message()
        goes_on = f"{writer.text[-1:]}{text[:1]}"  # a word that two pieces share is one
        written = self._written
        for number, token in enumerate(tokens(text), 1):
            written += not token.isspace()
            if written > limit:
                return Incomplete("max_output_tokens")
            writer.delta(token)
            await self._context.pacing.pause(self._context.pacing.between_tokens)
            if number % _TOKENS_AT_ONCE == 0:
                await self._context.drained()
        self._written = written - (len(goes_on) == 2 and bool(_WORD.fullmatch(goes_on)))
        await self._context.drained()
        return None

    async def _speak(self) -> None:
        context, writer = self._context, self.writer
        if self._avatar.connected:
            # The sound goes out with the picture, which this service does not have.
            self._avatar.speak(writer.id)
            return
        synthesizer = context.engines.synthesizer
        text, plan = writer.text, self.plan
        steps = context.workers.iterate(spoken, synthesizer, text, plan)
        async with aclosing(steps) as pieces:
            async for piece in pieces:
                if not isinstance(piece, bytes):
                    writer.accompany(piece)
                    continue
                writer.audio(piece)
                if self.first_audio_at is None:
                    self._send_accompanying()
                    self.first_audio_at = asyncio.get_running_loop().time()
                await context.drained()
                await context.pacing.pause_for_audio(plan.audio_format.ms(len(piece)))

    def usage(self) -> dict[str, Any]:
        """Estimate what the response has cost so far."""
        return estimate_usage(
            instructions=self.plan.instructions,
            context=self._asked,
            input_audio_ms=self._asked_ms,
            output_text=f"{self.writer.text} {self.writer.arguments}",
            output_audio_ms=self.writer.audio_ms,
            generated=self.plan.given_text is None,
        )

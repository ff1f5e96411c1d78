"""The responses of a session: one at a time, created, cancelled, and finished whatever happens."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from ..._generated import models
from ..engines.protocols import ResponderError
from . import error_details as errors
from .avatar import Avatar
from .context import Context
from .error_details import RefusedError
from .generation import Generation
from .interim import interim_text
from .mcp_servers import McpServers
from .response_plan import ResponsePlan, interim_plan, plan_response

__all__ = ["Playback", "Responses"]

logger = logging.getLogger("voicelive.local")

CancelReason = Literal["turn_detected", "client_cancelled"]


@dataclass(frozen=True)
class Playback:
    """The latest spoken answer, as far as its playback can be guessed: in real time from its first audio on."""

    item_id: str
    started_at: float
    """The event loop's time of the first audio delta, in seconds."""
    audio_ms: int

    def played_ms(self, now: float) -> int:
        """Milliseconds that have been heard by `now`, if nothing delayed them."""
        return min(self.audio_ms, int((now - self.started_at) * 1000))


class Responses:
    """Creates and ends the responses of one session."""

    def __init__(self, context: Context, avatar: Avatar, mcp: McpServers, user_speaks: Callable[[], bool]) -> None:
        """Prepare the first response.

        Args:
            context: the session.
            avatar: who speaks where one is connected.
            mcp: who carries out the calls of servers' tools.
            user_speaks: says whether the user is speaking and not to be talked over.
        """
        self._user_speaks = user_speaks
        self._context = context
        self._avatar = avatar
        self._mcp = mcp
        self._active: Generation | None = None
        self._task: asyncio.Task[None] | None = None
        self._latest: Generation | None = None
        self._next: list[asyncio.Event | None] = []
        self.on_idle: Callable[[float], None] = lambda seconds: None
        """Called when no response is in progress any more, with the seconds until the last one has been heard."""

    @property
    def active_id(self) -> str | None:
        """Id of the response in progress, or None."""
        return None if self._active is None else self._active.writer.id

    def create(
        self,
        params: Mapping[str, Any],
        additional_instructions: str | None = None,
        ready: asyncio.Event | None = None,
    ) -> None:
        """Send ``response.created`` and start the rest.

        Args:
            params: the settings given with ``response.create``, in wire form.
            additional_instructions: text to add to the instructions.
            ready: set once the user's words are known; the response waits for it.

        Raises:
            RefusedError: if a response is in progress, or a setting cannot be used.
        """
        if self._active is not None:
            raise RefusedError(errors.response_active(self._active.writer.id))
        plan = plan_response(self._context.session, params, additional_instructions)
        self._begin(plan, ready)

    def _begin(self, plan: ResponsePlan, ready: asyncio.Event | None) -> None:
        generation = Generation(self._context, plan, self._avatar, self._mcp, ready)
        generation.writer.created()
        self._active = self._latest = generation
        self._task = asyncio.create_task(self._run(generation))

    def create_for_turn(self, ready: asyncio.Event | None = None) -> None:
        """Answer a turn of the user: now, or as soon as the response in progress has ended.

        Where the user has begun to speak again, the answer to that turn will be the answer to this one too.
        """
        if self._user_speaks():
            return
        if self._active is not None:
            self._next = [ready]
            return
        self.create({}, ready=ready)

    def accompany(self, ready: asyncio.Event, events: Sequence[models.ServerEvent]) -> bool:
        """Have `events` sent during the output of the response that waits for `ready`.

        Returns:
            Whether there is such a response; if not, nothing is sent.
        """
        if self._active is None or not self._active.waits_for(ready):
            return False
        self._active.accompany(events)
        return True

    async def _run(self, generation: Generation) -> None:
        completed = False
        try:
            await generation.run()
            completed = True
        except ResponderError as error:
            _fail(generation, error.type, error.code, error.message)
        except Exception:
            # Whatever an engine raises ends this response, as it would at the service, and not the session.
            logger.exception("response %s failed", generation.writer.id)
            fault = errors.internal_error("generating the response")
            _fail(generation, fault.type, fault.code, fault.message)
        self._ended(generation)
        if completed and self._active is None:
            self._bridge_tools(generation)

    def _bridge_tools(self, done: Generation) -> None:
        """Say something while the tools that a response has called are at work, where the settings ask for it."""
        settings = done.plan.interim
        if settings is not None and "tool" in settings["triggers"] and done.writer.calls:
            self._begin(interim_plan(self._context.session, interim_text(settings)), None)

    async def interim_over(self) -> None:
        """Wait until nothing is being said while tools are at work."""
        while self._active is not None and self._task is not None and self._active.plan.is_interim:
            await asyncio.wait({self._task})

    def _ended(self, generation: Generation) -> None:
        if generation.plan.speaks and generation.writer.message is not None:
            self._context.locks = replace(self._context.locks, assistant_audio=True)
        if self._active is generation:
            self._active = self._task = None
        self._mcp.release(generation.mcp_calls)
        if self._next and self._active is None:
            self.create_for_turn(self._next.pop())
        if self._active is None:
            self.on_idle(self._unheard_s())

    def _unheard_s(self) -> float:
        playback = self.playback()
        if playback is None:
            return 0.0
        now = asyncio.get_running_loop().time()
        return max(0.0, playback.started_at + playback.audio_ms / 1000 - now)

    async def cancel(self, reason: CancelReason, response_id: str | None = None) -> None:
        """End the response in progress; what it has opened is closed before this returns.

        Raises:
            RefusedError: if none is in progress, or not the one named by `response_id`.
        """
        generation, task = self._active, self._task
        if generation is None or task is None or response_id not in (None, generation.writer.id):
            raise RefusedError(errors.no_active_response())
        await _stop(task)
        if not generation.writer.finished:
            generation.finish("cancelled", {"type": "cancelled", "reason": reason})
            self._ended(generation)

    def playback(self) -> Playback | None:
        """Return the latest spoken answer, or None before the first."""
        generation = self._latest
        if generation is None or generation.first_audio_at is None:
            return None
        message = generation.writer.message
        if message is None:
            return None
        return Playback(message.id, generation.first_audio_at, message.audio_ms)

    async def close(self) -> None:
        """Stop the response in progress without another word."""
        if self._task is not None:
            await _stop(self._task)


def _fail(generation: Generation, kind: str, code: str | None, message: str) -> None:
    details = {"type": "failed", "error": {"type": kind, "code": code, "message": message}}
    generation.finish("failed", details)


async def _stop(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait({task})

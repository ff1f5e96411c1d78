"""Runs the tools that the model calls: checked arguments, a limit in time and number, one output whatever happens."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from .._core.conversation.tool_calls import ArgumentsError, Call, error_output, parse_arguments
from ..tools import Tool, ToolContext, ToolError, Tools, output_of
from .tool_threads import ToolThreads, in_time

__all__ = ["ToolRunner"]

_logger = logging.getLogger("voicelive.tools")

_FAILED = "The tool failed."
"""What the model is told about an exception: its text may hold what is not for the caller's ears."""

_STOPPED = error_output("The user interrupted, so the tool was stopped.")

Finished = Callable[..., None]


class ToolRunner:
    """Runs tools beside the call, on the connection's loop. Nothing of the application is called on that loop unless
    it is the application's own."""

    def __init__(self, tools: Tools, finished: Finished, connection: Callable[[], Any], *, is_own_loop: bool) -> None:
        """Prepare.

        Args:
            tools: what may be called.
            finished: takes ``(call_id, output, end, duration_ms=…, wants_response=…)``.
            connection: gives the connection for the context.
            is_own_loop: whether the running loop is the application's, so that its coroutines run there.
        """
        self._tools = tools
        self._finished = finished
        self._connection = connection
        self._is_own_loop = is_own_loop
        self._slots = asyncio.Semaphore(tools.max_concurrency)
        self._threads = ToolThreads()
        self._running: dict[asyncio.Task[None], Tool | None] = {}
        self._state: dict[str, Any] = {}

    def run(self, call: Call) -> None:
        """Begin to run the tool of a call."""
        found = self._tools.get(call.name)
        task = asyncio.get_running_loop().create_task(self._answer(call, found))
        self._running[task] = found
        task.add_done_callback(partial(self._ended, call))

    def _ended(self, call: Call, task: asyncio.Task[None]) -> None:
        found = self._running.pop(task, None)
        if task.cancelled():
            # Before its first step: nothing of it has run that could have answered.
            wants_response = found is None or found.respond
            self._finished(call.call_id, _STOPPED, "cancelled", duration_ms=0, wants_response=wants_response)

    def cancel_interrupted(self) -> None:
        """Cancel the tools that are to stop when the user interrupts; the model is told so."""
        for task, found in tuple(self._running.items()):
            if found is not None and found.on_interrupt == "cancel":
                task.cancel()

    def close(self) -> None:
        """End every tool that can be ended; the output of the others is dropped."""
        for task in tuple(self._running):
            task.cancel()

    async def _answer(self, call: Call, found: Tool | None) -> None:
        task = asyncio.current_task()
        is_cancelled = task.cancelling if task is not None else bool
        began = time.monotonic()
        end, wants_response = "completed", found.respond if found is not None else True
        try:
            if found is None:
                known = ", ".join(one.name for one in self._tools) or "none"
                end, output = "refused", error_output(f"There is no tool {call.name!r}. There are: {known}.")
            else:
                async with self._slots:
                    began = time.monotonic()
                    output = await self._output(call, found)
        except ArgumentsError as error:
            end, output = "refused", error_output(str(error))
        except ToolError as error:
            end, output = "failed", error_output(str(error))
        except TimeoutError:
            limit = found.timeout if found is not None else None
            end, output = "timed_out", error_output(f"The tool did not finish within {limit:g} seconds.")
        except asyncio.CancelledError:
            if is_cancelled():
                end, output = "cancelled", _STOPPED
            else:
                _logger.warning("the tool %s raised CancelledError", call.name)
                end, output = "failed", error_output(_FAILED)
        except Exception:
            _logger.exception("the tool %s failed", call.name)
            end, output = "failed", error_output(_FAILED)
        duration = round((time.monotonic() - began) * 1000)
        self._finished(call.call_id, output, end, duration_ms=duration, wants_response=wants_response)

    async def _output(self, call: Call, found: Tool) -> str:
        arguments = parse_arguments(call.arguments)
        context = ToolContext(self._connection(), call.call_id, call.name, self._state)
        try:
            bound = found.bind(arguments, context)
        except ToolError as error:
            # Not run: what it was given does not fit.
            raise ArgumentsError(str(error)) from None
        return output_of(await in_time(self._call(found, bound), found.timeout, "the tool"))

    async def _call(self, found: Tool, bound: Callable[[], Any]) -> Any:
        if found.is_async and self._is_own_loop:
            return await bound()
        return await self._threads.call(bound, found.name)

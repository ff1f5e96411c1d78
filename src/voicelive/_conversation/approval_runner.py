"""Has calls of MCP tools decided by the application: within a limit of time, and refused whatever goes wrong."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Callable
from functools import partial
from typing import Any

from .._core.conversation.approvals import Approval
from .._core.conversation.conversation_events import ApprovalOutcome
from .._core.conversation.tool_calls import ArgumentsError, parse_arguments
from ..tools import ApprovalRequest, Tools
from .tool_threads import ToolThreads, in_time

__all__ = ["ApprovalRunner"]

_logger = logging.getLogger("voicelive.tools")


class ApprovalRunner:
    """Asks the application beside the call, on the connection's loop; a function that blocks is called in a thread."""

    def __init__(
        self,
        tools: Tools,
        decided: Callable[[str, ApprovalOutcome], None],
        connection: Callable[[], Any],
        *,
        is_own_loop: bool,
    ) -> None:
        """Prepare.

        Args:
            tools: has who decides, and how long that may take.
            decided: takes the request's id and what was decided.
            connection: gives the connection for the request.
            is_own_loop: whether the running loop is the application's, so that its coroutines run there.
        """
        self._tools = tools
        self._decided = decided
        self._connection = connection
        self._is_own_loop = is_own_loop
        self._threads = ToolThreads()
        self._running: set[asyncio.Task[None]] = set()

    def ask(self, approval: Approval) -> None:
        """Begin to ask."""
        task = asyncio.get_running_loop().create_task(self._answer(approval))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    def close(self) -> None:
        """End what is asked: the call is over, and nobody waits for an answer."""
        for task in tuple(self._running):
            task.cancel()

    async def _answer(self, approval: Approval) -> None:
        task = asyncio.current_task()
        is_cancelled = task.cancelling if task is not None else bool
        outcome: ApprovalOutcome = "failed"
        try:
            outcome = await self._ask(approval)
        except ArgumentsError as error:
            _logger.warning("a call of the MCP tool %s was refused: %s", approval.name, error)
            outcome = "refused"
        except TimeoutError:
            outcome = "timed_out"
        except asyncio.CancelledError:
            if is_cancelled():
                raise
            _logger.warning("deciding about the MCP tool %s raised CancelledError", approval.name)
        except Exception:
            _logger.exception("deciding about the MCP tool %s failed", approval.name)
        self._decided(approval.request_id, outcome)

    async def _ask(self, approval: Approval) -> ApprovalOutcome:
        request = ApprovalRequest(
            connection=self._connection(),
            request_id=approval.request_id,
            server_label=approval.server_label,
            name=approval.name,
            arguments=parse_arguments(approval.arguments),
        )
        answer = await in_time(self._call(request), self._tools.approve_timeout, "approve")
        if not isinstance(answer, bool):
            raise TypeError(f"approve returned {type(answer).__name__}; it has to return True or False")
        return "approved" if answer else "declined"

    async def _call(self, request: ApprovalRequest) -> object:
        approve: Any = self._tools.approve
        if self._is_own_loop and inspect.iscoroutinefunction(approve):
            return await approve(request)
        return await self._threads.call(partial(approve, request), f"approve-{request.name}")

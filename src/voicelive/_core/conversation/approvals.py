"""Calls of MCP tools that need approval: each request is answered once, whatever becomes of the one who decides."""

from collections.abc import Collection
from dataclasses import dataclass

from ..._public import public_in
from ..recent_ids import RecentIds

__all__ = ["Approval", "Approvals", "approval_response"]

_REMEMBERED = 256
"""Ids of requests that were answered, kept to recognize an event that repeats one."""


@public_in("voicelive.conversation")
@dataclass(frozen=True, kw_only=True)
class Approval:
    """A request for approval, as the service made it: an item of type ``mcp_approval_request``."""

    request_id: str
    """The item's id."""
    server_label: str
    """The server, as the session's tools name it."""
    name: str
    """The tool."""
    arguments: str
    """JSON, as the model wrote it."""


@public_in("voicelive.conversation")
class Approvals:
    """Keeps account of the requests: each is decided once and answered once.

    Example::

        approvals = Approvals()
        if approvals.requested(approval):
            approve = input(f"Call {approval.name}? ") == "yes"
            if approvals.answered(approval.request_id):
                connection.conversation.item.create(item=approval_response(approval.request_id, approve))
    """

    def __init__(self) -> None:
        self._open: dict[str, Approval] = {}
        self._answered = RecentIds(_REMEMBERED)

    @property
    def open(self) -> Collection[Approval]:
        """The requests that have no answer yet."""
        return self._open.values()

    def requested(self, approval: Approval) -> bool:
        """Take a request.

        Returns:
            Whether to have it decided: False for one that was taken before.
        """
        if approval.request_id in self._open or approval.request_id in self._answered:
            return False
        self._open[approval.request_id] = approval
        return True

    def answered(self, request_id: str) -> Approval | None:
        """Take that a request has been decided.

        Returns:
            The request to send the answer for; None if it has one already, or belonged to a session that is over.
        """
        approval = self._open.pop(request_id, None)
        if approval is not None:
            self._answered.add(request_id)
        return approval

    def clear(self) -> None:
        """Forget every request: the session that made them is over, and its calls with it."""
        self._open.clear()


@public_in("voicelive.conversation")
def approval_response(request_id: str, approve: bool) -> dict[str, object]:
    """Return the item that answers a request."""
    return {"type": "mcp_approval_response", "approval_request_id": request_id, "approve": approve}

"""What is known of an end: the value that errors carry and that the connection shows. Imports no error."""

from dataclasses import dataclass, field
from typing import Any, Literal

from .._public import public_in

__all__ = ["Cause", "CloseInfo", "Initiator"]

Initiator = Literal["local", "server", "network", "timeout"]
Cause = Literal[
    "expired", "configuration", "too big", "keepalive", "ready", "stall", "overflow", "reconnect", "internal", "budget"
]
"""Why a connection ended, where the caller acts differently because of it."""

_RECOVERABLE = {1001, 1005, 1006, 1011, 1012, 1013, 1014}
_RECOVERABLE_CAUSES = {"expired", "keepalive", "ready", "stall", "reconnect", "internal"}


@public_in("voicelive")
@dataclass(frozen=True)
class CloseInfo:
    """How a connection ended."""

    code: int
    """The WebSocket close code; 1005 where the closing side gave none, 1006 where no close frame came."""
    reason: str
    """The text the closing side gave; often empty."""
    initiator: Initiator
    """Who ended it first: this side (``close()``, or a message it could not accept), the service, the network, or a
    time that ran out (keepalive, ``ready_timeout``, ``stall_timeout``)."""
    cause: Cause | None = field(default=None, compare=False)
    """Why, where that calls for an action of its own: each has a subclass of :class:`ConnectionClosed`."""
    error: BaseException | None = field(default=None, compare=False, repr=False)
    """What failed, where that ended the connection; the ``__cause__`` of the error that is raised."""

    def __getstate__(self) -> dict[str, Any]:
        # What failed may hold anything, such as a lock; copies do without it, as copies of every exception do.
        return {**self.__dict__, "error": None}

    @property
    def recoverable(self) -> bool:
        """Whether connecting again, with nothing else changed, can help."""
        if self.cause is not None:
            return self.cause in _RECOVERABLE_CAUSES
        return self.initiator != "local" and self.code in _RECOVERABLE

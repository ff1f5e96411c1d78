"""A Voice Live service on this machine: for tests, for trying things out, and for work without an account.

:class:`LocalService` is a real WebSocket server that speaks the same contract from the same models as the client.
Nothing beyond the core dependencies is needed; with the extra ``local`` it understands and speaks English.
"""

from .._local.engines.bundle import Engines
from .._local.errors import InvalidFaultError, LocalServiceError, PortInUseError, UnprotectedHostError
from .._local.faults.base import Fault
from .._local.faults.schedule import Faults
from .._local.pacing import FAST, REAL, Pacing
from .._local.quirks import QUIRKS, Quirk
from .._local.records import SessionRecord
from .._local.relay.upstream import Upstream
from .._local.replay import Replay
from .._local.service import LocalService, start_in_thread
from .._local.threaded import ThreadedLocalService

__all__ = [
    "Engines",
    "FAST",
    "Fault",
    "Faults",
    "LocalService",
    "InvalidFaultError",
    "LocalServiceError",
    "Pacing",
    "PortInUseError",
    "QUIRKS",
    "Quirk",
    "REAL",
    "Replay",
    "SessionRecord",
    "ThreadedLocalService",
    "UnprotectedHostError",
    "Upstream",
    "start_in_thread",
]


def __dir__() -> list[str]:
    return sorted(__all__)

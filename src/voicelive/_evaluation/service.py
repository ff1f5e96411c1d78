"""The local service that the calls of one process share."""

from __future__ import annotations

import atexit
import threading
from typing import TYPE_CHECKING

from .voices import EngineKind, engines_of

if TYPE_CHECKING:
    from ..local import ThreadedLocalService

__all__ = ["shared_service"]

_lock = threading.Lock()
_services: dict[EngineKind, ThreadedLocalService] = {}


def shared_service(engines: EngineKind) -> ThreadedLocalService:
    """Return this process's local service, which ends with the process; it answers as fast as the real one."""
    # Workers that call another service do without it.
    from ..local import LocalService

    with _lock:
        if engines not in _services:
            service = LocalService.in_thread(engines=engines_of(engines), pacing="real").start()
            atexit.register(service.stop)
            _services[engines] = service
        return _services[engines]

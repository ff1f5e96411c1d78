"""Testing voice agents without an account: a scripted service, and a look at what the agent sent to it.

The pytest plugin hands a :class:`ScriptedService` to tests as the fixture ``voicelive_service``. Without pytest, use
it as a context manager.
"""

from ._testing.caller import Caller, LineName, phone_call
from ._testing.observed import ObservedSession
from ._testing.service import ScriptedService

__all__ = ["Caller", "LineName", "ObservedSession", "ScriptedService", "phone_call"]


def __dir__() -> list[str]:
    return sorted(__all__)

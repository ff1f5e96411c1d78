"""Testing voice agents without an account: a scripted service, and a look at what the agent sent to it.

The pytest plugin hands a :class:`ScriptedService` to tests as the fixture ``voicelive_service``, and a
:class:`Cassette` as ``voicelive_cassette``. Without pytest, use them as context managers.
"""

from ._testing.caller import Caller, LineName, phone_call
from ._testing.cassettes import Cassette
from ._testing.observed import ObservedSession
from ._testing.service import ScriptedService

__all__ = ["Caller", "Cassette", "LineName", "ObservedSession", "ScriptedService", "phone_call"]


def __dir__() -> list[str]:
    return sorted(__all__)

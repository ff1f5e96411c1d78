"""What a mapping in place of a model may hold: a type for each, for type checkers and editors.

from voicelive.types import RequestSessionParam

settings: RequestSessionParam = {"voice": "alloy", "turn_detection": {"type": "server_vad"}}
"""

from __future__ import annotations

from ._generated import params as _params

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._generated.params import *  # noqa: F403 - the generated list is the public face

__all__: list[str] = []
__all__ += _params.__all__


if not TYPE_CHECKING:
    # Types are defined when they are first met. Hidden from type checkers, which would take any name for one that is
    # there.

    def __getattr__(name):
        if name not in _params.__all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = globals()[name] = getattr(_params, name)
        return value


def __dir__() -> list[str]:
    return sorted(__all__)

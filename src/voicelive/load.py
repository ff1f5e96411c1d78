"""Load on a Voice Live service: users for Locust, and turns with their times.

:class:`VoiceLiveUser` and :class:`OpenLoopUser` need the extra ``load``: ``pip install "voicelive[load]"``. They are
loaded when they are first used, since Locust replaces threads and sockets by those of gevent.
"""

from typing import TYPE_CHECKING, Any

from ._load.turns import TurnFailedError, TurnTimes, speech_turn, text_turn

if TYPE_CHECKING:
    from ._load.users import OpenLoopUser, VoiceLiveUser

__all__ = ["OpenLoopUser", "TurnFailedError", "TurnTimes", "VoiceLiveUser", "speech_turn", "text_turn"]


def __getattr__(name: str) -> Any:
    if name not in ("OpenLoopUser", "VoiceLiveUser"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from .errors import ConfigurationError

    try:
        from ._load import users
    except ImportError as error:
        raise ConfigurationError(f'users for Locust need it: pip install "voicelive[load]" ({error})') from None
    return getattr(users, name)


def __dir__() -> list[str]:
    return sorted(__all__)

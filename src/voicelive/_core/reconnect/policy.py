"""What the application allows for reconnecting, and when the next attempt may be."""

from bisect import bisect_right, insort
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from ..._public import public_in
from ...errors import ConfigurationError
from ..numbers import is_number, is_whole

__all__ = ["Backoff", "ConnectionBudget", "ReconnectPolicy"]

_MINUTE = 60.0
_HOUR = 3600.0


class _NoJson:
    """Marks a field that JSON leaves out: web frameworks describe what their functions take as a JSON schema."""

    @staticmethod
    def __get_pydantic_json_schema__(core_schema: object, handler: object) -> dict[str, str]:
        return {"type": "null"}


@public_in("voicelive")
@dataclass(frozen=True)
class ReconnectPolicy:
    """How a connection that breaks is made again. Times in seconds, sizes in bytes.

    Pass one as ``connect(reconnect=ReconnectPolicy())``. It may be shared by any number of connections.

    Raises:
        ConfigurationError: for values that cannot work, naming the value and what it takes.
    """

    initial_delay: float = 0.5
    """The longest wait before the first attempt. Each wait is drawn evenly between 0 and its longest (full jitter)."""
    max_delay: float = 10.0
    """What the longest wait grows to; it doubles with each attempt that fails."""
    deadline: float = 120.0
    """How long an interruption may last, from the end of the connection to the restored session. Then the connection
    gives up."""
    restore_timeout: float = 20.0
    """How long the new session may take nothing of what restores it; then it counts as a failed attempt. A long
    conversation takes longer than that in all, and may: as long as the new session goes on taking it, `deadline` does
    not end it either."""
    max_connections_per_minute: int = 30
    """How many connections are opened again within any minute, to one endpoint, by all connections of this process
    together. The service allows 30 per minute for each resource."""
    max_queued_bytes: int = 1024 * 1024
    """How much of what is sent during an interruption is kept, in bytes of JSON. Past it sending raises
    :class:`SendQueueFullError`. Audio is never kept: it would be stale."""
    rollover_before: float | None = 120.0
    """How long before ``session.expires_at`` the move to a fresh session begins; it is made while neither side speaks.
    None: no move, the session ends when its time is up."""
    rollover_overlap_ms: int = 1000
    """How much of the latest input audio, in milliseconds, the fresh session hears again, so that no first syllable
    is lost to the move."""

    max_history_items: int = 20_000
    """How many items of the conversation are kept, to be given to a new session. Past it the oldest are dropped, and
    counted in ``ConnectionRestored.dropped_items``; what the running session knows is not touched. The default holds a
    day's call of a question and an answer every ten seconds."""
    max_history_bytes: int = 16 * 1024 * 1024
    """How many bytes of JSON they may be; likewise."""
    condense: Annotated[Callable[[list[dict[str, Any]]], Any] | None, _NoJson()] = None
    """Makes less of the older half of the history, when it has reached its bound: takes items in the form of
    ``conversation.item.create``, oldest first, and returns those that take their place in what a new session is given,
    such as one system message that sums them up. Called in a thread of its own; may be a coroutine function. If it
    raises, or returns what is not a list of items, those items are dropped. Meanwhile the history may reach twice its
    bound."""

    def __post_init__(self) -> None:
        for name in ("initial_delay", "max_delay", "deadline", "restore_timeout"):
            _check_seconds(name, getattr(self, name))
        if self.rollover_before is not None:
            _check_seconds("rollover_before", self.rollover_before)
        for name, least, unit in (
            ("max_connections_per_minute", 1, "a whole number above 0"),
            ("max_queued_bytes", 0, "bytes, 0 or more"),
            ("rollover_overlap_ms", 0, "milliseconds, 0 or more"),
            ("max_history_items", 0, "a whole number, 0 or more"),
            ("max_history_bytes", 0, "bytes, 0 or more"),
        ):
            value: object = getattr(self, name)
            if not is_whole(value, least):
                raise ConfigurationError(f"ReconnectPolicy: {name} is {value!r}; it takes {unit}")
        if self.condense is not None and not callable(self.condense):
            raise ConfigurationError(
                f"ReconnectPolicy: condense is {self.condense!r}; it takes a function of a list of items, or None"
            )
        if self.initial_delay > self.max_delay:
            raise ConfigurationError(
                f"ReconnectPolicy: initial_delay ({self.initial_delay:g} s) is above max_delay "
                f"({self.max_delay:g} s): lower one or raise the other"
            )
        if self.max_delay > self.deadline:
            raise ConfigurationError(
                f"ReconnectPolicy: max_delay ({self.max_delay:g} s) is above deadline ({self.deadline:g} s), so the "
                "connection could give up while it waits: lower one or raise the other"
            )


def _check_seconds(name: str, value: object) -> None:
    if not is_number(value) or value <= 0:
        raise ConfigurationError(f"ReconnectPolicy: {name} is {value!r}; it takes seconds above 0")


class Backoff:
    """The waits before the attempts of one interruption: full jitter under a limit that doubles."""

    __slots__ = ("_draw", "_failed", "_policy")

    def __init__(self, policy: ReconnectPolicy, draw: Callable[[], float]) -> None:
        self._policy = policy
        self._draw = draw
        self._failed = 0

    def delay(self, retry_after: float | None = None) -> float:
        """Return the wait before the next attempt.

        Args:
            retry_after: what the service asked to wait at least, if it did.
        """
        # The exponent is bounded, as a float is.
        limit = min(self._policy.max_delay, self._policy.initial_delay * 2.0 ** min(self._failed, 64))
        self._failed += 1
        return max(self._draw() * limit, retry_after or 0.0)


class ConnectionBudget:
    """Keeps the connections that are opened again to one endpoint below a number per minute."""

    def __init__(self) -> None:
        self._times: list[float] = []

    def reserve(self, earliest: float, per_minute: int) -> float:
        """Return when the connection may be opened: at `earliest` or as soon after it as the budget allows."""
        # One connection may have to wait for long (`retry_after`) while others go on: their times count meanwhile.
        del self._times[: bisect_right(self._times, earliest - _HOUR)]
        at = earliest
        while (crowd := self._crowd(at, per_minute)) is not None:
            at = crowd + _MINUTE
        insort(self._times, at)
        return at

    def _crowd(self, at: float, per_minute: int) -> float | None:
        """Return where a minute begins that would hold too many with one more at `at`; None for nowhere."""
        times = sorted([*self._times, at])
        for first, last in zip(times, times[per_minute:], strict=False):
            if first <= at <= last < first + _MINUTE:
                return first
        return None

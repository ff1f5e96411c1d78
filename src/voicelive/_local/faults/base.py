"""What faults have in common: whom they hit, how often, and when."""

from dataclasses import dataclass
from typing import ClassVar

from ..._core.numbers import is_number, is_whole
from ..._public import public_in
from ..errors import InvalidFaultError
from .formatting import format_fault

__all__ = ["Fault", "MomentFault", "ResponseFault", "StreamFault"]

_MAX_SECONDS = 86_400.0


@public_in("voicelive.local.faults")
@dataclass(frozen=True, kw_only=True)
class Fault:
    """What all faults have in common; ``str()`` of one is the text that the command line takes."""

    name: ClassVar[str] = ""
    """What the kind is called in text."""

    session: str | None = None
    """Id of the only session that it hits; None for any."""
    times: int | None = 1
    """How often it is committed, in all sessions together; None for always."""
    chance: float = 1.0
    """How likely each opportunity is taken, above 0 and at most 1."""

    def __post_init__(self) -> None:
        if self.session is not None and not self.session:
            self._refuse("session", self.session, "give a session's id, or leave it out for any session")
        if self.times is not None:
            self._check_whole("times", self.times, 1, 1_000_000)
        if not is_number(self.chance) or not 0 < self.chance <= 1:
            self._refuse("chance", self.chance, "give a probability above 0 and at most 1")

    def __str__(self) -> str:
        return format_fault(self)

    def _refuse(self, what: str, value: object, remedy: str) -> None:
        raise InvalidFaultError(f"{type(self).__name__}: {what} cannot be {value!r}: {remedy}")

    def _check_whole(self, what: str, value: object, low: int, high: int) -> None:
        if not is_whole(value, low) or value > high:
            self._refuse(what, value, f"give a whole number from {low} to {high}")

    def _check_seconds(self, what: str, value: object) -> None:
        if not is_number(value) or not 0 <= value <= _MAX_SECONDS:
            self._refuse(what, value, f"give seconds from 0 to {_MAX_SECONDS:g}")

    def _check_text(self, what: str, value: object) -> None:
        if not isinstance(value, str) or not value:
            self._refuse(what, value, "give a text that is not empty")


@public_in("voicelive.local.faults")
@dataclass(frozen=True, kw_only=True)
class MomentFault(Fault):
    """A fault that happens at a moment of a session: at once, unless one of these says when.

    At once means: with the first session that is running or comes. It happens once in a session, except with `event`.
    """

    first_event: ClassVar[int] = 0
    """How many events of a session that only begins leave before a fault that happens at once."""

    events: int | None = None
    """After this many events have left in the session."""
    age: float | None = None
    """When the session is this many seconds old."""
    event: str | None = None
    """After each event of this type has left; ``*`` and ``?`` stand for anything, as in ``response.*.delta``."""

    @property
    def immediate(self) -> bool:
        """Whether it waits for no moment."""
        return self.events is None and self.age is None and self.event is None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.events is not None:
            self._check_whole("events", self.events, 1, 1_000_000)
        if self.age is not None:
            self._check_seconds("age", self.age)
        if self.event is not None:
            self._check_text("event", self.event)
        given = [name for name in ("events", "age", "event") if getattr(self, name) is not None]
        if len(given) > 1:
            raise InvalidFaultError(f"{type(self).__name__}: {' and '.join(given)} are given: choose one moment")


@public_in("voicelive.local.faults")
@dataclass(frozen=True, kw_only=True)
class StreamFault(Fault):
    """A fault in the events that the service sends."""

    event: str = "*"
    """The type of the events that it hits; ``*`` and ``?`` stand for anything, as in ``response.*.delta``."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._check_text("event", self.event)


@public_in("voicelive.local.faults")
@dataclass(frozen=True, kw_only=True)
class ResponseFault(Fault):
    """A fault that ends a response early."""

    after_tokens: int = 5
    """How many tokens of text it gets to say before; a shorter answer ends the same way after its last."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._check_whole("after_tokens", self.after_tokens, 0, 1_000_000)

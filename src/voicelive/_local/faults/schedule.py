"""The faults that a service is to commit, and how often each was committed already."""

import random
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from ..._public import public_in
from ..errors import InvalidFaultError
from .base import Fault
from .text import parse_fault

__all__ = ["MAX_FAULTS", "FaultSchedule", "Faults", "Opportunities", "PlannedFault", "no_opportunities"]

MAX_FAULTS = 1000
"""How many faults may wait at a time."""

F = TypeVar("F", bound=Fault)
F_co = TypeVar("F_co", bound=Fault, covariant=True)


@public_in("voicelive.local.faults")
@dataclass(eq=False)
class PlannedFault(Generic[F_co]):
    """A fault that was given to the service."""

    id: str
    """Its name for :meth:`Faults.clear`, such as ``fault_1``."""
    fault: F_co
    committed: int = 0
    """How often it was committed so far."""
    cleared: bool = False
    """Whether it was taken back."""

    @property
    def waiting(self) -> bool:
        """Whether it may still be committed."""
        times = self.fault.times
        return not self.cleared and (times is None or self.committed < times)


@public_in("voicelive.local.faults")
class Faults:
    """The faults that a service commits; safe to use from any thread while it runs.

    Given the same faults in the same order, the same seed, and clients that do the same, it does the same again: a
    chance is drawn for each session and fault apart, so sessions beside it change nothing.
    """

    def __init__(self, faults: Iterable[Fault | str] = (), *, seed: int = 0) -> None:
        """Plan `faults`; raises :class:`InvalidFaultError` for what is not a fault."""
        self._seed = seed
        self._lock = threading.Lock()
        self._planned: tuple[PlannedFault[Fault], ...] = ()
        self._numbers = 0
        self._listeners: set[Callable[[], None]] = set()
        self.add(*faults)

    def add(self, *faults: Fault | str) -> tuple[PlannedFault[Fault], ...]:
        """Plan more faults, for running sessions and those to come.

        Args:
            faults: faults, or texts such as ``close:1011@events=20``.

        Returns:
            One entry for each fault, which says how often it was committed.

        Raises:
            InvalidFaultError: for what is not a fault; none of them is planned then.
        """
        checked = [_fault(fault) for fault in faults]
        with self._lock:
            kept = tuple(planned for planned in self._planned if planned.waiting)
            if len(kept) + len(checked) > MAX_FAULTS:
                raise InvalidFaultError(
                    f"{len(kept)} faults are waiting already, and at most {MAX_FAULTS} may: clear some first"
                )
            added = []
            for fault in checked:
                self._numbers += 1
                added.append(PlannedFault(f"fault_{self._numbers}", fault))
            self._planned = (*kept, *added)
        self._tell()
        return tuple(added)

    def clear(self, *ids: str) -> None:
        """Take faults back: those with these ids, or all.

        Raises:
            InvalidFaultError: for an id that no waiting fault has; none is taken back then.
        """
        with self._lock:
            waiting = {planned.id: planned for planned in self._planned if planned.waiting}
            unknown = [name for name in ids if name not in waiting]
            if unknown:
                there = ", ".join(waiting) or "none"
                raise InvalidFaultError(f"no fault {', '.join(unknown)} is waiting; there is: {there}")
            for planned in waiting.values():
                planned.cleared = planned.cleared or not ids or planned.id in ids
            self._planned = tuple(planned for planned in waiting.values() if not planned.cleared)
        self._tell()

    def __iter__(self) -> Iterator[PlannedFault[Fault]]:
        """Iterate over the faults that wait, in the order in which they were added."""
        return iter([planned for planned in self._planned if planned.waiting])

    def __len__(self) -> int:
        return sum(planned.waiting for planned in self._planned)

    def __repr__(self) -> str:
        return f"<Faults {[str(planned.fault) for planned in self]}>"

    def _tell(self) -> None:
        with self._lock:
            listeners = list(self._listeners)
        for listener in listeners:
            listener()


class FaultSchedule(Faults):
    """The faults as the service looks at them and commits them."""

    def planned(self) -> tuple[PlannedFault[Fault], ...]:
        """Return what is planned, in the order in which it was added; some of it may be used up."""
        return self._planned

    def draw(self, planned: PlannedFault[Fault], session: int) -> random.Random:
        """Return the source of chance of a fault in a session with a running number."""
        return random.Random(f"{self._seed}/{planned.id.removeprefix('fault_')}/{session}")

    def listen(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener`, from whatever thread, when faults come or go; returns what ends that."""
        with self._lock:
            self._listeners.add(listener)

        def end() -> None:
            with self._lock:
                self._listeners.discard(listener)

        return end

    def commit(self, planned: PlannedFault[Fault]) -> bool:
        """Count one more time; return False where it is used up or was taken back."""
        with self._lock:
            if not planned.waiting:
                return False
            planned.committed += 1
        if not planned.waiting:
            self._tell()
        return True

    def take_back(self, planned: PlannedFault[Fault]) -> None:
        """Do not count the latest time: nothing came of it."""
        with self._lock:
            planned.committed -= 1
            if planned not in self._planned and planned.waiting:
                self._planned = (*self._planned, planned)


class Opportunities:
    """The opportunities of one session, or of the handshakes, to commit faults."""

    def __init__(self, faults: FaultSchedule, number: int, session_id: str | None = None) -> None:
        """Look at `faults` for the session with a running `number` in its service, the root of its chances."""
        self._faults = faults
        self._number = number
        self._session_id = session_id
        self._chances: dict[PlannedFault[Fault], random.Random] = {}

    def belong_to(self, session_id: str) -> None:
        """Give the session the id by which faults may name it, where that is known only after it began."""
        self._session_id = session_id

    def waiting(self, kind: type[F]) -> list[PlannedFault[F]]:
        """Return the faults of a kind that wait and may hit this session."""
        found = [planned for planned in self._faults.planned() if planned.waiting and isinstance(planned.fault, kind)]
        return [planned for planned in found if planned.fault.session in (None, self._session_id)]  # type: ignore[misc]

    def take(self, planned: PlannedFault[Fault]) -> bool:
        """Return whether to commit a fault now; if so, it counts."""
        if planned.fault.chance < 1 and self.random(planned).random() >= planned.fault.chance:
            return False
        return self._faults.commit(planned)

    def take_first(self, kind: type[F]) -> F | None:
        """Return the first fault of a kind that is to be committed now, or None."""
        for planned in self.waiting(kind):
            if self.take(planned):
                return planned.fault
        return None

    def take_back(self, planned: PlannedFault[Fault]) -> None:
        """Say that nothing came of a fault after all."""
        self._faults.take_back(planned)

    def random(self, planned: PlannedFault[Fault]) -> random.Random:
        """Return the source of chance of this fault in this session."""
        found = self._chances.get(planned)
        if found is None:
            found = self._chances[planned] = self._faults.draw(planned, self._number)
        return found


def no_opportunities() -> Opportunities:
    """Return the opportunities of a session in which nothing is to go wrong."""
    return Opportunities(FaultSchedule(), 0)


def _fault(value: object) -> Fault:
    if isinstance(value, str):
        return parse_fault(value)
    if not isinstance(value, Fault) or not value.name:
        raise InvalidFaultError(f"{value!r} is not a fault: give one such as Close(1011), or text such as 'close:1011'")
    return value

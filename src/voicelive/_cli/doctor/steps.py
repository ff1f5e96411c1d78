"""The steps of the path, and what became of each."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import wait
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, TypeVar

from ..._threads import call_in_thread

__all__ = ["EXIT_CODES", "Deadline", "Finding", "OutOfTimeError", "Status", "Step", "StepFailedError", "StepResult"]

Result = TypeVar("Result")


class Step(str, Enum):
    """The steps, in the order in which a connection takes them."""

    ENVIRONMENT = "environment"
    DNS = "dns"
    PROXY = "proxy"
    TCP = "tcp"
    TLS = "tls"
    REDIRECT = "redirect"
    UPGRADE = "upgrade"
    AUTHENTICATION = "authentication"
    MODEL = "model and API version"
    SESSION = "session.created"
    TURN = "text turn"


EXIT_CODES: dict[Step, int] = {step: number for number, step in enumerate(Step, 10)}
"""The exit code that says that a step failed. 1 and 2 are taken: they are everybody's."""


class Status(str, Enum):
    """What became of a step."""

    PASSED = "passed"
    NOTED = "noted"
    """Nothing is wrong with the step itself, but there is something to know."""
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Finding:
    """What a step that did not fail has found."""

    detail: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    """The same for machines."""
    status: Status = Status.PASSED


@dataclass(frozen=True)
class StepResult:
    """One row of the report."""

    step: Step
    status: Status
    detail: str
    seconds: float | None = None
    """None for a step that was skipped, or that is part of another one."""
    remedy: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


class StepFailedError(Exception):
    """A step failed.

    Args:
        detail: what happened.
        remedy: what to do about it.
        facts: the same for machines.
        step: which step it was, if not the one that is being taken.
    """

    def __init__(
        self, detail: str, *, remedy: str, facts: Mapping[str, Any] | None = None, step: Step | None = None
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.remedy = remedy
        self.facts: dict[str, Any] = dict(facts or {})
        self.step = step


class OutOfTimeError(Exception):
    """The work given to :meth:`Deadline.run` took too long."""


class Deadline:
    """A moment that a step must not outlast."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """The seconds that are left; never so few that a socket would take them for 'do not wait'.

        Raises:
            TimeoutError: if none are.
        """
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        return max(left, 0.001)

    def run(self, work: Callable[[], Result]) -> Result:
        """Do `work` that knows no deadline of its own, in a thread that is left behind if it takes too long.

        Raises:
            OutOfTimeError: if it takes too long.
        """
        running = call_in_thread(work, "voicelive-doctor")
        if not wait([running], max(0.0, self._end - time.monotonic())).done:
            raise OutOfTimeError
        return running.result()

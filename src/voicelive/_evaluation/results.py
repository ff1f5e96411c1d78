"""What is kept of a judged call: values that can be pickled, and written as a line of JSON."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal

from .._public import public_in
from .expectations import Check

__all__ = ["CallResult"]


@public_in("voicelive.evaluation")
@dataclass(frozen=True, kw_only=True)
class CallResult:
    """The result of one call."""

    id: str
    scenario: str
    tags: tuple[str, ...] = ()
    outcome: Literal["passed", "failed", "error"]
    """``failed``: an expectation was not met. ``error``: the call could not be held, or not be judged."""
    checks: tuple[Check, ...] = ()
    scores: Mapping[str, float] = field(default_factory=dict[str, float])
    """The call's figures by name, see :data:`SCORES`; one that is not known is not there."""
    samples: Mapping[str, tuple[float, ...]] = field(default_factory=dict[str, tuple[float, ...]])
    """Figures of which a call has several, such as ``response_ms``."""
    transcript: str = ""
    """The call as text."""
    duration_ms: int = 0
    error: str | None = None
    """What went wrong, where the outcome is ``error``."""
    is_retryable: bool = False
    """Whether it may go well another time: the service was busy, or not reached."""
    retry_after_s: float | None = None
    """When the service asked to try again."""
    attempts: int = 1
    started: str = ""
    """When the call began: a time of ISO 8601, in UTC."""
    recording: str | None = None
    """Where the call is recorded."""
    worker: str = ""
    """The process that held it: machine and number."""

    def assert_passed(self) -> None:
        """Raise AssertionError, with what was not as expected and what was said, unless the call passed."""
        if self.outcome != "passed":
            reasons = [f"{one.expected}: {one.reason}" for one in self.checks if not one.passed] or [str(self.error)]
            raise AssertionError("\n".join([f"{self.scenario}: {self.outcome}", *reasons, "", self.transcript]))

    def to_dict(self) -> dict[str, Any]:
        """Return it as a mapping of values that JSON has."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "CallResult":
        """Read what :meth:`to_dict` gave; what a later version added is left out.

        Raises:
            ValueError: if it is not a result.
        """
        known = {one.name for one in fields(cls)}
        try:
            given = {name: value for name, value in values.items() if name in known}
            given["checks"] = tuple(Check(**check) for check in given.get("checks", ()))
            given["tags"] = tuple(given.get("tags", ()))
            given["samples"] = {name: tuple(found) for name, found in given.get("samples", {}).items()}
            return cls(**given)
        except (TypeError, AttributeError) as error:
            raise ValueError(f"this is not the result of a call: {error}") from None

"""What a call may cost, in seconds, tokens and money: a warning, then the end."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from ..._public import public_in
from ...errors import ConfigurationError
from ..numbers import is_number
from ..timeouts import LONGEST
from .tokens import Price, TokenCounts

__all__ = ["Budget", "BudgetMeter", "BudgetUse"]

Limit = Literal["seconds", "tokens", "money"]


@public_in("voicelive.conversation")
@dataclass(frozen=True, kw_only=True)
class Budget:
    """What a call may use, for ``connect(budget=…)``: at least one limit. Raises ConfigurationError for invalid values.

    When a share of a limit is used, ``voicelive.budget`` warns; when all of it is, the event says so and the connection
    ends with :class:`~voicelive.BudgetExceededError`.
    """

    seconds: float | None = None
    """How long the call may last, from its first ``session.created``."""
    tokens: int | None = None
    """How many tokens its responses may use, input and output together."""
    money: float | None = None
    """What its responses may cost, in the currency of `price`."""
    price: Price | None = None
    """What a token costs; needed for `money`."""
    warn_at: float = 0.8
    """The share of a limit at which to warn, above 0 and at most 1."""

    def __post_init__(self) -> None:
        for name in ("seconds", "money", "warn_at"):
            value = getattr(self, name)
            if (value is not None or name == "warn_at") and not _is_amount(value):
                raise ConfigurationError(f"Budget({name}=…) takes a number above 0, not {value!r}")
        if self.tokens is not None and (not _is_amount(self.tokens) or not isinstance(self.tokens, int)):
            raise ConfigurationError(f"Budget(tokens=…) takes a whole number above 0, not {self.tokens!r}")
        if self.price is not None and not isinstance(self.price, Price):
            raise ConfigurationError(f"Budget(price=…) takes a Price, not {self.price!r}")
        if self.seconds is not None and self.seconds > LONGEST:
            raise ConfigurationError(f"Budget(seconds=…) takes at most {LONGEST:g}, not {self.seconds!r}")
        if self.warn_at > 1:
            raise ConfigurationError(f"Budget(warn_at=…) takes a share of at most 1, not {self.warn_at!r}")
        if (self.money is None) != (self.price is None):
            raise ConfigurationError("Budget(money=…) and price=… go together: what a call costs follows from prices")
        if self.seconds is None and self.tokens is None and self.money is None:
            raise ConfigurationError("a Budget without a limit limits nothing: give seconds, tokens or money")


def _is_amount(value: object) -> bool:
    return is_number(value) and value > 0


@public_in("voicelive.conversation")
@dataclass(frozen=True, kw_only=True)
class BudgetUse:
    """How much of a limit is used."""

    limit: Limit
    """Which one."""
    used: float
    """How much, in its unit."""
    allowed: float
    """How much it allows."""

    @property
    def is_exceeded(self) -> bool:
        """Whether all of it is used, so that the call is to end."""
        return self.used >= self.allowed


@public_in("voicelive.conversation")
class BudgetMeter:
    """Keeps account of what a call uses. Times are in seconds, of any one clock.

    Example::

        meter = BudgetMeter(Budget(seconds=600))
        meter.begin(time.monotonic())
        for use in meter.check(time.monotonic()):
            print(use.limit, use.used, "the end" if use.is_exceeded else "a warning")
    """

    def __init__(self, budget: Budget) -> None:
        self.budget: Budget = budget
        self.tokens: TokenCounts = TokenCounts()
        """The tokens of the call so far."""
        self._began: float | None = None
        self._warned: set[Limit] = set()
        self._is_over = False

    def begin(self, now: float) -> None:
        """Note that the call begins; only the first time counts, so that a reconnect does not prolong it."""
        if self._began is None:
            self._began = now

    def spend(self, tokens: TokenCounts) -> None:
        """Count the tokens of a response."""
        self.tokens = self.tokens + tokens

    def due(self) -> float | None:
        """Return when :meth:`check` is to be called; None while nothing waits for the clock."""
        if self._began is None or self.budget.seconds is None or self._is_over:
            return None
        share = 1.0 if "seconds" in self._warned else self.budget.warn_at
        return self._began + self.budget.seconds * share

    def check(self, now: float) -> list[BudgetUse]:
        """Return what is to be told now: each warning once, and the first limit that is used up; nothing after it."""
        told: list[BudgetUse] = []
        for use in self._uses(now):
            if self._is_over or use.used < use.allowed * self.budget.warn_at:
                continue
            if use.is_exceeded:
                self._is_over = True
            elif use.limit in self._warned:
                continue
            self._warned.add(use.limit)
            told.append(use)
        return told

    def _uses(self, now: float) -> Iterator[BudgetUse]:
        budget = self.budget
        if budget.seconds is not None and self._began is not None:
            yield BudgetUse(limit="seconds", used=now - self._began, allowed=budget.seconds)
        if budget.tokens is not None:
            used = (self.tokens.input or 0) + (self.tokens.output or 0)
            yield BudgetUse(limit="tokens", used=used, allowed=budget.tokens)
        if budget.money is not None and budget.price is not None:
            yield BudgetUse(limit="money", used=budget.price.of(self.tokens), allowed=budget.money)

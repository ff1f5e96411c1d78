"""Whether a call was as expected; pure."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .._public import public_in
from .record import CallRecord, HeardWords, SaidWords, ToolUse
from .scenario import (
    Ended,
    Expectation,
    Heard,
    InOrder,
    JudgedBy,
    NoTalkingOver,
    NoTool,
    NotSaid,
    Said,
    ToolCalled,
    WithinMs,
    YieldsWithinMs,
)
from .words import error_within

__all__ = ["Check", "check_all", "was_called"]


@public_in("voicelive.evaluation")
@dataclass(frozen=True)
class Check:
    """Whether one expectation was met."""

    expected: str
    """The expectation, in short."""
    passed: bool | None
    """None if it could not be found out, such as where the judge was not reachable."""
    reason: str = ""
    """Why it was not met, with what was found; of a judge, its answer."""


def check_all(
    expectations: Iterable[Expectation], record: CallRecord, *, judged: Mapping[str, Check] | None = None
) -> list[Check]:
    """Return a check for each expectation.

    Args:
        expectations: what was expected.
        record: what happened.
        judged: the judge's answers, by question.
    """
    return [_check(one, record, judged or {}) for one in expectations]


def _check(one: Expectation, record: CallRecord, judged: Mapping[str, Check]) -> Check:
    if isinstance(one, JudgedBy):
        unasked = Check(f"judge: {one.judge}", None, "no judge was asked: give one")
        return judged.get(one.judge, unasked)
    name, find = _CHECKS[type(one)]
    reason = find(one, record)
    return Check(f"{name}: {_short(getattr(one, name))}", reason is None, reason or "")


def _short(value: Any) -> str:
    if isinstance(value, list):
        return " or ".join(map(str, value)) if all(isinstance(one, str) for one in value) else _steps(value)
    return "yes" if value is True else str(value)


def _steps(values: list[Any]) -> str:
    return ", then ".join(f"{name} {_short(getattr(one, name))}" for one in values for name in [_CHECKS[type(one)][0]])


# Each returns why it was not met; None if it was.


def _heard(one: Heard, record: CallRecord) -> str | None:
    return _words(one.heard, one.max_error, record.heard, "the agent heard")


def _said(one: Said, record: CallRecord) -> str | None:
    reasons = [_words(text, one.max_error, record.said, "the agent said") for text in _texts(one)]
    return None if None in reasons else reasons[0]


def _words(wanted: str, most: float, found: str, who: str) -> str | None:
    error = error_within(wanted, found)
    if error <= most:
        return None
    allowed = f", {most:.0%} allowed" if most else ""
    return f"{error:.0%} of the words are missing or different{allowed}; {who}: {found or 'nothing'}"


def _texts(one: Said) -> list[str]:
    return one.said if isinstance(one.said, list) else [one.said]


def _not_said(one: NotSaid, record: CallRecord) -> str | None:
    return f"the agent said: {record.said}" if error_within(one.not_said, record.said) == 0 else None


def was_called(one: ToolCalled, record: CallRecord) -> bool:
    """Return whether a tool was called as expected, at any time."""
    return any(_is(one, use) for use in record.tools)


def _tool(one: ToolCalled, record: CallRecord) -> str | None:
    if was_called(one, record):
        return None
    named = [use for use in record.tools if use.name == one.tool]
    if not named:
        called = ", ".join(use.name for use in record.tools)
        return f"these were called: {called}" if called else "no tool was called"
    return f"its arguments were {'; '.join(str(dict(use.arguments)) for use in named)}, expected {one.arguments}"


def _fits(wanted: Mapping[str, Any] | None, found: Mapping[str, Any]) -> bool:
    return all(name in found and _equal(value, found[name]) for name, value in (wanted or {}).items())


def _equal(wanted: Any, found: Any) -> bool:
    if isinstance(wanted, str) and isinstance(found, str):
        return wanted.casefold().strip() == found.casefold().strip()
    if isinstance(wanted, dict) and isinstance(found, dict):
        return _fits(wanted, found)
    return bool(wanted == found)


def _no_tool(one: NoTool, record: CallRecord) -> str | None:
    called = [use.name for use in record.tools if one.no_tool is True or use.name == one.no_tool]
    return f"these were called: {', '.join(called)}" if called else None


def _within(one: WithinMs, record: CallRecord) -> str | None:
    taking = record.turn_taking
    if taking.unanswered:
        return f"{taking.unanswered} of {taking.unanswered + len(taking.answered_ms)} were not answered"
    if not taking.answered_ms:
        return "nothing was answered"
    longest = max(taking.answered_ms)
    return f"an answer took {longest} ms" if longest > one.within_ms else None


def _yields(one: YieldsWithinMs, record: CallRecord) -> str | None:
    if not record.turn_taking.yielded_ms:
        return "the caller never spoke over the agent"
    longest = max(record.turn_taking.yielded_ms)
    return f"the agent spoke on for {longest} ms" if longest > one.yields_within_ms else None


def _no_talking_over(_: NoTalkingOver, record: CallRecord) -> str | None:
    over = record.turn_taking.talked_over_ms
    return f"the agent spoke over the caller for {over} ms" if over else None


def _ended(one: Ended, record: CallRecord) -> str | None:
    return None if (record.ended_by == "agent") == one.ended else f"the call was ended by: {record.ended_by}"


def _in_order(one: InOrder, record: CallRecord) -> str | None:
    position = 0
    for number, wanted in enumerate(one.in_order, 1):
        at = next((i for i in range(position, len(record.lines)) if _is(wanted, record.lines[i])), None)
        if at is None:
            before = f" after {_steps([one.in_order[number - 2]])}" if number > 1 else ""
            return f"{_steps([wanted])} did not happen{before}"
        position = at + 1
    return None


def _is(wanted: Heard | Said | ToolCalled, line: HeardWords | SaidWords | ToolUse) -> bool:
    match wanted, line:
        case Heard(), HeardWords():
            return error_within(wanted.heard, line.text) <= wanted.max_error
        case Said(), SaidWords():
            return any(error_within(text, line.text) <= wanted.max_error for text in _texts(wanted))
        case ToolCalled(), ToolUse():
            return wanted.tool == line.name and _fits(wanted.arguments, line.arguments)
        case _:
            return False


_Finder = Callable[[Any, CallRecord], str | None]
_CHECKS: dict[type, tuple[str, _Finder]] = {
    Heard: ("heard", _heard),
    Said: ("said", _said),
    NotSaid: ("not_said", _not_said),
    ToolCalled: ("tool", _tool),
    NoTool: ("no_tool", _no_tool),
    WithinMs: ("within_ms", _within),
    YieldsWithinMs: ("yields_within_ms", _yields),
    NoTalkingOver: ("no_talking_over", _no_talking_over),
    Ended: ("ended", _ended),
    InOrder: ("in_order", _in_order),
}

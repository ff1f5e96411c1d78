"""Takes the steps one after the other until one fails."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TypeVar

from voicelive import VoiceLiveConnection

from ...local import Engines, LocalService
from .certificate import check_tls
from .configuration import Settings, Target, find_target, local_key
from .opening import open_connection
from .privacy import Redactor
from .route import Way, find_proxy, look_up, open_tcp, through_proxy
from .session import await_session, hold_turn
from .steps import EXIT_CODES, Deadline, Finding, Status, Step, StepFailedError, StepResult

__all__ = ["Report", "examine"]

Result = TypeVar("Result")


@dataclass
class Report:
    """What became of each step."""

    redactor: Redactor
    target: Target | None = None
    results: dict[Step, StepResult] = field(default_factory=dict)

    @property
    def failure(self) -> StepResult | None:
        """The step that failed, if one did."""
        return next((result for result in self.results.values() if result.status is Status.FAILED), None)

    @property
    def exit_code(self) -> int:
        """0 if no step failed, else the one of the step."""
        return 0 if self.failure is None else EXIT_CODES[self.failure.step]

    def rows(self) -> list[StepResult]:
        """All steps in their order; those that were not reached too."""
        return [self.results.get(step) or StepResult(step, Status.SKIPPED, "not reached") for step in Step]


def examine(settings: Settings, begin: Callable[[Step], None]) -> Report:
    """Walk the path of a connection.

    Args:
        settings: what to check.
        begin: told of each step that begins.

    Returns:
        The report. A failure is in it, never raised.
    """
    report = Report(Redactor())
    # The failure that ends the walk is in the report.
    with suppress(StepFailedError), ExitStack() as stack:
        _Walk(report, begin, stack).all(settings)
    return report


class _Walk:
    def __init__(self, report: Report, begin: Callable[[Step], None], stack: ExitStack) -> None:
        self._report = report
        self._begin = begin
        self._stack = stack

    def all(self, settings: Settings) -> None:
        target = self._environment(settings)
        sock, way = self._route(target)
        with closing(sock):
            if way.through is not None and way.through.proxy.scheme != "http":
                self._skip(Step.TLS, "through this kind of proxy, it shows at the upgrade")
            elif target.secure:
                self._step(Step.TLS, lambda: check_tls(target, way, sock, Deadline(target.timeout)))
            else:
                self._skip(Step.TLS, "http:// is not encrypted; it never leaves this machine")
        connection = self._opening(target, way)
        self._stack.enter_context(closing(connection))
        self._session(connection, target)
        self._step(Step.TURN, lambda: hold_turn(connection, target))

    def _environment(self, settings: Settings) -> Target:
        def work() -> tuple[Target, Finding]:
            local = None
            if settings.local:
                key = local_key()
                service = LocalService.in_thread(engines=Engines.basic(), api_key=key)
                self._stack.enter_context(service)
                local = service.endpoint, key
            return find_target(settings, os.environ, self._report.redactor, local)

        target, _ = self._timed(Step.ENVIRONMENT, work, lambda found: found[1])
        self._report.target = target
        return target

    def _route(self, target: Target) -> tuple[socket.socket, Way]:
        # Known before DNS, because a proxy does that too; but reported in its place.
        try:
            proxy = find_proxy(target, self._report.redactor)
        except StepFailedError as failure:
            self._failed(failure, Step.PROXY, None)
            raise
        if proxy is None:
            self._step(Step.DNS, lambda: look_up(target, Deadline(target.timeout)))
            why = "none is needed on this machine" if target.is_loopback else "none in the environment"
            self._skip(Step.PROXY, why)
            sock = self._sock(Step.TCP, lambda: open_tcp(target, Deadline(target.timeout)))
            return sock, Way(lambda deadline: open_tcp(target, deadline)[1])
        self._skip(Step.DNS, "left to the proxy")
        sock = self._sock(Step.PROXY, lambda: through_proxy(proxy, target, Deadline(target.timeout)))
        self._skip(Step.TCP, "left to the proxy")
        return sock, Way(lambda deadline: through_proxy(proxy, target, deadline)[1], proxy)

    def _opening(self, target: Target, way: Way) -> VoiceLiveConnection:
        self._begin(Step.UPGRADE)
        started = time.monotonic()
        try:
            connection = open_connection(target, way.through)
        except StepFailedError as failure:
            seconds = time.monotonic() - started
            self._before(failure, failure.facts.get("status"))
            self._failed(failure, Step.UPGRADE, seconds)
            raise
        seconds = time.monotonic() - started
        self._found(Step.REDIRECT, Finding("none"), None)
        self._found(
            Step.UPGRADE,
            Finding("101 Switching Protocols", {"request_id": connection.request_id, "status": 101}),
            seconds,
        )
        self._found(Step.AUTHENTICATION, Finding("accepted"), None)
        return connection

    def _before(self, failure: StepFailedError, status: int | None) -> None:
        """Report what an answer that opened nothing says about the steps before the one that failed."""
        if status is None:
            return
        try:
            named = f"HTTP {status} {HTTPStatus(status).phrase}"
        except ValueError:
            named = f"HTTP {status}"
        if failure.step is not Step.REDIRECT:
            self._found(Step.REDIRECT, Finding("none"), None)
        if failure.step in {Step.AUTHENTICATION, Step.MODEL}:
            self._found(Step.UPGRADE, Finding(f"{named} instead", {"status": status}, Status.NOTED), None)
        if failure.step is Step.MODEL:
            self._skip(Step.AUTHENTICATION, f"{named} says nothing about it")

    def _session(self, connection: VoiceLiveConnection, target: Target) -> None:
        self._begin(Step.SESSION)
        started = time.monotonic()
        try:
            model, session = await_session(connection, target)
        except StepFailedError as failure:
            if failure.step is Step.SESSION:
                self._skip(Step.MODEL, "the service said nothing about it")
            self._failed(failure, Step.SESSION, time.monotonic() - started)
            raise
        self._found(Step.MODEL, model, None)
        self._found(Step.SESSION, session, time.monotonic() - started)

    def _step(self, step: Step, work: Callable[[], Finding]) -> None:
        self._timed(step, work, lambda finding: finding)

    def _sock(self, step: Step, work: Callable[[], tuple[Finding, socket.socket]]) -> socket.socket:
        return self._timed(step, work, lambda found: found[0])[1]

    def _timed(self, step: Step, work: Callable[[], Result], finding_of: Callable[[Result], Finding]) -> Result:
        self._begin(step)
        started = time.monotonic()
        try:
            result = work()
        except StepFailedError as failure:
            self._failed(failure, step, time.monotonic() - started)
            raise
        self._found(step, finding_of(result), time.monotonic() - started)
        return result

    def _found(self, step: Step, finding: Finding, seconds: float | None) -> None:
        self._add(StepResult(step, finding.status, finding.detail, seconds, None, finding.facts))

    def _skip(self, step: Step, why: str) -> None:
        self._add(StepResult(step, Status.SKIPPED, why))

    def _failed(self, failure: StepFailedError, step: Step, seconds: float | None) -> None:
        step = failure.step or step
        self._add(StepResult(step, Status.FAILED, failure.detail, seconds, failure.remedy, failure.facts))

    def _add(self, result: StepResult) -> None:
        hide = self._report.redactor
        self._report.results[result.step] = StepResult(
            result.step,
            result.status,
            hide.text(result.detail),
            result.seconds,
            None if result.remedy is None else hide.text(result.remedy),
            hide.facts(result.facts),
        )

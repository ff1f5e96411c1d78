"""What a test expects of the client of its service, and how it waits for it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from ..local import ThreadedLocalService
from .matching import differences, same_words
from .observed import ObservedSession
from .timeline import timeline_of

__all__ = ["Expectations"]


class Expectations:
    """Looks at what the clients of a service have done."""

    def __init__(self, running: ThreadedLocalService, timeout: float) -> None:
        self._running = running
        self.timeout = timeout
        """Seconds that an expectation may take to come true."""

    def wait_until(self, predicate: Callable[[], bool], timeout: float | None = None) -> None:
        """Block until `predicate` holds; it is looked at after every event of any session.

        Raises:
            AssertionError: if it does not within `timeout` seconds, with what went over the wire.
        """
        seconds = self.timeout if timeout is None else timeout
        if not self._running.wait_until(predicate, seconds):
            raise AssertionError(f"not within {seconds:g} seconds.{_hint()}\n\n{self.timeline()}")

    async def wait_until_async(self, predicate: Callable[[], bool], timeout: float | None = None) -> None:
        """Wait as :meth:`wait_until` does, while the event loop of the test goes on."""
        await asyncio.to_thread(partial(self.wait_until, predicate, timeout))

    @property
    def sessions(self) -> Sequence[ObservedSession]:
        """The connections that there were and are, oldest first."""
        return [ObservedSession(record) for record in self._running.sessions]

    @property
    def session(self) -> ObservedSession:
        """The only connection; waits for it to be there.

        Raises:
            AssertionError: if there is none, or more than one.
        """
        self._running.wait_until(lambda: bool(self._running.sessions), self.timeout)
        sessions = self.sessions
        if not sessions:
            where, seconds = self._running.endpoint, self.timeout
            raise AssertionError(f"no client has connected to {where} within {seconds:g} seconds.{_hint()}")
        if len(sessions) > 1:
            raise AssertionError(f"{len(sessions)} clients have connected, so look at service.sessions: {sessions}")
        return sessions[0]

    def timeline(self) -> str:
        """Return what went over the wire so far, in short, one line an event."""
        return timeline_of(self._running.sessions)

    def assert_sent(self, event_type: str, *, times: int | None = None, **fields: Any) -> None:
        """Assert that the client has sent an event.

        Args:
            event_type: the event's type, such as ``response.create``.
            times: how many such events there must be; by default one or more.
            fields: values that the event must have. Mappings may hold more than is asked for here.
        """

        def matching() -> int:
            return sum(not list(differences(fields, event)) for event in self._sent(event_type))

        def enough() -> bool:
            return matching() >= (1 if times is None else times)

        self._running.wait_until(enough, self.timeout)
        count = matching()
        if count == times or (times is None and count):
            return
        wanted = f"{event_type!r} {f'{times} time(s)' if times is not None else ''}".rstrip()
        with_fields = f" with {fields}" if fields else ""
        raise AssertionError(
            f"the client should have sent {wanted}{with_fields}, and did so {count} time(s).{_hint()}\n"
            f"{self._closest(event_type, fields)}"
        )

    def assert_not_sent(self, event_type: str) -> None:
        """Assert that the client has sent no event of a type so far; does not wait."""
        if sent := self._sent(event_type):
            raise AssertionError(f"the client sent {event_type!r} {len(sent)} time(s), last {sent[-1]}")

    def assert_heard(self, text: str) -> None:
        """Assert that some spoken turn of the client was understood as `text`; case and punctuation do not matter."""

        def turns() -> list[str]:
            return [turn for session in self.sessions for turn in session.heard]

        if self._running.wait_until(lambda: any(same_words(turn, text) for turn in turns()), self.timeout):
            return
        seconds = sum(session.audio_seconds for session in self.sessions)
        raise AssertionError(
            f"no turn was heard as {text!r}.{_hint()}\nheard: {turns() or 'nothing'}\n"
            f"audio sent: {seconds:.2f} seconds; spoken turns end after silence, or by input_audio_buffer.commit"
        )

    def assert_settings(self, **settings: Any) -> None:
        """Assert settings of the session in force, in the flat form; mappings may hold more than is asked for."""
        session = self.session
        if self._running.wait_until(lambda: not list(differences(settings, session.settings)), self.timeout):
            return
        wrong = "\n".join(differences(settings, session.settings))
        raise AssertionError(f"the session is not configured as it should be.{_hint()}\n{wrong}")

    def assert_tool_output(self, name: str, output: Any) -> None:
        """Assert that the client has answered a call of the function `name` with `output`, JSON decoded."""

        def outputs() -> list[Any]:
            return [found for session in self.sessions for found in session.tool_outputs(name)]

        if self._running.wait_until(lambda: output in outputs(), self.timeout):
            return
        raise AssertionError(
            f"no call of {name!r} was answered with {output!r}.{_hint()}\nanswers: {outputs() or 'none'}"
        )

    def assert_no_errors(self) -> None:
        """Assert that the service has refused nothing so far; does not wait."""
        if errors := [error for session in self.sessions for error in session.errors]:
            told = "\n".join(f"{error.code}: {error.message} (param {error.param})" for error in errors)
            raise AssertionError(f"the service refused {len(errors)} event(s):\n{told}")

    def _sent(self, event_type: str) -> list[dict[str, Any]]:
        return [event.to_dict() for session in self.sessions for event in session.events(event_type)]

    def _closest(self, event_type: str, fields: Mapping[str, Any]) -> str:
        candidates = [list(differences(fields, event)) for event in self._sent(event_type)]
        if wrong := [found for found in candidates if found]:
            nearest = min(wrong, key=lambda found: len(found))
            return f"the nearest: {'; '.join(nearest)}"
        counts = Counter(str(event.type) for session in self.sessions for event in session.events())
        return f"sent: {', '.join(f'{name} x{count}' for name, count in counts.items()) or 'nothing'}"


def _hint() -> str:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return ""
    return (
        " The event loop of this test stood still meanwhile; where the client runs in it, "
        "use `await asyncio.to_thread(…)` or `await service.wait_until_async(…)`."
    )

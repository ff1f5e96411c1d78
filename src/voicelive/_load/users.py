"""Users for Locust: closed loops of turns, and arrivals at a rate of their own."""

import time
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import gevent
from locust import User, task

from .. import connect
from .._public import public_in
from ..errors import ConnectionClosed, VoiceLiveError
from .turns import TurnTimes, speech_turn, text_turn

__all__ = ["OpenLoopUser", "VoiceLiveUser"]


class _Sessions(User):
    """What both kinds of users share: opening sessions, and telling Locust of times."""

    abstract = True

    connect_options: ClassVar[Mapping[str, Any]] = {"model": "gpt-4o"}
    """Arguments of :func:`voicelive.connect`. The endpoint is `host`, or that of the environment."""
    session: ClassVar[Mapping[str, Any]] = {}
    """Settings for ``session.update``."""
    opening_timeout: ClassVar[float] = 30.0
    """Seconds until the session must be there."""

    def open(self) -> Any:
        """Open a session; its time is reported as ``connect``."""
        options = dict(self.connect_options)
        if self.host and self.host.rstrip("/"):
            options.setdefault("endpoint", self.host)
        began, failure = time.perf_counter(), None
        connection = connect(**options)
        try:
            connection.open()
            connection.session.update(session=dict(self.session))
            connection.wait_for("session.updated", self.opening_timeout)
        except VoiceLiveError as error:
            failure = error
            connection.close()
        self.tell("connect", (time.perf_counter() - began) * 1000, failure=failure)
        if failure is not None:
            raise failure
        return connection

    def tell(self, name: str, ms: float, *, size: int = 0, failure: Exception | None = None) -> None:
        """Tell Locust of a time."""
        self.environment.events.request.fire(
            request_type="voicelive", name=name, response_time=ms, response_length=size, exception=failure, context={}
        )

    def tell_turn(self, name: str, turn: Callable[[], TurnTimes]) -> TurnTimes | None:
        """Hold a turn and tell Locust of its times: of the whole, ``first`` and ``yield``; None if it failed."""
        began = time.perf_counter()
        try:
            times = turn()
        except VoiceLiveError as error:
            self.tell(name, (time.perf_counter() - began) * 1000, failure=error)
            if isinstance(error, ConnectionClosed):
                raise
            return None
        self.tell(name, times.whole_ms, size=times.size)
        if times.first_ms is not None:
            self.tell(f"{name}: first", times.first_ms)
        if times.yielded_ms is not None:
            self.tell(f"{name}: yield", times.yielded_ms)
        return times


@public_in("voicelive.load")
class VoiceLiveUser(_Sessions):
    """A Locust user with a session: one turn after the other. A session that breaks is made anew for the next task.

    Example::

        class Caller(VoiceLiveUser):
            wait_time = constant(1)

            @task
            def ask(self):
                self.text("What is seven times eight?")
    """

    abstract = True
    connection: Any = None
    """The session; None until the first turn, and after it broke."""

    def on_start(self) -> None:
        """Open the session."""
        self._ready()

    def on_stop(self) -> None:
        """Close the session."""
        self._drop()

    def text(self, text: str, *, name: str = "text", timeout: float = 30.0) -> TurnTimes | None:
        """Ask in writing; see :func:`text_turn`. Returns None if that failed, which Locust is told."""
        return self._turn(name, lambda connection: text_turn(connection, text, timeout=timeout))

    def speech(
        self,
        pcm: bytes,
        *,
        interruption: bytes = b"",
        interrupt_after_ms: int = 500,
        name: str = "speech",
        timeout: float = 30.0,
    ) -> TurnTimes | None:
        """Say something; see :func:`speech_turn`. Returns None if that failed, which Locust is told."""
        return self._turn(
            name,
            lambda connection: speech_turn(
                connection,
                pcm,
                interruption=interruption,
                interrupt_after_ms=interrupt_after_ms,
                timeout=timeout,
                sleep=gevent.sleep,
            ),
        )

    def _turn(self, name: str, turn: Callable[[Any], TurnTimes]) -> TurnTimes | None:
        if not self._ready():
            return None
        try:
            return self.tell_turn(name, lambda: turn(self.connection))
        except ConnectionClosed:
            self._drop()
            return None

    def _ready(self) -> bool:
        if self.connection is None:
            try:
                self.connection = self.open()
            except VoiceLiveError:
                # Locust was told; a busy service gets a moment before the next task asks again.
                gevent.sleep(1)
        return self.connection is not None

    def _drop(self) -> None:
        connection, self.connection = self.connection, None
        if connection is not None:
            connection.close()


@public_in("voicelive.load")
class OpenLoopUser(_Sessions):
    """A Locust user that lets calls arrive at a rate of their own, whether or not earlier ones have ended.

    A user that waits for its answers asks less often where answers are slow, and so hides how slow they are. Here the
    time of a call counts from the moment at which it was due. Run one user of it a worker.

    Example::

        class Calls(OpenLoopUser):
            calls_per_second = 5

            def call(self, connection):
                self.tell_turn("text", lambda: text_turn(connection, "What is seven times eight?"))
    """

    abstract = True
    fixed_count = 1
    calls_per_second: ClassVar[float] = 1.0
    """How many calls arrive in a second, at each worker."""
    most_at_once: ClassVar[int] = 100
    """How many calls there may be at a time; one more is reported as failed."""

    def __init_subclass__(cls, **options: Any) -> None:
        """Refuse a user without `call`, when its class is defined: an arrival is too late to say so.

        Raises:
            TypeError: says which class lacks it.
        """
        super().__init_subclass__(**options)
        if not cls.abstract and cls.call is OpenLoopUser.call:
            raise TypeError(f"{cls.__name__} holds no calls: give it a method call(self, connection)")

    def call(self, connection: Any) -> None:
        """Hold a call at a session that is open; write your own."""

    def on_start(self) -> None:
        """Let calls begin to arrive."""
        self._held: set[Any] = set()
        self._arriving = gevent.spawn(self._arrive)

    def on_stop(self) -> None:
        """Let no more arrive, and wait for those that are held."""
        self._arriving.kill()
        gevent.joinall(list(self._held), timeout=60)
        gevent.killall(list(self._held))

    def wait_time(self) -> float:
        """Wait; what is done is done by the arrivals."""
        return 1.0

    @task
    def _wait(self) -> None:
        """Locust wants a task."""

    def _arrive(self) -> None:
        due = time.perf_counter()
        while True:
            if len(self._held) >= self.most_at_once:
                self.tell("call", 0, failure=TimeoutError(f"{self.most_at_once} calls were under way already"))
            else:
                greenlet = gevent.spawn(self._hold, due)
                self._held.add(greenlet)
                greenlet.link(self._held.discard)
            due += 1 / self.calls_per_second
            gevent.sleep(max(0.0, due - time.perf_counter()))

    def _hold(self, due: float) -> None:
        failure: Exception | None = None
        try:
            connection = self.open()
            try:
                self.call(connection)
            finally:
                connection.close()
        except VoiceLiveError as error:
            failure = error
        except Exception as error:  # noqa: BLE001 - no task of Locust's runs here, which would tell of it
            failure = error
            self.environment.events.user_error.fire(user_instance=self, exception=error, tb=error.__traceback__)
        self.tell("call", (time.perf_counter() - due) * 1000, failure=failure)

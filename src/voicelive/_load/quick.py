"""A quick look at how a service bears load from one machine: sessions in threads, one turn after the other."""

import threading
import time
from collections import Counter, defaultdict
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from .. import connect
from ..errors import VoiceLiveError
from .turns import TurnTimes, speech_turn, text_turn

__all__ = ["Load", "LoadResult", "hold_load"]


@dataclass(frozen=True, kw_only=True)
class Load:
    """What load to put on."""

    connect: Mapping[str, Any]
    """Arguments of :func:`voicelive.connect`."""
    users: int
    seconds: float
    text: str = ""
    """What to ask in writing; or else say."""
    pcm: bytes = b""
    """What to say: PCM16 at 24 kHz."""
    interruption: bytes = b""
    pause_s: float = 0.5
    """Between two turns of a user."""
    timeout: float = 30.0


@dataclass
class LoadResult:
    """What came of it."""

    times: dict[str, list[float]] = field(default_factory=lambda: defaultdict[str, list[float]](list))
    """By name, in ms."""
    failures: Counter[str] = field(default_factory=Counter[str])
    turns: int = 0
    elapsed_s: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, **times: float | None) -> None:
        """Take times in ms; None for what did not happen."""
        with self._lock:
            for name, ms in times.items():
                if ms is not None:
                    self.times[name].append(ms)

    def turned(self) -> None:
        """Take that a turn ended well."""
        with self._lock:
            self.turns += 1

    def fail(self, error: Exception) -> None:
        """Take what went wrong."""
        with self._lock:
            self.failures[f"{type(error).__name__}: {error}"] += 1


def hold_load(load: Load, stop: threading.Event) -> LoadResult:
    """Hold the load until its time is up, or `stop` is set; turns under way come to their end."""
    result = LoadResult()
    began = time.monotonic()
    timer = threading.Timer(load.seconds, stop.set)
    timer.daemon = True
    timer.start()
    try:
        with ThreadPoolExecutor(load.users, thread_name_prefix="voicelive-load") as threads:
            for _ in range(load.users):
                threads.submit(_user, load, result, stop)
    finally:
        timer.cancel()
        stop.set()
    result.elapsed_s = time.monotonic() - began
    return result


def _user(load: Load, result: LoadResult, stop: threading.Event) -> None:
    while not stop.is_set():
        began = time.perf_counter()
        try:
            with connect(**load.connect) as connection:
                connection.session.update(session={"modalities": ["text"]} if load.text else {})
                connection.wait_for("session.updated", load.timeout)
                result.add(connect=(time.perf_counter() - began) * 1000)
                while not stop.is_set():
                    times = _turn(load, connection)
                    result.add(first=times.first_ms, whole=times.whole_ms, interruption=times.yielded_ms)
                    result.turned()
                    stop.wait(load.pause_s)
        except VoiceLiveError as error:
            result.fail(error)
            # A service that is busy is not asked again at once.
            stop.wait(1)


def _turn(load: Load, connection: Any) -> TurnTimes:
    if load.text:
        return text_turn(connection, load.text, timeout=load.timeout)
    return speech_turn(connection, load.pcm, interruption=load.interruption, timeout=load.timeout)

"""What only the blocking client meets: Ctrl-C in the middle of a call."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from types import FrameType

import pytest
from websockets.asyncio.server import ServerConnection

from voicelive import connect
from voicelive.models import AnyServerEvent

from ..outside import needs
from .harness import connection_threads, open_sockets
from .servers import RawServer, WebSocketServer, event, sends
from .test_opening import never_answers

pytestmark = [
    pytest.mark.timeout(300),
    needs(hasattr(signal, "setitimer"), "this system has no timer signals"),
]


class Interrupted(BaseException):
    """Stands for KeyboardInterrupt, which pytest takes for its own."""


@contextmanager
def interrupted_after(seconds: float) -> Generator[None, None, None]:
    """Interrupt whatever the main thread does after `seconds`, as Ctrl-C would."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise Interrupted

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_ctrl_c_while_opening_leaves_nothing() -> None:
    """Interrupting open() while the server does not answer leaves no thread and no socket."""
    with RawServer(never_answers) as server:
        connection = connect(endpoint=server.endpoint, model="m")
        with pytest.raises(Interrupted), interrupted_after(0.3):
            connection.open()
        assert connection_threads() == []
        assert open_sockets(server.port) == []


def test_ctrl_c_while_receiving_closes() -> None:
    """Interrupting an iteration inside `with` closes the connection properly; receiving could go on before."""
    with WebSocketServer(sends(event("session.created"))) as server:
        with connect(endpoint=server.endpoint, model="m") as connection:
            with pytest.raises(Interrupted), interrupted_after(0.3):
                list(connection)
            # The interrupted reader gave up its turn.
            with pytest.raises(TimeoutError):
                connection.recv(0.05)
        assert connection_threads() == []
        assert open_sockets(server.port) == []
    assert [code for code, _ in server.closed] == [1000]


@needs(hasattr(signal, "pthread_kill"), "this system cannot interrupt another thread")
def test_an_event_that_ctrl_c_gives_back_wakes_who_waits() -> None:
    """The event found for a wait_for that Ctrl-C interrupts goes to another thread that waits, at once."""
    main = threading.get_ident()

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise Interrupted

    def condition() -> Callable[[AnyServerEvent], object]:
        pending = [signal.SIGUSR1]

        def is_wanted(item: AnyServerEvent) -> bool:
            # Whichever thread looks: the event is in hand, and the main thread is interrupted, once.
            if item.type == "session.updated" and pending:
                signal.pthread_kill(main, pending.pop())
            return item.type == "session.updated"

        return is_wanted

    before = signal.signal(signal.SIGUSR1, interrupt)
    try:
        for _ in range(5):
            _interrupt_a_wait(condition())
    finally:
        signal.signal(signal.SIGUSR1, before)


def _interrupt_a_wait(condition: Callable[[AnyServerEvent], object]) -> None:
    got: list[str] = []

    async def answers(peer: ServerConnection) -> None:
        await peer.recv()
        await peer.send(event("session.updated"))
        await peer.recv()
        await peer.send(event("response.done"))
        await peer.wait_closed()

    with (
        WebSocketServer(answers) as server,
        connect(endpoint=server.endpoint, model="m") as connection,
        ThreadPoolExecutor(2) as threads,
    ):
        reader = threads.submit(connection.wait_for, "response.done", 60)
        waiting = threads.submit(lambda: got.append(str(connection.recv(60).type)))
        assert _soon(lambda: _threads_that_wait() == 2)
        threading.Timer(0.05, connection.send, [{"type": "response.cancel"}]).start()
        with pytest.raises(Interrupted):
            connection.wait_for(condition, 60)
        waiting.result(60)
        connection.send({"type": "response.cancel"})
        assert reader.result(60).type == "response.done"
    assert got == ["session.updated"]


def _threads_that_wait() -> int:
    """Count the threads that wait for a connection."""
    frames = sys._current_frames().values()
    return sum(frame.f_code.co_name == "wait" and frame.f_code.co_filename.endswith("_threads.py") for frame in frames)


def _soon(holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 60
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.005)
    return holds()

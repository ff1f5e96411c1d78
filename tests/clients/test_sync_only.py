"""What only the blocking client meets: Ctrl-C in the middle of a call."""

from __future__ import annotations

import signal
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType

import pytest

from voicelive import connect

from .harness import connection_threads, open_sockets
from .servers import RawServer, WebSocketServer, event, sends
from .test_opening import never_answers

pytestmark = [
    pytest.mark.timeout(60),
    pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="Windows has no timer signals"),
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

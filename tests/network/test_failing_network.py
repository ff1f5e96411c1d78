"""Both clients and the service on hosts of their own, with a line between them that fails."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import pytest

from tests.outside import not_here

from .link import HERE, Network, network
from .parts import KEY
from .programs import running

ROOT = Path(__file__).resolve().parents[2]
OUTAGE_S = 5
LONG_OUTAGE_S = 60 if os.environ.get("VOICELIVE_STRESS") else 1
PORT = 8765
OPTIONS = {"endpoint": f"http://{HERE}:{PORT}", "key": KEY, "open_timeout": 30, "close_timeout": 5}
ANSWER_S = 80 + 2 * LONG_OUTAGE_S

pytestmark = pytest.mark.timeout(300 + 3 * LONG_OUTAGE_S)


class Caller:
    """A client on its own host."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def started(self) -> Self:
        """Wait until it can take orders."""
        self.answer()
        return self

    def do(self, order: str, **arguments: Any) -> dict[str, Any]:
        """Have it carry out an order; return its answer."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": order, **arguments}) + "\n")
        self._process.stdin.flush()
        return self.answer()

    def answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        # Ends the wait for a line: a pipe has no deadline of its own.
        guard = threading.Timer(ANSWER_S, self._process.kill)
        guard.start()
        try:
            line = self._process.stdout.readline()
        finally:
            guard.cancel()
        assert line, f"the client on its own host ended: {self._process.poll()}"
        answer: dict[str, Any] = json.loads(line)
        return answer


class Callers:
    """Both clients, told the same at the same time."""

    def __init__(self, callers: list[Caller]) -> None:
        self._callers = callers

    def do(self, order: str, **arguments: Any) -> list[dict[str, Any]]:
        """Have both carry out an order."""

        def do(caller: Caller) -> dict[str, Any]:
            return caller.do(order, **arguments)

        with ThreadPoolExecutor(len(self._callers)) as pool:
            return list(pool.map(do, self._callers))


@contextmanager
def calling(hosts: Network, flavour: str) -> Generator[Caller]:
    command = hosts.on_client([sys.executable, "-m", "tests.network.caller", flavour])
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Caller(process)
        finally:
            process.kill()


@pytest.fixture(scope="module")
def hosts() -> Iterator[Network]:
    """The hosts and the line between them, with the service running on one."""
    if sys.platform != "linux":
        not_here("network namespaces are Linux's")
    with network() as made:
        service = [sys.executable, "-m", "voicelive", "serve", "--host", HERE, "--port", str(PORT)]
        command = made.on_service([*service, "--engines", "basic", "--api-key", KEY])
        with running(command, ready="local Voice Live service at", folder=ROOT):
            yield made


@pytest.fixture(scope="module")
def both(hosts: Network) -> Iterator[Callers]:
    """Both clients."""
    with calling(hosts, "sync") as blocking, calling(hosts, "async") as asynchronous:
        yield Callers([blocking.started(), asynchronous.started()])


@pytest.fixture
def callers(hosts: Network, both: Callers) -> Callers:
    """Both clients, not connected, on a line that is in order."""
    hosts.line.perfect()
    return both


def test_a_slow_line_that_loses_packets(hosts: Network, callers: Callers) -> None:
    """With 40 ms each way and 3 % of the packets lost, everything arrives, once and in order."""
    hosts.line.delay, hosts.line.loss = 0.04, 0.03
    lost_before = hosts.line.lost
    assert callers.do("connect", **OPTIONS) == [{}, {}]
    assert callers.do("send_items", first=0, last=60) == [{}, {}]
    assert callers.do("see_items", amount=60) == [{"numbers": list(range(60))}] * 2
    assert callers.do("close") == [{"code": 1000}] * 2
    assert hosts.line.lost > lost_before


def test_an_outage_that_ends_before_the_keepalive_does(hosts: Network, callers: Callers) -> None:
    """While the line is dead for a while, nothing ends; what was sent arrives afterwards, once and in order."""
    patient = {**OPTIONS, "ping_interval": 1, "ping_timeout": 4 * OUTAGE_S}
    assert callers.do("connect", **patient) == [{}, {}]
    hosts.line.is_dead = True
    assert callers.do("send_items", first=0, last=5) == [{}, {}]
    outage(OUTAGE_S)
    hosts.line.is_dead = False
    assert callers.do("send_items", first=5, last=10) == [{}, {}]
    assert callers.do("see_items", amount=10) == [{"numbers": list(range(10))}] * 2
    assert callers.do("close") == [{"code": 1000}] * 2


def test_an_outage_that_outlasts_the_keepalive(hosts: Network, callers: Callers) -> None:
    """A dead line is noticed by the keepalive; meanwhile connecting runs into its limit; afterwards it works again."""
    impatient = {**OPTIONS, "ping_interval": 0.5, "ping_timeout": 1, "close_timeout": 0.5}
    assert callers.do("connect", **impatient) == [{}, {}]
    hosts.line.is_dead = True
    for answer in callers.do("end"):
        assert answer["error"] == "KeepaliveTimeoutError"
        assert (answer["code"], answer["initiator"], answer["recoverable"]) == (1011, "timeout", True)
    for answer in callers.do("connect", **{**OPTIONS, "open_timeout": 0.5}):
        assert answer["error"] == "ConnectTimeoutError"
    hosts.line.is_dead = False
    assert callers.do("connect", **OPTIONS) == [{}, {}]
    assert callers.do("close") == [{"code": 1000}] * 2


def test_a_machine_without_network(hosts: Network, callers: Callers) -> None:
    """Without a network of its own a client says that the service cannot be reached, and connects again with it."""
    hosts.unplug()
    try:
        for answer in callers.do("connect", **OPTIONS):
            assert answer["error"] == "ConnectionError"
            assert "cannot be reached" in answer["text"]
            assert answer["recoverable"] is True
    finally:
        hosts.plug_in()
    assert callers.do("connect", **OPTIONS) == [{}, {}]
    assert callers.do("close") == [{"code": 1000}] * 2


def test_a_connection_that_comes_back(hosts: Network, callers: Callers) -> None:
    """With a policy for it, the connection is made again after an outage, and the conversation goes on."""
    impatient = {**OPTIONS, "open_timeout": 2, "ping_interval": 0.5, "ping_timeout": 1, "close_timeout": 0.5}
    assert callers.do("connect", reconnects=True, **impatient) == [{}, {}]
    assert callers.do("send_items", first=0, last=3) == [{}, {}]
    assert callers.do("see_items", amount=3) == [{"numbers": [0, 1, 2]}] * 2
    hosts.line.is_dead = True
    assert callers.do("wait_for", kind="voicelive.reconnecting") == [{}, {}]
    assert callers.do("send_items", first=3, last=6) == [{}, {}]
    outage(LONG_OUTAGE_S)
    hosts.line.is_dead = False
    assert callers.do("wait_for", kind="voicelive.restored") == [{}, {}]
    assert callers.do("see_items", amount=3) == [{"numbers": [3, 4, 5]}] * 2
    assert callers.do("close") == [{"code": 1000}] * 2


def outage(seconds: float) -> None:
    """Let the time of an outage pass: the outage itself is what is tested."""
    threading.Event().wait(seconds)

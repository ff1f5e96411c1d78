"""Two hosts in network namespaces of their own, and a line between them that delays, loses, or is dead.

The line is this process: each host has a TUN device, and what comes out of one goes into the other. So it works where
the kernel has no netem, and loses the same packets each time. No packet leaves the two hosts.
"""

from __future__ import annotations

import errno
import fcntl
import heapq
import os
import random
import secrets
import selectors
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from itertools import count

from tests.outside import not_here, program

__all__ = ["Line", "Network", "network"]

HERE, THERE = "10.77.0.1", "10.77.0.2"
_TUNSETIFF, _IFF_TUN, _IFF_NO_PI = 0x400454CA, 0x0001, 0x1000
_PACKET = 65536
_ENOUGH_WAITING = 20_000


class Line:
    """Carries packets between two TUN devices, in a thread."""

    def __init__(self, one: int, other: int) -> None:
        self._ends = {one: other, other: one}
        self.delay = 0.0
        """Seconds that a packet takes."""
        self.loss = 0.0
        """The share of packets that are lost."""
        self.is_dead = False
        """Whether every packet is lost."""
        self.carried = self.lost = 0
        self._random = random.Random(4)
        self._stopped, self._stopper = socket.socketpair()
        self._thread = threading.Thread(target=self._carry, name="line", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopper.send(b"!")
        self._thread.join(10)
        self._stopper.close()
        self._stopped.close()

    def perfect(self) -> None:
        """Carry everything at once again."""
        self.delay, self.loss, self.is_dead = 0.0, 0.0, False

    def _carry(self) -> None:
        waiting: list[tuple[float, int, int, bytes]] = []
        numbers = count()
        with selectors.DefaultSelector() as selector:
            selector.register(self._stopped, selectors.EVENT_READ)
            for end in self._ends:
                selector.register(end, selectors.EVENT_READ)
            while True:
                until = None if not waiting else max(0.0, waiting[0][0] - time.monotonic())
                for key, _ in selector.select(until):
                    if key.fileobj is self._stopped:
                        return
                    with suppress(OSError):
                        packet = os.read(key.fd, _PACKET)
                        if self._is_lost() or len(waiting) > _ENOUGH_WAITING:
                            self.lost += 1
                        else:
                            due = time.monotonic() + self.delay
                            heapq.heappush(waiting, (due, next(numbers), self._ends[key.fd], packet))
                while waiting and waiting[0][0] <= time.monotonic():
                    _, _, end, packet = heapq.heappop(waiting)
                    # A device that is down takes nothing.
                    with suppress(OSError):
                        os.write(end, packet)
                        self.carried += 1

    def _is_lost(self) -> bool:
        return self.is_dead or self._random.random() < self.loss


@dataclass(frozen=True)
class Network:
    """The two hosts: one for the service, one for its clients."""

    service_host: str
    client_host: str
    line: Line

    def on_service(self, command: Sequence[str]) -> list[str]:
        """Wrap a command so that it runs on the service's host."""
        return [program("ip"), "netns", "exec", self.service_host, *command]

    def on_client(self, command: Sequence[str]) -> list[str]:
        """Wrap a command so that it runs on the clients' host."""
        return [program("ip"), "netns", "exec", self.client_host, *command]

    def unplug(self) -> None:
        """Take the clients' device down: their machine itself has no network."""
        _ip("-n", self.client_host, "link", "set", _device(self.client_host), "down")

    def plug_in(self) -> None:
        """Take it up again."""
        _ip("-n", self.client_host, "link", "set", _device(self.client_host), "up")


@contextmanager
def network() -> Generator[Network]:
    """Make the hosts and the line; all of it is gone afterwards."""
    program("ip")
    # Names that no other run on this machine has.
    mark = secrets.token_hex(3)
    hosts = f"vl{mark}a", f"vl{mark}b"
    with ExitStack() as stack:
        for host in hosts:
            try:
                _ip("netns", "add", host)
            except subprocess.CalledProcessError as error:
                not_here(f"no network namespaces: {error.stderr.strip()}")
            stack.callback(_ip, "netns", "del", host)
        ends: list[int] = []
        for host, own, peer in ((hosts[0], HERE, THERE), (hosts[1], THERE, HERE)):
            end = _tun(_device(host))
            stack.callback(os.close, end)
            ends.append(end)
            _ip("link", "set", _device(host), "netns", host)
            _ip("-n", host, "link", "set", "lo", "up")
            _ip("-n", host, "addr", "add", own, "peer", peer, "dev", _device(host))
            _ip("-n", host, "link", "set", _device(host), "up")
        line = Line(*ends)
        line.start()
        stack.callback(line.stop)
        yield Network(*hosts, line)


def _device(host: str) -> str:
    return f"{host}0"


def _tun(name: str) -> int:
    try:
        end = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        not_here(f"no TUN devices: {error.strerror}")
    try:
        fcntl.ioctl(end, _TUNSETIFF, struct.pack("16sH22x", name.encode(), _IFF_TUN | _IFF_NO_PI))
    except OSError as error:
        os.close(end)
        if error.errno in {errno.EPERM, errno.EACCES}:
            not_here(f"no TUN devices: {error.strerror}")
        raise
    return end


def _ip(*arguments: str) -> None:
    subprocess.run([program("ip"), *arguments], check=True, capture_output=True, text=True, timeout=20)

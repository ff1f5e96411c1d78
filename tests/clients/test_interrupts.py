"""Ctrl-C, forks and connections that nobody closes: no event is lost, nothing is left, and others are not harmed."""

from __future__ import annotations

import os

import pytest

from .programs import STRIKES, run_program

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows has neither fork nor such signals"),
]

SERVICE = """
import asyncio, gc, json, os, random, signal, socket, sys, threading, time, warnings
import voicelive, voicelive.aio
from websockets.asyncio.server import serve

CREATED = json.dumps({"type": "session.created", "event_id": "s", "session": {"id": "x"}})

def serving(behaviour):
    port, started = [], threading.Event()
    async def handle(peer):
        await peer.send(CREATED)
        await behaviour(peer)
    async def main():
        async with serve(handle, "127.0.0.1", 0, compression=None, max_size=None) as server:
            port.append(next(iter(server.sockets)).getsockname()[1])
            started.set()
            await asyncio.get_running_loop().create_future()
    threading.Thread(target=asyncio.run, args=(main(),), daemon=True).start()
    started.wait()
    return f"http://127.0.0.1:{port[0]}"

async def echoes(peer):
    async for message in peer:
        await peer.send(json.dumps({"type": "response.text.delta", "event_id": str(len(message)), "delta": "x"}))
"""


def test_thousands_of_interrupts_lose_no_event() -> None:
    """Real SIGINTs at any moment of receiving lose and double no event, and do not hold up close()."""
    program = """
COUNT = int(sys.argv[1])
async def floods(peer):
    async for message in peer:
        for number in range(COUNT):
            await peer.send(json.dumps({"type": "response.text.delta", "event_id": str(number), "delta": "x"}))
            if number % 20 == 0:
                await asyncio.sleep(0.002)
connection = voicelive.connect(endpoint=serving(floods), model="m").open()
connection.recv(30)
connection.send({"type": "response.create"})
got, interrupts, is_over = [], 0, False
def interrupt():
    while not is_over:
        time.sleep(random.random() * 0.0005)
        os.kill(os.getpid(), signal.SIGINT)
def receive():
    global interrupts
    while len(got) < COUNT:
        try:
            got.append(connection.recv(60))
        except KeyboardInterrupt:
            interrupts += 1
strikes_within(receive)
thread = threading.Thread(target=interrupt, daemon=True)
thread.start()
receive()
is_over = True
thread.join()
print([int(event.event_id) for event in got] == list(range(COUNT)), interrupts > COUNT // 100)
started = time.monotonic()
connection.close()
print(time.monotonic() - started < 15)
"""
    events = 90_000 if os.environ.get("VOICELIVE_STRESS") else 12_000
    assert run_program(SERVICE + STRIKES + program, str(events), timeout=250) == ["True True", "True"]


def test_an_interrupt_during_a_large_send() -> None:
    """Ctrl-C while 30 MB go out to a slow service leaves the connection whole, for the next event too."""
    program = """
sizes, seen, interrupted = [], threading.Event(), threading.Event()
async def slow(peer):
    peer.transport.pause_reading()
    await asyncio.to_thread(interrupted.wait, 60)
    peer.transport.resume_reading()
    async for message in peer:
        sizes.append(len(message))
        if len(sizes) == 2 or sizes[-1] < 1000:
            seen.set()
connection = voicelive.connect(endpoint=serving(slow), model="m", contract_check="ignore").open()
connection.recv(30)
threading.Timer(0.3, os.kill, [os.getpid(), signal.SIGINT]).start()
try:
    for _ in range(2):
        connection.send({"type": "session.update", "session": {"instructions": "x" * 30_000_000}})
    print("not interrupted")
except KeyboardInterrupt:
    print("interrupted")
interrupted.set()
connection.send({"type": "response.cancel"})
print(seen.wait(60))
connection.close()
time.sleep(0.1)
print(all(size > 30_000_000 or size < 1000 for size in sizes), sizes[-1] < 1000, connection.close_info.code)
"""
    assert run_program(SERVICE + program) == ["interrupted", "True", "True True 1000"]


def test_dropped_connections_close_themselves() -> None:
    """50 open connections that nobody refers to any more leave no socket and no thread, and a warning for each."""
    program = """
import voicelive._loop
voicelive._loop.IDLE_S = 0.2
closed = []
async def waits(peer):
    await peer.wait_closed()
    closed.append(peer)
endpoint = serving(waits)
before = set(threading.enumerate())
connections = [voicelive.connect(endpoint=endpoint, model="m").open() for _ in range(50)]
for connection in connections:
    connection.recv(30)
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    del connection
    connections.clear()
    gc.collect()
print(sum(warning.category is ResourceWarning for warning in caught))
deadline = time.monotonic() + 40
while (len(closed) < 50 or set(threading.enumerate()) - before) and time.monotonic() < deadline:
    time.sleep(0.01)
print(len(closed), set(threading.enumerate()) - before)
"""
    assert run_program(SERVICE + program) == ["50", "50 set()"]


def test_a_closed_connection_warns_of_nothing() -> None:
    """A connection that was closed, or that the service ended, is dropped in silence."""
    program = """
async def ends(peer):
    await peer.close()
warnings.simplefilter("error")
endpoint = serving(ends)
with voicelive.connect(endpoint=endpoint, model="m") as connection:
    print([event.type for event in connection])
other = voicelive.connect(endpoint=endpoint, model="m").open()
print([event.type for event in other])
del connection, other
gc.collect()
"""
    assert run_program(SERVICE + program) == ["['session.created']", "['session.created']"]


def test_a_forked_child_leaves_the_connection_alone() -> None:
    """In a forked child every method of both clients raises at once, and the parent's sessions go on."""
    program = """
def name_of(work):
    try:
        work()
    except Exception as error:
        return type(error).__name__
    return "nothing"
endpoint = serving(echoes)
connection = voicelive.connect(endpoint=endpoint, model="m").open()
connection.recv(30)

async def main():
    async with voicelive.aio.connect(endpoint=endpoint, model="m") as other:
        await other.recv(30)
        if os.fork() == 0:
            found = [
                name_of(work)
                for work in (
                    lambda: connection.recv(1), lambda: connection.send({"type": "response.cancel"}),
                    connection.close, lambda: connection.wait_for("x", 1), lambda: next(connection),
                )
            ]
            for work in (lambda: other.recv(1), lambda: other.send({"type": "response.cancel"}), other.close):
                try:
                    await work()
                except Exception as error:
                    found.append(type(error).__name__)
            print(set(found), len(found), flush=True)
            os._exit(0)
        await asyncio.to_thread(os.wait)
        await other.send({"type": "response.cancel"})
        print((await other.recv(30)).type)
asyncio.run(main())
connection.send({"type": "response.cancel"})
print(connection.recv(30).type)
connection.close()
print(connection.close_info.code)
"""
    assert run_program(SERVICE + program, options=("-W", "ignore::DeprecationWarning")) == [
        "{'ConnectionStateError'} 8",
        "response.text.delta",
        "response.text.delta",
        "1000",
    ]


def test_another_event_loop_is_refused() -> None:
    """An asyncio connection used from another loop raises at once, and goes on in its own."""
    program = """
endpoint = serving(echoes)
async def main():
    async with voicelive.aio.connect(endpoint=endpoint, model="m") as connection:
        await connection.recv(30)
        async def elsewhere():
            found = []
            for work in (
                lambda: connection.recv(1), lambda: connection.send({"type": "response.cancel"}),
                lambda: connection.wait_for("x", 1), connection.close,
            ):
                try:
                    await work()
                except Exception as error:
                    found.append(type(error).__name__)
            return found
        print(await asyncio.to_thread(lambda: asyncio.run(elsewhere())))
        await connection.send({"type": "response.cancel"})
        print((await connection.recv(30)).type)
asyncio.run(main())
"""
    assert run_program(SERVICE + program) == [str(["ConnectionStateError"] * 4), "response.text.delta"]


def test_no_code_of_the_application_runs_on_the_loop() -> None:
    """Conditions, credentials, also those of a reconnect, run in other threads than the loop's."""
    program = """
from azure.core.credentials import AccessToken
from voicelive import ReconnectPolicy
from voicelive._loop import lease
names = set()
def note():
    names.add(threading.current_thread().name)
class Credential:
    asked = 0
    def get_token(self, *scopes, **options):
        note()
        self.asked += 1
        return AccessToken("token", int(time.time()) + 3600)
async def breaks(peer):
    async for message in peer:
        await peer.send(json.dumps({"type": "response.text.delta", "event_id": "e", "delta": "x"}))
        if b"cancel" in message.encode():
            peer.transport.abort()
            return
def is_delta(event):
    note()
    return event.type == "response.text.delta"
credential = Credential()
endpoint = serving(breaks)
with voicelive.connect(
    endpoint=endpoint, model="m", credential=credential, reconnect=ReconnectPolicy(initial_delay=0.01),
) as connection:
    connection.recv(30)
    connection.send({"type": "response.create"})
    connection.wait_for(is_delta, 30)
    connection.send({"type": "response.cancel"})
    connection.wait_for("voicelive.restored", 30)
print(credential.asked, "voicelive-loop" in names, len(names) > 1)
"""
    assert run_program(SERVICE + program) == ["2 False True"]


def test_nobody_waits_for_a_name_server_at_the_end() -> None:
    """A program that gives up a look-up of a name which never ends is over at once."""
    program = """
def never(*arguments, **named):
    time.sleep(50)
socket.getaddrinfo = never
os.environ["NO_PROXY"] = "*"
try:
    voicelive.connect(
        endpoint="https://service.example", model="m", headers={"api-key": "k"},
        connection_options={"open_timeout": 0.3, "proxy": None},
    ).open()
except Exception as error:
    print(type(error).__name__)
"""
    assert run_program(SERVICE + program, timeout=45) == ["ConnectTimeoutError"]

"""The thread that synchronous connections run on: what its calls do in every situation a program can get into."""

from __future__ import annotations

import os
import textwrap

import pytest

from .programs import run_program

pytestmark = pytest.mark.timeout(300)

START = """
import asyncio, os, signal, sys, threading, time
from voicelive._loop import lease
engine = lease()
"""
needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows cannot fork")
needs_signals = pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows has no such signals")


def test_a_cancelled_coroutine_raises_that() -> None:
    """A coroutine that ends by CancelledError raises CancelledError in the caller."""
    program = """
    async def work():
        raise asyncio.CancelledError
    try:
        engine.call(work)
    except asyncio.CancelledError:
        print("cancelled")
    """
    assert run_program(START + _flat(program)) == ["cancelled"]


def test_an_error_that_is_returned_is_returned() -> None:
    """A coroutine that returns an exception object returns it."""
    program = """
    async def work():
        return ValueError("a value")
    print(repr(engine.call(work)))
    """
    assert run_program(START + _flat(program)) == ["ValueError('a value')"]


def test_tracebacks_show_no_machinery() -> None:
    """Between the caller and the coroutine that raised lies one frame at most; each raise has its own."""
    program = """
    import traceback
    async def work():
        raise ValueError
    for _ in range(3):
        try:
            engine.call(work)
        except ValueError as error:
            frames = [frame.f_code.co_name for frame, _ in traceback.walk_tb(error.__traceback__)]
            print(len(frames) - 2)
    """
    assert all(int(count) <= 1 for count in run_program(START + _flat(program)))


@needs_signals
def test_ctrl_c_cancels_first() -> None:
    """Ctrl-C in the waiting thread ends the coroutine, then the wait."""
    program = """
    async def work():
        try:
            threading.Timer(0.2, os.kill, [os.getpid(), signal.SIGINT]).start()
            await asyncio.sleep(60)
        finally:
            print("coroutine ended", flush=True)
    try:
        engine.call(work)
    except KeyboardInterrupt:
        print("interrupted")
    """
    assert run_program(START + _flat(program)) == ["coroutine ended", "interrupted"]


def test_a_timeout_cancels() -> None:
    """A call that takes too long ends its coroutine, then raises TimeoutError."""
    program = """
    async def work():
        try:
            await asyncio.sleep(60)
        finally:
            print("coroutine ended", flush=True)
    try:
        engine.call(work, 0.1)
    except TimeoutError:
        print("too long")
    """
    assert run_program(START + _flat(program)) == ["coroutine ended", "too long"]


@needs_fork
def test_a_forked_child_starts_its_own() -> None:
    """In a forked child a new lease works, and the parent's thread is refused at once."""
    program = """
    async def work():
        return "works"
    assert engine.call(work) == "works"
    if os.fork() == 0:
        try:
            engine.call(work)
        except Exception as error:
            print(type(error).__name__, "fork" in str(error))
        print("child", lease().call(work), flush=True)
        os._exit(0)
    os.wait()
    print("parent", engine.call(work))
    """
    assert run_program(START + _flat(program), options=("-W", "ignore::DeprecationWarning")) == [
        "ConnectionStateError True",
        "child works",
        "parent works",
    ]


@needs_fork
def test_a_fork_during_a_start() -> None:
    """A child forked while another thread holds the lock of the start does not wait for it."""
    program = """
    from voicelive import _loop
    async def work():
        return "works"
    held = threading.Event()
    def hold():
        with _loop._lock:
            held.set()
            time.sleep(1)
    threading.Thread(target=hold).start()
    held.wait()
    if os.fork() == 0:
        print("child", lease().call(work), flush=True)
        os._exit(0)
    os.wait()
    """
    assert run_program(START + _flat(program), options=("-W", "ignore::DeprecationWarning")) == ["child works"]


def test_inside_a_running_loop_it_works_and_warns_once() -> None:
    """In a coroutine of somebody's loop, as in a notebook, a call works, and a warning says so once."""
    program = """
    import warnings
    from voicelive import BlockingInAsyncWarning
    async def work():
        return "works"
    async def main():
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            print(engine.call(work), engine.call(work))
        print([warning.category is BlockingInAsyncWarning for warning in caught])
    asyncio.run(main())
    """
    assert run_program(START + _flat(program)) == ["works works", "[True]"]


def test_on_its_own_thread_it_is_refused() -> None:
    """A blocking call on the loop's own thread raises an error instead of waiting for ever, without noise."""
    program = """
    async def inner():
        return 1
    async def work():
        return engine.call(inner)
    try:
        engine.call(work)
    except Exception as error:
        print(type(error).__name__, str(error)[:28])
    """
    assert run_program(START + _flat(program)) == ["ConnectionStateError a blocking method was called"]


@pytest.mark.parametrize("work", ["await asyncio.sleep(60)", "time.sleep(40)"], ids=["waiting", "blocked"])
def test_the_end_of_the_program(work: str) -> None:
    """A program ends in silence and soon, with a task that runs, and with a loop that stands still."""
    program = f"""
    async def work():
        {work}
    call = engine.start(work)
    time.sleep(0.2)
    before = time.monotonic()
    import atexit
    atexit._run_exitfuncs()
    print(time.monotonic() - before < 20)
    """
    assert run_program(START + _flat(program)) == ["True"]


def test_with_gevent_other_greenlets_go_on() -> None:
    """Under gevent a call works, also while the loop's thread is blocked, and other greenlets run meanwhile."""
    program = """
    from gevent import monkey; monkey.patch_all()
    import asyncio, gevent, time
    from voicelive._loop import lease
    engine = lease()
    turns = 0
    def tick():
        global turns
        while True:
            gevent.sleep(0.01)
            turns += 1
    ticking = gevent.spawn(tick)
    really_sleep = monkey.get_original("time", "sleep")
    async def work():
        await asyncio.sleep(0.1)
        before, deadline = turns, time.monotonic() + 50
        while turns < before + 20 and time.monotonic() < deadline:
            really_sleep(0.01)
        return turns - before
    print(engine.call(work) >= 20)
    """
    assert run_program(_flat(program)) == ["True"]


def test_a_thread_that_died_says_why() -> None:
    """Whoever waits when the thread dies gets an error with the cause; the next lease starts another one."""
    program = """
    async def wait():
        await asyncio.sleep(60)
    async def work():
        return "works"
    def die():
        raise SystemExit("unwanted")
    threading.Timer(0.2, engine.post, [die]).start()
    try:
        engine.call(wait)
    except Exception as error:
        print(type(error).__name__, type(error.__cause__).__name__)
    print(lease().call(work))
    """
    assert run_program(START + _flat(program)) == ["ConnectionStateError SystemExit", "works"]


def test_it_starts_late_and_stops_when_nobody_needs_it() -> None:
    """Importing starts no thread; some seconds after the last lease there is none; the next one starts it again."""
    program = """
    import threading, time
    import voicelive, voicelive._loop as loop
    loop.IDLE_S = 0.2
    def names(): return [t.name for t in threading.enumerate() if t.name.startswith("voicelive")]
    print(names())
    engine = loop.lease()
    print(names(), all(t.daemon for t in threading.enumerate() if t.name.startswith("voicelive")))
    engine.release()
    deadline = time.monotonic() + 10
    while names() and time.monotonic() < deadline: time.sleep(0.01)
    print(names())
    async def work(): return "works"
    print(loop.lease().call(work))
    """
    assert run_program(_flat(program)) == ["[]", "['voicelive-loop'] True", "[]", "works"]


def test_context_variables_of_the_caller() -> None:
    """A call sees the caller's context variables; the thread itself keeps none of them."""
    program = """
    from contextvars import ContextVar
    variable = ContextVar("variable", default="none")
    async def work():
        return variable.get()
    variable.set("mine")
    print(engine.call(work))
    seen = []
    done = threading.Event()
    import contextvars
    engine.post(lambda: (seen.append(variable.get()), done.set()), context=contextvars.Context())
    done.wait(30)
    print(seen)
    """
    assert run_program(START + _flat(program)) == ["mine", "['none']"]


def _flat(program: str) -> str:
    """Take the indentation of this file off a program."""
    return textwrap.dedent(program)

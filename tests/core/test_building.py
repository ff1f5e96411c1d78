"""How models are built when they are first met: by several threads at once, and while Ctrl-C is pressed."""

from __future__ import annotations

import subprocess
import sys

THREADS = """
import json, sys, threading
from voicelive._core.codec import decode_server_event
from voicelive._generated.registry import SERVER_EVENTS

sys.setswitchinterval(1e-6)
COUNT = 8
met, failures = [], []
start = threading.Barrier(COUNT)

def meet():
    for event_type, cls in SERVER_EVENTS.items():
        start.wait(60)
        try:
            assert type(decode_server_event(json.dumps({"type": event_type}))) is cls
            cls.model_rebuild()
            assert cls.__pydantic_complete__
            assert cls.model_construct().to_dict() == {"type": event_type}
            met.append(event_type)
        except BaseException as error:
            failures.append(f"{event_type}: {error!r}")

threads = [threading.Thread(target=meet) for _ in range(COUNT)]
for thread in threads: thread.start()
for thread in threads: thread.join(100)
assert failures == [], failures[:3]
assert len(met) == COUNT * len(SERVER_EVENTS)
"""

MODELS = """
import signal
from pydantic_core import core_schema
from voicelive.models import Model

class Pressed(str):
    # pydantic-core asks for it in the middle of its work.
    def __hash__(self):
        signal.raise_signal(signal.SIGINT)
        return super().__hash__()

class Choice:
    @classmethod
    def __get_pydantic_core_schema__(cls, source, handler):
        return core_schema.literal_schema([Pressed("a")])

class Chosen(Model):
    choice: Choice

class Outer(Model):
    chosen: list[Chosen]
"""

INTERRUPTED = """
before = signal.getsignal(signal.SIGINT)
for attempt in (Outer.model_rebuild, lambda: Chosen(choice="a")):
    try:
        attempt()
    except KeyboardInterrupt:
        assert signal.getsignal(signal.SIGINT) is before
    else:
        raise AssertionError("not interrupted")
assert Outer(chosen=[]).to_dict() == {"chosen": []}
"""

TOLD = """
told = []
signal.signal(signal.SIGINT, handler := lambda number, frame: told.append((number, frame is not None)))
assert Outer(chosen=[]).to_dict() == {"chosen": []}
assert set(told) == {(signal.SIGINT, True)}
assert signal.getsignal(signal.SIGINT) is handler
"""


def run(script: str) -> None:
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_several_threads_meet_a_model_for_the_first_time() -> None:
    """Eight threads that need the same model at the same moment all get it, whatever the version of pydantic."""
    run(THREADS)


def test_ctrl_c_while_a_model_is_built_is_ctrl_c() -> None:
    """A Ctrl-C in the middle of building ends as KeyboardInterrupt, not as an error of the schema; nothing is lost."""
    run(MODELS + INTERRUPTED)


def test_the_handler_of_an_application_runs_once_the_model_is_built() -> None:
    """A handler that raises nothing, as asyncio sets one, is called with a frame and is in place again afterwards."""
    run(MODELS + TOLD)

"""A load test as its authors write it: read by locust, in its processes."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, ClassVar

import gevent
from locust import constant, events, task
from locust.env import Environment
from locust.runners import MasterRunner

from voicelive.audio import WavSource
from voicelive.load import OpenLoopUser, VoiceLiveUser, text_turn

ENOUGH = {"text": 6, "text: first": 6, "barge-in": 2, "barge-in: yield": 2, "arrived": 10, "call": 10}
"""Of each kind so many requests end the run, however long they take here."""
SPEECH = WavSource(os.environ["SPEECH"]).pcm


class Writer(VoiceLiveUser):
    """Asks in writing."""

    weight = 3
    wait_time = constant(0.2)
    session: ClassVar[Mapping[str, Any]] = {"modalities": ["text"]}

    @task
    def ask(self) -> None:
        self.text("What is seven times eight?")


class Speaker(VoiceLiveUser):
    """Speaks, and interrupts."""

    wait_time = constant(0.2)

    @task
    def talk(self) -> None:
        self.speech(SPEECH, interruption=SPEECH, interrupt_after_ms=200, name="barge-in")


class Arrivals(OpenLoopUser):
    """Calls that arrive whether or not earlier ones have ended."""

    calls_per_second = 4

    def call(self, connection: Any) -> None:
        self.tell_turn("arrived", lambda: text_turn(connection, "What is two plus two?"))


@events.init.add_listener  # type: ignore[untyped-decorator]
def end_when_there_are_enough(environment: Environment, **_: Any) -> None:
    """Let the master end the run."""

    def watch(runner: MasterRunner) -> None:
        while any(runner.stats.get(name, "voicelive").num_requests < count for name, count in ENOUGH.items()):
            gevent.sleep(0.2)
        runner.quit()

    if isinstance(environment.runner, MasterRunner):
        gevent.spawn(watch, environment.runner)

"""A load test as locust's users write it: text turns through the synchronous client. Read by locust, in its process."""

from __future__ import annotations

import os
import time
from typing import Any

import gevent
from locust import User, constant, events, task
from locust.env import Environment

import voicelive
from voicelive.models import InputTextContentPart, UserMessageItem

TURNS = int(os.environ.get("TURNS", "0"))
"""After so many turns the test is over; 0 leaves it to locust's own limit of time."""


@events.init.add_listener  # type: ignore[untyped-decorator]
def end_after_turns(environment: Environment, **_: Any) -> None:
    """Count the turns, and end the test in a greenlet of its own: ending it ends those of the users."""
    endings: list[gevent.Greenlet[..., Any]] = []

    def count(**_: Any) -> None:
        if environment.stats.total.num_requests >= TURNS and not endings and environment.runner is not None:
            endings.append(gevent.spawn(environment.runner.quit))

    if TURNS:
        environment.events.request.add_listener(count)  # type: ignore[no-untyped-call]


class Talker(User):
    """Somebody who asks one question after the other."""

    wait_time = constant(0.05)

    def on_start(self) -> None:
        self.connection = voicelive.connect(endpoint=os.environ["ENDPOINT"], model="gpt-4o").open()
        self.connection.session.update(session={"modalities": ["text"]})
        self.connection.wait_for("session.updated", 60)

    def on_stop(self) -> None:
        self.connection.close()

    @task
    def turn(self) -> None:
        started, failure = time.perf_counter(), None
        try:
            message = UserMessageItem(content=[InputTextContentPart(text="hello")])
            self.connection.conversation.item.create(item=message)
            self.connection.response.create()
            self.connection.wait_for("response.done", 60, keep=False)
        except Exception as error:  # noqa: BLE001 - locust counts them
            failure = error
        self.environment.events.request.fire(
            request_type="turn",
            name="text",
            response_time=(time.perf_counter() - started) * 1000,
            response_length=0,
            exception=failure,
        )

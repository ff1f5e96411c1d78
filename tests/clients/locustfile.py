"""A load test as locust's users write it: text turns through the synchronous client. Read by locust, in its process."""

from __future__ import annotations

import os
import time

from locust import User, constant, task

import voicelive
from voicelive.models import InputTextContentPart, UserMessageItem


class Talker(User):
    """Somebody who asks one question after the other."""

    wait_time = constant(0.05)

    def on_start(self) -> None:
        self.connection = voicelive.connect(endpoint=os.environ["ENDPOINT"], model="gpt-4o").open()
        self.connection.session.update(session={"modalities": ["text"]})
        self.connection.wait_for("session.updated", 20)

    def on_stop(self) -> None:
        self.connection.close()

    @task
    def turn(self) -> None:
        started, failure = time.perf_counter(), None
        try:
            message = UserMessageItem(content=[InputTextContentPart(text="hello")])
            self.connection.conversation.item.create(item=message)
            self.connection.response.create()
            self.connection.wait_for("response.done", 20, keep=False)
        except Exception as error:  # noqa: BLE001 - locust counts them
            failure = error
        self.environment.events.request.fire(
            request_type="turn",
            name="text",
            response_time=(time.perf_counter() - started) * 1000,
            response_length=0,
            exception=failure,
        )

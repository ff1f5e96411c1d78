"""Running the snippets of the usage document, and their sync twins, against the local service."""

from __future__ import annotations

import base64
import functools
import json
import os
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
from azure.core.credentials import AzureKeyCredential

import voicelive
import voicelive.aio
from tests.mission.snippets import awaited, run_async, run_sync
from tests.secrets import KEY
from voicelive._local.records import SessionRecord
from voicelive._local.threaded import ThreadedLocalService
from voicelive.local.engines import ToneSynthesizer

SILENCE = bytes(48000)


def leaves_credential_open(test: Any) -> Any:
    """Mark a test of a snippet that never closes its token credential; the warnings about it are not this project's."""
    for pattern in ("ignore:Unclosed", "ignore:unclosed", "ignore::pytest.PytestUnraisableExceptionWarning"):
        test = pytest.mark.filterwarnings(pattern)(test)
    return test


@functools.cache
def speech(text: str) -> bytes:
    """`text` as the basic engines speak it (PCM16, 24 kHz), with the pause that ends a turn."""
    return SILENCE[:9600] + b"".join(ToneSynthesizer().synthesize(text)) + SILENCE


class Watched:
    """A connection that ends a snippet's endless loop once it has seen enough."""

    def __init__(self, connection: Any, enough: Callable[[Any], bool]) -> None:
        self._connection = connection
        self._enough = enough
        self.seen: list[Any] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def __iter__(self) -> Iterator[Any]:
        for event in self._connection:
            self.seen.append(event)
            yield event
            if self._enough(event):
                return

    async def __aiter__(self) -> AsyncIterator[Any]:
        async for event in self._connection:
            self.seen.append(event)
            yield event
            if self._enough(event):
                return


def nth(event_type: str, count: int = 1) -> Callable[[Any], bool]:
    """A condition that holds from the `count`-th event of a type on."""
    left = [count]

    def enough(event: Any) -> bool:
        left[0] -= event.type == event_type
        return left[0] <= 0

    return enough


def handle_function(name: str, arguments: str) -> dict[str, Any]:
    """An application's function: the weather is always the same."""
    return {"temperature": 21, "asked": [name, json.loads(arguments)]}


def never(event: Any) -> bool:
    """A condition that never holds."""
    return False


class Runner:
    """Runs snippets with one of the two clients against a service, and keeps what they printed."""

    def __init__(self, kind: str, service: ThreadedLocalService) -> None:
        self.kind = kind
        self.service = service
        self.printed: list[str] = []
        self.heard = bytearray()
        self.arguments: dict[str, Any] = {
            # No wait without an end: a snippet that would hang raises instead.
            "connection_options": {"receive_timeout": 20},
            "endpoint": service.endpoint,
            "credential": AzureKeyCredential(KEY),
            "model": "gpt-4o",
        }

    @property
    def session(self) -> SessionRecord:
        """The latest session, as the service saw it."""
        return self.service.sessions[-1]

    def names(self, **more: Any) -> dict[str, Any]:
        """The names that the document takes for granted, for this client."""

        def given(function: Callable[..., Any]) -> Callable[..., Any]:
            return awaited(function) if self.kind == "async" else function

        return {
            "os": os,
            "json": json,
            "base64": base64,
            "print": self._print,
            "play_audio": given(self.heard.extend),
            "read_audio_from_microphone": given(lambda: speech("Hello there.")[:4800]),
            "handle_function": handle_function,
            "arguments": self.arguments,
            **more,
        }

    def _print(self, *values: Any, end: str = "\n", flush: bool = False) -> None:
        self.printed.append(" ".join(str(value) for value in values) + end.strip("\n"))

    async def run(self, source: str, **more: Any) -> None:
        """Run a snippet that opens its own connection."""
        if self.kind == "sync":
            run_sync(source, self.names(**more))
        else:
            await run_async(source, self.names(**more))

    async def run_on_connection(
        self,
        source: str,
        *,
        before: str = "",
        after: str = "",
        enough: Callable[[Any], bool] | None = None,
        **more: Any,
    ) -> list[Any]:
        """Run a snippet that has a connection `conn`; return the events that its loop saw."""
        stop = enough or never
        if self.kind == "sync":
            with voicelive.connect(**self.arguments) as connection:
                watched = Watched(connection, stop)
                for part in (before, source, after):
                    run_sync(part, self.names(conn=watched, **more))
        else:
            async with voicelive.aio.connect(**self.arguments) as connection:
                watched = Watched(connection, stop)
                for part in (before, source, after):
                    await run_async(part, self.names(conn=watched, **more))
        return watched.seen

"""Whole conversations over connections that keep breaking: they end as if nothing had happened."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

import pytest

from voicelive import ReconnectPolicy
from voicelive.local import LocalService

from ..local.helpers import tones
from ..outside import needs
from .harness import Client, Script
from .relay import Relay
from .short_sessions import ShortSessions

STRESS = bool(os.environ.get("VOICELIVE_STRESS"))
TURNS, BREAKS = (200, 50) if STRESS else (60, 15)
MOVES = 2
QUICK = ReconnectPolicy(
    initial_delay=0.01, max_delay=0.2, deadline=60, restore_timeout=10, max_connections_per_minute=100_000
)


class Caller:
    """A user who asks one sum after the other, and asks again where an answer got lost."""

    def __init__(self, connection: Script) -> None:
        self.connection = connection
        self.breaks = 0
        self.ids: list[str] = []
        """The items of the conversation, in order."""
        self._answered = False

    async def turn(self, number: int) -> None:
        """Ask one question and wait for its answer."""
        self._answered = False
        content = [{"type": "input_text", "text": f"What is {number} plus {number % 7}?"}]
        item: dict[str, Any] = {"id": f"question_{number}", "type": "message", "role": "user", "content": content}
        self.ids.append(item["id"])
        await self.connection.call("conversation.item.create", item=item)
        await self.connection.call("response.create")
        while True:
            event: Any = await self.connection.recv(60)
            if event.type == "response.output_item.done":
                self._answered = True
                self.ids.append(event.item.id)
            elif event.type == "response.done" and self._answered:
                return
            elif event.type == "voicelive.restored":
                self.breaks += 1
                assert event.not_carried_over == [] or {each.reason for each in event.not_carried_over} == {
                    "it was not finished"
                }
                if event.completed_items:
                    # The break came between the text and the end of the item.
                    self.ids.extend(event.completed_items)
                    return
                if self._answered:
                    return
                if event.interrupted_responses or event.unanswered_requests:
                    await self.connection.call("response.create")
            elif event.type == "error":
                raise AssertionError(event)


def said(items: list[Any]) -> list[tuple[str, str]]:
    return [(str(item.role), item.content[0].text) for item in items]


async def retrieved(connection: Script, ids: list[str]) -> list[Any]:
    """Ask the service for the items by their ids."""
    found: list[Any] = []
    for item_id in ids:
        await connection.call("conversation.item.retrieve", item_id=item_id)
        found.append((await connection.wait_for("conversation.item.retrieved")).item)
    return found


@pytest.fixture(scope="module")
def unbroken() -> list[tuple[str, str]]:
    """The conversation that never broke."""

    async def hold() -> list[tuple[str, str]]:
        with LocalService.in_thread() as service:
            async with Client("async").connect(service.endpoint) as connection:
                await connection.call("session.update", session={"modalities": ["text"]})
                caller = Caller(connection)
                for number in range(TURNS):
                    await caller.turn(number)
                return said(service.sessions[-1].items)

    return asyncio.run(hold())


@pytest.mark.timeout(300)
async def test_many_turns_over_many_breaks(client: Client, unbroken: list[tuple[str, str]]) -> None:
    """A conversation cut at random moments, every fourth turn, is the same on the service's side as one never cut."""
    rng = random.Random(client.flavour)
    broken_turns = set(rng.sample(range(TURNS), BREAKS))
    with LocalService.in_thread() as service, Relay(lambda: service.port) as relay:
        async with client.connect(relay.endpoint, reconnect=QUICK) as connection:
            await connection.call("session.update", session={"modalities": ["text"]})
            caller = Caller(connection)
            for number in range(TURNS):
                if number in broken_turns:
                    # A turn takes some 5,000 bytes; the restoration before it up to 100,000.
                    relay.cut_after = rng.randrange(0, 5000)
                await caller.turn(number)
            relay.cut_after = None
            # All of it, also what the last turn left under way.
            items = await retrieved(connection, [str(item.id) for item in service.sessions[-1].items])
            assert said(items) == unbroken
        assert caller.breaks >= BREAKS * 3 // 4
        assert relay.accepted >= caller.breaks + 1


@pytest.mark.timeout(300)
async def test_what_was_spoken_is_carried_over_as_text(client: Client) -> None:
    """Speech of both sides is replayed as its transcript; a truncated answer as the part that was heard."""
    with LocalService.in_thread() as service, Relay(lambda: service.port) as relay:
        async with client.connect(relay.endpoint, reconnect=QUICK) as connection:
            await connection.call("input_audio_buffer.append", audio=tones("what time is it"))
            length_ms = 0
            event: Any
            while (event := await connection.recv()).type != "response.output_item.done":
                length_ms += len(event.delta_bytes) // 48 if event.type == "response.audio.delta" else 0
            answer: Any = event.item
            await connection.call(
                "conversation.item.truncate", item_id=answer.id, content_index=0, audio_end_ms=length_ms // 2
            )
            await connection.wait_for("conversation.item.truncated")
            relay.cut()
            restored = await connection.wait_for("voicelive.restored")
            user, assistant = (item.to_dict() for item in service.sessions[-1].items)
            assert restored.not_carried_over == []
        whole = answer.content[0].transcript
        heard = assistant["content"][0]["text"]
    assert user["content"] == [{"type": "input_text", "text": "what time is it"}]
    words = whole.split()
    assert heard == " ".join(words[: len(words) // 2])


@pytest.mark.timeout(300)
async def test_nothing_is_lost_or_doubled_when_sessions_are_replaced(client: Client) -> None:
    """Audio streams without a pause over two moves to a fresh session; every utterance is heard once, in order."""
    pause = bytes(48 * 3000)
    spoken: list[str] = []
    heard: list[str] = []
    moves: list[bool] = []

    async def listen() -> None:
        while len(moves) < MOVES or len(heard) < len(spoken):
            event: Any = await connection.recv(30)
            if event.type == "conversation.item.input_audio_transcription.completed":
                heard.append(event.transcript)
            elif event.type == "voicelive.restored":
                moves.append(event.planned)

    async def speak() -> None:
        asked = 0
        # A busy machine may miss a pause, so that a move waits for a later one.
        while len(moves) < MOVES and len(spoken) < 30:
            if len(moves) == asked:
                asked += 1
                short.shorten()
                await connection.call("session.update", session={"temperature": 0.7})
            spoken.append(f"number {len(spoken)}")
            audio = tones(spoken[-1]) + pause
            # Four times as fast as people speak.
            for start in range(0, len(audio), 4800):
                await connection.call("input_audio_buffer.append", audio=audio[start : start + 4800])
                await asyncio.sleep(0.025)

    with LocalService.in_thread() as service, ShortSessions(service) as short:
        async with client.connect(short.endpoint, reconnect=ReconnectPolicy()) as connection:
            await connection.wait_for("session.created")
            listening = asyncio.ensure_future(listen())
            await speak()
            await listening
        assert len(service.sessions) == MOVES + 1
    assert heard == spoken
    assert moves == [True] * MOVES


@contextmanager
def served(port: int) -> Generator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "voicelive", "serve", "--port", str(port), "--engines", "basic"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline()
            yield process
        finally:
            process.kill()


class KilledService:
    """A service of its own process that is killed at moments drawn at random, and started again."""

    def __init__(self, port: int, kills: int, pause: Callable[[], float]) -> None:
        self.kills = 0
        self._wanted = kills
        self._port = port
        self._pause = pause
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="killer")
        self.ready = threading.Event()

    def _run(self) -> None:
        while not self._over.is_set():
            with served(self._port) as process:
                self.ready.set()
                last = self.kills >= self._wanted
                if self._over.wait(None if last else self._pause()):
                    return
                process.send_signal(signal.SIGKILL)
                self.kills += 1

    def __enter__(self) -> KilledService:
        self._thread.start()
        assert self.ready.wait(20)
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self._thread.join(20)


@needs(STRESS, "too long for every day", "nox -s stress")
@pytest.mark.timeout(600)
async def test_many_turns_over_many_kills(client: Client, unbroken: list[tuple[str, str]]) -> None:
    """The same with a service in a process of its own, killed many times and started again."""
    rng = random.Random(client.flavour)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with KilledService(port, BREAKS, lambda: rng.uniform(0.1, 1.0)) as killed:
        async with client.connect(f"http://127.0.0.1:{port}", reconnect=QUICK) as connection:
            await connection.call("session.update", session={"modalities": ["text"]})
            caller = Caller(connection)
            for number in range(TURNS):
                await caller.turn(number)
                # As long as there are kills to come, the conversation lasts.
                await asyncio.sleep(1.0 if killed.kills < BREAKS else 0)
            items = await retrieved(connection, caller.ids)
        assert said(items) == unbroken
        assert killed.kills == BREAKS
        print(f"{client.flavour}: {killed.kills} kills, {caller.breaks} restorations")

"""What a restored session is given of a conversation: what was complete, and no more than is to be kept."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection

from voicelive import ReconnectPolicy
from voicelive._core.reconnect.machine import ReconnectMachine
from voicelive.local import LocalService, ThreadedLocalService

from .harness import Client, Script
from .relay import Relay
from .servers import WebSocketServer, event

pytestmark = pytest.mark.timeout(300)


def policy(**values: Any) -> ReconnectPolicy:
    quick: dict[str, Any] = {"initial_delay": 0.02, "max_delay": 0.2, "deadline": 30}
    return ReconnectPolicy(max_connections_per_minute=100_000, **quick, **values)


@contextmanager
def relayed() -> Generator[tuple[ThreadedLocalService, Relay]]:
    with LocalService.in_thread() as service, Relay(lambda: service.port) as relay:
        yield service, relay


async def say(connection: Script, text: str) -> None:
    content = [{"type": "input_text", "text": text}]
    await connection.call("conversation.item.create", item={"type": "message", "role": "user", "content": content})
    await connection.wait_for("conversation.item.created")


def texts(service: ThreadedLocalService) -> list[str]:
    return [item.to_dict()["content"][0]["text"] for item in service.sessions[-1].items]


async def test_the_oldest_items_are_dropped(client: Client) -> None:
    """Past max_history_items the new session gets the newest, and the application learns how many it does not get."""
    with relayed() as (service, relay):
        async with client.connect(relay.endpoint, reconnect=policy(max_history_items=3)) as connection:
            for number in range(10):
                await say(connection, f"note {number}")
            relay.cut()
            restored = await connection.wait_for("voicelive.restored")
            assert (restored.dropped_items, restored.replayed_items) == (7, 3)
            assert texts(service) == ["note 7", "note 8", "note 9"]


def summary(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    said = " ".join(item["content"][0]["text"] for item in items)
    return [{"type": "message", "role": "system", "content": [{"type": "input_text", "text": f"Earlier: {said}"}]}]


async def condensed_to(client: Client, condense: Any) -> tuple[list[str], int]:
    is_taken, take = threading.Event(), ReconnectMachine.condensed

    def takes(self: ReconnectMachine, *arguments: Any) -> bool:
        result = take(self, *arguments)
        is_taken.set()
        return result

    with relayed() as (service, relay), pytest.MonkeyPatch.context() as patch:
        patch.setattr(ReconnectMachine, "condensed", takes)
        keeping = policy(max_history_items=3, condense=condense)
        async with client.connect(relay.endpoint, reconnect=keeping) as connection:
            for number in range(4):
                await say(connection, f"note {number}")
            assert await asyncio.to_thread(is_taken.wait, 60)
            relay.cut()
            restored = await connection.wait_for("voicelive.restored")
            return texts(service), restored.dropped_items


async def test_the_oldest_items_are_condensed(client: Client) -> None:
    """What the application makes of the oldest items, in a thread of its own, stands in their place."""
    threads: list[threading.Thread] = []

    def condense(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
        threads.append(threading.current_thread())
        return summary(items)

    assert await condensed_to(client, condense) == (["Earlier: note 0 note 1", "note 2", "note 3"], 0)
    assert threading.main_thread() not in threads
    assert len(threads) == 1


async def test_a_coroutine_function_condenses() -> None:
    """A coroutine function is awaited."""

    async def condense(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
        await asyncio.sleep(0)
        return summary(items)

    assert await condensed_to(Client("async"), condense) == (["Earlier: note 0 note 1", "note 2", "note 3"], 0)


async def test_a_function_that_fails_costs_the_oldest_items(client: Client) -> None:
    """If it raises, those items are dropped and counted; the connection is restored all the same."""

    def condense(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
        raise RuntimeError(items)

    assert await condensed_to(client, condense) == (["note 2", "note 3"], 2)


ANSWER = {"id": "x", "type": "message", "status": "in_progress", "role": "assistant", "content": []}
CALL = {"id": "f", "type": "function_call", "status": "in_progress", "call_id": "c", "name": "n", "arguments": ""}
COMPLETE: list[tuple[dict[str, Any], str, dict[str, Any], dict[str, Any]]] = [
    (
        ANSWER,
        "response.audio_transcript.done",
        {"transcript": "All of it"},
        {"id": "x", "type": "message", "role": "assistant", "content": [{"type": "text", "text": "All of it"}]},
    ),
    (
        ANSWER,
        "response.text.done",
        {"text": "All of it"},
        {"id": "x", "type": "message", "role": "assistant", "content": [{"type": "text", "text": "All of it"}]},
    ),
    (
        CALL,
        "response.function_call_arguments.done",
        {"call_id": "c", "arguments": "{}"},
        {"id": "f", "type": "function_call", "call_id": "c", "name": "n", "arguments": "{}"},
    ),
]


@pytest.mark.parametrize(("item", "kind", "fields", "carried"), COMPLETE, ids=[case[1] for case in COMPLETE])
@pytest.mark.parametrize("beside", [False, True])
async def test_what_was_complete_outlives_a_break(
    client: Client, item: dict[str, Any], kind: str, fields: dict[str, Any], carried: dict[str, Any], beside: bool
) -> None:
    """A break right after the last word or argument loses neither; what is beside the conversation is not carried."""
    replayed: list[Any] = []

    async def behaviour(connection: ServerConnection) -> None:
        await connection.send(event("session.created", session={"id": f"s{len(server.requests)}"}))
        if len(server.requests) > 1:
            async for message in connection:
                replayed.append(json.loads(message)["item"])
                await connection.send(event("conversation.item.created", item=replayed[-1]))
            return
        ids = {"response_id": "r", "item_id": item["id"], "output_index": 0, "content_index": 0}
        response = {"id": "r", "status": "in_progress", "conversation_id": None if beside else "conv_1"}
        await connection.send(event("response.created", response=response))
        await connection.send(event("response.output_item.added", response_id="r", output_index=0, item=item))
        await connection.send(event(kind, **ids, **fields))
        connection.transport.close()

    with WebSocketServer(behaviour) as server:
        async with client.connect(server.endpoint, reconnect=policy()) as connection:
            await connection.wait_for(kind)
            restored = await connection.wait_for("voicelive.restored")
            assert restored.interrupted_responses == ["r"]
            assert restored.completed_items == ([] if beside else [item["id"]])
            assert restored.not_carried_over == []
    assert replayed == ([] if beside else [carried])


async def test_what_may_have_been_lost_is_named(client: Client) -> None:
    """Events without a trace that the service had not confirmed when it broke are named by type and id."""

    async def behaviour(connection: ServerConnection) -> None:
        await connection.send(event("session.created", session={"id": f"s{len(server.requests)}"}))
        if len(server.requests) > 1:
            await connection.wait_closed()
            return
        for _ in range(3):
            await connection.recv()
        await connection.send(event("input_audio_buffer.cleared"))
        connection.transport.close()

    with WebSocketServer(behaviour) as server:
        async with client.connect(server.endpoint, reconnect=policy()) as connection:
            await connection.wait_for("session.created")
            await connection.call("input_audio_buffer.clear")
            await connection.call("input_audio_buffer.commit", event_id="mine")
            await connection.call("response.cancel")
            restored = await connection.wait_for("voicelive.restored")
            lost = [(each.type, each.event_id) for each in restored.not_carried_over]
            assert lost == [("input_audio_buffer.commit", "mine"), ("response.cancel", None)]


async def test_a_session_that_floods_before_it_is_restored_is_given_up(client: Client) -> None:
    """What arrives while a session is being restored is bounded: past max_buffer the next attempt is made."""
    text = "x" * 10_000

    async def behaviour(connection: ServerConnection) -> None:
        await connection.send(event("session.created", session={"id": f"s{len(server.requests)}"}))
        if len(server.requests) == 1:
            item = {"id": "a", "type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hi"}]}
            await connection.send(event("conversation.item.created", item=item))
            connection.transport.close()
        elif len(server.requests) == 2:
            # It never confirms the item, and talks.
            while True:
                await connection.send(event("response.text.delta", delta=text))
        else:
            item = json.loads(await connection.recv())["item"]
            await connection.send(event("conversation.item.created", item=item))
            await connection.wait_closed()

    options = {"open_timeout": 10, "close_timeout": 5, "max_buffer": 1_000_000}
    with WebSocketServer(behaviour) as server:
        async with client.connect(server.endpoint, reconnect=policy(), connection_options=options) as connection:
            reasons = [(await connection.wait_for("voicelive.reconnecting")).reason for _ in range(2)]
            assert "sent more than max_queue and max_buffer allow before it was restored" in reasons[1]
            restored = await connection.wait_for("voicelive.restored")
            assert (restored.session_id, restored.attempts) == ("s3", 2)
            await connection.close()

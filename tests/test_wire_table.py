"""Every event of the schema over a real connection: all that a client can send, all that the service can send."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from azure.core.credentials import AzureKeyCredential
from websockets.asyncio.server import ServerConnection, serve

import voicelive
import voicelive.aio
from tests.samples import CLIENT_TYPES, SERVER_TYPES, sample_event
from voicelive import models
from voicelive._core.codec import encode_server_event
from voicelive.local import LocalService

ARGUMENTS: dict[str, Any] = {
    "credential": AzureKeyCredential("k"),
    "model": "gpt-4o",
    # The samples hold what only some version has; one that nobody knows yet has all of it.
    "api_version": "2099-01-01",
    "contract_check": "ignore",
    "connection_options": {"receive_timeout": 20},
}


def keywords(class_name: str) -> dict[str, Any]:
    """The fields of a sample of the event, without its type."""
    return {key: value for key, value in sample_event(class_name, full=True).items() if key != "type"}


def method_of(connection: Any, event_type: str) -> Callable[..., Any]:
    """The method that sends `event_type`: `response.create` is `connection.response.create`."""
    target = connection
    for name in event_type.split("."):
        target = getattr(target, name)
    found: Callable[..., Any] = target
    return found


def call_all_sync(endpoint: str) -> None:
    with voicelive.connect(endpoint=endpoint, **ARGUMENTS) as connection:
        for event_type, class_name in CLIENT_TYPES.items():
            method_of(connection, event_type)(**keywords(class_name))
            connection.send(getattr(models, class_name)(**keywords(class_name)))
        connection.send({"type": "session.update", "session": {"instructions": "the end"}})
        connection.wait_for(lambda event: is_answer_to_the_end(event), timeout=30)


async def call_all_async(endpoint: str) -> None:
    async with voicelive.aio.connect(endpoint=endpoint, **ARGUMENTS) as connection:
        for event_type, class_name in CLIENT_TYPES.items():
            await method_of(connection, event_type)(**keywords(class_name))
            await connection.send(getattr(models, class_name)(**keywords(class_name)))
        await connection.send({"type": "session.update", "session": {"instructions": "the end"}})
        await connection.wait_for(lambda event: is_answer_to_the_end(event), timeout=30)


def is_answer_to_the_end(event: models.AnyServerEvent) -> bool:
    """Whether this answers the last message, so that the service has read all before it."""
    return event.type == "session.updated" and event.session.instructions == "the end"


@pytest.mark.parametrize("kind", ["sync", "async"])
async def test_every_client_event_reaches_the_local_service(kind: str) -> None:
    """Each client event, sent by its method and as a model, is received by the local service as the same model."""
    with LocalService.in_thread() as service:
        if kind == "sync":
            await asyncio.to_thread(call_all_sync, service.endpoint)
        else:
            await call_all_async(service.endpoint)
        received = [event.to_dict() for event in service.sessions[-1].received]
    expected = [sample_event(name, full=True) for name in CLIENT_TYPES.values() for _ in range(2)]
    assert received[:-1] == expected
    assert [type(event).__name__ for event in service.sessions[-1].received[:-1:2]] == list(CLIENT_TYPES.values())


async def received(kind: str, messages: list[bytes]) -> list[models.AnyServerEvent]:
    """What a client receives from a server that sends `messages`, then closes."""

    async def talk(socket: ServerConnection) -> None:
        for message in messages:
            await socket.send(message, text=True)

    def receive_sync(endpoint: str) -> list[models.AnyServerEvent]:
        with voicelive.connect(endpoint=endpoint, **ARGUMENTS) as connection:
            return list(connection)

    async def receive_async(endpoint: str) -> list[models.AnyServerEvent]:
        async with voicelive.aio.connect(endpoint=endpoint, **ARGUMENTS) as connection:
            return [event async for event in connection]

    async with serve(talk, "127.0.0.1", 0) as server:
        endpoint = f"http://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"
        return await (asyncio.to_thread(receive_sync, endpoint) if kind == "sync" else receive_async(endpoint))


@pytest.mark.parametrize("kind", ["sync", "async"])
async def test_real_payloads_arrive_whole(kind: str) -> None:
    """Both clients give back every value of every recorded or documented payload of the service."""
    lines = (Path(__file__).parent / "data" / "real-payloads.jsonl").read_text(encoding="utf-8").splitlines()
    payloads = [line["payload"] for line in map(json.loads, lines) if line["direction"] == "server"]
    events = await received(kind, [json.dumps(payload).encode() for payload in payloads])
    assert [event.to_dict() for event in events] == payloads


@pytest.mark.parametrize("kind", ["sync", "async"])
async def test_every_server_event_arrives_as_its_own_class(kind: str) -> None:
    """Both clients receive each server event as its own class, with every field it was built with."""
    built = [getattr(models, name)(**keywords(name)) for name in SERVER_TYPES.values()]
    events = await received(kind, [encode_server_event(event) for event in built])
    assert [type(event).__name__ for event in events] == list(SERVER_TYPES.values())
    assert [event.to_dict() for event in events] == [sample_event(name, full=True) for name in SERVER_TYPES.values()]
    assert not any(event.issues for event in events)

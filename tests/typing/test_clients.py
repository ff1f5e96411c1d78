"""Both clients have the same methods; the async ones are coroutines, and wrong keywords are static errors."""

# pyright: reportUnnecessaryTypeIgnoreComment=true

from __future__ import annotations

import ast
import inspect
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, assert_type

import pytest

import voicelive
import voicelive.aio
from voicelive._core.conversation.conversation_events import CONVERSATION_EVENTS
from voicelive._core.reconnect.connection_events import CONNECTION_EVENTS
from voicelive._generated.registry import SERVER_EVENTS
from voicelive.models import (
    AnyServerEvent,
    ConnectionRestored,
    MalformedServerEvent,
    RequestSession,
    ServerEvent,
    ServerEventSessionUpdated,
    ServerEventType,
)

GENERATED = Path(voicelive.__file__).with_name("_generated")


def some_type() -> str:
    """The type of an event that is only known when the program runs."""
    return "session.updated"


def sync_calls(connection: voicelive.VoiceLiveConnection) -> None:
    """Sync methods return their result."""
    assert_type(connection.response.create(), None)
    assert_type(connection.recv(timeout=1), AnyServerEvent)
    assert_type(connection.recv_bytes(), bytes)
    assert_type(connection.wait_for(ServerEventSessionUpdated, timeout=1), ServerEventSessionUpdated)
    assert_type(connection.wait_for("session.updated"), ServerEventSessionUpdated)
    assert_type(connection.wait_for("session.updated", 1), ServerEventSessionUpdated)
    assert_type(connection.wait_for(ServerEventType.SESSION_UPDATED, timeout=1), ServerEventSessionUpdated)
    assert_type(connection.wait_for("response.text.done").text, str)
    assert_type(connection.wait_for("voicelive.restored"), ConnectionRestored)
    assert_type(connection.wait_for("voicelive.malformed"), MalformedServerEvent)
    assert_type(connection.wait_for("an.event.of.tomorrow"), AnyServerEvent)
    assert_type(connection.wait_for(some_type()), AnyServerEvent)
    assert_type(connection.wait_for(lambda event: event.type == "error"), AnyServerEvent)
    connection.wait_for(5)  # type: ignore[call-overload] # pyright: ignore
    connection.wait_for("session.updated", timeout="1")  # type: ignore[call-overload] # pyright: ignore
    assert_type(connection.close(), None)
    for event in connection:
        assert_type(event, AnyServerEvent)
    connection.session.update(sesion={})  # type: ignore[call-arg] # pyright: ignore
    connection.session.update(session=5)  # type: ignore[arg-type] # pyright: ignore
    connection.conversation.item.delete()  # type: ignore[call-arg] # pyright: ignore
    connection.input_audio_buffer.append(audio=3)  # type: ignore[arg-type] # pyright: ignore
    connection.response.creat()  # type: ignore[attr-defined] # pyright: ignore


async def async_calls(connection: voicelive.aio.VoiceLiveConnection) -> None:
    """Async methods return coroutines of the same result."""
    create: Coroutine[Any, Any, None] = connection.response.create()
    assert_type(await create, None)
    assert_type(await connection.recv(timeout=1), AnyServerEvent)
    assert_type(await connection.recv_bytes(), bytes)
    assert_type(await connection.wait_for(ServerEventSessionUpdated, timeout=1), ServerEventSessionUpdated)
    assert_type(await connection.wait_for("session.updated", 1), ServerEventSessionUpdated)
    assert_type(await connection.wait_for(ServerEventType.SESSION_UPDATED, timeout=1), ServerEventSessionUpdated)
    assert_type((await connection.wait_for("response.text.done")).text, str)
    assert_type(await connection.wait_for("voicelive.restored"), ConnectionRestored)
    assert_type(await connection.wait_for("voicelive.malformed"), MalformedServerEvent)
    assert_type(await connection.wait_for("an.event.of.tomorrow"), AnyServerEvent)
    assert_type(await connection.wait_for(some_type()), AnyServerEvent)
    assert_type(await connection.wait_for(lambda event: event.type == "error"), AnyServerEvent)
    await connection.wait_for(5)  # type: ignore[call-overload] # pyright: ignore
    assert_type(await connection.close(), None)
    async for event in connection:
        assert_type(event, AnyServerEvent)
    await connection.session.update(sesion={})  # type: ignore[call-arg] # pyright: ignore
    await connection.conversation.item.delete()  # type: ignore[call-arg] # pyright: ignore
    for _ in connection:  # type: ignore[attr-defined] # pyright: ignore
        break


def models_take_mappings() -> RequestSession:
    """Where a model is wanted a mapping is welcome, and a wrong keyword type is an error."""
    RequestSession(temperature="hot")  # type: ignore[arg-type] # pyright: ignore
    return RequestSession(turn_detection={"type": "server_vad"}, modalities=["text"], voice="alloy")


def public_methods(cls: type) -> dict[str, Any]:
    return {name: value for name, value in inspect.getmembers(cls, callable) if not name.startswith("_")}


def resources(connection_class: type) -> dict[str, type]:
    """The resource classes of a client, by path, nested ones too."""
    module = inspect.getmodule(connection_class.__mro__[1])
    assert module is not None
    found: dict[str, Any] = {name: getattr(module, name) for name in module.__all__ if name.endswith("Resource")}
    return found


def test_the_resources_are_the_same_twice() -> None:
    """Every method of every resource is there in both clients, a coroutine function in the async one only."""
    sync, asynchronous = resources(voicelive.VoiceLiveConnection), resources(voicelive.aio.VoiceLiveConnection)
    assert sync.keys() == asynchronous.keys()
    assert len(sync) >= 8
    for name in sync:
        ours, theirs = public_methods(sync[name]), public_methods(asynchronous[name])
        assert ours.keys() == theirs.keys()
        for method in ours:
            assert inspect.signature(ours[method]).parameters == inspect.signature(theirs[method]).parameters
            assert not inspect.iscoroutinefunction(ours[method])
            assert inspect.iscoroutinefunction(theirs[method])


def test_the_connections_are_the_same_twice() -> None:
    """The connections' own methods have the same names and parameters."""
    ours = public_methods(voicelive.VoiceLiveConnection)
    theirs = public_methods(voicelive.aio.VoiceLiveConnection)
    assert ours.keys() == theirs.keys()
    for name in ours:
        assert list(inspect.signature(ours[name]).parameters) == list(inspect.signature(theirs[name]).parameters)
        assert inspect.iscoroutinefunction(theirs[name])
    assert (
        inspect.signature(voicelive.connect).parameters.keys()
        == inspect.signature(voicelive.aio.connect).parameters.keys()
    )


@pytest.mark.parametrize("client", ["sync", "async"])
def test_wait_for_has_an_overload_for_each_type(client: str) -> None:
    """Each type of event, by its text and by its enum member, leads to the class that such an event is decoded to."""
    tree = ast.parse((GENERATED / f"waiting_{client}.py").read_text(encoding="utf-8"))
    defined = {name: getattr(voicelive.models, name) for name in dir(voicelive.models)}
    names = {**defined, "models": voicelive.models}
    found: dict[str, type] = {}
    for function in [node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]:
        kind = next((argument.annotation for argument in function.args.args if argument.arg == "condition"), None)
        if isinstance(kind, ast.Subscript) and ast.unparse(kind.value) == "Literal":
            assert function.returns is not None
            literals = eval(f"[{ast.unparse(kind.slice).strip('()')}]", names)
            assert {*map(str, literals)} == {literals[0]}
            assert len(literals) == (1 if literals[0].startswith("voicelive.") else 2)
            found[literals[0]] = eval(ast.unparse(function.returns), names)
    classes: list[type[ServerEvent]] = [*CONNECTION_EVENTS, *CONVERSATION_EVENTS, MalformedServerEvent]
    local = {cls.model_fields["type"].default: cls for cls in classes}
    assert found == {**SERVER_EVENTS, **local}

"""What frameworks read when a program runs: the annotations of everything public, and what mocks find in a class."""

from __future__ import annotations

import inspect
import pkgutil
import subprocess
import sys
import typing
from collections.abc import Callable, Iterator
from datetime import datetime
from importlib import import_module
from types import ModuleType
from typing import Annotated, Any
from unittest.mock import AsyncMock, create_autospec

import pytest
from fastapi import Depends, FastAPI
from fastapi.testclient import TestClient
from pydantic import ValidationError, validate_call

import voicelive
import voicelive.aio
from voicelive._core.annotations import resolved_when_read
from voicelive._core.resource import Resource

# Locust, which two public classes are users for, patches the whole process unless it is asked to leave it alone.
with pytest.MonkeyPatch.context() as _patch:
    _patch.setenv("LOCUST_SKIP_MONKEY_PATCH", "1")
    import_module("voicelive._load.users")

FACES = [
    "voicelive",
    *(name for _, name, _ in pkgutil.walk_packages(voicelive.__path__, "voicelive.") if "._" not in name),
]
CLIENTS = pytest.mark.parametrize("face", [voicelive, voicelive.aio], ids=["sync", "async"])


def functions_of(thing: object, seen: set[int]) -> Iterator[tuple[str, Callable[..., Any]]]:
    """Everything in `thing`, a function or a class, that has annotations to read."""
    if id(thing) in seen:
        return
    seen.add(id(thing))
    if isinstance(thing, property):
        yield from functions_of(thing.fget, seen)
    elif isinstance(thing, (classmethod, staticmethod)):
        yield from functions_of(thing.__func__, seen)
    elif isinstance(thing, Resource):
        yield from functions_of(type(thing.__get__(None, object)), seen)
    elif inspect.isfunction(thing):
        yield thing.__qualname__, thing
    elif inspect.isclass(thing) and thing.__module__.startswith("voicelive"):
        yield thing.__qualname__, thing
        for name, value in vars(thing).items():
            if not name.startswith("_") or name.startswith("__"):
                yield from functions_of(value, seen)
        for base in thing.__bases__:
            yield from functions_of(base, seen)


def public_things() -> Iterator[tuple[str, Callable[..., Any]]]:
    seen: set[int] = set()
    for face in FACES:
        module = import_module(face)
        for name in getattr(module, "__all__", ()):
            for inner, function in functions_of(getattr(module, name), seen):
                yield f"{face}: {inner}", function


def test_the_annotations_of_everything_public_can_be_read() -> None:
    """`typing.get_type_hints` gives types, not names, for every public function, method, property and class."""
    wrong: list[str] = []
    count = 0
    for name, function in public_things():
        count += 1
        try:
            hints = typing.get_type_hints(function)
        except (NameError, TypeError, AttributeError) as error:
            wrong.append(f"{name}: {error}")
        else:
            wrong += [f"{name}: {key} is the text {hint!r}" for key, hint in hints.items() if isinstance(hint, str)]
    assert not wrong
    assert count > 500


@CLIENTS
def test_connect_tells_its_types_by_every_way_of_asking(face: ModuleType) -> None:
    """The types of `connect` are the same by `get_type_hints`, by its signature, and by its annotations as they are."""
    hints = typing.get_type_hints(face.connect, include_extras=True)
    assert hints["return"] is face.VoiceLiveConnection
    assert dict(face.connect.__annotations__) == hints == {**face.connect.__annotations__}
    signature = inspect.signature(face.connect)
    assert {
        **{n: p.annotation for n, p in signature.parameters.items()},
        "return": signature.return_annotation,
    } == hints


@CLIENTS
def test_reading_its_types_is_what_loads_them(face: ModuleType) -> None:
    """A program that never asks for the types of `connect` never loads the modules they are in."""
    script = (
        f"import sys\nfrom {face.__name__} import connect\n"
        "assert 'voicelive._credentials' not in sys.modules\n"
        "assert connect.__annotations__['reconnect']\n"
        "assert 'voicelive._credentials' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=200)


READS: list[Callable[[dict[str, Any]], Any]] = [
    lambda found: found["when"],
    lambda found: found.get("when"),
    lambda found: dict(found)["when"],
    lambda found: dict(found.items())["when"],
    lambda found: next(iter(found.values())),
    lambda found: found.copy()["when"],
    lambda found: {**found}["when"],
    lambda found: {key: found[key] for key in found}["when"],
    lambda found: datetime if found == {"when": datetime, "return": None} else None,
]


@pytest.mark.parametrize("read", READS)
def test_every_way_to_read_annotations_resolves_them(read: Callable[[dict[str, Any]], Any]) -> None:
    """Whatever is asked of the annotations first, types come out."""
    namespace: dict[str, Any] = {"__package__": "voicelive"}
    exec("from __future__ import annotations\ndef late(when: datetime) -> None: ...", namespace)
    late = resolved_when_read(datetime="datetime")(namespace["late"])
    assert read(late.__annotations__) is datetime
    assert "datetime'>" in repr(late.__annotations__)
    assert late.__annotations__.get("nothing", 5) == 5


@CLIENTS
def test_connect_is_a_dependency_of_fastapi(face: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """FastAPI takes `connect` as a dependency, calls it, and describes it in its OpenAPI document."""
    monkeypatch.setenv("AZURE_VOICELIVE_ENDPOINT", "http://127.0.0.1:1")
    app = FastAPI()

    def talk(connection: Any) -> str:
        return repr(connection)

    # The annotations of this module are texts, and this one is made here.
    talk.__annotations__ = {"connection": Annotated[face.VoiceLiveConnection, Depends(face.connect)], "return": str}
    app.get("/talk")(talk)
    client = TestClient(app)
    answer = client.get("/talk", params={"model": "gpt-4o"})
    assert answer.status_code == 200
    assert "model='gpt-4o'" in answer.text
    assert client.get("/talk", params={"strict": "perhaps"}).status_code == 422
    assert "/talk" in client.get("/openapi.json").json()["paths"]


@CLIENTS
def test_pydantic_checks_calls(face: Any) -> None:
    """`validate_call` takes `connect` and every method of a connection, hands values on, and refuses wrong ones."""
    checked = validate_call(face.connect)
    options = {"open_timeout": 3.0}
    connection = checked(endpoint="http://127.0.0.1:1", model="m", connection_options=options, reconnect=None)
    assert isinstance(connection, face.VoiceLiveConnection)
    with pytest.raises(ValidationError, match="contract_check"):
        checked(contract_check="sometimes")
    with pytest.raises(voicelive.ConfigurationError, match="open_timeout"):
        checked(endpoint="http://127.0.0.1:1", model="m", connection_options={"open_timeot": 3})
    methods = 0
    for _, function in functions_of(face.VoiceLiveConnection, set()):
        if inspect.isfunction(function) and not function.__name__.startswith("__"):
            validate_call(function)
            methods += 1
    assert methods >= 30


async def test_async_resources_can_be_mocked() -> None:
    """Mocks after the asynchronous connection have resources whose methods are awaited."""
    for mock in (AsyncMock(spec=voicelive.aio.VoiceLiveConnection), autospec(voicelive.aio)):
        mock.recv.return_value = "event"
        assert await mock.recv(timeout=1) == "event"
        await mock.session.update(session={})
        await mock.conversation.item.create(item={})
        await mock.rtc.call.sdp.create(sdp_offer="v=0")
        mock.session.update.assert_awaited_once_with(session={})
        with pytest.raises(AttributeError):
            _ = mock.sesion
    resource = AsyncMock(spec=type(voicelive.aio.VoiceLiveConnection.conversation))
    await resource.item.create(item={})


def autospec(face: Any) -> Any:
    return create_autospec(face.VoiceLiveConnection, instance=True)


@CLIENTS
async def test_an_autospec_knows_every_method(face: Any) -> None:
    """A mock made by `create_autospec` refuses methods and arguments that a connection does not have, at any depth."""
    mock = autospec(face)
    assert isinstance(mock.session, type(face.VoiceLiveConnection.session))
    with pytest.raises(TypeError):
        await awaited(mock.session.update(sesion={}))
    with pytest.raises(TypeError):
        await awaited(mock.conversation.item.delete())
    with pytest.raises(TypeError):
        await awaited(mock.wait_for())
    for resource, name in ((mock.session, "updat"), (mock.conversation, "itm"), (mock.rtc.call, "spd")):
        assert not hasattr(resource, name)
    await awaited(mock.response.create())
    assert mock.response.create.call_count == 1


async def awaited(value: Any) -> Any:
    return await value if inspect.isawaitable(value) else value


@CLIENTS
async def test_the_resources_of_the_class_cannot_send(face: Any) -> None:
    """A method of a class's resource says that a connection sends; each connection keeps resources of its own."""
    with pytest.raises(TypeError, match="by a connection, not by its class"):
        await awaited(face.VoiceLiveConnection.conversation.item.delete(item_id="i"))
    first, second = (face.connect(endpoint="http://127.0.0.1:1", model="m") for _ in range(2))
    assert first.session is first.session
    assert first.conversation.item is first.conversation.item
    assert first.session is not second.session

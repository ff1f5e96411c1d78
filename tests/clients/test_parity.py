"""Both clients are one API: the same names, parameters, types and docstrings, apart from what waits and what awaits."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from types import FunctionType, ModuleType
from typing import Any, NamedTuple

import voicelive
import voicelive.aio
from voicelive._clients.async_connection import VoiceLiveConnection as AsyncConnection
from voicelive._clients.sync_connection import VoiceLiveConnection as SyncConnection
from voicelive._generated import resources_async, resources_sync

NAMES = {"__aenter__": "__enter__", "__aexit__": "__exit__", "__aiter__": "__iter__", "__anext__": "__next__"}
"""What Python calls the same thing for who awaits, and for who does not."""


class Deviation(NamedTuple):
    """Where the clients differ, in which aspect, and why that is right."""

    where: str
    aspect: str
    reason: str


DEVIATIONS = [
    Deviation("connect", "annotations", "credentials that are awaited need an event loop"),
    Deviation("connect", "docstring", "names its own `with`, credentials and example"),
    Deviation("VoiceLiveConnection", "docstring", "one is for threads, the other for the tasks of one loop"),
    Deviation("VoiceLiveConnection.close", "docstring", "only a task can be cancelled while it closes"),
]


def described(source: Any) -> dict[str, Any]:
    """Return what of a function is compared, without what only says that it is awaited."""
    signature = inspect.signature(source)
    parameters = [(each.name, each.kind, each.default) for each in signature.parameters.values()]
    annotations = {each.name: plain(each.annotation) for each in signature.parameters.values()}
    annotations["return"] = plain(signature.return_annotation)
    return {"parameters": parameters, "annotations": annotations, "docstring": inspect.getdoc(source)}


def plain(annotation: object) -> str:
    """Return an annotation as text, without Awaitable, Coroutine and AsyncIterator."""
    text = annotation if isinstance(annotation, str) else repr(annotation)
    text = re.sub(r"\b(?:Awaitable|Coroutine\[Any, Any, )\[?(.*)\]$", r"\1", text)
    return text.replace("AsyncIterator", "Iterator")


def public(cls: type) -> dict[str, Any]:
    """Return the public members of a class and those that Python calls, by the name they have in the sync client."""
    found: dict[str, Any] = {}
    for base in reversed(cls.__mro__[:-1]):
        for name, member in vars(base).items():
            if name in {*NAMES, *NAMES.values()} or not name.startswith("_"):
                found[NAMES.get(name, name)] = member
    return found


def differences(where: str, one: Any, other: Any) -> Iterator[tuple[str, str]]:
    """Yield where two functions, properties or classes differ, and in which aspect."""
    if isinstance(one, property):
        one, other = one.fget, other.fget
    if isinstance(one, (FunctionType, staticmethod, classmethod)):
        mine, others = described(one), described(other)
        yield from ((where, aspect) for aspect in mine if mine[aspect] != others[aspect])
    elif type(one) is not type(other):
        yield where, "kind"


def class_differences(where: str, one: type, other: type) -> Iterator[tuple[str, str]]:
    """Yield where two classes differ."""
    if inspect.getdoc(one) != inspect.getdoc(other):
        yield where, "docstring"
    mine, others = public(one), public(other)
    yield from ((f"{where}.{name}", "names") for name in mine.keys() ^ others.keys())
    for name in mine.keys() & others.keys():
        yield from differences(f"{where}.{name}", mine[name], others[name])


def offered(face: ModuleType) -> set[str]:
    """Return the names of a package's functions and classes: its modules are those of neither client."""
    kinds = (type, FunctionType)
    return {name for name in face.__all__ if isinstance(getattr(face, name), kinds)}


def all_differences() -> Iterator[tuple[str, str]]:
    """Yield every difference between the two clients."""
    own, its = (
        {
            name
            for name in face.__all__
            if inspect.isroutine(getattr(face, name)) or inspect.isclass(getattr(face, name))
        }
        for face in (voicelive, voicelive.aio)
    )
    yield from ((f"voicelive.{name}", "names") for name in own ^ its)
    for name in ("connect", "warmup"):
        yield from differences(name, getattr(voicelive, name), getattr(voicelive.aio, name))
    yield from class_differences("VoiceLiveConnection", SyncConnection, AsyncConnection)
    resources = [vars(module) for module in (resources_sync, resources_async)]
    mine, others = ({name: each for name, each in found.items() if inspect.isclass(each)} for found in resources)
    own_names, its_names = (
        {name for name, cls in found.items() if cls.__module__ == module.__name__}
        for found, module in ((mine, resources_sync), (others, resources_async))
    )
    yield from ((name, "names") for name in own_names ^ its_names)
    for name in own_names & its_names:
        yield from class_differences(name, mine[name], others[name])


def test_the_clients_differ_only_where_the_list_says() -> None:
    """Names, kinds, defaults, types and docstrings are equal, and every entry of the list is used."""
    found = set(all_differences())
    listed = {(deviation.where, deviation.aspect) for deviation in DEVIATIONS}
    assert found - listed == set(), "the clients differ"
    assert listed - found == set(), "the list names differences that are gone"


def test_the_comparison_sees_something() -> None:
    """What is compared is there: methods of the connection, and methods of resources with parameters."""
    members = public(SyncConnection)
    assert {"open", "close", "recv", "send", "wait_for", "recv_bytes", "__next__", "close_info"} <= members.keys()
    assert len(list(inspect.signature(resources_sync.ResponseResource.create).parameters)) > 1


def test_waiting_methods_are_awaited_in_one_client_only() -> None:
    """Every method of the async client that the sync one waits in is to be awaited; no other one is."""
    for name in ("open", "close", "recv", "recv_bytes", "send", "wait_for", "__enter__", "__exit__", "__next__"):
        assert not inspect.iscoroutinefunction(public(SyncConnection)[name])
        assert inspect.iscoroutinefunction(public(AsyncConnection)[name]), name

"""The line between what users may build on and what may change: the faces, their names, and each signature."""

from __future__ import annotations

import inspect
import json
import os
import pickle
import pkgutil
import re
import subprocess
import sys
import typing
from collections.abc import Callable, Iterator
from enum import EnumType
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import voicelive
import voicelive.aio
import voicelive.conversation
import voicelive.local.faults
import voicelive.testing
import voicelive.tools
from tests.typing.test_runtime_annotations import functions_of
from tests.typing.whole_api import program

FACES = [
    "voicelive",
    "voicelive.agents",
    "voicelive.aio",
    "voicelive.audio",
    "voicelive.conversation",
    "voicelive.errors",
    "voicelive.evaluation",
    "voicelive.load",
    "voicelive.local",
    "voicelive.local.engines",
    "voicelive.local.faults",
    "voicelive.models",
    "voicelive.pytest_plugin",
    "voicelive.recording",
    "voicelive.telemetry",
    "voicelive.telephony",
    "voicelive.testing",
    "voicelive.tools",
    "voicelive.types",
]
LIST = Path(__file__).with_name("public_api.txt")
API = Path(__file__).with_name("typing") / "api.py"
WRITE = "VOICELIVE_PUBLIC_API"
"""Set to `write`, it makes the list anew."""

FRESH = """
import importlib, json, sys
face = importlib.import_module(sys.argv[1])
before = dir(face)
for name in face.__all__:
    getattr(face, name)
if sys.argv[1] in ("voicelive", "voicelive.aio"):
    face.connect(endpoint="http://127.0.0.1:1", model="m")
print(json.dumps([before, dir(face), sorted(face.__all__), len(set(face.__all__)) == len(face.__all__)]))
"""


def test_a_module_is_public_if_no_part_of_its_path_begins_with_an_underscore() -> None:
    """These are all public modules; another one is a decision."""
    found = [name for _, name, _ in pkgutil.walk_packages(voicelive.__path__, "voicelive.")]
    assert ["voicelive", *(name for name in found if "._" not in name)] == FACES


# pytest finds the plugin's hooks by `dir()`, so that one shows them.
@pytest.mark.parametrize("face", [face for face in FACES if face != "voicelive.pytest_plugin"])
def test_a_face_lists_its_names_and_no_others(face: str) -> None:
    """`dir()` gives exactly the public names, before and after they are used."""
    done = subprocess.run([sys.executable, "-c", FRESH, face], capture_output=True, text=True, timeout=200, check=True)
    before, after, names, is_unique = json.loads(done.stdout)
    assert before == after == names
    assert is_unique


MADE_BY_THE_LIBRARY = {
    voicelive.VoiceLiveConnection,
    voicelive.aio.VoiceLiveConnection,
    voicelive.ResponseHandle,
    voicelive.aio.ResponseHandle,
    voicelive.conversation.Playback,
    voicelive.local.SessionRecord,
    voicelive.local.ThreadedLocalService,
    voicelive.local.faults.PlannedFault,
    voicelive.testing.ObservedSession,
    voicelive.tools.Tool,
}
"""What an application is given and does not make: how it is made is nobody else's business."""


def line(face: str, name: str, thing: Any) -> Iterator[str]:
    """Name, kind and signature of a public thing, and of the methods of a class."""
    if inspect.ismodule(thing):
        yield f"{face}.{name} module"
    elif face == "voicelive.models":
        yield f"{face}.{name}"
    elif inspect.isclass(thing) or inspect.isfunction(thing):
        yield f"{face}.{name} {'class' if inspect.isclass(thing) else 'function'}{signature(thing)}"
        if inspect.isclass(thing):
            yield from members(face, name, thing)
    else:
        yield f"{face}.{name} {type(thing).__name__}"


def members(face: str, name: str, cls: type) -> Iterator[str]:
    own = [base for base in cls.__mro__ if base.__module__.startswith("voicelive")]
    for member in sorted({key for base in own for key in vars(base) if not key.startswith("_")}):
        value = inspect.getattr_static(cls, member)
        if isinstance(value, (classmethod, staticmethod)):
            value = value.__func__
        kind = "async method" if inspect.iscoroutinefunction(value) else "method"
        if inspect.isfunction(value):
            yield f"{face}.{name}.{member} {kind}{signature(value)}"
        else:
            yield f"{face}.{name}.{member} {'property' if isinstance(value, property) else 'attribute'}"


def signature(thing: Callable[..., Any]) -> str:
    """Names, kinds and defaults of the parameters; their types are for the type checkers."""
    if thing in MADE_BY_THE_LIBRARY:
        return ""
    if getattr(thing, "_is_protocol", False) or typing.is_typeddict(thing) or isinstance(thing, EnumType):
        # Not called with arguments of its own; what Python makes of that differs from version to version.
        return ""
    try:
        found = inspect.signature(thing)
    except (ValueError, TypeError):
        return ""
    bare = [parameter.replace(annotation=inspect.Parameter.empty) for parameter in found.parameters.values()]
    text = str(found.replace(parameters=bare, return_annotation=inspect.Signature.empty))
    return re.sub(r" at 0x[0-9a-f]+", "", text)


def test_the_list_of_the_public_interface_is_current() -> None:
    """Each public name, its kind and its signature stand in `public_api.txt`, so that a change shows in a review."""
    found: list[str] = []
    for face in FACES:
        module = import_module(face)
        for name in sorted(module.__all__):
            found.extend(line(face, name, getattr(module, name)))
    text = "\n".join(found) + "\n"
    if os.environ.get(WRITE) == "write":
        LIST.write_text(text, encoding="utf-8")
    listed = LIST.read_text(encoding="utf-8").splitlines()
    assert found == listed, f"if this is meant, write the list anew with {WRITE}=write"


def test_the_program_with_everything_public_is_current() -> None:
    """Each public name, member and parameter stands in `typing/api.py` with its type, which both checkers check."""
    text = program()
    if os.environ.get(WRITE) == "write":
        API.write_text(text, encoding="utf-8")
    assert API.read_text(encoding="utf-8") == text, f"if this is meant, write it anew with {WRITE}=write"


def test_no_signature_shows_what_is_private() -> None:
    """What is called with private arguments is made by the library, and is listed without them."""
    listed = LIST.read_text(encoding="utf-8").splitlines()
    assert [line for line in listed if re.search(r"[(,] ?\*{0,2}_\w", line)] == []


def public_things() -> Iterator[tuple[str, str, Any]]:
    """Each public class and function: face, name, itself; one that two faces export comes twice."""
    for face in FACES:
        module = import_module(face)
        for name in module.__all__:
            thing = getattr(module, name)
            if inspect.isclass(thing) or inspect.isfunction(thing):
                yield face, name, thing


def _is_from(thing: Any, face: str) -> bool:
    if thing.__module__ not in FACES:
        return False
    return thing.__module__ == face or getattr(import_module(thing.__module__), thing.__qualname__, None) is thing


def test_a_public_thing_says_it_is_from_where_it_is_imported() -> None:
    """`__module__`, which tracebacks and documentation show, is a face that exports the thing under its name."""
    wrong = [
        f"{face}.{name} says {thing.__module__}.{thing.__qualname__}"
        for face, name, thing in public_things()
        # Resources are there for annotations; theirs are text, which is looked up in the module they are from.
        if not name.endswith("Resource") and not _is_from(thing, face)
    ]
    assert not wrong


def test_every_public_thing_can_be_pickled() -> None:
    """What stands in a face is pickled by name, and the same object comes back; constants come back equal."""
    for face in FACES:
        module = import_module(face)
        for name in module.__all__:
            thing = getattr(module, name)
            if inspect.isclass(thing) or inspect.isfunction(thing):
                assert pickle.loads(pickle.dumps(thing)) is thing, f"{face}.{name}"
            # Fixtures are pytest's objects; it looks them up by name.
            elif not inspect.ismodule(thing) and face != "voicelive.pytest_plugin":
                assert pickle.loads(pickle.dumps(thing)) == thing, f"{face}.{name}"


FROM_PRIVATE_MODULES = """
import pickle, sys
from voicelive._core import events
from voicelive._generated.models import ResponseSession
made = [events.MalformedServerEvent(data=b"x"), ResponseSession(id="s")]
assert "voicelive.models" not in sys.modules
assert {type(one).__module__ for one in made} == {"voicelive.models"}
assert made[1] == ResponseSession.model_validate({"id": "s"})
assert "voicelive.models" not in sys.modules
sys.stdout.buffer.write(pickle.dumps(made))
"""


def test_values_say_the_same_where_the_face_was_never_imported() -> None:
    """An event made before anybody imported `voicelive.models` is pickled by that name, and read where it is loaded."""
    script = [sys.executable, "-c", FROM_PRIVATE_MODULES]
    pickled = subprocess.run(script, stdout=subprocess.PIPE, timeout=200, check=True).stdout
    assert b"_generated" not in pickled
    event, session = pickle.loads(pickled)
    assert event == voicelive.models.MalformedServerEvent(data=b"x")
    assert session == voicelive.models.ResponseSession(id="s")


def test_source_is_found_or_said_to_be_missing_and_never_another_one() -> None:
    """`inspect.getsource` shows the source of functions; that of a class of another file it never mistakes."""
    for face, name, thing in public_things():
        try:
            source = inspect.getsource(thing)
        except OSError:
            assert inspect.isclass(thing), f"{face}.{name}"
        else:
            assert re.search(rf"^(class|(async )?def) {name}\b", source, re.MULTILINE), f"{face}.{name}: {source[:80]}"


def own_types(hint: object) -> Iterator[type]:
    """The classes of this package within an annotation."""
    if inspect.isclass(hint) and not typing.get_args(hint):
        if hint.__module__.startswith("voicelive"):
            yield hint
        return
    for part in typing.get_args(hint):
        # Callable[[X], Y] holds a list.
        for inner in part if isinstance(part, list) else [part]:
            yield from own_types(inner)


def test_what_the_clients_take_and_give_can_be_imported() -> None:
    """Each class in the signature of a connection's methods or of `connect` has a public name."""
    public = {id(getattr(import_module(face), name)) for face in FACES for name in import_module(face).__all__}
    hidden: set[str] = set()
    for module in (voicelive, import_module("voicelive.aio")):
        for thing in (module.connect, module.warmup, module.VoiceLiveConnection):
            for name, function in functions_of(thing, set()):
                # A connection is made by connect(), a resource by its connection.
                if not name.endswith("__init__"):
                    for hint in typing.get_type_hints(function).values():
                        hidden |= {cls.__name__ for cls in own_types(hint) if id(cls) not in public}
    assert {name for name in hidden if not name.endswith("Resource")} == set()

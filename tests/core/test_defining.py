"""Classes of the contract are defined when they are first met; nobody sees a difference."""

from __future__ import annotations

import gc
import pickle
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

import voicelive
import voicelive.aio
from voicelive import models
from voicelive._collector import collector_paused
from voicelive._defining import LazyClasses
from voicelive._generated import models as generated

SOURCE = Path(str(generated.__file__))
TIMEOUT_S = 30


def fresh() -> dict[str, Any]:
    """The generated module's namespace as it is before anything was asked of it."""
    namespace: dict[str, Any] = {"__name__": "voicelive._generated.models", "__package__": "voicelive._generated"}
    exec(CODE, namespace)
    return namespace


CODE = compile(SOURCE.read_text(encoding="utf-8"), str(SOURCE), "exec")


def in_a_new_process(script: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments], capture_output=True, text=True, timeout=TIMEOUT_S, check=True
    )
    return done.stdout


def test_each_class_can_be_the_first_that_is_met() -> None:
    """Whichever name is asked for first, what it is built on is defined with it, and it is called what it was."""
    for name in generated.__all__:
        made = fresh()["__getattr__"](name)
        assert made.__name__ == name
        assert getattr(made, "__qualname__", name) == name


DEFINED = """
from voicelive._generated import models
from voicelive._core.contract import WireContract
from voicelive.models import ServerEvent
from typing import Literal
class Own(ServerEvent):
    type: Literal["own.event"] = "own.event"
contract = WireContract("2026-07-15", events=[Own])
contract.decode(b'{"type":"response.audio.delta","delta":"AAAA"}')
contract.encode_call("input_audio_buffer.clear", {})
print(*sorted(name for name in models.__all__ if name in vars(models)))
"""


def test_only_what_is_met_is_defined() -> None:
    """A connection with an event class of its own, that read and wrote an event, has not met the others."""
    met = set(in_a_new_process(DEFINED).split())
    assert {"ServerEventResponseAudioDelta", "ClientEventInputAudioBufferClear"} <= met
    assert len(met) <= 6


def test_threads_that_meet_a_class_together_get_one() -> None:
    """Eight threads that ask for every class at the same time get the same objects."""
    namespace, start = fresh(), threading.Barrier(8)
    found: list[list[Any]] = []

    def ask() -> None:
        start.wait(TIMEOUT_S)
        found.append([namespace["__getattr__"](name) for name in generated.__all__])

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(TIMEOUT_S)
    assert len(found) == 8
    assert all(one is other for classes in found for one, other in zip(found[0], classes, strict=True))


def test_a_pickle_defines_what_it_holds() -> None:
    """A process that has met no class reads a pickle of a model and of its enums."""
    message = models.ResponseMessageItem(role="assistant", content=[], status=models.ResponseItemStatus.COMPLETED)
    text = in_a_new_process(
        "import pickle, sys; print(repr(pickle.loads(bytes.fromhex(sys.argv[1]))))", pickle.dumps(message).hex()
    )
    assert text.strip() == repr(message)


def test_a_name_that_is_not_there_is_said_so() -> None:
    """A module of classes to be defined names itself and what it lacks, as any module does."""
    with pytest.raises(AttributeError, match=r"module 'voicelive\.models' has no attribute 'NoSuchModel'"):
        models.NoSuchModel  # type: ignore[attr-defined] # pyright: ignore # noqa: B018
    with pytest.raises(AttributeError, match="has no attribute 'NoSuchModel'"):
        generated.NoSuchModel  # type: ignore[attr-defined] # pyright: ignore # noqa: B018


@pytest.mark.parametrize("on", [True, False])
def test_the_collector_is_left_as_it_was(on: bool) -> None:
    """It rests while classes are made, also in a block within another, and is on afterwards only if it was before."""
    was_on = gc.isenabled()
    (gc.enable if on else gc.disable)()
    try:
        with collector_paused():
            with collector_paused():
                assert not gc.isenabled()
            assert not gc.isenabled()
        assert gc.isenabled() is on
    finally:
        (gc.enable if was_on else gc.disable)()


@pytest.mark.parametrize("frozen", [True, False])
def test_what_lasts_counts_as_old_at_once(frozen: bool) -> None:
    """What such a block made is not walked through twice more; what an application froze stays frozen."""
    script = (
        "import gc\nfrom voicelive._collector import collector_paused\n"
        f"gc.freeze() if {frozen} else None\nbefore = gc.get_freeze_count()\n"
        "with collector_paused(lasting=True):\n    made = [[] for _ in range(5000)]\n"
        "print(gc.isenabled(), gc.get_freeze_count() >= before > 1000, len(gc.get_objects(generation=2)) > 5000)"
    )
    assert in_a_new_process(script).split() == ["True", str(frozen), str(not frozen)]


@pytest.mark.parametrize("face", [voicelive, voicelive.aio])
def test_connecting_again_walks_through_nothing(face: Any) -> None:
    """Once everything is loaded, `connect()` asks the collector only for what is there at once, however much exists."""
    face.connect(endpoint="http://127.0.0.1:1", model="m")
    asked: set[str] = set()

    def look(frame: Any, event: str, function: Any) -> None:
        if event == "c_call" and getattr(function, "__self__", None) is gc:
            asked.add(function.__name__)

    before = sys.getprofile()
    sys.setprofile(look)
    try:
        face.connect(endpoint="http://127.0.0.1:1", model="m")
    finally:
        sys.setprofile(before)
    assert {"disable", "enable"} <= asked <= {"disable", "enable", "get_count", "get_threshold", "isenabled"}


def test_a_registry_with_classes_of_ones_own_leaves_the_first_as_it_is() -> None:
    """Added classes come before those of the contract, which are asked for only when they are needed."""
    asked: list[str] = []

    def find(name: str) -> type:
        asked.append(name)
        return int

    registry: LazyClasses[type] = LazyClasses({"a": "A", "b": "B"}, find)
    other = registry.with_others({"b": str, "c": bytes})
    assert (list(registry), list(other), len(other)) == (["a", "b"], ["a", "b", "c"], 3)
    assert ("c" in registry, "c" in other, other.get("d", None)) == (False, True, None)
    assert asked == []
    assert (other["b"], other["c"], other["a"], registry["b"]) == (str, bytes, int, int)
    assert asked == ["A", "B"]
    with pytest.raises(KeyError):
        registry["c"]

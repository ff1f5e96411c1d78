"""Every error of the package pickles and copies as it is."""

from __future__ import annotations

import copy
import pickle
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from voicelive import errors
from voicelive._base import FieldIssue
from voicelive._core.closing import CloseInfo
from voicelive._local.control.client import ControlError
from voicelive._local.engines.protocols import EngineUnavailableError, ResponderError
from voicelive._local.engines.registry import EngineNotFoundError, EngineOptionsError
from voicelive.errors import CopyableError, VoiceLiveError
from voicelive.local import PortInUseError, UnprotectedHostError

UNSENT = errors.UnsentEvent(type="response.create", event_id="e1", size=12)
INFO = CloseInfo(1006, "", "network")
ISSUE = FieldIssue("session.voice", "not a voice", ["x"])
REFUSED: dict[str, Any] = {
    "status": 429,
    "headers": {"retry-after": "5"},
    "body": b"{}",
    "request_id": "r1",
    "retry_after": 5.0,
}


def closed(cls: type[errors.ConnectionClosed]) -> errors.ConnectionClosed:
    return cls(1006, "why", info=INFO, unsent=UNSENT)


MAKE: dict[type[Exception], Callable[[], Exception]] = {
    errors.InvalidEventError: lambda: errors.InvalidEventError(
        "m", event_type="response.create", issues=[ISSUE], event_id="e1"
    ),
    errors.ReceiveTimeoutError: lambda: errors.ReceiveTimeoutError("m", timeout=2.0, arrived={"error": 3}),
    errors.ProxyError: lambda: errors.ProxyError("m", status=407),
    errors.SendQueueFullError: lambda: errors.SendQueueFullError("m", unsent=UNSENT),
    PortInUseError: lambda: PortInUseError("127.0.0.1", 80),
    UnprotectedHostError: lambda: UnprotectedHostError("0.0.0.0"),
    ControlError: lambda: ControlError("m"),
    EngineOptionsError: lambda: EngineOptionsError("energy", missing=["a"], unknown=[]),
    ResponderError: lambda: ResponderError("m", code="c", type="t"),
}
# What is not derived from the base, as it takes nothing but a text.
WARNINGS = [value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, Warning)]
PLAIN: list[type[Exception]] = [EngineUnavailableError, EngineNotFoundError, *WARNINGS]


def every(cls: type[Exception]) -> Iterator[type[Exception]]:
    yield cls
    for kind in cls.__subclasses__():
        # Those that other tests define are not of the package.
        if kind.__module__.startswith("voicelive"):
            yield from every(kind)


def make(cls: type[Exception]) -> Exception:
    if cls in MAKE:
        return MAKE[cls]()
    if issubclass(cls, errors.ConnectionClosed):
        return closed(cls)
    if issubclass(cls, errors.HandshakeError):
        return cls("m", **REFUSED)
    return cls("m")


def in_trouble(cls: type[Exception]) -> Exception:
    """An error made while another one, which cannot be pickled, was being handled."""

    class LocalError(Exception):
        pass

    try:
        raise LocalError(threading.Lock())
    except LocalError:
        error = make(cls)
    error.add_note("a note")
    return error


CLASSES = sorted({*every(CopyableError), *PLAIN, *MAKE} - {CopyableError}, key=lambda cls: cls.__name__)
WAYS: dict[str, Callable[[Exception], Exception]] = {
    "pickle": lambda error: pickle.loads(pickle.dumps(error)),
    "old pickle": lambda error: pickle.loads(pickle.dumps(error, protocol=2)),
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
}


def seen(error: Exception) -> dict[str, Any]:
    passing = ("exc_type", "exc_value", "exc_traceback")
    return {name: value for name, value in vars(error).items() if name not in passing}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_an_error_comes_out_as_it_went_in(cls: type[Exception], way: str) -> None:
    """The copy has the class, the text, the arguments, every attribute and the notes; twice copied is no more."""
    error = in_trouble(cls)
    for _ in range(2):
        again = WAYS[way](error)
        assert type(again) is cls
        assert (str(again), repr(again), again.args) == (str(error), repr(error), error.args)
        assert seen(again) == seen(error)
        error = again


def test_every_public_error_is_among_them() -> None:
    """No error that the package raises is left out."""
    public = {getattr(errors, name) for name in errors.__all__} - {errors.UnsentEvent}
    assert public <= set(CLASSES)
    assert all(issubclass(cls, VoiceLiveError) for cls in public - {*WARNINGS})


def test_a_refused_value_that_cannot_be_pickled_is_told_as_text() -> None:
    """An event refused for a value such as a lock still pickles; a copy within the process keeps the value itself."""
    lock = threading.Lock()
    error = errors.InvalidEventError("m", event_type="x", issues=[FieldIssue("a.b", "no", lock)])
    assert pickle.loads(pickle.dumps(error)).issues == (FieldIssue("a.b", "no", repr(lock)),)
    for copied in (copy.copy(error), copy.deepcopy(error)):
        assert copied.issues[0].value is lock
    assert copy.copy(error.issues[0]).value is lock


class Mine(errors.ConnectionClosed):
    """An error of an application's own, which takes other things than its base."""

    def __init__(self, *, room: str) -> None:
        super().__init__(1000, "bye", info=INFO)
        self.room = room


def test_errors_that_an_application_derives_are_copied_too() -> None:
    """A class derived from one of these needs nothing of its own for it."""
    again = pickle.loads(pickle.dumps(Mine(room="hall")))
    assert (type(again), again.room, again.code, str(again)) == (
        Mine,
        "hall",
        1000,
        "the connection is closed: 1000 bye",
    )

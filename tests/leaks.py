"""Fails every test that gives a credential away: a plugin of pytest, on for all tests.

It looks for the mark of `secrets.py` in every log record, warning and captured output, in the repr of everything that
holds or once held a credential, and in every exception that a test expects or fails with: its text, its attributes, and
the local variables of the frames of this package and of `websockets` that it came through. Tests marked ``all_logs``
run with every logger at DEBUG.
"""

from __future__ import annotations

import functools
import logging
import subprocess
import sys
import traceback
import warnings
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
import websockets
from typer.testing import CliRunner, Result

import voicelive
import voicelive._clients.async_connection
import voicelive._clients.sync_connection
from voicelive import _credentials
from voicelive._core import handshake
from voicelive._local import records
from voicelive._transport import options, routes

from .secrets import FORMS

__all__ = ["examine"]

_WATCHED_FOLDERS = tuple(str(Path(str(module.__file__)).parent) for module in (voicelive, websockets))
_WATCHED_CLASSES: tuple[type, ...] = (
    voicelive._clients.sync_connection.VoiceLiveConnection,
    voicelive._clients.async_connection.VoiceLiveConnection,
    _credentials.CredentialSource,
    handshake.Handshake,
    handshake.OpeningRequest,
    options.TransportOptions,
    routes.Proxy,
    records.SessionRecord,
)

_found: list[str] = []
"""What the test that runs has given away, and where."""


_found_late: list[str] = []
"""What is known only when a test has been reported, for the end of the session."""


def look_at(where: str, text: str, found: list[str] = _found) -> None:
    """Note if `text` holds a credential."""
    if any(form in text for form in FORMS):
        at = min(text.find(form) for form in FORMS if form in text)
        found.append(f"{where}: ...{text[max(0, at - 80) : at + 40]!r}...")


def examine(error: BaseException) -> None:
    """Look at an exception, at those it came from, and at the local variables of the frames on their way."""
    for each in _chain(error):
        name = type(each).__name__
        look_at(f"text of {name}", "".join(traceback.format_exception_only(type(each), each)))
        look_at(f"attributes of {name}", repr(vars(each)))
        for frame, line in traceback.walk_tb(each.__traceback__):
            if frame.f_code.co_filename.startswith(_WATCHED_FOLDERS):
                _look_at_locals(frame, line, name)


def _chain(error: BaseException) -> Iterator[BaseException]:
    left: list[BaseException | None] = [error]
    seen: set[int] = set()
    while left:
        each = left.pop()
        if each is not None and id(each) not in seen:
            seen.add(id(each))
            yield each
            left += [each.__cause__, each.__context__]


def _look_at_locals(frame: FrameType, line: int, error: str) -> None:
    for name, value in frame.f_locals.items():
        try:
            # An hour of audio is searched as it is: with its bytes spelt out it is three times as long.
            shown = str(value, "latin-1") if isinstance(value, bytes | bytearray) else repr(value)
        except Exception:  # noqa: BLE001 - half-built objects have no repr; a traceback shows none either
            continue
        place = f"{Path(frame.f_code.co_filename).name}:{line}, {frame.f_code.co_name}()"
        look_at(f"local variable {name!r} of {place}, in the traceback of {error}", shown)


class _Listener(logging.Handler):
    """Sees every record."""

    def emit(self, record: logging.LogRecord) -> None:
        shown = f"{record.getMessage()} {record.args!r}"
        if record.exc_info:
            shown += logging.Formatter().formatException(record.exc_info)
        look_at(f"record of the logger {record.name!r}", shown)


_listener = _Listener(logging.NOTSET)


def _afterwards(owner: Any, name: str, look: Callable[..., None]) -> None:
    """Call `look` with the arguments and the result of a method after each call."""
    method = getattr(owner, name)

    @functools.wraps(method)
    def watched(*args: Any, **kwargs: Any) -> Any:
        result = method(*args, **kwargs)
        look(result, *args)
        return result

    # Python does this by itself only for what stands in the body of a class.
    setattr(owner, name, staticmethod(watched) if name == "__new__" else watched)


def _look_at_repr(_: None, made: object, *args: object) -> None:
    # A subclass may not be complete yet.
    if type(made) in _WATCHED_CLASSES:
        look_at(f"repr of {type(made).__name__}", repr(made))


def _look_at_repr_of_tuple(made: object, *args: object) -> None:
    _look_at_repr(None, made)


def _look_at_expected(_: None, __: object, raised: tuple[type[BaseException], BaseException, object]) -> None:
    examine(raised[1])


def _look_at_result(result: Result, *args: object) -> None:
    look_at("output of the command", result.output)


def _look_at_output(what: str, result: tuple[Any, Any], *args: object) -> None:
    for text in result:
        if text:
            look_at(what, text if isinstance(text, str) else bytes(text).decode("utf-8", "replace"))


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "all_logs: run with every logger at DEBUG, and see that nothing secret is said")
    config.addinivalue_line("markers", "leaks_on_purpose: what it gives away is no fault of this package")
    logging.getLogger().addHandler(_listener)
    for cls in _WATCHED_CLASSES:
        if issubclass(cls, tuple):
            _afterwards(cls, "__new__", _look_at_repr_of_tuple)
        else:
            _afterwards(cls, "__init__", _look_at_repr)
    _afterwards(pytest.ExceptionInfo, "fill_unfilled", _look_at_expected)
    _afterwards(pytest.CaptureFixture, "readouterr", functools.partial(_look_at_output, "captured output"))
    _afterwards(CliRunner, "invoke", _look_at_result)
    _afterwards(subprocess.Popen, "communicate", functools.partial(_look_at_output, "output of a program"))


def pytest_warning_recorded(warning_message: warnings.WarningMessage, nodeid: str) -> None:
    look_at(f"warning of {nodeid}", str(warning_message.message), _found_late)


@pytest.fixture(autouse=True)
def _every_level(request: pytest.FixtureRequest) -> Generator[None, None, None]:
    """Let all loggers speak, for tests that ask for it."""
    root = logging.getLogger()
    before = root.level
    if request.node.get_closest_marker("all_logs"):
        root.setLevel(logging.DEBUG)
    yield
    root.setLevel(before)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[Any]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if call.excinfo is not None and not call.excinfo.errisinstance(pytest.skip.Exception):
        examine(call.excinfo.value)
    for name, text in report.sections:
        # Those of the phases before are in it again.
        if name.endswith(call.when):
            look_at(name, text)
    if item.get_closest_marker("leaks_on_purpose"):
        _found.clear()
    if _found:
        report.outcome = "failed"
        report.longrepr = "\n".join(["this test gives a credential away:", *sorted(set(_found))])
        _found.clear()
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    # With several workers this runs in the process that they report to, too, and warnings arrive there.
    if left := [*_found, *_found_late]:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        sys.stderr.write("\n".join(["a credential was given away:", *left, ""]))

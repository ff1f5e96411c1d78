"""What an ended connection means, as a table."""

from __future__ import annotations

from typing import Any

import pytest

from voicelive import errors
from voicelive._core.closing import (
    GIVEN_UP,
    Cause,
    CloseInfo,
    check_close_arguments,
    closed_error,
    ends_quietly,
    explain_end,
    interpret_end,
)
from voicelive._core.end_evidence import EndEvidence
from voicelive._core.envelope import Incoming, Outgoing
from voicelive._core.timeouts import LONGEST, check_timeout

Frame = tuple[int, str] | None

OK: Frame = (1000, "")

ENDS: list[tuple[str, Frame, Frame, bool, Frame, CloseInfo]] = [
    # name, received, sent, received first, requested, meaning
    ("the server first", (1001, "bye"), (1001, "bye"), True, None, CloseInfo(1001, "bye", "server")),
    ("the server, unanswered", (1011, "x"), None, False, None, CloseInfo(1011, "x", "server")),
    ("the server just before close()", (1008, "x"), OK, True, OK, CloseInfo(1008, "x", "server")),
    ("close(), answered", OK, OK, False, OK, CloseInfo(1000, "", "local")),
    ("close(), answered otherwise", (1011, "x"), (3000, "y"), False, (3000, "y"), CloseInfo(3000, "y", "local")),
    ("close(), unanswered", None, OK, False, OK, CloseInfo(1000, "", "local")),
    ("nobody", None, None, False, None, CloseInfo(1006, "", "network")),
    (
        "keepalive",
        None,
        (1011, "keepalive ping timeout"),
        False,
        None,
        CloseInfo(1011, "keepalive ping timeout", "timeout"),
    ),
    ("internal error of this side", None, (1011, ""), False, None, CloseInfo(1011, "", "local")),
    ("too big a message", None, (1009, "big"), False, None, CloseInfo(1009, "big", "local")),
    ("too big, answered", (1009, "big"), (1009, "big"), False, None, CloseInfo(1009, "big", "local")),
]


@pytest.mark.parametrize("case", ENDS, ids=[case[0] for case in ENDS])
def test_who_ended_it(case: tuple[str, Frame, Frame, bool, Frame, CloseInfo]) -> None:
    """Code, reason and initiator follow from the close frames and from whether close() was called."""
    _, received, sent, first, requested, meaning = case
    assert interpret_end(received, sent, received_first=first, requested=requested) == meaning


@pytest.mark.parametrize(
    ("info", "requested", "quiet"),
    [
        (CloseInfo(1000, "", "server"), False, True),
        (CloseInfo(1000, "", "local"), True, True),
        (CloseInfo(1011, "", "server"), True, True),
        (CloseInfo(1001, "", "server"), False, False),
        (CloseInfo(1005, "", "server"), False, False),
        (CloseInfo(1006, "", "network"), False, False),
        (CloseInfo(1009, "", "local"), False, False),
        (CloseInfo(3000, "", "server"), False, False),
        (None, False, False),
    ],
)
def test_quiet_ends(info: CloseInfo | None, requested: bool, quiet: bool) -> None:
    """Only a close() of one's own and the server's 1000 end an iteration without an error."""
    assert ends_quietly(info, requested=requested) is quiet


@pytest.mark.parametrize(
    ("info", "parts"),
    [
        (CloseInfo(1001, "restart", "server"), ["r.example closed", "1001", "restart", "connect again"]),
        (CloseInfo(1006, "", "network"), ["r.example broke", "1006", "check the network"]),
        (CloseInfo(1008, "no", "server"), ["1008", "no", "session.update"]),
        (CloseInfo(1009, "", "local", "too big"), ["by this side", "max_size"]),
        (CloseInfo(1009, "", "server", "too big"), ["r.example closed", "send less"]),
        (CloseInfo(1011, "keepalive", "timeout", "keepalive"), ["given up", "keepalive", "check the network"]),
        (CloseInfo(1000, "", "local"), ["by this side", "1000"]),
        (CloseInfo(4242, "own", "server"), ["4242", "own"]),
    ],
)
def test_the_error_says_what_to_do(info: CloseInfo, parts: list[str]) -> None:
    """The error names host, code and reason, and a remedy where there is one."""
    error = closed_error(info, "r.example")
    assert (error.code, error.reason, error.info) == (info.code, info.reason, info)
    for part in parts:
        assert part in str(error)


@pytest.mark.parametrize(
    ("info", "kind", "recoverable"),
    [
        (CloseInfo(1000, "", "server"), errors.ConnectionClosed, False),
        (CloseInfo(1001, "", "server"), errors.ConnectionClosed, True),
        (CloseInfo(1001, "", "server", "expired"), errors.SessionExpiredError, True),
        (CloseInfo(1002, "", "server"), errors.ConnectionClosed, False),
        (CloseInfo(1005, "", "server"), errors.ConnectionClosed, True),
        (CloseInfo(1006, "", "network"), errors.ConnectionClosed, True),
        (CloseInfo(1008, "", "server"), errors.ConnectionClosed, False),
        (CloseInfo(1008, "", "server", "configuration"), errors.ConfigurationRejectedError, False),
        (CloseInfo(1009, "", "local", "too big"), errors.MessageTooBigError, False),
        (CloseInfo(1009, "", "server", "too big"), errors.MessageTooBigError, False),
        (CloseInfo(1011, "", "server"), errors.ConnectionClosed, True),
        (CloseInfo(1011, "", "timeout", "keepalive"), errors.KeepaliveTimeoutError, True),
        (CloseInfo(1012, "", "server"), errors.ConnectionClosed, True),
        (CloseInfo(1013, "", "server"), errors.ConnectionClosed, True),
        (CloseInfo(4000, "", "timeout", "ready"), errors.ReadyTimeoutError, True),
        (CloseInfo(4001, "", "timeout", "stall"), errors.ResponseStalledError, True),
        (CloseInfo(4002, "", "local", "overflow"), errors.ReceiveOverflowError, False),
        (CloseInfo(4003, "", "local", "budget"), errors.BudgetExceededError, False),
        (CloseInfo(3000, "", "server"), errors.ConnectionClosed, False),
        (CloseInfo(1001, "", "local"), errors.ConnectionClosed, False),
    ],
)
def test_the_class_and_whether_to_connect_again(
    info: CloseInfo, kind: type[errors.ConnectionClosed], recoverable: bool
) -> None:
    """Each end has its class, says whether connecting again can help, and who ended it."""
    error = closed_error(info, "r.example")
    assert type(error) is kind
    assert (error.recoverable, error.initiator) == (recoverable, info.initiator)


def test_an_error_without_details() -> None:
    """A ConnectionClosed made from a code alone has all attributes."""
    error = errors.ConnectionClosed(1000)
    assert (error.initiator, error.recoverable, error.unsent) == ("local", False, None)


@pytest.mark.parametrize("cause", GIVEN_UP)
def test_what_this_side_gives_up(cause: Cause) -> None:
    """A connection given up by this side has that cause, whether close() comes after it or not."""
    code, reason = GIVEN_UP[cause]
    for requested in (None, OK):
        info = interpret_end(None, (code, reason), received_first=False, requested=requested, given_up=cause)
        assert (info.code, info.reason, info.cause) == (code, reason, cause)
        assert info.initiator == ("local" if cause in ("overflow", "budget") else "timeout")


CREATED = b'{"type":"session.created","session":{"expires_at":5000}}'
UPDATED = b'{"type":"session.updated","session":{"expires_at":null}}'
BAD_UPDATE = b'{"type":"error","error":{"code":"invalid_value","param":"session.voice"}}'
BAD_START = b'{"type":"error","error":{"code":"max_config_attempts_exceeded","param":null}}'
OTHER_ERROR = b'{"type":"error","error":{"code":"server_error"}}'
EXPIRED = b'{"type":"error","error":{"code":"session_expired"}}'
NOISE = (b"[1]", b"no json", b"\xff", b'{"type":"error","error":null}', b'{"type":"session.updated"}', b"[" * 9999)
DELTA = b'{"type":"response.audio.delta","delta":"AAAA"}'


def words_of(*messages: bytes) -> EndEvidence:
    words = EndEvidence()
    for message in messages:
        words.see(Incoming(message))
    return words


@pytest.mark.parametrize(
    ("code", "reason", "messages", "ended_at", "cause"),
    [
        (1001, "", [CREATED], 5001, "expired"),
        (1001, "", [CREATED, UPDATED, *NOISE], 4990, "expired"),
        (1001, "restart", [CREATED], 3000, None),
        (1001, "session_expired", [], 0, "expired"),
        (1000, "session_expired", [], 0, "expired"),
        (1001, "", [], 0, None),
        (1001, "", [b'{"type":"session.created","session":{"expires_at":true}}'], 5001, None),
        (1000, "", [CREATED], 5001, None),
        (1011, "", [CREATED], 5001, None),
        (1008, "", [CREATED, BAD_UPDATE], 0, "configuration"),
        (1008, "", [BAD_UPDATE, UPDATED], 0, None),
        (1008, "", [OTHER_ERROR], 0, None),
        (1011, "", [BAD_UPDATE], 0, None),
        (1000, "", [], 0, None),
    ],
)
def test_what_the_service_said_tells_why_it_closed(
    code: int, reason: str, messages: list[bytes], ended_at: float, cause: Cause | None
) -> None:
    """An end by the service is told from its events, its reason and expires_at; other messages do not disturb."""
    info = CloseInfo(code, reason, "server")
    explained = explain_end(info, words_of(*messages), ended_at)
    assert explained == info
    assert explained.cause == cause
    for initiator in ("local", "network", "timeout"):
        assert explain_end(CloseInfo(code, reason, initiator), words_of(*messages), ended_at).cause is None


@pytest.mark.parametrize(
    ("words", "cause"),
    [
        ([CREATED, EXPIRED], "expired"),
        ([EXPIRED, OTHER_ERROR, *[DELTA] * 10, UPDATED], "expired"),
        ([BAD_START], "configuration"),
        ([BAD_START, OTHER_ERROR, *[DELTA] * 10], "configuration"),
        ([BAD_START, EXPIRED], "expired"),
        ([BAD_START, UPDATED], None),
        ([OTHER_ERROR], None),
    ],
)
@pytest.mark.parametrize(
    "info",
    [
        CloseInfo(1006, "", "network"),
        *(CloseInfo(code, "", "server") for code in (1000, 1001, 1005, 1008, 1009, 1011, 3000)),
        CloseInfo(1002, "bad frame", "local"),
        CloseInfo(1009, "too big", "local", "too big"),
        CloseInfo(1011, "keepalive ping timeout", "timeout", "keepalive"),
        CloseInfo(4000, "", "timeout", "ready"),
        CloseInfo(4001, "", "timeout", "stall"),
    ],
    ids=lambda info: f"{info.code} by {info.initiator}",
)
def test_what_ends_the_session_decides_however_it_ends(
    info: CloseInfo, words: list[bytes], cause: Cause | None
) -> None:
    """session_expired and max_config_attempts_exceeded decide, whatever comes between them and the end, and however
    the connection ends."""
    explained = explain_end(info, words_of(*words), 0)
    assert explained == info
    assert explained.cause == (cause or info.cause)
    if cause is not None:
        assert explained.recoverable is (cause == "expired")
        assert not ends_quietly(explained, requested=False)


def test_an_overflow_stays_one() -> None:
    """What the application did not receive is told as such, whatever the service said."""
    info = CloseInfo(4002, "", "local", "overflow")
    assert explain_end(info, words_of(EXPIRED), 0).cause == "overflow"


def test_what_was_not_sent_shows_no_content() -> None:
    """What could not be sent is told by type, id and size, in the text too; its content is not."""
    event = Outgoing.of(
        {"type": "session.update", "event_id": "e1", "session": {"tools": [{"authorization": "s3cret"}]}}
    )
    unsent = event.unsent
    assert (unsent.type, unsent.event_id, unsent.size) == ("session.update", "e1", len(event.data))
    error = closed_error(CloseInfo(1006, "", "network"), "r.example", unsent)
    assert error.unsent == unsent
    assert "not sent: session.update" in str(error)
    assert "s3cret" not in f"{error!r} {error} {vars(error)}"
    assert Outgoing.of({"type": "response.create", "event_id": 7}).unsent.event_id is None


@pytest.mark.parametrize(("code", "reason"), [(1000, "é" * 61), (1001, ""), (1014, "x"), (3000, ""), (4999, "y" * 123)])
def test_what_can_be_said_in_a_close_frame(code: int, reason: str) -> None:
    """The codes an application may send, and reasons up to 123 bytes, are accepted."""
    check_close_arguments(code, reason)


@pytest.mark.parametrize(
    ("code", "reason"),
    [(1004, ""), (1015, ""), (2000, ""), ("1000", ""), (1000, "é" * 62), (1000, None), (1000, "\udfff")],
)
def test_what_cannot_be_said_in_a_close_frame(code: Any, reason: Any) -> None:
    """What no close frame can hold is refused by its value."""
    with pytest.raises(errors.ConfigurationError, match="close"):
        check_close_arguments(code, reason)


@pytest.mark.parametrize("timeout", [None, 0, 0.0, 1, 2.5, LONGEST])
def test_times_to_wait(timeout: float | None) -> None:
    """Seconds from 0 on, and None, are times to wait."""
    check_timeout(timeout)


@pytest.mark.parametrize("timeout", ["1", True, -1, float("nan"), LONGEST * 2])
def test_what_is_no_time_to_wait(timeout: Any) -> None:
    """Anything else is refused by its value."""
    with pytest.raises(errors.ConfigurationError, match="timeout is"):
        check_timeout(timeout)

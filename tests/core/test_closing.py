"""What an ended connection means, as a table."""

from __future__ import annotations

import pytest

from voicelive._core.closing import CloseInfo, closed_error, ends_quietly, interpret_end

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
    ("keepalive", None, (1011, "ping"), False, None, CloseInfo(1011, "ping", "network")),
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
        (CloseInfo(1009, "", "local"), ["by this side", "max_size"]),
        (CloseInfo(1011, "keepalive", "network"), ["given up", "keepalive", "check the network"]),
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

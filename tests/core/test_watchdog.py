"""By when something must arrive, as a table of what arrived; and how much may be held."""

from __future__ import annotations

import pytest

from voicelive._core.envelope import Incoming
from voicelive._core.watchdog import Watch

CREATED = b'{"type":"session.created"}'
ERROR = b'{"type":"error","error":{}}'
BEGUN, OVER = b'{"type":"response.created","response":{"id":"r1"}}', b'{"type":"response.done","response":{"id":"r1"}}'
BEGUN_2, OVER_2 = BEGUN.replace(b"r1", b"r2"), OVER.replace(b"r1", b"r2")


@pytest.mark.parametrize(
    ("seen", "due"),
    [
        ([], (13.0, "ready")),
        ([ERROR, b'{"type":"warning"}', b"no json", b"[1]", b"[" * 9999, b"{}"], (13.0, "ready")),
        ([CREATED], None),
        ([b'{"type":"transcription_session.created"}'], None),
        ([ERROR, b'{"type":"response.audio.delta"}'], None),
        ([CREATED, BEGUN], (105.0, "stall")),
        ([BEGUN], (105.0, "stall")),
        ([CREATED, BEGUN, ERROR], (105.0, "stall")),
        ([CREATED, BEGUN, OVER], None),
        ([CREATED, BEGUN, BEGUN_2, OVER], (105.0, "stall")),
        ([CREATED, BEGUN, BEGUN_2, OVER_2, OVER], None),
        ([CREATED, OVER], None),
        ([CREATED, b'{"type":"response.text.delta","delta":"\\"response.created\\""}'], None),
        ([CREATED, b'{"type":"x","response":5,"y":"response.created"}'], None),
        ([CREATED, b'{"type":"response.created","response":null}'], (105.0, "stall")),
        ([CREATED, b'{"type":"response.created"}', b'{"type":"response.done"}'], None),
    ],
)
def test_what_must_arrive(seen: list[bytes], due: tuple[float, str] | None) -> None:
    """session.created is due after the opening, the next event after the last one while a response is under way."""
    watch = Watch(ready_timeout=3, stall_timeout=5)
    watch.open(10)
    for data in seen:
        watch.see(Incoming(data))
    assert watch.due(100) == due
    assert watch.is_needed


def test_a_watch_that_is_done_is_not_asked() -> None:
    """Without stall_timeout, nobody needs to look at events after session.created; without either, never."""
    watch = Watch(ready_timeout=3, stall_timeout=None)
    assert watch.is_needed
    watch.see(Incoming(CREATED))
    assert not watch.is_needed
    watch.see(Incoming(BEGUN))
    assert watch.due(0) is None
    watch = Watch(ready_timeout=None, stall_timeout=None)
    assert not watch.is_needed
    assert watch.due(0) is None

"""The log of calls: a line for each session, turn and ending, alike on both clients, with ids and without content."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest

from voicelive import ReconnectPolicy
from voicelive.testing import ScriptedService

from .conversing import calling
from .exports import spoken_call
from .harness import Client

pytestmark = pytest.mark.timeout(300)

QUICK = ReconnectPolicy(initial_delay=0.01, max_delay=0.1, max_connections_per_minute=100_000)


@pytest.fixture
def service() -> Iterator[ScriptedService]:
    with ScriptedService(strict=False, timeout=60) as running:
        yield running


@pytest.fixture(autouse=True)
def reading(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="voicelive.calls")


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what was logged of calls, with what differs from run to run replaced."""
    found = [record.getMessage() for record in caplog.records if record.name == "voicelive.calls"]
    assert {record.levelname for record in caplog.records if record.name == "voicelive.calls"} <= {"INFO"}
    for pattern, text in (
        (r"connection [0-9a-f-]{36}", "connection C"),
        (r"sess_\w+", "S"),
        (r"resp_\w+", "R"),
        (r"127\.0\.0\.1:\d+", "HOST"),
        (r"\d+\.\d+ s", "T s"),
        (r"tokens \d+ in \d+ out", "tokens N"),
    ):
        found = [re.sub(pattern, text, line) for line in found]
    return found


async def plain(client: Client, service: ScriptedService) -> None:
    service.say("yes")
    service.say("no")
    async with calling(client, service) as caller:
        for _ in range(2):
            await caller.script.call("response.create")
            await caller.until("response.done")


async def spoken(client: Client, service: ScriptedService) -> None:
    await spoken_call(client, service)


async def failing(client: Client, service: ScriptedService) -> None:
    service.fail("heliotrope", code="rate_limited")
    async with calling(client, service) as caller:
        await caller.script.call("response.create")
        await caller.until("response.done")


async def broken(client: Client, service: ScriptedService) -> None:
    service.faults.add('close:1011@event=response.created,reason="heliotrope"')
    service.say("yes")
    async with client.connect(service.endpoint) as script:
        await script.call("response.create")
        with pytest.raises(Exception, match="1011"):
            await script.collect()


async def reconnecting(client: Client, service: ScriptedService) -> None:
    service.faults.add("abort@event=response.created")
    service.say("yes")
    async with calling(client, service, reconnect=QUICK) as caller:
        await caller.script.call("response.create")
        await caller.until("voicelive.restored")


async def expiring(client: Client, service: ScriptedService) -> None:
    service.faults.add("expire@events=1")
    async with client.connect(service.endpoint) as script:
        with pytest.raises(Exception, match="time was up"):
            await script.collect()


OPENED = "connection C session S opened: HOST, model gpt-4o, API version 2026-07-15"
LINES: list[tuple[Any, list[str]]] = [
    (
        plain,
        [
            OPENED,
            "connection C session S turn 1 completed: responses R, first audio T s, tokens N",
            "connection C session S turn 2 completed: responses R, first audio T s, tokens N",
            "connection C session S ended after T s: 1000 by local, turns 2, interruptions 0, reconnects 0",
        ],
    ),
    (
        spoken,
        [
            OPENED,
            "connection C session S turn 1 completed: responses R R, first audio T s, voice to voice T s, "
            "tools T s, interrupted, tokens N",
            "connection C session S turn 2 completed: responses R, first audio T s, voice to voice T s, tokens N",
            "connection C session S ended after T s: 1000 by local, turns 2, interruptions 1, reconnects 0",
        ],
    ),
    (
        failing,
        [
            OPENED,
            "connection C session S turn 1 failed: responses R, tokens N",
            "connection C session S ended after T s: 1000 by local, turns 1, interruptions 0, reconnects 0",
        ],
    ),
    (
        broken,
        [
            OPENED,
            "connection C session S turn 1 unfinished: responses R",
            "connection C session S ended after T s: 1011 by server, turns 1, interruptions 0, reconnects 0",
        ],
    ),
    (
        reconnecting,
        [
            OPENED,
            "connection C session S restored after T s: took the place of session S",
            "connection C session S turn 1 unfinished: responses R",
            "connection C session S ended after T s: 1000 by local, turns 1, interruptions 0, reconnects 1",
        ],
    ),
    (
        expiring,
        [
            OPENED,
            "connection C session S ended after T s: 1001 by server (expired), turns 0, interruptions 0, reconnects 0",
        ],
    ),
]


@pytest.mark.parametrize(("call", "expected"), LINES, ids=[call.__name__ for call, _ in LINES])
async def test_lines(
    client: Client, service: ScriptedService, caplog: pytest.LogCaptureFixture, call: Any, expected: list[str]
) -> None:
    """Each kind of call has these lines, none of which repeats what anybody said."""
    await call(client, service)
    assert lines(caplog) == expected


async def test_ids(client: Client, service: ScriptedService, caplog: pytest.LogCaptureFixture) -> None:
    """The lines of a call name the ids that the service knows it by, as text and as fields of the records."""
    service.say("yes")
    async with calling(client, service) as caller:
        connection_id = caller.script.connection.request_id
        await caller.script.call("response.create")
        done = await caller.until("response.done")
    records: list[Any] = [record for record in caplog.records if record.name == "voicelive.calls"]
    session_id = service.session.record.id
    assert service.session.record.query["x-ms-client-request-id"] == connection_id
    assert {record.voicelive_connection for record in records} == {connection_id}
    assert {record.voicelive_session for record in records} == {session_id}
    assert [record.voicelive_responses for record in records] == [[], [done.response.id], []]
    assert all(f"connection {connection_id} session {session_id} " in record.getMessage() for record in records)


async def test_nobody_reads(client: Client, service: ScriptedService, caplog: pytest.LogCaptureFixture) -> None:
    """Where INFO is not logged, the call is not watched: nothing is loaded or done for it."""
    caplog.set_level(logging.WARNING, logger="voicelive.calls")
    service.say("yes")
    async with calling(client, service) as caller:
        transport = caller.script.connection
        inner = transport._bridge._transport if caller.script.blocking else transport._transport
        assert type(inner).__name__ == "WebSocketTransport"
    assert lines(caplog) == []

"""The fault table, row by row, against both clients; and the same table in the documentation."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from azure.core.credentials import AzureKeyCredential

from tests.secrets import KEY
from voicelive import ConnectionClosed, ConnectionError, HandshakeError, ReceiveOverflowError

from .conversing import eventually
from .fault_table import BOUND, FAULTS, OPTIONS, Fault, documented
from .harness import Client, Script, assert_nothing_left
from .servers import RawServer

pytestmark = pytest.mark.timeout(300)

PAGE = Path(__file__).resolve().parents[2] / "docs" / "errors.md"


async def receive_all(script: Script) -> tuple[int, ConnectionClosed]:
    """Count the messages to the end, and tell the end."""

    def blocking(connection: Any) -> tuple[int, ConnectionClosed]:
        count = 0
        while True:
            try:
                connection.recv_bytes()
            except ConnectionClosed as error:
                return count, error
            count += 1

    async def awaiting(connection: Any) -> tuple[int, ConnectionClosed]:
        count = 0
        while True:
            try:
                await connection.recv_bytes()
            except ConnectionClosed as error:
                return count, error
            count += 1

    found: tuple[int, ConnectionClosed] = await script.do(blocking if script.blocking else awaiting)
    return found


async def meet(client: Client, endpoint: str, fault: Fault) -> tuple[int, ConnectionError]:
    """Connect to the server that misbehaves, and receive until it fails."""
    options = {**OPTIONS, **fault.options}
    script = client.connect(endpoint, credential=AzureKeyCredential(KEY), connection_options=options)
    try:
        await script.open()
    except ConnectionError as error:
        return 0, error
    try:
        if fault.error is ReceiveOverflowError:
            # Nobody receives until it has ended by that.
            await eventually(lambda: script.close_info is not None)
        return await receive_all(script)
    finally:
        await script.close()


@pytest.mark.parametrize("fault", FAULTS, ids=[f"{fault.group}: {fault.name}" for fault in FAULTS])
async def test_a_fault_gives_the_documented_error(client: Client, fault: Fault) -> None:
    """What the server does wrong ends in the error of its row, in time, with nothing left and no key shown."""
    with RawServer(fault.behaviour) as server:
        started = time.monotonic()
        count, error = await meet(client, server.endpoint, fault)
        assert time.monotonic() - started < BOUND
        await assert_nothing_left(server.port)
    assert type(error) is (fault.error or ConnectionClosed)
    if isinstance(error, ConnectionClosed):
        assert (error.code, error.initiator) == (fault.code, fault.initiator)
    elif isinstance(error, HandshakeError):
        assert error.status == fault.code
    if fault.events is not None:
        assert count == fault.events
    assert f"127.0.0.1:{server.port}" in str(error)
    assert KEY not in f"{error} {error!r} {vars(error)}"


def test_the_documentation_has_the_table() -> None:
    """The page about errors holds this very table; `python -m tests.clients.fault_table` writes it."""
    assert documented() in PAGE.read_text(encoding="utf-8")
